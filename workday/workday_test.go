package workday_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sidian/workday"
)

func day(t testing.TB, s string) workday.Date {
	t.Helper()
	d, err := workday.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEmbeddedYears(t *testing.T) {
	t.Parallel()
	c := workday.Embedded()
	// 2023: 260 weekdays − 18 taken by holidays + 7 worked in exchange = 249.
	for year, want := range map[int]int{2020: 249, 2021: 250, 2022: 249, 2023: 249, 2024: 251, 2025: 248, 2026: 248} {
		if !c.Has(year) {
			t.Errorf("no data for %d", year)
		}
		n, provisional := c.Between(day(t, fmt.Sprintf("%d-12-31", year-1)), day(t, fmt.Sprintf("%d-12-31", year)))
		if n != want || provisional {
			t.Errorf("%d has %d working days (provisional %v), want %d", year, n, provisional, want)
		}
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	c := workday.Embedded()
	for _, tc := range []struct {
		date string
		work bool
		name string
	}{
		{"2020-01-31", false, "春节"}, // extended in the epidemic
		{"2020-02-01", false, "春节"}, // had been a working day before that
		{"2020-02-03", true, ""},
		{"2022-12-31", false, "元旦"},
		{"2023-04-23", true, "劳动节"},
		{"2024-02-09", true, ""}, // New Year's Eve was not yet a holiday
		{"2024-02-04", true, "春节"},
		{"2025-01-28", false, "春节"}, // New Year's Eve, since 2025
		{"2025-10-08", false, "国庆节"},
		{"2026-01-02", false, "元旦"},
		{"2026-01-04", true, "元旦"}, // a Sunday
		{"2026-02-23", false, "春节"},
		{"2026-10-10", true, "国庆节"},
		{"2026-10-11", false, ""},
	} {
		got := c.Day(day(t, tc.date))
		if got.Work != tc.work || got.Name != tc.name || got.Provisional {
			t.Errorf("%s: %+v", tc.date, got)
		}
	}
}

func TestYearWithoutNotice(t *testing.T) {
	t.Parallel()
	c := workday.Embedded()
	for date, name := range map[string]string{
		"2027-01-01": "元旦", "2027-02-05": "春节", "2027-02-06": "春节", "2027-02-08": "春节", "2027-02-09": "",
		"2027-04-05": "清明节", "2027-05-01": "劳动节", "2027-05-02": "劳动节", "2027-05-03": "",
		"2027-06-09": "端午节", "2027-09-15": "中秋节", "2027-10-03": "国庆节", "2027-10-04": "",
	} {
		got := c.Day(day(t, date))
		if got.Name != name || !got.Provisional || name != "" && got.Work {
			t.Errorf("%s: %+v, want %s", date, got, name)
		}
	}
	if d := c.Day(day(t, "2099-02-03")); !d.Provisional {
		t.Error("beyond the table an answer is provisional")
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	c := workday.Embedded()
	for _, tc := range []struct {
		from        string
		n           int
		want        string
		provisional bool
	}{
		{"2026-09-30", 0, "2026-09-30", false},
		{"2026-09-30", 1, "2026-10-08", false},
		{"2026-09-30", 3, "2026-10-10", false}, // the Saturday worked in exchange
		{"2026-09-30", 4, "2026-10-12", false},
		{"2026-10-12", -4, "2026-09-30", false},
		{"2026-02-13", 1, "2026-02-14", false},
		{"2026-02-13", 2, "2026-02-24", false},
		{"2026-12-31", 1, "2027-01-04", true},
		{"2027-02-04", 1, "2027-02-09", true},
	} {
		got, provisional := c.Add(day(t, tc.from), tc.n)
		if got != day(t, tc.want) || provisional != tc.provisional {
			t.Errorf("%s + %d = %s (%v), want %s (%v)", tc.from, tc.n, got, provisional, tc.want, tc.provisional)
		}
	}
	if got, _ := c.Sub(day(t, "2026-10-08"), 1); got != day(t, "2026-09-30") {
		t.Errorf("Sub: %s", got)
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	c := workday.Embedded()
	for _, tc := range []struct {
		from, want  string
		provisional bool
	}{
		{"2026-09-30", "2026-09-30", false},
		{"2026-10-01", "2026-10-08", false},
		{"2026-10-10", "2026-10-10", false}, // a Saturday worked in exchange
		{"2026-02-15", "2026-02-24", false},
		{"2026-12-31", "2026-12-31", false},
		{"2027-01-01", "2027-01-04", true},
	} {
		if got, provisional := c.Next(day(t, tc.from)); got != day(t, tc.want) || provisional != tc.provisional {
			t.Errorf("from %s: %s (%v), want %s (%v)", tc.from, got, provisional, tc.want, tc.provisional)
		}
	}
}

func TestAddMonths(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-01-31", 1, "2026-02-28"},
		{"2028-01-31", 1, "2028-02-29"},
		{"2028-02-29", 12, "2029-02-28"},
		{"2026-11-30", 3, "2027-02-28"},
		{"2026-12-15", 1, "2027-01-15"},
		{"2026-03-31", -1, "2026-02-28"},
		{"2026-05-05", 0, "2026-05-05"},
	} {
		if got := day(t, tc.from).AddMonths(tc.n); got != day(t, tc.want) {
			t.Errorf("%s + %d months = %s, want %s", tc.from, tc.n, got, tc.want)
		}
	}
}

func TestYears(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprint(workday.Embedded().Years()); got != "[2020 2021 2022 2023 2024 2025 2026]" {
		t.Errorf("%s", got) // a year that is added is added here; 2027 has no notice yet
	}
}

// A later notice changes what was counted provisionally.
func TestRecount(t *testing.T) {
	t.Parallel()
	c := workday.Embedded()
	before, provisional := c.Add(day(t, "2027-09-30"), 1)
	if !provisional || before != day(t, "2027-10-04") {
		t.Fatalf("before the notice: %s %v", before, provisional)
	}
	y, err := workday.ParseYear(strings.NewReader(`year 2027
notice a test
2027-10-01 holiday 国庆节
2027-10-04 holiday 国庆节
2027-10-05 holiday 国庆节
2027-10-09 workday 国庆节
`))
	if err != nil {
		t.Fatal(err)
	}
	if after, provisional := c.With(y).Add(day(t, "2027-09-30"), 1); provisional || after != day(t, "2027-10-06") {
		t.Errorf("after the notice: %s %v", after, provisional)
	}
	if again, _ := c.Add(day(t, "2027-09-30"), 1); again != before {
		t.Error("With changed the calendar it was called on")
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	c := workday.Embedded()
	for now, want := range map[string]string{
		"2026-11-30T15:59:59Z": "[]",
		"2026-11-30T16:00:00Z": "[2027]", // 1 December in Beijing
		"2026-12-31T12:00:00Z": "[2027]",
		"2027-03-01T00:00:00Z": "[2027]",
		"2027-12-01T00:00:00Z": "[2027 2028]",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(c.Missing(at)); got != want {
			t.Errorf("%s: %s, want %s", now, got, want)
		}
	}
}

func TestParseYearRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no year":            "2027-10-01 holiday 国庆节\n",
		"other year":         "year 2027\n2026-10-01 holiday 国庆节\n",
		"twice":              "year 2027\n2027-10-01 holiday 国庆节\n2027-10-01 holiday 国庆节\n",
		"worked anyway":      "year 2027\n2027-10-08 workday 国庆节\n",
		"no such day":        "year 2027\n2027-02-30 holiday 春节\n",
		"neither":            "year 2027\n2027-10-01 feast 国庆节\n",
		"no name":            "year 2027\n2027-10-01 holiday\n",
		"nothing but a year": "year 2027\n",
		"two years":          "year 2027\nyear 2028\n2028-10-01 holiday 国庆节\n",
	} {
		if _, err := workday.ParseYear(strings.NewReader(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC)
	if got := workday.DateOf(at).String(); got != "2027-01-01" {
		t.Errorf("in Beijing it is %s", got)
	}
	d := day(t, "2026-12-31")
	if got := d.At(9, 30); !got.Equal(d.Start().Add(9*time.Hour + 30*time.Minute)) {
		t.Errorf("half past nine is %v", got)
	}
	if !d.End().Add(time.Millisecond).Equal(at) || !d.Start().Equal(at.AddDate(0, 0, -1)) {
		t.Errorf("start %v, end %v", d.Start(), d.End())
	}
}

func FuzzAdd(f *testing.F) {
	f.Add(0, 1)
	f.Add(500, -30)
	f.Add(2400, 250)
	c := workday.Embedded()
	f.Fuzz(func(t *testing.T, offset, n int) {
		offset, n = offset%20000, n%500
		d := day(t, "2020-01-01").AddDays(offset)
		got, _ := c.Add(d, n)
		if n != 0 && !c.IsWorkday(got) {
			t.Fatalf("%s + %d = %s, a day off", d, n, got)
		}
		if back, _ := c.Between(d, got); n >= 0 && back != n {
			t.Fatalf("%s + %d = %s, but %d between", d, n, got, back)
		}
	})
}

func FuzzParseYear(f *testing.F) {
	f.Add("year 2027\nnotice x\n2027-10-01 holiday 国庆节\n2027-10-09 workday 国庆节\n")
	f.Fuzz(func(t *testing.T, text string) {
		y, err := workday.ParseYear(strings.NewReader(text))
		if err == nil && !workday.New(y).Has(y.Number) {
			t.Fatal("a year that is read is not there")
		}
	})
}

func ExampleCalendar_Add() {
	c := workday.Embedded()
	accepted, _ := workday.ParseDate("2026-09-28")
	due, provisional := c.Add(accepted, 5) // 5 个工作日
	fmt.Println(due, provisional)
	// Output: 2026-10-10 false
}
