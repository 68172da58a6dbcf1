package cert_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sidian/internal/cert/certtest"
	"sidian/internal/db/dbtest"
	"sidian/ofd"
	"sidian/ofd/lint"
)

// A document is one issued document, unpacked by the standard library.
type document struct {
	kind  string
	data  []byte
	parts map[string][]byte
}

// issueAll issues one certificate of each kind.
func issueAll(t *testing.T) (w *certtest.World, all []document) {
	t.Helper()
	w = certtest.New(t, dbtest.New(t, "sqlite"))
	for _, kind := range w.Kinds(t) {
		all = append(all, unpack(t, kind, w.Document(t, w.Issue(t, kind))))
	}
	return w, all
}

func unpack(t *testing.T, kind string, data []byte) document {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	d := document{kind, data, map[string][]byte{}}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		b, err := io.ReadAll(r)
		must(t, err)
		d.parts[f.Name] = b
	}
	return d
}

// openssl checks a document with nothing of ours: it cuts the structures out by
// its own parser and verifies with its own SM2 and SM3.
type openssl struct {
	t   *testing.T
	dir string
}

const distid = "distid:1234567812345678"

func (o openssl) run(args ...string) []byte {
	o.t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = o.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		o.t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return out
}

func (o openssl) file(name string, data []byte) string {
	o.t.Helper()
	must(o.t, os.WriteFile(filepath.Join(o.dir, name), data, 0o600))
	return name
}

// child is an element one level below the outer SEQUENCE.
type child struct{ whole, body []byte }

var asn1Line = regexp.MustCompile(`(?m)^ *(\d+):d=1 +hl=(\d+) l= *(\d+)`)

func (o openssl) children(der []byte) (list []child) {
	o.t.Helper()
	for _, m := range asn1Line.FindAllSubmatch(o.run("asn1parse", "-inform", "DER", "-in", o.file("parse.der", der)), -1) {
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(string(m[i+1]))
		}
		list = append(list, child{der[n[0] : n[0]+n[1]+n[2]], der[n[0]+n[1] : n[0]+n[1]+n[2]]})
	}
	return list
}

func (o openssl) verify(certificate, signature, message []byte) {
	o.t.Helper()
	pub := o.file("pub.pem", o.run("x509", "-inform", "DER", "-in", o.file("cert.der", certificate), "-pubkey", "-noout"))
	o.run("dgst", "-sm3", "-verify", pub, "-sigopt", distid, "-signature", o.file("sig", signature), o.file("message", message))
}

func (o openssl) sm3(data []byte) []byte {
	o.t.Helper()
	return o.run("dgst", "-sm3", "-binary", o.file("data", data))
}

// chain asks for each step from a digital certificate up to the root.
func (o openssl) chain(certificate []byte) {
	o.t.Helper()
	o.file("leaf.pem", o.run("x509", "-inform", "DER", "-in", o.file("leaf.der", certificate)))
	o.run("verify", "-partial_chain", "-vfyopt", distid, "-CAfile", "issuing.pem", "leaf.pem")
	o.run("verify", "-partial_chain", "-vfyopt", distid, "-CAfile", "root.pem", "issuing.pem")
}

// published writes what a stranger fetches: root and issuing authority.
func (o openssl) published(w *certtest.World) {
	o.t.Helper()
	pems, err := w.PKI.Roots(o.t.Context())
	must(o.t, err)
	one := regexp.MustCompile(`(?s)-----BEGIN.*?-----END CERTIFICATE-----\n`).FindAll(pems, -1)
	o.file("root.pem", one[0])
	o.file("issuing.pem", one[1])
}

var reference = regexp.MustCompile(`FileRef="/([^"]+)"><ofd:CheckValue>([^<]+)<`)

// openssl alone finds each document sealed and whole: the signature over the
// digests, the digests over the parts, the maker's signature over the seal, the
// digital certificates up to our root.
func TestOpensslBelieves(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("this test needs openssl")
	}
	w, all := issueAll(t)
	for _, d := range all {
		t.Run(d.kind, func(t *testing.T) {
			t.Parallel()
			o := openssl{t, t.TempDir()}
			o.published(w)
			xml := d.parts["Doc_0/Signs/Sign_0/Signature.xml"]
			outer := o.children(d.parts["Doc_0/Signs/Sign_0/SignedValue.dat"])
			tbs, signer := outer[0].whole, outer[1].body
			o.verify(signer, outer[3].body[1:], tbs)
			o.chain(signer)
			inner := o.children(tbs)
			if !bytes.Equal(o.sm3(xml), inner[3].body[1:]) {
				t.Error("the signed digest is not openssl's of Signature.xml")
			}
			seal := o.children(inner[1].whole)
			o.verify(seal[1].body, seal[3].body[1:], seal[0].whole)
			o.chain(seal[1].body)
			o.references(d, xml)
		})
	}
}

