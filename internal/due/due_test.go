package due_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00") // a Friday
		p := w.put(grant("g1"))
		if got := local(p.Due); got != "2026-11-24 23:59:59.999" {
			t.Errorf("due %s", got)
		}
		if p.State != due.Open || p.Origin != due.Platform || p.Amount != "2 个工作日" || p.Basis == "" || p.RuleID == "" || p.Provisional || len(p.Remind) != 1 || len(p.Escalate) != 2 {
			t.Errorf("%+v", p)
		}
		if p.Left != (due.Left{Text: "剩余 2 个工作日", Level: due.Good}) {
			t.Errorf("left: %+v", p.Left)
		}
		var got due.Promise
		w.read(func(tx *db.Tx) (err error) { got, err = w.Promise(tx, "grant.decide", "g1"); return err })
		if got.ID != p.ID || !got.Due.Equal(p.Due) || got.Title != p.Title || got.Link != p.Link || got.Org != "o1" || got.Rule != "grant.decide" || !got.Since.Equal(w.clock.now()) || !got.ClosedAt.IsZero() || !got.Opens.IsZero() || !got.Until.IsZero() {
			t.Errorf("read back: %+v", got)
		}
		w.at("2026-11-21 09:00")
		if again := w.put(grant("g1")); again.ID != p.ID || !again.Due.Equal(p.Due) {
			t.Errorf("put again: %+v", again)
		}
		other := grant("g1")
		other.Org = "o2"
		refused(t, w.try(func(tx *db.Tx) error { _, err := w.Put(tx, other); return err }), fault.Conflict, "due.open")
	})
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "2026-11-20 15:00")
	now := w.clock.now()
	for name, tc := range map[string]struct {
		change func(*due.Promise)
		want   string // code, or the fields of due.promise
	}{
		"no topic":        {func(p *due.Promise) { p.Topic = "" }, "topic malformed, rule malformed"},
		"odd topic":       {func(p *due.Promise) { p.Topic = "Grant decide" }, "topic malformed, rule malformed"},
		"no object":       {func(p *due.Promise) { p.Object = "" }, "object length"},
		"long object":     {func(p *due.Promise) { p.Object = strings.Repeat("x", 257) }, "object length"},
		"no title":        {func(p *due.Promise) { p.Title = "" }, "title length"},
		"long title":      {func(p *due.Promise) { p.Title = strings.Repeat("证", 201) }, "title length"},
		"two lines":       {func(p *due.Promise) { p.Title = "审批\n授权" }, "title length"},
		"turned around":   {func(p *due.Promise) { p.Title = "审批\u202e授权" }, "title length"},
		"a citizen":       {func(p *due.Promise) { p.Title = "审批 11010519491231002X 的授权" }, "title personal"},
		"a citizen small": {func(p *due.Promise) { p.Title = "审批 11010519491231002x 的授权" }, "title personal"},
		"a telephone":     {func(p *due.Promise) { p.Title = "联系 13800138000" }, "title personal"},
		"nobody":          {func(p *due.Promise) { p.Permission = "" }, "account nobody"},
		"no unit":         {func(p *due.Promise) { p.Org = "" }, "account nobody"},
		"odd region":      {func(p *due.Promise) { p.Region = "4115" }, "region malformed"},
		"another host":    {func(p *due.Promise) { p.Link = "https://example.com/" }, "link malformed"},
		"hidden host":     {func(p *due.Promise) { p.Link = "//example.com/" }, "link malformed"},
		"hidden host 2":   {func(p *due.Promise) { p.Link = `/\example.com/` }, "link malformed"},
		"the future":      {func(p *due.Promise) { p.Since = now.Add(time.Second) }, "since future"},
		"long ago":        {func(p *due.Promise) { p.Since = now.AddDate(-11, 0, 0) }, "since old"},
		"unknown rule":    {func(p *due.Promise) { p.Rule = "grant.forget" }, "due.code"},
		"no rule here":    {func(p *due.Promise) { p.Rule = "target.full" }, "due.no-rule"},
		"an end of own":   {func(p *due.Promise) { p.Until = now }, "due.until"},
		"no expiry":       {func(p *due.Promise) { p.Rule = "seal.renew" }, "due.until"},
		"end of time":     {func(p *due.Promise) { p.Rule, p.Until = "seal.renew", now.AddDate(101, 0, 0) }, "until range"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			p := grant("bad")
			tc.change(&p)
			err := w.try(func(tx *db.Tx) error { _, err := w.Put(tx, p); return err })
			if e := fault.As(err); e == nil || e.Code != tc.want && fieldsOf(err) != tc.want {
				t.Errorf("%v (%s), want %s", err, fieldsOf(err), tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "1101051949") {
				t.Errorf("the refusal tells the value: %v", err)
			}
		})
	}
	long := grant("long")
	long.Title = strings.Repeat("证", 200)
	w.put(long)
	case20 := grant("case")
	case20.Title = "办件 41152620260120000123 的授权"
	w.put(case20) // a case's number is no person's
}

