package issuing

import (
	"context"
	"fmt"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
)

// Parts are what a Service works with. Due and Notices may be nil: then there
// are no deadlines and notices.
type Parts struct {
	DB        *db.DB
	Keys      *keys.Store
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
	Notices   *notice.Service
	Due       *due.Service
}

// A Service keeps drafts and brings them to certificates. It is safe for
// concurrent use.
type Service struct {
	Parts
	// Step is called after each step of issuing, by its name; nil but in tests of
	// crashes.
	Step func(name string)

	box   *keys.Box
	said  *keys.Index
	guard *guards
}

// New returns a Service, with its secrets from p.Keys.
func New(ctx context.Context, p Parts) (*Service, error) {
	s := &Service{Parts: p}
	var err error
	if s.box, err = p.Keys.Box(ctx); err != nil {
		return nil, fmt.Errorf("issuing: opening the box of columns: %w", err)
	}
	if s.said, err = p.Keys.Index(ctx, "issuing.said"); err != nil {
		return nil, fmt.Errorf("issuing: opening the index of what was said: %w", err)
	}
	if s.guard, err = newGuards(ctx, p.Keys); err != nil {
		return nil, err
	}
	return s, nil
}

// rows is a transaction that row locks order: it begins a draft, or locks one
// before it reads what was done with it, and changes nothing that does not follow
// the draft. An edited row that it met is told of, once an hour.
func (s *Service) rows(ctx context.Context, do func(*db.Tx) error) error {
	return s.alarmed(ctx, s.DB.WriteRows(ctx, do))
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}
