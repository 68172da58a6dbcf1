package pack

import (
	"archive/zip"
	"bytes"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// gbk writes a package as an archiver of an old system does: names in the
// national encoding, nothing that says so.
func gbk(t testing.TB, b []byte) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range r.File {
		name, err := simplifiedchinese.GBK.NewEncoder().String(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		to, err := z.CreateHeader(&zip.FileHeader{Name: name, NonUTF8: true, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		data, err := inflate(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gbkXML(t testing.TB, data []byte) []byte {
	t.Helper()
	out, err := simplifiedchinese.GBK.NewEncoder().Bytes(bytes.Replace(data, []byte("UTF-8"), []byte("GBK"), 1))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
