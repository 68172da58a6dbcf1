package iam

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"sidian/gm"
)

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

// newToken is 256 random bits, and what is stored of them.
func newToken() (token string, hash gm.Digest) {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand
	token = base64.RawURLEncoding.EncodeToString(b)
	return token, gm.Sum([]byte(token))
}
