package ofd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared is the folder with the reference material; tests that read it are
// skipped where it is absent.
func shared(t testing.TB, path string) string {
	t.Helper()
	dir := filepath.Join("..", "..", "shared", path)
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no ../shared")
	}
	return dir
}

func samples(t testing.TB) map[string][]byte {
	t.Helper()
	dir := shared(t, "samples")
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.ofd"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(f)] = data
	}
	return all
}

func TestSamples(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := Open(data)
			if name == "x13-zip-slip.ofd" {
				var r *RefusedError
				if !errors.As(err, &r) || r.Code != "path" {
					t.Fatalf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			enumerate(t, d)
			t.Log(len(d.Pages()), d.Problems(), d.Unreferenced())
			if un := strings.Join(d.Unreferenced(), " "); (un != "") != strings.HasPrefix(name, "x09") {
				t.Errorf("unreferenced: %s", un)
			}
		})
	}
}

func enumerate(t *testing.T, d *Document) {
	t.Helper()
	if len(d.Pages()) == 0 && len(d.Problems()) == 0 {
		t.Error("no pages")
	}
	objects := 0
	for _, p := range d.Pages() {
		c, err := p.Content()
		if err != nil {
			t.Error(err)
			continue
		}
		for _, l := range c.Layers {
			objects += len(l.Objects)
		}
		if a, err := p.Area(); err != nil || a.Physical.Empty() {
			t.Errorf("area %v, %v", a, err)
		}
		if _, err := p.Resources(); err != nil {
			t.Error(err)
		}
	}
	if _, err := d.Annotations(); err != nil {
		t.Error(err)
	}
	if _, err := d.Attachments(); err != nil {
		t.Error(err)
	}
	if _, err := d.DataIndex(); err != nil {
		t.Error(err)
	}
	if _, err := d.Links(); err != nil {
		t.Error(err)
	}
	for _, rec := range d.Signatures() {
		f, err := d.Signature(rec)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(f.References) == 0 {
			t.Log("no references", f)
		}
	}
}
