package sign

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"sidian/gm"
	"sidian/ses/sestest"
)

// openssl checks our documents with nothing of ours: it cuts the structures
// out by its own parser and verifies with its own SM2 and SM3. The user
// identifier must be given everywhere, its default is empty.
type openssl struct {
	t   *testing.T
	dir string
}

const userID = "distid:1234567812345678"

func (o *openssl) run(args ...string) []byte {
	o.t.Helper()
	out, err := exec.Command("openssl", args...).CombinedOutput()
	if err != nil {
		o.t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return out
}

func (o *openssl) file(name string, data []byte) string {
	o.t.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// child is an element one level below the outer SEQUENCE.
type child struct{ raw, body []byte }

var asn1Line = regexp.MustCompile(`(?m)^ *(\d+):d=1 +hl=(\d+) l= *(\d+)`)

// children cuts a structure where openssl says its elements begin and end.
func (o *openssl) children(der []byte) []child {
	o.t.Helper()
	out := o.run("asn1parse", "-inform", "DER", "-in", o.file("parse.der", der))
	var list []child
	for _, m := range asn1Line.FindAllSubmatch(out, -1) {
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(string(m[i+1]))
		}
		list = append(list, child{raw: der[n[0] : n[0]+n[1]+n[2]], body: der[n[0]+n[1] : n[0]+n[1]+n[2]]})
	}
	return list
}

func (o *openssl) verify(certificate, signature, message []byte) {
	o.t.Helper()
	pub := o.file("pub.pem", o.run("x509", "-inform", "DER", "-in", o.file("cert.der", certificate), "-pubkey", "-noout"))
	o.run("dgst", "-sm3", "-verify", pub, "-sigopt", userID, "-signature", o.file("sig", signature), o.file("message", message))
}

func (o *openssl) sm3(data []byte) []byte {
	o.t.Helper()
	return o.run("dgst", "-sm3", "-binary", o.file("data", data))
}

func TestOpenSSLVerifies(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("this test needs openssl")
	}
	pki := sestest.New(t)
	d := stampedBy(t, pki, func(o *StampOptions) { o.Timestamp = pki.Timestamp(sestest.Now) })
	o := &openssl{t: t, dir: t.TempDir()}
	xml := []byte(partText(t, d, "Doc_0/Signs/Sign_0/Signature.xml"))

	outer := o.children([]byte(partText(t, d, "Doc_0/Signs/Sign_0/SignedValue.dat")))
	tbs, certificate, value := outer[0].raw, outer[1].body, outer[3].body[1:]
	o.verify(certificate, value, tbs)

	parts := o.children(tbs)
	seal, hash := parts[1].raw, parts[3].body[1:]
	if !bytes.Equal(o.sm3(xml), hash) {
		t.Error("dataHash is not openssl's SM3 of Signature.xml")
	}
	if !bytes.Equal(seal, []byte(partText(t, d, "Doc_0/Signs/Sign_0/Seal.esl"))) {
		t.Error("Seal.esl is not the seal signed")
	}
	pieces := o.children(seal)
	o.verify(pieces[1].body, pieces[3].body[1:], pieces[0].raw)

	for _, c := range [][]byte{certificate, pieces[1].body} {
		o.run("verify", "-partial_chain", "-vfyopt", userID, "-no_check_time", "-CAfile", o.file("root.pem", pki.Root.PEM()),
			o.file("leaf.pem", o.run("x509", "-inform", "DER", "-in", o.file("leaf.der", c))))
	}
	o.references(xml, func(name string) []byte { return []byte(partText(t, d, name)) })
}

var referenceXML = regexp.MustCompile(`FileRef="/([^"]+)"><ofd:CheckValue>([^<]+)<`)

// references checks every CheckValue by openssl's digest and base64.
func (o *openssl) references(xml []byte, part func(string) []byte) {
	o.t.Helper()
	list := referenceXML.FindAllSubmatch(xml, -1)
	if len(list) < 10 {
		o.t.Errorf("%d references", len(list))
	}
	for _, m := range list {
		text := o.run("base64", "-A", "-in", o.file("digest", o.sm3(part(string(m[1])))))
		if !bytes.Equal(bytes.TrimSpace(text), m[2]) {
			o.t.Errorf("%s: openssl finds %s", m[1], text)
		}
	}
}

// The attributes of a GB/T 35275 signature verify as openssl's SET OF.
func TestOpenSSLVerifiesSign(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	d, err := Sign(open(t, plain().zip(t)), signOptions(pki))
	if err != nil {
		t.Fatal(err)
	}
	o := &openssl{t: t, dir: t.TempDir()}
	signed, err := gm.ParseSignedData([]byte(partText(t, d, "Doc_0/Signs/Sign_0/SignedValue.dat")))
	if err != nil {
		t.Fatal(err)
	}
	attributes := append([]byte{0x31}, signed.Signer.Attributes[1:]...)
	o.verify(signed.SignerCertificate().Raw, signed.Signer.Signature, attributes)
	if !bytes.Contains(attributes, o.sm3([]byte(partText(t, d, "Doc_0/Signs/Sign_0/Signature.xml")))) {
		t.Error("the attributes do not hold openssl's SM3 of Signature.xml")
	}
}
