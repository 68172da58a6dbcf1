package httpx_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/keys/keystest"
)

type counterShop struct {
	*shop
	made   atomic.Int64
	ids    sync.Map
	refuse atomic.Bool
	gate   chan struct{} // what the handler waits for, if set
}

func newCounter(t *testing.T, d *db.DB, i *httpx.Idempotency) *counterShop {
	t.Helper()
	box, err := keystest.New(t, d).Box(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i.DB, i.Box = d, box
	return counterWith(t, i)
}

func counterWith(t *testing.T, i *httpx.Idempotency) *counterShop {
	c := &counterShop{}
	c.shop = newShop(t, httpx.Options{Idempotency: i}, func(r *httpx.Router) {
		httpx.Handle(r, "POST /boxes/{box}/things", httpx.Needs("thing.make"), func(ctx context.Context, r makeThing) (thing, error) {
			if c.gate != nil {
				<-c.gate
			}
			if c.refuse.Load() {
				return thing{}, fault.Conflict.New("现在不行").WithCode("not-now")
			}
			if r.Name == "panic" {
				panic("x")
			}
			c.ids.Store(httpx.IdempotencyID(ctx), true)
			return thing{ID: r.Name, Count: c.made.Add(1)}, nil
		})
	})
	return c
}

func (c *counterShop) post(name, key string, header ...string) *httptest.ResponseRecorder {
	return c.do("POST", "/boxes/b/things", fmt.Sprintf(`{"name":%q}`, name), append([]string{"Badge", may, "Idempotency-Key", key}, header...)...)
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d, &httpx.Idempotency{})
		first := c.post("ab", "k1")
		again := c.post("ab", "k1")
		if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || c.made.Load() != 1 {
			t.Fatalf("%d %s, then %d %s; made %d", first.Code, first.Body, again.Code, again.Body, c.made.Load())
		}
		if again.Header().Get("Location") != first.Header().Get("Location") || again.Header().Get("Idempotency-Replayed") != "true" {
			t.Errorf("headers %v", again.Header())
		}
		if w := c.post("cd", "k1"); w.Code != 409 || !strings.Contains(w.Body.String(), "idempotency.reused") {
			t.Errorf("another body: %d %s", w.Code, w.Body)
		}
		if w := c.post("ab", "k1", "Badge", "wang:thing.make"); w.Code != 201 || c.made.Load() != 2 {
			t.Errorf("another caller's key is another key: %d", w.Code)
		}
		if w := c.post("ab", "k1", "Badge", "li:nothing"); w.Code != 403 {
			t.Errorf("an answer is not told to who may not ask any more: %d", w.Code)
		}
		for _, bad := range []string{"has space", strings.Repeat("x", 256), "键"} {
			if w := c.post("ab", bad); w.Code != 422 {
				t.Errorf("key %q: %d", bad, w.Code)
			}
		}
		c.refuse.Store(true)
		if w := c.post("ef", "k2"); w.Code != 409 {
			t.Fatalf("%d", w.Code)
		}
		c.refuse.Store(false)
		if w := c.post("ef", "k2"); w.Code != 201 {
			t.Errorf("a refused write may be tried again: %d %s", w.Code, w.Body)
		}
		if w := c.post("panic", "k3"); w.Code != 500 {
			t.Errorf("%d", w.Code)
		}
		if w := c.post("fine", "k3"); w.Code != 201 {
			t.Errorf("a panic lets go of the key: %d", w.Code)
		}
	})
}

func TestIdempotencyRace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		i := &httpx.Idempotency{}
		a := newCounter(t, d, i)
		b := counterWith(t, &httpx.Idempotency{DB: i.DB, Box: i.Box}) // another process
		var wg sync.WaitGroup
		var created, other atomic.Int64
		for n := range 40 {
			wg.Go(func() {
				c := a
				if n%2 == 1 {
					c = b
				}
				w := c.post("ab", fmt.Sprintf("key-%d", n/8))
				if w.Code == 201 {
					created.Add(1)
				} else {
					other.Add(1)
				}
			})
		}
		wg.Wait()
		if made := a.made.Load() + b.made.Load(); made != 5 || created.Load() != 40 {
			t.Errorf("5 keys made %d things; %d answers of 201, %d others", made, created.Load(), other.Load())
		}
	})
}

func TestIdempotencyWaitsAndGivesUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d, &httpx.Idempotency{Wait: 20 * time.Millisecond})
		c.gate = make(chan struct{})
		done := make(chan int, 1)
		go func() { done <- c.post("ab", "k").Code }()
		for { // until the first holds the key, the second would be the first
			var n int64
			if err := d.Read(t.Context(), func(tx *db.Tx) error { return tx.Get(`select count(*) from httpx_idempotency`, nil, &n) }); err != nil {
				t.Fatal(err)
			}
			if n == 1 {
				break
			}
		}
		w := c.post("ab", "k")
		if w.Code != 409 || !strings.Contains(w.Body.String(), "idempotency.busy") || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		close(c.gate)
		if code := <-done; code != 201 {
			t.Errorf("the first: %d", code)
		}
	})
}

// A process that died between taking the key and answering does not hold it
// for ever, and the one that follows has the same IdempotencyID.
func TestIdempotencyAfterACrash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		d.Now = func() time.Time { return now }
		i := &httpx.Idempotency{Wait: time.Millisecond}
		c := newCounter(t, d, i)
		c.post("ab", "k")
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`update httpx_idempotency set answer = null`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if w := c.post("ab", "k"); w.Code != 409 {
			t.Errorf("while held: %d", w.Code)
		}
		now = now.Add(3 * time.Minute)
		if w := c.post("ab", "k"); w.Code != 201 {
			t.Errorf("after the hold: %d", w.Code)
		}
		n := 0
		c.ids.Range(func(id, _ any) bool { n++; return len(id.(string)) == 64 })
		if n != 1 {
			t.Errorf("%d different ids for one key", n)
		}
		now = now.Add(25 * time.Hour)
		if gone, err := i.Sweep(t.Context()); err != nil || gone != 1 {
			t.Errorf("swept %d, %v", gone, err)
		}
	})
}

func TestAnswersAreStoredEncrypted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d, &httpx.Idempotency{})
		c.post("Geheim", "k")
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			var b []byte
			if err := tx.Get(`select answer from httpx_idempotency`, nil, &b); err != nil {
				return err
			}
			if len(b) == 0 || strings.Contains(string(b), "Geheim") {
				t.Errorf("stored: %q", b)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkIdempotentWrite(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		box, err := keystest.New(b, d).Box(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		r := httpx.New(httpx.Options{Authorizer: badge{}, Idempotency: &httpx.Idempotency{DB: d, Box: box}, Log: quiet()})
		httpx.Handle(r, "POST /boxes/{box}/things", httpx.Needs("thing.make"), make1)
		var n atomic.Int64
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				s := &shop{Router: r}
				s.do("POST", "/boxes/b/things", `{"name":"ab"}`, "Badge", may, "Idempotency-Key", fmt.Sprint(n.Add(1)))
			}
		})
	})
}
