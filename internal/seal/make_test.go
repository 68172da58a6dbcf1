package seal_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/ses"
)

// fields tells whether a refusal names a field with a code.
func wantField(t testing.TB, err error, field, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || !slices.ContainsFunc(e.Fields, func(f fault.Field) bool { return f.Name == field && f.Code == code }) {
		t.Errorf("got %v, want %s %s", err, field, code)
	}
}

// The same request again is the same seal; another under its id is refused.
func TestMakeAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		r := w.Request(t, sealtest.Market, seal.LegalName)
		r.ID = "yz-1"
		var ids sync.Map
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				x, err := w.Seal.Make(w.Keeper, r)
				if err != nil {
					t.Error(err)
					return
				}
				ids.Store(x.ID+x.Certificate, true)
			})
		}
		group.Wait()
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if n != 1 {
			t.Errorf("%d seals from one request", n)
		}
		if n := held(t, w.PKI, sealtest.Market); n != 1 {
			t.Errorf("%d digital certificates for one seal", n)
		}
		x, err := w.Seal.Make(w.Keeper, r)
		must(t, err)
		if x.State != seal.Made || x.ID != r.ID {
			t.Errorf("again: %+v", x)
		}
		r.Kind, r.Name = seal.Special, r.Name+"合同专用章"
		_, err = w.Seal.Make(w.Keeper, r)
		wantCode(t, err, fault.Conflict, "seal.repeated")
		r.ID = "Bad ID"
		_, err = w.Seal.Make(w.Keeper, r)
		wantCode(t, err, fault.Invalid, "seal.request")
	})
}

// The bytes of the imprint are those that the applicant gave, and the seal ends
// with its digital certificate.
func TestImprintKept(t *testing.T) {
	t.Parallel()
	w := sealtest.New(t, dbtest.New(t, "sqlite"))
	r := w.Request(t, sealtest.Market, seal.LegalName)
	x := w.MakeOf(t, r)
	w.Permit(t, x)
	token, err := intend(t, w, w.Client, x, document(t, "a"))
	must(t, err)
	stamped, err := w.Seal.Stamp(w.Client, token, document(t, "a"), place)
	must(t, err)
	s := report(t, w, stamped).Signatures[0].SES.Seal
	if x.Imprint != gmHex(gm.Sum(r.Imprint.PNG)) || x.Statement != gmHex(r.Statement) || !s.ValidTo.Equal(x.ValidTo) {
		t.Errorf("made %+v, in the document until %v", x, s.ValidTo)
	}
	if !bytes.Equal(s.Picture.Data, r.Imprint.PNG) {
		t.Error("the imprint is drawn again")
	}
	shown, err := w.Seal.Imprint(t.Context(), x.ID)
	must(t, err)
	if !bytes.Equal(shown.PNG, r.Imprint.PNG) || shown.Width != r.Imprint.Width || shown.Height != r.Imprint.Height {
		t.Error("another imprint is shown")
	}
	registered, err := w.PKI.Get(w.System, x.Certificate)
	must(t, err)
	if !registered.Certificate.NotAfter.Equal(x.ValidTo) || registered.Key == "" {
		t.Errorf("the digital certificate: %+v", registered)
	}
}

func gmHex(d gm.Digest) string { return seal.HexOf(d) }

// What a name may be depends on what the seal is for.
func TestNames(t *testing.T) {
	t.Parallel()
	w := sealtest.New(t, dbtest.New(t, "sqlite"))
	for kind, ok := range map[string]map[string]bool{
		seal.LegalName:  {"": true, "办公室": false},
		seal.Internal:   {"": false, "办公室": true},
		seal.Branch:     {"": false, "城关所": true},
		seal.Special:    {"": false, "合同专用章": true},
		seal.Enterprise: {"": true, "财务专用章": true},
	} {
		for words, fine := range ok {
			r := w.Request(t, sealtest.Market, kind)
			r.Name = r.OrgName + words
			_, err := w.Seal.Make(w.Keeper, r)
			if fine && err != nil {
				t.Errorf("%s %q: %v", kind, words, err)
			}
			if !fine {
				wantField(t, err, "name", "name.mismatch")
			}
			r.Name = "某" + r.OrgName + words
			_, err = w.Seal.Make(w.Keeper, r)
			wantField(t, err, "name", "name.mismatch")
			r.Name = r.OrgName + words + "\u202e"
			_, err = w.Seal.Make(w.Keeper, r)
			wantField(t, err, "name", "length")
		}
	}
}

