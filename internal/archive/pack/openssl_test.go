package pack

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sidian/gm"
)

// outside runs a checker that is not ours; it is a requirement of the tests, so
// its absence fails them.
func outside(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is needed to check against: %v", name, err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

const userID = "distid:1234567812345678"

// TestCheckedByOthers takes a package apart with nothing of ours: unzip tests
// and unpacks it, xmllint reads the metadata, openssl computes the digests and
// verifies the signature and its certificate.
func TestCheckedByOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "package.zip")
	w.must(os.WriteFile(path, w.write(w.dossier()), 0o600))
	outside(t, dir, "unzip", "-tqq", path)
	outside(t, dir, "unzip", "-qq", path)
	outside(t, dir, "xmllint", "--noout", metaName, eventsName, signaturesName)
	got := outside(t, dir, "xmllint", "--xpath", "string(//file[file_code='C1']/computer_file_size)", metaName)
	if strings.TrimSpace(string(got)) != strconv.Itoa(len(w.cert)) {
		t.Errorf("xmllint reads a size of %q", got)
	}

	list, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(listName)))
	w.must(err)
	var sums bytes.Buffer
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		_, name, _ := strings.Cut(line, " *")
		sums.Write(outside(t, dir, "openssl", "dgst", "-sm3", "-r", name))
	}
	if !bytes.Equal(sums.Bytes(), list) {
		t.Errorf("openssl finds\n%s\nthe list says\n%s", sums.Bytes(), list)
	}
	verifiedByOpenssl(t, dir, list)
}

var asn1Line = regexp.MustCompile(`(?m)^ *(\d+):d=(\d+) +hl=(\d+) l= *(\d+) (cons|prim): *(.*)$`)

// verifiedByOpenssl: its cms command cannot be told the user identifier of SM2,
// so that it cuts the message into its pieces, and verifies each by itself.
func verifiedByOpenssl(t *testing.T, dir string, list []byte) {
	t.Helper()
	der, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(listSignature)))
	if err != nil {
		t.Fatal(err)
	}
	dump := outside(t, dir, "openssl", "asn1parse", "-inform", "DER", "-in", listSignature)
	type node struct {
		depth      int
		what       string
		whole, in0 []byte
	}
	var nodes []node
	for _, m := range asn1Line.FindAllSubmatch(dump, -1) {
		var n [4]int
		for i := range n {
			n[i], _ = strconv.Atoi(string(m[i+1]))
		}
		nodes = append(nodes, node{n[1], string(m[6]), der[n[0] : n[0]+n[2]+n[3]], der[n[0]+n[2] : n[0]+n[2]+n[3]]})
	}
	// ContentInfo > [0] > SignedData: depth 3 holds version, digests, content,
	// [0] certificates, signers; a signer's elements are at depth 5.
	var certificates [][]byte
	var attributes, signature []byte
	part := 0
	for _, n := range nodes {
		switch {
		case n.depth == 3:
			part++
		case n.depth == 4 && part == 4:
			certificates = append(certificates, n.whole)
		case n.depth == 5 && part == 5 && strings.HasPrefix(n.what, "cont [ 0 ]"):
			attributes = append([]byte{0x31}, n.whole[1:]...) // signed as a SET OF
		case n.depth == 5 && part == 5 && strings.HasPrefix(n.what, "OCTET STRING"):
			signature = n.in0
		}
	}
	if len(certificates) < 2 || attributes == nil || signature == nil {
		t.Fatalf("%d certificates, attributes %x, signature %x in\n%s", len(certificates), attributes, signature, dump)
	}
	sum := outside(t, dir, "openssl", "dgst", "-sm3", "-binary", listName)
	if d := gm.Sum(list); !bytes.Equal(sum, d[:]) || !bytes.Contains(attributes, sum) {
		t.Error("openssl's digest of the list is not among the attributes signed")
	}
	write := func(name string, data []byte) string {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	verified := false
	for _, c := range certificates {
		pem := write("one.pem", outside(t, dir, "openssl", "x509", "-inform", "DER", "-in", write("one.der", c)))
		pub := write("one.pub", outside(t, dir, "openssl", "x509", "-in", pem, "-pubkey", "-noout"))
		cmd := exec.CommandContext(t.Context(), "openssl", "dgst", "-sm3", "-verify", pub, "-sigopt", userID, "-signature", write("value", signature), write("signed", attributes))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err == nil && bytes.Contains(out, []byte("Verified OK")) {
			verified = true
			outside(t, dir, "openssl", "verify", "-vfyopt", userID, "-no_check_time", "-CAfile", rootAmong(t, dir), pem)
		}
	}
	if !verified {
		t.Error("openssl verifies the signature by none of the certificates")
	}
}

// rootAmong finds the root among the certificates that the package keeps.
func rootAmong(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(certFolder), "*.pem"))
	if err != nil || len(names) < 2 {
		t.Fatalf("%d certificates kept: %v", len(names), err)
	}
	for _, name := range names {
		out := outside(t, dir, "openssl", "x509", "-in", name, "-noout", "-subject", "-issuer", "-nameopt", "RFC2253")
		subject, issuer, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		if strings.TrimPrefix(subject, "subject=") == strings.TrimPrefix(issuer, "issuer=") {
			return name
		}
	}
	t.Fatal("no root is kept")
	return ""
}

// TestPlainZip: python's reader, and the rules of the container: stored, whole
// headers, one time, names in UTF-8.
func TestPlainZip(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	data := w.write(w.dossier())
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	w.must(err)
	for _, f := range r.File {
		if f.Method != zip.Store || f.Flags != flagUTF8 || f.ModifiedDate != dosDate || len(f.Extra) > 0 {
			t.Errorf("%s: %+v", f.Name, f.FileHeader)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "package.zip")
	w.must(os.WriteFile(path, data, 0o600))
	out := outside(t, dir, "python3", "-c", "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(len(z.namelist()),z.namelist()[0])", path)
	if want := strconv.Itoa(len(r.File)) + " " + metaName; strings.TrimSpace(string(out)) != want {
		t.Errorf("python reads %q, want %q", out, want)
	}
}
