package pki_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
)

// From the request to the registration: the key stays here, and what was
// installed can be signed with and reused.
func TestRequestInstalled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, c := pkitest.New(t, d), newCA(t, "样例签发机构")
		w.PKI.Outside.Anchors = []*gm.Certificate{c.root}
		w = reopened(t, w)
		r := ask(t, w)
		if r.Request.Subject.CommonName != unitName || r.Request.Subject.SerialNumber != unitCode || r.State != pki.Waiting {
			t.Errorf("request of %v, state %s", r.Request.Subject, r.State)
		}
		o := newOpenssl(t)
		o.file("csr.pem", r.Request.PEM())
		if text := o.run("req", "-in", "csr.pem", "-verify", "-noout", "-vfyopt", distid); !strings.Contains(strings.ToLower(text), "verify") {
			t.Errorf("openssl says %s", text)
		}
		// A double certificate: the signing half, and one for a key that the authority made.
		encryption := c.certify(t, newKey(t).Public(), func(x *gm.CertificateTemplate) { x.KeyUsage = x509.KeyUsageKeyEncipherment })
		signing := c.certify(t, r.Request.PublicKey, nil)
		made, err := w.PKI.Install(w.System, r.ID, answer(encryption, signing, c.issuing, c.root))
		must(t, err)
		if !made.Certificate.Equal(signing) || made.Key != r.Key || made.Org != pkitest.Root || len(made.Notes) != 1 || !strings.Contains(made.Notes[0], "双证书") {
			t.Errorf("installed %+v", made)
		}
		signer, err := w.Keys.Signer(t.Context(), made.Key, keys.Seal)
		must(t, err)
		sig, err := signer.Sign([]byte("x"))
		must(t, err)
		public, err := made.Certificate.PublicKey()
		must(t, err)
		must(t, gm.Verify(public, []byte("x"), sig))
		held, err := w.PKI.HeldBy(t.Context(), pkitest.Root)
		must(t, err)
		if len(held) != 1 || held[0].ID != made.ID {
			t.Errorf("held: %+v", held)
		}
		// What came between is known from now on, also to others.
		trust, err := w.PKI.Trust(t.Context())
		must(t, err)
		if !signing.BuildChain(trust.Intermediates, trust.Anchors).Reached {
			t.Error("its chain is not known to verifiers")
		}
		// The same answer again is the same registration; another is refused.
		again, err := w.PKI.Install(w.System, r.ID, answer(signing, c.issuing))
		must(t, err)
		if again.ID != made.ID {
			t.Error("a repetition made another")
		}
		_, err = w.PKI.Install(w.System, r.ID, answer(c.certify(t, r.Request.PublicKey, nil), c.issuing))
		wantCode(t, err, fault.Conflict, "pki.request.state")
		got, err := w.PKI.Get(w.System, made.Serial)
		must(t, err)
		if got.ID != made.ID {
			t.Error("not found by its serial number")
		}
		if trail := actions(t, d, "pki/request/"+r.ID); trail != "pki.installpki.request.answerpki.request" {
			t.Errorf("audit: %q", trail)
		}
	})
}

// reopened is another process on the same database, with the same configuration.
func reopened(t testing.TB, w *pkitest.World) *pkitest.World {
	t.Helper()
	old := w.PKI
	x := *w
	x.PKI = &pki.Service{DB: w.DB, Keys: w.Keys, BaseURL: pkitest.BaseURL, Outside: old.Outside, Region: old.Region}
	return &x
}

func TestInstallRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, c, stranger := pkitest.New(t, d), newCA(t, "样例签发机构"), newCA(t, "陌生机构")
		w.PKI.Outside.Anchors = []*gm.Certificate{c.root}
		w = reopened(t, w)
		r := ask(t, w)
		public := r.Request.PublicKey
		revokedOne := c.certify(t, public, nil)
		made := func(change func(*gm.CertificateTemplate)) []byte {
			return answer(c.certify(t, public, change), c.issuing)
		}
		for name, tc := range map[string]struct {
			answer []byte
			kind   fault.Kind
			code   string
		}{
			"another name": {made(func(x *gm.CertificateTemplate) {
				x.Subject.CommonName, x.Subject.Organization = "别的单位", []string{"别的单位"}
			}), fault.Invalid, "pki.name"},
			"another code": {made(func(x *gm.CertificateTemplate) { x.Subject.SerialNumber = "91350100M000100Y43" }), fault.Invalid, "pki.code"},
			"no code":      {made(func(x *gm.CertificateTemplate) { x.Subject.SerialNumber = "" }), fault.Invalid, "pki.code"},
			"wrong usage":  {made(func(x *gm.CertificateTemplate) { x.KeyUsage = x509.KeyUsageKeyEncipherment }), fault.Invalid, "pki.usage"},
			"an authority": {made(func(x *gm.CertificateTemplate) {
				x.IsCA, x.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
			}), fault.Invalid, "pki.usage"},
			"expired": {made(func(x *gm.CertificateTemplate) {
				x.NotBefore, x.NotAfter = time.Now().AddDate(-2, 0, 0), time.Now().AddDate(-1, 0, 0)
			}), fault.Invalid, "pki.validity"},
			"not yet":          {made(func(x *gm.CertificateTemplate) { x.NotBefore = time.Now().AddDate(1, 0, 0) }), fault.Invalid, "pki.validity"},
			"other key":        {answer(c.certify(t, newKey(t).Public(), nil), c.issuing), fault.Invalid, "pki.key"},
			"encryption alone": {answer(c.certify(t, newKey(t).Public(), func(x *gm.CertificateTemplate) { x.KeyUsage = x509.KeyUsageKeyEncipherment })), fault.Invalid, "pki.usage"},
			"stranger":         {answer(stranger.certify(t, public, nil), stranger.issuing, stranger.root), fault.Invalid, "pki.untrusted"},
			"chain missing":    {answer(c.certify(t, public, nil)), fault.Invalid, "pki.untrusted"},
			"foreign curve":    {foreign(t), fault.Invalid, "pki.key"},
			"no certificate":   {[]byte("hello"), fault.Invalid, "pki.answer"},
			"empty":            {nil, fault.Invalid, "pki.answer"},
			"huge":             {[]byte(strings.Repeat("x", 200<<10)), fault.TooLarge, "pki.answer"},
		} {
			_, err := w.PKI.Install(w.System, r.ID, tc.answer)
			if e := fault.As(err); e == nil || e.Kind != tc.kind || e.Code != tc.code || e.Hint == "" {
				t.Errorf("%s: got %v, want %s", name, err, tc.code)
			}
		}
		// What is revoked by a list that we have is not installed, also while the list is stale.
		service, client := serve(t)
		w.PKI.Outside.Client = client
		c.lists = "http://" + service.host + "/a.crl"
		listedOne := c.certify(t, public, nil)
		service.say(c.list(t, 1, time.Now(), time.Hour, listedOne, revokedOne))
		must(t, w.PKI.RegisterFor(w.System, pki.RequestFor{Use: pki.Unit, Org: pkitest.Root}, c.certify(t, newKey(t).Public(), nil), c.issuing))
		must(t, w.PKI.FetchLists(t.Context()))
		_, err := w.PKI.Install(w.System, r.ID, answer(listedOne, c.issuing))
		wantCode(t, err, fault.Invalid, "pki.revoked")
		// Nobody else sees the request, or answers it.
		_, err = w.PKI.Install(w.Security, r.ID, made(nil))
		wantCode(t, err, fault.NotFound, "pki.request.unknown")
		_, err = w.PKI.Install(w.System, "nowhere", made(nil))
		wantCode(t, err, fault.NotFound, "pki.request.unknown")
		// Too late.
		now := time.Now().AddDate(0, 0, 181)
		d.Now = func() time.Time { return now }
		_, err = w.PKI.Install(w.System, r.ID, made(nil))
		if e := fault.As(err); e == nil || e.Code != "pki.request.expired" {
			t.Errorf("too late: %v", err)
		}
		if all, err := w.PKI.Requests(w.System, pkitest.Root); err != nil || len(all) != 1 || all[0].State != pki.Waiting {
			t.Errorf("after so many refusals: %+v, %v", all, err)
		}
	})
}

// foreign is a certificate on the curve P-256.
func foreign(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: unitName}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	must(t, err)
	return der
}

