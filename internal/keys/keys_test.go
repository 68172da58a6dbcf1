package keys_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

func TestSoft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		// The clock moves, so that of two roots the newer is known.
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		d.Now = func() time.Time { at = at.Add(time.Millisecond); return at }
		keystest.Exercise(t, d, keystest.New(t, d))
	})
}

func master(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := keys.CreateMaster(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCreateMaster(t *testing.T) {
	t.Parallel()
	path := master(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.CreateMaster(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Error("the file was changed")
	}
}

func TestOpenRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		path := master(t)
		if _, err := keys.Open(t.Context(), d, path); err == nil {
			t.Error("opened a database without keys")
		}
		if _, err := keys.Create(t.Context(), d, path); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Create(t.Context(), d, path); !errors.Is(err, fault.Conflict) {
			t.Errorf("created twice: %v", err)
		}
		if _, err := keys.Open(t.Context(), d, path); err != nil {
			t.Errorf("opening: %v", err)
		}
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string]string{
			"empty":      "",
			"no label":   strings.TrimPrefix(string(good), "sidian-master-key-1 "),
			"short":      "sidian-master-key-1 AAAA\n",
			"two lines":  string(good) + "\n",
			"not base64": "sidian-master-key-1 ?\n",
		} {
			bad := filepath.Join(t.TempDir(), "bad.key")
			if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := keys.Open(t.Context(), d, bad); err == nil || strings.Contains(err.Error(), "AAAA") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := keys.Open(t.Context(), d, master(t)); err == nil {
			t.Error("opened under another master key")
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Open(t.Context(), d, path); err == nil || !strings.Contains(err.Error(), "0644") {
			t.Errorf("opened a master key that others may read: %v", err)
		}
	})
}

func TestRotateMaster(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first, second := master(t), master(t)
		s, err := keys.Create(t.Context(), d, first)
		if err != nil {
			t.Fatal(err)
		}
		id, err := s.Generate(t.Context(), keys.Seal)
		if err != nil {
			t.Fatal(err)
		}
		box, err := s.Box(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at := keys.Cell{Table: "a", Column: "b", Row: "c"}
		sealed, err := box.Seal(at, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RotateMaster(t.Context(), first); err == nil {
			t.Error("rotated to the same key")
		}
		if err := s.RotateMaster(t.Context(), second); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Generate(t.Context(), keys.Seal); err != nil {
			t.Errorf("the open store: %v", err)
		}
		if _, err := keys.Open(t.Context(), d, first); err == nil {
			t.Error("the old master key still opens")
		}
		s, err = keys.Open(t.Context(), d, second)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Signer(t.Context(), id, keys.Seal); err != nil {
			t.Errorf("a key of before: %v", err)
		}
		if box, err = s.Box(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := box.Open(at, sealed); err != nil || string(got) != "x" {
			t.Errorf("a value of before: %q, %v", got, err)
		}
	})
}

// A key whose row was altered, or exchanged with another's, does not open.
func TestTampered(t *testing.T) {
	for name, change := range map[string]string{
		"purpose":   `update keys_key set purpose = 'authority' where id = $1`,
		"public":    `update keys_key set public = (select public from keys_key where id = $2) where id = $1`,
		"exchanged": `update keys_key set wrapped = (select wrapped from keys_key where id = $2) where id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s := keystest.New(t, d)
				var ids [2]string
				for i := range ids {
					var err error
					if ids[i], err = s.Generate(t.Context(), keys.Seal); err != nil {
						t.Fatal(err)
					}
				}
				err := d.Write(t.Context(), func(tx *db.Tx) error {
					args := []any{ids[0]}
					if strings.Contains(change, "$2") {
						args = append(args, ids[1])
					}
					_, err := tx.Exec(change, args...)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range []keys.Purpose{keys.Seal, keys.Authority} {
					if _, err := s.Signer(t.Context(), ids[0], p); err == nil {
						t.Errorf("it signs for %s", p)
					}
				}
				if _, err := s.Signer(t.Context(), ids[1], keys.Seal); err != nil {
					t.Errorf("the other key: %v", err)
				}
			})
		})
	}
}

// Another process rotates a root: its values open here at once, also inside a
// transaction.
func TestOtherProcess(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		path := master(t)
		here, err := keys.Create(t.Context(), d, path)
		if err != nil {
			t.Fatal(err)
		}
		there, err := keys.Open(t.Context(), d, path)
		if err != nil {
			t.Fatal(err)
		}
		if err := there.Rotate(t.Context(), keys.Field); err != nil {
			t.Fatal(err)
		}
		at := keys.Cell{Table: "a", Column: "b", Row: "c"}
		theirs, err := there.Box(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := theirs.Seal(at, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		ours, err := here.Box(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = d.Write(t.Context(), func(*db.Tx) error { _, err := ours.Open(at, sealed); return err })
		if err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkBoxSeal(b *testing.B) {
	box, err := keystest.New(b, dbtest.New(b, "sqlite")).Box(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	at := keys.Cell{Table: "a", Column: "b", Row: "c"}
	for b.Loop() {
		if _, err := box.Seal(at, []byte("410102199001010012")); err != nil {
			b.Fatal(err)
		}
	}
}
