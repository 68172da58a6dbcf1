package pki_test

import (
	"errors"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
)

func proposal(c *gm.Certificate) pki.Issuer {
	return pki.Issuer{Name: "样例省电子认证服务有限公司", Basis: "省级政务外网电子认证服务机构", Certificate: c}
}

// Who is on the list is decided by two, and counts at once; with the list empty,
// whoever an anchor vouches for is accepted.
func TestIssuers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, one, two := pkitest.New(t, d), newCA(t, "甲机构"), newCA(t, "乙机构")
		w.PKI.Outside.Anchors = []*gm.Certificate{one.root, two.root}
		w.PKI.Outside.Intermediates = []*gm.Certificate{one.issuing, two.issuing}
		w.PKI.Region = "140902"
		w = reopened(t, w)
		first, second := one.certify(t, newKey(t).Public(), nil), two.certify(t, newKey(t).Public(), nil)
		own := issue(t, w, unitName)
		want := func(why string, c *gm.Certificate, r pki.Result) {
			t.Helper()
			if got := result(check(t, w, c), pki.CheckIssuer); got != r {
				t.Errorf("%s: %s, want %s", why, got, r)
			}
		}
		want("empty list", first, pki.Pass)
		p, err := w.PKI.ProposeIssuer(w.System, proposal(one.issuing), "省级文件")
		must(t, err)
		want("proposed alone counts for nothing", second, pki.Pass)
		if err := w.PKI.DecideIssuer(w.System, p.ID, true, "同意"); !errors.Is(err, fault.Forbidden) {
			t.Errorf("who proposed approves: %v", err)
		}
		must(t, w.PKI.DecideIssuer(w.Security, p.ID, true, "同意"))
		wantCode(t, w.PKI.DecideIssuer(w.Security, p.ID, false, "不同意"), fault.Conflict, "pki.issuer.state")
		want("on the list", first, pki.Pass)
		want("not on the list", second, pki.Fail)
		want("our own", own, pki.Pass)
		wantCode(t, w.PKI.Register(w.System, pki.Unit, pkitest.Root, second), fault.Invalid, "pki.issuer")
		must(t, w.PKI.Register(w.System, pki.Unit, pkitest.Root, first))

		// Of other regions and other times.
		elsewhere := proposal(two.issuing)
		elsewhere.Region = "150000"
		p2, err := w.PKI.ProposeIssuer(w.System, elsewhere, "x")
		must(t, err)
		must(t, w.PKI.DecideIssuer(w.Security, p2.ID, true, "同意"))
		want("serves another province", second, pki.Fail)
		later := proposal(two.issuing)
		later.Region, later.From, later.Until = "140900", time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
		p3, err := w.PKI.ProposeIssuer(w.System, later, "x")
		must(t, err)
		must(t, w.PKI.DecideIssuer(w.Security, p3.ID, true, "同意"))
		want("not yet", second, pki.Fail)
		at := time.Now().Add(90 * time.Minute)
		d.Now = func() time.Time { return at }
		want("in its time and region", second, pki.Pass)
		at = at.Add(time.Hour)
		want("after its time", second, pki.Fail)

		must(t, w.PKI.EndIssuer(w.System, p.ID, "资质到期"))
		want("taken off", first, pki.Fail)
		wantCode(t, w.PKI.EndIssuer(w.System, p.ID, "资质到期"), fault.Conflict, "pki.issuer.state")
		list, err := w.PKI.Issuers(w.Security)
		must(t, err)
		if len(list) != 3 {
			t.Errorf("%d entries", len(list))
		}
		if found, err := w.PKI.Integrity(t.Context()); err != nil || len(found) != 0 {
			t.Errorf("integrity: %+v, %v", found, err)
		}
		if trail := actions(t, d, "pki/issuer/"+p.ID); trail != "pki.issuer.endpki.issuer.endpki.issuer.allowpki.issuer.allowpki.issuer.propose" &&
			trail != "pki.issuer.endpki.issuer.endpki.issuer.refusepki.issuer.allowpki.issuer.propose" {
			t.Errorf("audit: %q", trail)
		}
	})
}

