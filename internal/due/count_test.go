package due_test

import (
	"strings"
	"testing"
	"time"

	"sidian/internal/due"
	"sidian/workday"
)

func offsets(t testing.TB, words string) (all []due.Offset) {
	t.Helper()
	for _, w := range strings.Fields(words) {
		var o due.Offset
		if err := o.UnmarshalText([]byte(w)); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// The end of a period, by unit, over holidays and over days worked in exchange.
func TestEnds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, since string
		rule        due.Rule
		want        string
		provisional bool
	}{
		{"weekend", "2026-11-20 15:00", due.Rule{Unit: due.Workdays, Amount: 1}, "2026-11-23 23:59:59.999", false},
		{"begun on a day off", "2026-11-21 15:00", due.Rule{Unit: due.Workdays, Amount: 1}, "2026-11-23 23:59:59.999", false},
		{"first moment of a day", "2026-11-20 00:00", due.Rule{Unit: due.Workdays, Amount: 1}, "2026-11-23 23:59:59.999", false},
		{"last minute of a day", "2026-11-19 23:59", due.Rule{Unit: due.Workdays, Amount: 1}, "2026-11-20 23:59:59.999", false},
		{"national day", "2026-09-30 15:00", due.Rule{Unit: due.Workdays, Amount: 1}, "2026-10-08 23:59:59.999", false},
		{"a Saturday worked in exchange", "2026-10-09 15:00", due.Rule{Unit: due.Workdays, Amount: 1}, "2026-10-10 23:59:59.999", false},
		{"spring festival", "2026-02-13 15:00", due.Rule{Unit: due.Workdays, Amount: 5}, "2026-02-27 23:59:59.999", false},
		{"a Sunday worked in exchange", "2026-09-18 15:00", due.Rule{Unit: due.Workdays, Amount: 1}, "2026-09-20 23:59:59.999", false},
		{"close of business", "2026-11-20 15:00", due.Rule{Unit: due.Workdays, Amount: 1, Closes: "18:00"}, "2026-11-23 18:00:00.000", false},
		{"into an unknown year", "2026-12-31 15:00", due.Rule{Unit: due.Workdays, Amount: 1}, "2027-01-04 23:59:59.999", true},
		{"days", "2026-09-25 15:00", due.Rule{Unit: due.Days, Amount: 7}, "2026-10-02 23:59:59.999", false},
		{"days that move", "2026-09-25 15:00", due.Rule{Unit: due.Days, Amount: 7, Extends: true}, "2026-10-08 23:59:59.999", false},
		{"days that need not move", "2026-10-03 15:00", due.Rule{Unit: due.Days, Amount: 7, Extends: true}, "2026-10-10 23:59:59.999", false},
		{"days into an unknown year", "2026-12-30 15:00", due.Rule{Unit: due.Days, Amount: 2, Extends: true}, "2027-01-04 23:59:59.999", true},
		{"a month without the day", "2026-01-31 15:00", due.Rule{Unit: due.Months, Amount: 1}, "2026-02-28 23:59:59.999", false},
		{"years", "2024-02-29 15:00", due.Rule{Unit: due.Years, Amount: 3}, "2027-02-28 23:59:59.999", false},
		{"hours over a weekend", "2026-11-20 15:00", due.Rule{Unit: due.Hours, Amount: 48}, "2026-11-22 15:00:00.000", false},
		{"a fixed day", "2026-11-20 15:00", due.Rule{Unit: due.Date, On: date(t, "2026-12-31")}, "2026-12-31 23:59:59.999", false},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			p := due.Plan(tc.rule, workday.Embedded(), beijing(t, tc.since), time.Time{})
			if got := local(p.Due); got != tc.want || p.Provisional != tc.provisional || p.Provisional != (p.Missing != 0) {
				t.Errorf("%s (provisional %v, missing %d), want %s", got, p.Provisional, p.Missing, tc.want)
			}
		})
	}
}

