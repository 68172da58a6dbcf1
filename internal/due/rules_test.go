package due_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
)

// The numbers of the documents, N1 to N7 and N10 of the requirements, and our
// own, on a day on which all of them are in force.
func TestShippedValues(t *testing.T) {
	t.Parallel()
	rules, err := due.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ code, region, day, want, basis string }{
		{"sharing.review", "411526", "2023-06-01", "法定 5 个工作日", "潢“放管服”组〔2022〕40号"},
		{"sharing.review", "411502", "2023-06-01", "法定 5 个工作日", "豫政办〔2022〕101号"},
		{"sharing.review", "999999", "2023-06-01", "平台默认 5 个工作日", ""},
		{"cert.objection.mark", "140525", "2023-06-01", "法定 1 个工作日", "第二十三条"},
		{"cert.objection.answer", "140525", "2023-06-01", "法定 5 个工作日", "第二十三条"},
		{"cert.offline.push", "140525", "2023-06-01", "法定 1 个工作日", "第九条"},
		{"cert.outage.makeup", "140525", "2023-06-01", "法定 3 个工作日", "第十一条"},
		{"log.keep", "140525", "2023-06-01", "法定 3 年", "第二十五条"},
		{"log.keep", "", "2026-11-22", "平台默认 3 年", ""},
		{"seal.renew", "140525", "2026-11-22", "法定 到期前 30 日内", "第八条"},
		{"seal.renew", "350100", "2026-11-22", "平台默认 到期前 30 日内", ""},
		// Two years in force, then the platform's own (N7).
		{"cert.objection.answer", "140525", "2022-11-24", "平台默认 5 个工作日", ""},
		{"cert.objection.answer", "140525", "2022-11-25", "法定 5 个工作日", ""},
		{"cert.objection.answer", "140525", "2024-11-25", "法定 5 个工作日", "第三十二条"},
		{"cert.objection.answer", "140525", "2024-11-26", "平台默认 5 个工作日", ""},
		{"grant.decide", "", "2026-11-22", "平台默认 2 个工作日", ""},
		{"glass.review", "", "2026-11-22", "平台默认 1 个工作日", ""},
		{"password.expire", "", "2026-11-22", "平台默认 90 日", ""},
		{"account.handover", "", "2026-11-22", "平台默认 5 个工作日", ""},
		{"alarm.acknowledge", "", "2026-11-22", "平台默认 1 个工作日", ""},
		{"target.connect", "411526", "2023-01-01", "法定 2023-03-31 前", "四（二）"},
		{"target.stock", "411526", "2023-01-01", "法定 2023-06-30 前", "四（三）"},
		{"target.stock", "411502", "2023-01-01", "法定 2023-09-30 前", "四（三）"},
		{"target.material", "410100", "2023-01-01", "法定 2024-06-30 前", "四（四）"},
		{"target.service", "350100", "2023-01-01", "法定 2023-12-31 前", "闽政办〔2022〕33号"},
		{"target.full", "350100", "2023-01-01", "法定 2025-12-31 前", "到2025年"},
	} {
		var of []due.Rule
		for _, r := range rules {
			if r.Code == tc.code {
				of = append(of, r)
			}
		}
		r, ok := due.Pick(of, tc.region, date(t, tc.day))
		if got := r.Origin.String() + " " + r.String(); !ok || got != tc.want || !strings.Contains(r.Basis, tc.basis) {
			t.Errorf("%s in %q on %s: %s (%s), want %s", tc.code, tc.region, tc.day, got, r.Basis, tc.want)
		}
	}
}

func TestShippedAreWhole(t *testing.T) {
	t.Parallel()
	rules, err := due.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	codes, err := due.Codes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range codes {
		everywhere := slices.ContainsFunc(rules, func(r due.Rule) bool {
			return r.Code == c.Code && r.Region == "" && r.Origin == due.Platform && r.Until.IsZero()
		})
		if everywhere == strings.HasPrefix(c.Code, "target.") {
			t.Errorf("%s has a value for the country: %v", c.Code, everywhere)
		}
	}
	for _, r := range rules {
		if (r.Origin == due.Platform) != strings.HasPrefix(r.Basis, "平台默认") || (r.Origin == due.Platform) != (r.Region == "") {
			t.Errorf("%s: %s in %q: %s", r.ID, r.Origin, r.Region, r.Basis)
		}
	}
}

