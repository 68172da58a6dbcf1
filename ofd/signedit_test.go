package ofd

import (
	"archive/zip"
	"strings"
	"testing"
)

const emptyList = `<ofd:Signatures xmlns:ofd="http://www.ofdspec.org/2016"/>`

func linked(list string) []file {
	files := tiny(file{"Doc_0/Signs/Signatures.xml", list})
	files[0].data = strings.Replace(tinyRoot, "</ofd:DocBody>", "<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody>", 1)
	return files
}

func TestPrepareSignatures(t *testing.T) {
	t.Parallel()
	d, err := Open(pack(t, tiny(), nil))
	if err != nil {
		t.Fatal(err)
	}
	e, err := d.PrepareSignatures(0)
	if err != nil {
		t.Fatal(err)
	}
	data, err := e.Part("OFD.xml").Data()
	want := strings.Replace(tinyRoot, "</ofd:DocBody>", "<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody>", 1)
	if err != nil || string(data) != want {
		t.Errorf("OFD.xml is now %s, %v", data, err)
	}
	if again, err := e.PrepareSignatures(0); err != nil || again != e {
		t.Errorf("a prepared document changed: %v", err)
	}
	if d.Body().SignaturesPart != "" || d.Part("Doc_0/Signs/Signatures.xml") != nil {
		t.Error("the document itself changed")
	}
	if _, err := d.PrepareSignatures(1); err == nil {
		t.Error("a document that is not there was prepared")
	}
	gone, err := e.Without("Doc_0/Signs/Signatures.xml")
	if err != nil || len(gone.Problems()) != 1 {
		t.Fatalf("problems %v, %v", gone.Problems(), err)
	}
	if back, err := gone.PrepareSignatures(0); err != nil || back.Part("Doc_0/Signs/Signatures.xml") == nil {
		t.Errorf("the missing list was not made: %v", err)
	}
	loose, err := d.With(NewPart("Doc_0/Signs/Signatures.xml", []byte(emptyList)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loose.PrepareSignatures(0); err == nil {
		t.Error("a list that is not linked was taken over")
	}
}

func TestSignaturesWith(t *testing.T) {
	t.Parallel()
	rec := NewSignature{ID: 3, Type: "Seal", Loc: "/Doc_0/Signs/Sign_1/Signature.xml", MaxID: 4}
	const added = `<ofd:Signature ID="3" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_1/Signature.xml"/>`
	const head, ns = `<ofd:Signatures `, `xmlns:ofd="http://www.ofdspec.org/2016"`
	const old = `<ofd:Signature ID="s1" BaseLoc="Sign_0/Signature.xml"/>`
	cases := []struct{ name, in, want string }{
		{"closed at once", emptyList, head + ns + `><ofd:MaxSignId>4</ofd:MaxSignId>` + added + `</ofd:Signatures>`},
		{"without number", head + ns + `>` + old + `</ofd:Signatures>`, head + ns + `><ofd:MaxSignId>4</ofd:MaxSignId>` + old + added + `</ofd:Signatures>`},
		{"number first", head + ns + `><ofd:MaxSignId>2</ofd:MaxSignId>` + old + `</ofd:Signatures>`, head + ns + `><ofd:MaxSignId>4</ofd:MaxSignId>` + old + added + `</ofd:Signatures>`},
		{"number last", head + ns + `> ` + old + `<ofd:MaxSignId/> <!-- kept --></ofd:Signatures> `, head + ns + `> ` + old + `<ofd:MaxSignId>4</ofd:MaxSignId> <!-- kept -->` + added + `</ofd:Signatures> `},
		{"no prefix", `<Signatures xmlns="http://www.ofdspec.org/2016"></Signatures>`, `<Signatures xmlns="http://www.ofdspec.org/2016"><MaxSignId>4</MaxSignId><Signature ID="3" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_1/Signature.xml"/></Signatures>`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Open(pack(t, linked(c.in), func(h *zip.FileHeader) { h.Method = zip.Store }))
			if err != nil {
				t.Fatal(err)
			}
			p, err := d.SignaturesWith(0, rec)
			if err != nil {
				t.Fatal(err)
			}
			if data, err := p.Data(); err != nil || string(data) != c.want {
				t.Errorf("got  %s\nwant %s", data, c.want)
			}
			e, err := d.With(p)
			if err != nil {
				t.Fatal(err)
			}
			list := e.Signatures()
			if last := list[len(list)-1]; last.ID != "3" || last.Part != "Doc_0/Signs/Sign_1/Signature.xml" {
				t.Errorf("record %+v", last)
			}
		})
	}
}

func TestNextSignature(t *testing.T) {
	t.Parallel()
	f := &SignatureFile{
		Provider: Provider{Name: "sidian", Version: "1"}, Method: "1.2.156.10197.1.501", DateTime: "2026-11-22 08:00:00", CheckMethod: "1.2.156.10197.1.401",
		References: []Reference{{FileRef: "/OFD.xml", CheckValue: []byte{1, 2, 3}}},
		Stamps:     []StampAnnot{{ID: "7", PageRef: 1, Boundary: Box{10, 10, 40, 40}, Clip: &Box{0, 0, 20, 40}}},
		SealLoc:    "/Doc_0/Signs/Sign_0/Seal.esl", ValueLoc: "SignedValue.dat",
	}
	xml, err := MarshalSignature(f)
	if err != nil {
		t.Fatal(err)
	}
	list := `<ofd:Signatures xmlns:ofd="http://www.ofdspec.org/2016"><ofd:MaxSignId>005</ofd:MaxSignId><ofd:Signature ID="s4" Type="Sign" BaseLoc="Sign_0/Signature.xml"/></ofd:Signatures>`
	d, err := Open(pack(t, append(linked(list), file{"Doc_0/Signs/Sign_0/Signature.xml", string(xml)}, file{"Doc_0/Signs/sign_1/x", ""}), nil))
	if err != nil {
		t.Fatal(err)
	}
	if dir, id, err := d.NextSignature(0); dir != "/Doc_0/Signs/Sign_2" || id != 8 || err != nil {
		t.Errorf("next is %s, %d, %v", dir, id, err)
	}
	got, err := d.Signature(d.Signatures()[0])
	if err != nil {
		t.Fatal(err)
	}
	if got.Value != "Doc_0/Signs/Sign_0/SignedValue.dat" || got.Seal != "Doc_0/Signs/Sign_0/Seal.esl" || got.Provider != f.Provider ||
		len(got.References) != 1 || got.References[0].Part != "OFD.xml" || got.References[0].Missing || string(got.References[0].CheckValue) != "\x01\x02\x03" ||
		len(got.Stamps) != 1 || *got.Stamps[0].Clip != *f.Stamps[0].Clip || got.Method != f.Method || got.DateTime != f.DateTime {
		t.Errorf("read back %+v", got)
	}
	f.References = nil
	if _, err := MarshalSignature(f); err == nil {
		t.Error("a signature over nothing was written")
	}
	empty, err := Open(pack(t, tiny(), nil))
	if err != nil {
		t.Fatal(err)
	}
	if dir, id, err := empty.NextSignature(0); dir != "/Doc_0/Signs/Sign_0" || id != 1 || err != nil {
		t.Errorf("first is %s, %d, %v", dir, id, err)
	}
}

func TestSeveralDocuments(t *testing.T) {
	t.Parallel()
	second := strings.ReplaceAll(tinyRoot[strings.Index(tinyRoot, "<ofd:DocBody>"):strings.Index(tinyRoot, "</ofd:OFD>")], "Doc_0", "Doc_1")
	files := tiny(file{"Doc_1/Document.xml", tinyDoc}, file{"Doc_1/Pages/Page_0/Content.xml", tinyPage})
	files[0].data = strings.Replace(tinyRoot, "</ofd:OFD>", second+"</ofd:OFD>", 1)
	d, err := Open(pack(t, files, nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Bodies()) != 2 || len(d.Pages()) != 2 || d.Pages()[1].Body().Index != 1 || len(d.Unreferenced()) != 0 {
		t.Errorf("%d documents, %d pages, unreferenced %v", len(d.Bodies()), len(d.Pages()), d.Unreferenced())
	}
	e, err := d.PrepareSignatures(1)
	if err != nil {
		t.Fatal(err)
	}
	if e.Bodies()[0].SignaturesPart != "" || e.Bodies()[1].SignaturesPart != "Doc_1/Signs/Signatures.xml" {
		t.Errorf("lists %q, %q", e.Bodies()[0].SignaturesPart, e.Bodies()[1].SignaturesPart)
	}
}
