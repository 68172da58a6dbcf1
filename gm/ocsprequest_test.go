package gm_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidian/gm"
)

// openssl reads the request, and finds the certificate, its issuer and the nonce
// in it that it would have asked with itself.
func TestOCSPRequest(t *testing.T) {
	t.Parallel()
	key := mustKey(t)
	tmpl := &gm.CertificateTemplate{
		Subject: pkix.Name{CommonName: "根"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true,
	}
	root, err := gm.CreateCertificate(tmpl, key.Public(), nil, key)
	if err != nil {
		t.Fatal(err)
	}
	tmpl.Subject.CommonName, tmpl.IsCA, tmpl.KeyUsage = "单位", false, x509.KeyUsageDigitalSignature
	leaf, err := gm.CreateCertificate(tmpl, mustKey(t).Public(), root, key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	der, err := gm.NewOCSPRequest(leaf, root, []byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"ours": der, "leaf.pem": leaf.PEM(), "root.pem": root.PEM()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run("ocsp", "-issuer", "root.pem", "-cert", "leaf.pem", "-no_nonce", "-reqout", "theirs")
	fields := func(text string) (out []string) {
		for line := range strings.Lines(text) {
			if s := strings.TrimSpace(line); strings.HasPrefix(s, "Issuer") || strings.HasPrefix(s, "Serial") || strings.HasPrefix(s, "Hash") {
				out = append(out, s)
			}
		}
		return out
	}
	ours, theirs := run("ocsp", "-reqin", "ours", "-req_text"), run("ocsp", "-reqin", "theirs", "-req_text")
	if a, b := strings.Join(fields(ours), "\n"), strings.Join(fields(theirs), "\n"); a != b || a == "" {
		t.Errorf("ours:\n%s\ntheirs:\n%s", a, b)
	}
	if !strings.Contains(ours, "OCSP Nonce") || !strings.Contains(ours, "30313233") {
		t.Errorf("no nonce in\n%s", ours)
	}
}
