package ofd

import (
	"strings"
	"testing"
)

// TestContentIsKeptWithinBounds: small pages are read once, and a document of
// huge pages does not keep them all.
func TestContentIsKeptWithinBounds(t *testing.T) {
	t.Parallel()
	huge := `<Page><Content><Layer ID="2">` + strings.Repeat(`<PageBlock ID="3"/>`, 150_000) + `</Layer></Content></Page><!--` + noiseText(50_000) + `-->`
	files := tiny(file{"Doc_0/Pages/Page_1/Content.xml", huge}, file{"Doc_0/Pages/Page_2/Content.xml", huge})
	files[1].data = strings.Replace(tinyDoc, "</ofd:Pages>", `<ofd:Page ID="4" BaseLoc="Pages/Page_1/Content.xml"/><ofd:Page ID="5" BaseLoc="Pages/Page_2/Content.xml"/></ofd:Pages>`, 1)
	d, err := Open(pack(t, files, nil))
	if err != nil {
		t.Fatal(err)
	}
	for i, kept := range []bool{true, true, false} {
		one, err := d.Pages()[i].Content()
		if err != nil {
			t.Fatal(err)
		}
		two, err := d.Pages()[i].Content()
		if err != nil || (one == two) != kept {
			t.Errorf("page %d: kept %v, %v", i, one == two, err)
		}
	}
}
