package seal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/ofd"
	"sidian/ofd/sign"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Kind != kind || e.Code != code {
		t.Errorf("got %v, want %s %s", err, kind, code)
		return
	}
	if e.Hint == "" && !slices.Contains([]string{"seal.use", "seal.policy-ended", "seal.unknown"}, code) {
		t.Errorf("%s does not say the way out", code)
	}
}

// document is a page that says text, ready for seals.
func document(t testing.TB, text string) *ofd.Document {
	t.Helper()
	b := ofd.New(ofd.DocInfo{DocID: strings.Repeat("0", 31) + "1", Title: text})
	b.AddPage(210, 140)
	d, err := b.Build()
	must(t, err)
	return d
}

var place = sign.Place{X: 100, Y: 50, W: 42, H: 42}

// intend records a use and returns its token.
func intend(t testing.TB, w *sealtest.World, ctx context.Context, x *seal.Seal, d *ofd.Document) (token *seal.Token, err error) {
	t.Helper()
	content, err := seal.Content(d)
	must(t, err)
	err = w.DB.Write(ctx, func(tx *db.Tx) error {
		found, err := seal.ForTx(tx, x.Org, x.Kind)
		if err != nil {
			return err
		}
		token, err = w.Seal.IntendTx(tx, found, "cert/1", "license", content)
		return err
	})
	return token, err
}

func TestMake(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		again, err := w.Seal.Get(w.Client, x.ID)
		must(t, err)
		if *again != *x {
			t.Errorf("made %+v\nread %+v", x, again)
		}
		if _, err := w.Seal.Get(w.Security, x.ID); !errors.Is(err, fault.Forbidden) {
			t.Errorf("whoever may not see it: %v", err)
		}
		entries(t, d, "seal/"+x.ID, "seal.make", "seal.file")
		_, err = w.Seal.Get(w.Client, "none")
		wantCode(t, err, fault.NotFound, "seal.unknown")
		must(t, w.Seal.Setup(t.Context(), "另一个名称")) // does nothing
	})
}

func entries(t testing.TB, d *db.DB, object string, want ...string) {
	t.Helper()
	must(t, d.Read(t.Context(), func(tx *db.Tx) error {
		all, _, err := audit.List(tx, audit.Query{Object: object})
		var got []string
		for _, e := range all {
			got = append(got, e.Action)
		}
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("audit of %s: %v, want %v", object, got, want)
		}
		return err
	}))
}

func TestMakeRefused(t *testing.T) {
	t.Parallel()
	w := sealtest.New(t, dbtest.New(t, "sqlite"))
	for name, c := range map[string]struct {
		change      func(*seal.MakeRequest)
		field, code string
	}{
		"another name":    {func(r *seal.MakeRequest) { r.Name = "青禾县自然资源局" }, "name", "name.mismatch"},
		"no name":         {func(r *seal.MakeRequest) { r.Name = "" }, "name", "name.mismatch"},
		"more words":      {func(r *seal.MakeRequest) { r.Name += "专用章" }, "name", "name.mismatch"},
		"another unit":    {func(r *seal.MakeRequest) { r.OrgName, r.Name = "某某局", "某某局" }, "org_name", "name.mismatch"},
		"another code":    {func(r *seal.MakeRequest) { r.OrgCode = "x" }, "org_code", "code.mismatch"},
		"kind":            {func(r *seal.MakeRequest) { r.Kind = "x" }, "kind", "unknown"},
		"size":            {func(r *seal.MakeRequest) { r.Imprint.Width = 0 }, "imprint", "size"},
		"no picture":      {func(r *seal.MakeRequest) { r.Imprint.PNG = nil }, "imprint", "picture"},
		"torn picture":    {func(r *seal.MakeRequest) { r.Imprint.PNG = r.Imprint.PNG[:len(r.Imprint.PNG)/2] }, "imprint", "picture"},
		"heavy picture":   {func(r *seal.MakeRequest) { r.Imprint.PNG = make([]byte, 70<<10) }, "imprint", "length"},
		"not a picture":   {func(r *seal.MakeRequest) { r.Imprint.PNG = []byte("GIF89a") }, "imprint", "picture"},
		"bomb of a pixel": {func(r *seal.MakeRequest) { r.Imprint.PNG = hugePNG(r.Imprint.PNG) }, "imprint", "pixels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.Request(t, sealtest.Market, seal.LegalName)
			c.change(&r)
			_, err := w.Seal.Make(w.Keeper, r)
			wantCode(t, err, fault.Invalid, "seal.request")
			if e := fault.As(err); e != nil && !slices.ContainsFunc(e.Fields, func(f fault.Field) bool { return f.Name == c.field && f.Code == c.code }) {
				t.Errorf("fields %v", e.Fields)
			}
		})
	}
	if _, err := w.Seal.Make(w.Client, w.Request(t, sealtest.Market, seal.LegalName)); !errors.Is(err, fault.Forbidden) {
		t.Errorf("whoever may not: %v", err)
	}
}

