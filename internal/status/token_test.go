package status_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sidian/internal/db/dbtest"
	"sidian/internal/status"
)

// stranger signs tokens as others might, with a key of their own.
type stranger struct {
	private *ecdsa.PrivateKey
	keys    []status.Key
}

func newStranger(t testing.TB) stranger {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	p, err := k.PublicKey.Bytes()
	must(t, err)
	set := fmt.Sprintf(`{"keys":[{"kty":"oct","k":"AA"},{"kty":"EC","crv":"P-256","alg":"ES256","kid":"1","x":"%s","y":"%s"}]}`,
		base64.RawURLEncoding.EncodeToString(p[1:33]), base64.RawURLEncoding.EncodeToString(p[33:]))
	all, err := status.ParseKeys([]byte(set))
	must(t, err)
	return stranger{k, all}
}

func (s stranger) sign(t testing.TB, header, claims string) []byte {
	t.Helper()
	enc := base64.RawURLEncoding.EncodeToString
	input := enc([]byte(header)) + "." + enc([]byte(claims))
	sum := sha256.Sum256([]byte(input))
	r, x, err := ecdsa.Sign(rand.Reader, s.private, sum[:])
	must(t, err)
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	x.FillBytes(sig[32:])
	return []byte(input + "." + enc(sig))
}

const (
	goodHeader = `{"alg":"ES256","kid":"1","typ":"statuslist+jwt"}`
	goodClaims = `{"sub":"https://a/1","iat":1000,"exp":2000,"ttl":60,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}}`
)

