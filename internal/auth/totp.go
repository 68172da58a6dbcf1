package auth

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"
)

// One-time codes are RFC 6238 with the parameters that every app knows:
// SHA-1, 30 s, six digits.
const totpStep = 30

func totpCode(secret []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac := hmac.New(sha1.New, secret)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf // RFC 4226 §5.3
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// totpFind returns the step whose code this is: now, or one before or after.
func totpFind(secret []byte, code string, now time.Time) (step int64, found bool) {
	current := now.Unix() / totpStep
	for _, s := range []int64{current - 1, current, current + 1} {
		if subtle.ConstantTimeCompare([]byte(totpCode(secret, s)), []byte(code)) == 1 {
			step, found = s, true
		}
	}
	return step, found
}

// Code is what an authenticator shows at a time, of a secret in base32: for a
// demo, which shows it to whoever looks around, and for tests.
func Code(secret string, now time.Time) (string, error) {
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return "", fmt.Errorf("auth: the secret is not base32: %w", err)
	}
	return totpCode(b, now.Unix()/totpStep), nil
}
