package sealapply

import (
	"context"
	"fmt"
	"sync/atomic"

	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/seal"
)

// Notices tells people inside the platform; package notice does.
type Notices interface {
	PutTx(tx *db.Tx, n notice.Notice) error
}

// The zones of one code base (SEAL-18).
const (
	Extranet = "extranet" // 政务外网: seals of units
	Internet = "internet" // 互联网: seals of enterprises, social organisations and persons
)

// Options are the rules of an instance. Zero values are the documented defaults.
type Options struct {
	// Top is the highest tier that reviews: "province", "city" or "county";
	// empty: as high as there are authorities.
	Top string
	// Zone is where this instance stands; empty: in both, as in a demonstration.
	Zone string
	// Persons is the authority that reviews personal seals whose applicants
	// name none.
	Persons string
	// RowsAtOnce is how many rows of a campaign are made between two looks at
	// whether to go on; 20 when zero.
	RowsAtOnce int
}

// Parts are what a Service works with. Due, Outbox and Notices may be nil: then
// there are no promises, events and notices.
type Parts struct {
	DB      *db.DB
	Keys    *keys.Store
	IAM     *iam.Service
	Blobs   *blob.Store
	Seals   *seal.Service
	PKI     *pki.Service
	Notices Notices
	Due     *due.Service
	Outbox  *outbox.Outbox
	Options Options
}

// A Service takes applications, has them reviewed, and carries them out. It is
// safe for concurrent use.
type Service struct {
	Parts
	// Basis tells on which certificate an application rests (绑定发放), nil: on
	// none. It is set before anything is asked of the service; a nil Basis is for
	// an instance without.
	Basis func(tx *db.Tx, application string) (*Basis, error)
	// Step is called after each step of what has more than one; nil but in tests
	// of crashes.
	Step func(name string)

	box   *keys.Box
	known atomic.Pointer[authorityList]
}

// New returns a Service, with its secrets from p.Keys.
func New(ctx context.Context, p Parts) (*Service, error) {
	s := &Service{Parts: p}
	var err error
	if s.box, err = p.Keys.Box(ctx); err != nil {
		return nil, fmt.Errorf("sealapply: opening the box of columns: %w", err)
	}
	if _, err := shippedForms(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}
