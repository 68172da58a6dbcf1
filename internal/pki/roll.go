package pki

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
)

// timestampLead is how long before its end the built-in time stamp authority gets
// a new key and digital certificate: longer than lasting evidence is renewed before
// its end, so that what renews it ends later.
const timestampLead = 366 * 24 * time.Hour

// errRootEnds says that what the root could sign would end no later.
var errRootEnds = errors.New("pki: the root ends too soon for a new time stamp authority: set up a new root")

// Roll gives the built-in time stamp authority a new key and a new digital
// certificate under our root before the old ends, and tells whether it did. What was
// stamped carries the old digital certificate with it. An authority that was given
// by the configuration is its owner's to renew. Any number of processes may call it:
// one rolls, and each notices here.
func (s *Service) Roll(ctx context.Context) (rolled bool, err error) {
	set, err := s.authorities(ctx)
	if err != nil {
		return false, err
	}
	if err := s.notice(ctx, set); err != nil {
		return false, err
	}
	if set, err = s.authorities(ctx); err != nil {
		return false, err
	}
	root, old := set.find(Root), set.find(Timestamp)
	if root == nil || old == nil || !old.Certificate.BuildChain(gm.NewPool(), gm.NewPool(root.Certificate)).Reached {
		return false, nil
	}
	if s.DB.Now().Add(timestampLead).Before(old.Certificate.NotAfter) {
		return false, nil
	}
	next, err := s.makeAuthority(ctx, Timestamp, old.Certificate.SubjectName(), root, timestampYears)
	if err != nil {
		return false, err
	}
	if !next.Certificate.NotAfter.After(old.Certificate.NotAfter) {
		return false, errRootEnds
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := replaceAuthority(tx, old, next)
		if rolled = n == 1; err != nil || !rolled { // another process was first
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "pki.roll", Object: "pki/" + Timestamp, Before: gm.Sum(old.Certificate.Raw), After: gm.Sum(next.Certificate.Raw)})
	})
	if err != nil {
		return false, fmt.Errorf("pki: rolling the time stamp authority: %w", err)
	}
	s.forget()
	return rolled, nil
}

// notice forgets the authorities that are held in memory when another process has
// rolled one.
func (s *Service) notice(ctx context.Context, held *set) error {
	var now []*Authority
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { now, err = authorities(tx); return err }); err != nil {
		return err
	}
	for _, a := range now {
		if h := held.find(a.ID); h == nil || h.keyID != a.keyID {
			s.forget()
		}
	}
	return nil
}

func (s *Service) forget() {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	s.cache.set, s.cache.trust = nil, nil
	s.cache.ended++
}
