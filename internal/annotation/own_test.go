package annotation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/annotation"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// holder is somebody whose identity is verified to a level.
func (w *world) holder(t testing.TB, name, citizen string, level int) context.Context {
	t.Helper()
	account, err := w.IAM.HolderFor(t.Context(), name, citizen)
	must(t, err)
	p, err := w.IAM.Principal(t.Context(), account, iam.Proof{Level: level})
	must(t, err)
	return iam.With(t.Context(), p)
}

// own is who holds the example of the kind.
func (w *world) own(t testing.TB) context.Context {
	h := certtest.Example(t, kind).Holders[0]
	return w.holder(t, h.Name, h.ID, 2)
}

func (w *world) ownRequest(id string) annotation.OwnRequest {
	return annotation.OwnRequest{ID: id, Purpose: "办理个人住房贷款", Recipient: "青禾农村商业银行城关支行", ExpiresAt: w.DB.Now().AddDate(0, 1, 0).Format(time.DateOnly)}
}

// A holder makes a copy of her certificate, gives it away and takes it back; her
// unit sees that there is one, and neither for whom nor what for.
func TestOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c, me := w.Issue(t, kind), w.own(t)
		list, err := w.Cert.Own(me)
		must(t, err)
		if len(list) != 1 || list[0].ID != c.ID || strings.Contains(list[0].Holders[0].Name, "赵示范") {
			t.Fatalf("her certificates: %+v", list)
		}
		q := w.ownRequest(c.ID)
		svg, err := w.copies.PreviewOwn(me, q)
		must(t, err)
		made, err := w.copies.MakeOwn(me, q)
		must(t, err)
		if len(svg) == 0 || !made.Own || made.Status != annotation.Made || made.Purpose != q.Purpose || made.Location() != annotation.OwnLocation+made.ID || made.File != made.Location()+"/file" || strings.Contains(made.Maker, "赵示范") {
			t.Errorf("%+v", made)
		}
		data, _, err := w.copies.ReadOwn(me, made.ID)
		must(t, err)
		w.valid(t, data)
		p, err := w.copies.Own(me, 1, "")
		must(t, err)
		if len(p.Items) != 1 || p.Items[0].Recipient != q.Recipient || p.Next != "" {
			t.Errorf("her copies: %+v", p)
		}

		seen, err := w.copies.Of(w.staff, c.ID, 20, "")
		must(t, err)
		got, err := w.copies.Get(w.staff, made.ID)
		must(t, err)
		for _, x := range []*annotation.Copy{seen.Items[0], got} {
			if x.Number != made.Number || x.Purpose+x.Recipient+x.File+x.Metadata["JZJZZSY"] != "" {
				t.Errorf("her unit sees %+v", x)
			}
		}
		if found, err := w.copies.For(w.staff, q.Recipient, 20, ""); err != nil || len(found.Items) != 0 {
			t.Errorf("found by its recipient: %+v %v", found, err)
		}
		_, _, err = w.copies.Read(w.staff, made.ID, noReading)
		wantFault(t, err, fault.Forbidden, "annotation.own", "")
		wantSecret(t, w, q.Purpose, q.Recipient, "赵示范", "999999198801200200")

		for range 2 { // again changes nothing
			ended, err := w.copies.EndOwn(me, made.ID)
			must(t, err)
			if ended.Status != annotation.Ended || ended.EndedAt.IsZero() {
				t.Errorf("taken back: %+v", ended)
			}
		}
		_, _, err = w.copies.ReadOwn(me, made.ID)
		wantFault(t, err, fault.Conflict, "annotation.ended", "")
		f, err := w.copies.Lookup(t.Context(), digestOf(data))
		must(t, err)
		if f.EndedAt.IsZero() {
			t.Error("the register does not say that it was taken back")
		}
		tr, err := w.Cert.Trace(w.staff, c.ID)
		must(t, err)
		for _, action := range []string{"annotation.make", "annotation.read", "annotation.end"} {
			n := 0
			for _, s := range tr.Steps {
				if s.Action == action && s.Name != "" && s.Actor != "" && !strings.Contains(s.Actor, "赵示范") && strings.Contains(s.Reason, made.Number) {
					n++
				}
			}
			if n != 1 {
				t.Errorf("the time line tells %d times of %s", n, action)
			}
		}
		var events int64
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Get(`select count(*) from outbox_event where topic = 'annotation.ended' and key = $1`, []any{made.ID}, &events)
		}))
		if events != 1 {
			t.Errorf("%d events", events)
		}
	})
}

