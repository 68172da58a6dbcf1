package pki

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

// fetchEvery is how often an outside revocation list is fetched anew, and how
// soon after a failure it is tried again.
const (
	fetchEvery = time.Hour
	retryEvery = 10 * time.Minute
)

// maxTrouble bounds what is kept of why a list could not be fetched.
const maxTrouble = 300

// FetchLists fetches the revocation lists of outside authorities that are due:
// those that registered digital certificates, and the authorities above them,
// name. It is meant to be called every few minutes. A list that cannot be had
// holds up no other; why is kept, and said by [Service.OutsideLists].
func (s *Service) FetchLists(ctx context.Context) error {
	if s.Outside.Client == nil {
		return nil
	}
	points, known, err := s.listPoints(ctx)
	if err != nil {
		return err
	}
	changed := false
	for _, p := range points {
		if old := known[p.url]; !dueAgain(old, s.DB.Now()) {
			continue
		}
		if err := s.fetchList(ctx, p); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			text := err.Error()
			if len(text) > maxTrouble {
				text = text[:maxTrouble]
			}
			if err := s.DB.Write(ctx, func(tx *db.Tx) error { return putTrouble(tx, p.url, string(bytes.ToValidUTF8([]byte(text), nil))) }); err != nil {
				return err
			}
			continue
		}
		changed = true
	}
	if changed {
		s.endTrust()
	}
	return nil
}

func dueAgain(r outsideRow, now time.Time) bool {
	switch {
	case r.trouble != "":
		return !now.Before(r.tried.Add(retryEvery))
	case r.fetched.IsZero():
		return true
	}
	return !now.Before(r.fetched.Add(fetchEvery)) || !r.next.IsZero() && !now.Before(r.next)
}

// A point is where a list is found, and who may have signed it.
type point struct {
	url     string
	issuers []*gm.Certificate
}

