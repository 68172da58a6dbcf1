package gm

import (
	"bytes"
	"math/big"
	"testing"
)

// Parsers must not crash, and what they accept must hold what it says.

func FuzzParseCertificate(f *testing.F) {
	for _, file := range []string{"root.der", "maker.der", "signer.der"} {
		f.Add(readFile(f, "testdata", file))
	}
	p := newPKI(f)
	f.Add(p.leaf.Raw)
	f.Add(p.authority(f).Certificate.Raw)
	root := sample(f, "root.der")
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCertificate(data)
		if err != nil {
			return
		}
		if !bytes.Equal(c.Raw, data) {
			t.Fatal("read something else than was given")
		}
		_, _ = c.CheckFrom(root)
		_ = c.CheckSigningUsage()
		_ = c.BuildChain(NewPool(c), NewPool(root))
		_ = c.SubjectName() + c.IssuerName()
		again, err := ParseCertificates(c.PEM())
		if err != nil || len(again) != 1 || !again[0].Equal(c) {
			t.Fatal("PEM is not read back", err)
		}
	})
}

func FuzzParseRequest(f *testing.F) {
	r, err := CreateRequest(name("测试", "x"), newKey(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Raw)
	f.Add(r.PEM())
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := ParseRequest(data); err == nil && r.PublicKey == nil {
			t.Fatal("a request without a key")
		}
	})
}

func FuzzParsePrivateKey(f *testing.F) {
	f.Add(readFile(f, "testdata", "signer-key.pk8"), []byte(nil))
	key := newKey(f)
	plain, err := key.PEM(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain, []byte{})
	f.Fuzz(func(t *testing.T, data, passphrase []byte) {
		if isWrapped(data) {
			return // the work of unwrapping is what the file says; its limits have their own test
		}
		if key, err := ParsePrivateKey(data, passphrase); err == nil {
			if _, err := key.Sign(data); err != nil {
				t.Fatal("a key that cannot sign", err)
			}
		}
	})
}

func FuzzParseSignedData(f *testing.F) {
	for _, file := range []string{"signed-unsorted.der", "signed-sorted.der", "signed-base64.der", "signed-digest.der"} {
		f.Add(readFile(f, "testdata", file))
	}
	p := newPKI(f)
	der, err := SignData([]byte("x"), p.options(FormAttributes))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Add([]byte{0x30, 0x80, 0x06, 0x01, 0x2a, 0xa0, 0x80, 0x24, 0x80, 0x04, 0x00, 0, 0, 0, 0, 0, 0})
	content := readFile(f, "testdata", "signed-sorted.xml")
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSignedData(data)
		if err != nil {
			return
		}
		if got, err := s.Verify(content); err == nil && got.Certificate == nil {
			t.Fatal("verified without a certificate")
		}
		if got, err := s.VerifyWith([]byte("x"), NewPool(p.leaf)); err == nil && got.Certificate == nil {
			t.Fatal("verified without a certificate")
		}
	})
}

func FuzzParseTimestamp(f *testing.F) {
	p := newPKI(f)
	token := stamp(f, p.authority(f), newRequest(f, "x", big.NewInt(9)))
	f.Add(token)
	_, other := suiteAuthority(f, "sha256-ecdsa-p256")
	request, err := NewTimestampRequestBy("sha256", []byte("x"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stamp(f, other, request))
	f.Add(readFile(f, "testdata", "signed-digest.der"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ts, err := ParseTimestamp(data)
		if err != nil {
			return
		}
		if ts.Serial == nil || ts.Accuracy < 0 || ts.Time.IsZero() && len(ts.Imprint) == 0 {
			t.Fatalf("%+v", ts)
		}
		_, _, _ = ts.Verify(Candidate{"x", []byte("x")})
	})
}

func FuzzParseTimestampResponse(f *testing.F) {
	p := newPKI(f)
	a := p.authority(f)
	response, err := a.Respond(newRequest(f, "x", nil), day(50))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(response)
	rejected, err := a.Respond(nil, day(50))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(rejected)
	f.Fuzz(func(t *testing.T, data []byte) {
		if token, err := ParseTimestampResponse(data); err == nil && !bytes.Contains(data, token) {
			t.Fatal("a token that was not there")
		}
	})
}

// FuzzTimestampRequest: whatever is asked, the authority answers with a readable response, and a granted one verifies.
func FuzzTimestampRequest(f *testing.F) {
	a := newPKI(f).authority(f)
	f.Add(newRequest(f, "x", big.NewInt(9)))
	f.Add(newRequest(f, "x", nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		response, err := a.Respond(data, day(50))
		if err != nil {
			t.Fatal(err)
		}
		token, err := ParseTimestampResponse(response)
		if err != nil {
			return
		}
		if _, err := ParseTimestamp(token); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzParseOCSP(f *testing.F) {
	f.Add(readFile(f, "testdata", "ocsp-revoked.der"))
	f.Add(readFile(f, "testdata", "ocsp-delegated.der"))
	f.Add([]byte{0x30, 3, 0x0a, 1, 6})
	p := newPKI(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseOCSP(data)
		if err != nil {
			return
		}
		if _, err := r.Verify(p.ca); err == nil {
			t.Fatal("verified from an issuer made a moment ago")
		}
		_, _ = r.For(p.leaf, p.ca)
	})
}

func FuzzParseCRL(f *testing.F) {
	p := newPKI(f)
	list := p.crl(f, Revoked{big.NewInt(5), day(3), ReasonSuperseded}, Revoked{big.NewInt(6), day(3), 0})
	f.Add(list.Raw)
	f.Add(list.PEM())
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ParseCRL(data)
		if err != nil {
			return
		}
		_, _ = l.CheckFrom(p.ca)
		_ = l.Covers(p.leaf)
		for _, r := range l.Revoked {
			if at, _, revoked := l.Status(r.Serial); revoked && at.IsZero() && !r.At.IsZero() {
				t.Fatal("a revocation without a time")
			}
		}
	})
}

// FuzzNormalizeSignature: what is made of any bytes is strict DER, and stays what it is.
func FuzzNormalizeSignature(f *testing.F) {
	key := newKey(f)
	sig, err := key.Sign([]byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	r, s := integers(f, sig)
	f.Add(sig)
	f.Add(append(bytes.Clone(r), s...))
	f.Add(pair(r, s))
	f.Add(pair(append([]byte{0, 0}, r...), append([]byte{0}, s...)))
	f.Fuzz(func(t *testing.T, data []byte) {
		der, notes, err := NormalizeSignature(data)
		if err != nil {
			return
		}
		if !bytes.Equal(der, data) && len(notes) == 0 {
			t.Fatal("changed without a note")
		}
		again, more, err := NormalizeSignature(der)
		if err != nil || len(more) > 0 || !bytes.Equal(again, der) {
			t.Fatalf("%x is not normal: %v %v", der, more, err)
		}
		_ = Verify(key.Public(), []byte("x"), der)
	})
}

func FuzzDefinite(f *testing.F) {
	f.Add([]byte{0x30, 0x80, 0x24, 0x80, 4, 1, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		der, ok := definite(data)
		if !ok {
			return
		}
		if again, ok := definite(der); !ok || !bytes.Equal(again, der) {
			t.Fatalf("%x becomes %x and then %x", data, der, again)
		}
	})
}
