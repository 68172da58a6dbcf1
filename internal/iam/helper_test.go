package iam_test

import (
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Code != code {
		t.Fatalf("got %v, want a refusal with code %s", err, code)
	}
}

// clock is a database's clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func setClock(d *db.DB) *clock {
	c := &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	d.Now = func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
	return c
}

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }
