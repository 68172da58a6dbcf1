package seal_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/ofd/sign"
)

func approve(w *sealtest.World, who context.Context, a seal.Approval) (id string, err error) {
	err = w.Seal.Refused(who, "seal.approve", "seal/"+a.Seal, w.DB.Write(who, func(tx *db.Tx) (err error) { id, err = w.Seal.ApproveTx(tx, a); return err }))
	return id, err
}

func intendApproved(w *sealtest.World, who context.Context, approval, object string, content gm.Digest) (token *seal.Token, err error) {
	err = w.DB.Write(who, func(tx *db.Tx) (err error) {
		token, err = w.Seal.IntendApprovedTx(tx, approval, object, content)
		return err
	})
	return token, w.Seal.Refused(who, "seal.stamp", object, err)
}

// An approval is given by the custodian, for somebody else's request, with a
// second factor.
func TestApproveRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		y := w.Make(t, sealtest.Land, seal.LegalName)
		other := w.Hire(t, "other", "custodian", sealtest.Market)
		program, err := w.IAM.CreateClient(w.Security, iam.ClientRequest{Name: "程序", Org: "county", Scopes: []string{"seal.use"}})
		must(t, err)
		client, err := w.IAM.AsClient(t.Context(), program.ID)
		must(t, err)
		whole := seal.Approval{Seal: x.ID, Object: "sealing/1", Content: gm.Sum([]byte("a")), Operator: sealtest.Account(w.Clerk), Factor: "totp"}
		n := 0
		for name, c := range map[string]struct {
			who    context.Context
			change func(*seal.Approval)
			kind   fault.Kind
			code   string
		}{
			"not the custodian":  {other, func(*seal.Approval) {}, fault.Forbidden, "seal.custodian"},
			"the asker":          {w.Clerk, func(*seal.Approval) {}, fault.Forbidden, "seal.custodian"},
			"one's own request":  {w.Keeper, func(a *seal.Approval) { a.Operator = sealtest.Account(w.Keeper) }, fault.Forbidden, "seal.own-request"},
			"in another's name":  {w.Keeper, func(a *seal.Approval) { a.Approver = sealtest.Account(other) }, fault.Forbidden, "seal.approver"},
			"without a factor":   {w.Keeper, func(a *seal.Approval) { a.Factor = "" }, fault.Forbidden, "confirm.needed"},
			"a program":          {client, func(*seal.Approval) {}, fault.Forbidden, "seal.program"},
			"nobody asked":       {w.Keeper, func(a *seal.Approval) { a.Operator = "" }, fault.Invalid, "seal.approval-request"},
			"no content":         {w.Keeper, func(a *seal.Approval) { a.Content = gm.Digest{} }, fault.Invalid, "seal.approval-request"},
			"an unknown seal":    {w.Keeper, func(a *seal.Approval) { a.Seal = "none" }, fault.NotFound, "seal.unknown"},
			"a seal not offered": {other, func(a *seal.Approval) { a.Seal = y.ID }, fault.Forbidden, "seal.custodian"},
		} {
			a := whole
			c.change(&a)
			_, err := approve(w, c.who, a)
			if e := fault.As(err); e == nil || e.Kind != c.kind || e.Code != c.code {
				t.Errorf("%s: %v", name, err)
			}
			if c.kind == fault.Forbidden && a.Seal == x.ID {
				n++
			}
		}
		refusals(t, w, "seal/"+x.ID, n)
		must(t, w.Seal.Freeze(w.Keeper, x.ID, "核查"))
		_, err = approve(w, w.Keeper, whole)
		wantCode(t, err, fault.Conflict, "seal.frozen")
		must(t, w.Seal.Thaw(w.Keeper, x.ID, "核查完毕"))
		now = x.ValidTo.Add(time.Minute)
		_, err = approve(w, w.Keeper, whole)
		wantCode(t, err, fault.Conflict, "seal.expired")
	})
}

