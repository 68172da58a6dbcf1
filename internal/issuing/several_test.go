package issuing_test

import (
	"slices"
	"strings"
	"testing"

	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
)

const (
	joint   = issuingtest.Joint
	partner = issuingtest.Partner
)

type severalWorld struct{ *issuingtest.Several }

func newSeveral(t testing.TB, d *db.DB) *severalWorld {
	return &severalWorld{issuingtest.NewSeveral(t, d)}
}

func named(t testing.TB) issuing.Content { return issuingtest.Named(t) }

// asked is a draft whose seals were asked for.
func (w *severalWorld) asked(t testing.TB) *issuing.Draft {
	t.Helper()
	x, err := w.Issuing.Create(w.Collector, issuing.CreateRequest{Kind: joint, Unit: sealtest.Market, Content: named(t)})
	must(t, err)
	return w.ask(t, x)
}

func (w *severalWorld) ask(t testing.TB, x *issuing.Draft) *issuing.Draft {
	t.Helper()
	x, err := w.Issuing.Issue(w.Sealer, issuingtest.Decide(passed(t, w.World, x)))
	must(t, err)
	if x.State != issuing.Issuing || x.Pending == "" || x.Certificate != "" {
		t.Fatalf("it is %s, waiting for %q, of which %q came", x.State, x.Pending, x.Certificate)
	}
	return x
}

// stepOf is the step of a unit in the request that a draft waits for.
func (w *severalWorld) stepOf(t testing.TB, x *issuing.Draft, unit string) (step, request string) {
	t.Helper()
	now, err := w.Cert.Sealings(w.Sealer, x.Pending)
	must(t, err)
	i := slices.IndexFunc(now.Seals, func(s cert.Sealer) bool { return s.Org == unit })
	return now.Seals[i].Step, now.Request
}

// settle tells that a request is over, as the outbox does.
func (w *severalWorld) settle(t testing.TB, request string) {
	t.Helper()
	ev := outbox.Event{Key: request}
	must(t, w.Cert.Settled(t.Context(), ev))
	must(t, w.Issuing.Settled(t.Context(), ev))
}

// Three units of two tiers seal what one of them collected: who must is seen by
// all who decide, and the last seal makes it effective.
func TestSeveralSeals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newSeveral(t, d)
		x := w.asked(t)
		var who []string
		for _, u := range x.Seals {
			who = append(who, u.Role+"="+u.Unit)
		}
		if got, want := strings.Join(who, " "), "issuer="+sealtest.Market+" "+partner+"="+sealtest.Land+" superior="+pkitest.Root; got != want || !x.Seals[1].Named {
			t.Errorf("who seals: %s, want %s", got, want)
		}
		again, err := w.Issuing.Issue(w.Sealer, issuingtest.Decide(x))
		must(t, err)
		if again.Pending != x.Pending || again.State != issuing.Issuing {
			t.Errorf("asked again: %+v", again)
		}
		var request string
		for _, unit := range []string{sealtest.Land, sealtest.Market, pkitest.Root} {
			var step string
			step, request = w.stepOf(t, x, unit)
			r, err := w.Sealing.Get(w.Keepers[unit], request)
			must(t, err)
			_, err = w.Sealing.Approve(w.Keepers[unit], sealing.ApproveRequest{Step: step, Seen: r.Base, Answer: "1"})
			must(t, err)
		}
		w.settle(t, request)
		w.settle(t, request) // told twice
		x, err = w.Issuing.Get(w.Sealer, x.ID)
		must(t, err)
		if x.State != issuing.Issued || x.Certificate == "" || x.Pending != "" {
			t.Fatalf("sealed by all: %+v", x)
		}
		c, err := w.Cert.Get(w.Sealer, x.Certificate)
		must(t, err)
		if c.Status != cert.Effective {
			t.Errorf("it is %s", c.Status)
		}
	})
}

