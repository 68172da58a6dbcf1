package status_test

import (
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sidian/internal/db/dbtest"
	"sidian/internal/status"
)

// outside runs a program that is not ours in a directory of its own, and fails
// the test if it fails.
func outside(t *testing.T, dir string, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("this test needs %s", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func published(t *testing.T, o *office, dir string) {
	t.Helper()
	all, err := o.PublicKeys(t.Context())
	must(t, err)
	set, err := status.EncodeKeys(all)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "keys.json"), set, 0o600))
}

// reader is what a stranger writes in an afternoon, with nothing of ours.
const reader = `
const fs = require('fs'), crypto = require('crypto'), zlib = require('zlib')
const [h, p, s] = fs.readFileSync('list.jwt', 'utf8').split('.')
const head = JSON.parse(Buffer.from(h, 'base64url')), claims = JSON.parse(Buffer.from(p, 'base64url'))
const jwk = JSON.parse(fs.readFileSync('keys.json')).keys.find(k => k.kid === head.kid)
const key = crypto.createPublicKey({key: jwk, format: 'jwk'})
if (!crypto.verify('sha256', Buffer.from(h + '.' + p), {key, dsaEncoding: 'ieee-p1363'}, Buffer.from(s, 'base64url'))) throw 'not signed'
const {bits, lst} = claims.status_list, bytes = zlib.inflateSync(Buffer.from(lst, 'base64url')), per = 8 / bits
console.log(process.argv.slice(2).map(i => bytes[Math.floor(i / per)] >> (i % per * bits) & (1 << bits) - 1).join(' '))
`

func TestNodeReads(t *testing.T) {
	t.Parallel()
	o, dir := newOffice(t, dbtest.New(t, "sqlite")), t.TempDir()
	args, want := []string{"read.js"}, ""
	for i, v := range []status.Value{status.Valid, status.Invalid, status.Suspended, status.Replaced, 15} {
		e := o.allot(status.Seals, fmt.Sprint(i), v)
		args, want = append(args, fmt.Sprint(e.Index)), want+fmt.Sprint(v)+" "
	}
	p, err := o.Page(t.Context(), status.Seals, 0, status.ES256)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "list.jwt"), p.Data, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "read.js"), []byte(reader), 0o600))
	published(t, o, dir)
	if got := outside(t, dir, "node", args...); strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("a stranger reads %s, want %s", got, want)
	}
}

// openssl, given the published point, believes the signature with SM2.
func TestOpensslVerifiesSM2(t *testing.T) {
	t.Parallel()
	o, dir := newOffice(t, dbtest.New(t, "sqlite")), t.TempDir()
	o.allot(status.Seals, "a", status.Invalid)
	p, err := o.Page(t.Context(), status.Seals, 0, status.SM2)
	must(t, err)
	published(t, o, dir)
	parts := strings.Split(string(p.Data), ".")
	file := func(name string, b []byte) { must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600)) }
	file("input", []byte(parts[0]+"."+parts[1]))
	raw := decode(t, parts[2])
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
	must(t, err)
	file("sig", der)
	file("key.der", sm2Info(t, dir))
	outside(t, dir, "openssl", "pkey", "-pubin", "-inform", "DER", "-in", "key.der", "-out", "key.pem")
	verify := []string{"dgst", "-sm3", "-verify", "key.pem", "-sigopt", "distid:1234567812345678", "-signature", "sig"}
	if out := outside(t, dir, "openssl", append(verify, "input")...); !strings.Contains(out, "Verified OK") {
		t.Error(out)
	}
	file("input", []byte(parts[0]+"."+parts[1]+"A"))
	cmd := exec.Command("openssl", append(verify, "input")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("openssl believes what was changed: %s", out)
	}
}

// sm2Info is the published point as a SubjectPublicKeyInfo.
func sm2Info(t *testing.T, dir string) []byte {
	t.Helper()
	set, err := os.ReadFile(filepath.Join(dir, "keys.json"))
	must(t, err)
	var keys struct{ Keys []struct{ Crv, X, Y string } }
	must(t, json.Unmarshal(set, &keys))
	for _, k := range keys.Keys {
		if k.Crv == "SM2" { // id-ecPublicKey, and the curve of GB/T 33560: 1.2.156.10197.1.301
			prefix, err := hex.DecodeString("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
			must(t, err)
			return append(append(prefix, decode(t, k.X)...), decode(t, k.Y)...)
		}
	}
	t.Fatal("no SM2 key is published")
	return nil
}

func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	must(t, err)
	return b
}