func TestKeepAndDrop(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		for _, o := range []string{"in-time", "last", "late", "dropped"} {
			w.put(grant(o))
		}
		drop := func(tx *db.Tx, topic, object string) (due.Promise, error) {
			return w.Drop(tx, topic, object, "申请人撤回")
		}
		if p := w.do(w.Keep, "in-time"); p.State != due.Kept || p.Late || p.Left.Text != "按时办结" {
			t.Errorf("%+v", p)
		}
		if p := w.do(drop, "dropped"); p.State != due.Dropped || p.Reason != "申请人撤回" {
			t.Errorf("%+v", p)
		}
		w.at("2026-11-24 23:59")
		w.do(w.Keep, "last")
		w.at("2026-11-25 00:00")
		if p := w.do(w.Keep, "late"); !p.Late || p.Left.Level != due.Bad {
			t.Errorf("%+v", p)
		}
		if p := w.do(w.Keep, "last"); p.Late || p.ClosedAt.After(beijing(t, "2026-11-24 23:59")) {
			t.Errorf("kept again: %+v", p)
		}
		w.do(drop, "dropped")
		for name, err := range map[string]error{
			"due.dropped": w.try(func(tx *db.Tx) error { _, err := w.Keep(tx, "grant.decide", "dropped"); return err }),
			"due.kept":    w.try(func(tx *db.Tx) error { _, err := drop(tx, "grant.decide", "late"); return err }),
		} {
			refused(t, err, fault.Conflict, name)
		}
		refused(t, w.try(func(tx *db.Tx) error { _, err := w.Keep(tx, "grant.decide", "never"); return err }), fault.NotFound, "due.unknown")
		again := w.put(grant("late"))
		refused(t, w.try(func(tx *db.Tx) error { _, err := w.Drop(tx, "grant.decide", "late", " "); return err }), fault.Invalid, "due.reason")
		refused(t, w.try(func(tx *db.Tx) error {
			_, err := w.Drop(tx, "grant.decide", "late", strings.Repeat("理", 501))
			return err
		}), fault.Invalid, "due.reason")
		var past []due.Promise
		w.read(func(tx *db.Tx) (err error) { past, err = w.Past(tx, "grant.decide", "late"); return err })
		if len(past) != 2 || past[0].ID != again.ID || past[0].State != due.Open || past[1].State != due.Kept {
			t.Errorf("past: %+v", past)
		}
	})
}

// Two processes promise, keep and hand over the same thing at once: one promise
// comes of it.
func TestConcurrentChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		services := []*due.Service{w.Service, {DB: d, Outbox: w.Outbox}}
		all := func(fn func(*due.Service, *db.Tx) error) {
			t.Helper()
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					if err := d.Write(t.Context(), func(tx *db.Tx) error { return fn(services[i%2], tx) }); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		all(func(s *due.Service, tx *db.Tx) error { _, err := s.Put(tx, grant("g")); return err })
		all(func(s *due.Service, tx *db.Tx) error {
			_, err := s.Pause(tx, "grant.decide", "g", "补正")
			return err
		})
		all(func(s *due.Service, tx *db.Tx) error { _, err := s.Resume(tx, "grant.decide", "g"); return err })
		all(func(s *due.Service, tx *db.Tx) error {
			_, err := s.Assign(tx, "grant.decide", "g", "clerk")
			return err
		})
		all(func(s *due.Service, tx *db.Tx) error { _, err := s.Keep(tx, "grant.decide", "g"); return err })
		var past []due.Promise
		w.read(func(tx *db.Tx) (err error) { past, err = w.Past(tx, "grant.decide", "g"); return err })
		if len(past) != 1 || past[0].State != due.Kept || past[0].Account != "clerk" {
			t.Errorf("%+v", past)
		}
	})
}

// What fails leaves nothing, and what the caller undoes is undone.
func TestWithTheCaller(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		err := w.try(func(tx *db.Tx) error {
			if _, err := w.Put(tx, grant("g")); err != nil {
				return err
			}
			return errOwn
		})
		if err == nil {
			t.Fatal("committed")
		}
		err = w.DB.Read(t.Context(), func(tx *db.Tx) error { _, err := w.Promise(tx, "grant.decide", "g"); return err })
		refused(t, err, fault.NotFound, "due.unknown")
		// A refusal does not end the caller's transaction.
		w.write(func(tx *db.Tx) error {
			_, err := w.Keep(tx, "grant.decide", "g")
			refused(t, err, fault.NotFound, "due.unknown")
			_, err = w.Put(tx, grant("g"))
			return err
		})
	})
}

