package auth

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"sidian/gm"
	"sidian/internal/fault"
)

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

// tokenLen is the length of a token: 256 bits in base64.
const tokenLen = 43

// newToken is 256 random bits, and what is stored of them.
func newToken() (token string, hash gm.Digest) {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand
	token = base64.RawURLEncoding.EncodeToString(b)
	return token, gm.Sum([]byte(token))
}

func needReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return fault.Invalid.New("须填写理由").WithCode("reason.required").WithField("reason", "required", "必填")
	}
	return nil
}
