package pki

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

// Trust is what a verifier needs. It is not changed once made.
type Trust struct {
	Anchors       *gm.Pool
	Intermediates *gm.Pool
	Lists         []*gm.RevocationList
}

// trustLife is how long a revocation by another process may go unnoticed.
const trustLife = time.Minute

// cache keeps what was loaded: the authorities until one is rolled, and
// the trust until a revocation or its age ends it.
type cache struct {
	mu    sync.Mutex
	set   *set
	trust *Trust
	until time.Time
	ended int // how often the trust was ended: what was loaded before is not kept after
}

// Trust returns the anchors, intermediates and fresh revocation lists.
func (s *Service) Trust(ctx context.Context) (*Trust, error) {
	s.cache.mu.Lock()
	t, ended := s.cache.trust, s.cache.ended
	fresh := t != nil && s.DB.Now().Before(s.cache.until)
	s.cache.mu.Unlock()
	if fresh {
		return t, nil
	}
	t, err := s.loadTrust(ctx)
	if err != nil {
		return nil, err
	}
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	if s.cache.ended == ended {
		s.cache.trust, s.cache.until = t, s.DB.Now().Add(trustLife)
	}
	return t, nil
}

func (s *Service) loadTrust(ctx context.Context) (*Trust, error) {
	set, err := s.authorities(ctx)
	if err != nil {
		return nil, err
	}
	t := &Trust{Anchors: set.anchors, Intermediates: set.intermediates}
	for _, a := range set.all {
		if a.ID == Timestamp {
			continue // revokes nobody
		}
		der, err := s.List(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		l, err := gm.ParseCRL(der)
		if err != nil {
			return nil, fmt.Errorf("pki: reading our own revocation list: %w", err)
		}
		t.Lists = append(t.Lists, l)
	}
	return t, s.outsideTrust(ctx, t)
}

// endTrust makes the next caller load the trust again.
func (s *Service) endTrust() {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	s.cache.trust = nil
	s.cache.ended++
}

// set is the authorities of an instance, and whom it trusts.
type set struct {
	all                    []*Authority
	anchors, intermediates *gm.Pool
}

// find returns nil where there is no such authority.
func (s *set) find(id string) *Authority {
	for _, a := range s.all {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// authorities returns the set, which is empty before Setup.
func (s *Service) authorities(ctx context.Context) (*set, error) {
	s.cache.mu.Lock()
	x := s.cache.set
	s.cache.mu.Unlock()
	if x != nil {
		return x, nil
	}
	x = &set{}
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { x.all, err = authorities(tx); return err }); err != nil {
		return nil, err
	}
	anchors, between := slices.Clone(s.Outside.Anchors), slices.Clone(s.Outside.Intermediates)
	for _, a := range x.all {
		if a.ID == Root {
			anchors = append(anchors, a.Certificate)
		} else {
			between = append(between, a.Certificate)
		}
	}
	x.anchors, x.intermediates = gm.NewPool(anchors...), gm.NewPool(between...)
	for _, a := range x.all {
		chain := a.Certificate.BuildChain(x.intermediates, x.anchors).Chain[1:]
		a.between = slices.DeleteFunc(chain, x.anchors.Contains) // who trusts an anchor has it
	}
	if len(x.all) > 0 {
		s.cache.mu.Lock()
		defer s.cache.mu.Unlock()
		if s.cache.set == nil {
			s.cache.set = x
		}
		return s.cache.set, nil
	}
	return x, nil
}

// Roots returns, as PEM, what a stranger needs to verify our documents: the
// anchors first, then the authorities under them, then those of time stamps by other
// suites, each under its name.
func (s *Service) Roots(ctx context.Context) ([]byte, error) {
	set, err := s.authorities(ctx)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, c := range slices.Concat(set.anchors.Certificates(), set.intermediates.Certificates()) {
		b.Write(c.PEM())
	}
	err = s.suiteRoots(ctx, &b)
	return b.Bytes(), err
}

// Authorities returns the authorities of this instance.
func (s *Service) Authorities(ctx context.Context) ([]*Authority, error) {
	set, err := s.authorities(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(set.all), nil
}
