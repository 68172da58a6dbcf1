package interop

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const distid = "distid:1234567812345678"

// openssl checks documents with nothing of ours, as docs/howto/verify-with-openssl.md
// tells: structures are cut out by its own parser, and its own SM2 and SM3 verify.
type openssl struct {
	t     *testing.T
	dir   string
	parts map[string][]byte
}

func newOpenssl(t *testing.T, roots []byte, document []byte) *openssl {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("this test needs openssl")
	}
	o := &openssl{t: t, dir: t.TempDir(), parts: map[string][]byte{}}
	for i, one := range regexp.MustCompile(`(?s)-----BEGIN.*?-----END CERTIFICATE-----\n`).FindAll(roots, -1) {
		o.file([]string{"root.pem", "issuing.pem", "timestamp.pem"}[i], one)
	}
	z, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	must(t, err)
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		o.parts[f.Name], err = io.ReadAll(r)
		must(t, err)
	}
	return o
}

func (o *openssl) try(args ...string) ([]byte, error) {
	cmd := exec.Command("openssl", args...)
	cmd.Dir = o.dir
	return cmd.CombinedOutput()
}

func (o *openssl) run(args ...string) []byte {
	o.t.Helper()
	out, err := o.try(args...)
	if err != nil {
		o.t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return out
}

func (o *openssl) file(name string, data []byte) string {
	o.t.Helper()
	must(o.t, os.WriteFile(filepath.Join(o.dir, name), data, 0o600))
	return name
}

// child is an element one level below the outer one.
type child struct{ whole, body []byte }

// bits is the content of a BIT STRING.
func (c child) bits() []byte { return c.body[1:] }

var asn1Line = regexp.MustCompile(`(?m)^ *(\d+):d=1 +hl=(\d+) l= *(\d+)`)

func (o *openssl) children(der []byte) (list []child) {
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

func (o *openssl) verify(certificate, signature, message []byte) {
	o.t.Helper()
	pub := o.file("pub.pem", o.run("x509", "-inform", "DER", "-in", o.file("cert.der", certificate), "-pubkey", "-noout"))
	o.run("dgst", "-sm3", "-verify", pub, "-sigopt", distid, "-signature", o.file("sig", signature), o.file("message", message))
}

func (o *openssl) sm3(data []byte) []byte {
	o.t.Helper()
	return o.run("dgst", "-sm3", "-binary", o.file("data", data))
}

// chain asks for each step from a digital certificate up to the root, as of when
// it signed.
func (o *openssl) chain(certificate []byte, at time.Time) {
	o.t.Helper()
	o.file("leaf.pem", o.run("x509", "-inform", "DER", "-in", o.file("leaf.der", certificate)))
	when := strconv.FormatInt(at.Unix(), 10)
	ca := "issuing.pem"
	if _, err := o.try("verify", "-partial_chain", "-vfyopt", distid, "-attime", when, "-CAfile", ca, "leaf.pem"); err != nil {
		ca = "root.pem" // the time stamp authority stands below the root
	}
	o.run("verify", "-partial_chain", "-vfyopt", distid, "-attime", when, "-CAfile", ca, "leaf.pem")
	o.run("verify", "-partial_chain", "-vfyopt", distid, "-attime", when, "-CAfile", "root.pem", "issuing.pem")
}

// A mark is one signature as openssl finds it: whole, and by whom and when.
type mark struct {
	kind   string // S, P
	signer []byte // digital certificate, DER
	name   string // of its subject
	at     time.Time
	proven bool // by a time stamp
}

var (
	listed     = regexp.MustCompile(`<(?:\w+:)?Signature [^>]*BaseLoc="([^"]+)"`)
	location   = regexp.MustCompile(`<(?:\w+:)?SignedValue>([^<]+)<`)
	reference  = regexp.MustCompile(`FileRef="/([^"]+)"><ofd:CheckValue>([^<]+)<`)
	commonName = regexp.MustCompile(`CN=(.+)`)
	claimed    = regexp.MustCompile(`SignatureDateTime>([^<]+)<`)
)

// signatures lists the Signature.xml of a document, in order.
func (o *openssl) signatures() (names []string) {
	o.t.Helper()
	const list = "Doc_0/Signs/Signatures.xml"
	for _, m := range listed.FindAllSubmatch(o.parts[list], -1) {
		names = append(names, resolved(list, string(m[1])))
	}
	return names
}

func resolved(from, loc string) string {
	if strings.HasPrefix(loc, "/") {
		return strings.TrimPrefix(loc, "/")
	}
	return path.Join(path.Dir(from), loc)
}

// believe wants one signature genuine and the parts that it covers whole.
func (o *openssl) believe(name string) (m mark) {
	o.t.Helper()
	xml := o.parts[name]
	loc := location.FindSubmatch(xml)
	if loc == nil {
		o.t.Fatalf("%s names no value", name)
	}
	value := o.parts[resolved(name, string(loc[1]))]
	if bytes.Contains(xml, []byte("StampAnnot")) {
		m = o.stamped(xml, value)
	} else {
		m = o.plain(xml, value)
	}
	if !m.proven {
		m.at = o.claims(xml)
	}
	o.chain(m.signer, m.at)
	m.name = o.subject("leaf.pem")
	o.references(xml)
	return m
}

// subject is the common name of a digital certificate.
func (o *openssl) subject(file string) string {
	o.t.Helper()
	m := commonName.FindSubmatch(o.run("x509", "-in", file, "-noout", "-subject", "-nameopt", "utf8,sep_multiline"))
	if m == nil {
		o.t.Fatalf("%s has no name", file)
	}
	return string(m[1])
}

// claims is the time that a signature claims, of Beijing where it names no zone.
func (o *openssl) claims(xml []byte) time.Time {
	o.t.Helper()
	c := claimed.FindSubmatch(xml)
	if c == nil {
		o.t.Fatal("the signature claims no time")
	}
	text := string(c[1])
	for _, layout := range []string{"20060102150405Z07", "2006-01-02 15:04:05", "20060102150405", time.RFC3339} {
		if at, err := time.ParseInLocation(layout, text, time.FixedZone("", 8*3600)); err == nil {
			return at
		}
	}
	o.t.Fatalf("the signature claims the time %q", text)
	return time.Time{}
}

// stamped is the signature of a seal, GB/T 38540-2020.
func (o *openssl) stamped(xml, value []byte) mark {
	o.t.Helper()
	outer := o.children(value)
	tbs, m := outer[0].whole, mark{kind: "S", signer: outer[1].body}
	o.verify(m.signer, outer[3].bits(), tbs)
	inner := o.children(tbs)
	if !bytes.Equal(o.sm3(xml), inner[3].bits()) {
		o.t.Error("the signed digest is not openssl's of Signature.xml")
	}
	seal := o.children(inner[1].whole)
	o.verify(seal[1].body, seal[3].bits(), seal[0].whole)
	o.chain(seal[1].body, time.Now())
	property := o.children(o.children(seal[0].whole)[2].whole)
	lists := false
	for _, user := range o.children(property[3].whole) {
		lists = lists || bytes.Equal(user.body, m.signer)
	}
	if !lists {
		o.t.Error("the seal does not list the signer")
	}
	if len(outer) > 4 {
		m.at, m.proven = o.timestamp(o.children(outer[4].whole)[0].bits(), outer[3].bits()), true
	}
	return m
}

// plain is a signature without a seal, GB/T 35275: the signer signs attributes,
// which hold the digest.
func (o *openssl) plain(xml, value []byte) mark {
	o.t.Helper()
	signer, _, holds := o.signedData(value)
	if !holds(o.sm3(xml)) {
		o.t.Error("the signed attributes do not hold openssl's SM3 of Signature.xml")
	}
	return mark{kind: "P", signer: signer}
}

// signedData verifies a SignedData over attributes.
func (o *openssl) signedData(der []byte) (signer, content []byte, holds func([]byte) bool) {
	o.t.Helper()
	data := o.children(o.children(o.children(der)[1].whole)[0].whole)
	encap := o.children(data[2].whole)
	if len(encap) > 1 {
		content = o.children(encap[1].whole)[0].body
	}
	var info []child
	for _, c := range data[3:] {
		switch c.whole[0] {
		case 0xa0:
			signer = o.children(c.whole)[0].whole
		case 0x31:
			info = o.children(o.children(c.whole)[0].whole)
		}
	}
	attributes := append([]byte{0x31}, info[3].whole[1:]...)
	o.verify(signer, info[5].body, attributes)
	return signer, content, func(digest []byte) bool { return bytes.Contains(attributes, digest) }
}

var (
	stampTime = regexp.MustCompile(`Time stamp: (.+)`)
	stampData = regexp.MustCompile(`(?m)^ +[0-9a-f]{4} - ([0-9a-f -]+?)  `)
)

// timestamp verifies a token over the octets of a signature value, and returns
// the time that it proves.
func (o *openssl) timestamp(token, value []byte) time.Time {
	o.t.Helper()
	signer, content, holds := o.signedData(token)
	if !holds(o.sm3(content)) {
		o.t.Error("the token's attributes do not hold the digest of what it says")
	}
	text := o.run("ts", "-reply", "-token_in", "-in", o.file("token", token), "-text")
	var data string
	for _, m := range stampData.FindAllSubmatch(text, -1) {
		data += strings.NewReplacer(" ", "", "-", "").Replace(string(m[1]))
	}
	if want := strings.Fields(string(o.run("dgst", "-sm3", "-r", o.file("value", value))))[0]; data != want {
		o.t.Errorf("the token is over %s, not over %s\n%s", data, want, text)
	}
	m := stampTime.FindSubmatch(text)
	if m == nil {
		o.t.Fatalf("the token says no time:\n%s", text)
	}
	at := o.time(m[1])
	o.chain(signer, at)
	return at
}

// references wants every part that a signature covers to be as it was signed.
func (o *openssl) references(xml []byte) {
	o.t.Helper()
	found := reference.FindAllSubmatch(xml, -1)
	if len(found) < 3 {
		o.t.Errorf("%d parts are covered", len(found))
	}
	for _, m := range found {
		text := o.run("base64", "-A", "-in", o.file("digest", o.sm3(o.parts[string(m[1])])))
		if !bytes.Equal(bytes.TrimSpace(text), m[2]) {
			o.t.Errorf("%s: openssl finds %s", m[1], text)
		}
	}
}
