package pki

import (
	"context"
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

// Registered is a digital certificate as it stands in the register.
type Registered struct {
	ID          string // hex of SM3 over the digital certificate
	Serial      string // hex; unique below one authority alone
	Use         string // Maker, Unit or Personal
	Org         string // id of the organisation; may be empty
	Account     string // id of the person; with Personal alone
	Key         string // id of the key in package keys; empty: its key is not here
	Authority   string // Issuing, or empty for an outside authority
	Certificate *gm.Certificate
	IssuedAt    time.Time // when it was registered
	RevokedAt   time.Time // zero: it is not
	Reason      int       // of the revocation
	ReplacedBy  string    // id of its successor; empty: none
}

// UsableAt reports whether it may be signed with at a time, as far as the
// register knows.
func (r Registered) UsableAt(at time.Time) bool {
	return r.RevokedAt.IsZero() && !at.Before(r.Certificate.NotBefore) && at.Before(r.Certificate.NotAfter)
}

// Get returns a registered digital certificate by its id, or by its serial
// number where that is the only one.
func (s *Service) Get(ctx context.Context, ref string) (*Registered, error) {
	return nil, errors.New("pki: not yet")
}

// GetTx is Get in a caller's transaction, who asks himself who may.
func GetTx(tx *db.Tx, ref string) (*Registered, error) { return nil, errors.New("pki: not yet") }

// HeldBy lists what an organisation holds that may be signed with now, for
// reuse, newest first: of its own, without its people's.
func (s *Service) HeldBy(ctx context.Context, org string) ([]Registered, error) {
	return nil, errors.New("pki: not yet")
}

// HeldByAccount lists what a person holds that may be signed with now, newest
// first.
func (s *Service) HeldByAccount(ctx context.Context, account string) ([]Registered, error) {
	return nil, errors.New("pki: not yet")
}

// RevokeAccountTx revokes every digital certificate of the built-in authority
// that a person holds, and marks the outside ones as not to be used here. It
// returns how many there were. The caller calls Publish once it is committed.
func RevokeAccountTx(tx *db.Tx, account string, code int, reason string) (int, error) {
	return 0, errors.New("pki: not yet")
}
