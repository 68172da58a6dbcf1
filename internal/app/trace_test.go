package app

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/lasting"
	"sidian/internal/outbox"
	"sidian/kinds"
)

// The history of a certificate tells when its lasting proof was made.
func TestTraceTellsOfProof(t *testing.T) {
	t.Parallel()
	dir, creds := countyDir(t)
	a, ctx := opened(t, CountyConf(dir, "http://localhost:1", ""), creds)
	defer a.Close()
	var req cert.IssueRequest
	example, err := kinds.FS.ReadFile("road_transport/example.json")
	if err == nil {
		err = json.Unmarshal(example, &req)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Cert.Issue(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	told := func() bool {
		t.Helper()
		tr, err := a.Cert.Trace(ctx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(tr.Steps, func(s cert.Step) bool { return s.Action == "lasting.stamp" && s.Evidence == c.Document })
	}
	if told() {
		t.Error("told before it was made")
	}
	body, err := json.Marshal(event.Certificate{ID: c.ID, Kind: c.Kind, Issuer: c.Issuer, Document: c.Document})
	if err != nil {
		t.Fatal(err)
	}
	err = a.DB.Write(ctx, func(tx *db.Tx) error {
		return a.Lasting.Consumer().HandleAll(tx, []outbox.Event{{Topic: event.Issued, Body: json.RawMessage(body)}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Lasting.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !told() {
		t.Error("not told")
	}
	// SM3 ends in a hundred days: the instance makes itself an authority by SHA-256.
	a.Lasting.Algorithms = lasting.Sunset()
	a.Lasting.Algorithms[lasting.SM3] = a.DB.Now().AddDate(0, 0, 100)
	if n, err := a.Lasting.Work(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d time stamps by another digest: %v", n, err)
	}
	p, err := a.Lasting.Proof(ctx, c.ID)
	if err != nil || p.Report.Result != lasting.Valid || !slices.Equal(p.Digests, []string{"sm3", "sha256"}) {
		t.Errorf("%+v: %v", p, err)
	}
	tr, err := a.Cert.Trace(ctx, c.ID)
	if err != nil || !slices.ContainsFunc(tr.Steps, func(s cert.Step) bool { return strings.HasSuffix(s.Name, "改用 SHA-256") }) {
		t.Errorf("the other digest is not told: %v", err)
	}
	d := &doctor{}
	d.authorities(ctx, a)
	if !slices.ContainsFunc(d.findings, func(f DoctorFinding) bool { return f.Name == "pki.timestamp.sha256-ecdsa-p256" && f.Result == Good }) {
		t.Errorf("the doctor does not know its authority: %+v", d.findings)
	}
	if o, err := a.trustForDocuments(ctx); err != nil || slices.ContainsFunc(o.Anchors.Certificates(), func(c *gm.Certificate) bool { return c.KeyAlgorithm != "SM2" }) {
		t.Errorf("documents are verified by it: %v", err)
	}
}