// Others' certificates and copies are not there; who is not verified, and what does not
// stand, is refused.
func TestOwnRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c, me := w.Issue(t, kind), w.own(t)
		other := w.holder(t, "孙试样", "11010519491231002X", 2)
		made, err := w.copies.MakeOwn(me, w.ownRequest(c.ID))
		must(t, err)
		before := fmt.Sprint(w.rows(t))
		_, unknown := w.copies.MakeOwn(me, w.ownRequest("none"))
		_, foreign := w.copies.MakeOwn(other, w.ownRequest(c.ID))
		wantFault(t, foreign, fault.NotFound, "cert.not-found", "")
		if unknown.Error() != foreign.Error() {
			t.Errorf("unknown and foreign are told apart: %v, %v", unknown, foreign)
		}
		_, err = w.copies.PreviewOwn(other, w.ownRequest(c.ID))
		wantFault(t, err, fault.NotFound, "cert.not-found", "")
		_, err = w.copies.GetOwn(other, made.ID)
		wantFault(t, err, fault.NotFound, "annotation.not-found", "")
		_, _, err = w.copies.ReadOwn(other, made.ID)
		wantFault(t, err, fault.NotFound, "annotation.not-found", "")
		_, err = w.copies.EndOwn(other, made.ID)
		wantFault(t, err, fault.NotFound, "annotation.not-found", "")
		_, err = w.copies.EndOwn(me, w.make(t, c.ID).ID) // her unit's copy is not hers to end
		wantFault(t, err, fault.NotFound, "annotation.not-found", "")
		if p, err := w.copies.Own(other, 20, ""); err != nil || len(p.Items) != 0 {
			t.Errorf("another sees %+v %v", p, err)
		}
		if list, err := w.Cert.Own(other); err != nil || len(list) != 0 {
			t.Errorf("another holds %+v %v", list, err)
		}
		h := certtest.Example(t, kind).Holders[0]
		for name, who := range map[string]context.Context{"not verified": w.holder(t, h.Name, h.ID, 1), "staff": w.staff, "a program": w.app} {
			_, err := w.copies.MakeOwn(who, w.ownRequest(c.ID))
			_, err2 := w.Cert.Own(who)
			_, err3 := w.copies.Own(who, 20, "")
			_, err4 := w.copies.EndOwn(who, made.ID)
			for _, err := range []error{err, err2, err3, err4} {
				if e := fault.As(err); e == nil || e.Kind != fault.Forbidden || e.Hint == "" {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		for field, change := range map[string]func(*annotation.OwnRequest){
			"purpose": func(q *annotation.OwnRequest) { q.Purpose = "" }, "recipient": func(q *annotation.OwnRequest) { q.Recipient = "张三 13800138000" }, "expires_at": func(q *annotation.OwnRequest) { q.ExpiresAt = "2099-01-01" },
		} {
			q := w.ownRequest(c.ID)
			change(&q)
			_, err := w.copies.MakeOwn(me, q)
			wantFault(t, err, fault.Invalid, "annotation.request", field)
		}
		_, err = w.Cert.Act(w.staff, cert.ActRequest{ID: c.ID, Action: "suspend", Reason: "测试事由", Basis: "样例文号〔2026〕1号"})
		must(t, err)
		_, err = w.copies.MakeOwn(me, w.ownRequest(c.ID))
		wantFault(t, err, fault.Conflict, "annotation.state", "")
		_, _, err = w.copies.ReadOwn(me, made.ID)
		wantFault(t, err, fault.Conflict, "annotation.state", "")
		if after := w.rows(t); after["made"] != 2 || before != "map[made:1]" {
			t.Errorf("refusals left %v, before %s", after, before)
		}
		d.Now = func() time.Time { return made.ExpiresAt.Add(time.Second) }
		_, err = w.copies.EndOwn(me, made.ID)
		wantFault(t, err, fault.Conflict, "annotation.expired", "")
		if got, err := w.copies.GetOwn(me, made.ID); err != nil || got.Status != annotation.Expired {
			t.Errorf("its time is over: %+v %v", got, err)
		}
	})
}

