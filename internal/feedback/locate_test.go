package feedback_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/feedback"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/kinds"
)

// An officer names a certificate by what is printed on it. Where that names none, or
// more than one, the answer is the same whatever the reason; it is recorded, and who
// guesses is stopped for an hour.
func TestByNumber(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		const kind = "business_license" // its number is its holder's, whoever issues it
		_, err := w.Catalogue.Import(t.Context(), kinds.FS, kind)
		must(t, err)
		must(t, w.World.Cert.Entrust(t.Context(), kind, sealtest.Market))
		c := w.Issue(t, kind)
		by := func(number, unit string) func(*feedback.Filing) {
			return func(f *feedback.Filing) { f.Certificate, f.Kind, f.Number, f.Unit = "", kind, number, unit }
		}
		if f := w.tell(c, by(" "+c.Number+" ", "")); f.Certificate != c.ID || f.Already {
			t.Errorf("by its number: %+v", f)
		}
		for _, unit := range []string{sealtest.Market, c.IssuerName} {
			if f := w.tell(c, by(c.Number, unit)); !f.Already || f.Certificate != c.ID {
				t.Errorf("with the unit %q: %+v", unit, f)
			}
		}
		// Another unit gives the same number to another certificate.
		must(t, w.World.Cert.Entrust(t.Context(), kind, sealtest.Land))
		x := w.Make(t, sealtest.Land, seal.LegalName)
		_, err = w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, App: audit.ActorFrom(w.Client).App, Purpose: seal.Any, Until: w.now.AddDate(3, 0, 0), Reason: "测试"})
		must(t, err)
		r := certtest.Example(t, kind)
		r.Issuer, r.Holders[0].ID = sealtest.Land, c.Number
		other, err := w.World.Cert.Issue(w.Client, r)
		must(t, err)
		if other.Number != c.Number {
			t.Fatalf("the other has the number %s, not %s", other.Number, c.Number)
		}
		if f := w.tell(other, by(c.Number, other.IssuerName)); f.Certificate != other.ID {
			t.Errorf("of the other unit: %+v", f)
		}
		var said string
		for name, change := range map[string]func(*feedback.Filing){
			"of two units": by(c.Number, ""), "of another unit": by(c.Number, "青禾县教育局"), "none": by("none", ""), "of another kind": func(f *feedback.Filing) { by(c.Number, "")(f); f.Kind = "none" },
		} {
			_, err := w.Tell(w.second, filing(c, change))
			wantCode(t, err, "feedback.certificate", "number")
			if e := fault.As(err); said == "" {
				said = e.Msg + e.Hint
			} else if said != e.Msg+e.Hint {
				t.Errorf("%s is told apart: %s%s", name, e.Msg, e.Hint)
			}
		}
		if n := w.rows("feedback.find", audit.Refused); n != 4 {
			t.Errorf("%d misses are recorded", n)
		}
		// Two hundred guesses at once.
		guesser := w.Hire(t, "guesser", "officer", pkitest.Root)
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[string]int{}
		for range 200 {
			wg.Go(func() {
				_, err := w.Tell(guesser, filing(c, by("guessed", "")))
				mu.Lock()
				defer mu.Unlock()
				codes[fault.As(err).Code]++
			})
		}
		wg.Wait()
		if codes["feedback.certificate"] != 20 || codes["feedback.misses"] != 180 {
			t.Errorf("guesses were answered %v", codes)
		}
		stopped := func(who context.Context) bool {
			_, err := w.Tell(who, filing(c, by("guessed", "")))
			return fault.As(err).Kind == fault.TooMany
		}
		if !stopped(guesser) || stopped(w.second) {
			t.Error("another is stopped, or who guessed is not")
		}
		w.now = w.now.Add(time.Hour)
		if stopped(guesser) {
			t.Error("still stopped after an hour")
		}
	})
}
