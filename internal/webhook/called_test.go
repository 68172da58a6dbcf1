package webhook

import (
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
)

// What is told of an event is how far each call of its topic is, the earliest
// first: no program, no address; and of another topic or event nothing.
func TestCalled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		called := func(topic, event string) (out []Called) {
			t.Helper()
			must(t, d.Read(t.Context(), func(tx *db.Tx) (err error) { out, err = w.CalledTx(tx, topic, event); return err }))
			return out
		}
		w.subscribe(t, w.client, "cert.issued")
		id := w.happen(t, "cert.issued", iamtest.Market)
		began := w.clock.now()
		if got := called("cert.issued", id); len(got) != 1 || got[0].State != Pending || got[0].Attempts != 0 || !got[0].Closed.IsZero() || !got[0].Created.Equal(began) {
			t.Errorf("before it is called: %+v", got)
		}
		w.recv.set(503, "")
		must(t, w.Work(t.Context()))
		if got := called("cert.issued", id); len(got) != 1 || got[0].State != Pending || got[0].Attempts != 1 || !got[0].Closed.IsZero() {
			t.Errorf("refused once: %+v", got)
		}
		w.recv.set(200, "")
		w.clock.add(time.Minute)
		must(t, w.Work(t.Context()))
		if got := called("cert.issued", id); len(got) != 1 || got[0].State != Delivered || got[0].Attempts != 2 || !got[0].Closed.Equal(w.clock.now()) {
			t.Errorf("taken: %+v", got)
		}
		for _, other := range [][2]string{{"signature.done", id}, {"cert.issued", "none"}, {"", ""}} {
			if got := called(other[0], other[1]); len(got) != 0 {
				t.Errorf("%v: %+v", other, got)
			}
		}
	})
}
