package gm

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// distid: the command line of openssl knows an empty identifier by default, the standards this one.
const distid = "distid:1234567812345678"

// openssl runs the independent checker; it is a requirement of the tests, so its absence fails them.
func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := tryOpenssl(t, args...)
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return out
}

func tryOpenssl(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatalf("openssl 3 is needed to check against (apt-get install openssl): %v", err)
	}
	return exec.CommandContext(t.Context(), path, args...).CombinedOutput()
}

// folder writes files by name into a new directory and returns it.
func folder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readFile(t testing.TB, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// publicPEM asks openssl for the public key of one of our private keys.
func publicPEM(t *testing.T, key *PrivateKey) []byte {
	t.Helper()
	der, err := key.PEM(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string][]byte{"key.pem": der})
	return openssl(t, "pkey", "-in", filepath.Join(dir, "key.pem"), "-pubout")
}

// checkByOpenssl lets openssl verify an SM2 signature of ours over message.
func checkByOpenssl(t *testing.T, key *PrivateKey, message, sig []byte) {
	t.Helper()
	dir := folder(t, map[string][]byte{"pub.pem": publicPEM(t, key), "message": message, "sig": sig})
	out := openssl(t, "dgst", "-sm3", "-verify", filepath.Join(dir, "pub.pem"), "-sigopt", distid,
		"-signature", filepath.Join(dir, "sig"), filepath.Join(dir, "message"))
	if !bytes.Contains(out, []byte("Verified OK")) {
		t.Fatalf("openssl: %s", out)
	}
}

func TestOpensslVerifiesOurSignature(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for _, message := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("电子证照"), 1000)} {
		sig, err := key.Sign(message)
		if err != nil {
			t.Fatal(err)
		}
		checkByOpenssl(t, key, message, sig)
	}
}

