package composite_test

import (
	"testing"

	"sidian/internal/cert"
	"sidian/internal/composite"
	"sidian/internal/composite/compositetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/status"
)

// listed is what the public list says of a certificate.
func listed(t *testing.T, w *compositetest.World, id string) uint8 {
	t.Helper()
	var e status.Entry
	compositetest.Must(t, w.DB.Read(t.Context(), func(tx *db.Tx) (err error) { e, err = status.EntryTx(tx, status.Certificates, id); return err }))
	return uint8(e.Value)
}

// wants is the state of a composite and of its certificate.
func wants(t *testing.T, w *compositetest.World, id string, standing composite.Standing, status string) *composite.Composite {
	t.Helper()
	c, err := w.Composite.Get(w.Clerk, id)
	compositetest.Must(t, err)
	if c.Standing != standing || c.Status != status {
		t.Fatalf("%s, certificate %s (%s), want %s, %s", c.Standing, c.Status, c.Trouble, standing, status)
	}
	return c
}

// A composite comes about by two people, is suspended with a member, restored with
// it, and its place in the public list follows.
func TestStory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := compositetest.New(t, d)
		x := w.Scheme(t)
		food, road, build := w.Permit(t, compositetest.Food), w.Permit(t, compositetest.Road), w.Permit(t, compositetest.Build)
		p, err := w.Composite.Preview(w.Clerk, compositetest.Request(x, food))
		compositetest.Must(t, err)
		if !p.Ready || len(p.Candidates) != 3 || p.Candidates[1].Number != road.Number || p.HolderName != compositetest.Enterprise.Name {
			t.Fatalf("%+v", p)
		}
		c := w.Issued(t, x, food)
		if c.State != composite.Issued || len(c.Members) != 3 || !c.Members[2].Permitted {
			t.Fatalf("%+v", c)
		}
		wants(t, w, c.ID, composite.InForce, cert.Effective)
		if got := listed(t, w, c.Certificate); got != 0 {
			t.Errorf("the list says %d", got)
		}
		base, err := w.Cert.Base(t.Context(), c.Certificate)
		compositetest.Must(t, err)
		if base.Holders[0] != compositetest.Enterprise || base.Certificate.Issuer != c.Unit {
			t.Errorf("%+v", base.Holders)
		}

		w.Act(t, food.ID, "suspend")
		w.Settle(t)
		got := wants(t, w, c.ID, composite.Suspended, "suspended")
		if got.Because == "" || got.Members[0].Permitted || !got.Members[1].Permitted || listed(t, w, c.Certificate) != 2 {
			t.Errorf("%+v", got)
		}
		tr, err := w.Cert.Trace(w.Issuer, c.Certificate)
		compositetest.Must(t, err)
		a := tr.Acts[len(tr.Acts)-1]
		if a.Action != "suspend" || a.Actor != "" || a.Org != "" || a.Basis == "" {
			t.Errorf("the platform is not who acted: %+v", a)
		}
		w.Act(t, food.ID, "resume")
		w.Settle(t)
		wants(t, w, c.ID, composite.InForce, cert.Effective)
		if listed(t, w, c.Certificate) != 0 {
			t.Error("the list does not say that it stands again")
		}

		w.Act(t, build.ID, "revoke") // optional
		w.Settle(t)
		got = wants(t, w, c.ID, composite.InForce, cert.Effective)
		if got.Members[2].Permitted || got.Members[2].Status != "revoked" {
			t.Errorf("%+v", got.Members[2])
		}

		w.Act(t, road.ID, "revoke")
		w.Settle(t)
		wants(t, w, c.ID, composite.Broken, "suspended")
		members, err := w.Composite.Members(t.Context(), c.Certificate)
		if err != nil || len(members) != 3 || members[1].Permitted || members[1].Certificate != "" {
			t.Errorf("%+v %v", members, err)
		}
		if members, err = w.Composite.Members(t.Context(), food.ID); err != nil || len(members) != 0 {
			t.Errorf("%+v %v", members, err)
		}
	})
}
