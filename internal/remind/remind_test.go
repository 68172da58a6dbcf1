package remind

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/certid"
	"sidian/gm"
	"sidian/internal/cert/certtest"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/ofd"
	"sidian/workday"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var beijing = time.FixedZone("CST", 8*60*60)

type world struct {
	*iamtest.County
	*Service
	t    testing.TB
	mu   sync.Mutex
	now  time.Time
	docs map[gm.Digest][]byte
	n    int
}

// newWorld is a county at ten in the morning of a day.
func newWorld(t testing.TB, d *db.DB, day string) *world {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15", day+" 10", beijing)
	must(t, err)
	w := &world{t: t, now: at, docs: map[gm.Digest][]byte{}}
	d.Now = func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
	w.County = iamtest.New(t, d)
	w.Service = &Service{DB: d, IAM: w.County.Service, Notice: &notice.Service{DB: d}, Document: func(_ context.Context, g gm.Digest) ([]byte, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if b := w.docs[g]; b != nil {
			return b, nil
		}
		return nil, errors.New("no such document")
	}}
	return w
}

func (w *world) pass(days int) { w.mu.Lock(); defer w.mu.Unlock(); w.now = w.now.AddDate(0, 0, days) }

// document is one that says of itself whose it is and when it ends.
func (w *world) document(holder, to string) gm.Digest {
	w.t.Helper()
	b := ofd.New(ofd.DocInfo{DocID: strings.Repeat("0", 31) + "1", CustomDatas: []ofd.CustomData{
		{Name: "ZZMC", Value: "样例许可证"}, {Name: "CZZTDM", Value: holder}, {Name: "ZZYXQJZRQ", Value: to},
	}})
	b.AddPage(210, 297)
	d, err := b.Build()
	must(w.t, err)
	data, err := d.Bytes()
	must(w.t, err)
	g := gm.Sum(data)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.docs[g] = data
	return g
}

// issue hands the event of an issue to the consumer, as the outbox does.
func (w *world) issue(kind, holder, to string, version int) string {
	w.t.Helper()
	w.n++
	id := fmt.Sprintf("c%03d", w.n)
	end := ""
	if day := dayOf(to); !day.IsZero() {
		end = day.String()
	}
	w.happen(event.Issued, event.Certificate{ID: id, Kind: kind, Issuer: iamtest.Market, Identifier: fmt.Sprintf("1.2.156.3005.2.K.I.%s.%03d.X", kind+holder+"s", version), Version: version, Document: fmt.Sprintf("%x", w.document(holder, to)), ValidTo: &end})
	return id
}

func (w *world) happen(topic string, c event.Certificate) {
	w.t.Helper()
	must(w.t, w.deliver(eventOf(w.t, topic, c.ID, c)))
}

func eventOf(t testing.TB, topic, id string, body any) outbox.Event {
	t.Helper()
	b, err := json.Marshal(body)
	must(t, err)
	return outbox.Event{Topic: topic, Key: id, Body: json.RawMessage(b)}
}

// deliver hands events to the consumer in one batch.
func (w *world) deliver(all ...outbox.Event) error {
	return w.DB.WriteRows(w.t.Context(), func(tx *db.Tx) error { return w.Consumer().HandleAll(tx, all) })
}

func (w *world) tick(want int) {
	w.t.Helper()
	n, err := w.Tick(w.t.Context())
	if err != nil || n != want {
		w.t.Errorf("on %s %d are reminded of, want %d: %v", workday.DateOf(w.DB.Now()), n, want, err)
	}
}

// told are the titles in somebody's inbox, newest first.
func (w *world) told(who string) (titles []string) {
	w.t.Helper()
	p, err := w.Notice.Inbox(w.Ctx(w.t, who), 100, "")
	must(w.t, err)
	for _, n := range p.Items {
		titles = append(titles, n.Title+"|"+n.Text)
	}
	return titles
}

// A year of one licence: the holder and the unit are told sixty, thirty and seven
// days before, once each however often it ticks, and not after.
func TestYear(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		w.tick(0)
		w.issue("sample", iamtest.HolderCitizen, "20270301", 1)
		w.issue("sample", "91411526MA0000000X", "20270301", 1)
		w.issue("forever", iamtest.HolderCitizen, "长期", 1)
		days := map[string]int{}
		for range 120 {
			n, err := w.Tick(t.Context())
			must(t, err)
			if n > 0 {
				days[workday.DateOf(w.DB.Now()).String()] = n
			}
			w.tick(0)
			w.pass(1)
		}
		if fmt.Sprint(days) != "map[2026-12-31:2 2027-01-30:2 2027-02-22:2]" {
			t.Error(days)
		}
		told := w.told("holder")
		if len(told) != 3 || !strings.Contains(told[0], "您的“样例许可证”2027 年 3 月 1 日到期|距到期还有 7 日") {
			t.Errorf("the holder is told %q", told)
		}
		if told := w.told("clerk"); len(told) != 3 {
			t.Errorf("the unit is told %q", told)
		}
		if told := w.told("outsider"); len(told) != 0 {
			t.Errorf("another unit is told %q", told)
		}
		r, err := w.Report(w.Ctx(t, "clerk"), Query{})
		must(t, err)
		if len(r.Items) != 6 || r.Counts[Told] != 3 || r.Counts[NoAccount] != 3 {
			t.Errorf("the report has %d: %v", len(r.Items), r.Counts)
		}
	})
}

