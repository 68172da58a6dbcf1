package pki_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
)

// openssl asks a program that is not ours, in a directory of its own.
type openssl struct {
	t   *testing.T
	dir string
}

func newOpenssl(t *testing.T) openssl {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("this test needs openssl")
	}
	return openssl{t, t.TempDir()}
}

// run fails the test unless openssl succeeds.
func (o openssl) run(args ...string) string {
	o.t.Helper()
	out, err := o.try(args...)
	if err != nil {
		o.t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return out
}

func (o openssl) try(args ...string) (string, error) {
	cmd := exec.Command("openssl", args...)
	cmd.Dir = o.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (o openssl) file(name string, data []byte) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), data, 0o600); err != nil {
		o.t.Fatal(err)
	}
}

const distid = "distid:1234567812345678"

// chain asks for each step of a leaf's path to the root: openssl tells the user
// identifier of SM2 to the lowest step alone.
func (o openssl) chain(leaf *gm.Certificate) {
	o.t.Helper()
	o.file("leaf.pem", leaf.PEM())
	for _, step := range [][2]string{{"leaf.pem", "issuing.pem"}, {"issuing.pem", "root.pem"}} {
		o.run("verify", "-partial_chain", "-vfyopt", distid, "-CAfile", step[1], step[0])
	}
}

// publish writes what a stranger fetches from us.
func (o openssl) publish(w *pkitest.World) {
	o.t.Helper()
	roots, err := w.PKI.Roots(o.t.Context())
	must(o.t, err)
	o.file("roots.pem", roots)
	all, err := gm.ParseCertificates(roots)
	must(o.t, err)
	o.file("root.pem", all[0].PEM())
	o.file("issuing.pem", all[1].PEM())
	der, err := w.PKI.List(o.t.Context(), pki.Issuing)
	must(o.t, err)
	o.file("issuing.crl", der)
}

var inner = regexp.MustCompile(`(?m)^ *(\d+):d=1 +hl=(\d+) l= *(\d+)`)

// list checks the signature of the issuing authority's list: openssl's own
// check of lists cannot be told the user identifier of SM2, its digest can.
func (o openssl) list() string {
	o.t.Helper()
	der, err := os.ReadFile(filepath.Join(o.dir, "issuing.crl"))
	must(o.t, err)
	var parts [][]byte
	for _, m := range inner.FindAllStringSubmatch(o.run("asn1parse", "-inform", "DER", "-in", "issuing.crl"), -1) {
		var n [3]int
		for i := range n {
			n[i], err = strconv.Atoi(m[i+1])
			must(o.t, err)
		}
		parts = append(parts, der[n[0]:n[0]+n[1]+n[2]])
	}
	o.file("tbs", parts[0])
	o.file("sig", parts[2][3:]) // a BIT STRING: tag, length, unused bits
	o.file("pub.pem", []byte(o.run("x509", "-in", "issuing.pem", "-pubkey", "-noout")))
	o.run("dgst", "-sm3", "-verify", "pub.pem", "-sigopt", distid, "-signature", "sig", "tbs")
	return o.run("crl", "-inform", "DER", "-in", "issuing.crl", "-text", "-noout")
}

// openssl alone reads the roots and the list, believes what the issuing
// authority signed, and finds it in the list once it is revoked.
func TestOpensslVerifiesChain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, o := pkitest.New(t, d), newOpenssl(t)
		c := issue(t, w, "青禾县市场监督管理局")
		serial := fmt.Sprintf("%032X", c.SerialNumber)
		o.publish(w)
		o.chain(c)
		if strings.Contains(o.list(), serial) {
			t.Error("the list names what is not revoked")
		}
		must(t, w.PKI.Revoke(w.System, c, pki.KeyCompromise, "私钥遗失"))
		o.publish(w)
		text := o.list()
		for _, want := range []string{serial, "Key Compromise", "X509v3 CRL Number", "SM2-with-SM3"} {
			if !strings.Contains(text, want) {
				t.Errorf("openssl does not find %s in the list:\n%s", want, text)
			}
		}
	})
}

// A stranger asks with openssl, and reads the answer with it.
func TestOpensslReadsTimestamp(t *testing.T) {
	t.Parallel()
	w, o := pkitest.New(t, dbtest.New(t, "sqlite")), newOpenssl(t)
	o.file("data", []byte("证照"))
	o.run("ts", "-query", "-data", "data", "-sm3", "-cert", "-out", "query")
	query, err := os.ReadFile(filepath.Join(o.dir, "query"))
	must(t, err)
	reply, err := w.PKI.Respond(t.Context(), query)
	must(t, err)
	o.file("reply", reply)
	text := o.run("ts", "-reply", "-in", "reply", "-text")
	for _, want := range []string{"Status: Granted", "Hash Algorithm: sm3", "Policy OID: 2.25.572916308", "Nonce: 0x"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	o.run("ts", "-query", "-data", "data", "-sha256", "-out", "query")
	if query, err = os.ReadFile(filepath.Join(o.dir, "query")); err != nil {
		t.Fatal(err)
	}
	reply, err = w.PKI.Respond(t.Context(), query)
	must(t, err)
	o.file("reply", reply)
	if text := o.run("ts", "-reply", "-in", "reply", "-text"); !strings.Contains(text, "Status: Rejected") {
		t.Errorf("another hash is answered\n%s", text)
	}
}