// An approval is good once, for who asked, over what was shown, in its time,
// while the seal may stamp.
func TestIntendApproved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		w.Permit(t, x)
		doc := document(t, "a")
		content, err := seal.Content(doc)
		must(t, err)
		changed, err := seal.Content(document(t, "b"))
		must(t, err)
		a := w.Approve(t, x, "sealing/1", content, w.Clerk)
		colleague := w.Hire(t, "colleague", "designer", sealtest.Market)

		_, err = intendApproved(w, w.Clerk, "none", "sealing/1", content)
		wantCode(t, err, fault.Forbidden, "seal.approval")
		_, err = intendApproved(w, colleague, a, "sealing/1", content)
		wantCode(t, err, fault.Forbidden, "seal.approval-operator")
		_, err = intendApproved(w, w.Client, a, "sealing/1", content)
		wantCode(t, err, fault.Forbidden, "seal.approval-operator")
		_, err = intendApproved(w, w.Clerk, a, "sealing/2", content)
		wantCode(t, err, fault.Forbidden, "seal.approval-object")
		_, err = intendApproved(w, w.Clerk, a, "sealing/1", changed)
		wantCode(t, err, fault.Conflict, "seal.approval-content")
		must(t, w.Seal.Freeze(w.Keeper, x.ID, "核查"))
		_, err = intendApproved(w, w.Clerk, a, "sealing/1", content)
		wantCode(t, err, fault.Conflict, "seal.frozen")
		must(t, w.Seal.Thaw(w.Keeper, x.ID, "核查完毕"))
		was := now
		now = now.Add(25 * time.Hour)
		_, err = intendApproved(w, w.Clerk, a, "sealing/1", content)
		wantCode(t, err, fault.Conflict, "seal.approval-expired")
		now = was

		token, err := intendApproved(w, w.Clerk, a, "sealing/1", content)
		must(t, err)
		_, err = w.Seal.Stamp(w.Clerk, token, document(t, "b"), place)
		wantCode(t, err, fault.Conflict, "seal.content")
		stamped, err := w.Seal.Stamp(w.Clerk, token, doc, place)
		must(t, err)
		if r := report(t, w, stamped); r.Verdict != sign.Valid {
			t.Errorf("stamped: %s", r.Verdict)
		}
		_, err = w.Seal.Stamp(w.Clerk, token, doc, place)
		wantCode(t, err, fault.Conflict, "seal.spent")
		_, err = intendApproved(w, w.Clerk, a, "sealing/1", content)
		wantCode(t, err, fault.Conflict, "seal.approval-used")
		refusals(t, w, "sealing/1", 7) // all of this object but what Stamp refused
		refusals(t, w, "sealing/2", 1)

		document := gm.Sum([]byte("document"))
		must(t, d.Write(w.Clerk, func(tx *db.Tx) error { return w.Seal.DoneTx(tx, token.Use(), document) }))
		p, err := w.Seal.Uses(w.Admin, x.ID, 10, "")
		must(t, err)
		if len(p.Items) != 1 {
			t.Fatalf("%d uses", len(p.Items))
		}
		u := p.Items[0]
		if u.Account != sealtest.Account(w.Clerk) || u.Approved == nil || u.Approved.Approver != sealtest.Account(w.Keeper) || u.Approved.Factor != "totp" ||
			u.Device != "测试终端" || u.Approved.UsedBy != u.ID || u.DocumentDigest != gmHex(document) || u.ContentDigest != gmHex(content) || u.Policy != "" {
			t.Errorf("who used it: %+v, approved %+v", u, u.Approved)
		}
		if _, err := w.Seal.Uses(colleague, x.ID, 10, ""); !errors.Is(err, fault.Forbidden) {
			t.Errorf("whoever may not see it: %v", err)
		}
	})
}

// Of eight who come with one approval at once, one gets a token.
func TestOneApproval(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		content := gm.Sum([]byte("a"))
		a := w.Approve(t, x, "sealing/1", content, w.Clerk)
		var got atomic.Int32
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				token, err := intendApproved(w, w.Clerk, a, "sealing/1", content)
				switch e := fault.As(err); {
				case err == nil && token != nil:
					got.Add(1)
				case e == nil || e.Code != "seal.approval-used":
					t.Errorf("got %v", err)
				}
			})
		}
		group.Wait()
		if got.Load() != 1 {
			t.Errorf("%d tokens from one approval", got.Load())
		}
		uses, err := w.Seal.UsesOf(t.Context(), "sealing/1")
		must(t, err)
		if len(uses) != 1 {
			t.Errorf("%d uses", len(uses))
		}
	})
}

// A person's own seal is theirs to use, with their own approval.
func TestOwnSeal(t *testing.T) {
	t.Parallel()
	w := sealtest.New(t, dbtest.New(t, "sqlite"))
	me := sealtest.Account(w.Clerk)
	w.Know(me, "张样例", 2)
	r := w.Request(t, sealtest.Market, seal.Personal)
	r.Name, r.Person, r.Custodian, r.Imprint = "张样例", me, me, sealtest.Imprint(t, "张样例")
	x := w.MakeOf(t, r)
	whole := seal.Approval{Seal: x.ID, Object: "sealing/1", Content: gm.Sum([]byte("a")), Operator: me, Factor: "totp"}
	_, err := approve(w, w.Keeper, whole)
	wantCode(t, err, fault.Forbidden, "seal.custodian")
	id, err := approve(w, w.Clerk, whole)
	must(t, err)
	_, err = intendApproved(w, w.Clerk, id, "sealing/1", whole.Content)
	must(t, err)
	_, err = w.Seal.HandOver(w.Clerk, x.ID, sealtest.Account(w.Keeper), "代管")
	wantCode(t, err, fault.Conflict, "seal.personal")
}

// The crash may come after any step of an approved stamp: the approval is used
// once, and the stamp accounted for.
func TestCrashApproved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		w := sealtest.In(t, d, dir)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		doc := document(t, "a")
		content, err := seal.Content(doc)
		must(t, err)
		for _, after := range []string{"approve", "intend", "stamp", "done"} {
			object := "sealing/" + after
			a := w.Approve(t, x, object, content, w.Clerk)
			var use string
			if after != "approve" {
				token, err := intendApproved(w, w.Clerk, a, object, content)
				must(t, err)
				use = token.Use()
				if after != "intend" {
					_, err := w.Seal.Stamp(w.Clerk, token, doc, place)
					must(t, err)
				}
				if after == "done" {
					must(t, d.Write(w.Clerk, func(tx *db.Tx) error { return w.Seal.DoneTx(tx, use, content) }))
				}
			}
			// Another process goes on.
			next, err := sealtest.Open(t.Context(), d, dir, w.App.ID)
			must(t, err)
			clerk, err := next.IAM.As(t.Context(), sealtest.Account(w.Clerk))
			must(t, err)
			token, err := intendApproved(next, clerk, a, object, content)
			if after == "approve" {
				must(t, err)
				use = token.Use()
			} else {
				wantCode(t, err, fault.Conflict, "seal.approval-used")
				err = d.Write(clerk, func(tx *db.Tx) (err error) { token, err = seal.AgainTx(tx, use, content); return err })
			}
			if after == "done" {
				wantCode(t, err, fault.Conflict, "seal.use")
				continue
			}
			must(t, err)
			_, err = next.Seal.Stamp(clerk, token, doc, place)
			must(t, err)
			must(t, d.Write(clerk, func(tx *db.Tx) error { return next.Seal.DoneTx(tx, use, content) }))
			uses, err := next.Seal.UsesOf(t.Context(), object)
			must(t, err)
			attempts := int64(2)
			if after == "approve" {
				attempts = 1
			}
			if len(uses) != 1 || uses[0].State != seal.Done || uses[0].Attempts != attempts {
				t.Errorf("after %s: %+v", after, uses)
			}
		}
	})
}