// What is cancelled, renewed or over is not reminded of, in whatever order the
// events come.
func TestNotReminded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		w.tick(0)
		cancelled := w.issue("a", iamtest.HolderCitizen, "20261223", 1)
		end := func(id string) {
			must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error { return w.End(tx, id, "cancelled") }))
		}
		end(cancelled)
		end(cancelled)
		w.issue("b", iamtest.HolderCitizen, "20261223", 1) // renewed by
		w.issue("b", iamtest.HolderCitizen, "20291223", 2)
		w.issue("c", iamtest.HolderCitizen, "20291223", 2) // which was faster than
		w.issue("c", iamtest.HolderCitizen, "20261223", 1)
		w.issue("d", iamtest.HolderCitizen, "20261101", 1) // over already
		w.happen(event.Withdrawn, event.Certificate{ID: "c900"})
		end(fmt.Sprintf("c%03d", w.n+1))
		w.issue("e", iamtest.HolderCitizen, "20261223", 1) // its end was faster
		for range 40 {
			w.pass(1)
			w.tick(0)
		}
		if told := w.told("holder"); len(told) != 0 {
			t.Errorf("told %q", told)
		}
	})
}

// A certificate is followed: suspended, restored, extended, cancelled, in whatever
// order that is told.
func TestFollowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		w.tick(0)
		tell := func(id string, seq int, status, to string) error {
			return w.deliver(eventOf(t, event.Changed, id, event.StatusChanged{ID: id, Seq: seq, Status: status, ValidTo: to}))
		}
		if tell("none", 1, "effective", "") == nil {
			t.Error("what is not known is not tried again")
		}
		suspended := w.issue("a", iamtest.HolderCitizen, "20261223", 1)
		restored := w.issue("b", iamtest.HolderCitizen, "20261223", 1)
		extended := w.issue("c", iamtest.HolderCitizen, "20261223", 1)
		must(t, tell(suspended, 1, "suspended", ""))
		must(t, tell(restored, 2, "effective", "")) // faster than
		must(t, tell(restored, 1, "suspended", ""))
		must(t, tell(extended, 1, "effective", "2027-01-22"))
		w.pass(1)
		w.tick(2) // thirty days of the restored, sixty of the extended
		must(t, tell(extended, 2, "cancelled", ""))
		must(t, tell(extended, 3, "effective", "")) // what is cancelled stays so
		for range 60 {
			w.pass(1)
			n, err := w.Tick(t.Context())
			must(t, err)
			if n > 1 {
				t.Errorf("%d are reminded of", n)
			}
		}
		if told := w.told("holder"); len(told) != 3 { // and seven days of the restored
			t.Errorf("told %q", told)
		}
	})
}

// A crash at any step, and any number of processes: each is told once.
func TestOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		w.tick(0)
		const many = 250
		for range many {
			w.issue(fmt.Sprint("k", w.n), iamtest.HolderCitizen, "20261223", 1)
		}
		w.pass(1)
		for _, step := range []string{"read", "told", "read"} {
			w.step = func(s string) {
				if s == step {
					panic(s)
				}
			}
			func() {
				defer func() { _ = recover() }()
				_, _ = w.Tick(t.Context())
			}()
		}
		w.step = nil
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if _, err := w.Tick(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		w.tick(0)
		var n, notices int
		must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
			return errors.Join(tx.Get(`select count(*) from remind_reminder`, nil, &n),
				tx.Get(`select count(*) from notice_notice where account <> ''`, nil, &notices))
		}))
		if n != many || notices != many {
			t.Errorf("%d reminders and %d notices of %d certificates", n, notices, many)
		}
	})
}

