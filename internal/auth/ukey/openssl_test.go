package ukey_test

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sidian/gm"
	"sidian/internal/auth/ukey"
)

// The wrapping of a message by these tests alone: encoding/asn1 after GB/T
// 35275-2017 §8 (PKCS#7 types), as an independent writer of what Verify reads.

type algorithm struct {
	OID    asn1.ObjectIdentifier
	Params asn1.RawValue `asn1:"optional"`
}

type signerInfo struct {
	Version int
	Signer  struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	Digest    algorithm
	Algorithm algorithm
	Signature []byte
}

type signedData struct {
	Version int
	Digests []algorithm `asn1:"set"`
	Content struct {
		Type asn1.ObjectIdentifier
		Data []byte `asn1:"explicit,tag:0"`
	}
	Certificates asn1.RawValue
	Signers      []signerInfo `asn1:"set"`
}

func wrap(t testing.TB, content, signature []byte, names *gm.Certificate, inside ...*gm.Certificate) []byte {
	t.Helper()
	var info signerInfo
	info.Version, info.Signature = 1, signature
	info.Signer.Issuer, info.Signer.Serial = asn1.RawValue{FullBytes: names.RawIssuer}, names.SerialNumber
	info.Digest, info.Algorithm = algorithm{OID: gm.OIDSM3}, algorithm{OID: gm.OIDSM2Sign}
	m := signedData{Version: 1, Digests: []algorithm{{OID: gm.OIDSM3}}, Signers: []signerInfo{info}}
	m.Content.Type, m.Content.Data = gm.OIDPKCS7Data, content
	var certificates []byte
	for _, c := range inside {
		certificates = append(certificates, c.Raw...)
	}
	m.Certificates = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: certificates}
	inner, err := asn1.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(struct {
		Type asn1.ObjectIdentifier
		Data asn1.RawValue
	}{gm.OIDPKCS7SignedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// wrapped signs without the questions that gm asks before it signs.
func wrapped(t testing.TB, content []byte, key gm.Signer, cert *gm.Certificate) []byte {
	t.Helper()
	return wrap(t, content, sign(t, key, content), cert, cert)
}

// TestOpensslSigns: key and signature by openssl. Its cms command does not know
// how to write SM2, so the message around the signature is of this file.
func TestOpensslSigns(t *testing.T) {
	t.Parallel()
	a, c, dir := newAuthority(t), challenge(t), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(in("text"), c.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	openssl(t, "genpkey", "-algorithm", "SM2", "-out", in("key.pem"))
	openssl(t, "pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-inkey", in("key.pem"), "-pkeyopt", "distid:1234567812345678", "-in", in("text"), "-out", in("signature"))
	pem, err := os.ReadFile(in("key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := gm.ParsePrivateKey(pem, nil)
	if err != nil {
		t.Fatal(err)
	}
	cert := issue(t, gm.CertificateTemplate{KeyUsage: signing}, key, a.ca, a.caKey)
	signature, err := os.ReadFile(in("signature"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ukey.Verify(c, wrap(t, c.Bytes(), signature, cert, cert), a.trust(t))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Equal(cert) {
		t.Error("another certificate")
	}
	// Without the identifier of the standard the signature is another one.
	openssl(t, "pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-inkey", in("key.pem"), "-pkeyopt", "distid:someone else", "-in", in("text"), "-out", in("signature"))
	if signature, err = os.ReadFile(in("signature")); err != nil {
		t.Fatal(err)
	}
	_, err = ukey.Verify(c, wrap(t, c.Bytes(), signature, cert, cert), a.trust(t))
	refusedAs(t, err, "ukey.signature")
}

// TestOpensslVerifies: what Answer signs is what openssl finds signed.
func TestOpensslVerifies(t *testing.T) {
	t.Parallel()
	a, c, dir := newAuthority(t), challenge(t), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	answer, err := ukey.Answer(c.Bytes(), a.key, a.person)
	if err != nil {
		t.Fatal(err)
	}
	key, err := a.key.PEM(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"answer.pem": answer, "key.pem": key, "text": c.Bytes()} {
		if err := os.WriteFile(in(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dump := openssl(t, "asn1parse", "-in", in("answer.pem"))
	if !bytes.Contains(dump, []byte("1.2.156.10197.6.1.4.2.2")) {
		t.Errorf("no signed data of GB/T 35275 in\n%s", dump)
	}
	m, err := gm.ParseSignedData(decodePEM(t, answer))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("signature"), m.Signer.Signature, 0o600); err != nil {
		t.Fatal(err)
	}
	openssl(t, "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-inkey", in("key.pem"), "-pkeyopt", "distid:1234567812345678",
		"-in", in("text"), "-sigfile", in("signature"))
}

func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return out
}