// What others sign is read; what is not as it should be is refused.
func TestParseToken(t *testing.T) {
	t.Parallel()
	s := newStranger(t)
	change := func(old, with string) string {
		if !strings.Contains(goodClaims, old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(goodClaims, old, with, 1)
	}
	for name, tc := range map[string]struct {
		header, claims string
		good           bool
	}{
		"good":            {goodHeader, goodClaims, true},
		"no key id":       {`{"alg":"ES256","typ":"statuslist+jwt"}`, goodClaims, true},
		"no end":          {goodHeader, change(`"exp":2000,`, ""), true},
		"another key id":  {`{"alg":"ES256","kid":"2","typ":"statuslist+jwt"}`, goodClaims, false},
		"no algorithm":    {`{"alg":"none","typ":"statuslist+jwt"}`, goodClaims, false},
		"wrong algorithm": {`{"alg":"SGD_SM3_SM2","kid":"1","typ":"statuslist+jwt"}`, goodClaims, false},
		"another type":    {`{"alg":"ES256","kid":"1","typ":"JWT"}`, goodClaims, false},
		"no header":       {`[]`, goodClaims, false},
		"another page":    {goodHeader, change("https://a/1", "https://a/2"), false},
		"over":            {goodHeader, change("2000", "1500"), false},
		"not made":        {goodHeader, change("1000", "0"), false},
		"ended before":    {goodHeader, change("2000", "-1"), false},
		"three bits":      {goodHeader, change(`"bits":1`, `"bits":3`), false},
		"no list":         {goodHeader, change(`"lst":"eNrbuRgAAhcBXQ"`, `"lst":""`), false},
		"padded":          {goodHeader, change("BXQ", "BXQ=="), false},
		"no claims":       {goodHeader, `"x"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			tok, err := status.ParseToken(s.sign(t, tc.header, tc.claims), s.keys, "https://a/1", time.Unix(1500, 0))
			if (err == nil) != tc.good {
				t.Fatalf("%v", err)
			}
			if !tc.good {
				return
			}
			if v, ok := tok.List.Get(3); !ok || v != status.Invalid || tok.Issued.Unix() != 1000 || tok.TTL != time.Minute {
				t.Errorf("%+v says %d", tok, v)
			}
		})
	}
	good := s.sign(t, goodHeader, goodClaims)
	for name, token := range map[string][]byte{
		"nothing":       nil,
		"two parts":     good[:bytes.LastIndexByte(good, '.')],
		"four parts":    append(bytes.Clone(good), ".AA"...),
		"cut signature": good[:len(good)-4],
		"changed":       bytes.Replace(good, []byte(".eyJ"), []byte(".eyK"), 1),
		"not base64url": append(bytes.Clone(good), '='),
		"somebody else": newStranger(t).sign(t, goodHeader, goodClaims),
	} {
		if _, err := status.ParseToken(token, s.keys, "https://a/1", time.Unix(1500, 0)); err == nil {
			t.Errorf("%s: it is believed", name)
		}
	}
	if _, err := status.ParseToken(good, nil, "https://a/1", time.Unix(1500, 0)); err == nil {
		t.Error("it is believed without a key")
	}
}

func TestParseKeys(t *testing.T) {
	t.Parallel()
	zero := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	for name, set := range map[string]string{
		"nothing":          ``,
		"no set":           `[]`,
		"not on the curve": `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","x":"` + zero + `","y":"` + zero + `"}]}`,
		"not on SM2":       `{"keys":[{"kty":"EC","crv":"SM2","alg":"SGD_SM3_SM2","x":"` + zero + `","y":"` + zero + `"}]}`,
		"short":            `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","x":"AA","y":"AA"}]}`,
	} {
		if k, err := status.ParseKeys([]byte(set)); err == nil {
			t.Errorf("%s: %d keys", name, len(k))
		}
	}
	if k, err := status.ParseKeys([]byte(`{"keys":[{"kty":"RSA"},{"kty":"EC","crv":"P-384","alg":"ES384"}]}`)); err != nil || len(k) != 0 {
		t.Errorf("keys of other kinds: %d, %v", len(k), err)
	}
}

func FuzzParseToken(f *testing.F) {
	s := newStranger(f)
	f.Add([]byte(goodHeader), []byte(goodClaims))
	f.Add([]byte(`{"alg":"ES256","typ":"statuslist+jwt"}`), []byte(`{"sub":"https://a/1","iat":1,"ttl":1.5,"status_list":{"bits":8,"lst":"eJwDAAAAAAE"}}`))
	f.Fuzz(func(t *testing.T, header, claims []byte) {
		tok, err := status.ParseToken(s.sign(t, string(header), string(claims)), s.keys, "https://a/1", time.Unix(1500, 0))
		if err != nil {
			return
		}
		if tok.Subject != "https://a/1" || tok.List == nil || !tok.Expires.IsZero() && !time.Unix(1500, 0).Before(tok.Expires) {
			t.Fatalf("%+v is believed", tok)
		}
		if !json.Valid(claims) {
			t.Fatal("claims that are no JSON are believed")
		}
	})
}

// What is signed is what the draft asks for (§5.1), of the shape that readers know.
func TestTokenShape(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.New(t, "sqlite"))
	o.allot(status.Seals, "a", status.Suspended)
	for alg, name := range map[string]string{status.ES256: "ES256", status.SM2: "SGD_SM3_SM2"} {
		p, err := o.Page(t.Context(), status.Seals, 0, alg)
		must(t, err)
		parts := strings.Split(string(p.Data), ".")
		var header map[string]any
		var claims struct {
			Sub, Iss      string
			Iat, Exp, TTL int64
			Status        map[string]any `json:"status_list"`
		}
		for i, v := range []any{&header, &claims} {
			b, err := base64.RawURLEncoding.DecodeString(parts[i])
			must(t, err)
			must(t, json.Unmarshal(b, v))
		}
		now := o.clock.Now().Unix()
		if header["alg"] != name || header["typ"] != "statuslist+jwt" || header["kid"] == "" || len(header) != 3 {
			t.Errorf("header %v", header)
		}
		if claims.Sub != base+"/status/v1/seals/0" || claims.Iat != now || claims.Exp != now+86400 || claims.TTL != 1 ||
			claims.Status["bits"] != 4.0 || claims.Status["aggregation_uri"] != base+"/status/v1/seals" {
			t.Errorf("claims %+v", claims)
		}
	}
}