// hugePNG claims 60,000 pixels a side.
func hugePNG(p []byte) []byte {
	out := bytes.Clone(p)
	copy(out[16:], []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60})
	binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
	return out
}

// What may stamp, and who can help where it may not.
func TestForTx(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := sealtest.New(t, d)
		x := &seal.Seal{Org: sealtest.Market, Kind: seal.LegalName}
		_, err := intend(t, w, w.Client, x, document(t, "a"))
		wantCode(t, err, fault.Conflict, "seal.missing")

		x = w.Make(t, sealtest.Market, seal.LegalName)
		_, err = intend(t, w, w.Client, x, document(t, "a"))
		wantCode(t, err, fault.Forbidden, "seal.policy")
		p := w.Permit(t, x)
		_, err = intend(t, w, w.Client, x, document(t, "a"))
		must(t, err)
		_, err = intend(t, w, w.Keeper, x, document(t, "a"))
		wantCode(t, err, fault.Forbidden, "seal.policy") // granted to the program alone

		must(t, w.Seal.SetState(w.Keeper, x.ID, seal.Frozen, "核查"))
		_, err = intend(t, w, w.Client, x, document(t, "a"))
		wantCode(t, err, fault.Conflict, "seal.frozen")
		must(t, w.Seal.SetState(w.Keeper, x.ID, seal.Effective, "核查完毕"))

		was := now
		now = x.ValidFrom.Add(-time.Minute)
		_, err = intend(t, w, w.Client, x, document(t, "a"))
		wantCode(t, err, fault.Conflict, "seal.not-yet")
		now = was.AddDate(3, 0, 1)
		_, err = intend(t, w, w.Client, x, document(t, "a"))
		wantCode(t, err, fault.Forbidden, "seal.policy") // it is over
		now = x.ValidTo.Add(time.Second)
		_, err = intend(t, w, w.Client, x, document(t, "a"))
		wantCode(t, err, fault.Conflict, "seal.expired")
		if got, err := w.Seal.Get(w.Keeper, x.ID); err != nil || got.State != seal.Expired {
			t.Errorf("state %v, %v", got, err)
		}
		now = was

		must(t, w.Seal.EndGrant(w.Keeper, p.ID, "收回"))
		wantCode(t, w.Seal.EndGrant(w.Keeper, p.ID, "收回"), fault.Conflict, "seal.policy-ended")
		_, err = intend(t, w, w.Client, x, document(t, "a"))
		wantCode(t, err, fault.Forbidden, "seal.policy")
	})
}

// A cancelled seal is revoked and its key sleeps; what it stamped before stays valid.
func TestCancelled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		w.Permit(t, x)
		doc := document(t, "a")
		token, err := intend(t, w, w.Client, x, doc)
		must(t, err)
		left, err := intend(t, w, w.Client, x, doc)
		must(t, err)
		stamped, err := w.Seal.Stamp(w.Client, token, doc, place)
		must(t, err)
		now = now.Add(time.Hour)
		must(t, w.Seal.SetState(w.Keeper, x.ID, seal.Cancelled, "机构撤并"))
		entries(t, d, "seal/"+x.ID, "seal.make", "seal.file", "seal.grant", "seal.cancelled")
		entries(t, d, "pki/certificate/"+x.Certificate, "pki.issue", "pki.revoke")
		if _, err := w.Seal.Stamp(w.Client, left, doc, place); !errors.Is(err, fault.Conflict) {
			t.Errorf("a right from before: %v", err)
		}
		wantCode(t, w.DB.Write(w.Client, func(tx *db.Tx) error {
			content, err := seal.Content(doc)
			must(t, err)
			_, err = seal.AgainTx(tx, left.Use(), content)
			return err
		}), fault.Conflict, "seal.cancelled")
		r := report(t, w, stamped)
		if r.Verdict != sign.Valid {
			t.Errorf("a document from before is %s: %+v", r.Verdict, r.Signatures)
		}
		_, err = intend(t, w, w.Client, x, doc)
		wantCode(t, err, fault.Conflict, "seal.missing")
		next := w.Make(t, sealtest.Market, seal.LegalName)
		w.Permit(t, next)
		if _, err := intend(t, w, w.Client, next, doc); err != nil {
			t.Errorf("with the next seal: %v", err)
		}
	})
}

