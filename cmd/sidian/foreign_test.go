package main

import (
	"archive/zip"
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// values takes a sealed document apart with nothing of ours, into files that
// openssl can judge: the signed bytes, the signature, the signer's digital
// certificate, the file of signed digests and the parts that it names.
// SHA256SUMS-like lines go to the standard output: a part's digest and its file.
func values(ts *testscript.TestScript, _ bool, args []string) {
	parts := unzip(ts, []byte(ts.ReadFile(args[1])))
	// GB/T 38540-2020 §7: SES_Signature.
	var s struct {
		ToSign    asn1.RawValue
		Cert      []byte
		Algorithm asn1.ObjectIdentifier
		Signature asn1.BitString
		TimeStamp asn1.RawValue `asn1:"optional,tag:0"`
	}
	_, err := asn1.Unmarshal(parts["Doc_0/Signs/Sign_0/SignedValue.dat"], &s)
	ts.Check(err)
	signature := parts["Doc_0/Signs/Sign_0/Signature.xml"]
	var x struct {
		References []struct {
			File  string `xml:"FileRef,attr"`
			Check string `xml:"CheckValue"`
		} `xml:"SignedInfo>References>Reference"`
	}
	ts.Check(xml.Unmarshal(signature, &x))
	if len(x.References) == 0 {
		ts.Fatalf("the signature names no file")
	}
	put := func(name string, data []byte) string {
		path := filepath.Join(ts.MkAbs(args[0]), name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
		ts.Check(os.WriteFile(path, data, 0o600))
		return path
	}
	put("tosign.der", s.ToSign.FullBytes)
	put("signature.der", s.Signature.Bytes)
	put("signer.der", s.Cert)
	put("signature.xml", signature)
	for i, r := range x.References {
		digest, err := base64.StdEncoding.DecodeString(r.Check)
		ts.Check(err)
		name := strings.TrimPrefix(r.File, "/")
		part, there := parts[name]
		if !there {
			ts.Fatalf("the signature names %s, which is not there", name)
		}
		path := put(fmt.Sprintf("part%02d", i), part)
		out, err := output("openssl", "dgst", "-sm3", path)
		ts.Check(err)
		if !strings.Contains(out, fmt.Sprintf("%x", digest)) {
			ts.Fatalf("%s has another digest than the one that was signed", name)
		}
	}
	// The signed bytes hold the digest of the list of digests.
	out, err := output("openssl", "dgst", "-sm3", "-binary", put("list", signature))
	ts.Check(err)
	if !bytes.Contains(s.ToSign.FullBytes, []byte(out)) {
		ts.Fatalf("what is signed does not hold the digest of Signature.xml")
	}
}

func output(program string, args ...string) (string, error) {
	out, err := exec.Command(program, args...).Output()
	return string(out), err
}

func unzip(ts *testscript.TestScript, data []byte) map[string][]byte {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	ts.Check(err)
	parts := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		ts.Check(err)
		parts[f.Name], err = io.ReadAll(r)
		ts.Check(err)
	}
	return parts
}