func TestWeVerifyOpensslsSignature(t *testing.T) {
	t.Parallel()
	message := []byte("signed by openssl")
	dir := folder(t, map[string][]byte{"message": message})
	in := func(name string) string { return filepath.Join(dir, name) }
	openssl(t, "genpkey", "-algorithm", "SM2", "-out", in("key.pem"))
	openssl(t, "dgst", "-sm3", "-sign", in("key.pem"), "-sigopt", distid, "-out", in("sig"), in("message"))
	key, err := ParsePrivateKey(readFile(t, in("key.pem")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(key.Public(), message, readFile(t, in("sig"))); err != nil {
		t.Fatal(err)
	}
}

// TestOpensslUnwrapsOurKey takes the wrapping apart and lets openssl derive and decrypt: its reader of wrapped keys does not
// know PBKDF2-HMAC-SM3 (3.0), its tools know both halves.
func TestOpensslUnwrapsOurKey(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	wrapped, err := key.DER([]byte("passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Algorithm struct {
			OID    asn1.ObjectIdentifier
			Params struct {
				KDF struct {
					OID    asn1.ObjectIdentifier
					Params struct {
						Salt       []byte
						Iterations int
						Length     int `asn1:"optional"`
						PRF        pkix.AlgorithmIdentifier
					}
				}
				Cipher struct {
					OID asn1.ObjectIdentifier
					IV  []byte
				}
			}
		}
		Data []byte
	}
	if _, err := asn1.Unmarshal(wrapped, &info); err != nil {
		t.Fatal(err)
	}
	kdf := info.Algorithm.Params.KDF.Params
	if kdf.Iterations < 600_000 || len(kdf.Salt) < 16 || kdf.PRF.Algorithm.String() != "1.2.156.10197.1.401.2" {
		t.Errorf("derivation %+v", kdf)
	}
	derived := openssl(t, "kdf", "-keylen", "16", "-kdfopt", "digest:SM3", "-kdfopt", "pass:passphrase",
		"-kdfopt", "hexsalt:"+hex.EncodeToString(kdf.Salt), "-kdfopt", "iter:"+strconv.Itoa(kdf.Iterations), "PBKDF2")
	secret := strings.ReplaceAll(strings.TrimSpace(string(derived)), ":", "")
	dir := folder(t, map[string][]byte{"data": info.Data})
	plain := filepath.Join(dir, "plain")
	openssl(t, "enc", "-d", "-sm4-cbc", "-K", secret, "-iv", hex.EncodeToString(info.Algorithm.Params.Cipher.IV),
		"-in", filepath.Join(dir, "data"), "-out", plain)
	got, err := ParsePrivateKey(readFile(t, plain), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Public().Equal(key.Public()) {
		t.Fatal("another key")
	}
}

func TestWeReadOpensslsWrappedKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	openssl(t, "genpkey", "-algorithm", "SM2", "-out", in("key.pem"))
	want, err := ParsePrivateKey(readFile(t, in("key.pem")), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-v2", "sm4-cbc"}, {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256"}} {
		openssl(t, append([]string{"pkcs8", "-topk8", "-in", in("key.pem"), "-passout", "pass:secret", "-out", in("wrapped.pem")}, args...)...)
		got, err := ParsePrivateKey(readFile(t, in("wrapped.pem")), []byte("secret"))
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		if !got.Public().Equal(want.Public()) {
			t.Fatalf("%v: another key", args)
		}
	}
}

func TestOpensslVerifiesOurChain(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	dir := folder(t, map[string][]byte{"root.pem": p.root.PEM(), "ca.pem": p.ca.PEM(), "leaf.pem": p.leaf.PEM()})
	in := func(name string) string { return filepath.Join(dir, name) }
	// openssl 3.0 gives the identifier to the certificate it is asked about only, so one link at a time.
	for _, link := range [][2]string{{"root.pem", "root.pem"}, {"root.pem", "ca.pem"}, {"ca.pem", "leaf.pem"}} {
		openssl(t, "verify", "-vfyopt", distid, "-attime", "1800000000", "-x509_strict", "-partial_chain", "-trusted", in(link[0]), in(link[1]))
	}
	text := openssl(t, "x509", "-in", in("leaf.pem"), "-noout", "-text")
	for _, want := range []string{"SM2-with-SM3", "Digital Signature, Non Repudiation", "CA:FALSE", "http://ca.example/crl", "X509v3 Authority Key Identifier"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("openssl does not show %q in\n%s", want, text)
		}
	}
}

func TestOpensslReadsOurRequestAndWeItsOwn(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	request, err := CreateRequest(name("某县行政审批局", "电子印章"), key)
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string][]byte{"ours.pem": request.PEM()})
	in := func(name string) string { return filepath.Join(dir, name) }
	openssl(t, "req", "-in", in("ours.pem"), "-verify", "-vfyopt", distid, "-noout")
	openssl(t, "genpkey", "-algorithm", "SM2", "-out", in("key.pem"))
	openssl(t, "req", "-new", "-key", in("key.pem"), "-sm3", "-sigopt", distid, "-utf8", "-subj", "/C=CN/O=某局/CN=测试", "-out", in("theirs.pem"))
	theirs, err := ParseRequest(readFile(t, in("theirs.pem")))
	if err != nil {
		t.Fatal(err)
	}
	if got := DisplayName(theirs.Subject); got != "测试（某局）" {
		t.Errorf("subject %q", got)
	}
}

func TestOpensslReadsOurRevocationList(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	list := p.crl(t, Revoked{Serial: p.leaf.SerialNumber, At: day(20), Reason: ReasonKeyCompromise})
	dir := folder(t, map[string][]byte{"list.pem": list.PEM()})
	text := openssl(t, "crl", "-in", filepath.Join(dir, "list.pem"), "-noout", "-text")
	for _, want := range []string{"Version 2", "SM2-with-SM3", "Key Compromise", "X509v3 CRL Number"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("openssl does not show %q in\n%s", want, text)
		}
	}
	checkByOpenssl(t, p.caKey, list.RawTBS, list.Signature)
}