func report(t testing.TB, w *sealtest.World, d *ofd.Document) *sign.Report {
	t.Helper()
	data, err := d.Bytes()
	must(t, err)
	trust, err := w.PKI.Trust(t.Context())
	must(t, err)
	return sign.Verify(data, sign.Options{Anchors: trust.Anchors, Intermediates: trust.Intermediates, CRLs: trust.Lists, Now: w.DB.Now()})
}

// The right to stamp: once, over what was recorded, and after it was recorded.
func TestToken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		w.Permit(t, x)
		doc := document(t, "a")
		token, err := intend(t, w, w.Client, x, doc)
		must(t, err)
		_, err = w.Seal.Stamp(w.Client, token, document(t, "b"), place)
		wantCode(t, err, fault.Conflict, "seal.content")
		stamped, err := w.Seal.Stamp(w.Client, token, doc, place)
		must(t, err)
		if r := report(t, w, stamped); r.Verdict != sign.Valid || r.Signatures[0].TimeSource != sign.TimeStamped {
			t.Errorf("stamped: %s", r.Verdict)
		}
		_, err = w.Seal.Stamp(w.Client, token, doc, place)
		wantCode(t, err, fault.Conflict, "seal.spent")

		content, err := seal.Content(doc)
		must(t, err)
		undone := errors.New("undone")
		var never *seal.Token
		err = w.DB.Write(w.Client, func(tx *db.Tx) error {
			if never, err = w.Seal.IntendTx(tx, x, "cert/2", "license", content); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		_, err = w.Seal.Stamp(w.Client, never, doc, place)
		wantCode(t, err, fault.Conflict, "seal.spent")
		if uses, err := w.Seal.UsesOf(t.Context(), "cert/2"); err != nil || len(uses) != 0 {
			t.Errorf("%d uses, %v", len(uses), err)
		}
	})
}

// A use is closed once; it is repeated over the same content alone, and counted.
func TestUse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		w.Permit(t, x)
		doc := document(t, "a")
		content, err := seal.Content(doc)
		must(t, err)
		token, err := intend(t, w, w.Client, x, doc)
		must(t, err)
		again := func(content gm.Digest) error {
			return w.DB.Write(t.Context(), func(tx *db.Tx) error { _, err := seal.AgainTx(tx, token.Use(), content); return err })
		}
		wantCode(t, again(gm.Sum(nil)), fault.Conflict, "seal.use")
		must(t, again(content))
		must(t, w.Seal.SetState(w.Keeper, x.ID, seal.Frozen, "核查"))
		wantCode(t, again(content), fault.Conflict, "seal.frozen")
		must(t, w.Seal.SetState(w.Keeper, x.ID, seal.Effective, "核查完毕"))
		document := gm.Sum([]byte("document"))
		must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error { return seal.DoneTx(tx, token.Use(), document) }))
		wantCode(t, w.DB.Write(t.Context(), func(tx *db.Tx) error { return seal.WithdrawTx(tx, token.Use()) }), fault.Conflict, "seal.use")
		wantCode(t, again(content), fault.Conflict, "seal.use")
		uses, err := w.Seal.UsesOf(t.Context(), "cert/1")
		must(t, err)
		u := uses[0]
		if len(uses) != 1 || u.State != seal.Done || u.Document != document || u.Attempts != 2 || u.App != w.App.ID || u.ClosedAt.IsZero() || u.Plan != content {
			t.Errorf("use %+v", u)
		}
		other, err := intend(t, w, w.Client, x, doc)
		must(t, err)
		must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error { return seal.WithdrawTx(tx, other.Use()) }))
		wantCode(t, again(gm.Sum(nil)), fault.Conflict, "seal.use")
	})
}

