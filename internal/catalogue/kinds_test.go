package catalogue_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/face"
	"sidian/kinds"
	"sidian/ofd"
	"sidian/ofd/draw"
	"sidian/ofd/render"
)

var (
	update = flag.Bool("update", false, "write the golden texts of the kinds' faces")
	faces  = flag.String("faces", "", "write pictures of the kinds' faces into this folder")
)

func fonts(t testing.TB) *draw.Fonts {
	t.Helper()
	f, err := draw.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// shipped are the folders under kinds.
func shipped(t testing.TB) []string {
	t.Helper()
	entries, err := fs.ReadDir(kinds.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func load(t testing.TB, name string) *catalogue.Kind {
	t.Helper()
	folder, err := fs.Sub(kinds.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	k, err := catalogue.Load(name, folder)
	if err != nil {
		t.Fatalf("%v", catalogue.Check(kinds.FS, fonts(t), name))
	}
	return k
}

// sampleAndFace is the draft of a kind's example and the kind's face.
func sampleAndFace(t testing.TB, k *catalogue.Kind) (*catalogue.Draft, *face.Face) {
	t.Helper()
	f, err := catalogue.Compile(k, fonts(t))
	if err != nil {
		t.Fatal(err)
	}
	d, err := k.Sample()
	if err != nil {
		t.Fatal(err)
	}
	return d, f
}

// filled is the document of a kind's example.
func filled(t testing.TB, name string) *ofd.Document {
	t.Helper()
	d, f := sampleAndFace(t, load(t, name))
	doc, err := f.Fill(d.Face)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestShippedKindsAreClean(t *testing.T) {
	t.Parallel()
	for _, f := range catalogue.Check(kinds.FS, fonts(t)) {
		t.Errorf("%s: %s: %s: %s", f.Kind, f.Where, f.Code, f.Message)
	}
	if n := len(shipped(t)); n < 10 {
		t.Errorf("%d kinds are shipped, want at least 10", n)
	}
}

var picture sync.Mutex

func savePicture(t *testing.T, name string, doc *ofd.Document) {
	picture.Lock()
	defer picture.Unlock()
	for i := range doc.Pages() {
		f, err := os.Create(filepath.Join(*faces, name+"-"+string(rune('1'+i))+".png"))
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := render.PNG(doc, i, f, render.Options{DPI: 110})
		if err != nil || len(warnings) > 0 {
			t.Errorf("page %d: %v %v", i, warnings, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFaces(t *testing.T) {
	t.Parallel()
	for _, name := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			doc := filled(t, name)
			data, err := doc.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			again, err := ofd.Open(data)
			if err != nil {
				t.Fatal(err)
			}
			if *faces != "" {
				savePicture(t, name, again)
				for _, p := range again.Parts() {
					t.Log(p.Name, p.Size())
				}
				t.Log(len(data), "bytes")
			}
		})
	}
}
