package due_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/outbox"
)

func TestTick(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00") // due on the 24th
		w.put(grant("g"))
		w.put(grant("kept"))
		w.put(grant("dropped"))
		w.do(w.Keep, "kept")
		w.do(func(tx *db.Tx, topic, object string) (due.Promise, error) { return w.Drop(tx, topic, object, "撤回") }, "dropped")
		for _, step := range []struct{ now, want string }{
			{"2026-11-20 15:00", ""},
			{"2026-11-24 08:59", ""},
			{"2026-11-24 09:00", "remind g 11-24 09:00"},
			{"2026-11-24 09:00", ""},
			{"2026-11-24 23:59", ""},
			{"2026-11-20 15:00", ""}, // the clock is set back
			{"2026-11-24 09:30", ""},
			{"2026-11-25 00:00", "overdue g 11-25 00:00"},
			{"2026-11-24 12:00", ""}, // and again
			{"2026-11-25 08:00", ""},
			{"2026-11-25 09:00", "escalate g 11-25 09:00"},
			{"2026-11-27 09:00", "escalate g 11-27 09:00"},
			{"2027-11-27 09:00", ""},
		} {
			w.at(step.now).tick()
			if got := w.hear(); got != step.want {
				t.Errorf("at %s: %q, want %q", step.now, got, step.want)
			}
		}
	})
}

// After a long stop all that was missed is told, in order, once.
func TestLongStop(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		w.put(grant("g"))
		if n := w.at("2027-02-20 15:00").tick(); n != 4 {
			t.Errorf("%d announced", n)
		}
		if got := w.hear(); got != "remind g 11-24 09:00; overdue g 11-25 00:00; escalate g 11-25 09:00; escalate g 11-27 09:00" {
			t.Error(got)
		}
		if n := w.tick(); n != 0 {
			t.Errorf("%d announced again", n)
		}
	})
}

// What was overdue when it was promised is announced as overdue; the reminders
// that could not be given are not.
func TestPromisedLate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		p := grant("case")
		p.Topic, p.Rule, p.Since = "cert.push", "cert.offline.push", beijing(t, "2026-11-16 10:00")
		if got := w.put(p); got.Left.Text != "已超期 3 个工作日" || got.Left.Level != due.Bad {
			t.Errorf("%+v", got.Left)
		}
		w.tick()
		if got := w.hear(); got != "overdue case 11-18 00:00; escalate case 11-18 09:00" {
			t.Error(got)
		}
	})
}

func TestAnnouncement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		var got []due.Announcement
		var keys []string
		c := outbox.Consumer{Name: "whole", Topics: []string{due.TopicEscalate}, Handle: func(_ *db.Tx, e outbox.Event) error {
			var a due.Announcement
			err := e.Decode(&a)
			got, keys = append(got, a), append(keys, e.Key)
			return err
		}}
		w.Outbox = outbox.New(c)
		p := w.put(grant("g"))
		w.at("2026-12-20 15:00").tick()
		if _, err := outbox.Drain(t.Context(), d, c, 100); err != nil || len(got) != 2 {
			t.Fatalf("%v, %v", got, err)
		}
		want := due.Announcement{Promise: p.ID, Topic: "grant.decide", Object: "g", Rule: "grant.decide", Org: "o1", Permission: "grant.approve",
			Title: "审批角色授权", Link: "/admin/grants/g", Due: p.Due, At: beijing(t, "2026-11-27 09:00").UTC(), Nth: 2, Of: 2}
		if !slices.Contains(got, want) || keys[0] != p.ID || keys[1] != p.ID {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	})
}

// Two processes tick at the same time over more than one batch: every moment
// once.
func TestConcurrentTick(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		const n = 2*due.Batch + 50
		w.write(func(tx *db.Tx) error {
			for i := range n {
				if _, err := w.Put(tx, grant(fmt.Sprint("g", i))); err != nil {
					return err
				}
			}
			return nil
		})
		w.at("2026-11-25 00:00")
		other := &due.Service{DB: d, Outbox: w.Outbox}
		var wg sync.WaitGroup
		totals := make([]int, 4)
		for i, s := range []*due.Service{w.Service, other, w.Service, other} {
			wg.Go(func() {
				var err error
				if totals[i], err = s.Tick(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		heard := strings.Split(w.hear(), "; ")
		slices.Sort(heard)
		if sum := totals[0] + totals[1] + totals[2] + totals[3]; sum != 2*n || len(heard) != 2*n || len(slices.Compact(heard)) != 2*n {
			t.Errorf("announced %v, heard %d, want %d", totals, len(heard), 2*n)
		}
	})
}

// A process that dies between batches has told what it committed, and the next
// one tells the rest.
func TestCrashBetweenBatches(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		const n = 3 * due.Batch
		w.write(func(tx *db.Tx) error {
			for i := range n {
				if _, err := w.Put(tx, grant(fmt.Sprint("g", i))); err != nil {
					return err
				}
			}
			return nil
		})
		w.at("2026-11-25 00:00")
		ctx, die := context.WithCancel(t.Context())
		defer die()
		puts := 0
		d.Now = func() time.Time { // asked once by each transaction
			if puts++; puts == 3 { // the look for missing years, the first batch, then the second
				die()
			}
			return w.clock.now()
		}
		first, err := w.Tick(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%d, %v", first, err)
		}
		if first != 2*due.Batch {
			t.Errorf("%d announced before the end", first)
		}
		if rest := w.tick(); first+rest != 2*n {
			t.Errorf("%d and %d announced", first, rest)
		}
		heard := strings.Split(w.hear(), "; ")
		slices.Sort(heard)
		if len(slices.Compact(heard)) != 2*n {
			t.Errorf("heard %d", len(heard))
		}
	})
}

