package ofd

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

const (
	tinyRoot = `<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>00000000000000000000000000000001</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`
	tinyDoc  = `<ofd:Document xmlns:ofd="http://www.ofdspec.org/2016"><ofd:CommonData><ofd:MaxUnitID>9</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>`
	tinyPage = `<ofd:Page xmlns:ofd="http://www.ofdspec.org/2016"/>`
)

type file struct{ name, data string }

func tiny(more ...file) []file {
	return append([]file{{"OFD.xml", tinyRoot}, {"Doc_0/Document.xml", tinyDoc}, {"Doc_0/Pages/Page_0/Content.xml", tinyPage}}, more...)
}

// pack writes an archive with archive/zip, as others do: data descriptors and all.
func pack(t testing.TB, files []file, edit func(h *zip.FileHeader)) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if strings.HasSuffix(f.name, "/") {
			h.Method = zip.Store
		}
		if edit != nil {
			edit(h)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// patch changes the central directory's entry of a name, at an offset in it.
func patch(t testing.TB, data []byte, name string, at int, value uint32, size int) []byte {
	t.Helper()
	data = bytes.Clone(data)
	for i := 0; i+lenCentral+len(name) <= len(data); i++ {
		if binary.LittleEndian.Uint32(data[i:]) == sigCentral && string(data[i+lenCentral:i+lenCentral+len(name)]) == name {
			for k := range size {
				data[i+at+k] = byte(value >> (8 * k))
			}
			return data
		}
	}
	t.Fatalf("no entry %s", name)
	return nil
}

func TestContainerLeniency(t *testing.T) {
	t.Parallel()
	plain := pack(t, tiny(), nil)
	cases := []struct {
		name string
		data []byte
	}{
		{"plain", plain},
		{"bytes in front", append([]byte("junk in front"), plain...)},
		{"bytes behind", append(bytes.Clone(plain), "junk behind"...)},
		{"directories", pack(t, append([]file{{"Doc_0/", ""}, {"Doc_0/Pages/", ""}}, tiny()...), nil)},
		{"stored with descriptors", pack(t, tiny(), func(h *zip.FileHeader) { h.Method = zip.Store })},
		{"another order", pack(t, []file{tiny()[2], tiny()[1], tiny()[0]}, nil)},
		{"another case", pack(t, []file{{"ofd.xml", tinyRoot}, {"doc_0/document.xml", tinyDoc}, {"DOC_0/pages/page_0/content.xml", tinyPage}}, nil)},
		{"name in an old code page", pack(t, tiny(file{"Doc_0/\xb8\xbd\xbc\xfe.txt", "x"}), func(h *zip.FileHeader) { h.NonUTF8 = true })},
		{"no namespace", pack(t, []file{{"OFD.xml", strings.ReplaceAll(tinyRoot, ` xmlns:ofd="http://www.ofdspec.org/2016"`, "")}, tiny()[1], tiny()[2]}, nil)},
		{"old namespace", pack(t, []file{{"OFD.xml", strings.ReplaceAll(tinyRoot, "/2016", "")}, tiny()[1], tiny()[2]}, nil)},
		{"default namespace", pack(t, []file{{"OFD.xml", strings.NewReplacer("ofd:", "", "xmlns:ofd", "xmlns").Replace(tinyRoot)}, tiny()[1], tiny()[2]}, nil)},
		{"parent folder", pack(t, []file{{"OFD.xml", strings.ReplaceAll(tinyRoot, "Doc_0/Document", "x/../Doc_0/./Document")}, tiny()[1], tiny()[2]}, nil)},
		{"two slashes", pack(t, []file{{"OFD.xml", strings.ReplaceAll(tinyRoot, "Doc_0/Document", "//Doc_0//Document")}, tiny()[1], tiny()[2]}, nil)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Open(c.data)
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Problems()) > 0 || len(d.Pages()) != 1 {
				t.Fatalf("%d pages, problems %v", len(d.Pages()), d.Problems())
			}
			if _, err := d.Pages()[0].Content(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	plain := pack(t, tiny(), nil)
	noise := make([]byte, 5<<20)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	const page = "Doc_0/Pages/Page_0/Content.xml"
	cases := []struct {
		name string
		data []byte
		code string // of the refusal; "" = malformed
	}{
		{"nothing", nil, ""},
		{"noise", noise, ""},
		{"noise of end records", bytes.Repeat([]byte("PK\x05\x06"), 1<<20), "multi_disk"},
		{"half", plain[:len(plain)/2], ""},
		{"without the last byte", plain[:len(plain)-1], ""},
		{"second half", plain[len(plain)/2:], ""},
		{"no OFD.xml", pack(t, tiny()[1:], nil), ""},
		{"OFD.xml is no XML", pack(t, []file{{"OFD.xml", "nonsense"}}, nil), ""},
		{"OFD.xml without documents", pack(t, []file{{"OFD.xml", `<OFD/>`}}, nil), ""},
		{"another root", pack(t, []file{{"OFD.xml", `<html/>`}}, nil), ""},
		{"zip slip", pack(t, tiny(file{"../evil.txt", "x"}), nil), "path"},
		{"zip slip inside", pack(t, tiny(file{"Doc_0/../../evil.txt", "x"}), nil), "path"},
		{"absolute name", pack(t, tiny(file{"/etc/passwd", "x"}), nil), "path"},
		{"drive", pack(t, tiny(file{"C:evil", "x"}), nil), "path"},
		{"backslash", pack(t, tiny(file{`..\evil`, "x"}), nil), "path"},
		{"control character", pack(t, tiny(file{"a\x00b", "x"}), nil), "path"},
		{"dot", pack(t, tiny(file{"./a", "x"}), nil), "path"},
		{"directory outside", pack(t, tiny(file{"../x/", ""}), nil), "path"},
		{"long name", pack(t, tiny(file{strings.Repeat("a", 2000), "x"}), nil), "name_length"},
		{"name twice", pack(t, tiny(file{page, "x"}), nil), "duplicate_name"},
		{"100,000 entries", pack(t, tiny(many(100_000)...), nil), "entry_count"},
		{"encrypted", patch(t, plain, page, 8, 1, 2), "encrypted"},
		{"unknown method", patch(t, plain, page, 10, 93, 2), "method"},
		{"method of the local header", patch(t, patch(t, plain, page, 10, 0, 2), page, 24, packedSize(t, plain, page), 4), "local_header"},
		{"entry bomb by declaration", patch(t, plain, page, 24, 40<<20, 4), "ratio"},
		{"bomb", pack(t, tiny(file{"Doc_0/a", strings.Repeat("\x00", 30<<20)}), nil), "ratio"},
		{"large part", patch(t, plain, page, 24, 1<<31, 4), "part_size"},
		{"large together", pack(t, tiny(large(25)...), nil), "total_size"},
		{"overlapping entries", overlapping(200), "overlap"},
		{"entry behind the file", patch(t, plain, page, 42, 1<<30, 4), ""},
		{"packed bytes behind the file", patch(t, plain, page, 20, 1<<20, 4), ""},
		{"deep XML", pack(t, []file{{"OFD.xml", "<OFD>" + strings.Repeat("<a>", 100_000)}}, nil), "xml"},
		{"deep document", pack(t, []file{tiny()[0], {"Doc_0/Document.xml", "<Document>" + strings.Repeat("<Outlines>", 1000)}}, nil), "xml"},
		{"many elements", pack(t, []file{{"OFD.xml", "<OFD>" + distinct(400_000) + "</OFD>"}}, nil), "xml"},
		{"doctype", pack(t, []file{{"OFD.xml", `<!DOCTYPE OFD [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + tinyRoot}}, nil), "xml"},
		{"external entity", pack(t, []file{{"OFD.xml", `<!DOCTYPE OFD SYSTEM "http://localhost/x">` + tinyRoot}}, nil), "xml"},
		{"location outside", pack(t, []file{{"OFD.xml", strings.ReplaceAll(tinyRoot, "Doc_0/Document.xml", "../../Document.xml")}}, nil), ""},
		{"page outside", pack(t, []file{tiny()[0], {"Doc_0/Document.xml", strings.ReplaceAll(tinyDoc, "Pages/Page_0", "../../Pages")}}, nil), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(c.data)
			var refused *RefusedError
			var broken *MalformedError
			switch {
			case c.code == "" && !errors.As(err, &broken):
				t.Errorf("error %v is not a *MalformedError", err)
			case c.code != "" && (!errors.As(err, &refused) || refused.Code != c.code || refused.Reason == ""):
				t.Errorf("error %v, want a refusal %s", err, c.code)
			}
		})
	}
}

func TestHostileParts(t *testing.T) {
	t.Parallel()
	plain := pack(t, tiny(), nil)
	const page = "Doc_0/Pages/Page_0/Content.xml"
	size := uint32(len(tinyPage))
	cases := []struct {
		name    string
		data    []byte
		refused bool
	}{
		{"less than declared", patch(t, plain, page, 24, size+1, 4), false},
		{"more than declared", patch(t, plain, page, 24, size-1, 4), true},
		{"checksum", patch(t, plain, page, 16, 12345, 4), false},
		{"no deflate stream", broken(t, plain, page), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Open(c.data)
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.Part(page).Data()
			var refused *RefusedError
			var malformed *MalformedError
			if c.refused && !errors.As(err, &refused) || !c.refused && !errors.As(err, &malformed) {
				t.Errorf("error %v", err)
			}
			if _, err2 := d.Part(page).Digest(); err2 == nil {
				t.Error("a broken part was digested")
			}
			if _, err2 := d.Pages()[0].Content(); err2 == nil {
				t.Error("a broken page was read")
			}
		})
	}
}

func many(n int) []file {
	list := make([]file, n)
	for i := range list {
		list[i] = file{fmt.Sprintf("x/%d", i), ""}
	}
	return list
}

// large makes n parts of 5 MB that shrink, but not suspiciously.
func large(n int) []file {
	data := noiseText(100_000) + strings.Repeat("a", 5<<20)
	list := make([]file, n)
	for i := range list {
		list[i] = file{fmt.Sprintf("x/%d", i), data}
	}
	return list
}

func distinct(n int) string { return strings.Repeat("<a/>", n-1) + "<b></b>" + noiseText(n*3) }

// noiseText keeps the ratio of a test part below the bound.
func noiseText(n int) string {
	random := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(random.Uint32()%26)
	}
	return string(b)
}

func packedSize(t testing.TB, data []byte, name string) uint32 {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if f.Name == name {
			return uint32(f.CompressedSize64)
		}
	}
	t.Fatalf("no entry %s", name)
	return 0
}

// broken overwrites the packed bytes of an entry.
func broken(t testing.TB, data []byte, name string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.Clone(data)
	for _, f := range z.File {
		if f.Name == name {
			at, err := f.DataOffset()
			if err != nil {
				t.Fatal(err)
			}
			for i := range int64(f.CompressedSize64) {
				data[at+i] = 0xFF
			}
		}
	}
	return data
}

// overlapping makes n entries each of which holds all those behind it, as the
// known bombs do.
func overlapping(n int) []byte {
	var out []byte
	parts := make([]*Part, n)
	const each = lenLocal + 4
	for i := range parts {
		raw := make([]byte, (n-i-1)*each)
		parts[i] = &Part{Name: fmt.Sprintf("%04d", i), raw: raw, size: int64(len(raw))}
		out = appendLocal(out, parts[i])
	}
	start := len(out)
	for i, p := range parts {
		out = appendCentral(out, p, uint32(i*each))
	}
	return appendEnd(out, n, start)
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		d, err := Open(data)
		if err != nil {
			continue
		}
		out, err := d.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Open(out)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(again.Parts()) != len(d.Parts()) || again.Parts()[0].Name != d.root.part && d.root.part == rootName {
			t.Errorf("%s: %d parts became %d, first %s", name, len(d.Parts()), len(again.Parts()), again.Parts()[0].Name)
		}
		for _, p := range d.Parts() {
			q := again.Part(p.Name)
			if q == nil || !bytes.Equal(p.raw, q.raw) {
				t.Errorf("%s: %s was not copied as it was", name, p.Name)
				continue
			}
			one, err1 := p.Digest()
			two, err2 := q.Digest()
			if err1 != nil || err2 != nil || one != two {
				t.Errorf("%s: %s changed: %v %v", name, p.Name, err1, err2)
			}
		}
		twice, err := again.Bytes()
		if err != nil || !bytes.Equal(out, twice) {
			t.Errorf("%s: writing again gave other bytes, %v", name, err)
		}
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	d, err := Open(pack(t, tiny(), nil))
	if err != nil {
		t.Fatal(err)
	}
	e, err := d.With(NewPart("Doc_0/new.bin", []byte("new")), NewPart("Doc_0/Pages/Page_0/Content.xml", []byte(tinyPage+" ")))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Parts()) != 3 || len(e.Parts()) != 4 || e.Part("OFD.xml") != d.Part("OFD.xml") {
		t.Error("the document changed, or its parts were not shared")
	}
	if data, _ := e.Pages()[0].Content(); data == nil || e.Part("/Doc_0/new.bin") == nil || e.Part("doc_0/NEW.bin") == nil {
		t.Error("parts are not found")
	}
	if f, err := e.Without("Doc_0/new.bin"); err != nil || len(f.Parts()) != 3 {
		t.Errorf("without: %v", err)
	}
	if _, err := d.With(NewPart("../x", nil)); err == nil {
		t.Error("a part outside was added")
	}
	if _, err := d.With(NewPart("OFD.xml", []byte("x"))); err == nil {
		t.Error("a document without root was made")
	}
}
