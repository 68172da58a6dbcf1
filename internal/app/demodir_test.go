package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func put(t *testing.T, dir string, names ...string) string {
	t.Helper()
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(dir, n), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestHoldDemo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		dir    func(t *testing.T) string
		refuse string
	}{
		"absent":           {func(t *testing.T) string { return filepath.Join(t.TempDir(), "a", "b") }, ""},
		"empty":            {func(t *testing.T) string { return t.TempDir() }, ""},
		"unfinished":       {func(t *testing.T) string { return put(t, t.TempDir(), unfinishedFile, "sidian.db") }, ""},
		"a demo":           {func(t *testing.T) string { return put(t, t.TempDir(), credentialsFile) }, ""},
		"something else":   {func(t *testing.T) string { return put(t, t.TempDir(), "thesis.docx") }, "something else"},
		"an instance":      {func(t *testing.T) string { return put(t, t.TempDir(), "sidian.db", "master.key") }, "something else"},
		"a file":           {func(t *testing.T) string { return filepath.Join(put(t, t.TempDir(), "f"), "f") }, "cannot be read"},
		"below a file":     {func(t *testing.T) string { return filepath.Join(put(t, t.TempDir(), "f"), "f", "x") }, "cannot be read"},
		"held by another":  {heldDir, "another program"},
		"left by a killed": {func(t *testing.T) string { return put(t, t.TempDir(), lockFile) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tc.dir(t)
			before := contents(dir)
			d, err := holdDemo(dir)
			if tc.refuse != "" {
				if err == nil || !strings.Contains(Explain(err, false), tc.refuse) {
					t.Errorf("got %v, want %q", err, tc.refuse)
				}
				if after := contents(dir); after != before {
					t.Errorf("what was refused was changed from %s to %s", before, after)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := d.close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func heldDir(t *testing.T) string {
	dir := t.TempDir()
	d, err := holdDemo(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func contents(dir string) string {
	entries, _ := os.ReadDir(dir) // absent: none
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestBeginAnew: what an interrupted start left goes, and nothing else.
func TestBeginAnew(t *testing.T) {
	t.Parallel()
	dir := put(t, t.TempDir(), unfinishedFile, "sidian.db", "sidian.db-wal", "master.key", ".credentials-7", "mine.txt")
	if err := os.MkdirAll(filepath.Join(dir, "blob", "00"), 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := holdDemo(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if err := d.begin(); err != nil {
		t.Fatal(err)
	}
	if got, want := contents(dir), lockFile+" mine.txt "+unfinishedFile; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
	if d.whole() {
		t.Error("whole before it is finished")
	}
	if err := d.finish(&Credentials{}); err != nil {
		t.Fatal(err)
	}
	if !d.whole() {
		t.Error("not whole when it is finished")
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	known := map[string]any{"p0.name": "张样例", "p0.age": 41, "firm.capital": int64(5)}
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]any{
		"{p0.age}": 41, "{firm.capital}": int64(5), "{p0.name}": "张样例", "姓名{p0.name}，{p0.age}岁": "姓名张样例，41岁",
		"{day:0}": "2026-03-01", "{day:-1}T08:36": "2026-02-28T08:36", "999999{ymd:-1}0012": "999999202602280012", "plain": "plain", "": "",
	} {
		got, err := fill(text, known, day)
		if err != nil || got != want {
			t.Errorf("fill(%q) = %#v, %v, want %#v", text, got, err, want)
		}
	}
	if _, err := fill("{nobody.name}", known, day); err == nil || !strings.Contains(err.Error(), "{nobody.name}") {
		t.Errorf("an unknown placeholder: %v", err)
	}
}
