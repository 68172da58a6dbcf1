package api_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"testing"

	"sidian/gm"
	"sidian/internal/db/dbtest"
)

// Anyone may ask; whatever the file is, the answer is a verdict.
func TestVerifyOverHTTP(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, "sqlite"), "road_transport")
	c := s.Issue(t, "road_transport")
	noise := make([]byte, 5<<20)
	rand.NewChaCha8([32]byte{2}).Read(noise)
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	f, err := z.Create("OFD.xml")
	must(t, err)
	for range 64 {
		_, err = f.Write(make([]byte, 1<<20))
		must(t, err)
	}
	must(t, z.Close())
	for name, want := range map[string]struct {
		data    []byte
		verdict string
	}{
		"证照.ofd": {s.Document(t, c), "valid"}, "noise": {noise, "refused"}, "bomb": {bomb.Bytes(), "refused"}, "text.txt": {[]byte("x"), "refused"},
	} {
		body, form := upload(t, "file", name, want.data)
		a := s.call(t, http.MethodPost, "/api/v1/verify", body, form)
		a.want(t, http.StatusOK)
		var v struct {
			File, Verdict string
			Register      *struct {
				Status, Identifier string
				SameDocument       bool `json:"same_document"`
			}
			LegalEffect string `json:"legal_effect"`
			Reasons     []string
			Signatures  []struct {
				Verdict string
				Checks  []struct{ Code, Result string }
			}
		}
		must(t, json.Unmarshal(a.body, &v))
		if v.File != name || v.Verdict != want.verdict || v.LegalEffect == "" || len(v.Reasons) == 0 || (v.Register != nil) != (want.verdict == "valid") {
			t.Errorf("%s: %.400s", name, a.body)
		}
		if v.Register != nil && (v.Register.Status != "effective" || v.Register.Identifier != c.Identifier || !v.Register.SameDocument || len(v.Signatures) != 1) {
			t.Errorf("%s: %.400s", name, a.body)
		}
	}
	body, form := upload(t, "datei", "x", []byte("x"))
	s.call(t, http.MethodPost, "/api/v1/verify", body, form).problem(t, http.StatusUnprocessableEntity, "verify.file", "file")
	body, form = upload(t, "file", "x", make([]byte, 22<<20))
	s.call(t, http.MethodPost, "/api/v1/verify", body, form).problem(t, http.StatusRequestEntityTooLarge, "body.too-large")
}

// What a scanned code opens, as JSON.
func TestScannedCode(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, "sqlite"), "road_transport")
	c := s.Issue(t, "road_transport")
	a := s.get(t, "/v/"+c.Code, header("Accept", "application/json"))
	a.want(t, http.StatusOK)
	if v := a.json(t); v["verdict"] != "valid" || v["register"].(map[string]any)["status"] != "effective" {
		t.Errorf("%.400s", a.body)
	}
	if a := s.get(t, "/v/none", header("Accept", "application/json")); a.status != http.StatusNotFound {
		t.Errorf("an unknown code: %d", a.status)
	}
}

// What a stranger needs to verify.
func TestTrustOverHTTP(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, "sqlite"), "road_transport")
	a := s.get(t, "/pki/roots.pem")
	a.want(t, http.StatusOK)
	roots, err := gm.ParseCertificates(a.body)
	must(t, err)
	for i, ca := range []string{"root", "issuing"} {
		a := s.get(t, "/pki/crl/"+ca)
		a.want(t, http.StatusOK)
		l, err := gm.ParseCRL(a.body)
		must(t, err)
		if _, err := l.CheckFrom(roots[i]); err != nil || a.header.Get("Content-Type") != "application/pkix-crl" {
			t.Errorf("%s: %s, %v", ca, a.header.Get("Content-Type"), err)
		}
	}
	for _, ca := range []string{"timestamp", "none", "%00"} {
		s.get(t, "/pki/crl/"+ca).problem(t, http.StatusNotFound, "pki.list")
	}
	query, err := gm.NewTimestampRequest([]byte("x"), nil)
	must(t, err)
	media := header("Content-Type", "application/timestamp-query")
	a = s.call(t, http.MethodPost, "/tsa", query, media)
	a.want(t, http.StatusOK)
	token, err := gm.ParseTimestampResponse(a.body)
	must(t, err)
	stamp, err := gm.ParseTimestamp(token)
	must(t, err)
	if _, _, err := stamp.Verify(gm.Candidate{Name: "x", Message: []byte("x")}); err != nil || a.header.Get("Content-Type") != "application/timestamp-reply" {
		t.Errorf("%s: %v", a.header.Get("Content-Type"), err)
	}
	if a := s.call(t, http.MethodPost, "/tsa", []byte("noise"), media); a.status != http.StatusOK {
		t.Errorf("noise is answered with %d: RFC 3161 rejects it in the reply", a.status)
	}
	s.call(t, http.MethodPost, "/tsa", make([]byte, 10<<10), media).problem(t, http.StatusRequestEntityTooLarge, "body.too-large")
}
