package sign

import (
	"os"
	"testing"
)

func BenchmarkVerifySample(b *testing.B) {
	data, err := os.ReadFile("testdata/signed/q00-plain.ofd")
	if err != nil {
		b.Fatal(err)
	}
	o := sampleOptions(b)
	o.ChainCache = NewChainCache()
	b.ReportAllocs()
	for b.Loop() {
		if r := Verify(data, o); r.Verdict != Valid {
			b.Fatal(r.Verdict)
		}
	}
}