// By configuration: no table is needed, and none overrules it.
func TestIssuersByConfiguration(t *testing.T) {
	t.Parallel()
	w, one, two := pkitest.New(t, dbtest.New(t, "sqlite")), newCA(t, "甲机构"), newCA(t, "乙机构")
	w.PKI.Outside.Anchors = []*gm.Certificate{one.root, two.root}
	w.PKI.Outside.Intermediates = []*gm.Certificate{one.issuing, two.issuing}
	w.PKI.Outside.Issuers = []pki.Issuer{proposal(one.root)} // a root counts for all below it
	w = reopened(t, w)
	if got := result(check(t, w, one.certify(t, newKey(t).Public(), nil)), pki.CheckIssuer); got != pki.Pass {
		t.Error(got)
	}
	if got := result(check(t, w, two.certify(t, newKey(t).Public(), nil)), pki.CheckIssuer); got != pki.Fail {
		t.Error(got)
	}
	list, err := w.PKI.Issuers(w.System)
	must(t, err)
	if len(list) != 1 || list[0].State != pki.Allowed || list[0].ID != "" {
		t.Errorf("%+v", list)
	}
}

// An entry that was written into the database accepts nobody, and is told of.
func TestIssuerAltered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, one, two := pkitest.New(t, d), newCA(t, "甲机构"), newCA(t, "乙机构")
		w.PKI.Outside.Anchors = []*gm.Certificate{one.root, two.root}
		w.PKI.Outside.Intermediates = []*gm.Certificate{one.issuing, two.issuing}
		w = reopened(t, w)
		p, err := w.PKI.ProposeIssuer(w.System, proposal(one.issuing), "x")
		must(t, err)
		must(t, w.PKI.DecideIssuer(w.Security, p.ID, true, "同意"))
		q, err := w.PKI.ProposeIssuer(w.System, proposal(two.issuing), "x")
		must(t, err)
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`update pki_issuer set state = 'allowed', decided_by = 'x' where id = $1`, q.ID)
			return err
		}))
		if got := result(check(t, w, two.certify(t, newKey(t).Public(), nil)), pki.CheckIssuer); got != pki.Fail {
			t.Errorf("an entry that nobody approved: %s", got)
		}
		wantCode(t, w.PKI.DecideIssuer(w.Security, q.ID, true, "同意"), fault.Conflict, "pki.issuer.altered")
		found, err := w.PKI.Integrity(t.Context())
		must(t, err)
		if len(found) == 0 || found[0].ID != q.ID {
			t.Errorf("integrity: %+v", found)
		}
	})
}

func TestProposalRefused(t *testing.T) {
	t.Parallel()
	w, one, stranger := pkitest.New(t, dbtest.New(t, "sqlite")), newCA(t, "甲机构"), newCA(t, "陌生机构")
	w.PKI.Outside.Anchors = []*gm.Certificate{one.root}
	w = reopened(t, w)
	for name, change := range map[string]func(*pki.Issuer){
		"no name":        func(i *pki.Issuer) { i.Name = " " },
		"no basis":       func(i *pki.Issuer) { i.Basis = "" },
		"no certificate": func(i *pki.Issuer) { i.Certificate = nil },
		"region":         func(i *pki.Issuer) { i.Region = "14" },
		"reversed":       func(i *pki.Issuer) { i.From, i.Until = time.Now(), time.Now().Add(-time.Hour) },
		"a leaf":         func(i *pki.Issuer) { i.Certificate = one.certify(t, newKey(t).Public(), nil) },
		"untrusted":      func(i *pki.Issuer) { i.Certificate = stranger.issuing },
	} {
		i := proposal(one.issuing)
		change(&i)
		if _, err := w.PKI.ProposeIssuer(w.System, i, "x"); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.PKI.ProposeIssuer(w.Security, proposal(one.issuing), "x"); !errors.Is(err, fault.Forbidden) {
		t.Errorf("whoever may not: %v", err)
	}
	// The administrator of a part does not decide for the whole.
	_, err := w.IAM.CreateOrg(w.System, iam.OrgRequest{ID: "market", Parent: pkitest.Root, Name: unitName, Tier: "county"})
	must(t, err)
	local := w.Hire(t, "local", "system", "market")
	_, err = w.PKI.ProposeIssuer(local, proposal(one.issuing), "x")
	wantCode(t, err, fault.Forbidden, "pki.issuer.whole")
	_, err = w.PKI.Request(local, pki.RequestFor{Use: pki.Unit, Org: pkitest.Root, Name: unitName})
	if !errors.Is(err, fault.Forbidden) {
		t.Errorf("a request for the unit above: %v", err)
	}
}
