package ofd

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzOpen: no input brings the reader down; every error is of one of the two
// kinds; and archive/zip sees the same files in what we accept.
func FuzzOpen(f *testing.F) {
	f.Add(pack(f, tiny(), nil))
	f.Add(pack(f, tiny(file{"Doc_0/", ""}, file{"../x", ""}), nil))
	_, data := built(f, full(f))
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Open(data)
		if err != nil {
			var refused *RefusedError
			var malformed *MalformedError
			if !errors.As(err, &refused) && !errors.As(err, &malformed) {
				t.Fatalf("error %T %v", err, err)
			}
			return
		}
		visit(d)
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return // archive/zip minds some bytes between the pieces
		}
		for _, zf := range z.File {
			p := d.byName[zf.Name]
			if p == nil {
				continue
			}
			ours, err := p.Data()
			if err != nil {
				continue
			}
			r, err := zf.Open()
			if err != nil {
				continue
			}
			theirs, err := io.ReadAll(r)
			if err == nil && !bytes.Equal(ours, theirs) {
				t.Fatalf("%s: we read %q, archive/zip %q", zf.Name, ours, theirs)
			}
		}
	})
}

// visit reads everything there is, whatever comes of it.
func visit(d *Document) {
	for _, p := range d.Pages() {
		if c, err := p.Content(); err == nil {
			c.Find(1)
		}
		_, _ = p.Resources()
		_, _ = p.Area()
	}
	_, _ = d.Annotations()
	_, _ = d.Attachments()
	if index, err := d.DataIndex(); err == nil {
		for _, e := range index {
			_, _ = d.Body().FieldText(e)
		}
	}
	_, _ = d.Links()
	d.Unreferenced()
	for _, rec := range d.Signatures() {
		_, _ = d.Signature(rec)
	}
}

// FuzzParts: the readers of the parts meet any XML.
func FuzzParts(f *testing.F) {
	d, _ := built(f, full(f))
	for _, p := range d.Parts() {
		if data, err := p.Data(); err == nil && bytes.HasPrefix(data, []byte("<?xml")) {
			f.Add(data)
		}
	}
	parts := []string{
		"Doc_0/Pages/Page_0/Content.xml", publicName, annotsName, annotFolder + "Page_0/Annotation.xml",
		attachName, tagsName, tagName, signsName, mainName, rootName,
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range parts {
			if e, err := d.With(NewPart(name, data)); err == nil {
				visit(e)
			}
		}
	})
}
