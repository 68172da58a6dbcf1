package pki_test

import (
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
)

// Lists of outside authorities are fetched, believed only when signed, and never
// turned back; one that ran out still revokes what it revoked, and vouches for
// nothing.
func TestFetchLists(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w, c, stranger := pkitest.New(t, d), newCA(t, "样例签发机构"), newCA(t, "样例签发机构")
		service, client := serve(t)
		c.lists = "http://" + service.host + "/a.crl"
		w.PKI.Outside.Anchors, w.PKI.Outside.Client = []*gm.Certificate{c.root}, client
		w = reopened(t, w)
		good, bad := c.certify(t, newKey(t).Public(), nil), c.certify(t, newKey(t).Public(), nil)
		for _, x := range []*gm.Certificate{good, bad} {
			must(t, w.PKI.RegisterFor(w.System, pki.RequestFor{Use: pki.Unit, Org: pkitest.Root, Name: unitName}, x, c.issuing))
		}
		want := func(why string, x *gm.Certificate, r pki.Result) {
			t.Helper()
			if got := result(check(t, w, x), pki.CheckRevoked); got != r {
				t.Errorf("%s: %s, want %s", why, got, r)
			}
		}
		state := func(why string, stale, trouble bool) {
			t.Helper()
			all, err := w.PKI.OutsideLists(t.Context())
			must(t, err)
			if len(all) != 1 || all[0].Stale != stale || (all[0].Trouble != "") != trouble || all[0].Host() != service.host {
				t.Errorf("%s: %+v", why, all)
			}
		}
		fetch := func() { t.Helper(); must(t, w.PKI.FetchLists(t.Context())) }
		want("before", good, pki.Unknown)
		service.fail.Store(true)
		fetch()
		state("failed", true, true)
		fetch() // too soon
		if n := service.count.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
		service.fail.Store(false)
		service.say(stranger.list(t, 9, now, time.Hour))
		now = now.Add(11 * time.Minute)
		fetch()
		state("signed by another of the same name", true, true)
		service.say([]byte("no list"))
		now = now.Add(11 * time.Minute)
		fetch()
		state("no list", true, true)
		service.say(c.list(t, 2, now.Add(-time.Minute), 2*time.Hour, bad))
		now = now.Add(11 * time.Minute)
		fetch()
		state("good", false, false)
		want("listed", bad, pki.Fail)
		want("not listed", good, pki.Pass)
		n := service.count.Load()
		fetch()
		if service.count.Load() != n {
			t.Error("fetched again at once")
		}
		// An older list, from before the revocation, is not taken.
		service.say(c.list(t, 1, now.Add(-30*time.Minute), 3*time.Hour))
		now = now.Add(61 * time.Minute)
		fetch()
		state("older", false, true)
		want("turned back", bad, pki.Fail)
		// Nothing can be had for long.
		service.fail.Store(true)
		now = now.Add(2 * time.Hour)
		fetch()
		state("stale", true, true)
		want("listed, stale", bad, pki.Fail)
		want("not listed, stale", good, pki.Unknown)
		if err := pki.Refusal(check(t, w, good)); err != nil {
			t.Errorf("what is not known refuses: %v", err)
		}
	})
}

// A host that the configuration does not list is not asked.
func TestFetchUnlisted(t *testing.T) {
	t.Parallel()
	w, c := pkitest.New(t, dbtest.New(t, "sqlite")), newCA(t, "样例签发机构")
	_, client := serve(t)
	c.lists = "http://127.0.0.2:1/a.crl"
	w.PKI.Outside.Anchors, w.PKI.Outside.Client = []*gm.Certificate{c.root}, client
	w = reopened(t, w)
	must(t, w.PKI.RegisterFor(w.System, pki.RequestFor{Use: pki.Unit, Org: pkitest.Root}, c.certify(t, newKey(t).Public(), nil), c.issuing))
	must(t, w.PKI.FetchLists(t.Context()))
	all, err := w.PKI.OutsideLists(t.Context())
	must(t, err)
	if len(all) != 1 || all[0].Trouble == "" || !all[0].Stale {
		t.Errorf("%+v", all)
	}
}

// A responder that does not answer, or answers what cannot be believed, leaves
// the question open.
func TestResponderUnbelieved(t *testing.T) {
	t.Parallel()
	w, c := pkitest.New(t, dbtest.New(t, "sqlite")), newCA(t, "样例签发机构")
	service, client := serve(t)
	c.responders = "http://" + service.host + "/ocsp"
	w.PKI.Outside.Anchors, w.PKI.Outside.Client = []*gm.Certificate{c.root}, client
	w = reopened(t, w)
	leaf := c.certify(t, newKey(t).Public(), nil)
	for _, body := range [][]byte{nil, []byte("x"), {0x30, 0x03, 0x0a, 0x01, 0x06}} {
		service.say(body)
		if got := result(check(t, w, leaf, c.issuing), pki.CheckRevoked); got != pki.Unknown {
			t.Errorf("%x: %s", body, got)
		}
	}
	if service.count.Load() != 3 {
		t.Errorf("asked %d times", service.count.Load())
	}
}
