package app

import (
	"encoding/json"
	"slices"
	"testing"

	"sidian/internal/cert"
	"sidian/internal/cert/event"
	"sidian/internal/db"
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
}