// A row that cannot be read is told about, and holds up no other: neither where
// moments are announced nor where ends are counted anew.
func TestUnreadableRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		bad := w.put(grant("bad"))
		w.put(grant("good"))
		w.write(func(tx *db.Tx) error {
			_, err := tx.Exec(`update due_promise set moments = 'rubbish' where id = $1`, bad.ID)
			return err
		})
		n, err := w.at("2026-11-25 00:00").Tick(t.Context())
		if n != 2 || err == nil || !strings.Contains(err.Error(), bad.ID) {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := w.Tick(t.Context()); n != 0 || err != nil {
			t.Errorf("again at once: %d, %v", n, err)
		}
		if n, err := w.at("2026-11-25 01:00").Tick(t.Context()); n != 0 || err == nil {
			t.Errorf("an hour later: %d, %v", n, err)
		}
		w.write(func(tx *db.Tx) error {
			_, err := tx.Exec(`update due_promise set missing_year = 2026 where id = $1`, bad.ID)
			return err
		})
		w.at("2026-11-25 01:30")
		for _, want := range []int{1, 0} { // told once, then set aside
			n, err := w.Recount(t.Context())
			if n != 0 || strings.Count(fmt.Sprint(err), bad.ID) != want {
				t.Errorf("counting anew: %d, %v", n, err)
			}
		}
	})
}

const year2027 = "year 2027\nnotice 国办发明电〔测试〕1号\n2027-01-01 holiday 元旦\n2027-01-04 holiday 元旦\n2027-01-09 workday 元旦\n"

// The end is counted anew when holidays become known, for what is open and for
// what was kept.
func TestRecount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-12-31 15:00") // two working days later: the 5th, as far as is known
		for _, o := range []string{"open", "paused", "kept", "dropped"} {
			if p := w.put(grant(o)); !p.Provisional || p.Left.Note == "" || local(p.Due)[:10] != "2027-01-05" {
				t.Errorf("%+v", p)
			}
		}
		w.at("2027-01-01 10:00").pause("paused")
		w.do(func(tx *db.Tx, topic, object string) (due.Promise, error) { return w.Drop(tx, topic, object, "撤回") }, "dropped")
		w.at("2027-01-06 00:00").tick()
		if got := w.hear(); got != "remind kept 01-05 09:00; overdue kept 01-06 00:00; remind open 01-05 09:00; overdue open 01-06 00:00" {
			t.Errorf("heard %s", got)
		}
		if p := w.do(w.Keep, "kept"); !p.Late {
			t.Errorf("%+v", p)
		}
		w.tick()
		putYear := func(text, account string) error {
			return w.try(func(tx *db.Tx) error { return w.PutYear(tx, text, account) })
		}
		if err := errors.Join(putYear(year2027, "admin"), putYear(year2027, "admin")); err != nil {
			t.Fatal(err)
		}
		w.tick()
		if got := w.hear(); got != "moved open 01-06 00:00; moved paused 01-06 00:00" {
			t.Errorf("heard %s", got)
		}
		if p := w.do(w.Promise, "open"); p.Provisional || local(p.Due)[:10] != "2027-01-06" || p.Left.Level != due.Care {
			t.Errorf("%+v", p)
		}
		if p := w.do(w.Promise, "kept"); p.Late || p.Left.Text != "按时办结" {
			t.Errorf("kept by its true end: %+v", p)
		}
		if p := w.do(w.Resume, "paused"); local(p.Due)[:10] != "2027-01-08" { // the 5th and the 6th did not count
			t.Errorf("%s", local(p.Due))
		}
		w.at("2027-01-07 00:00").tick()
		if got := w.hear(); got != "overdue open 01-07 00:00" {
			t.Errorf("its new end is announced: %s", got)
		}
		if n, err := w.Recount(t.Context()); n != 0 || err != nil {
			t.Errorf("counted again: %d, %v", n, err)
		}
		var h []due.Tally
		w.read(func(tx *db.Tx) (err error) {
			h, err = w.History(tx, due.HistoryQuery{Orgs: []string{"o1"}})
			return err
		})
		if len(h) != 1 || h[0].Kept != 1 || h[0].Late != 0 || h[0].Dropped != 1 {
			t.Errorf("%+v", h)
		}
		// A corrected notice for a year that is known.
		if err := putYear(strings.Replace(year2027, "2027-01-04", "2027-01-08", 1), "admin"); err != nil {
			t.Fatal(err)
		}
		w.tick()
		if p := w.do(w.Promise, "open"); local(p.Due)[:10] != "2027-01-05" {
			t.Errorf("after the correction: %s", local(p.Due))
		}
	})
}

func TestPutYearRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "2026-12-31 15:00")
	for name, tc := range map[string]struct{ text, account, code string }{
		"nonsense":  {"rubbish", "a", "due.year"},
		"no notice": {strings.Replace(year2027, "notice 国办发明电〔测试〕1号\n", "", 1), "a", "due.year-notice"},
		"far year":  {strings.ReplaceAll(year2027, "2027", "2028"), "a", "due.year-range"},
		"nobody":    {year2027, "", "due.account"},
	} {
		refused(t, w.try(func(tx *db.Tx) error { return w.PutYear(tx, tc.text, tc.account) }), fault.Invalid, tc.code)
		_ = name
	}
	refused(t, w.try(func(tx *db.Tx) error { return w.PutYear(tx, strings.Repeat("#", 65<<10), "a") }), fault.TooLarge, "due.year-size")
}