// After a stop of weeks: what was missed is told, the shorter of two lead times
// alone, and what is over is not.
func TestLongStop(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		w.tick(0)
		w.issue("over", iamtest.HolderCitizen, "20261223", 1)
		w.issue("both", iamtest.HolderCitizen, "20270125", 1) // 60 days: 26 November; 30: 26 December
		w.issue("one", iamtest.HolderCitizen, "20270220", 1)  // 60 days: 22 December
		w.pass(40)                                            // 1 January
		w.tick(2)
		told := strings.Join(w.told("holder"), "\n")
		if strings.Count(told, "到期|") != 2 || !strings.Contains(told, "还有 24 日") || !strings.Contains(told, "还有 50 日") {
			t.Errorf("told %s", told)
		}
		r, err := w.Report(w.Ctx(t, "clerk"), Query{Kind: "both"})
		must(t, err)
		if len(r.Items) != 2 || r.Counts[Overtaken] != 1 {
			t.Errorf("%+v", r)
		}
	})
}

// A day's reminders begin at nine in the morning in Beijing, not at midnight.
func TestMorning(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		w.tick(0)
		w.issue("a", iamtest.HolderCitizen, "20261223", 1)
		w.now = w.now.Add(22*time.Hour + 59*time.Minute) // 23 November, 8:59
		w.tick(0)
		w.now = w.now.Add(time.Minute)
		w.tick(1)
		w.now = w.now.Add(-24 * time.Hour) // a clock that is set back
		w.tick(0)
	})
}

// A rule that is put counts from its day, for its kind and its region, for
// certificates that were issued before.
func TestRules(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		region := "411526"
		_, err := w.EditOrg(w.Ctx(t, "system"), iamtest.Root, iam.OrgEdit{Region: &region, Reason: "补登区划代码"})
		must(t, err)
		w.tick(0)
		w.issue("a", iamtest.HolderCitizen, "20261210", 1)
		w.issue("b", iamtest.HolderCitizen, "20261210", 1)
		good := RuleRequest{Kind: "a", Region: region, From: "2026-11-25", Leads: []int{10, 1}, Holder: true, Basis: "样例县政办〔2026〕1 号第三条", Reason: "本县规定"}
		for name, c := range map[string]struct {
			who    string
			change func(*RuleRequest)
			kind   fault.Kind
			field  string
		}{
			"a clerk":         {"clerk", nil, fault.Forbidden, ""},
			"another region":  {"system", func(q *RuleRequest) { q.Region = "110101" }, fault.Forbidden, ""},
			"the country":     {"system", func(q *RuleRequest) { q.Region = "" }, fault.Forbidden, ""},
			"yesterday":       {"system", func(q *RuleRequest) { q.From = "2026-11-21" }, fault.Invalid, "from"},
			"no day":          {"system", func(q *RuleRequest) { q.From = "soon" }, fault.Invalid, "from"},
			"no lead time":    {"system", func(q *RuleRequest) { q.Leads = nil }, fault.Invalid, "leads"},
			"none at all":     {"system", func(q *RuleRequest) { q.Leads = []int{0} }, fault.Invalid, "leads"},
			"three years":     {"system", func(q *RuleRequest) { q.Leads = []int{1095} }, fault.Invalid, "leads"},
			"twice the same":  {"system", func(q *RuleRequest) { q.Leads = []int{7, 7} }, fault.Invalid, "leads"},
			"nobody":          {"system", func(q *RuleRequest) { q.Holder = false }, fault.Invalid, "holder"},
			"without a basis": {"system", func(q *RuleRequest) { q.Basis = " " }, fault.Invalid, "basis"},
			"without reason":  {"system", func(q *RuleRequest) { q.Reason = "" }, fault.Invalid, "reason"},
		} {
			q := good
			if c.change != nil {
				c.change(&q)
			}
			_, err := w.PutRule(w.Ctx(t, c.who), q)
			f := fault.As(err)
			if f == nil || f.Kind != c.kind || c.field != "" && (len(f.Fields) == 0 || f.Fields[0].Name != c.field) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err = w.PutRule(w.Ctx(t, "system"), good)
		must(t, err)
		days := map[string]int{}
		for range 20 {
			n, err := w.Tick(t.Context())
			must(t, err)
			if n > 0 {
				days[workday.DateOf(w.DB.Now()).String()] = n
			}
			w.pass(1)
		}
		if fmt.Sprint(days) != "map[2026-11-30:1 2026-12-03:1 2026-12-09:1]" { // a: ten and one; b: seven, by the country's
			t.Error(days)
		}
	})
}

