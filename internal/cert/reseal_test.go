package cert_test

import (
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/keys"
)

// After a rotation every certificate is sealed again, also one that is on its
// way, and the old root can go.
func TestReseal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now().Truncate(time.Millisecond)
		d.Now = func() time.Time { return now }
		w := certtest.New(t, d, "road_transport", "physician")
		var issued []*cert.Certificate
		for i := range 9 {
			issued = append(issued, w.Issue(t, []string{"road_transport", "physician"}[i%2]))
		}
		must(t, w.Keys.Rotate(t.Context(), keys.Field))
		r := w.Keys.Rotation(keys.Field, w.Cert.Resealer())
		must(t, r.Run(t.Context()))
		now = now.Add(49 * time.Hour)
		must(t, r.Run(t.Context()))
		p, err := r.Progress(t.Context())
		must(t, err)
		if len(p) != 1 || p[0].Name != "cert" || p[0].Done != 9 || p[0].Total != 9 || p[0].Finished.IsZero() {
			t.Errorf("progress %+v", p)
		}
		roots, err := w.Keys.Roots(t.Context(), keys.Field)
		must(t, err)
		must(t, d.Write(t.Context(), func(tx *db.Tx) error { return r.Retire(tx, roots[0].ID) }))
		now = now.Add(time.Minute) // until everyone knows
		for _, c := range issued {
			if _, err := w.Cert.Get(w.Client, c.ID); err != nil {
				t.Errorf("%s: %v", c.Kind, err)
			}
		}
		must(t, w.CheckAll(t.Context()))
	})
}

// A plan that was moved to another row is not sealed again as that row's.
func TestResealFindsMovedPlans(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "road_transport")
	a, b := w.Issue(t, "road_transport"), w.Issue(t, "road_transport")
	must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`update cert_certificate set plan = (select plan from cert_certificate where id = $1) where id = $2`, a.ID, b.ID)
		return err
	}))
	must(t, w.Keys.Rotate(t.Context(), keys.Field))
	r := w.Keys.Rotation(keys.Field, w.Cert.Resealer())
	if err := r.Run(t.Context()); err == nil {
		t.Error("a moved plan was sealed again")
	}
	p, err := r.Progress(t.Context())
	must(t, err)
	if len(p) != 1 || p[0].Trouble == "" || !p[0].Finished.IsZero() {
		t.Errorf("progress %+v", p)
	}
}