// Among rules in force the smallest region counts, then the latest day.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	rule := func(id, region, from, until string) due.Rule {
		r := due.Rule{ID: id, Region: region, From: date(t, from)}
		if until != "" {
			r.Until = date(t, until)
		}
		return r
	}
	all := []due.Rule{
		rule("country", "", "2000-01-01", ""),
		rule("county", "411526", "2026-01-01", "2026-12-31"),
		rule("province", "410000", "2020-01-01", ""),
		rule("province new", "410000", "2026-06-01", ""),
		rule("city", "411500", "2027-01-01", ""),
		rule("town", "411526100", "2026-03-01", ""),
		rule("other county", "411527", "2026-01-01", ""),
		rule("prefix", "411520", "2020-01-01", ""), // six digits of its own, no prefix of 411526
	}
	for _, tc := range []struct{ region, day, want string }{
		{"411526", "2026-07-01", "county"},
		{"411526", "2025-12-31", "province"},
		{"411526", "2026-01-01", "county"},
		{"411526", "2026-12-31", "county"},
		{"411526", "2027-01-01", "city"},
		{"411526100", "2026-07-01", "town"},
		{"411526100", "2026-02-28", "county"},
		{"411526100202", "2026-07-01", "town"},
		{"411526000000", "2026-07-01", "county"}, // the county, written with twelve digits
		{"411500", "2026-07-01", "province new"},
		{"410000", "2026-05-31", "province"},
		{"410000", "2026-06-01", "province new"},
		{"350000", "2026-06-01", "country"},
		{"", "2026-06-01", "country"},
		{"nonsense", "2026-06-01", "country"},
		{"", "1999-12-31", ""},
	} {
		for range 3 {
			all = append(all[1:], all[0]) // in whatever order they come
			if got, _ := due.Pick(all, tc.region, date(t, tc.day)); got.ID != tc.want {
				t.Errorf("in %q on %s: %q, want %q", tc.region, tc.day, got.ID, tc.want)
			}
		}
	}
}

const oneRule = `codes: { a.b: { name: 甲 } }
rules:
  - { code: a.b, region: "", from: 2020-01-01, amount: 5, unit: workday, remind: [1wd], origin: platform, basis: 平台默认 }
`

