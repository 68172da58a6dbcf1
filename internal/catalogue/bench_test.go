package catalogue_test

import "testing"

func BenchmarkFill(b *testing.B) {
	for _, name := range shipped(b) {
		b.Run(name, func(b *testing.B) {
			k := load(b, name)
			d, f := sampleAndFace(b, k)
			for b.Loop() {
				if _, err := f.Fill(d.Face); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDraft(b *testing.B) {
	k := load(b, "business_license")
	for b.Loop() {
		if _, err := k.Sample(); err != nil {
			b.Fatal(err)
		}
	}
}
