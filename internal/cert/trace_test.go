package cert_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// The history has, where they belong, when lasting proof was made and renewed, and
// how often the public verified on which day, without who.
func TestTraceProofAndVerification(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, "road_transport")
		c := l.Issue(t, "road_transport")
		begun, at := l.now, func(days int) time.Time { return l.now.AddDate(0, 0, days) }
		verified := func(days int, times int) {
			l.now = begun.AddDate(0, 0, days)
			for range times {
				l.now = l.now.Add(2 * time.Minute)
				for range 2 { // a page looks twice
					_, err := l.Cert.Public(t.Context(), c.Code)
					must(t, err)
				}
			}
		}
		stamps := []cert.ProofStamp{{At: at(1)}, {At: at(9), Digest: "SHA-256"}}
		l.Cert.Stamped = func(_ context.Context, of *cert.Certificate) ([]cert.ProofStamp, error) {
			if of.ID != c.ID || of.Document != c.Document {
				t.Errorf("asked about %s", of.ID)
			}
			return stamps, nil
		}
		verified(2, 3)
		verified(5, 1)
		l.now = begun.AddDate(0, 0, 10)
		tr, err := l.Cert.Trace(l.issuer, c.ID)
		must(t, err)
		var got []string
		for _, s := range tr.Steps {
			got = append(got, s.Action)
			if s.Name == "" || s.Evidence == "" && strings.HasPrefix(s.Action, "lasting.") {
				t.Errorf("step %+v", s)
			}
		}
		if want := []string{"cert.plan", "cert.issue", "lasting.stamp", "cert.verify", "cert.verify", "cert.verify", "cert.verify", "lasting.renew"}; !slices.Equal(got, want) {
			t.Errorf("steps %v", got)
		}
		if want := []cert.Verified{{Day: "2026-11-22", Times: 3, Last: "12:06"}, {Day: "2026-11-25", Times: 1, Last: "12:02"}}; !slices.Equal(tr.Verified, want) {
			t.Errorf("verified %+v", tr.Verified)
		}
		if last := tr.Steps[len(tr.Steps)-1].Name; !strings.HasSuffix(last, "改用 SHA-256") {
			t.Errorf("another digest is told as %s", last)
		}
		broken := errors.New("no proof can be read")
		l.Cert.Stamped = func(context.Context, *cert.Certificate) ([]cert.ProofStamp, error) { return nil, broken }
		if _, err := l.Cert.Trace(l.issuer, c.ID); !errors.Is(err, broken) {
			t.Errorf("proof that cannot be read: %v", err)
		}
	})
}
