package matter

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/keys"
	"sidian/internal/outbox"
)

// Permissions.
const (
	permManage = "matter.manage"
	permRead   = "matter.read"
)

// A Service keeps cases. Its fields are set before use: they may be filled in
// after New, and before anything is asked of it. It is safe for concurrent use.
type Service struct {
	DB        *db.DB
	Catalogue *catalogue.Service
	Items     *item.Service
	Cert      *cert.Service
	Outbox    *outbox.Outbox
	Box       *keys.Box   // of the applicants
	Said      *keys.Index // of what an opening said, to tell a repetition
	// Listed are the kinds that no item of a unit may ask an applicant for today
	// (免提交证照清单), by name; nil: there is no such list.
	Listed func(tx *db.Tx, unit string) ([]string, error)
	// Calls tells what came of calling programs of an event; nil: none are called.
	Calls func(tx *db.Tx, topic, event string) ([]Call, error)
	// Step is called after each commit; nil but in tests of crashes.
	Step func(name string)
}

// Unlock opens the box and the index that s needs.
func (s *Service) Unlock(ctx context.Context, k *keys.Store) (err error) {
	if s.Box, err = k.Box(ctx); err != nil {
		return fmt.Errorf("matter: opening the box of columns: %w", err)
	}
	if s.Said, err = k.Index(ctx, "matter.said"); err != nil {
		return fmt.Errorf("matter: opening the index of what was said: %w", err)
	}
	return nil
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

// actorOf names who acts, so that a program is told from every person.
func actorOf(ctx context.Context) string {
	p, ok := iam.From(ctx)
	switch {
	case !ok:
		return ""
	case p.Account != "":
		return p.Account
	}
	return "app/" + p.Client
}

// sees tells whether whoever acts reads or manages cases of a unit; to others
// there is no such case.
func sees(ctx context.Context, unit string) error {
	if iam.MayAny(ctx, unit, permManage, permRead) {
		return nil
	}
	return errUnknown()
}

func objectOf(id string) string { return "matter/" + id }
