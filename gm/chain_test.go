package gm

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
)

func TestBuildChain(t *testing.T) {
	t.Parallel()
	p, stranger := newPKI(t), newPKI(t)
	notCA := issue(t, CertificateTemplate{Subject: name("测试", "签发机构"), KeyUsage: usageSigning}, p.caKey.Public(), p.root, p.rootKey)
	critical := issue(t, CertificateTemplate{Subject: name("测试", "签发机构"), KeyUsage: usageCA, IsCA: true, MaxPathLen: -1,
		Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 30}, Critical: true, Value: []byte{0x30, 0}}}}, p.caKey.Public(), p.root, p.rootKey)
	tests := []struct {
		name    string
		leaf    *Certificate
		through *Pool
		anchors *Pool
		length  int
		codes   []string
	}{
		{"to the root", p.leaf, NewPool(p.ca), NewPool(p.root), 3, nil},
		{"to the root, pool with everything twice", p.leaf, NewPool(p.leaf, p.ca, p.root, p.ca, stranger.ca), NewPool(stranger.root, p.root, p.root), 3, nil},
		{"intermediate as anchor", p.leaf, nil, NewPool(p.ca), 2, nil},
		{"intermediate and root as anchors: the shorter", p.leaf, NewPool(p.ca), NewPool(p.root, p.ca), 2, nil},
		{"leaf as anchor", p.leaf, nil, NewPool(p.leaf), 1, nil},
		{"the root itself", p.root, nil, NewPool(p.root), 1, nil},
		{"no anchors", p.leaf, NewPool(p.ca, p.root), nil, 3, []string{"untrusted_root"}},
		{"other anchors", p.leaf, NewPool(p.ca), NewPool(stranger.root), 2, []string{"bad_signature"}},
		{"intermediate missing", p.leaf, nil, NewPool(p.root), 1, []string{"no_issuer"}},
		{"issuer of the same name, another key", p.leaf, NewPool(stranger.ca), NewPool(p.root), 1, []string{"bad_signature"}},
		{"both of the same name", p.leaf, NewPool(stranger.ca, p.ca), NewPool(p.root), 3, nil},
		{"issuer is no authority", p.leaf, NewPool(notCA), NewPool(p.root), 1, []string{"issuer_not_ca"}},
		{"anchor is no authority", p.leaf, nil, NewPool(notCA), 1, []string{"issuer_not_ca"}},
		{"issuer with name constraints", p.leaf, NewPool(critical), NewPool(p.root), 1, []string{"critical_extension"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.leaf.BuildChain(test.through, test.anchors)
			if got.Reached != (len(test.codes) == 0) || len(got.Chain) != test.length {
				t.Errorf("reached %v, chain of %d, want %d", got.Reached, len(got.Chain), test.length)
			}
			wantCodes(t, problemCodes(got.Problems), test.codes...)
			for _, problem := range got.Problems {
				if problem.Message == "" {
					t.Error("a problem without a message")
				}
			}
		})
	}
}

func TestSampleChain(t *testing.T) {
	t.Parallel()
	root := sample(t, "root.der")
	for _, file := range []string{"maker.der", "signer.der"} {
		got := sample(t, file).BuildChain(nil, NewPool(root))
		if !got.Reached || len(got.Chain) != 2 || len(got.Notes) > 0 {
			t.Errorf("%s: %+v", file, got)
		}
	}
}

func TestPathLength(t *testing.T) {
	t.Parallel()
	// root(pathLen 1) -> a -> b -> leaf has two authorities below the root.
	rootKey, aKey, bKey, leafKey := newKey(t), newKey(t), newKey(t), newKey(t)
	authority := func(common string, pathLen int, pub *PublicKey, parent *Certificate, signer Signer) *Certificate {
		return issue(t, CertificateTemplate{Subject: name("测试", common), KeyUsage: usageCA, IsCA: true, MaxPathLen: pathLen}, pub, parent, signer)
	}
	for pathLen, reached := range map[int]bool{-1: true, 2: true, 1: false} {
		root := authority("root", pathLen, rootKey.Public(), nil, rootKey)
		a := authority("a", -1, aKey.Public(), root, rootKey)
		b := authority("b", -1, bKey.Public(), a, aKey)
		leaf := issue(t, CertificateTemplate{Subject: name("测试", "leaf"), KeyUsage: usageSigning}, leafKey.Public(), b, bKey)
		got := leaf.BuildChain(NewPool(a, b), NewPool(root))
		if got.Reached != reached {
			t.Errorf("path length %d: reached %v", pathLen, got.Reached)
		}
		if !reached {
			wantCodes(t, problemCodes(got.Problems), "path_length")
		}
	}
}