// The maker signs a personal signature's picture as a seal, under the name and
// within the validity of the person's digital certificate.
func TestCraft(t *testing.T) {
	t.Parallel()
	w := sealtest.New(t, dbtest.New(t, "sqlite"))
	id, err := w.Keys.Generate(t.Context(), keys.Seal)
	must(t, err)
	c, err := w.PKI.Issue(t.Context(), pki.IssueRequest{Use: pki.Personal, Name: "张样例", Public: public(t, w, id)})
	must(t, err)
	png := sealtest.Imprint(t, "张样例").PNG
	whole := seal.CraftRequest{ID: "qm-1", Name: "张样例", Certificate: c, Picture: ses.Picture{Type: "PNG", Data: png, Width: 30, Height: 15}}
	made, err := w.Seal.Craft(w.Clerk, whole)
	must(t, err)
	if made.Name != "张样例" || !made.ValidTo.Equal(c.NotAfter) || !bytes.Equal(made.Picture.Data, png) || made.Maker == nil {
		t.Errorf("made %+v", made)
	}
	entries(t, w.DB, "signature/qm-1", "seal.craft")
	for name, change := range map[string]func(*seal.CraftRequest){
		"another name": func(r *seal.CraftRequest) { r.Name = "李样例" },
		"no name":      func(r *seal.CraftRequest) { r.Name = "" },
		"no id":        func(r *seal.CraftRequest) { r.ID = "" },
		"too long":     func(r *seal.CraftRequest) { r.To = c.NotAfter.AddDate(1, 0, 0) },
		"too early":    func(r *seal.CraftRequest) { r.From = c.NotBefore.AddDate(-1, 0, 0) },
		"no picture":   func(r *seal.CraftRequest) { r.Picture.Data = nil },
		"none":         func(r *seal.CraftRequest) { r.Certificate = nil },
	} {
		r := whole
		change(&r)
		if _, err := w.Seal.Craft(w.Clerk, r); fault.As(err) == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A person's seal is made for who is known by that name, and is masked to
// strangers.
func TestPersons(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		head := sealtest.Account(w.Clerk)
		for _, kind := range []string{seal.NameSeal, seal.Personal} {
			r := w.Request(t, sealtest.Market, kind)
			r.Name, r.Imprint = "张样例", sealtest.Imprint(t, "张样例")
			_, err := w.Seal.Make(w.Keeper, r)
			wantField(t, err, "person", "required")
			r.Person = head
			w.Know(head, "张样例", 1)
			_, err = w.Seal.Make(w.Keeper, r)
			wantField(t, err, "person", "level")
			w.Know(head, "李样例", 3)
			_, err = w.Seal.Make(w.Keeper, r)
			wantField(t, err, "name", "name.mismatch")
			w.Know(head, "张样例", 2)
			if kind == seal.Personal {
				r.Custodian = head
			}
			x := w.MakeOf(t, r)
			c, err := w.PKI.Get(w.System, x.Certificate)
			must(t, err)
			if c.Use != pki.Personal || c.Account != head || c.Certificate.Subject.CommonName != "张样例" {
				t.Errorf("the digital certificate: %+v", c)
			}
			p, err := w.Seal.PublicGet(t.Context(), x.ID)
			must(t, err)
			if p.Name != "张**" || (kind == seal.Personal) != (p.Unit == "") {
				t.Errorf("public: %+v", p)
			}
			if found, err := w.Seal.PublicFind(t.Context(), "张样例"); err != nil || len(found) != 0 {
				t.Errorf("found by a person's name: %v, %v", found, err)
			}
		}
		r := w.Request(t, sealtest.Market, seal.LegalName)
		r.Person = head
		_, err := w.Seal.Make(w.Keeper, r)
		wantField(t, err, "person", "kind")
		r.Person, r.Custodian = "", "nobody"
		_, err = w.Seal.Make(w.Keeper, r)
		wantField(t, err, "custodian", "unknown")
		refused := w.Request(t, sealtest.Market, seal.LegalName)
		refused.ID, refused.Name = "yz-refused", "别的名称"
		_, err = w.Seal.Make(w.Keeper, refused)
		wantField(t, err, "name", "name.mismatch")
		refusals(t, w, "seal/yz-refused", 1)
	})
}

