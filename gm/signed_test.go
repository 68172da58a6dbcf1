package gm

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

func TestSampleSignedData(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file    string
		form    Form
		notes   []string
		chained bool
	}{
		{"signed-unsorted", FormAttributes, []string{NoteSetOrder}, true},
		{"signed-sorted", FormAttributes, nil, true},
		{"signed-base64", FormBase64, []string{NoteBase64Hash}, true},
		{"signed-digest", FormDigest, nil, false},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			der, content := readFile(t, "testdata", test.file+".der"), readFile(t, "testdata", test.file+".xml")
			s, err := ParseSignedData(der)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Verify(content)
			if err != nil {
				t.Fatal(err)
			}
			if got.Form != test.form || got.Form.String() == "unknown" {
				t.Errorf("form %v, want %v", got.Form, test.form)
			}
			wantCodes(t, codes(got.Notes), test.notes...)
			if chain := got.Certificate.BuildChain(nil, NewPool(sample(t, "root.der"))); chain.Reached != test.chained {
				t.Errorf("chain: %+v", chain)
			}
			if (test.form == FormAttributes) != !got.SigningTime.IsZero() {
				t.Errorf("signing time %v", got.SigningTime)
			}
			_, err = s.Verify(append(content, ' '))
			wantError(t, err, ErrDigestMismatch)
		})
	}
}

func (p *pki) options(form Form) SignDataOptions {
	return SignDataOptions{Signer: p.leafKey, Certificate: p.leaf, Chain: []*Certificate{p.ca}, SigningTime: day(40), Form: form}
}

func TestSignDataAndRead(t *testing.T) {
	t.Parallel()
	p, content := newPKI(t), []byte("<ofd:Signature/>")
	for _, form := range []Form{FormAttributes, FormDigest, FormContent} {
		for _, pkcs7 := range []bool{false, true} {
			opts := p.options(form)
			opts.PKCS7 = pkcs7
			der, err := SignData(content, opts)
			if err != nil {
				t.Fatal(err)
			}
			s, err := ParseSignedData(der)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Verify(content)
			if err != nil {
				t.Fatalf("%v: %v", form, err)
			}
			if got.Form != form || !got.Certificate.Equal(p.leaf) || len(s.Certificates) != 2 || len(got.Notes) > 0 {
				t.Errorf("%v: read as %v with %d certificates, notes %v", form, got.Form, len(s.Certificates), got.Notes)
			}
			if s.ContentInfoType.Equal(OIDPKCS7SignedData) != pkcs7 {
				t.Errorf("outer type %v", s.ContentInfoType)
			}
			if form == FormAttributes && (!got.SigningTime.Equal(day(40)) || s.Content != nil) {
				t.Errorf("time %v, content %x", got.SigningTime, s.Content)
			}
			_, err = s.Verify([]byte("other"))
			wantError(t, err, ErrDigestMismatch)
		}
	}
}

// TestWrittenAttributesAreInSetOrder: stored and signed order are one, the DER one, so every reader agrees.
func TestWrittenAttributesAreInSetOrder(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	der, err := SignData([]byte("x"), p.options(FormAttributes))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSignedData(der)
	if err != nil {
		t.Fatal(err)
	}
	stored, sorted := s.Signer.signedAttributes()
	if sorted != nil {
		t.Error("not in DER order")
	}
	checkByOpenssl(t, p.leafKey, stored, s.Signer.Signature)
	text := openssl(t, "asn1parse", "-inform", "der", "-in", filepath.Join(folder(t, map[string][]byte{"p7": der}), "p7"))
	for _, want := range []string{"1.2.156.10197.6.1.4.2.2", "messageDigest", "signingTime", "1.2.156.10197.1.301.1"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("openssl does not show %s", want)
		}
	}
}

func TestOpensslReadsCertificatesOfOurSignedData(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	opts := p.options(FormContent)
	opts.PKCS7 = true
	der, err := SignData([]byte("x"), opts)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder(t, map[string][]byte{"p7": der}), "p7")
	out := openssl(t, "pkcs7", "-inform", "der", "-in", file, "-print_certs")
	if len(splitPEMOrDER(out, pemCertificate)) != 2 {
		t.Errorf("openssl finds\n%s", out)
	}
	openssl(t, "cms", "-cmsout", "-print", "-inform", "der", "-in", file, "-noout")
}

