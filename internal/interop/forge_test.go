package interop

import (
	"strings"
	"testing"

	"sidian/ofd"
)

// forged is a document with one bit of its signature value changed.
func forged(t *testing.T, document []byte) []byte {
	t.Helper()
	d, err := ofd.Open(document)
	if err != nil {
		t.Fatal(err)
	}
	const name = "Doc_0/Signs/Sign_0/SignedValue.dat"
	p := d.Part(name)
	if p == nil {
		t.Fatalf("the document has no %s", name)
	}
	value, err := p.Data()
	if err != nil {
		t.Fatal(err)
	}
	changed := []byte(strings.Clone(string(value)))
	// The signer's name in the seal's list of digital certificates: the signed
	// bytes change, their structure does not.
	at := strings.Index(string(changed), "青禾县")
	if at < 0 {
		t.Fatal("the signature names nobody")
	}
	changed[at+2] ^= 1
	d, err = d.With(ofd.NewPart(name, changed))
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