func TestBookRefuses(t *testing.T) {
	t.Parallel()
	if err := due.ParseBook([]byte(oneRule)); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string][2]string{
		"unknown key":     {"amount: 5", "amount: 5, colour: red"},
		"unknown code":    {"code: a.b", "code: a.c"},
		"unknown unit":    {"workday", "fortnight"},
		"no amount":       {"amount: 5, ", ""},
		"negative":        {"amount: 5", "amount: -5"},
		"too much":        {"amount: 5", "amount: 1001"},
		"odd offset":      {"1wd", "1w"},
		"offset of none":  {"1wd", "0wd"},
		"odd region":      {`region: ""`, `region: "41"`},
		"no day":          {"from: 2020-01-01, ", ""},
		"odd day":         {"2020-01-01", "2020-02-30"},
		"ends before":     {"from: 2020-01-01", "from: 2020-01-01, until: 2019-12-31"},
		"no basis":        {", basis: 平台默认", ""},
		"no origin":       {"origin: platform, ", ""},
		"odd closing":     {"amount: 5", "amount: 5, closes: noon"},
		"closing early":   {"amount: 5", "amount: 5, closes: '08:00'"},
		"moves workdays":  {"amount: 5", "amount: 5, extends: true"},
		"fixed, no day":   {"amount: 5, unit: workday", "unit: date"},
		"fixed, amount":   {"unit: workday", "unit: date, on: 2020-05-01"},
		"fixed backward":  {"amount: 5, unit: workday", "unit: date, on: 2020-05-01, backward: true"},
		"fixed before":    {"amount: 5, unit: workday", "unit: date, on: 2019-05-01"},
		"hours with days": {"workday", "hour"},
		"two documents":   {"codes:", "codes: {}\n---\ncodes:"},
		"many reminders":  {"[1wd]", "[1wd,1wd,1wd,1wd,1wd,1wd,1wd,1wd,1wd,1wd,1wd]"},
	} {
		text := strings.Replace(oneRule, tc[0], tc[1], 1)
		if text == oneRule {
			t.Fatalf("%s: nothing is changed", name)
		}
		if err := due.ParseBook([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	twice := oneRule + strings.SplitAfterN(oneRule, "rules:\n", 2)[1]
	if err := due.ParseBook([]byte(twice)); err == nil {
		t.Error("a rule that stands twice is accepted")
	}
}

// localRule is a value that a county puts.
func localRule(t testing.TB) due.Rule {
	return due.Rule{Code: "grant.decide", Region: "411526", From: date(t, "2026-12-01"), Amount: 1, Unit: due.Workdays, Remind: offsets(t, "1wd"),
		Origin: due.Local, Basis: "县局内部管理规定", Account: "admin", Reason: "加快审批"}
}

func (w *world) putRule(r due.Rule) (out due.Rule, err error) {
	err = w.try(func(tx *db.Tx) (err error) { out, err = w.PutRule(tx, r); return err })
	return out, err
}

// A value that was put counts from its day on, in its region, and not for what
// was promised before.
func TestPutRule(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-30 15:00")
		before := grant("before")
		before.Region = "411526"
		w.put(before)
		r, err := w.putRule(localRule(t))
		if err != nil || r.ID == "" || r.Name != "审批角色授权" {
			t.Fatalf("%+v, %v", r, err)
		}
		if again, err := w.putRule(localRule(t)); err != nil || again.ID != r.ID {
			t.Errorf("put again: %+v, %v", again, err)
		}
		same := grant("same-day")
		same.Region = "411526"
		if p := w.put(same); p.Amount != "2 个工作日" {
			t.Errorf("on the day before: %s", p.Amount)
		}
		w.at("2026-12-01 00:00")
		after := grant("after")
		after.Region = "411526100"
		if p := w.put(after); p.Amount != "1 个工作日" || p.RuleID != r.ID || p.Origin != due.Local || p.Basis != "县局内部管理规定" {
			t.Errorf("after: %+v", p)
		}
		if p := w.put(grant("elsewhere")); p.Amount != "2 个工作日" {
			t.Errorf("elsewhere: %+v", p)
		}
		yesterday := grant("yesterday")
		yesterday.Region, yesterday.Since = "411526", beijing(t, "2026-11-30 23:00")
		if p := w.put(yesterday); p.Amount != "2 个工作日" {
			t.Errorf("begun the day before: %s", p.Amount)
		}
		if p := w.do(w.Promise, "before"); p.Amount != "2 个工作日" || local(p.Due)[:10] != "2026-12-02" {
			t.Errorf("promised before: %+v", p)
		}
		other := localRule(t)
		other.Amount, other.Origin = 2, due.Legal
		other.From = date(t, "2026-12-01")
		_, err = w.putRule(other)
		refused(t, err, fault.Conflict, "due.rule-exists")
	})
}

func TestPutRuleRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "2026-11-30 15:00")
	for name, tc := range map[string]struct {
		change func(*due.Rule)
		want   string
	}{
		"unknown code": {func(r *due.Rule) { r.Code = "x.y" }, "code unknown"},
		"yesterday":    {func(r *due.Rule) { r.From = date(t, "2026-11-29") }, "from past"},
		"no day":       {func(r *due.Rule) { r.From = due.Rule{}.From }, "from missing, from past"},
		"platform":     {func(r *due.Rule) { r.Origin = due.Platform }, "origin platform"},
		"no reason":    {func(r *due.Rule) { r.Reason = " " }, "reason length"},
		"nobody":       {func(r *due.Rule) { r.Account = "" }, "account missing"},
		"no basis":     {func(r *due.Rule) { r.Basis = "" }, "basis length"},
		"long basis":   {func(r *due.Rule) { r.Basis = strings.Repeat("据", 501) }, "basis length"},
		"nothing":      {func(r *due.Rule) { r.Amount = 0 }, "amount range"},
		"negative":     {func(r *due.Rule) { r.Amount = -1 }, "amount range"},
		"too much":     {func(r *due.Rule) { r.Amount = 1001 }, "amount range"},
		"odd offset":   {func(r *due.Rule) { r.Remind = []due.Offset{{N: 1, Unit: due.Months}} }, "remind malformed"},
		"no offset":    {func(r *due.Rule) { r.Escalate = []due.Offset{{}} }, "escalate malformed"},
		"two wrong":    {func(r *due.Rule) { r.Region, r.Unit = "4115", "week" }, "region malformed, unit unknown"},
		"looser than law": {func(r *due.Rule) {
			r.Code, r.Amount = "sharing.review", 6
		}, "due.looser"},
		"in another unit": {func(r *due.Rule) { r.Code, r.Unit = "sharing.review", due.Days }, "due.looser"},
		"kept for less":   {func(r *due.Rule) { r.Code, r.Amount, r.Unit, r.Remind = "log.keep", 2, due.Years, nil }, "due.looser"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			r := localRule(t)
			tc.change(&r)
			_, err := w.putRule(r)
			if e := fault.As(err); e == nil || e.Code != tc.want && fieldsOf(err) != tc.want {
				t.Errorf("%v (%s), want %s", err, fieldsOf(err), tc.want)
			}
		})
	}
	for name, change := range map[string]func(*due.Rule){
		"stricter than law":   func(r *due.Rule) { r.Code, r.Amount = "sharing.review", 3 },
		"looser by law":       func(r *due.Rule) { r.Code, r.Amount, r.Origin, r.Region = "sharing.review", 10, due.Legal, "411500" },
		"looser than default": func(r *due.Rule) { r.Code, r.Amount = "glass.review", 3 },
		"kept for longer":     func(r *due.Rule) { r.Code, r.Amount, r.Unit, r.Remind = "log.keep", 5, due.Years, nil },
		"where no law is":     func(r *due.Rule) { r.Code, r.Amount, r.Region = "sharing.review", 8, "350000" },
	} {
		r := localRule(t)
		change(&r)
		if _, err := w.putRule(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEndRule(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-30 15:00")
		end := func(id, last string) (r due.Rule, err error) {
			err = w.try(func(tx *db.Tx) (err error) {
				r, err = w.EndRule(tx, id, date(t, last), "admin", "不再适用")
				return err
			})
			return r, err
		}
		value := func(day string) (r due.Rule) {
			t.Helper()
			w.read(func(tx *db.Tx) (err error) { r, err = w.Value(tx, "grant.decide", "411526", date(t, day)); return err })
			return r
		}
		wrong, err := w.putRule(localRule(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := end(wrong.ID, "2026-11-30"); err != nil { // withdrawn before it began
			t.Fatal(err)
		}
		if r := value("2026-12-01"); r.Amount != 2 {
			t.Errorf("a withdrawn value counts: %+v", r)
		}
		right, err := w.putRule(localRule(t)) // the same day is free again
		if err != nil || right.ID == wrong.ID {
			t.Fatalf("%+v, %v", right, err)
		}
		w.at("2026-12-10 10:00")
		for _, last := range []string{"2026-12-09", "2026-11-30"} {
			_, err := end(right.ID, last)
			refused(t, err, fault.Invalid, "due.rule-end")
		}
		for range 2 {
			if r, err := end(right.ID, "2026-12-20"); err != nil || r.Until != date(t, "2026-12-20") {
				t.Errorf("%+v, %v", r, err)
			}
		}
		if in, out := value("2026-12-20"), value("2026-12-21"); in.Amount != 1 || out.Amount != 2 {
			t.Errorf("%+v, then %+v", in, out)
		}
		_, err = end(right.ID, "2026-12-25")
		refused(t, err, fault.Conflict, "due.rule-ended")
		_, err = end("grant.decide@@2000-01-01", "2026-12-25")
		refused(t, err, fault.NotFound, "due.rule-unknown")
		var all []due.Rule
		w.read(func(tx *db.Tx) (err error) { all, err = w.Rules(tx, "grant.decide"); return err })
		if len(all) != 3 {
			t.Errorf("%d values are kept, want all three", len(all))
		}
	})
}

func TestRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "2026-11-30 15:00")
	var all []due.Rule
	w.read(func(tx *db.Tx) (err error) { all, err = w.Rules(tx, ""); return err })
	rules, err := due.Shipped()
	if err != nil || len(all) != len(rules) {
		t.Errorf("%d of %d values, %v", len(all), len(rules), err)
	}
	for _, r := range all {
		if r.Name == "" {
			t.Errorf("%s has no name", r.ID)
		}
	}
	err = w.DB.Read(t.Context(), func(tx *db.Tx) error { _, err := w.Rules(tx, "x.y"); return err })
	refused(t, err, fault.Invalid, "due.code")
	b, err := json.Marshal(all[0])
	if err != nil || !strings.Contains(string(b), `"remind":["2wd","1wd"]`) {
		t.Errorf("%s, %v", b, err)
	}
}

func TestOffset(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"1wd", "30d", "1000h"} {
		if got := fmt.Sprint(offsets(t, s)[0]); got != s {
			t.Errorf("%s became %s", s, got)
		}
	}
	for _, s := range []string{"", "wd", "1", "0d", "-1d", "1001h", "1wdd", "1 d", "1w", "99999999999999999999d"} {
		var o due.Offset
		if err := o.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q became %s", s, o)
		}
	}
}