func TestPauseAndResume(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00") // Friday; due Tuesday
		w.put(grant("g"))
		w.at("2026-11-23 10:00")
		p := w.pause("g")
		if p.State != due.Paused || p.Left.Text != "已中止计时" {
			t.Errorf("%+v", p)
		}
		w.pause("g")
		w.at("2026-12-01 10:00") // a Tuesday: seven working days later
		if n := w.tick(); n != 0 {
			t.Errorf("%d announced while the clock stood", n)
		}
		p = w.do(w.Resume, "g")
		if got := local(p.Due); p.State != due.Open || got != "2026-12-02 23:59:59.999" || p.Left.Text != "剩余 1 个工作日" || p.Reason != "" {
			t.Errorf("%s %+v", got, p)
		}
		w.do(w.Resume, "g")
		w.at("2026-12-02 09:00").tick()
		w.at("2026-12-03 00:00").tick()
		if got := w.hear(); got != "remind g 12-02 09:00; overdue g 12-03 00:00" {
			t.Errorf("heard %s", got)
		}
		refused(t, w.try(func(tx *db.Tx) error { _, err := w.Pause(tx, "grant.decide", "g", "补正"); return err }), fault.Conflict, "due.late")
		w.do(w.Keep, "g")
		for _, fn := range []func(*db.Tx) error{
			func(tx *db.Tx) error { _, err := w.Pause(tx, "grant.decide", "g", "补正"); return err },
			func(tx *db.Tx) error { _, err := w.Resume(tx, "grant.decide", "g"); return err },
		} {
			refused(t, w.try(fn), fault.Conflict, "due.kept")
		}
	})
}

// What is kept while the clock stands is in time.
func TestKeptWhilePaused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		w.put(grant("g"))
		w.at("2026-11-24 20:00").pause("g")
		w.at("2026-12-15 10:00")
		if p := w.do(w.Keep, "g"); p.Late || p.State != due.Kept {
			t.Errorf("%+v", p)
		}
	})
}

func TestPauseLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "2026-11-20 15:00")
	w.put(grant("g"))
	for range 50 {
		w.pause("g")
		w.do(w.Resume, "g")
	}
	pause := func(topic, object, reason string) error {
		return w.try(func(tx *db.Tx) error { _, err := w.Pause(tx, topic, object, reason); return err })
	}
	refused(t, pause("grant.decide", "g", "补正"), fault.TooMany, "due.pauses")
	w.put(due.Promise{Topic: "seal.renew", Object: "s", Org: "o1", Permission: "seal.apply", Title: "电子印章续期", Until: w.clock.now().AddDate(0, 6, 0)})
	refused(t, pause("seal.renew", "s", "补正"), fault.Conflict, "due.fixed")
	w.put(grant("h"))
	refused(t, pause("grant.decide", "h", ""), fault.Invalid, "due.reason")
	refused(t, pause("grant.decide", "nothing", "补正"), fault.NotFound, "due.unknown")
}

func TestReassign(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		for _, o := range []string{"1", "2", "3"} {
			p := grant(o)
			p.Account = "leaver"
			w.put(p)
		}
		w.put(due.Promise{Topic: "password.expire", Object: "leaver", Account: "leaver", Title: "更换口令"})
		w.do(w.Keep, "3")
		reassign := func(from, to string) (n int64) {
			t.Helper()
			w.write(func(tx *db.Tx) (err error) { n, err = w.Reassign(tx, from, to); return err })
			return n
		}
		if n := reassign("leaver", "heir"); n != 2 {
			t.Errorf("%d handed over", n)
		}
		if n := reassign("leaver", "heir"); n != 0 {
			t.Errorf("%d handed over again", n)
		}
		if p := w.do(w.Promise, "3"); p.Account != "leaver" {
			t.Errorf("what is done was handed over: %+v", p)
		}
		if n := reassign("heir", ""); n != 2 {
			t.Errorf("%d given back to the unit", n)
		}
		assign := func(topic, object, account string) error {
			return w.try(func(tx *db.Tx) error { _, err := w.Assign(tx, topic, object, account); return err })
		}
		if err := assign("grant.decide", "1", "clerk"); err != nil {
			t.Error(err)
		}
		if p := w.do(w.Promise, "1"); p.Account != "clerk" {
			t.Errorf("%+v", p)
		}
		refused(t, assign("grant.decide", "3", "clerk"), fault.Conflict, "due.closed")
		refused(t, assign("password.expire", "leaver", "clerk"), fault.Conflict, "due.personal")
		refused(t, assign("grant.decide", "1", strings.Repeat("x", 129)), fault.Invalid, "due.account")
		for _, pair := range [][2]string{{"", "x"}, {"x", "x"}} {
			refused(t, w.try(func(tx *db.Tx) error { _, err := w.Reassign(tx, pair[0], pair[1]); return err }), fault.Invalid, "due.account")
		}
		var n int64
		w.write(func(tx *db.Tx) (err error) { n, err = w.DropOf(tx, "leaver", "账号注销"); return err })
		if n != 1 {
			t.Errorf("%d personal promises dropped", n)
		}
		refused(t, w.try(func(tx *db.Tx) error { _, err := w.DropOf(tx, "", "x"); return err }), fault.Invalid, "due.account")
	})
}
