package pki

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"slices"
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

// state is what is loaded from the store, kept until something changes or a
// list grows old.
type state struct {
	authorities []*Authority
	trust       *Trust
	until       time.Time
}

func (st *state) authority(id string) *Authority {
	for _, a := range st.authorities {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// Trust returns the anchors, intermediates and fresh revocation lists.
func (s *Service) Trust(ctx context.Context) (*Trust, error) {
	s.mu.Lock()
	st := s.state
	s.mu.Unlock()
	if st != nil && st.trust != nil && s.DB.Now().Before(st.until) {
		return st.trust, nil
	}
	st, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	anchors, between := slices.Clone(s.Outside.Anchors), slices.Clone(s.Outside.Intermediates)
	t := &Trust{}
	for _, a := range st.authorities {
		if a.ID == Root {
			anchors = append(anchors, a.Certificate)
		} else {
			between = append(between, a.Certificate)
		}
		if a.ID == Timestamp {
			continue // revokes nobody
		}
		der, err := s.List(ctx, a.ID) // may make a new one, which makes us forget
		if err != nil {
			return nil, err
		}
		l, err := gm.ParseCRL(der)
		if err != nil {
			return nil, fmt.Errorf("pki: reading our own revocation list: %w", err)
		}
		t.Lists = append(t.Lists, l)
	}
	t.Anchors, t.Intermediates = gm.NewPool(anchors...), gm.NewPool(between...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = &state{authorities: st.authorities, trust: t, until: s.DB.Now().Add(time.Minute)}
	return t, nil
}

// load returns the authorities.
func (s *Service) load(ctx context.Context) (*state, error) {
	s.mu.Lock()
	st := s.state
	s.mu.Unlock()
	if st != nil {
		return st, nil
	}
	st = &state{}
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { st.authorities, err = authorities(tx); return err }); err != nil {
		return nil, err
	}
	if len(st.authorities) > 0 {
		s.mu.Lock()
		s.state = st
		s.mu.Unlock()
	}
	return st, nil
}

// forget makes the next caller load again.
func (s *Service) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = nil
}

// Roots returns, as PEM, what a stranger needs to verify our documents: the
// root first, then the authorities under it.
func (s *Service) Roots(ctx context.Context) ([]byte, error) {
	st, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, id := range []string{Root, Issuing, Timestamp} {
		if a := st.authority(id); a != nil {
			if err := pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate.Raw}); err != nil {
				return nil, err
			}
		}
	}
	return b.Bytes(), nil
}

// Authorities returns the authorities of this instance.
func (s *Service) Authorities(ctx context.Context) ([]*Authority, error) {
	st, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	return st.authorities, nil
}
