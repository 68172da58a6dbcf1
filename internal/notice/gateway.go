package notice

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
)

// Caller makes the calls: httpx.Client.
type Caller interface {
	PostWith(ctx context.Context, target, media string, body []byte, header map[string]string) ([]byte, error)
}

// Gateway is a carrier behind HTTP, for short messages and for apps. The form is
// ours, because there is no common one: whoever runs a gateway of some vendor
// puts a few lines between.
//
// Call: POST of {"id","channel","to","title","text","link","at"}, with the headers
// webhook-id (the id of the message, the same each time), webhook-timestamp
// (seconds) and webhook-signature: v1,<base64 of HMAC-SHA256> sm3,<base64 of
// HMAC-SM3>, over id.timestamp.body. Who has seen an id answers as before and
// sends nothing.
//
// Answer: 2xx with {"state":"accepted"}, {"state":"delivered"} or
// {"state":"refused","reason":"<code>"}; no body means accepted. 400, 404, 410,
// 413, 415 and 422 refuse the message for good; it is tried again after anything
// else.
//
// Receipt, if there is one: POST /open/v1/notice-receipts/{channel} here of
// {"id","state":"delivered"|"failed","reason":"<code>"}, signed in the same way
// with the same secret.
type Gateway struct {
	Channel Channel
	URL     string
	Secret  []byte
	Call    Caller
	Now     func() time.Time
}

type gatewayMessage struct {
	ID      string    `json:"id"`
	Channel Channel   `json:"channel"`
	To      string    `json:"to"`
	Title   string    `json:"title"`
	Text    string    `json:"text,omitempty"`
	Link    string    `json:"link,omitempty"`
	At      time.Time `json:"at"`
}

type gatewayAnswer struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
}

// Send hands a message to the gateway.
func (g *Gateway) Send(ctx context.Context, to string, m Message) (bool, error) {
	body, err := json.Marshal(gatewayMessage{m.ID, g.Channel, to, m.Title, m.Text, m.Link, m.At.UTC()})
	if err != nil {
		return false, fmt.Errorf("notice: writing a message: %w", err)
	}
	answer, err := g.Call.PostWith(ctx, g.URL, "application/json", body, g.sign(m.ID, g.Now(), body))
	if err != nil {
		if status := statusOf(err); final[status] {
			return false, &Refusal{fmt.Sprintf("发送通道拒收（答复 %d）", status)}
		}
		return false, &trouble{"发送通道暂时不可用", err}
	}
	var a gatewayAnswer
	if len(strings.TrimSpace(string(answer))) > 0 {
		if err := json.Unmarshal(answer, &a); err != nil {
			return false, &trouble{"发送通道的答复看不懂", err}
		}
	}
	switch a.State {
	case "", "accepted":
		return false, nil
	case Delivered:
		return true, nil
	case "refused":
		return false, &Refusal{reasonWords(a.Reason)}
	}
	return false, &trouble{"发送通道的答复看不懂", fmt.Errorf("state of %d characters", len(a.State))}
}

// final are the answers after which the same call would be answered the same.
var final = map[int]bool{400: true, 404: true, 410: true, 413: true, 415: true, 422: true}

// statusOf is the status in what httpx.Client says of an answer that is not
// 2xx: it stands at the end of its error. 0: there was no answer.
func statusOf(err error) int {
	_, last, found := strings.Cut(err.Error(), " answered ")
	status, wrong := strconv.Atoi(last)
	if !found || wrong != nil {
		return 0
	}
	return status
}

func (g *Gateway) sign(id string, at time.Time, body []byte) map[string]string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	sha, sm3 := macs(g.Secret, id, stamp, body)
	return map[string]string{"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": "v1," + sha + " sm3," + sm3}
}

func macs(secret []byte, id, stamp string, body []byte) (sha, sm3 string) {
	text := append([]byte(id+"."+stamp+"."), body...)
	h := hmac.New(sha256.New, secret)
	h.Write(text)
	d := gm.HMAC(secret, text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), base64.StdEncoding.EncodeToString(d[:])
}

// tolerance is how old a receipt may be.
const tolerance = 5 * time.Minute

// believe refuses a receipt that is not the gateway's.
func (g *Gateway) believe(header func(string) string, body []byte, now time.Time) error {
	no := fault.Unauthorized.New("回执的签名不对").WithCode("notice.signature").WithHint("请用约定的密钥对 编号.时间.正文 计算签名")
	id, stamp := header("webhook-id"), header("webhook-timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" || len(g.Secret) == 0 {
		return no
	}
	if d := now.Sub(time.Unix(seconds, 0)); d > tolerance || d < -tolerance {
		return fault.Unauthorized.New("回执的时间不在五分钟之内").WithCode("notice.old").WithHint("请核对通道服务器的时钟")
	}
	sha, sm3 := macs(g.Secret, id, stamp, body)
	for _, s := range strings.Fields(header("webhook-signature")) {
		kind, value, _ := strings.Cut(s, ",")
		want := map[string]string{"v1": sha, "sm3": sm3}[kind]
		if want != "" && subtle.ConstantTimeCompare([]byte(value), []byte(want)) == 1 {
			return nil
		}
	}
	return no
}
