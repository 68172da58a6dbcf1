package catalogue_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
)

// A certificate is small, so that a million of them are: the business licence
// takes 12 KiB beside the glyphs and the seal, a form with many fields 14 KiB
// and 5 for each further page, and none more than 72 KiB with its seal but for
// the two-page one.
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
		if rest > beside || len(doc.Pages()) == 1 && len(data)+seal > all {
			t.Errorf("%s: %d bytes beside glyphs and pictures (at most %d), %d in all", name, rest, beside, len(data))
		}
		t.Logf("%s: %d beside, %d in all", name, rest, len(data))
	}
}