// references checks that each part but the list of signatures and the signed
// value is covered, by openssl's digest and base64.
func (o openssl) references(d document, xml []byte) {
	o.t.Helper()
	covered := map[string]bool{}
	for _, m := range reference.FindAllSubmatch(xml, -1) {
		name := string(m[1])
		covered[name] = true
		text := o.run("base64", "-A", "-in", o.file("digest", o.sm3(d.parts[name])))
		if !bytes.Equal(bytes.TrimSpace(text), m[2]) {
			o.t.Errorf("%s: openssl finds %s", name, text)
		}
	}
	var bare []string
	for name := range d.parts {
		if !covered[name] {
			bare = append(bare, name)
		}
	}
	slices.Sort(bare)
	if want := []string{"Doc_0/Signs/Sign_0/Signature.xml", "Doc_0/Signs/Sign_0/SignedValue.dat", "Doc_0/Signs/Signatures.xml"}; !slices.Equal(bare, want) {
		o.t.Errorf("not covered: %v", bare)
	}
}

// schemaOf names the schema of a part by its root element.
var schemaOf = map[string]string{
	"OFD": "OFD", "Document": "Document", "Page": "Page", "Res": "Res", "Signatures": "Signatures", "Signature": "Signature",
	"Annotations": "Annotations", "PageAnnot": "Annotation", "Attachments": "Attachments", "CustomTags": "CustomTags", "Extensions": "Extensions",
}

var rootElement = regexp.MustCompile(`<(?:\w+:)?([A-Z]\w+)[\s>]`)

// excused are where GB/T 38540-2020 goes beyond the schemas of GB/T 33190-2016:
// the digest is SM3, which their list does not have, and identifiers of
// signatures are numbers, which are no xs:ID.
var excused = regexp.MustCompile(`CheckMethod|attribute 'ID'|xs:ID|MaxSignId`)

// xmllint finds each part valid against the standard's schemas.
func TestXmllintAccepts(t *testing.T) {
	t.Parallel()
	schemas, err := filepath.Abs("../../../shared/xsd")
	must(t, err)
	if _, err := os.Stat(filepath.Join(schemas, "OFD.xsd")); err != nil {
		t.Skip("the standard's schemas are not beside the repository")
	}
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Fatal("this test needs xmllint")
	}
	_, all := issueAll(t)
	for _, d := range all {
		t.Run(d.kind, func(t *testing.T) {
			t.Parallel()
			checked := 0
			for name, data := range d.parts {
				if filepath.Ext(name) != ".xml" || name == "Doc_0/Tags/CustomTag.xml" { // its schema is its author's
					continue
				}
				m := rootElement.FindSubmatch(data)
				if m == nil || schemaOf[string(m[1])] == "" {
					t.Errorf("%s has a root of no schema", name)
					continue
				}
				checked++
				path := filepath.Join(t.TempDir(), "part.xml")
				must(t, os.WriteFile(path, data, 0o600))
				out, err := exec.Command("xmllint", "--noout", "--nonet", "--schema", filepath.Join(schemas, schemaOf[string(m[1])]+".xsd"), path).CombinedOutput()
				if err == nil {
					continue
				}
				for _, line := range strings.Split(string(out), "\n") {
					if strings.Contains(line, " error : ") && !excused.MatchString(line) {
						t.Errorf("%s: %s", name, line)
					}
				}
			}
			if checked < 7 {
				t.Errorf("%d parts were checked", checked)
			}
		})
	}
}

// Our own lint of the sealed document, by the profile of certificates.
func TestLintAccepts(t *testing.T) {
	t.Parallel()
	_, all := issueAll(t)
	for _, d := range all {
		doc, err := ofd.Open(d.data)
		must(t, err)
		for _, f := range lint.Check(doc) {
			if f.Severity == lint.Error {
				t.Errorf("%s: %s %s: %s", d.kind, f.Rule, f.Part, f.Message)
			}
		}
	}
}

// A licence is small, so that a million of them are, and a wallet holds many.
func TestSize(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "business_license")
	w.Cert.Mark = "" // nothing is laid over a real one
	data := w.Document(t, w.Issue(t, "business_license"))
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	rest := len(data)
	for _, f := range z.File {
		if strings.Contains(f.Name, "/Res/") || strings.Contains(f.Name, "/Sign_0/") {
			rest -= int(f.CompressedSize64)
		}
	}
	if len(data) > 72<<10 || rest > 12<<10 {
		t.Errorf("%d bytes (at most %d), %d beside glyphs and seal (at most %d)", len(data), 72<<10, rest, 12<<10)
	}
}

// Two certificates of one kind differ where they must, and nowhere else.
func TestTwoDiffer(t *testing.T) {
	t.Parallel()
	w, first := issueAll(t)
	for _, a := range first {
		b := unpack(t, a.kind, w.Document(t, w.Issue(t, a.kind)))
		var differ []string
		for name, data := range a.parts {
			if !bytes.Equal(data, b.parts[name]) {
				differ = append(differ, name)
			}
		}
		if len(a.parts) != len(b.parts) {
			t.Errorf("%s: %d and %d parts", a.kind, len(a.parts), len(b.parts))
		}
		for _, name := range differ {
			if !mayDiffer.MatchString(name) {
				t.Errorf("%s: %s differs", a.kind, name)
			}
		}
		if len(differ) < 4 {
			t.Errorf("%s: only %v differ", a.kind, differ)
		}
	}
}

// The identifiers of the document, the face with number and code and the glyphs
// of its digits, the attached data, the signature over all of that.
var mayDiffer = regexp.MustCompile(`^(OFD\.xml|Doc_0/(Pages/Page_\d+/Content\.xml|Res/.*|Attachs/.*|.*\.(ttf|otf)|DocumentRes\.xml|Signs/Sign_0/(Signature\.xml|SignedValue\.dat)))$`)