// TestWeReadOpensslsAuthority: a whole authority by openssl: root, leaf, revocation list, OCSP response.
func TestWeReadOpensslsAuthority(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string][]byte{"index.txt": nil, "serial": []byte("1001\n"), "crlnumber": []byte("07\n"), "ca.cnf": []byte(caConfig)})
	in := func(name string) string { return filepath.Join(dir, name) }
	openssl(t, "req", "-x509", "-newkey", "sm2", "-nodes", "-sm3", "-sigopt", distid, "-keyout", in("ca.key"), "-out", in("ca.pem"),
		"-days", "3650", "-subj", "/C=CN/O=Openssl/CN=Root", "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")
	openssl(t, "req", "-newkey", "sm2", "-nodes", "-sm3", "-sigopt", distid, "-keyout", in("leaf.key"), "-out", in("leaf.csr"), "-subj", "/C=CN/CN=Leaf")
	ca := func(args ...string) {
		t.Helper()
		base := []string{"ca", "-config", in("ca.cnf"), "-batch", "-cert", in("ca.pem"), "-keyfile", in("ca.key"), "-md", "sm3", "-sigopt", distid}
		cmd := exec.CommandContext(t.Context(), "openssl", append(base, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl ca %v: %v\n%s", args, err, out)
		}
	}
	ca("-vfyopt", distid, "-in", in("leaf.csr"), "-out", in("leaf.pem"), "-notext", "-days", "365")
	ca("-revoke", in("leaf.pem"), "-crl_reason", "superseded")
	ca("-gencrl", "-crldays", "30", "-out", in("list.pem"))

	root, leaf := oneCertificate(t, readFile(t, in("ca.pem"))), oneCertificate(t, readFile(t, in("leaf.pem")))
	if got := leaf.BuildChain(nil, NewPool(root)); !got.Reached {
		t.Fatalf("chain: %+v", got.Problems)
	}
	list, err := ParseCRL(readFile(t, in("list.pem")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := list.CheckFrom(root); err != nil {
		t.Fatal(err)
	}
	if at, reason, revoked := list.Status(leaf.SerialNumber); !revoked || reason != ReasonSuperseded || at.IsZero() {
		t.Errorf("status: %v %v %v", at, reason, revoked)
	}
	if list.Number.Int64() != 7 {
		t.Errorf("number %v", list.Number)
	}
	checkOpensslOCSP(t, in, root, leaf)
}

func checkOpensslOCSP(t *testing.T, in func(string) string, root, leaf *Certificate) {
	t.Helper()
	openssl(t, "ocsp", "-issuer", in("ca.pem"), "-cert", in("leaf.pem"), "-reqout", in("req.der"))
	openssl(t, "ocsp", "-index", in("index.txt"), "-CA", in("ca.pem"), "-rsigner", in("ca.pem"), "-rkey", in("ca.key"),
		"-rmd", "sm3", "-rsigopt", distid, "-reqin", in("req.der"), "-respout", in("resp.der"), "-ndays", "1")
	response, err := ParseOCSP(readFile(t, in("resp.der")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := response.Verify(root); err != nil {
		t.Fatal(err)
	}
	answer, ok := response.For(leaf, root)
	if !ok || answer.Status != OCSPRevoked || answer.Reason != ReasonSuperseded {
		t.Errorf("answer %+v %v", answer, ok)
	}
	if !answer.CurrentAt(response.ProducedAt.Add(time.Minute)) || answer.CurrentAt(response.ProducedAt.AddDate(0, 0, 2)) {
		t.Errorf("currency of %+v", answer)
	}
	if _, ok := response.For(root, root); ok {
		t.Error("an answer about another certificate")
	}
	response.Signature[len(response.Signature)-1] ^= 1
	if _, err := response.Verify(root); err == nil {
		t.Error("flipped bit accepted")
	}
}

const caConfig = `[ca]
default_ca = d
[d]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
policy = p
unique_subject = no
x509_extensions = v3
[v3]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
[p]
countryName = optional
commonName = supplied
`

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
