package webhook

import (
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
)

// Who has much waiting does not hold up who has little, and who is paused is not
// looked at until they go on.
func TestFair(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		subscribe := func(topic string) string {
			x, err := w.Subscribe(w.client, Request{URL: w.recv.URL + "/hook", Topics: []string{topic}})
			must(t, err)
			return x.ID
		}
		much, little, paused := subscribe("cert.issued"), subscribe("signature.done"), subscribe("signature.done")
		must(t, w.Pause(w.client, paused))
		for range 2 * batch {
			w.happen(t, "cert.issued", iamtest.Market)
		}
		w.happen(t, "signature.done", iamtest.Market)
		lent := func() map[string]int {
			var due []*Delivery
			w.clock.add(time.Second)
			must(t, d.Write(t.Context(), func(tx *db.Tx) (err error) { due, err = lend(tx, batch, tx.Now().Add(lease)); return err }))
			of := map[string]int{}
			for _, x := range due {
				of[x.Subscription]++
			}
			return of
		}
		first := lent()
		if first[little] != 1 || first[much] < batch/2 || first[paused] != 0 {
			t.Errorf("lent %v", first)
		}
		total := first[much]
		for range 3 {
			next := lent()
			if next[little] != 0 || next[paused] != 0 || next[much] > batch {
				t.Errorf("lent %v", next)
			}
			total += next[much]
		}
		if total != 2*batch {
			t.Errorf("%d of %d lent once", total, 2*batch)
		}
		must(t, w.Resume(w.client, paused))
		if got := lent(); got[paused] != 1 || len(got) != 1 {
			t.Errorf("after going on: %v", got)
		}
	})
}
