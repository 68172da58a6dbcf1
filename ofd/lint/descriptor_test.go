package lint

import (
	"archive/zip"
	"bytes"
	"testing"

	"sidian/ofd"
)

// repack writes a document's parts by archive/zip, with data descriptors.
func repack(t *testing.T, d *ofd.Document, method uint16) *ofd.Document {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, p := range d.Parts() {
		data, err := p.Data()
		if err != nil {
			t.Fatal(err)
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: p.Name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := ofd.Open(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestStoredDescriptor(t *testing.T) {
	t.Parallel()
	d := certificate(t)
	if found := Check(repack(t, d, zip.Deflate)); len(found) > 0 {
		t.Errorf("deflated: %+v", found)
	}
	found := Check(repack(t, d, zip.Store))
	if len(found) != len(d.Parts()) || found[0].Rule != "stored_descriptor" || found[0].Severity != Warning {
		t.Errorf("stored: %+v", found)
	}
}