// A digital certificate that is held is used again; none of another unit, of
// another name, revoked, or without its key.
func TestHeldCertificate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		issue := func(r pki.IssueRequest) string {
			id, err := w.Keys.Generate(t.Context(), keys.Seal)
			must(t, err)
			r.Use, r.Public = pki.Unit, public(t, w, id)
			if r.Key == "" {
				r.Key = id
			}
			if r.Key == "none" {
				r.Key = ""
			}
			c, err := w.PKI.Issue(t.Context(), r)
			must(t, err)
			return c.SerialNumber.Text(16)
		}
		o, err := w.IAM.Org(t.Context(), sealtest.Market)
		must(t, err)
		other, err := w.Keys.Generate(t.Context(), keys.Checkpoint)
		must(t, err)
		revoked := issue(pki.IssueRequest{Org: o.ID, Name: o.Name, Code: o.USCC})
		must(t, w.PKI.End(w.System, revoked, pki.Ceased, "测试"))
		for name, serial := range map[string]string{
			"another unit's":      issue(pki.IssueRequest{Org: sealtest.Land, Name: o.Name, Code: o.USCC}),
			"another name":        issue(pki.IssueRequest{Org: o.ID, Name: "青禾县自然资源局", Code: o.USCC}),
			"another code":        issue(pki.IssueRequest{Org: o.ID, Name: o.Name, Code: "911100001000000000"}),
			"key elsewhere":       issue(pki.IssueRequest{Org: o.ID, Name: o.Name, Code: o.USCC, Key: "none"}),
			"key of another sort": issue(pki.IssueRequest{Org: o.ID, Name: o.Name, Code: o.USCC, Key: other}),
			"revoked":             revoked,
			"unknown":             "abc123",
		} {
			r := w.Request(t, sealtest.Market, seal.LegalName)
			r.Certificate = serial
			if _, err := w.Seal.Make(w.Keeper, r); fault.As(err) == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		r := w.Request(t, sealtest.Market, seal.LegalName)
		r.Certificate = issue(pki.IssueRequest{Org: o.ID, Name: o.Name, Code: o.USCC})
		x := w.MakeOf(t, r)
		if x.Certificate != r.Certificate {
			t.Errorf("another digital certificate: %s", x.Certificate)
		}
		// Its change keeps certificate and key, which must outlive the old seal.
		r.Replaces = x.ID
		y := w.MakeOf(t, r)
		w.Permit(t, y)
		token, err := intend(t, w, w.Client, y, document(t, "a"))
		must(t, err)
		if _, err := w.Seal.Stamp(w.Client, token, document(t, "a"), place); err != nil {
			t.Errorf("after the change: %v", err)
		}
	})
}

func public(t testing.TB, w *sealtest.World, key string) *gm.PublicKey {
	t.Helper()
	p, err := w.Keys.Public(t.Context(), key)
	must(t, err)
	return p
}

// Whoever manages seals at the authority of a tier reaches the units of its
// government, and no others; another role there reaches nobody's.
func TestAuthority(t *testing.T) {
	t.Parallel()
	w := sealtest.New(t, dbtest.New(t, "sqlite"))
	_, err := w.IAM.CreateOrg(w.System, iam.OrgRequest{ID: "approval", Parent: pkitest.Root, Name: "青禾县行政审批局", Tier: "county", Type: "authority"})
	must(t, err)
	_, err = w.IAM.CreateOrg(w.System, iam.OrgRequest{ID: "below", Parent: sealtest.Land, Name: "下属管理单位", Tier: "county", Type: "authority"})
	must(t, err)
	admin := w.Hire(t, "approvaladmin", "sealadmin", "approval")
	keeper := w.Hire(t, "approvalkeeper", "custodian", "approval")
	low := w.Hire(t, "lowadmin", "sealadmin", "below")
	r := w.Request(t, sealtest.Market, seal.LegalName)
	for name, who := range map[string]context.Context{"below another unit": low, "custodian of the authority": keeper} {
		if _, err := w.Seal.Make(who, r); !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s makes: %v", name, err)
		}
	}
	x, err := w.Seal.Make(admin, r)
	must(t, err)
	_, err = w.Seal.File(low, x.ID, seal.FileRequest{Authority: "below"})
	wantCode(t, err, fault.Forbidden, "seal.authority")
	_, err = w.Seal.File(low, x.ID, seal.FileRequest{Authority: "approval"})
	if !errors.Is(err, fault.Forbidden) {
		t.Errorf("at an authority not theirs: %v", err)
	}
	x, err = w.Seal.File(admin, x.ID, seal.FileRequest{Authority: "approval"})
	must(t, err)
	for who, want := range map[context.Context]int{admin: 1, low: 0, keeper: 0} {
		if p, err := w.Seal.List(who, 10, ""); err != nil || len(p.Items) != want {
			t.Errorf("lists %d, want %d: %v", len(p.Items), want, err)
		}
	}
	if err := w.Seal.Freeze(keeper, x.ID, "x"); !errors.Is(err, fault.Forbidden) {
		t.Errorf("a custodian of the authority freezes: %v", err)
	}
	must(t, w.Seal.Freeze(admin, x.ID, "核查"))
}
