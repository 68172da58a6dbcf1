package sign

import (
	"crypto/rand"
	"math/big"
	"os"
	"testing"

	"sidian/gm"
	"sidian/ofd"
	"sidian/ses"
	"sidian/ses/sestest"
)

func BenchmarkVerifySample(b *testing.B) {
	data, err := os.ReadFile("testdata/signed/q00-plain.ofd")
	if err != nil {
		b.Fatal(err)
	}
	o := sampleOptions(b)
	o.ChainCache = NewChainCache()
	benchVerify(b, data, o)
}

func benchVerify(b *testing.B, data []byte, o Options) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if r := Verify(data, o); r.Verdict != Valid {
			b.Fatal(r.Verdict)
		}
	}
}

// licence is a document of some 70 KB: a font and a picture that all documents
// of a kind share, frozen, and a page that is each one's own.
func licence(b *testing.B, pki *sestest.PKI) (*ofd.Document, StampOptions) {
	b.Helper()
	noise := func(n int) []byte {
		data := make([]byte, n)
		_, _ = rand.Read(data)
		return data
	}
	p := plain()
	p.remove("Doc_0/Res/a.ttf")
	d := open(b, p.zip(b))
	d, err := d.With(ofd.Freeze("Doc_0/Res/a.ttf", noise(40<<10), ofd.Best), ofd.Freeze("Doc_0/Res/b.png", noise(12<<10), ofd.Store))
	if err != nil {
		b.Fatal(err)
	}
	o := stampOptions(pki)
	so := pki.SealOptions()
	so.Picture = ses.Picture{Type: "PNG", Data: noise(10 << 10), Width: 40, Height: 40}
	if o.Seal, err = ses.MakeSeal(so, pki.MakerKey, pki.Maker); err != nil {
		b.Fatal(err)
	}
	return d, o
}

func BenchmarkVerifyLicence(b *testing.B) {
	pki := sestest.New(b)
	d, o := licence(b, pki)
	d, err := Stamp(d, o)
	if err != nil {
		b.Fatal(err)
	}
	data, err := d.Bytes()
	if err != nil {
		b.Fatal(err)
	}
	v := options(pki)
	v.ChainCache = NewChainCache()
	benchVerify(b, data, v)
}

func BenchmarkStampLicence(b *testing.B) {
	pki := sestest.New(b)
	d, o := licence(b, pki)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Stamp(d, o); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFloor is what stamping cannot go below: one SM2 signature.
func BenchmarkFloor(b *testing.B) {
	pki := sestest.New(b)
	message := big.NewInt(7).Bytes()
	for b.Loop() {
		if _, err := pki.SignerKey.Sign(message); err != nil {
			b.Fatal(err)
		}
	}
	_ = gm.Sum(message)
}
