package sealing_test

import (
	"testing"

	"sidian/internal/sealing/sealingtest"
	"sidian/ofd"
	"sidian/ofd/sign"
	"sidian/ses/sestest"
)

// thirdParty is a document that somebody else sealed, and one that he closed.
func thirdParty(t testing.TB) (open, closed []byte) {
	t.Helper()
	pki := sestest.New(t)
	d, err := ofd.Open(sealingtest.Document(t, "外来文件", 1))
	must(t, err)
	for i, to := range []*[]byte{&open, &closed} {
		out, err := sign.Stamp(d, sign.StampOptions{
			Seal: pki.Seal(), Signer: pki.SignerKey, Certificate: pki.Signer, Time: sestest.Now, Closed: i == 1,
			Places: []sign.Place{{X: 120, Y: 200, W: 40, H: 40}},
		})
		must(t, err)
		*to, err = out.Bytes()
		must(t, err)
	}
	return open, closed
}

// wantIntact wants that no signature of a document is broken, whoever is trusted.
func wantIntact(t testing.TB, data []byte, n int) {
	t.Helper()
	r := sign.Verify(data, sign.Options{})
	if len(r.Signatures) != n {
		t.Fatalf("%d signatures", len(r.Signatures))
	}
	for _, s := range r.Signatures {
		for _, code := range []string{sign.CheckDigest, sign.CheckValue, sign.CheckSealSignature, sign.CheckESLEqual} {
			if c := s.Check(code); c.Result != sign.Pass {
				t.Errorf("signature %s: %s is %s: %s", s.ID, code, c.Result, c.Message)
			}
		}
	}
}
