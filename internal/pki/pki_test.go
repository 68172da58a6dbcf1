package pki_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"sync"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t testing.TB) *gm.PrivateKey {
	t.Helper()
	k, err := gm.GenerateKey()
	must(t, err)
	return k
}

func issue(t testing.TB, w *pkitest.World, name string) *gm.Certificate {
	t.Helper()
	c, err := w.PKI.Issue(t.Context(), pki.IssueRequest{Use: pki.Unit, Org: pkitest.Root, Name: name, Code: "11999999000000001X", Public: newKey(t).Public()})
	must(t, err)
	return c
}

func wantCode(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if e := fault.As(err); e == nil || e.Kind != kind || e.Code != code {
		t.Errorf("got %v, want %s %s", err, kind, code)
	} else if e.Hint == "" && code != "pki.registered" && code != "pki.unknown" {
		t.Errorf("%s does not say the way out", code)
	}
}

func TestSetupTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := pkitest.New(t, d)
		before, err := w.PKI.Roots(t.Context())
		must(t, err)
		must(t, w.PKI.Setup(t.Context(), pki.SetupRequest{Name: "另一个名称"}))
		other := &pki.Service{DB: d, Keys: w.Keys, BaseURL: pkitest.BaseURL} // another process
		must(t, other.Setup(t.Context(), pki.SetupRequest{Name: "另一个名称"}))
		after, err := other.Roots(t.Context())
		must(t, err)
		if !bytes.Equal(before, after) {
			t.Error("a second setup changed the authorities")
		}
		all, err := gm.ParseCertificates(after)
		must(t, err)
		if len(all) != 3 || all[0].SubjectName() != "青禾县样例根签发机构" {
			t.Errorf("%d authorities, first %s", len(all), all[0].SubjectName())
		}
	})
}

// outside is an authority of somebody else: a root, and what it signed.
type outside struct {
	key  *gm.PrivateKey
	root *gm.Certificate
}

func newOutside(t testing.TB) outside {
	t.Helper()
	o := outside{key: newKey(t)}
	var err error
	o.root, err = gm.CreateCertificate(&gm.CertificateTemplate{
		Subject: pkix.Name{CommonName: "外部根"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true, MaxPathLen: 1,
	}, o.key.Public(), nil, o.key)
	must(t, err)
	return o
}

func (o outside) given(t testing.TB, change func(*gm.CertificateTemplate)) *pki.Given {
	t.Helper()
	key := newKey(t)
	tmpl := &gm.CertificateTemplate{
		Subject: pkix.Name{CommonName: "外部签发机构"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true,
	}
	if change != nil {
		change(tmpl)
	}
	c, err := gm.CreateCertificate(tmpl, key.Public(), o.root, o.key)
	must(t, err)
	return &pki.Given{Certificate: c, Key: key}
}

func stamping(t *gm.CertificateTemplate) {
	t.IsCA, t.KeyUsage, t.ExtKeyUsage = false, x509.KeyUsageDigitalSignature, []asn1.ObjectIdentifier{gm.OIDTimeStamping}
}

// An outside authority's documents verify below its own root, with lists and
// time stamps of this instance.
func TestOutsideAuthority(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, w := newOutside(t), pkitest.Bare(t, d, t.TempDir())
		w.PKI.Outside.Anchors = []*gm.Certificate{o.root}
		must(t, w.PKI.Setup(t.Context(), pki.SetupRequest{Name: "青禾县样例", Issuing: o.given(t, nil), Timestamp: o.given(t, stamping)}))
		c := issue(t, w, "青禾县市场监督管理局")
		trust, err := w.PKI.Trust(t.Context())
		must(t, err)
		if !c.BuildChain(trust.Intermediates, trust.Anchors).Reached {
			t.Error("what the outside authority's key signed does not reach its root")
		}
		if len(trust.Lists) != 1 {
			t.Errorf("%d lists", len(trust.Lists))
		}
		roots, err := w.PKI.Roots(t.Context())
		must(t, err)
		if all, err := gm.ParseCertificates(roots); err != nil || len(all) != 3 || !all[0].Equal(o.root) {
			t.Errorf("a stranger gets %d certificates: %v", len(all), err)
		}
		if _, err := w.PKI.List(t.Context(), pki.Root); !errors.Is(err, fault.NotFound) {
			t.Errorf("the list of a root that is not ours: %v", err)
		}
		stampNow(t, w)
	})
}

// Without a time stamp authority of its own, one is made below what was given.
func TestOutsideIssuingAlone(t *testing.T) {
	t.Parallel()
	o, w := newOutside(t), pkitest.Bare(t, dbtest.New(t, "sqlite"), t.TempDir())
	w.PKI.Outside.Anchors = []*gm.Certificate{o.root}
	must(t, w.PKI.Setup(t.Context(), pki.SetupRequest{Name: "青禾县样例", Issuing: o.given(t, nil)}))
	stampNow(t, w)
}

