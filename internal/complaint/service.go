package complaint

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/outbox"
)

// Parts are what a Service works with. Due, Outbox and Notices may be nil: then
// there are no deadlines, events and notices.
type Parts struct {
	DB      *db.DB
	Keys    *keys.Store
	IAM     *iam.Service
	Blobs   *blob.Store
	Notices *notice.Service
	Due     *due.Service
	Outbox  *outbox.Outbox
	// PerDay and PerMonth are how many complaints one person may file in a day, and
	// in thirty; 5 and 20 when zero.
	PerDay, PerMonth int
}

// A Service takes complaints and brings them to an end. It is safe for concurrent
// use.
type Service struct {
	Parts
	// Step is called after each step of what has more than one; nil but in tests
	// of crashes.
	Step func(name string)

	box   *keys.Box
	same  *keys.Index
	known atomic.Pointer[register]
}

// New returns a Service, with its secrets from p.Keys.
func New(ctx context.Context, p Parts) (*Service, error) {
	s := &Service{Parts: p}
	s.PerDay, s.PerMonth = cmp.Or(p.PerDay, usualPerDay), cmp.Or(p.PerMonth, usualPerMonth)
	var err error
	if s.box, err = p.Keys.Box(ctx); err != nil {
		return nil, fmt.Errorf("complaint: opening the box of columns: %w", err)
	}
	if s.same, err = p.Keys.Index(ctx, "complaint.same"); err != nil {
		return nil, fmt.Errorf("complaint: opening the index of what is the same: %w", err)
	}
	return s, nil
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

// A register is the organisations as they were a moment ago.
type register struct {
	at    time.Time
	all   []iam.Org
	names map[string]string
}

// registerFor is how long another process's new unit may not be noticed.
const registerFor = 2 * time.Second

// orgs are the organisations of the platform, which are public.
func (s *Service) orgs(ctx context.Context) (*register, error) {
	now := s.DB.Now()
	if l := s.known.Load(); l != nil && now.Sub(l.at) < registerFor && !now.Before(l.at) {
		return l, nil
	}
	all, err := s.IAM.Organisations(ctx)
	if err != nil {
		return nil, fmt.Errorf("complaint: reading organisations: %w", err)
	}
	l := &register{at: now, all: all, names: make(map[string]string, len(all))}
	for i := range all {
		l.names[all[i].ID] = all[i].Name
	}
	s.known.Store(l)
	return l, nil
}

// Named tells, of digests of documents, which this package names: the others may
// be swept away.
func (s *Service) Named(ctx context.Context, digests []gm.Digest) (named map[gm.Digest]bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { named, err = namedDigests(tx, digests); return err })
	return named, err
}