func TestRequestRefused(t *testing.T) {
	t.Parallel()
	w := pkitest.New(t, dbtest.New(t, "sqlite"))
	good := pki.RequestFor{Use: pki.Unit, Org: pkitest.Root, Name: unitName, Code: unitCode}
	for name, change := range map[string]func(*pki.RequestFor){
		"use":             func(r *pki.RequestFor) { r.Use = pki.Maker },
		"name":            func(r *pki.RequestFor) { r.Name = " " },
		"long name":       func(r *pki.RequestFor) { r.Name = strings.Repeat("长", 101) },
		"control":         func(r *pki.RequestFor) { r.Name = "甲\x00乙" },
		"code":            func(r *pki.RequestFor) { r.Code = "110101199003071233" },
		"person's unit":   func(r *pki.RequestFor) { r.Account = "a" },
		"nobody":          func(r *pki.RequestFor) { r.Use, r.Code = pki.Personal, "" },
		"person's number": func(r *pki.RequestFor) { r.Use, r.Account = pki.Personal, "a" },
		"purpose":         func(r *pki.RequestFor) { r.Purpose = keys.Authority },
	} {
		r := good
		change(&r)
		if _, err := w.PKI.Request(w.System, r); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.PKI.Request(w.Security, good); !errors.Is(err, fault.Forbidden) {
		t.Errorf("whoever may not: %v", err)
	}
	other := good
	other.Replaces = issueTo(t, w, "")
	other.Org = "elsewhere"
	if _, err := w.PKI.Request(w.System, other); err == nil {
		t.Error("it replaces what is another's")
	}
	if _, err := w.PKI.Requests(w.Security, pkitest.Root); !errors.Is(err, fault.Forbidden) {
		t.Errorf("a list for whoever may not: %v", err)
	}
}

func issueTo(t testing.TB, w *pkitest.World, account string) string {
	t.Helper()
	r := pki.IssueRequest{Use: pki.Unit, Org: pkitest.Root, Name: unitName, Code: unitCode, Public: newKey(t).Public()}
	if account != "" {
		r.Use, r.Account, r.Name, r.Code = pki.Personal, account, "样例·某人", ""
	}
	_, err := w.PKI.Issue(t.Context(), r)
	must(t, err)
	held, err := w.PKI.HeldBy(t.Context(), pkitest.Root)
	if account != "" {
		held, err = w.PKI.HeldByAccount(t.Context(), account)
	}
	must(t, err)
	return held[0].ID
}

// A newer request for the same takes the place of one that waits, whose key
// signs no more.
func TestRequestReplaced(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, c := pkitest.New(t, d), newCA(t, "样例签发机构")
		w.PKI.Outside.Anchors = []*gm.Certificate{c.root}
		w = reopened(t, w)
		first, second := ask(t, w), ask(t, w)
		_, err := w.PKI.Install(w.System, first.ID, answer(c.certify(t, first.Request.PublicKey, nil), c.issuing))
		wantCode(t, err, fault.Conflict, "pki.request.state")
		if _, err := w.Keys.Signer(t.Context(), first.Key, keys.Seal); !errors.Is(err, fault.Conflict) {
			t.Errorf("the key of a withdrawn request: %v", err)
		}
		must(t, w.PKI.Withdraw(w.System, second.ID, "不再申请"))
		wantCode(t, w.PKI.Withdraw(w.System, second.ID, "不再申请"), fault.Conflict, "pki.request.state")
		if err := w.PKI.Withdraw(w.System, second.ID, ""); !errors.Is(err, fault.Invalid) {
			t.Errorf("without a reason: %v", err)
		}
	})
}

// Renewal: the successor is held, the one before no more; what is due is told.
func TestRenewal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, c := pkitest.New(t, d), newCA(t, "样例签发机构")
		w.PKI.Outside.Anchors = []*gm.Certificate{c.root}
		w = reopened(t, w)
		r := ask(t, w)
		old, err := w.PKI.Install(w.System, r.ID, answer(c.certify(t, r.Request.PublicKey, func(x *gm.CertificateTemplate) { x.NotAfter = time.Now().AddDate(0, 0, 20) }), c.issuing))
		must(t, err)
		due, err := w.PKI.Expiring(t.Context(), pki.Renewal)
		must(t, err)
		if len(due) != 1 || due[0].ID != old.ID {
			t.Errorf("due: %+v", due)
		}
		next, err := w.PKI.Request(w.System, pki.RequestFor{Use: pki.Unit, Org: pkitest.Root, Name: unitName, Code: unitCode, Replaces: old.ID})
		must(t, err)
		made, err := w.PKI.Install(w.System, next.ID, answer(c.certify(t, next.Request.PublicKey, nil), c.issuing))
		must(t, err)
		held, err := w.PKI.HeldBy(t.Context(), pkitest.Root)
		must(t, err)
		if len(held) != 1 || held[0].ID != made.ID {
			t.Errorf("held: %+v", held)
		}
		if due, err := w.PKI.Expiring(t.Context(), pki.Renewal); err != nil || len(due) != 0 {
			t.Errorf("due after the renewal: %d, %v", len(due), err)
		}
		before, err := w.PKI.Get(w.System, old.ID)
		must(t, err)
		if before.ReplacedBy != made.ID || !before.RevokedAt.IsZero() {
			t.Errorf("the one before: %+v", before)
		}
	})
}

