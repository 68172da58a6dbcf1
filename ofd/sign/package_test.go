package sign

import (
	"archive/zip"
	"bytes"
	"slices"
	"testing"

	"sidian/gm"
	"sidian/ofd"
	"sidian/ses/sestest"
)

// pack is an OFD package in the making, written by archive/zip so that tests
// do not rely on the writer of package ofd.
type pack struct {
	names []string
	files map[string][]byte
}

func (p *pack) set(name, data string) {
	if _, ok := p.files[name]; !ok {
		p.names = append(p.names, name)
	}
	p.files[name] = []byte(data)
}

func (p *pack) remove(name string) {
	delete(p.files, name)
	p.names = slices.DeleteFunc(p.names, func(n string) bool { return n == name })
}

func (p *pack) zip(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range p.names {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(p.files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const head = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
const ns = ` xmlns:ofd="http://www.ofdspec.org/2016"`

// plain is a document of two pages with a template page, a resource, an
// annotation and an attachment, without signatures.
func plain() *pack {
	p := &pack{files: map[string][]byte{}}
	p.set("OFD.xml", head+`<ofd:OFD`+ns+` Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>0123456789abcdef0123456789abcdef</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`)
	p.set("Doc_0/Document.xml", head+`<ofd:Document`+ns+`><ofd:CommonData><ofd:MaxUnitID>20</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes><ofd:TemplatePage ID="3" BaseLoc="Tpls/Tpl_0/Content.xml"/></ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/><ofd:Page ID="2" BaseLoc="Pages/Page_1/Content.xml"/></ofd:Pages><ofd:Annotations>Annots/Annotations.xml</ofd:Annotations><ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments></ofd:Document>`)
	p.set("Doc_0/PublicRes.xml", head+`<ofd:Res`+ns+` BaseLoc="Res"><ofd:Fonts><ofd:Font ID="10" FontName="SimSun"><ofd:FontFile>a.ttf</ofd:FontFile></ofd:Font></ofd:Fonts></ofd:Res>`)
	p.set("Doc_0/Res/a.ttf", "not really a font")
	page := func(s string) string {
		return head + `<ofd:Page` + ns + `><ofd:Template TemplateID="3"/><ofd:Content><ofd:Layer ID="5"><ofd:TextObject ID="6" Boundary="10 10 100 10" Font="10" Size="5"><ofd:TextCode X="0" Y="5">` + s + `</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>`
	}
	p.set("Doc_0/Pages/Page_0/Content.xml", page("一"))
	p.set("Doc_0/Pages/Page_1/Content.xml", page("二"))
	p.set("Doc_0/Tpls/Tpl_0/Content.xml", head+`<ofd:Page`+ns+`><ofd:Content/></ofd:Page>`)
	p.set("Doc_0/Annots/Annotations.xml", head+`<ofd:Annotations`+ns+`><ofd:Page PageID="1"><ofd:FileLoc>Page_0/Annotation.xml</ofd:FileLoc></ofd:Page></ofd:Annotations>`)
	p.set("Doc_0/Annots/Page_0/Annotation.xml", head+`<ofd:PageAnnot`+ns+`/>`)
	p.set("Doc_0/Attachs/Attachments.xml", head+`<ofd:Attachments`+ns+`><ofd:Attachment ID="1" Name="a"><ofd:FileLoc>a.txt</ofd:FileLoc></ofd:Attachment></ofd:Attachments>`)
	p.set("Doc_0/Attachs/a.txt", "attached")
	return p
}

const (
	signDir  = "Doc_0/Signs/Sign_0/"
	listPart = "Doc_0/Signs/Signatures.xml"
)

// variant is a document stamped in some other way than Stamp does it.
type variant struct {
	form  sestest.Form
	value func(xml []byte) []byte  // SignedValue.dat instead of a seal signature's
	kind  string                   // Type of the record, "" Seal, "-" left out
	leave []string                 // parts left out of the References
	esl   func(seal []byte) []byte // changes Seal.esl before it is covered; nil result: none
	xml   func(s string) string    // edits Signature.xml before it is signed
	pack  func(p *pack)            // edits the package before it is signed
	after func(p *pack)            // and afterwards
}

// stamped makes the variant's document.
func (v *variant) stamped(t testing.TB, pki *sestest.PKI) *pack {
	t.Helper()
	p := plain()
	p.set("OFD.xml", string(bytes.Replace(p.files["OFD.xml"], []byte(`</ofd:DocRoot>`), []byte(`</ofd:DocRoot><ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures>`), 1)))
	if v.pack != nil {
		v.pack(p)
	}
	seal := pki.SealDER(v.form)
	x := signatureXML{provider: "test", time: sestest.Now, value: signDir + "SignedValue.dat"}
	if v.value == nil {
		esl := seal
		if v.esl != nil {
			esl = v.esl(seal)
		}
		x.stamps = []stampAt{{id: 2, page: 1, place: Place{X: 100, Y: 200, W: 40, H: 40}}}
		if esl != nil {
			x.seal = signDir + "Seal.esl"
			p.set(x.seal, string(esl))
		}
	}
	for _, name := range p.names {
		if !slices.Contains(v.leave, name) && !slices.Contains(v.leave, "*") {
			x.references = append(x.references, reference{name, gm.Sum(p.files[name])})
		}
	}
	xml := string(x.bytes())
	if v.xml != nil {
		xml = v.xml(xml)
	}
	p.set(signDir+"Signature.xml", xml)
	if v.value != nil {
		p.set(x.value, string(v.value([]byte(xml))))
	} else {
		p.set(x.value, string(pki.SignatureDER([]byte(xml), seal, v.form)))
	}
	kind := ` Type="Seal"`
	switch v.kind {
	case "":
	case "-":
		kind = ""
	default:
		kind = ` Type="` + v.kind + `"`
	}
	p.set(listPart, head+`<ofd:Signatures`+ns+`><ofd:MaxSignId>2</ofd:MaxSignId><ofd:Signature ID="1"`+kind+` BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/></ofd:Signatures>`)
	if v.after != nil {
		v.after(p)
	}
	return p
}

// options are what a verifier has who trusts the root and knows of no revocation.
func options(pki *sestest.PKI) Options {
	return Options{Anchors: pki.Anchors(), CRLs: []*gm.RevocationList{pki.CRL()}, Now: sestest.Now}
}

func open(t testing.TB, data []byte) *ofd.Document {
	t.Helper()
	d, err := ofd.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
