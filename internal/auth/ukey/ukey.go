// Package ukey signs people in with a digital certificate (数字证书) on SM2: they
// sign a challenge with the key in their UKey, and the answer is a signed
// message of GB/T 35275-2017. It is a second factor that is cryptographic, as
// GB/T 22239-2019 §8.1.4.1 d) and GB/T 39786-2021 §8.4 a) want one.
//
// The server makes a Challenge, keeps it with the sign-in under way, and shows
// its text. Verify takes the answer. The first answer ends the challenge,
// whatever its outcome: the caller deletes it, so that no answer serves twice.
//
// # What stands between the page and a UKey
//
// Every maker of UKeys ships middleware of its own: a local service on
// 127.0.0.1 or a browser extension. A UKey adapter is the few lines of script
// that speak to one of them. It gets the challenge's text and gives one string
// back. What it must do:
//
//   - ask the middleware for the signing certificates (签名证书) of the keys that
//     are plugged in; of the dual certificates of GB/T 20518 never the
//     encryption one; let the person choose when there are several;
//   - hand over the text as octets of UTF-8, lines ending in LF, the last one
//     too; no mark of byte order, no CR, no space added or removed;
//   - ask for a signed message (middleware calls it PKCS#7, P7 or SignedData;
//     in the terms of GM/T 0020 it is SOF_SignMessage), by SM2 with SM3, user
//     identifier 1234567812345678, with the content (attached) or without it
//     (detached), the signer's certificate inside; further certificates of its
//     chain may be inside;
//   - give back base64 of the DER, or PEM. A bare signature value (GM/T 0020
//     SOF_SignData) is not enough: it does not say whose it is;
//   - neither see nor keep the PIN: the middleware asks for it.
//
// Content is the challenge itself; a message whose content is a digest of it is
// refused. The types of GB/T 35275 and those of PKCS#7 are both accepted, BER
// too. Who has the key in a file uses Answer (sidian answer).
//
// Codes of refusals: ukey.challenge, .expired, .too-large, .form, .bare,
// .content, .signature, .algorithm, .signer, .usage, .untrusted, .not-yet-valid,
// .ended, .revoked, .revocation-unknown.
package ukey

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sidian/gbcode"
	"sidian/gm"
)

// Lifetime is how long a challenge may be answered.
const Lifetime = 5 * time.Minute

// MaxAnswer is the limit of an answer in octets, as it comes.
const MaxAnswer = 64 << 10

// A Challenge is what is to be signed. The server keeps it.
type Challenge struct {
	Text string    `json:"text"` // UTF-8, lines that end in LF; signed octet by octet
	At   time.Time `json:"at"`   // when it was made
}

// Bytes returns what is to be signed.
func (c Challenge) Bytes() []byte { return []byte(c.Text) }

// The lines of a challenge. They say what the signature is for, so that nobody
// can be made to sign in elsewhere, or to sign a document, without reading it.
const (
	lineTitle   = "数字证书登录确认"
	lineSite    = "网址 Site: "
	lineSubject = "对象 For: "
	lineTime    = "时间 Time: "
	lineNonce   = "随机数 Nonce: "
	lineWarning = "签名只用于登录上述网址；网址与浏览器地址栏不一致时请勿签名。"
)

// beijing: people read the time of the one zone of the country.
var beijing = time.FixedZone("UTC+8", 8*60*60)

const maxLine = 256 // octets of what the caller puts into a line

// NewChallenge returns a challenge for signing in at audience (the base URL),
// for subject: a reference of the account or of the sign-in under way, nothing
// personal. Both stand in one line each.
func NewChallenge(audience, subject string, now time.Time) (Challenge, error) {
	for what, s := range map[string]string{"audience": audience, "subject": subject} {
		if s == "" || len(s) > maxLine || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return Challenge{}, fmt.Errorf("ukey: making a challenge: the %s does not stand in one line of %d octets", what, maxLine)
		}
	}
	var nonce [32]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return Challenge{}, fmt.Errorf("ukey: making a challenge: %w", err)
	}
	at := now.UTC().Truncate(time.Second)
	lines := []string{
		lineTitle, lineSite + audience, lineSubject + subject, lineTime + at.In(beijing).Format(time.RFC3339), lineNonce + hex.EncodeToString(nonce[:]), lineWarning,
	}
	return Challenge{Text: strings.Join(lines, "\n") + "\n", At: at}, nil
}

// isChallenge reports whether text has the form of a challenge.
func isChallenge(text string) bool {
	lines := strings.Split(text, "\n")
	if len(lines) != 7 || len(text) > 4*maxLine || lines[0] != lineTitle || lines[5] != lineWarning || lines[6] != "" {
		return false
	}
	for i, prefix := range []string{1: lineSite, 2: lineSubject, 3: lineTime, 4: lineNonce} {
		if !strings.HasPrefix(lines[i], prefix) {
			return false
		}
	}
	return true
}

// Fingerprint identifies a digital certificate for binding it to an account:
// hex of SM3 over its public key, issuer and serial number. A renewed
// certificate has another one, even for the same key: it is bound anew.
func Fingerprint(c *gm.Certificate) string {
	b := make([]byte, 0, len(c.RawKey)+len(c.RawIssuer)+32)
	b = append(append(b, c.RawKey...), c.RawIssuer...) // each a DER element, which says its own length
	b = append(b, c.SerialNumber.Text(16)...)
	d := gm.Sum(b)
	return hex.EncodeToString(d[:])
}

// MaskedName is the subject as pages and records show it: 张**. Authorities put
// numbers of identity behind names, so no more than the first character is
// shown and no more than three are hinted at.
func MaskedName(c *gm.Certificate) string {
	name := []rune(strings.TrimSpace(c.Subject.CommonName))
	if len(name) == 0 {
		return "*"
	}
	return gbcode.MaskName(string(name[:min(len(name), 4)]))
}
