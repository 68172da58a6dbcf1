package catalogue_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
)

// A certificate is small, so that a million of them are: the business licence
// takes 12 KiB beside the glyphs and the seal, and 72 KiB with both; a form with
// many fields 14 KiB beside its glyphs, and 5 more for each further page.
func TestDocumentsAreSmall(t *testing.T) {
	t.Parallel()
	const all, seal = 72 << 10, 8 << 10
	for _, name := range shipped(t) {
		doc := filled(t, name)
		beside := 14<<10 + 5<<10*(len(doc.Pages())-1)
		if name == "business_license" {
			beside = 12 << 10
		}
		data, err := doc.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		rest := 0
		for _, f := range z.File {
			if !strings.Contains(f.Name, "/Res/") {
				rest += int(f.CompressedSize64)
			}
		}
		if rest > beside || name == "business_license" && len(data)+seal > all {
			t.Errorf("%s: %d bytes beside glyphs and pictures (at most %d), %d in all", name, rest, beside, len(data))
		}
		t.Logf("%s: %d beside, %d in all", name, rest, len(data))
	}
}
