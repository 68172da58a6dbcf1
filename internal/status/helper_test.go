package status_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
	"sidian/internal/status"
)

const base = "https://zz.example"

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// office is one process with its lists.
type office struct {
	*status.Service
	t     testing.TB
	clock *clock
}

func newOffice(t testing.TB, d *db.DB) *office {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)}
	d.Now = c.Now
	return open(t, d, keystest.New(t, d), c)
}

func open(t testing.TB, d *db.DB, k *keys.Store, c *clock) *office {
	return &office{&status.Service{DB: d, Keys: k, BaseURL: base}, t, c}
}

// beside is another process on the same database.
func (o *office) beside() *office { return open(o.t, o.DB, o.Keys, o.clock) }

func (o *office) write(fn func(*db.Tx) error) {
	o.t.Helper()
	must(o.t, o.DB.Write(o.t.Context(), fn))
}

func (o *office) allot(list, object string, v status.Value) (e status.Entry) {
	o.t.Helper()
	o.write(func(tx *db.Tx) (err error) { e, err = o.AllotTx(tx, list, object, v); return err })
	return e
}

func (o *office) set(list, object string, v status.Value) {
	o.t.Helper()
	o.write(func(tx *db.Tx) error { return o.SetTx(tx, list, object, v) })
}

// token is a page as a stranger reads it, who checks all there is to check.
func (o *office) token(list string, page int64, alg string) *status.Token {
	o.t.Helper()
	p, err := o.Page(o.t.Context(), list, page, alg)
	must(o.t, err)
	all, err := o.PublicKeys(o.t.Context())
	must(o.t, err)
	set, err := status.EncodeKeys(all)
	must(o.t, err)
	published, err := status.ParseKeys(set)
	must(o.t, err)
	tok, err := status.ParseToken(p.Data, published, fmt.Sprintf("%s/status/v1/%s/%d", base, list, page), o.clock.Now())
	must(o.t, err)
	return tok
}

// says is what a stranger reads of an entry.
func (o *office) says(e status.Entry) status.Value {
	o.t.Helper()
	v, ok := o.token(e.List, e.Page, status.ES256).List.Get(e.Index)
	if !ok {
		o.t.Fatalf("nothing is said of entry %d", e.Index)
	}
	return v
}

func (o *office) wants(e status.Entry, want status.Value) {
	o.t.Helper()
	if got := o.says(e); got != want {
		o.t.Errorf("the list says %d of entry %d of page %d, want %d", got, e.Index, e.Page, want)
	}
}

func wantCode(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind || f.Code != code {
		t.Errorf("got %v, want %s %s", err, kind, code)
	}
}
