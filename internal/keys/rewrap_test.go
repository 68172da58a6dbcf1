package keys_test

import (
	"errors"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

func soft(t *testing.T, path string) keys.Module {
	t.Helper()
	m, err := keys.Soft(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A world of keys: signing keys, more than a batch of them, and a sealed value.
type wrapped struct {
	d             *db.DB
	first, second string
	ids           []string
	sealed        []byte
}

var cell = keys.Cell{Table: "a", Column: "b", Row: "c"}

func newWrapped(t *testing.T, d *db.DB) *wrapped {
	t.Helper()
	w := &wrapped{d: d, first: master(t), second: master(t)}
	s, err := keys.Create(t.Context(), d, w.first)
	if err != nil {
		t.Fatal(err)
	}
	err = d.Write(t.Context(), func(tx *db.Tx) error {
		w.ids = nil
		for range 250 {
			id, err := s.GenerateTx(tx, keys.Personal)
			if err != nil {
				return err
			}
			w.ids = append(w.ids, id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	box, err := s.Box(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if w.sealed, err = box.Seal(cell, []byte("x")); err != nil {
		t.Fatal(err)
	}
	return w
}

// opens tells whether a file opens every key, and what was sealed.
func (w *wrapped) opens(t *testing.T, path string) bool {
	t.Helper()
	s, err := keys.Open(t.Context(), w.d, path)
	if err != nil {
		return false
	}
	for _, id := range []string{w.ids[0], w.ids[len(w.ids)/2], w.ids[len(w.ids)-1]} {
		if _, err := s.Signer(t.Context(), id, keys.Personal); err != nil {
			return false
		}
	}
	box, err := s.Box(t.Context())
	if err != nil {
		return false
	}
	got, err := box.Open(cell, w.sealed)
	return err == nil && string(got) == "x"
}

// Whenever the process dies, one of the two files opens everything, and between
// the two commands both do; run again, it goes on.
func TestRewrapCrash(t *testing.T) {
	type died struct{}
	for _, point := range []string{"rewrap 1", "rewrap 2", "promote 1", "promote 2", "none"} {
		t.Run(point, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWrapped(t, d)
				life := func(path string, run func(s *keys.Store) error) {
					t.Helper()
					s, err := keys.Open(t.Context(), d, path)
					if err != nil {
						t.Fatal(err)
					}
					count := map[string]int{}
					s.Step = func(name string) {
						count[name]++
						if name+" "+string(rune('0'+count[name])) == point {
							panic(died{})
						}
					}
					defer func() {
						if p := recover(); p != nil && p != any(died{}) {
							panic(p)
						}
					}()
					if err := run(s); err != nil {
						t.Fatal(err)
					}
				}
				rewrap := func(s *keys.Store) error { _, err := s.Rewrap(t.Context(), soft(t, w.second)); return err }
				life(w.first, rewrap)
				if !w.opens(t, w.first) {
					t.Error("the old file does not open all while the exchange is on")
				}
				point := point
				s, err := keys.Open(t.Context(), d, w.first)
				if err != nil {
					t.Fatal(err)
				}
				if err := rewrap(s); err != nil { // goes on
					t.Fatal(err)
				}
				if !w.opens(t, w.first) || !w.opens(t, w.second) {
					t.Errorf("%s: between the commands not both open all", point)
				}
				all, err := s.Masters(t.Context())
				if err != nil || len(all) != 2 || all[1].Missing != 0 {
					t.Errorf("masters %+v, %v", all, err)
				}
				life(w.second, func(s *keys.Store) error { return s.FinishRewrap(t.Context()) })
				if !w.opens(t, w.second) {
					t.Error("the new file does not open all while it takes over")
				}
				if s, err = keys.Open(t.Context(), d, w.second); err != nil {
					t.Fatal(err)
				}
				if err := s.FinishRewrap(t.Context()); err != nil {
					t.Fatal(err)
				}
				if w.opens(t, w.first) || !w.opens(t, w.second) {
					t.Error("afterwards not the new file alone opens all")
				}
				if _, err := s.Generate(t.Context(), keys.Seal); err != nil {
					t.Errorf("making keys afterwards: %v", err)
				}
			})
		})
	}
}

// What would be lost, or only half done, is refused, with the way out.
func TestRewrapRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWrapped(t, d)
		refused := func(why string, err error) {
			t.Helper()
			if e := fault.As(err); !errors.Is(err, fault.Conflict) || e.Code != "key.master" || e.Hint == "" {
				t.Errorf("%s: %v", why, err)
			}
		}
		old, err := keys.Open(t.Context(), d, w.first)
		if err != nil {
			t.Fatal(err)
		}
		again := func(path string) error { _, err := old.Rewrap(t.Context(), soft(t, path)); return err }
		refused("the same file", again(w.first))
		if err := again(w.second); err != nil {
			t.Fatal(err)
		}
		refused("a third file meanwhile", again(master(t)))
		refused("finishing with the old one", old.FinishRewrap(t.Context()))
		refused("rotating a root meanwhile", old.Rotate(t.Context(), keys.Field))
		next, err := keys.Open(t.Context(), d, w.second)
		if err != nil {
			t.Fatal(err)
		}
		_, err = next.Generate(t.Context(), keys.Seal)
		refused("a key that the old one could not open", err)
		refused("giving up with the new one", next.AbandonRewrap(t.Context()))
		if _, err := old.Generate(t.Context(), keys.Seal); err != nil {
			t.Errorf("business goes on with the old one: %v", err)
		}
		refused("a key is missing", next.FinishRewrap(t.Context()))
		if err := again(w.second); err != nil {
			t.Fatal(err)
		}
		if err := next.FinishRewrap(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err = old.Generate(t.Context(), keys.Seal)
		refused("a process that was not started again", err)
		// Given up, the old one goes on alone.
		third := master(t)
		if _, err := next.Rewrap(t.Context(), soft(t, third)); err != nil {
			t.Fatal(err)
		}
		if err := next.AbandonRewrap(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w.opens(t, third) || !w.opens(t, w.second) {
			t.Error("after giving up not the old file alone opens all")
		}
		if err := next.Rotate(t.Context(), keys.Session); err != nil {
			t.Errorf("rotating a root afterwards: %v", err)
		}
	})
}
