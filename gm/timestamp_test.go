package gm

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// stamp lets an authority stamp a message at day 50.
func stamp(t testing.TB, a *TimestampAuthority, request []byte) []byte {
	t.Helper()
	response, err := a.Respond(request, day(50))
	if err != nil {
		t.Fatal(err)
	}
	token, err := ParseTimestampResponse(response)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func newRequest(t testing.TB, message string, nonce *big.Int) []byte {
	t.Helper()
	request, err := NewTimestampRequest([]byte(message), nonce)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	a := p.authority(t)
	ts, err := ParseTimestamp(stamp(t, a, newRequest(t, "签名值", big.NewInt(77))))
	if err != nil {
		t.Fatal(err)
	}
	if !ts.Time.Equal(day(50)) || ts.Accuracy != a.Accuracy || ts.Nonce.Int64() != 77 || !ts.Policy.Equal(testPolicy) ||
		ts.Serial.Sign() <= 0 || !ts.HashOID.Equal(OIDSM3) || !ts.Certificate.Equal(a.Certificate) || len(ts.Chain) != 2 || len(ts.Notes) > 0 {
		t.Errorf("%+v", ts)
	}
	matched, notes, err := ts.Verify(Candidate{"value", []byte("签名值")}, Candidate{"tbs", []byte("x")})
	if matched != "value" || err != nil {
		t.Error(matched, err)
	}
	wantCodes(t, codes(notes))
	matched, notes, err = ts.Verify(Candidate{"bits", []byte("x")}, Candidate{"value", []byte("签名值")})
	if matched != "value" || err != nil {
		t.Error(matched, err)
	}
	wantCodes(t, codes(notes), NoteImprint)
	_, _, err = ts.Verify(Candidate{"bits", []byte("x")})
	wantError(t, err, ErrDigestMismatch)
	_, _, err = ts.Verify()
	wantError(t, err, ErrDigestMismatch)
	if chain := ts.Certificate.BuildChain(NewPool(ts.Chain...), NewPool(p.root)); !chain.Reached {
		t.Error(chain.Problems)
	}
}

func TestTimestampSerialNumbersDiffer(t *testing.T) {
	t.Parallel()
	a := newPKI(t).authority(t)
	seen := map[string]bool{}
	for range 20 {
		ts, err := ParseTimestamp(stamp(t, a, newRequest(t, "x", nil)))
		if err != nil {
			t.Fatal(err)
		}
		if seen[ts.Serial.String()] || ts.Nonce != nil {
			t.Fatal("serial number twice, or a nonce from nowhere")
		}
		seen[ts.Serial.String()] = true
	}
}

func TestDamagedTimestampIsNeverTakenForGood(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	token := stamp(t, p.authority(t), newRequest(t, "x", nil))
	anchors := NewPool(p.ca)
	for i := range token {
		ts, err := ParseTimestamp(flipped(token, i))
		if err != nil || ts.Certificate == nil || !ts.Certificate.BuildChain(nil, anchors).Reached {
			continue
		}
		if _, notes, err := ts.Verify(Candidate{"x", []byte("x")}); err == nil && len(notes) == 0 && !ts.Time.Equal(day(50)) {
			t.Errorf("octet %d changed the time and nothing noticed", i)
		}
	}
}

func TestTimestampCertificate(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	stamping := []asn1.ObjectIdentifier{OIDTimeStamping}
	tests := []struct {
		name  string
		tmpl  CertificateTemplate
		notes []string
		fails bool
		err   error
	}{
		{"good", CertificateTemplate{KeyUsage: usageSigning, ExtKeyUsage: stamping}, nil, false, nil},
		{"a second usage", CertificateTemplate{KeyUsage: usageSigning, ExtKeyUsage: append(stamping, OIDClientAuth)}, []string{NoteTSAUsage}, false, nil},
		{"another usage", CertificateTemplate{KeyUsage: usageSigning, ExtKeyUsage: []asn1.ObjectIdentifier{OIDClientAuth}}, nil, true, ErrKeyUsage},
		{"no usage", CertificateTemplate{KeyUsage: usageSigning}, nil, true, ErrKeyUsage},
		{"encryption key", CertificateTemplate{KeyUsage: usageEncryption, ExtKeyUsage: stamping}, nil, true, ErrKeyUsage},
		{"expired before", CertificateTemplate{KeyUsage: usageSigning, ExtKeyUsage: stamping, NotBefore: day(0), NotAfter: day(49)}, nil, true, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.tmpl.Subject = name("测试", test.name)
			c, key := p.issued(t, test.tmpl)
			a := &TimestampAuthority{Certificate: c, Signer: key, Policy: testPolicy}
			request, ok := parseTimestampRequest(newRequest(t, "x", nil))
			if !ok {
				t.Fatal("request")
			}
			token, err := a.token(request, day(50))
			if err != nil {
				t.Fatal(err)
			}
			ts, err := ParseTimestamp(token)
			if err != nil {
				t.Fatal(err)
			}
			_, notes, err := ts.Verify(Candidate{"x", []byte("x")})
			if (err != nil) != test.fails {
				t.Fatalf("verify: %v", err)
			}
			if test.err != nil {
				wantError(t, err, test.err)
			}
			wantCodes(t, codes(notes), test.notes...)
			if _, err := a.Respond(newRequest(t, "x", nil), day(50)); (err != nil) != test.fails {
				t.Errorf("such an authority answers: %v", err)
			}
		})
	}
}

