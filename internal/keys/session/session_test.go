package session_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"sidian/internal/fault"
	"sidian/internal/keys/session"
)

var errGone = errors.New("gone")

// module counts what a pool asks of it.
type module struct {
	begun, ended, restarts, most, now atomic.Int64
	broken                            atomic.Bool
}

func (m *module) Begin() (int64, error) {
	if m.broken.Load() {
		return 0, errGone
	}
	if n := m.now.Add(1); n > m.most.Load() {
		m.most.Store(n)
	}
	return m.begun.Add(1), nil
}

func (m *module) End(int64)           { m.ended.Add(1); m.now.Add(-1) }
func (m *module) Lost(err error) bool { return errors.Is(err, errGone) }
func (m *module) Restart() error {
	m.restarts.Add(1)
	if m.broken.Load() {
		return errGone
	}
	return nil
}

func TestPool(t *testing.T) {
	t.Parallel()
	m := &module{}
	p := session.New(m, 3)
	var busy, most atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			err := p.Do(func(int64) error {
				if n := busy.Add(1); n > most.Load() {
					most.Store(n)
				}
				defer busy.Add(-1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 3 || m.begun.Load() > 3 {
		t.Errorf("%d at once in %d sessions", most.Load(), m.begun.Load())
	}
	p.Close()
	if m.begun.Load() != m.ended.Load() {
		t.Errorf("%d begun, %d ended", m.begun.Load(), m.ended.Load())
	}
	if err := p.Do(func(int64) error { return nil }); !errors.Is(err, fault.Unavailable) {
		t.Errorf("after the end: %v", err)
	}
}

// A lost session is replaced once, and what failed is run again; an error that is
// no loss is not.
func TestPoolLost(t *testing.T) {
	t.Parallel()
	m := &module{}
	p := session.New(m, 2)
	runs := 0
	err := p.Do(func(int64) error {
		if runs++; runs == 1 {
			return errGone
		}
		return nil
	})
	if err != nil || runs != 2 || m.restarts.Load() != 1 {
		t.Errorf("%d runs, %d restarts, %v", runs, m.restarts.Load(), err)
	}
	other := errors.New("refused")
	runs = 0
	if err := p.Do(func(int64) error { runs++; return other }); !errors.Is(err, other) || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
	m.broken.Store(true)
	if err := p.Do(func(int64) error { return errGone }); !errors.Is(err, errGone) {
		t.Errorf("a module that stays away: %v", err)
	}
	m.broken.Store(false)
	if err := p.Do(func(int64) error { return nil }); err != nil {
		t.Errorf("when it is back: %v", err)
	}
	p.Close()
	if m.begun.Load() != m.ended.Load() {
		t.Errorf("%d begun, %d ended", m.begun.Load(), m.ended.Load())
	}
}

// A refused PIN is not tried again before the file says another.
func TestPin(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pin")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &session.Pin{Path: path}
	tries := 0
	login := func(pin []byte) (bool, error) { tries++; return string(pin) != "right", nil }
	write("wrong\n")
	for range 3 {
		if e := fault.As(p.Use(login)); e == nil || e.Code != "key.pin" || e.Hint == "" {
			t.Fatalf("a wrong PIN: %v", e)
		}
	}
	if tries != 1 {
		t.Errorf("tried %d times", tries)
	}
	write("right\n")
	for range 2 {
		if err := p.Use(login); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	if p.Use(login) == nil {
		t.Error("an empty file")
	}
	write("right")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if p.Use(login) == nil {
		t.Error("a file that others may read")
	}
}
