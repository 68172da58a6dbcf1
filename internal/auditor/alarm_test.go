package auditor_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/auditor"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
	"sidian/internal/outbox"
	"sidian/internal/provider/event"
)

func (o *office) happens(events ...outbox.Event) {
	o.t.Helper()
	c := auditor.Alarms()
	box := outbox.New(c)
	err := o.db().Write(o.t.Context(), func(tx *db.Tx) error {
		for _, e := range events {
			if err := box.Put(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	if n, err := outbox.Drain(o.t.Context(), o.db(), c, 1000); n != len(events) || err != nil {
		o.t.Fatalf("%d delivered, %v", n, err)
	}
}

func (o *office) alarms(ctx context.Context, state string) []auditor.Alarm {
	o.t.Helper()
	page, err := o.Alarms(ctx, state, "", 0)
	if err != nil {
		o.t.Fatal(err)
	}
	return page.Alarms
}

func TestAlarms(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		o.happens(
			outbox.Event{Topic: event.Distrusted, Key: "third-b", Body: event.Distrust{Object: "provider/third-b", Org: iamtest.Root, Result: "lying", Reason: "签章服务商“样例”的答复与事实不符", At: at.UnixMilli()}},
			outbox.Event{Topic: auditor.Glass, Key: "glass/1", Body: auditor.Event{Account: o.People["system"].ID, Org: iamtest.Market, Reason: "抢险", Object: "glass/1", At: at}},
			outbox.Event{Topic: auditor.Locked, Key: "account/2", Body: map[string]any{"account": o.People["security"].ID, "org": iamtest.Root, "at": at.UnixMilli(), "object": 7, "more": 1}},
			outbox.Event{Topic: auditor.Tampered, Key: "iam_grant/3", Body: "not even an object"},
			outbox.Event{Topic: auditor.Locked, Key: "account/4", Body: auditor.Event{Org: iamtest.Land, Reason: strings.Repeat("长", 3000) + "\x00"}},
		)
		all, inner, security := o.Ctx(t, "audit"), o.Ctx(t, "inner"), o.Ctx(t, "security")
		list := o.alarms(all, "")
		if len(list) != 5 || len(o.alarms(security, auditor.Open)) != 5 || len(o.alarms(inner, "")) != 1 {
			t.Fatalf("%+v", list)
		}
		by := map[string]auditor.Alarm{}
		for _, a := range list {
			by[a.Object] = a
			if a.Name == "" || a.State != auditor.Open || len(a.Reason) > 2000 {
				t.Errorf("%+v", a)
			}
		}
		if lie := by["provider/third-b"]; lie.Kind != auditor.Distrusted || lie.Name != "签章服务商答复不可信" || !lie.At.Equal(at) || lie.Org != iamtest.Root {
			t.Errorf("%+v", lie)
		}
		glass := by["glass/1"]
		if !glass.At.Equal(at) || glass.Reason != "抢险" || glass.Account != o.People["system"].ID || !by["account/2"].At.Equal(at) || by["iam_grant/3"].Kind != auditor.Tampered {
			t.Errorf("%+v", by)
		}

		_, err := o.Acknowledge(inner, by["account/2"].ID, "已核实")
		refused(t, "of another organisation", err, fault.NotFound, "alarm.unknown")
		_, err = o.Acknowledge(all, "none", "已核实")
		refused(t, "unknown", err, fault.NotFound, "alarm.unknown")
		_, err = o.Acknowledge(security, by["account/2"].ID, "已核实")
		refused(t, "about oneself", err, fault.Forbidden, "alarm.own")
		_, err = o.Acknowledge(all, glass.ID, "  ")
		refused(t, "without a note", err, fault.Invalid, "audit.reason")
		for _, who := range []string{"system", "issuer", "supervisor"} {
			_, err = o.Acknowledge(o.Ctx(t, who), glass.ID, "已核实")
			refused(t, who, err, fault.Forbidden, "auth.permission")
		}
		_, err = o.Acknowledge(t.Context(), glass.ID, "已核实")
		refused(t, "stranger", err, fault.Unauthorized, "auth.required")

		a, err := o.Acknowledge(inner, glass.ID, "已核实，确有抢险任务")
		if err != nil || a.State != auditor.Acknowledged || a.By != o.People["inner"].ID || a.Note == "" || a.Seen.IsZero() {
			t.Errorf("%+v, %v", a, err)
		}
		_, err = o.Acknowledge(all, glass.ID, "再次")
		refused(t, "twice", err, fault.Conflict, "alarm.state")
		if len(o.alarms(all, auditor.Open)) != 4 || len(o.alarms(all, auditor.Acknowledged)) != 1 {
			t.Error("the lists by state")
		}
		notes := o.trail("alarm.acknowledge")
		done := 0
		for _, n := range notes {
			if n.Result == audit.Done {
				done++
			}
		}
		if len(notes) != 2 || done != 1 {
			t.Errorf("%+v", notes)
		}
	})
}

// Of two who acknowledge at once, one does.
func TestAcknowledgeOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.happens(outbox.Event{Topic: auditor.Glass, Key: "glass/1", Body: auditor.Event{}})
		all := o.Ctx(t, "audit")
		id := o.alarms(all, "")[0].ID
		var mu sync.Mutex
		won := 0
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := o.Acknowledge(all, id, "已核实"); err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d acknowledged", won)
		}
	})
}

// Pages hold every alarm once, whatever others are between.
func TestAlarmPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		var events []outbox.Event
		for i := range 25 {
			events = append(events, outbox.Event{Topic: auditor.Locked, Key: "k", Body: auditor.Event{Org: []string{iamtest.Market, iamtest.Land}[i%2]}})
		}
		o.happens(events...)
		seen := map[string]bool{}
		for next := ""; ; {
			page, err := o.Alarms(o.Ctx(t, "inner"), auditor.Open, next, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page.Alarms {
				seen[a.ID] = true
			}
			if next = page.Next; next == "" {
				break
			}
		}
		if len(seen) != 13 {
			t.Errorf("%d alarms", len(seen))
		}
	})
}

// A broken chain raises one alarm for each finding, once.
func TestInspect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.story()
		o.chain()
		for _, whole := range []bool{false, true} {
			if r, err := o.Inspect(t.Context(), whole); err != nil || !r.Intact() {
				t.Errorf("%+v, %v", r, err)
			}
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return tx.Define(`
-- only sqlite
drop trigger audit_entry_no_update;
-- only postgres
drop trigger audit_entry_no_change on audit_entry;
-- all
update audit_entry set reason = 'x' where object = 'cert/2';`)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, whole := range []bool{false, true, false} {
			if r, err := o.Inspect(t.Context(), whole); err != nil || len(r.Findings) != 1 {
				t.Errorf("%+v, %v", r, err)
			}
		}
		list := o.alarms(o.Ctx(t, "audit"), "")
		if len(list) != 1 || list[0].Kind != auditor.Broken || !strings.HasPrefix(list[0].Object, "audit/") {
			t.Errorf("%+v", list)
		}
		if len(o.alarms(o.Ctx(t, "inner"), "")) != 0 {
			t.Error("the market's auditor sees an alarm of the platform")
		}
		p, err := o.Entry(o.Ctx(t, "audit"), strings.TrimPrefix(list[0].Object, "audit/"))
		if err != nil || p.Intact {
			t.Errorf("%+v, %v", p, err)
		}
	})
}