func stampNow(t testing.TB, w *pkitest.World) {
	t.Helper()
	token, err := w.PKI.TimeStamp(t.Context(), []byte("x"))
	must(t, err)
	stamp, err := gm.ParseTimestamp(token)
	must(t, err)
	if _, _, err := stamp.Verify(gm.Candidate{Name: "x", Message: []byte("x")}); err != nil {
		t.Error(err)
	}
	trust, err := w.PKI.Trust(t.Context())
	must(t, err)
	if !stamp.Certificate.BuildChain(trust.Intermediates, trust.Anchors).Reached {
		t.Error("the time stamp does not reach an anchor")
	}
	if got := stamp.Time.Sub(w.DB.Now()); got > time.Second || got < -2*time.Second {
		t.Errorf("the stamp is %v off", got)
	}
}

func TestGivenRefused(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	stranger := newOutside(t)
	for name, c := range map[string]struct {
		r    pki.SetupRequest
		code string
	}{
		"key":       {pki.SetupRequest{Issuing: &pki.Given{Certificate: o.given(t, nil).Certificate, Key: newKey(t)}}, "pki.key"},
		"untrusted": {pki.SetupRequest{Issuing: stranger.given(t, nil)}, "pki.untrusted"},
		"expired": {pki.SetupRequest{Issuing: o.given(t, func(x *gm.CertificateTemplate) {
			x.NotBefore, x.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(-time.Second)
		})}, "pki.validity"},
		"no authority":  {pki.SetupRequest{Issuing: o.given(t, stamping)}, "pki.usage"},
		"no time stamp": {pki.SetupRequest{Timestamp: o.given(t, nil)}, "pki.usage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := pkitest.Bare(t, dbtest.New(t, "sqlite"), t.TempDir())
			w.PKI.Outside.Anchors = []*gm.Certificate{o.root}
			c.r.Name = "青禾县样例"
			wantCode(t, w.PKI.Setup(t.Context(), c.r), fault.Invalid, c.code)
			if all, err := w.PKI.Authorities(t.Context()); err != nil || len(all) != 0 {
				t.Errorf("%d authorities stand: %v", len(all), err)
			}
			_, err := w.PKI.Issue(t.Context(), pki.IssueRequest{Use: pki.Unit, Name: "x", Public: newKey(t).Public()})
			wantCode(t, err, fault.Unavailable, "pki.absent")
			_, err = w.PKI.Respond(t.Context(), nil)
			wantCode(t, err, fault.Unavailable, "pki.absent")
		})
	}
}

func TestRegister(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, w := newOutside(t), pkitest.New(t, d)
		stranger := newOutside(t)
		w.PKI.Outside.Anchors = []*gm.Certificate{o.root}
		fresh := &pki.Service{DB: d, Keys: w.Keys, BaseURL: pkitest.BaseURL, Outside: w.PKI.Outside}
		leaf := func(by outside) *gm.Certificate {
			return by.given(t, func(x *gm.CertificateTemplate) { x.IsCA, x.KeyUsage = false, x509.KeyUsageDigitalSignature }).Certificate
		}
		good := leaf(o)
		must(t, fresh.Register(w.System, pki.Unit, pkitest.Root, good))
		wantCode(t, fresh.Register(w.System, pki.Unit, pkitest.Root, good), fault.Conflict, "pki.registered")
		wantCode(t, fresh.Register(w.System, pki.Unit, pkitest.Root, leaf(stranger)), fault.Invalid, "pki.untrusted")
		wantCode(t, fresh.Register(w.System, "x", pkitest.Root, leaf(o)), fault.Invalid, "pki.request")
		if err := fresh.Register(w.Security, pki.Unit, pkitest.Root, leaf(o)); !errors.Is(err, fault.Forbidden) {
			t.Errorf("whoever may not: %v", err)
		}
		// Only its own authority revokes it.
		wantCode(t, fresh.Revoke(w.System, good, pki.Ceased, "x"), fault.Conflict, "pki.revoked")
		if got := actions(t, d, "pki/certificate/"+good.SerialNumber.Text(16)); got != "pki.register" {
			t.Errorf("audit: %q", got)
		}
	})
}

func actions(t testing.TB, d *db.DB, object string) (names string) {
	t.Helper()
	must(t, d.Read(t.Context(), func(tx *db.Tx) error {
		all, _, err := audit.List(tx, audit.Query{Object: object})
		for _, e := range all {
			names += e.Action
		}
		return err
	}))
	return names
}

