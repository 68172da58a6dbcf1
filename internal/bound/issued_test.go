package bound_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/certid"
	"sidian/internal/bound"
	"sidian/internal/bound/boundtest"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/outbox"

	certevent "sidian/internal/cert/event"
)

const unruled = "food_operation" // no rule is about it

func consumer(t testing.TB, w *boundtest.World, name string) outbox.Consumer {
	t.Helper()
	all := w.Bound.Consumers()
	i := slices.IndexFunc(all, func(c outbox.Consumer) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no consumer %s", name)
	}
	return all[i]
}

// handle hands events to the consumer in one batch.
func handle(w *boundtest.World, all ...outbox.Event) error {
	return w.DB.WriteRows(context.Background(), func(tx *db.Tx) error { return w.Bound.Consumers()[1].HandleAll(tx, all) })
}

func eventOf(t testing.TB, c *cert.Certificate, series string, version int) outbox.Event {
	t.Helper()
	body, err := json.Marshal(certevent.Certificate{ID: c.ID, Kind: c.Kind, Issuer: c.Issuer, Identifier: fmt.Sprintf("%s.%03d.X", series, version), Version: version})
	must(t, err)
	return outbox.Event{Topic: certevent.Issued, Key: c.ID, Body: json.RawMessage(body)}
}

// offered are the offers that staff see, but for what is random and the times, and
// takes them away.
func offered(t testing.TB, w *boundtest.World) (out []string) {
	t.Helper()
	page, err := w.Bound.List(w.Collector, bound.Query{Limit: 100})
	must(t, err)
	for _, o := range page.Items {
		id := o.ID
		o.ID, o.Until, o.CreatedAt = "", time.Time{}, time.Time{}
		for i := range o.Stages {
			o.Stages[i].At = time.Time{}
		}
		b, err := json.Marshal(o)
		must(t, err)
		out = append(out, string(b))
		must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(`delete from bound_offer where id = $1`, id); return err }))
	}
	slices.Sort(out)
	return out
}

// However events come, one by one or in batches, in any order, more than once, to
// one process or to several at once: the same is offered.
func TestBatch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := boundtest.New(t, d, unruled)
		first, second, third, other := w.Licensed(t), w.Licensed(t), w.Licensed(t), w.Issue(t, unruled)
		one, two := certid.Series(first.Identifier), certid.Series(third.Identifier)
		all := []outbox.Event{eventOf(t, first, one, 1), eventOf(t, second, one, 2), eventOf(t, other, certid.Series(other.Identifier), 1), eventOf(t, third, two, 1), eventOf(t, first, one, 1)}
		for _, ev := range all {
			must(t, consumer(t, w, "bound-wish").Deliver(t.Context(), ev))
		}
		want := offered(t, w)
		if len(want) != 2 || !strings.Contains(strings.Join(want, ""), second.ID) {
			t.Fatalf("one by one %d are offered:\n%s", len(want), strings.Join(want, "\n"))
		}
		dice := rand.New(rand.NewPCG(1, 2))
		for i, size := range []int{5, 1, 2, 5, 5, 5} {
			var wait sync.WaitGroup
			for range 1 + i/4*2 { // as one, and as three
				list := slices.Clone(all)
				dice.Shuffle(len(list), func(x, y int) { list[x], list[y] = list[y], list[x] })
				wait.Go(func() {
					for some := range slices.Chunk(list, size) {
						if err := handle(w, some...); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wait.Wait()
			if got := offered(t, w); !slices.Equal(got, want) {
				t.Errorf("in batches of %d:\n%s\nare offered, want\n%s", size, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

// A wish waits for the holder's name: of two certificates of one batch only the one
// that came from its draft is wished, and one that is not issued holds up neither.
func TestWishInBatch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := boundtest.New(t, d)
		draft := w.Drafted(t)
		_, err := w.Bound.PutWish(w.Collector, bound.WishRequest{Draft: draft.ID, AgentName: boundtest.AgentName, AgentCitizen: boundtest.AgentCitizen})
		must(t, err)
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			return w.Outbox.Put(tx, outbox.Event{Topic: certevent.Issued, Body: certevent.Certificate{ID: "none", Kind: boundtest.Licence, Issuer: draft.Unit, Identifier: "1.2.3", Version: 1}})
		}))
		c := w.Licensed(t)
		draft = w.Finish(t, draft)
		w.Drain(t)
		list, err := w.Bound.List(w.Collector, bound.Query{})
		must(t, err)
		for _, o := range list.Items {
			if o.Wished != (o.Certificate == draft.Certificate) || o.Wished != (o.Agent != "") || !o.Wished && o.Certificate != c.ID {
				t.Errorf("%+v", o)
			}
		}
		wish, err := w.Bound.Wish(w.Collector, draft.ID)
		must(t, err)
		if len(list.Items) != 2 || wish.State != "met" {
			t.Errorf("%d are offered, and the wish is %s", len(list.Items), wish.State)
		}
	})
}

// A licence that is cancelled at the moment in which its offer is opened: nothing
// stays open on it.
func TestCancelledMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := boundtest.New(t, d)
		var wait sync.WaitGroup
		for range 4 {
			c := w.Licensed(t)
			ev := eventOf(t, c, certid.Series(c.Identifier), 1)
			wait.Go(func() {
				if err := handle(w, ev); err != nil {
					t.Error(err)
				}
			})
			wait.Go(func() {
				if _, err := w.Cert.Act(w.Sealer, cert.ActRequest{ID: c.ID, Action: "cancel", Reason: "测试事由", Basis: "测试依据第一条"}); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		w.Drain(t)
		list, err := w.Bound.List(w.Collector, bound.Query{State: bound.Open})
		must(t, err)
		if len(list.Items) != 0 {
			t.Errorf("%d offers stand open", len(list.Items))
		}
	})
}
