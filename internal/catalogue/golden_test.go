package catalogue_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"sidian/kinds"
	"sidian/ofd"
)

// rendition is the text of a face: what stands where, and what the file says
// of itself. Glyph positions inside a line and path data are left out: their
// digests would only say that something changed.
func rendition(t *testing.T, doc *ofd.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	info := doc.Info()
	fmt.Fprintf(&b, "title %s\nauthor %s\ndate %s\n", info.Title, info.Author, info.CreationDate)
	for _, c := range info.CustomDatas {
		fmt.Fprintf(&b, "data %s = %s\n", c.Name, c.Value)
	}
	for _, p := range doc.Pages() {
		content, err := p.Content()
		if err != nil {
			t.Fatal(err)
		}
		area, err := p.Area()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "page %d %v\n", p.Index, area.Physical)
		for _, use := range content.Templates {
			under, err := p.Body().Template(use.TemplateID).Content()
			if err != nil {
				t.Fatal(err)
			}
			objects(&b, "printed", under)
		}
		objects(&b, "filled", content)
	}
	index, err := doc.DataIndex()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range index {
		fmt.Fprintf(&b, "index %s -> %v\n", e.Field, e.Refs)
	}
	attached, err := doc.Attachments()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range attached {
		fmt.Fprintf(&b, "attached %s %s %s\n", a.Name, a.Format, a.Usage)
	}
	return b.Bytes()
}

func objects(b *bytes.Buffer, what string, content *ofd.Content) {
	for _, l := range content.Layers {
		for _, o := range l.Objects {
			g := o.Base()
			fmt.Fprintf(b, "%s %d [%.2f %.2f %.2f %.2f] ", what, g.ID, g.Boundary.X, g.Boundary.Y, g.Boundary.W, g.Boundary.H)
			switch o := o.(type) {
			case *ofd.TextObject:
				fmt.Fprintf(b, "text %.2f %q\n", o.Size, o.Text())
			case *ofd.PathObject:
				fmt.Fprintf(b, "path %d bytes\n", len(o.Data))
			case *ofd.ImageObject:
				fmt.Fprintf(b, "image %d\n", o.ResourceID)
			default:
				fmt.Fprintf(b, "%T\n", o)
			}
		}
	}
}

func TestGoldenFaces(t *testing.T) {
	t.Parallel()
	for _, name := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rendition(t, filled(t, name))
			if *update {
				path := filepath.Join("..", "..", "kinds", name, "golden.txt")
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := fs.ReadFile(kinds.FS, name+"/golden.txt")
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the face changed; look at it, then run with -update\n%s", firstDifference(got, want))
			}
		})
	}
}

func firstDifference(got, want []byte) string {
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
