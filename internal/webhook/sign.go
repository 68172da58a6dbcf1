package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
)

// tolerance is how old a call may be when it is taken.
const tolerance = 5 * time.Minute

// header signs a body with each secret.
func header(id string, at time.Time, body []byte, secrets ...[]byte) map[string]string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	var signatures []string
	for _, secret := range secrets {
		one, two := macs(secret, id, stamp, body)
		signatures = append(signatures, "v1,"+one, "sm3,"+two)
	}
	return map[string]string{"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": strings.Join(signatures, " ")}
}

func macs(secret []byte, id, stamp string, body []byte) (sha, sm3 string) {
	text := append([]byte(id+"."+stamp+"."), body...)
	h := hmac.New(sha256.New, secret)
	h.Write(text)
	d := gm.HMAC(secret, text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), base64.StdEncoding.EncodeToString(d[:])
}

// Check is what a receiver does: it returns the id of the call, which it must
// not have seen, or why the call is not to be believed. secret is as it was
// told; header gives the headers of the call.
func Check(secret string, header func(name string) string, body []byte, now time.Time) (id string, err error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return "", fault.Invalid.Wrap(err, "签名密钥的格式不对").WithCode("webhook.secret")
	}
	id, stamp := header("webhook-id"), header("webhook-timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" {
		return "", fault.Unauthorized.New("事件通知没有编号或时间").WithCode("webhook.unsigned")
	}
	if d := now.Sub(time.Unix(seconds, 0)); d > tolerance || d < -tolerance {
		return "", fault.Unauthorized.New("事件通知的时间不在五分钟之内，可能是重放").WithCode("webhook.old")
	}
	one, two := macs(key, id, stamp, body)
	for _, s := range strings.Fields(header("webhook-signature")) {
		kind, value, _ := strings.Cut(s, ",")
		want := map[string]string{"v1": one, "sm3": two}[kind]
		if want != "" && subtle.ConstantTimeCompare([]byte(value), []byte(want)) == 1 {
			return id, nil
		}
	}
	return "", fault.Unauthorized.New("事件通知的签名不对").WithCode("webhook.signature")
}