// listPoints gathers the addresses that are of use, each once.
func (s *Service) listPoints(ctx context.Context) (points []point, known map[string]outsideRow, err error) {
	t, err := s.Trust(ctx)
	if err != nil {
		return nil, nil, err
	}
	var leaves []Registered
	known = map[string]outsideRow{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if leaves, err = outsideInUse(tx, tx.Now()); err != nil {
			return err
		}
		rows, err := outsideLists(tx)
		for _, r := range rows {
			known[r.url] = r
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	own, err := s.authorities(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range leaves {
		chain := l.Certificate.BuildChain(t.Intermediates, t.Anchors)
		for i, c := range chain.Chain[:len(chain.Chain)-1] {
			if own.isOurs(chain.Chain[i+1]) {
				continue // we make its list ourselves
			}
			for _, u := range c.CRLURLs {
				points = addPoint(points, u, chain.Chain[i+1])
			}
		}
	}
	return points, known, nil
}

func (x *set) isOurs(c *gm.Certificate) bool {
	return slices.ContainsFunc(x.all, func(a *Authority) bool { return a.Certificate.Equal(c) })
}

func addPoint(points []point, u string, issuer *gm.Certificate) []point {
	i := slices.IndexFunc(points, func(p point) bool { return p.url == u })
	if i < 0 {
		return append(points, point{u, []*gm.Certificate{issuer}})
	}
	if !slices.ContainsFunc(points[i].issuers, issuer.Equal) {
		points[i].issuers = append(points[i].issuers, issuer)
	}
	return points
}

// fetchList takes a list that its authority signed, and that is no older than
// the one we have: who stands between cannot bring back a day before a revocation.
func (s *Service) fetchList(ctx context.Context, p point) error {
	b, err := s.Outside.Client.Get(ctx, p.url)
	if err != nil {
		return err
	}
	l, err := gm.ParseCRL(b)
	if err != nil {
		return err
	}
	last := fmt.Errorf("%w: a list of another authority", errAsk)
	for _, issuer := range p.issuers {
		if _, err := l.CheckFrom(issuer); err != nil {
			last = err
			continue
		}
		last = nil
		break
	}
	if last != nil {
		return last
	}
	if now := s.DB.Now(); !l.NextUpdate.IsZero() && !now.Before(l.NextUpdate) {
		return fmt.Errorf("%w: a list that ended on %s", errAsk, l.NextUpdate.Format(time.DateOnly))
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		old, err := outsideList(tx, p.url)
		if err != nil {
			return err
		}
		if old != nil && l.ThisUpdate.Before(old.this) {
			return putTrouble(tx, p.url, "an older list than the one before")
		}
		return putOutside(tx, outsideRow{url: p.url, der: l.Raw, this: l.ThisUpdate, next: l.NextUpdate})
	})
}

// ask puts the question to the authority's OCSP responder, where it names one
// that may be called. No answer, or one that cannot be believed, is Unknown.
func (s *Service) ask(ctx context.Context, c, issuer *gm.Certificate) (at time.Time, state Result) {
	for _, u := range c.OCSPURLs {
		if !s.Outside.Client.Lists(u) {
			continue
		}
		answer, err := s.askOne(ctx, u, c, issuer)
		if err != nil {
			continue
		}
		switch answer.Status {
		case gm.OCSPRevoked:
			return answer.RevokedAt, Fail
		case gm.OCSPGood:
			return at, Pass
		}
	}
	return at, Unknown
}

func (s *Service) askOne(ctx context.Context, u string, c, issuer *gm.Certificate) (gm.OCSPSingle, error) {
	var none gm.OCSPSingle
	number := make([]byte, 16)
	rand.Read(number) // never fails
	request, err := gm.NewOCSPRequest(c, issuer, number)
	if err != nil {
		return none, err
	}
	b, err := s.Outside.Client.Post(ctx, u, "application/ocsp-request", request)
	if err != nil {
		return none, err
	}
	r, err := gm.ParseOCSP(b)
	if err != nil {
		return none, err
	}
	if _, err := r.Verify(issuer); err != nil {
		return none, err
	}
	answer, ok := r.For(c, issuer)
	switch {
	case !ok, !answer.CurrentAt(s.DB.Now()):
		return none, errAsk
	case len(r.Nonce) > 0 && !bytes.Equal(r.Nonce, number): // responders may leave it out (RFC 6960 §4.4.1)
		return none, errAsk
	}
	return answer, nil
}

// An OutsideList is how we stand with an outside revocation list.
type OutsideList struct {
	URL     string
	This    time.Time // of the list that we have; zero: none
	Next    time.Time // when it ends; zero: it does not say
	Fetched time.Time
	Tried   time.Time
	Trouble string // why the last try failed; English, for operators
	// Stale: there is none that counts. What it revoked stays revoked; of the
	// rest, nothing is known.
	Stale bool
}

// Host is where it comes from, for messages.
func (l OutsideList) Host() string {
	u, err := url.Parse(l.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// OutsideLists lists the outside revocation lists that were ever asked for: what
// doctor looks at.
func (s *Service) OutsideLists(ctx context.Context) (all []OutsideList, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		rows, err := outsideLists(tx)
		for _, r := range rows {
			stale := len(r.der) == 0 || !r.next.IsZero() && !tx.Now().Before(r.next)
			all = append(all, OutsideList{r.url, r.this, r.next, r.fetched, r.tried, r.trouble, stale})
		}
		return err
	})
	return all, err
}

// outsideTrust adds what outside authorities published and what stands between.
func (s *Service) outsideTrust(ctx context.Context, t *Trust) error {
	return s.DB.Read(ctx, func(tx *db.Tx) error {
		chain, err := between(tx)
		if err != nil {
			return err
		}
		rows, err := outsideLists(tx)
		if err != nil {
			return err
		}
		if len(chain) > 0 {
			t.Intermediates = gm.NewPool(slices.Concat(t.Intermediates.Certificates(), chain)...)
		}
		var wrong []error
		for _, r := range rows {
			if len(r.der) == 0 {
				continue
			}
			l, err := gm.ParseCRL(r.der)
			wrong = append(wrong, err)
			if err == nil {
				t.Lists = append(t.Lists, l)
			}
		}
		return errors.Join(wrong...)
	})
}
