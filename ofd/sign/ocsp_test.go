package sign

import (
	"encoding/asn1"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sidian/gm"
	"sidian/ses/sestest"
)

// answer makes the root's own OCSP response (RFC 6960 §4.2.1) about c.
func answer(t *testing.T, pki *sestest.PKI, c *gm.Certificate, revoked time.Time) *gm.OCSPResponse {
	t.Helper()
	explicit := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
	sequence := func(f func(b *cryptobyte.Builder)) func(*cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) { b.AddASN1(cbasn1.SEQUENCE, f) }
	}
	name, key := gm.Sum(pki.Root.RawSubject), gm.Sum(pki.RootKey.Public().Bytes())
	single := sequence(func(b *cryptobyte.Builder) {
		sequence(func(b *cryptobyte.Builder) {
			sequence(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(gm.OIDSM3) })(b)
			b.AddASN1OctetString(name[:])
			b.AddASN1OctetString(key[:])
			b.AddASN1BigInt(c.SerialNumber)
		})(b)
		if revoked.IsZero() {
			b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(*cryptobyte.Builder) {})
		} else {
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(revoked) })
		}
		b.AddASN1GeneralizedTime(sestest.Now)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(sestest.Now.Add(24 * time.Hour)) })
	})
	var tbs cryptobyte.Builder
	sequence(func(b *cryptobyte.Builder) {
		b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { b.AddBytes(pki.Root.RawSubject) })
		b.AddASN1GeneralizedTime(sestest.Now)
		sequence(single)(b)
	})(&tbs)
	signed := tbs.BytesOrPanic()
	value, err := pki.RootKey.Sign(signed)
	if err != nil {
		t.Fatal(err)
	}
	var basic, outer cryptobyte.Builder
	sequence(func(b *cryptobyte.Builder) {
		b.AddBytes(signed)
		sequence(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(gm.OIDSM2WithSM3) })(b)
		b.AddASN1BitString(value)
	})(&basic)
	sequence(func(b *cryptobyte.Builder) {
		b.AddASN1Enum(0)
		b.AddASN1(explicit(0), sequence(func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1})
			b.AddASN1OctetString(basic.BytesOrPanic())
		}))
	})(&outer)
	r, err := gm.ParseOCSP(outer.BytesOrPanic())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOCSP(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	d := stampedBy(t, pki, nil)
	good := []*gm.OCSPResponse{answer(t, pki, pki.Signer, time.Time{}), answer(t, pki, pki.Maker, time.Time{})}
	before := []*gm.OCSPResponse{answer(t, pki, pki.Signer, sestest.Now.Add(-time.Hour)), good[1]}
	stranger := sestest.New(t)
	for _, tc := range []struct {
		name    string
		answers []*gm.OCSPResponse
		verdict Verdict
		result  Result
	}{
		{"good", good, Valid, Pass},
		{"revoked before", before, Invalid, Fail},
		{"about the signer only", good[:1], Undetermined, Unknown},
		{"of a stranger", []*gm.OCSPResponse{answer(t, stranger, pki.Signer, time.Time{}), good[1]}, Undetermined, Unknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := VerifyDocument(d, Options{Anchors: pki.Anchors(), OCSP: tc.answers, Now: sestest.Now, Strict: true})
			if r.Verdict != tc.verdict || r.Signatures[0].Check(CheckRevocation).Result != tc.result {
				show(t, r)
				t.Errorf("verdict %s, want %s", r.Verdict, tc.verdict)
			}
		})
	}
}

// One cache serves many goroutines, and starts anew with other anchors.
func TestChainCache(t *testing.T) {
	t.Parallel()
	pki, stranger := sestest.New(t), sestest.New(t)
	d := stampedBy(t, pki, nil)
	cache := NewChainCache()
	mine, others := pki.Anchors(), stranger.Anchors()
	for i := range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for j := range 20 {
				o := options(pki)
				o.ChainCache, o.Anchors = cache, mine
				want := Valid
				if (i+j)%3 == 0 {
					o.Anchors, want = others, Undetermined
				}
				if r := VerifyDocument(d, o); r.Verdict != want {
					t.Errorf("verdict %s, want %s", r.Verdict, want)
				}
			}
		})
	}
}