// TestChainSearchEnds: pools made to cost time must not: many authorities of one name that certify each other.
func TestChainSearchEnds(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	var all []*Certificate
	for range 40 {
		all = append(all, issue(t, CertificateTemplate{Subject: name("测试", "环"), KeyUsage: usageCA, IsCA: true, MaxPathLen: -1}, key.Public(), nil, key))
	}
	leaf := issue(t, CertificateTemplate{Subject: name("测试", "leaf"), KeyUsage: usageSigning}, newKey(t).Public(), all[0], key)
	s := search{intermediates: NewPool(all...), left: maxSignatures, best: []*Certificate{leaf}}
	if s.extend([]*Certificate{leaf}, nil) {
		t.Fatal("reached an anchor that is not there")
	}
	if s.left != 0 || len(s.best) != maxChain {
		t.Errorf("%d signatures left, chain of %d", s.left, len(s.best))
	}
	wantCodes(t, problemCodes(s.problems), "chain_limit")
}

func TestChainValidity(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	chain := p.leaf.BuildChain(NewPool(p.ca), NewPool(p.root))
	wantCodes(t, problemCodes(chain.CheckValidity(day(10))))
	wantCodes(t, problemCodes(chain.CheckValidity(day(400))), "expired", "expired", "expired")
}

// TestNamesOfOtherStringTypes: an authority that writes its name as PrintableString in one place and as UTF8String in
// another still is one authority.
func TestNamesOfOtherStringTypes(t *testing.T) {
	t.Parallel()
	raw := func(tag byte) []byte {
		return append([]byte{0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55, 0x04, 0x03, tag, 0x04}, "Root"...)
	}
	key := newKey(t)
	tmpl := CertificateTemplate{KeyUsage: usageCA, IsCA: true, MaxPathLen: -1, NotBefore: day(0), NotAfter: day(1)}
	tmpl.RawSubject = raw(0x0c)
	utf8 := issue(t, tmpl, key.Public(), nil, key)
	tmpl.RawSubject = raw(0x13)
	printable := issue(t, tmpl, key.Public(), nil, key)
	leaf := issue(t, CertificateTemplate{Subject: name("测试", "leaf"), KeyUsage: usageSigning}, newKey(t).Public(), printable, key)
	if got := leaf.BuildChain(nil, NewPool(utf8)); !got.Reached {
		t.Errorf("%+v", got.Problems)
	}
	if got := decodeString(tagBMPString, []byte{0x6d, 0x4b, 0x8b, 0xd5}); got != "测试" {
		t.Errorf("BMPString %q", got)
	}
	if got := decodeString(0x14, []byte{0xe9}); got != "é" {
		t.Errorf("TeletexString %q", got)
	}
}

func TestPool(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	pool := NewPool(p.root, nil, p.ca, p.root)
	if pool.Len() != 2 || !pool.Contains(p.ca) || pool.Contains(p.leaf) || pool.Contains(nil) {
		t.Error("contents")
	}
	var none *Pool
	if none.Len() != 0 || none.Contains(p.ca) || none.Certificates() != nil {
		t.Error("a nil pool is empty")
	}
	pool.Certificates()[0] = nil
	if pool.Certificates()[0] == nil {
		t.Error("the pool can be changed from outside")
	}
}

func TestKeyUsageBits(t *testing.T) {
	t.Parallel()
	pub := newKey(t).Public()
	for usage := x509.KeyUsage(1); usage < 1<<9; usage++ {
		tmpl := CertificateTemplate{KeyUsage: usage}
		extensions, err := tmpl.extensions(pub, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := readKeyUsage(extensions[1].Value)
		if !ok || got != usage {
			t.Fatalf("key usage %b read as %b", usage, got)
		}
	}
}