func TestGrantRefused(t *testing.T) {
	t.Parallel()
	w := sealtest.New(t, dbtest.New(t, "sqlite"))
	x := w.Make(t, sealtest.Market, seal.LegalName)
	whole := seal.Policy{Seal: x.ID, Purpose: seal.Any, Until: w.DB.Now().AddDate(20, 0, 0), Reason: "测试"}
	p, err := w.Seal.Grant(w.Keeper, whole)
	must(t, err)
	if p.Until.After(x.ValidTo) {
		t.Error("a policy outlives its seal")
	}
	without := whole
	without.Reason = ""
	_, err = w.Seal.Grant(w.Keeper, without)
	wantCode(t, err, fault.Invalid, "seal.policy-request")
	if _, err := w.Seal.Grant(w.Client, whole); !errors.Is(err, fault.Forbidden) {
		t.Errorf("whoever may not: %v", err)
	}
	// To approve uses of a unit's seals is not to keep this one; and no program
	// allows itself, or another, to stamp.
	_, err = w.Seal.Grant(w.Hire(t, "second", "custodian", sealtest.Market), whole)
	wantCode(t, err, fault.Forbidden, "seal.custodian")
	c, err := w.IAM.CreateClient(w.Security, iam.ClientRequest{Name: "样例用印系统", Org: sealtest.Market, Scopes: []string{"seal.use"}})
	must(t, err)
	program, err := w.IAM.AsClient(t.Context(), c.ID)
	must(t, err)
	_, err = w.Seal.Grant(program, whole)
	wantCode(t, err, fault.Forbidden, "seal.custodian")
	wantCode(t, w.Seal.EndGrant(program, p.ID, "x"), fault.Forbidden, "seal.person")
	must(t, w.Seal.SetState(w.Keeper, x.ID, seal.Frozen, "核查"))
	_, err = w.Seal.Grant(w.Keeper, whole)
	wantCode(t, err, fault.Conflict, "seal.frozen")
	wantCode(t, w.Seal.EndGrant(w.Keeper, p.ID, ""), fault.Invalid, "seal.reason")
	if err := w.Seal.EndGrant(w.Client, p.ID, "x"); !errors.Is(err, fault.Forbidden) {
		t.Errorf("whoever may not end it: %v", err)
	}
	if err := w.Seal.EndGrant(w.Keeper, "none", "x"); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown policy: %v", err)
	}
}

func TestList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		var want []string
		for _, unit := range []string{sealtest.Market, sealtest.Land, sealtest.Market} {
			want = append(want, w.Make(t, unit, seal.LegalName).ID)
		}
		var got []string
		for cursor := ""; ; {
			p, err := w.Seal.List(w.Client, 1, cursor)
			must(t, err)
			for _, x := range p.Items {
				got = append(got, x.ID)
			}
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if slices.Sort(want); len(got) != 3 || !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("pages %v, want %v", got, want)
		}
		land := w.Hire(t, "land", "custodian", sealtest.Land)
		if p, err := w.Seal.List(land, 10, ""); err != nil || len(p.Items) != 1 || p.Items[0].Org != sealtest.Land || p.Next != "" {
			t.Errorf("another unit's custodian: %+v, %v", p, err)
		}
		if p, err := w.Seal.List(t.Context(), 10, ""); err != nil || len(p.Items) != 0 {
			t.Errorf("a stranger: %+v, %v", p, err)
		}
		for _, c := range []string{"x", "!", "MSAx", "AAAA", "LTkgYQ==", strings.Repeat("A", 300)} {
			if _, err := w.Seal.List(w.Client, 10, c); !errors.Is(err, fault.Invalid) {
				t.Errorf("cursor %q: %v", c, err)
			}
		}
	})
}

// refusals counts what the audit says was refused about an object.
func refusals(t testing.TB, w *sealtest.World, object string, want int) {
	t.Helper()
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		all, _, err := audit.List(tx, audit.Query{Object: object, Limit: 100})
		n := 0
		for _, e := range all {
			if e.Result == audit.Refused {
				n++
			}
		}
		if n != want {
			t.Errorf("%d refusals of %s, want %d", n, object, want)
		}
		return err
	}))
}
