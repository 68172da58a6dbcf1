package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidian/workday"
)

// TestDoctorCalendar: from 1 December on, the doctor warns when the next year's
// holidays are not known, and says what to do in both languages.
func TestDoctorCalendar(t *testing.T) {
	t.Parallel()
	last := 0
	for y := 2020; y < 2100; y++ {
		if workday.Embedded().Has(y) {
			last = y
		}
	}
	if last == 0 {
		t.Fatal("no year is embedded")
	}
	beijing := time.FixedZone("CST", 8*3600)
	for name, tc := range map[string]struct {
		now  time.Time
		want string
	}{
		"the last day of November":  {time.Date(last, 11, 30, 23, 59, 0, 0, beijing), Good},
		"1 December in Beijing":     {time.Date(last, 12, 1, 0, 0, 0, 0, beijing), Care},
		"a year without its notice": {time.Date(last+1, 6, 1, 0, 0, 0, 0, beijing), Care},
		"a year with its notice":    {time.Date(last, 6, 1, 0, 0, 0, 0, beijing), Good},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, chinese := range []bool{true, false} {
				d := &doctor{chinese: chinese}
				d.calendar(tc.now)
				if len(d.findings) != 1 || d.findings[0].Name != "workdays" || d.findings[0].Result != tc.want {
					t.Fatalf("found %+v, want %s", d.findings, tc.want)
				}
				if tc.want == Care && !strings.Contains(d.findings[0].Message, time.Date(last+1, 1, 1, 0, 0, 0, 0, beijing).Format("2006")) {
					t.Errorf("the year is not named: %s", d.findings[0].Message)
				}
			}
			d := &doctor{findings: []DoctorFinding{{Result: Care}}}
			if Failing(d.findings) {
				t.Error("a warning counts as failing")
			}
		})
	}
}

func TestDoctorExpiry(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for want, end := range map[string]time.Time{Good: now.Add(soon), Care: now.Add(soon - time.Second), Bad: now.Add(-time.Second)} {
		d := &doctor{}
		d.expiry("pki.x", end, now)
		if d.findings[0].Result != want || !strings.Contains(d.findings[0].Message, end.Format(time.DateOnly)) {
			t.Errorf("found %+v, want %s", d.findings[0], want)
		}
	}
}

// TestDoctorNames: what is gone is named, and what does not depend on it is
// still looked at.
func TestDoctorNames(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		breakIt func(dir string) error
		bad     []string
		good    []string
	}{
		"nothing":            {func(string) error { return nil }, nil, []string{"crypto", "data", "database", "keys", "instance", "documents", "authority", "timestamp", "pki.root"}},
		"database gone":      {func(d string) error { return os.Remove(filepath.Join(d, "sidian.db")) }, []string{"database"}, []string{"crypto", "data"}},
		"documents gone":     {func(d string) error { return os.RemoveAll(filepath.Join(d, "blob")) }, []string{"documents"}, []string{"database", "keys"}},
		"master key gone":    {func(d string) error { return os.Remove(filepath.Join(d, "master.key")) }, []string{"keys"}, []string{"database"}},
		"master key open":    {func(d string) error { return os.Chmod(filepath.Join(d, "master.key"), 0o644) }, []string{"keys"}, []string{"database"}},
		"database destroyed": {func(d string) error { return os.WriteFile(filepath.Join(d, "sidian.db"), []byte("no"), 0o600) }, []string{"database"}, nil},
		"two at once": {func(d string) error {
			if err := os.Remove(filepath.Join(d, "master.key")); err != nil {
				return err
			}
			return os.RemoveAll(filepath.Join(d, "blob"))
		}, []string{"keys", "documents"}, []string{"database"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := countyDir(t)
			config := filepath.Join(dir, demoConfigFile)
			if err := writeDemoConfig(config, "http://localhost:1"); err != nil {
				t.Fatal(err)
			}
			if err := tc.breakIt(dir); err != nil {
				t.Fatal(err)
			}
			found, err := Doctor(t.Context(), config, false)
			if err != nil {
				t.Fatal(err)
			}
			results := map[string]string{}
			for _, f := range found {
				if f.Message == "" {
					t.Errorf("%s says nothing", f.Name)
				}
				results[f.Name] = f.Result
			}
			for _, n := range tc.bad {
				if results[n] != Bad {
					t.Errorf("%s is %q, want fail: %+v", n, results[n], found)
				}
			}
			for _, n := range tc.good {
				if results[n] != Good {
					t.Errorf("%s is %q, want ok: %+v", n, results[n], found)
				}
			}
			if Failing(found) != (len(tc.bad) > 0) {
				t.Errorf("failing is %v", Failing(found))
			}
		})
	}
}