// What UTC calls one day may be two in Beijing.
func TestDaysAreBeijings(t *testing.T) {
	t.Parallel()
	rule := due.Rule{Unit: due.Workdays, Amount: 1}
	for utc, want := range map[string]string{
		"2026-11-19T15:59:59.999Z": "2026-11-20T15:59:59.999Z", // still Thursday there
		"2026-11-19T16:00:00Z":     "2026-11-23T15:59:59.999Z", // Friday there
	} {
		since, err := time.Parse(time.RFC3339Nano, utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := due.Plan(rule, workday.Embedded(), since, time.Time{}).Due.UTC().Format(time.RFC3339Nano); got != want {
			t.Errorf("from %s to %s, want %s", utc, got, want)
		}
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, since      string
		rule             due.Rule
		remind, escalate string
		want             string
		missing          int
	}{
		{"working days", "2026-11-20 15:00", due.Rule{Unit: due.Workdays, Amount: 5}, "2wd 1wd", "1wd 3wd",
			"remind 11-26 09:00, remind 11-27 09:00, overdue 11-28 00:00, escalate 11-30 09:00, escalate 12-02 09:00", 0},
		{"days", "2026-11-20 15:00", due.Rule{Unit: due.Days, Amount: 9}, "7d 1d 12h", "2d",
			"remind 11-23 09:00, remind 11-29 09:00, remind 11-29 11:59, overdue 11-30 00:00, escalate 12-01 09:00", 0},
		{"hours", "2026-11-20 15:00", due.Rule{Unit: due.Hours, Amount: 4}, "2h", "1h",
			"remind 11-20 17:00, overdue 11-20 19:00, escalate 11-20 20:00", 0},
		{"none", "2026-11-20 15:00", due.Rule{Unit: due.Days, Amount: 1}, "", "", "overdue 11-22 00:00", 0},
		{"escalation into an unknown year", "2026-12-30 15:00", due.Rule{Unit: due.Workdays, Amount: 1}, "1wd", "1wd",
			"remind 12-31 09:00, overdue 01-01 00:00, escalate 01-04 09:00", 2027},
		{"in working days from a day off", "2026-10-01 15:00", due.Rule{Unit: due.Days, Amount: 3}, "1wd", "1wd",
			"remind 09-30 09:00, overdue 10-05 00:00, escalate 10-08 09:00", 0},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			tc.rule.Remind, tc.rule.Escalate = offsets(t, tc.remind), offsets(t, tc.escalate)
			p := due.Plan(tc.rule, workday.Embedded(), beijing(t, tc.since), time.Time{})
			if got := strings.Join(p.Moments, ", "); got != tc.want || p.Missing != tc.missing || p.Provisional {
				t.Errorf("%s\nwant %s (missing %d)", got, tc.want, p.Missing)
			}
		})
	}
}

// A window before an expiry opens so many days before its day.
func TestBackward(t *testing.T) {
	t.Parallel()
	rule := due.Rule{Unit: due.Days, Amount: 30, Backward: true, Remind: offsets(t, "30d 1d"), Escalate: offsets(t, "1wd")}
	until := beijing(t, "2026-12-20 10:30")
	p := due.Plan(rule, workday.Embedded(), beijing(t, "2026-01-05 08:00"), until)
	if !p.Due.Equal(until) || local(p.Opens) != "2026-11-20 00:00:00.000" {
		t.Errorf("%s to %s", local(p.Opens), local(p.Due))
	}
	if got := strings.Join(p.Moments, ", "); got != "remind 11-21 09:00, remind 12-20 09:00, overdue 12-20 10:30, escalate 12-21 09:00" {
		t.Error(got)
	}
}