// A process that dies after any step leaves a request that goes on.
func TestRequestCrash(t *testing.T) {
	type died struct{}
	for _, point := range []string{"key", "signed", "stored", "checked", "installed"} {
		t.Run(point, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w, c := pkitest.New(t, d), newCA(t, "样例签发机构")
				w.PKI.Outside.Anchors = []*gm.Certificate{c.root}
				w = reopened(t, w)
				dying := reopened(t, w)
				dying.PKI.Step = func(s string) {
					if s == point {
						panic(died{})
					}
				}
				life := func(run func()) {
					defer func() {
						if p := recover(); p != nil && p != any(died{}) {
							panic(p)
						}
					}()
					run()
				}
				life(func() { ask(t, dying) })
				must(t, w.PKI.Resume(t.Context()))
				all, err := w.PKI.Requests(w.System, pkitest.Root)
				must(t, err)
				if len(all) != 1 || all[0].Request == nil {
					t.Fatalf("after the crash: %+v", all)
				}
				r := all[0]
				reply := answer(c.certify(t, r.Request.PublicKey, nil), c.issuing)
				life(func() { _, _ = dying.PKI.Install(w.System, r.ID, reply) })
				made, err := w.PKI.Install(w.System, r.ID, reply)
				must(t, err)
				held, err := w.PKI.HeldBy(t.Context(), pkitest.Root)
				must(t, err)
				if len(held) != 1 || held[0].ID != made.ID || made.Key != r.Key {
					t.Errorf("held: %+v", held)
				}
			})
		})
	}
}

// A person's digital certificates end with the person, and nobody else's.
func TestRevokeAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, c := pkitest.New(t, d), newCA(t, "样例签发机构")
		w.PKI.Outside.Anchors = []*gm.Certificate{c.root}
		w = reopened(t, w)
		issueTo(t, w, "a1")
		other := issueTo(t, w, "a2")
		leaf := c.certify(t, newKey(t).Public(), func(x *gm.CertificateTemplate) { x.Subject = pkix.Name{CommonName: "样例·某人"} })
		must(t, w.PKI.RegisterFor(w.System, pki.RequestFor{Use: pki.Personal, Org: pkitest.Root, Account: "a1", Name: "样例·某人"}, leaf, c.issuing))
		var n int
		must(t, d.Write(t.Context(), func(tx *db.Tx) (err error) {
			n, err = pki.RevokeAccountTx(tx, "a1", pki.Ceased, "离职")
			return err
		}))
		must(t, w.PKI.Publish(t.Context()))
		if held, err := w.PKI.HeldByAccount(t.Context(), "a1"); err != nil || len(held) != 0 || n != 2 {
			t.Errorf("%d ended, %d held, %v", n, len(held), err)
		}
		if held, err := w.PKI.HeldByAccount(t.Context(), "a2"); err != nil || len(held) != 1 || held[0].ID != other {
			t.Errorf("another's: %+v, %v", held, err)
		}
		found := w.PKI.Check(t.Context(), pki.CheckRequest{Certificate: leaf, Chain: []*gm.Certificate{c.issuing}, Use: pki.Personal})
		if result(found, pki.CheckRevoked) != pki.Fail {
			t.Errorf("given up, and still: %+v", found)
		}
		// An empty account is nobody's.
		if held, err := w.PKI.HeldByAccount(t.Context(), ""); err != nil || len(held) != 0 {
			t.Errorf("nobody holds %d, %v", len(held), err)
		}
	})
}

func TestEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := pkitest.New(t, d)
		id := issueTo(t, w, "")
		if err := w.PKI.End(w.Security, id, pki.Ceased, "x"); !errors.Is(err, fault.Forbidden) {
			t.Errorf("whoever may not: %v", err)
		}
		for _, code := range []int{-1, 6, 11} {
			if err := w.PKI.End(w.System, id, code, "x"); !errors.Is(err, fault.Invalid) {
				t.Errorf("reason %d: %v", code, err)
			}
		}
		must(t, w.PKI.End(w.System, id, pki.Ceased, "停用"))
		wantCode(t, w.PKI.End(w.System, id, pki.Ceased, "停用"), fault.Conflict, "pki.revoked")
		wantCode(t, w.PKI.End(w.System, "nowhere", pki.Ceased, "停用"), fault.NotFound, "pki.unknown")
	})
}
