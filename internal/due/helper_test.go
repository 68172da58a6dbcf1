package due_test

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/outbox"
	"sidian/workday"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) set(t time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.at = t }

// world is a service on a clock, with a consumer that gathers announcements.
type world struct {
	*due.Service
	t        testing.TB
	clock    *clock
	consumer outbox.Consumer
	heard    *[]string
}

// beijing reads "2026-11-23 10:00" there.
func beijing(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, time.FixedZone("", 8*3600))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func date(t testing.TB, s string) workday.Date {
	t.Helper()
	d, err := workday.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func local(at time.Time) string {
	return at.In(time.FixedZone("", 8*3600)).Format("2006-01-02 15:04:05.000")
}

func newWorld(t testing.TB, d *db.DB, now string) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{at: beijing(t, now)}, heard: &[]string{}}
	d.Now = w.clock.now
	w.consumer = outbox.Consumer{Name: "listener", Topics: []string{due.TopicRemind, due.TopicOverdue, due.TopicEscalate, due.TopicMoved},
		Handle: func(tx *db.Tx, e outbox.Event) error {
			var a due.Announcement
			if err := e.Decode(&a); err != nil {
				return err
			}
			line := strings.TrimPrefix(e.Topic, "due.") + " " + a.Object + " " + local(a.At)[5:16]
			tx.AfterCommit(func() { *w.heard = append(*w.heard, line) })
			return nil
		}}
	w.Service = &due.Service{DB: d, Outbox: outbox.New(w.consumer)}
	return w
}

func (w *world) at(s string) *world { w.t.Helper(); w.clock.set(beijing(w.t, s)); return w }

func (w *world) try(fn func(*db.Tx) error) error {
	w.t.Helper()
	return w.DB.Write(w.t.Context(), fn)
}

func (w *world) write(fn func(*db.Tx) error) {
	w.t.Helper()
	if err := w.try(fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(fn func(*db.Tx) error) {
	w.t.Helper()
	if err := w.DB.Read(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// grant is a promise to decide about a grant.
func grant(object string) due.Promise {
	return due.Promise{Topic: "grant.decide", Object: object, Org: "o1", Permission: "grant.approve", Title: "审批角色授权", Link: "/admin/grants/" + object}
}

func (w *world) put(p due.Promise) (out due.Promise) {
	w.t.Helper()
	w.write(func(tx *db.Tx) (err error) { out, err = w.Put(tx, p); return err })
	return out
}

// do runs one change of the promise about an object.
func (w *world) do(fn func(tx *db.Tx, topic, object string) (due.Promise, error), object string) (out due.Promise) {
	w.t.Helper()
	w.write(func(tx *db.Tx) (err error) { out, err = fn(tx, "grant.decide", object); return err })
	return out
}

func (w *world) pause(object string) due.Promise {
	w.t.Helper()
	return w.do(func(tx *db.Tx, topic, object string) (due.Promise, error) {
		return w.Pause(tx, topic, object, "等待申请人补正")
	}, object)
}

func (w *world) tick() (announced int) {
	w.t.Helper()
	announced, err := w.Tick(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return announced
}

// hear returns what was announced since it was asked last, by object and time:
// events have no order.
func (w *world) hear() string {
	w.t.Helper()
	if _, err := outbox.Drain(w.t.Context(), w.DB, w.consumer, 1<<20); err != nil {
		w.t.Fatal(err)
	}
	all := *w.heard
	*w.heard = nil
	slices.SortFunc(all, func(a, b string) int {
		x, y := strings.Fields(a), strings.Fields(b)
		return cmp.Or(cmp.Compare(x[1], y[1]), cmp.Compare(x[2]+x[3], y[2]+y[3]), cmp.Compare(b, a))
	})
	return strings.Join(all, "; ")
}

func refused(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Kind != kind || e.Code != code {
		t.Errorf("got %v, want a refusal %s %s", err, kind, code)
	}
}

func fieldsOf(err error) string {
	var all []string
	if e := fault.As(err); e != nil {
		for _, f := range e.Fields {
			all = append(all, f.Name+" "+f.Code)
		}
	}
	return strings.Join(all, ", ")
}

var errOwn = errors.New("own")
