package cert

import (
	"time"

	"sidian/internal/db"
)

// A ForCase is what a case (办件) asks of a certificate: nothing personal.
type ForCase struct {
	ID         string
	Identifier string
	Number     string
	Kind       string
	Issuer     string
	CaseNo     string
	Status     string // as of now, with what time has ended
	IssuedAt   time.Time
	Holds      bool // the holder that was asked for is one of its holders
}

// ForCaseTx is an issued certificate as a case sees it; holder is the whole
// identifier of somebody, empty: not asked. Who may know is the caller's matter.
func (s *Service) ForCaseTx(tx *db.Tx, id, holder string) (*ForCase, error) {
	r, err := byID(tx, id)
	if err != nil {
		return nil, err
	}
	if err := s.vet(tx, r); err != nil {
		return nil, err
	}
	if r.Status == Sealing || r.Status == Withdrawn {
		return nil, unknown()
	}
	c := &ForCase{ID: r.ID, Identifier: r.Identifier, Number: r.Number, Kind: r.Kind, Issuer: r.Issuer, CaseNo: r.CaseNo, Status: r.At(tx.Now()), IssuedAt: r.IssuedAt}
	if holder != "" {
		c.Holds, err = heldBy(tx, id, s.Index.Of(holder))
	}
	return c, err
}