func TestSignDataIsRefused(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	encryption, encryptionKey := p.issued(t, CertificateTemplate{Subject: name("测试", "加密"), KeyUsage: usageEncryption})
	change := func(f func(*SignDataOptions)) SignDataOptions { o := p.options(FormAttributes); f(&o); return o }
	for name, opts := range map[string]SignDataOptions{
		"no signer":       change(func(o *SignDataOptions) { o.Signer = nil }),
		"no certificate":  change(func(o *SignDataOptions) { o.Certificate = nil }),
		"other key":       change(func(o *SignDataOptions) { o.Signer = p.caKey }),
		"no time":         change(func(o *SignDataOptions) { o.SigningTime = time.Time{} }),
		"read-only form":  change(func(o *SignDataOptions) { o.Form = FormBase64 }),
		"encryption only": change(func(o *SignDataOptions) { o.Signer, o.Certificate = encryptionKey, encryption }),
	} {
		if _, err := SignData([]byte("x"), opts); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

// TestFieldVariants rebuilds what products write and a strict PKCS#7 reader refuses.
func TestFieldVariants(t *testing.T) {
	t.Parallel()
	p, content := newPKI(t), []byte("content")
	digest := Sum(content)
	sign := func(message []byte) []byte {
		sig, err := p.leafKey.Sign(message)
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	base := message{outer: OIDSignedData, inner: OIDData, version: 1, algorithm: OIDSM2Sign, certificate: p.leaf, include: []*Certificate{p.leaf}}
	encode := func(attributes, signature []byte, f func(*message)) []byte {
		m := base
		f(&m)
		der, err := m.encode(attributes, signature)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	text := []byte(base64.StdEncoding.EncodeToString(digest[:]))
	r, s := integers(t, sign(digest[:]))
	unsorted := unsortedAttributes(t, p, digest[:])
	asSet := bytes.Clone(unsorted)
	asSet[0] = 0x31
	sorted, err := setOf(cbasn1.SET, attributeElements(t, p, digest[:]))
	if err != nil {
		t.Fatal(err)
	}
	none := func(*message) {}
	withDigest := func(m *message) { m.content = digest[:] }
	tests := []struct {
		name  string
		der   []byte
		form  Form
		notes []string
		err   error
	}{
		{"digest, raw signature", encode(nil, func() []byte { r, s := integers(t, sign(digest[:])); return append(r, s...) }(), withDigest), FormDigest, []string{NoteRawRS}, nil},
		{"digest, sign octet missing", encode(nil, func() []byte { r, s := integers(t, highSignature(t, p.leafKey, digest[:], true)); return pair(r, s) }(), withDigest), FormDigest, []string{NoteIntegerEncoding}, nil},
		{"base64, text signed", encode(nil, sign(text), func(m *message) { m.content = text }), FormBase64, []string{NoteBase64Hash}, nil},
		{"base64, digest signed", encode(nil, sign(digest[:]), func(m *message) { m.content = text }), FormBase64, []string{NoteBase64Hash}, nil},
		{"base64 of another digest", encode(nil, sign(text), func(m *message) { m.content = []byte("AAAA") }), 0, nil, ErrDigestMismatch},
		{"detached, content signed", encode(nil, sign(content), none), FormDetached, nil, nil},
		{"detached, digest signed", encode(nil, sign(digest[:]), none), FormDetached, nil, nil},
		{"unsorted, signed as stored", encode(unsorted, sign(asSet), none), FormAttributes, []string{NoteSetOrder}, nil},
		{"unsorted, signed in order", encode(unsorted, sign(sorted), none), FormAttributes, []string{NoteAttributesOrder}, nil},
		{"unsorted, signed with tag A0", encode(unsorted, sign(unsorted), none), 0, nil, ErrInvalidSignature},
		{"attributes and digest as content", encode(unsorted, sign(asSet), withDigest), FormDigest, []string{NoteSetOrder}, nil},
		{"PKCS#7 types inside", encode(nil, sign(digest[:]), func(m *message) { m.content, m.inner = digest[:], OIDPKCS7Data }), FormDigest, nil, nil},
		{"algorithm SM2 with SM3", encode(nil, sign(digest[:]), func(m *message) { m.content, m.algorithm = digest[:], OIDSM2WithSM3 }), FormDigest, nil, nil},
		{"algorithm RSA", encode(nil, sign(digest[:]), func(m *message) { m.content, m.algorithm = digest[:], OIDRSA }), 0, nil, ErrUnsupported},
		{"identifier of another certificate", encode(nil, sign(digest[:]), func(m *message) { m.content, m.certificate = digest[:], p.ca }), FormDigest, []string{NoteSignerID}, nil},
		{"no certificate", encode(nil, sign(digest[:]), func(m *message) { m.content, m.include = digest[:], nil }), 0, nil, ErrNoCertificate},
		{"two certificates, neither the signer's", encode(nil, sign(digest[:]), func(m *message) { m.content, m.include = digest[:], []*Certificate{p.ca, p.root} }), 0, nil, ErrNoCertificate},
		{"another key's signature", encode(nil, pair(s, r), withDigest), 0, nil, ErrInvalidSignature},
		{"octets after", append(encode(nil, sign(digest[:]), withDigest), 0, 0), FormDigest, []string{NoteTrailing}, nil},
		{"indefinite length", indefinite(t, encode(nil, sign(digest[:]), withDigest)), FormDigest, []string{NoteBER}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := ParseSignedData(test.der)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Verify(content)
			wantError(t, err, test.err)
			if err != nil || test.err != nil {
				return
			}
			if got.Form != test.form {
				t.Errorf("form %v, want %v", got.Form, test.form)
			}
			wantCodes(t, codes(got.Notes), test.notes...)
		})
	}
}

func attributeElements(t *testing.T, p *pki, digest []byte) [][]byte {
	t.Helper()
	m := message{inner: OIDData, digest: digest, time: day(3), signer: p.leafKey}
	elements, err := m.attributes()
	if err != nil {
		t.Fatal(err)
	}
	return elements
}

// unsortedAttributes are contentType, messageDigest, signingTime: the order of some products, not DER's.
func unsortedAttributes(t *testing.T, p *pki, digest []byte) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(explicitTag(0), func(b *cryptobyte.Builder) {
		for _, element := range attributeElements(t, p, digest) {
			b.AddBytes(element)
		}
	})
	return b.BytesOrPanic()
}

// indefinite rewrites the two outermost values with indefinite lengths, as streaming signers do.
func indefinite(t *testing.T, der []byte) []byte {
	t.Helper()
	input := cryptobyte.String(der)
	var outer, oid, wrapped cryptobyte.String
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !outer.ReadASN1Element(&oid, cbasn1.OBJECT_IDENTIFIER) || !outer.ReadASN1(&wrapped, explicitTag(0)) {
		t.Fatal("not a ContentInfo")
	}
	out := append([]byte{0x30, 0x80}, oid...)
	out = append(append(append(out, 0xa0, 0x80), wrapped...), 0, 0, 0, 0)
	return out
}

func TestDamagedSignedDataIsNeverTakenForGood(t *testing.T) {
	t.Parallel()
	p, content := newPKI(t), []byte("content")
	opts := p.options(FormAttributes)
	opts.Chain = nil
	der, err := SignData(content, opts)
	if err != nil {
		t.Fatal(err)
	}
	root := NewPool(p.ca)
	for i := range der {
		s, err := ParseSignedData(flipped(der, i))
		if err != nil {
			continue
		}
		got, err := s.Verify(content)
		if err != nil || len(got.Notes) > 0 || !got.Certificate.BuildChain(nil, root).Reached {
			continue
		}
		if !got.SigningTime.Equal(day(40)) || !got.Certificate.Equal(p.leaf) {
			t.Errorf("octet %d changed what was signed", i)
		}
	}
}

func TestSeveralSignersAreUnsupported(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	der, err := SignData([]byte("x"), p.options(FormDigest))
	if err != nil {
		t.Fatal(err)
	}
	var outer struct {
		Type asn1.ObjectIdentifier
		Data struct {
			Version      int
			Digests      asn1.RawValue `asn1:"set"`
			Content      asn1.RawValue
			Certificates asn1.RawValue
			Signers      []asn1.RawValue `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		t.Fatal(err)
	}
	outer.Data.Signers = append(outer.Data.Signers, outer.Data.Signers[0])
	twice, err := asn1.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseSignedData(twice)
	wantError(t, err, ErrUnsupported)
}

func TestDefinite(t *testing.T) {
	t.Parallel()
	deep := append(bytes.Repeat([]byte{0x30, 0x80}, maxBERDepth+2), make([]byte, 2*(maxBERDepth+2))...)
	tests := []struct {
		name     string
		ber, der []byte
	}{
		{"already DER", []byte{0x30, 3, 2, 1, 5}, []byte{0x30, 3, 2, 1, 5}},
		{"long length", []byte{0x30, 0x82, 0, 3, 2, 1, 5}, []byte{0x30, 3, 2, 1, 5}},
		{"indefinite", []byte{0x30, 0x80, 2, 1, 5, 0, 0}, []byte{0x30, 3, 2, 1, 5}},
		{"in pieces", []byte{0x24, 0x80, 4, 1, 1, 4, 2, 2, 3, 0, 0}, []byte{4, 3, 1, 2, 3}},
		{"nested pieces", []byte{0x24, 6, 0x24, 4, 4, 2, 1, 2}, []byte{4, 2, 1, 2}},
		{"unended", []byte{0x30, 0x80, 2, 1, 5}, nil},
		{"primitive indefinite", []byte{4, 0x80, 0, 0}, nil},
		{"longer than there is", []byte{4, 5, 1}, nil},
		{"length of nine octets", []byte{4, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}, nil},
		{"length that overflows", []byte{4, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, nil},
		{"too deep", deep, nil},
		{"pieces of another type", []byte{0x24, 3, 2, 1, 5}, nil},
		{"after it", []byte{5, 0, 5, 0}, nil},
		{"empty", nil, nil},
	}
	for _, test := range tests {
		got, ok := definite(test.ber)
		if ok != (test.der != nil) || !bytes.Equal(got, test.der) {
			t.Errorf("%s: %x %v", test.name, got, ok)
		}
	}
}

func TestBareSignatureHasNoSigner(t *testing.T) {
	t.Parallel()
	sig, err := newKey(t).Sign([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseSignedData(sig)
	wantError(t, err, ErrNoCertificate)
}

func TestSignedDataWithTimestamp(t *testing.T) {
	t.Parallel()
	p, content := newPKI(t), []byte("content")
	a := p.authority(t)
	opts := p.options(FormAttributes)
	opts.Timestamp = func(value []byte) ([]byte, error) {
		request, err := NewTimestampRequest(value, nil)
		if err != nil {
			return nil, err
		}
		response, err := a.Respond(request, day(50))
		if err != nil {
			return nil, err
		}
		return ParseTimestampResponse(response)
	}
	der, err := SignData(content, opts)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSignedData(der)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verify(content); err != nil || len(got.Notes) > 0 {
		t.Fatal(got, err)
	}
	ts, err := ParseTimestamp(s.Timestamp())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ts.Verify(Candidate{"value", s.Signer.Signature}); err != nil {
		t.Error(err)
	}
	opts.Timestamp = func([]byte) ([]byte, error) { return nil, errors.New("no answer") }
	if _, err := SignData(content, opts); err == nil {
		t.Error("signed without the time stamp that was asked for")
	}
	opts.Timestamp = nil
	if der, err = SignData(content, opts); err != nil {
		t.Fatal(err)
	}
	if s, err = ParseSignedData(der); err != nil || s.Timestamp() != nil {
		t.Error("a time stamp from nowhere", err)
	}
}
