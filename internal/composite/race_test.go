package composite_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"sidian/internal/cert"
	certevent "sidian/internal/cert/event"
	"sidian/internal/composite"
	"sidian/internal/composite/compositetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/outbox"
)

// A member that is revoked while the composite is being issued leaves none in force.
func TestRevokedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"begun", "made", "issued"} {
		t.Run(at, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := compositetest.New(t, d)
				x := w.Scheme(t)
				food := w.Permit(t, compositetest.Food)
				w.Permit(t, compositetest.Road)
				c := w.Proposed(t, x, food)
				w.Composite.Step = func(name string) {
					if name == at {
						w.Act(t, food.ID, "revoke")
					}
				}
				_, err := decide(w, w.Issuer, c, "issue")
				compositetest.Must(t, err)
				wants(t, w, c.ID, composite.Broken, "suspended") // before any event is delivered
			})
		})
	}
}

// Members change at once, and many look at once; an event is delivered twice.
func TestRaces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := compositetest.New(t, d)
		x := w.Scheme(t)
		food, road := w.Permit(t, compositetest.Food), w.Permit(t, compositetest.Road)
		c := w.Issued(t, x, food)
		var wait sync.WaitGroup
		for _, id := range []string{food.ID, road.ID} {
			wait.Go(func() { w.Act(t, id, "suspend"); w.Act(t, id, "resume"); w.Act(t, id, "suspend") })
		}
		for range 3 {
			wait.Go(func() {
				for range 5 {
					_, err := outbox.Drain(t.Context(), d, w.Deliver, 100)
					if err != nil {
						t.Error(err)
					}
					if err := w.Composite.Work(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		w.Settle(t)
		wants(t, w, c.ID, composite.Suspended, "suspended")
		w.Act(t, food.ID, "resume")
		w.Settle(t)
		wants(t, w, c.ID, composite.Suspended, "suspended")
		w.Act(t, road.ID, "resume")
		w.Settle(t)
		got := wants(t, w, c.ID, composite.InForce, cert.Effective)

		w.Act(t, road.ID, "suspend")
		w.Settle(t)
		body, err := json.Marshal(certevent.StatusChanged{ID: road.ID})
		compositetest.Must(t, err)
		for range 2 {
			compositetest.Must(t, d.Write(t.Context(), func(tx *db.Tx) error {
				return w.Deliver.HandleAll(tx, []outbox.Event{{Topic: certevent.Changed, Body: json.RawMessage(body)}})
			}))
			compositetest.Must(t, w.Composite.Work(t.Context()))
		}
		again := wants(t, w, c.ID, composite.Suspended, "suspended")
		if len(again.Steps) != len(got.Steps)+1 {
			t.Errorf("%d lines, there were %d", len(again.Steps), len(got.Steps))
		}
	})
}

// What a person suspended the platform does not lift; what a person lifted against
// the members is suspended again.
func TestByHand(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := compositetest.New(t, d)
		x := w.Scheme(t)
		food := w.Permit(t, compositetest.Food)
		w.Permit(t, compositetest.Road)
		c := w.Issued(t, x, food)
		w.Act(t, c.Certificate, "suspend")
		w.Settle(t)
		w.Act(t, food.ID, "suspend")
		w.Settle(t)
		w.Act(t, food.ID, "resume")
		w.Settle(t)
		wants(t, w, c.ID, composite.InForce, "suspended")
		w.Act(t, food.ID, "suspend")
		w.Act(t, c.Certificate, "resume")
		w.Settle(t)
		wants(t, w, c.ID, composite.Suspended, "suspended")
		w.Act(t, c.Certificate, "cancel")
		w.Settle(t)
		got, err := w.Composite.Get(w.Clerk, c.ID)
		if err != nil || got.State != composite.Ended || got.Status != "cancelled" {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// died is what a process is stopped with in its tracks.
type died struct{}

// After a crash at any step there is one certificate, which its composite names and
// which is what its members make of it.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"begun", "made", "issued", "claimed", "suspend"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := compositetest.New(t, d)
				x := w.Scheme(t)
				food := w.Permit(t, compositetest.Food)
				w.Permit(t, compositetest.Road)
				c := w.Proposed(t, x, food)
				w.Composite.Step = func(name string) {
					if name == "begun" {
						w.Act(t, food.ID, "suspend")
					}
					if name == at {
						panic(died{})
					}
				}
				func() {
					defer func() {
						if r := recover(); r != (died{}) {
							t.Errorf("it did not die, but %v", r)
						}
					}()
					_, _ = decide(w, w.Issuer, c, "issue")
				}()
				w.Composite.Step = nil
				d.Now = func() time.Time { return time.Now().Add(time.Hour) }
				_, _, err := w.Cert.Resume(t.Context())
				compositetest.Must(t, err)
				_, err = w.Composite.Resume(t.Context())
				compositetest.Must(t, err)
				w.Settle(t)
				got := wants(t, w, c.ID, composite.Suspended, "suspended")
				list, err := w.Cert.List(w.Issuer, cert.ListQuery{Kind: compositetest.Kind})
				if err != nil || len(list.Items) != 1 || list.Items[0].ID != got.Certificate {
					t.Errorf("%d certificates, %v", len(list.Items), err)
				}
				w.Act(t, food.ID, "resume")
				w.Settle(t)
				wants(t, w, c.ID, composite.InForce, cert.Effective)
			})
		})
	}
}
