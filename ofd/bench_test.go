package ofd

import (
	"bytes"
	"testing"
)

// licence builds a document of the size of a business licence.
func licence(t testing.TB, s *Skeleton, font, tpl ID) *Document {
	t.Helper()
	b := s.New(sampleInfo())
	p := b.AddPage(297, 210)
	p.Template(tpl, "Background")
	for i := range 20 {
		id := p.Text(line(font, 20, 30+float64(i)*5, "统一社会信用代码九一三三零一零零"))
		b.Tag("KZ_F"+string(rune('A'+i)), p.ID(), id)
	}
	b.AddImage(bytes.Repeat(onePixel, 100), "PNG")
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func skeleton(t testing.TB) (s *Skeleton, font, tpl ID) {
	t.Helper()
	b := New(DocInfo{})
	font = b.AddFont(FontSpec{Name: "Sub", Data: bytes.Repeat([]byte("glyf table "), 5000)})
	page := b.AddTemplate("底", "Background", 297, 210)
	for i := range 30 {
		page.Text(line(font, 20, float64(i)*5, "营业执照登记机关"))
	}
	b.Signable()
	s, err := b.Skeleton()
	if err != nil {
		t.Fatal(err)
	}
	return s, font, page.ID()
}

func BenchmarkBuild(b *testing.B) {
	s, font, tpl := skeleton(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := licence(b, s, font, tpl).Bytes(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	s, font, tpl := skeleton(b)
	data, err := licence(b, s, font, tpl).Bytes()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Open(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("reach", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d, err := Open(data)
			if err != nil {
				b.Fatal(err)
			}
			if len(d.Unreferenced()) != 0 {
				b.Fatal("unreferenced parts")
			}
		}
	})
	b.Run("digests", func(b *testing.B) {
		for b.Loop() {
			d, err := Open(data)
			if err != nil {
				b.Fatal(err)
			}
			for _, p := range d.Parts() {
				if _, err := p.Digest(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("content", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d, err := Open(data)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := d.Pages()[0].Content(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