// The clock stands from the day after it stopped up to the day it ran again.
func TestPausesCount(t *testing.T) {
	t.Parallel()
	workdays := due.Rule{Unit: due.Workdays, Amount: 5}
	for _, tc := range []struct {
		name   string
		rule   due.Rule
		pauses []string // from, to, …
		want   string
	}{
		{"none", workdays, nil, "2026-11-27 23:59:59.999"},
		{"within a day", workdays, []string{"2026-11-23 09:00", "2026-11-23 17:00"}, "2026-11-27 23:59:59.999"},
		{"over a night", workdays, []string{"2026-11-23 17:00", "2026-11-24 09:00"}, "2026-11-30 23:59:59.999"},
		{"over a weekend", workdays, []string{"2026-11-27 17:00", "2026-11-29 09:00"}, "2026-11-27 23:59:59.999"},
		{"on the last day", workdays, []string{"2026-11-27 20:00", "2026-12-07 09:00"}, "2026-12-07 23:59:59.999"},
		{"twice", workdays, []string{"2026-11-23 17:00", "2026-11-24 09:00", "2026-11-26 09:00", "2026-11-27 09:00"}, "2026-12-01 23:59:59.999"},
		{"days", due.Rule{Unit: due.Days, Amount: 5}, []string{"2026-11-23 17:00", "2026-11-25 09:00"}, "2026-11-27 23:59:59.999"},
		{"days that move", due.Rule{Unit: due.Days, Amount: 5, Extends: true}, []string{"2026-11-23 17:00", "2026-11-26 09:00"}, "2026-11-30 23:59:59.999"},
		{"months", due.Rule{Unit: due.Months, Amount: 1}, []string{"2026-11-23 17:00", "2026-11-26 09:00"}, "2026-12-23 23:59:59.999"},
		{"hours", due.Rule{Unit: due.Hours, Amount: 72}, []string{"2026-11-21 17:00", "2026-11-21 17:30"}, "2026-11-23 15:30:00.000"},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			var pauses [][2]time.Time
			for i := 0; i < len(tc.pauses); i += 2 {
				pauses = append(pauses, [2]time.Time{beijing(t, tc.pauses[i]), beijing(t, tc.pauses[i+1])})
			}
			if got := local(due.Plan(tc.rule, workday.Embedded(), beijing(t, "2026-11-20 15:00"), time.Time{}, pauses...).Due); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(0, 5, int64(1_795_000_000_000), uint8(0), int64(0), int64(0))
	f.Add(1, 7, int64(1_790_000_000_000), uint8(1), int64(86_400_000), int64(400_000_000))
	f.Add(2, 48, int64(1_800_000_000_000), uint8(2), int64(5), int64(9))
	f.Add(3, 1, int64(1_769_800_000_000), uint8(3), int64(0), int64(86_400_001))
	units := []due.Unit{due.Workdays, due.Days, due.Hours, due.Months, due.Years}
	c := workday.Embedded()
	f.Fuzz(func(t *testing.T, unit, amount int, since int64, flags uint8, pauseFrom, pauseFor int64) {
		rule := due.Rule{Unit: units[abs(unit)%len(units)], Amount: 1 + abs(amount)%30, Extends: flags&1 != 0}
		rule.Remind, rule.Escalate = []due.Offset{{N: 2, Unit: due.Days}, {N: 5, Unit: due.Hours}}, []due.Offset{{N: 1, Unit: due.Workdays}}
		start := time.UnixMilli(1_600_000_000_000 + since%800_000_000_000)
		plain := due.Plan(rule, c, start, time.Time{})
		if !plain.Due.After(start) {
			t.Fatalf("%+v ends before it begins", rule)
		}
		if last := workday.DateOf(plain.Due); (rule.Unit == due.Workdays || rule.Extends && rule.Unit != due.Hours) && !c.IsWorkday(last) {
			t.Fatalf("%+v ends on %s, a day off", rule, last)
		}
		if len(plain.Moments) != 4 {
			t.Fatalf("%d moments", len(plain.Moments))
		}
		from := start.Add(time.Duration(abs64(pauseFrom)%1e9) * time.Millisecond)
		paused := due.Plan(rule, c, start, time.Time{}, [2]time.Time{from, from.Add(time.Duration(abs64(pauseFor)%1e10) * time.Millisecond)})
		if paused.Due.Before(plain.Due) {
			t.Fatalf("%+v: a pause shortens: %v, %v", rule, plain.Due, paused.Due)
		}
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}

func abs64(n int64) int64 {
	if n < 0 {
		return -(n + 1)
	}
	return n
}

func FuzzRow(f *testing.F) {
	f.Add("remind 1;overdue 2;escalate 3", "1-2;3-", `{"amount":5,"unit":"workday","remind":["1wd"],"origin":"legal"}`)
	f.Add("", "-", "{}")
	f.Fuzz(func(t *testing.T, moments, pauses, terms string) {
		m, p, r, err := due.DecodeRow(moments, pauses, terms)
		if err != nil {
			return
		}
		m2, p2, r2, err := due.DecodeRow(m, p, r)
		if err != nil || m2 != m || p2 != p || r2 != r {
			t.Fatalf("%q %q %q became %q %q %q: %v", m, p, r, m2, p2, r2, err)
		}
	})
}
