package cert_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/ofd"
)

// Every kind we ship is issued from its example, twice, as two certificates.
func TestIssueEveryKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d)
		seen := map[string]string{}
		for _, kind := range w.Kinds(t) {
			for range 2 {
				c := w.Issue(t, kind)
				if c.Status != cert.Effective || c.Document == "" || c.IssuedAt.IsZero() || c.CreatedAt.IsZero() || len(c.Holders) == 0 {
					t.Errorf("%s: %+v", kind, c)
				}
				for _, v := range []string{c.ID, c.Identifier, kind + c.Number, c.Code, c.Document} {
					if seen[v] != "" {
						t.Errorf("%s: %q stands in another %s", kind, v, seen[v])
					}
					seen[v] = kind
				}
				again, err := w.Cert.Get(w.Client, c.ID)
				must(t, err)
				if a, b := string(raw(t, c)), string(raw(t, again)); a != b {
					t.Errorf("%s: issued %s\nread   %s", kind, a, b)
				}
			}
		}
		must(t, w.CheckAll(t.Context()))
	})
}

// The document says itself what the register says of it.
func TestDocumentSays(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "business_license")
	c := w.Issue(t, "business_license")
	doc, err := ofd.Open(w.Document(t, c))
	must(t, err)
	for name, want := range map[string]string{
		"ZZBS": c.Identifier, "ZZBH": c.Number, "ZZMC": c.KindName, "ZZLXDM": c.KindCode, "ZZBFJG": c.IssuerName, "CZZT": c.Holders[0].Name,
	} {
		if got, _ := doc.Info().Custom(name); got != want {
			t.Errorf("%s is %q, the register says %q", name, got, want)
		}
	}
}

// Many at once get numbers of their own.
func TestIssueConcurrently(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "road_transport", "business_license")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 4 {
					kind := []string{"road_transport", "business_license"}[i%2]
					if _, err := w.Cert.Issue(w.Client, certtest.Example(t, kind)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		must(t, w.CheckAll(t.Context()))
		if n, err := w.Tally(t.Context()); err != nil || n[cert.Effective] != 32 {
			t.Errorf("%v, %v", n, err)
		}
	})
}

// A firm has one licence: a second one names the holder.
func TestDuplicateHolder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "business_license")
		first := w.Issue(t, "business_license")
		r := certtest.Example(t, "business_license")
		r.Holders[0].ID = first.Number
		before, stored := w.Counts(t), documents(t, w)
		_, err := w.Cert.Issue(w.Client, r)
		wantFault(t, err, fault.Conflict, "cert.duplicate", "holders[0].id", "duplicate")
		_, err = w.Cert.Issue(repeating(w.Client, "k"), r)
		wantFault(t, err, fault.Conflict, "cert.duplicate", "holders[0].id", "duplicate")
		if after := w.Counts(t); after != before || documents(t, w) != stored {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
		must(t, w.CheckAll(t.Context()))
	})
}

// The same key and request give the same certificate; another request is refused.
func TestRepeated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "road_transport")
		ctx, r := repeating(w.Client, "key-1"), certtest.Example(t, "road_transport")
		first, err := w.Cert.Issue(ctx, r)
		must(t, err)
		before := w.Counts(t)
		again, err := w.Cert.Issue(ctx, r)
		must(t, err)
		if string(raw(t, first)) != string(raw(t, again)) {
			t.Errorf("first %+v\nagain %+v", first, again)
		}
		r.CaseNo = "YL1"
		_, err = w.Cert.Issue(ctx, r)
		wantFault(t, err, fault.Conflict, "idempotency.reused", "", "")
		if after := w.Counts(t); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
		other, err := w.Cert.Issue(repeating(w.Client, "key-2"), r)
		must(t, err)
		if other.ID == first.ID {
			t.Error("another key gave the same certificate")
		}
	})
}

func TestRepeatedConcurrently(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "road_transport")
		ctx, r := repeating(w.Client, "key"), certtest.Example(t, "road_transport")
		got := make([]*cert.Certificate, 8)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				c, err := w.Cert.Issue(ctx, r)
				if err != nil {
					t.Error(err)
				}
				got[i] = c
			})
		}
		wg.Wait()
		for _, c := range got {
			if c != nil && c.ID != got[0].ID {
				t.Errorf("%s and %s for one key", c.ID, got[0].ID)
			}
		}
		must(t, w.CheckAll(t.Context()))
		if n, err := w.Tally(t.Context()); err != nil || n[cert.Effective] != 1 {
			t.Errorf("%v, %v", n, err)
		}
	})
}

// Who goes away after the plan gets nothing, and the certificate is finished.
func TestClientGoesAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "road_transport")
		ctx, leave := context.WithCancel(w.Client)
		w.Cert.Step = func(name string) {
			if name == "plan" {
				leave()
			}
		}
		if _, err := w.Cert.Issue(ctx, certtest.Example(t, "road_transport")); err != nil {
			t.Error(err)
		}
		ctx, leave = context.WithCancel(w.Client)
		w.Cert.Step = func(name string) {
			if name == "prepare" {
				leave()
			}
		}
		if _, err := w.Cert.Issue(ctx, certtest.Example(t, "road_transport")); !errors.Is(err, context.Canceled) {
			t.Errorf("who goes away before the plan: %v", err)
		}
		if n, err := w.Tally(t.Context()); err != nil || n[cert.Effective] != 1 || len(n) != 1 {
			t.Errorf("%v, %v", n, err)
		}
		must(t, w.CheckAll(t.Context()))
	})
}

// A person of the unit issues under a policy for its staff.
func TestStaffIssues(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "road_transport")
	issuer := w.Hire(t, "issuer", "issuer", sealtest.Market)
	_, err := w.Cert.Issue(issuer, certtest.Example(t, "road_transport"))
	wantFault(t, err, fault.Forbidden, "seal.policy", "", "")
	_, err = w.Seal.Grant(w.Keeper, seal.Policy{
		Seal: w.Seals[seal.LegalName].ID, Purpose: "road_transport", Until: w.DB.Now().Add(time.Hour), Reason: "测试",
	})
	must(t, err)
	c, err := w.Cert.Issue(issuer, certtest.Example(t, "road_transport"))
	must(t, err)
	tr, err := w.Cert.Trace(issuer, c.ID)
	must(t, err)
	if len(tr.Steps) != 2 || !strings.Contains(tr.Steps[0].Actor, "issuer") {
		t.Errorf("steps %+v", tr.Steps)
	}
	face, err := w.Cert.Preview(issuer, certtest.Example(t, "road_transport"))
	if err != nil || !strings.Contains(string(face), "<svg") {
		t.Errorf("preview: %v", err)
	}
}
