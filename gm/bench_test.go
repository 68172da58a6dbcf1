package gm

import (
	"fmt"
	"math/big"
	"testing"
)

func BenchmarkSum(b *testing.B) {
	for _, size := range []int{64, 4 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			data := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				_ = Sum(data)
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	key, message := newKey(b), make([]byte, 500)
	for b.Loop() {
		if _, err := key.Sign(message); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	key, message := newKey(b), make([]byte, 500)
	sig, err := key.Sign(message)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := Verify(key.Public(), message, sig); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGCM(b *testing.B) {
	aead, err := NewGCM(make([]byte, 16))
	if err != nil {
		b.Fatal(err)
	}
	nonce, data := make([]byte, 12), make([]byte, 64<<10)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		_ = aead.Seal(nil, nonce, data, nil)
	}
}

func BenchmarkParseCertificate(b *testing.B) {
	der := readFile(b, "testdata", "signer.der")
	for b.Loop() {
		if _, err := ParseCertificate(der); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignedDataVerify(b *testing.B) {
	der, content := readFile(b, "testdata", "signed-sorted.der"), readFile(b, "testdata", "signed-sorted.xml")
	for b.Loop() {
		s, err := ParseSignedData(der)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Verify(content); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTimestamp(b *testing.B) {
	a, request := newPKI(b).authority(b), newRequest(b, "x", big.NewInt(1))
	for b.Loop() {
		if _, err := a.Respond(request, day(50)); err != nil {
			b.Fatal(err)
		}
	}
}
