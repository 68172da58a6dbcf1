package due_test

import (
	"fmt"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/workday"
)

// What is left is told in the unit of the rule, working days in halves.
func TestLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "2026-11-20 15:00") // a Friday
	hours := localRule(t)
	hours.Code, hours.Unit, hours.Amount, hours.Remind, hours.From = "glass.review", due.Hours, 50, offsets(t, "3h"), date(t, "2026-11-20")
	if _, err := w.putRule(hours); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		rule  string
		lines []string // now, text, level
	}{
		{"grant.decide", []string{ // due on Tuesday the 24th
			"2026-11-20 15:00, 剩余 2 个工作日, good",
			"2026-11-21 15:00, 剩余 2 个工作日, good",
			"2026-11-23 11:59, 剩余 2 个工作日, good",
			"2026-11-23 12:00, 剩余 1.5 个工作日, good",
			"2026-11-24 00:00, 剩余 1 个工作日, care",
			"2026-11-24 18:30, 剩余 0.5 个工作日, care",
			"2026-11-25 00:00, 已超期 0.5 个工作日, bad",
			"2026-11-25 12:00, 已超期 1 个工作日, bad",
			"2026-11-26 12:00, 已超期 2 个工作日, bad",
			"2026-11-28 12:00, 已超期 3 个工作日, bad",
			"2026-11-30 09:00, 已超期 3.5 个工作日, bad",
		}},
		{"password.expire", []string{ // 18 February 2027
			"2026-11-20 15:00, 剩余 90 天, good",
			"2027-02-05 08:59, 剩余 13 天, good",
			"2027-02-05 09:00, 剩余 13 天, care",
			"2027-02-18 09:00, 今日到期, care",
			"2027-02-19 00:00, 已超期 1 天, bad",
		}},
		{"glass.review", []string{
			"2026-11-20 15:00, 剩余 2 天, good",
			"2026-11-20 18:00, 剩余 47 小时, good",
			"2026-11-22 14:00, 剩余 3 小时, care",
			"2026-11-22 16:45, 剩余 15 分钟, care",
			"2026-11-22 17:30, 已超期 30 分钟, bad",
			"2026-11-23 17:00, 已超期 24 小时, bad",
		}},
	} {
		w.at("2026-11-20 15:00")
		p := grant(tc.rule)
		p.Rule, p.Region = tc.rule, "411526"
		p = w.put(p)
		for _, line := range tc.lines {
			f := strings.Split(line, ", ")
			if got := p.LeftAt(workday.Embedded(), beijing(t, f[0])); got.Text != f[1] || string(got.Level) != f[2] {
				t.Errorf("%s at %s: %+v", tc.rule, f[0], got)
			}
		}
	}
	w.at("2026-11-20 15:00")
	seal := w.put(due.Promise{Topic: "seal.renew", Object: "s", Org: "o1", Permission: "seal.apply", Title: "电子印章续期", Until: beijing(t, "2027-03-01 10:00")})
	for now, want := range map[string]string{
		"2026-11-20 15:00": "2027-01-30 起可办理 good",
		"2027-01-30 15:00": "剩余 30 天 good",
		"2027-02-01 09:00": "剩余 28 天 care",
		"2027-03-01 09:00": "今日到期 care",
		"2027-03-01 10:01": "已超期 bad",
		"2027-03-02 10:01": "已超期 1 天 bad",
	} {
		if got := seal.LeftAt(workday.Embedded(), beijing(t, now)); got.Text+" "+string(got.Level) != want {
			t.Errorf("seal at %s: %+v, want %s", now, got, want)
		}
	}
}

// Whatever is done to a promise, once it is kept nothing of it is open, it is
// told once, and it stands in one tally.
func FuzzLife(f *testing.F) {
	f.Add([]byte("kkkk"))
	f.Add([]byte("p1r2k"))
	f.Add([]byte("9t9tka"))
	f.Add([]byte("d5k1pk"))
	f.Add([]byte("a3p9r-t-tk"))
	d := dbtest.New(f, "sqlite")
	n := 0
	f.Fuzz(func(t *testing.T, steps []byte) {
		if len(steps) > 40 {
			return
		}
		n++
		w, g := newWorld(t, d, "2026-11-20 15:00"), fmt.Sprint("g", n)
		grant := func() due.Promise {
			p := grant(g)
			p.Org = g
			return p
		}
		w.put(grant())
		told := 0
		for _, s := range steps {
			now := w.clock.now()
			_ = w.try(func(tx *db.Tx) (err error) { // refusals are fine: what holds afterwards is looked at
				switch s {
				case 'p':
					_, err = w.Pause(tx, "grant.decide", g, "补正")
				case 'r':
					_, err = w.Resume(tx, "grant.decide", g)
				case 'd':
					_, err = w.Drop(tx, "grant.decide", g, "撤回")
				case 'a':
					_, err = w.Assign(tx, "grant.decide", g, "clerk")
				case 'n':
					_, err = w.Put(tx, grant())
				case '-':
					w.clock.set(now.AddDate(0, 0, -1))
				default:
					if s >= '0' && s <= '9' {
						w.clock.set(now.AddDate(0, 0, int(s-'0')))
					}
				}
				return err
			})
			if s == 't' {
				told += w.tick()
			}
		}
		w.write(func(tx *db.Tx) error {
			if _, err := w.Put(tx, grant()); err != nil { // open again, if it was closed
				return err
			}
			_, err := w.Keep(tx, "grant.decide", g)
			return err
		})
		if page, _ := w.page(due.Query{Orgs: []string{g}, Account: "clerk", Holds: []due.Hold{{Permission: "grant.approve", Orgs: []string{g}}}}); page != "" {
			t.Fatalf("after %q still open: %s", steps, page)
		}
		w.clock.set(w.clock.now().AddDate(1, 0, 0))
		if n := w.tick(); n != 0 {
			t.Fatalf("after %q, %d announced of what is kept", steps, n)
		}
		var h []due.Tally
		var past []due.Promise
		w.read(func(tx *db.Tx) (err error) {
			if past, err = w.Past(tx, "grant.decide", g); err == nil {
				h, err = w.History(tx, due.HistoryQuery{Orgs: []string{g}})
			}
			return err
		})
		var sum int64
		for _, x := range h {
			sum += x.Kept + x.Late + x.Dropped
		}
		if sum != int64(len(past)) || told > 5*len(past)+5*strings.Count(string(steps), "r") {
			t.Fatalf("after %q: %d promises, %+v, %d told", steps, len(past), h, told)
		}
	})
}