// The list and the trust of this process say at once what was revoked.
func TestRevoke(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := pkitest.New(t, d)
		c := issue(t, w, "青禾县市场监督管理局")
		if revoked(t, w, c) {
			t.Fatal("revoked from the start")
		}
		if err := w.PKI.Revoke(w.Security, c, pki.Ceased, "x"); !errors.Is(err, fault.Forbidden) {
			t.Errorf("whoever may not: %v", err)
		}
		must(t, w.PKI.Revoke(w.System, c, pki.Superseded, "换证"))
		if !revoked(t, w, c) {
			t.Error("the trust does not say so")
		}
		wantCode(t, w.PKI.Revoke(w.System, c, pki.Superseded, "换证"), fault.Conflict, "pki.revoked")
		wantCode(t, w.PKI.Revoke(w.System, newOutside(t).root, pki.Superseded, "换证"), fault.NotFound, "pki.unknown")
		if got := actions(t, d, "pki/certificate/"+c.SerialNumber.Text(16)); got != "pki.revokepki.issue" {
			t.Errorf("audit: %q", got)
		}
	})
}

func revoked(t testing.TB, w *pkitest.World, c *gm.Certificate) bool {
	t.Helper()
	trust, err := w.PKI.Trust(t.Context())
	must(t, err)
	for _, l := range trust.Lists {
		if _, _, yes := l.Status(c.SerialNumber); yes {
			return true
		}
	}
	return false
}

// A revocation whose publication was cut off by a crash is in the next list
// that anyone asks for.
func TestListAfterCrash(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := pkitest.New(t, d)
		c := issue(t, w, "青禾县市场监督管理局")
		list(t, w)
		must(t, d.Write(t.Context(), func(tx *db.Tx) error { return pki.RevokeTx(tx, c, pki.Ceased, "注销") }))
		if _, _, yes := list(t, w).Status(c.SerialNumber); !yes {
			t.Error("the list lacks what was revoked")
		}
	})
}

func list(t testing.TB, w *pkitest.World) *gm.RevocationList {
	t.Helper()
	der, err := w.PKI.List(context.Background(), pki.Issuing)
	must(t, err)
	l, err := gm.ParseCRL(der)
	must(t, err)
	return l
}

// A list serves for the first half of its life; then another is made.
func TestListRenewed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := pkitest.New(t, d)
		first := list(t, w)
		now = now.Add(11 * time.Hour)
		if !bytes.Equal(list(t, w).Raw, first.Raw) {
			t.Error("a list was made before its time")
		}
		now = now.Add(2 * time.Hour)
		second := list(t, w)
		if second.Number.Cmp(first.Number) <= 0 || !second.NextUpdate.After(now.Add(23*time.Hour)) {
			t.Errorf("number %v after %v, next update %v", second.Number, first.Number, second.NextUpdate)
		}
		if _, err := w.PKI.Trust(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Of revocations at once each is in the list afterwards, and numbers rise.
func TestRevokeConcurrently(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := pkitest.New(t, d)
		var all []*gm.Certificate
		for range 6 {
			all = append(all, issue(t, w, "青禾县市场监督管理局"))
		}
		var wg sync.WaitGroup
		for _, c := range all {
			wg.Go(func() {
				if err := w.PKI.Revoke(w.System, c, pki.Ceased, "注销"); err != nil {
					t.Error(err)
				}
				if !revoked(t, w, c) {
					t.Error("not revoked when Revoke returned")
				}
			})
		}
		wg.Wait()
		l := list(t, w)
		for _, c := range all {
			if _, _, yes := l.Status(c.SerialNumber); !yes {
				t.Error("one is missing from the list")
			}
		}
	})
}

func TestIssueEnds(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	now := time.Now()
	d.Now = func() time.Time { return now }
	w := pkitest.New(t, d)
	now = now.AddDate(13, 0, 0)
	all, err := w.PKI.Authorities(t.Context())
	must(t, err)
	if c := issue(t, w, "单位"); c.NotAfter.After(all[0].Certificate.NotAfter) {
		t.Error("a digital certificate outlives its issuer")
	}
	now = now.AddDate(3, 0, 0)
	_, err = w.PKI.Issue(t.Context(), pki.IssueRequest{Use: pki.Unit, Name: "x", Public: newKey(t).Public()})
	wantCode(t, err, fault.Unavailable, "pki.expired")
	for name, r := range map[string]pki.IssueRequest{
		"key": {Use: pki.Unit, Name: "x"}, "name": {Use: pki.Unit, Public: newKey(t).Public()}, "use": {Use: "x", Name: "x", Public: newKey(t).Public()},
	} {
		if _, err := w.PKI.Issue(t.Context(), r); !errors.Is(err, fault.Invalid) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