// TestTimestampNamesItsCertificate: the signing-certificate attribute is signed, so a token cannot be moved to another
// certificate for the same key.
func TestTimestampNamesItsCertificate(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	a := p.authority(t)
	key := a.Signer.(*PrivateKey)
	twin := issue(t, CertificateTemplate{Subject: a.Certificate.Subject, SerialNumber: a.Certificate.SerialNumber, KeyUsage: usageSigning,
		ExtKeyUsage: []asn1.ObjectIdentifier{OIDTimeStamping}, NotBefore: day(0), NotAfter: day(3650)}, key.Public(), p.ca, p.caKey)
	request, ok := parseTimestampRequest(newRequest(t, "x", nil))
	if !ok {
		t.Fatal("request")
	}
	request.certificates = false
	token, err := a.token(request, day(50))
	if err != nil {
		t.Fatal(err)
	}
	parse := func() *Timestamp {
		ts, err := ParseTimestamp(token)
		if err != nil {
			t.Fatal(err)
		}
		return ts
	}
	ts := parse()
	_, _, err = ts.Verify(Candidate{"x", []byte("x")})
	wantError(t, err, ErrNoCertificate)
	if ts.UseCertificate(p.ca, p.leaf) {
		t.Error("took a certificate that the token does not name")
	}
	if !ts.UseCertificate(twin) {
		t.Fatal("twin not taken")
	}
	_, _, err = ts.Verify(Candidate{"x", []byte("x")})
	wantError(t, err, ErrNoCertificate)
	ts = parse()
	if !ts.UseCertificate(p.leaf, a.Certificate) {
		t.Fatal("its own certificate not taken")
	}
	_, _, err = ts.Verify(Candidate{"x", []byte("x")})
	wantError(t, err, nil)
}

func TestTimestampRejections(t *testing.T) {
	t.Parallel()
	a := newPKI(t).authority(t)
	good := newRequest(t, "x", nil)
	sha256 := bytes.Replace(good, []byte{0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x11}, []byte{0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x12}, 1)
	version2 := bytes.Replace(good, []byte{2, 1, 1}, []byte{2, 1, 2}, 1)
	tests := []struct {
		name    string
		request []byte
		want    string
	}{
		{"empty", nil, "badDataFormat"},
		{"rubbish", []byte("rubbish"), "badDataFormat"},
		{"cut", good[:len(good)-1], "badDataFormat"},
		{"another hash", sha256, "badAlg"},
		{"version 2", version2, "badRequest"},
	}
	for _, test := range tests {
		response, err := a.Respond(test.request, day(50))
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		_, err = ParseTimestampResponse(response)
		wantError(t, err, ErrTimestampRefused)
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(test.want)) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
	if _, err := a.Respond(good, day(400)); err == nil {
		t.Error("stamped with an expired certificate")
	}
	broken := *a
	broken.Signer = newKey(t)
	if _, err := broken.Respond(good, day(50)); err == nil || errors.Is(err, ErrTimestampRefused) {
		t.Errorf("stamped with another key: %v", err)
	}
	for _, response := range [][]byte{nil, {0x30, 0}, {0x30, 5, 0x30, 3, 2, 1, 0}} {
		_, err := ParseTimestampResponse(response)
		wantError(t, err, ErrMalformed)
	}
}

