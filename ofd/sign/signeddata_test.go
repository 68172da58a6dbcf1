package sign

import (
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sidian/gm"
	"sidian/ses/sestest"
)

// appended gives the DER of the last element of what der holds, changed by f,
// behind everything else as it was: it walks down a path of last elements.
func appended(t *testing.T, der []byte, depth int, add []byte) []byte {
	t.Helper()
	s := cryptobyte.String(der)
	var tag cbasn1.Tag
	var body cryptobyte.String
	if !s.ReadAnyASN1(&body, &tag) {
		t.Fatal("not DER")
	}
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		if depth == 0 {
			b.AddBytes(body)
			b.AddBytes(add)
			return
		}
		var last cryptobyte.String
		for !body.Empty() {
			b.AddBytes(last)
			if !body.ReadAnyASN1Element(&last, &tag) {
				t.Fatal("not DER")
			}
		}
		b.AddBytes(appended(t, last, depth-1, add))
	})
	return b.BytesOrPanic()
}

// A time stamp among the attributes that are not signed proves the time.
func TestSignedDataTimestamp(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	at := sestest.Now.Add(time.Minute)
	o := options(pki)
	o.Now = at.Add(time.Hour)
	for _, tc := range []struct {
		name   string
		over   func(value []byte) []byte
		result Result
	}{
		{"over the value", func(v []byte) []byte { return v }, Pass},
		{"over something else", func([]byte) []byte { return []byte("x") }, Fail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := variant{kind: "Sign", value: func(xml []byte) []byte {
				der, err := gm.SignData(xml, gm.SignDataOptions{Signer: pki.SignerKey, Certificate: pki.Signer, SigningTime: sestest.Now})
				if err != nil {
					t.Fatal(err)
				}
				signed, err := gm.ParseSignedData(der)
				if err != nil {
					t.Fatal(err)
				}
				token, err := pki.Timestamp(at)(tc.over(signed.Signer.Signature))
				if err != nil {
					t.Fatal(err)
				}
				var b cryptobyte.Builder
				b.AddASN1(cbasn1.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidTimeStampToken)
						b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(token) })
					})
				})
				// ContentInfo, [0], SignedData, SET OF SignerInfo, SignerInfo
				return appended(t, der, 4, b.BytesOrPanic())
			}}
			r := Verify(v.stamped(t, pki).zip(t), o)
			if s := r.Signatures[0]; s.Check(CheckTimestamp).Result != tc.result || (tc.result == Pass) != (s.TimeSource == TimeStamped) {
				show(t, r)
				t.Error("the time stamp is not judged")
			}
		})
	}
}

// Forms of SignedData that are not written but met.
func TestSignedDataForms(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	sign := func(form gm.Form, message func(xml []byte) []byte) func([]byte) []byte {
		return func(xml []byte) []byte {
			der, err := gm.SignData(message(xml), gm.SignDataOptions{Signer: pki.SignerKey, Certificate: pki.Signer, SigningTime: sestest.Now, Form: form})
			if err != nil {
				t.Fatal(err)
			}
			return der
		}
	}
	same := func(xml []byte) []byte { return xml }
	other := func([]byte) []byte { return []byte("another file") }
	for _, tc := range []struct {
		name    string
		value   func([]byte) []byte
		kind    string
		verdict Verdict
		fails   string
	}{
		{"attributes", sign(gm.FormAttributes, same), "Sign", Valid, ""},
		{"digest", sign(gm.FormDigest, same), "Sign", Valid, ""},
		{"content", sign(gm.FormContent, same), "Sign", Valid, ""},
		{"attributes of another file", sign(gm.FormAttributes, other), "Sign", Invalid, CheckDigest},
		{"digest of another file", sign(gm.FormDigest, other), "Sign", Invalid, CheckDigest},
		{"content of another file", sign(gm.FormContent, other), "Sign", Invalid, CheckDigest},
		{"called a seal", sign(gm.FormAttributes, same), "Seal", Invalid, CheckFormat},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := variant{kind: tc.kind, value: tc.value}
			r := Verify(v.stamped(t, pki).zip(t), options(pki))
			if r.Verdict != tc.verdict {
				show(t, r)
				t.Fatalf("verdict %s", r.Verdict)
			}
			checkOneFailure(t, &r.Signatures[0], tc.fails)
		})
	}
}
