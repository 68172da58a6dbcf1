package cert_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal/sealtest"
)

// A physical certificate from the queue over a spoiled print to the holder; what
// happens to it happens to the electronic one, and what does not is reported.
func TestPhysical(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, "road_transport")
		c, stranger := l.Issue(t, "road_transport"), l.Hire(t, "stranger", "issuer", sealtest.Land)
		print := func(number string) (*cert.Physical, error) {
			return l.Cert.Print(l.issuer, cert.PhysicalRequest{ID: c.ID, Number: number})
		}
		move := func(x *cert.Physical, action, reason string) (*cert.Physical, error) {
			return l.Cert.MovePhysical(l.issuer, cert.PhysicalAct{ID: c.ID, Physical: x.ID, Action: action, Reason: reason})
		}
		if _, err := l.Cert.Print(stranger, cert.PhysicalRequest{ID: c.ID, Number: "青0001"}); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("another unit prints: %v", err)
		}
		_, err := print("青 0001")
		wantFault(t, err, fault.Invalid, "cert.physical", "number", "charset")
		x, err := print("青0001")
		must(t, err)
		_, err = print("青0002")
		wantFault(t, err, fault.Conflict, "cert.physical-live", "", "")
		_, err = move(x, "hand", "")
		wantFault(t, err, fault.Conflict, "cert.physical-state", "", "")
		x, err = move(x, "print", "")
		must(t, err)
		_, err = move(x, "spoil", "")
		wantFault(t, err, fault.Invalid, "cert.reason", "reason", "required")
		x, err = move(x, "spoil", "打印机卡纸")
		must(t, err)
		_, err = print("青0001")
		wantFault(t, err, fault.Conflict, "cert.physical-number", "number", "duplicate")
		l.now = l.now.Add(time.Minute)
		y, err := print("青0002")
		must(t, err)
		if y.Replaces != x.ID || y.Status != cert.Effective || y.Version != 1 {
			t.Errorf("the next print: %+v", y)
		}
		for _, action := range []string{"print", "hand"} {
			y, err = move(y, action, "")
			must(t, err)
		}
		wantDrifts := func(what string, differs ...string) {
			t.Helper()
			p, err := l.Cert.Drifts(l.issuer, "", 10)
			must(t, err)
			if len(differs) == 0 && len(p.Items) == 0 {
				return
			}
			if len(p.Items) != 1 || fmt.Sprint(p.Items[0].Differs) != fmt.Sprint(differs) || p.Items[0].Physical.ID != y.ID {
				t.Errorf("%s: %d differ, want %v", what, len(p.Items), differs)
			}
			if p, err := l.Cert.Drifts(stranger, "", 10); err != nil || len(p.Items) > 0 {
				t.Errorf("%s: another unit is told of %d, %v", what, len(p.Items), err)
			}
		}
		wantDrifts("handed over")
		c = l.done(c.ID, "suspend", func(r *cert.ActRequest) { r.Physical = y.ID })
		all, err := l.Cert.Physicals(l.issuer, c.ID)
		must(t, err)
		if c.Status != "suspended" || len(all) != 2 || all[1].Status != "suspended" {
			t.Errorf("seized, the electronic one is %s and the paper %+v", c.Status, all[1])
		}
		wantDrifts("seized")
		_, err = l.act(c.ID, "resume", func(r *cert.ActRequest) { r.Physical = x.ID })
		wantFault(t, err, fault.Conflict, "cert.physical-state", "", "")
		c = l.done(c.ID, "resume")
		wantDrifts("restored on the record alone", "status")
		y, err = move(y, "confirm", "实体证照已发还")
		must(t, err)
		wantDrifts("confirmed")
		l.done(c.ID, "replace", func(r *cert.ActRequest) {
			q := certtest.Example(t, "road_transport")
			r.Certificate = &q
		})
		wantDrifts("a later version", "status", "version")
		_, err = move(y, "return", "换证时收回")
		must(t, err)
		wantDrifts("returned")
	})
}

// One number is given once, however many ask for it at the same time.
func TestPhysicalNumberOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, "road_transport")
		const many = 6
		ids := make([]string, many)
		for i := range ids {
			ids[i] = l.Issue(t, "road_transport").ID
		}
		errs := make([]error, many)
		var wg sync.WaitGroup
		for i, id := range ids {
			wg.Go(func() { _, errs[i] = l.Cert.Print(l.issuer, cert.PhysicalRequest{ID: id, Number: "青0009"}) })
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
				continue
			}
			wantFault(t, err, fault.Conflict, "cert.physical-number", "number", "duplicate")
		}
		if made != 1 {
			t.Errorf("%d have the number", made)
		}
	})
}