// What one unit refuses goes back to the clerk with its reason, and can be sealed
// when it was made good; what the unit itself gives up waits for who issues.
func TestSealRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newSeveral(t, d)
		x := w.asked(t)
		step, request := w.stepOf(t, x, sealtest.Land)
		_, err := w.Sealing.Refuse(w.Keepers[sealtest.Land], step, "用地性质与规划不符")
		must(t, err)
		w.settle(t, request)
		x, err = w.Issuing.Get(w.Collector, x.ID)
		must(t, err)
		if x.State != issuing.Drafted || x.Pending != "" || x.Returned == nil || !strings.Contains(x.Returned.Reason, "用地性质与规划不符") {
			t.Fatalf("refused: %s, %+v", x.State, x.Returned)
		}
		if got := told(t, w.World, w.Collector); !strings.Contains(got, "不予用印") {
			t.Errorf("the clerk is told %q", got)
		}
		x = w.ask(t, x)
		_, err = w.Cert.WithdrawSeals(w.Sealer, x.Pending, "上级不予用印")
		must(t, err)
		_, err = w.Issuing.Issue(w.Sealer, issuingtest.Decide(x))
		wantCode(t, err, "issuing.seals")
		x, err = w.Issuing.Get(w.Sealer, x.ID)
		must(t, err)
		if x.State != issuing.Passed || x.Pending != "" || x.Returned == nil {
			t.Errorf("given up: %+v", x)
		}
		p, err := w.Cert.List(w.Sealer, cert.ListQuery{Kind: joint})
		must(t, err)
		for _, c := range p.Items {
			if c.Status == cert.Effective {
				t.Error("it is in force without its seals")
			}
		}
	})
}

// Only a unit that may seal is named, for a place that the kind has.
func TestSealUnits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newSeveral(t, d)
		s := w.Issuing
		list, err := s.Slots(w.Collector, joint, sealtest.Market)
		must(t, err)
		if len(list.Items) != 1 || list.Items[0].Role != partner || !slices.ContainsFunc(list.Items[0].Units, func(u issuing.OfferUnit) bool { return u.ID == sealtest.Land }) ||
			slices.ContainsFunc(list.Items[0].Units, func(u issuing.OfferUnit) bool { return u.ID == sealtest.Market }) {
			t.Errorf("who may be named: %+v", list.Items)
		}
		if list, err = s.Slots(w.Collector, issuingtest.Kind, sealtest.Market); err != nil || len(list.Items) != 0 {
			t.Errorf("of a kind of one seal: %+v, %v", list, err)
		}
		_, err = s.Slots(w.Stranger, joint, sealtest.Market)
		wantKind(t, err, fault.Forbidden)

		c := named(t)
		c.Seals["盖章人"] = sealtest.Land
		_, err = s.Create(w.Collector, issuing.CreateRequest{Kind: joint, Unit: sealtest.Market, Content: c})
		wantField(t, err, "seals.盖章人", "unknown")
		c = issuingtest.Content(t, issuingtest.Kind)
		c.Seals = map[string]string{"issuer": sealtest.Land}
		_, err = s.Create(w.Collector, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: c})
		wantField(t, err, "seals.issuer", "unknown")
		x, err := s.Create(w.Collector, issuing.CreateRequest{Kind: joint, Unit: sealtest.Market, Content: named(t)})
		must(t, err)
		for _, unit := range []string{"", "none", sealtest.Market, pkitest.Root} {
			c := named(t)
			c.Seals[partner] = unit
			if x, err = s.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: c}); err != nil {
				t.Fatal(err)
			}
			_, err = s.Submit(w.Collector, issuingtest.Decide(x))
			wantCode(t, err, "issuing.incomplete")
			if unit == pkitest.Root { // it seals as the unit above already
				wantField(t, err, "seals.superior", "unit")
			} else {
				wantField(t, err, "seals."+partner, "unit")
			}
		}
		x, err = s.Save(w.Second, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: named(t)})
		must(t, err)
		x, err = s.Submit(w.Second, issuingtest.Decide(x))
		must(t, err)
		if x.State != issuing.Submitted {
			t.Errorf("it is %s", x.State)
		}
	})
}

// Dates that no calendar has, and ends before the beginning, are told before
// review; those around a leap day and the new year are taken.
func TestDates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		for _, x := range []struct {
			from, to string
			good     bool
		}{
			{"2023-02-29", "", false}, {"2024-02-29", "", true}, {"2025-12-31", "2026-01-01", true}, {"2026-01-01", "2025-12-31", false}, {"2026-13-01", "", false}, {"20260105", "", false},
		} {
			c := issuingtest.Content(t, issuingtest.Kind)
			c.ValidFrom, c.ValidTo = x.from, x.to
			draft, err := w.Issuing.Create(w.Collector, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: c})
			must(t, err)
			_, err = w.Issuing.Submit(w.Collector, issuingtest.Decide(draft))
			if x.good {
				must(t, err)
			} else {
				wantCode(t, err, "issuing.incomplete")
			}
		}
	})
}