func TestGenTimeAndAccuracy(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	at := day(50).Add(120 * time.Millisecond)
	tests := []struct {
		accuracy, told time.Duration
		text           string
		time           time.Time
	}{
		{0, 0, "20270220080000Z", day(50)},
		{time.Second, time.Second, "20270220080000Z", day(50)},
		{50 * time.Millisecond, 50 * time.Millisecond, "20270220080000.12Z", at},
		{3*time.Second + 4*time.Millisecond + 5*time.Microsecond, 3*time.Second + 4*time.Millisecond + 5*time.Microsecond, "20270220080000Z", day(50)},
		{time.Nanosecond, time.Microsecond, "20270220080000.12Z", at},
	}
	for _, test := range tests {
		a := p.authority(t)
		a.Accuracy = test.accuracy
		if got := a.genTime(at); got != test.text {
			t.Errorf("%v: %s, want %s", test.accuracy, got, test.text)
		}
		response, err := a.Respond(newRequest(t, "x", nil), at)
		if err != nil {
			t.Fatal(err)
		}
		token, err := ParseTimestampResponse(response)
		if err != nil {
			t.Fatal(err)
		}
		ts, err := ParseTimestamp(token)
		if err != nil || ts.Accuracy != test.told || !ts.Time.Equal(test.time) {
			t.Errorf("%v: %+v %v", test.accuracy, ts, err)
		}
	}
}

// TestOpensslTimestamps: openssl asks, we answer, openssl prints the answer, and takes the token and signature apart.
func TestOpensslTimestamps(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	a := p.authority(t)
	dir := folder(t, map[string][]byte{"data": []byte("盖时间戳的数据")})
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, args := range [][]string{{"-cert"}, {"-no_nonce"}, {"-cert", "-tspolicy", "1.2.3.4.7"}} {
		openssl(t, append([]string{"ts", "-query", "-data", in("data"), "-sm3", "-out", in("req")}, args...)...)
		response, err := a.Respond(readFile(t, in("req")), day(50))
		if err != nil {
			t.Fatal(err)
		}
		write(t, in("resp"), response)
		text := openssl(t, "ts", "-reply", "-in", in("resp"), "-text")
		for _, want := range []string{"Status: Granted", "Hash Algorithm: sm3", "Policy OID: 1.2.3.4.7", "Feb 20 08:00:00 2027 GMT", "0x01 millis, 0x01F4 micros"} {
			if !bytes.Contains(text, []byte(want)) {
				t.Errorf("%v: openssl does not show %q in\n%s", args, want, text)
			}
		}
		openssl(t, "ts", "-reply", "-in", in("resp"), "-token_out", "-out", in("token"))
		openssl(t, "cms", "-cmsout", "-print", "-inform", "der", "-in", in("token"), "-noout")
		token, err := ParseTimestampResponse(response)
		if err != nil || !bytes.Equal(token, readFile(t, in("token"))) {
			t.Errorf("the token openssl takes out is another: %v", err)
		}
		ts, err := ParseTimestamp(token)
		if err != nil {
			t.Fatal(err)
		}
		stored, _ := ts.signed.Signer.signedAttributes()
		checkByOpenssl(t, a.Signer.(*PrivateKey), stored, ts.signed.Signer.Signature)
	}
	openssl(t, "ts", "-query", "-data", in("data"), "-sm3", "-tspolicy", "1.2.3.4.9", "-out", in("req"))
	response, err := a.Respond(readFile(t, in("req")), day(50))
	if err != nil {
		t.Fatal(err)
	}
	write(t, in("resp"), response)
	if text := openssl(t, "ts", "-reply", "-in", in("resp"), "-text"); !bytes.Contains(text, []byte("unacceptedPolicy")) && !bytes.Contains(text, []byte("not supported by the TSA")) {
		t.Errorf("openssl shows the rejection as\n%s", text)
	}
}

// Policies of the field may be UUIDs (ITU-T X.667), whose arcs encoding/asn1 does not hold.
func TestReadAnyOID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, der string
		known, ok bool
	}{
		{"usual", "06032a0304", true, true},
		{"128 bit arc", "0613698382ddfd9aaed09dddc8b4f8d99cb7e5f4d16d"[:42], false, false}, // cut short
		{"wide arc", "0610" + "698382ddfd9aaed09dddc8b4f8d99c37", false, true},
		{"no content", "0600", false, false},
		{"another type", "0203010203", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			der, err := hex.DecodeString(tt.der)
			if err != nil {
				t.Fatal(err)
			}
			s := cryptobyte.String(der)
			var oid asn1.ObjectIdentifier
			if ok := readAnyOID(&s, &oid); ok != tt.ok || ok && (len(oid) > 0) != tt.known {
				t.Errorf("read %v, %v", oid, ok)
			}
		})
	}
}