func TestPick(t *testing.T) {
	t.Parallel()
	day := func(s string) workday.Date { d, err := workday.ParseDate(s); must(t, err); return d }
	all := []Rule{
		{ID: "country", From: day("2000-01-01")}, {ID: "province", Region: "410000", From: day("2020-01-01")},
		{ID: "county", Region: "411526", From: day("2026-01-01")}, {ID: "kind", Kind: "a", From: day("2010-01-01")},
		{ID: "later", Kind: "a", From: day("2030-01-01")},
	}
	for _, c := range []struct{ kind, region, day, want string }{
		{"b", "411526", "2026-11-22", "county"}, {"b", "411526", "2025-12-31", "province"}, {"b", "411500", "2026-11-22", "province"},
		{"b", "110000", "2026-11-22", "country"}, {"b", "", "2026-11-22", "country"}, {"a", "411526", "2026-11-22", "kind"}, {"a", "", "2030-01-01", "later"}, {"b", "", "1999-12-31", ""},
	} {
		if got, _ := pick(all, c.kind, c.region, day(c.day)); got.ID != c.want {
			t.Errorf("%+v: %s", c, got.ID)
		}
	}
}

// The report is for who may read the unit's certificates.
func TestReportRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		for name, c := range map[string]struct {
			who string
			q   Query
			ok  bool
		}{
			"own": {"clerk", Query{}, true}, "own, by name": {"clerk", Query{Issuer: iamtest.Market}, true},
			"another unit's": {"clerk", Query{Issuer: iamtest.Land}, false}, "from another unit": {"outsider", Query{Issuer: iamtest.Market}, false},
			"a holder": {"holder", Query{Issuer: iamtest.Market}, false}, "no unit": {"holder", Query{}, false}, "no day": {"clerk", Query{To: "soon"}, false}, "no cursor": {"clerk", Query{Cursor: "x"}, false},
		} {
			if _, err := w.Report(w.Ctx(t, c.who), c.q); (err == nil) != c.ok || err != nil && fault.As(err) == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// Page by page the report shows each reminder once.
func TestReportPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		w.tick(0)
		for range 7 {
			w.issue(fmt.Sprint("k", w.n), iamtest.HolderCitizen, "20261223", 1)
		}
		w.pass(1)
		w.tick(7)
		seen, cursor := map[string]bool{}, ""
		for range 10 {
			r, err := w.Report(w.Ctx(t, "clerk"), Query{Limit: 3, Cursor: cursor})
			must(t, err)
			for _, x := range r.Items {
				if seen[x.Certificate] {
					t.Errorf("%s comes twice", x.Certificate)
				}
				seen[x.Certificate] = true
			}
			if cursor = r.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 7 {
			t.Errorf("%d are shown", len(seen))
		}
	})
}

// What the platform really issues says of itself what is needed here.
func TestRealCertificate(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "food_operation")
	c := w.Issue(t, "food_operation")
	b, err := hex.DecodeString(c.Document)
	must(t, err)
	s := &Service{DB: w.Cert.DB, Document: w.Blob.Get}
	got, err := s.said(t.Context(), gm.Digest(b))
	must(t, err)
	if got.to.String() != c.ValidTo || got.title != c.KindName {
		t.Errorf("it says %+v, the register %s %s", got, c.KindName, c.ValidTo)
	}
	if certid.Series(c.Identifier) == c.Identifier || !strings.HasPrefix(c.Identifier, certid.Series(c.Identifier)+".") {
		t.Errorf("%s is of the series %s", c.Identifier, certid.Series(c.Identifier))
	}
}

// A hundred thousand certificates that end on other days cost a day's work
// nothing: its one question is answered from the index.
func TestScale(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		w.tick(0)
		const many = 100_000
		bigint := map[string]string{"postgres": "::bigint"}[d.Engine()]
		g := w.document(iamtest.HolderCitizen, "20261223")
		must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(fmt.Sprintf(`
				insert into remind_watch (certificate, series, version, kind, issuer, document, valid_to, state, why, created_at)
				with recursive n(i) as (select 1%s union all select i + 1 from n where i < %d)
				select 'm' || i, 's' || i, 1, 'k', 'market', $1, '20' || (27 + i %% 60) || '-05-0' || (1 + i %% 9), 'watching', '', 0 from n`, bigint, many), g[:])
			return err
		}))
		for range 5 {
			w.issue(fmt.Sprint("k", w.n), iamtest.HolderCitizen, "20261223", 1)
		}
		w.pass(1)
		w.tick(5)
		plan := ""
		explain := map[string]string{"sqlite": "explain query plan ", "postgres": "explain "}[d.Engine()]
		if d.Engine() == "postgres" {
			must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(`analyze remind_watch`); return err }))
		}
		must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.All(explain+endingQuery, []any{"2026-12-23", "", some}, func(scan func(...any) error) error {
				var a, b, c int64
				var line string
				err := error(nil)
				if d.Engine() == "postgres" {
					err = scan(&line)
				} else {
					err = scan(&a, &b, &c, &line)
				}
				plan += line + "\n"
				return err
			})
		}))
		if !strings.Contains(plan, "remind_watch_day") || strings.Contains(plan, "SCAN") || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") {
			t.Errorf("the day's question is answered by\n%s", plan)
		}
	})
}
