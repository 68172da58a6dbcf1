package pki

import (
	"context"
	"errors"
	"time"

	"sidian/gm"
)

// An Issuer is an authority whose digital certificates are accepted here: an
// entry of the allow-list (SEAL-07).
type Issuer struct {
	ID          string
	Name        string          // as people read it
	Certificate *gm.Certificate // what it signs with
	Region      string          // where it serves, 6 digits; empty: everywhere
	Basis       string          // why it is accepted, such as 省级政务外网电子认证服务机构
	From, Until time.Time       // when what it issues is accepted
	State       string
	ProposedBy  string // account; empty: by configuration
	DecidedBy   string
	At          time.Time
	DecidedAt   time.Time
}

// States of an issuer.
const (
	Proposed = "proposed" // waits for a second person
	Allowed  = "allowed"
	Refused  = "refused" // by the second person
	Ended    = "ended"   // taken off the list
)

// Issuers returns the allow-list: the built-in authority, those by
// configuration, and those by the table, newest first.
func (s *Service) Issuers(ctx context.Context) ([]Issuer, error) {
	return nil, errors.New("pki: not yet")
}

// ProposeIssuer asks that an authority be accepted. It needs pki.manage;
// another person decides.
func (s *Service) ProposeIssuer(ctx context.Context, i Issuer, reason string) (*Issuer, error) {
	return nil, errors.New("pki: not yet")
}

// DecideIssuer accepts or refuses a proposed authority. It needs
// policy.approve, and another person than who proposed.
func (s *Service) DecideIssuer(ctx context.Context, id string, allow bool, reason string) error {
	return errors.New("pki: not yet")
}

// EndIssuer takes an authority off the list, at once. It needs pki.manage. What
// it issued is not accepted any more; what was signed before stays valid.
func (s *Service) EndIssuer(ctx context.Context, id, reason string) error {
	return errors.New("pki: not yet")
}