// Where the unit's seal may not be used for copies the holder is told whom to ask, not
// of policies.
func TestOwnClosed(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d)
	c, me := w.Issue(t, kind), w.own(t)
	for _, x := range w.Seals {
		all, err := w.Seal.Policies(w.Keeper, x.ID)
		must(t, err)
		for _, p := range all {
			if p.App == "" {
				must(t, w.Seal.EndGrant(w.Keeper, p.ID, "测试"))
			}
		}
	}
	_, err := w.copies.MakeOwn(me, w.ownRequest(c.ID))
	wantFault(t, err, fault.Conflict, "annotation.closed", "")
}

// Two hundred at once are as many as a day allows, each with a number; the same request
// again is the same copy; the next day begins anew.
func TestOwnTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
		d.Now = func() time.Time { return now }
		w := newWorld(t, d)
		w.copies.Daily = 5
		c, me := w.Issue(t, kind), w.own(t)
		q := w.ownRequest(c.ID)
		first, err := w.copies.MakeOwn(repeating(me, "once"), q)
		must(t, err)
		var mu sync.Mutex
		var wg sync.WaitGroup
		var numbers []string
		refused := 0
		for i := range 200 {
			wg.Go(func() {
				ctx := me
				if i%50 == 0 {
					ctx = repeating(me, "once")
				}
				made, err := w.copies.MakeOwn(ctx, q)
				mu.Lock()
				defer mu.Unlock()
				switch e := fault.As(err); {
				case i%50 == 0:
					if err != nil || made.ID != first.ID {
						t.Errorf("the same again: %v", err)
					}
				case err == nil:
					numbers = append(numbers, made.Number)
				case e != nil && e.Kind == fault.TooMany && e.Code == "annotation.daily" && e.Hint != "":
					refused++
				default:
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		slices.Sort(numbers)
		if len(slices.Compact(numbers)) != 4 || refused != 192 {
			t.Errorf("%d copies, %d refused", len(numbers), refused)
		}
		if got := w.uses(t); got["done"] != 5 || len(got) != 1 {
			t.Errorf("uses %v", got)
		}
		now = now.AddDate(0, 0, 1)
		if _, err := w.copies.MakeOwn(me, q); err != nil {
			t.Errorf("the next day: %v", err)
		}
	})
}

// What a crash left of a holder's copy is completed and is hers.
func TestOwnCrash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c, me := w.Issue(t, kind), w.own(t)
		q, ctx := w.ownRequest(c.ID), repeating(me, "crash")
		w.die(t, "stamp", func() { _, _ = w.copies.MakeOwn(ctx, q) })
		d.Now = func() time.Time { return time.Now().Add(time.Hour) }
		_, _, err := w.service(t).Resume(t.Context())
		must(t, err)
		got, err := w.service(t).MakeOwn(ctx, q)
		must(t, err)
		if rows := w.rows(t); !got.Own || rows["made"] != 1 || len(rows) != 1 {
			t.Errorf("%+v, %v", got, rows)
		}
		data, _, err := w.copies.ReadOwn(me, got.ID)
		must(t, err)
		w.valid(t, data)
	})
}
