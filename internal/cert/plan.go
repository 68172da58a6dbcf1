package cert

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"sidian/internal/catalogue"
)

// A plan is all that a certificate will say. Its JSON is what is stored,
// encrypted; from it the same document comes each time.
type plan struct {
	Content  *catalogue.Content `json:"content"`
	Issuance catalogue.Issuance `json:"issuance"`
	Prior    *prior             `json:"prior,omitempty"` // whose place it takes
	// Sealers are whose seals it bears, of a kind that needs people.
	Sealers []sealer `json:"sealers,omitempty"`
}

func (s *Service) sealPlan(id string, p *plan) ([]byte, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("cert: writing the plan: %w", err)
	}
	return s.Box.Seal(cell("plan", id), b)
}

func (s *Service) openPlan(r *row) (*plan, error) {
	b, err := s.Box.Open(cell("plan", r.ID), r.sealedPlan)
	if err != nil {
		return nil, fmt.Errorf("cert: opening the plan of %s: %w", r.ID, err)
	}
	p := &plan{}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("cert: reading the plan of %s: %w", r.ID, err)
	}
	return p, nil
}

// drafted is the plan of a certificate, and what it says by the version of its kind.
func (s *Service) drafted(r *row, kind *catalogue.Kind) (*plan, *catalogue.Draft, error) {
	p, err := s.openPlan(r)
	if err != nil {
		return nil, nil, err
	}
	d, err := kind.Draft(p.Content, p.Issuance)
	if err != nil {
		return nil, nil, fmt.Errorf("cert: reading the plan of %s: %w", r.ID, err)
	}
	return p, d, nil
}

// newID returns 130 random bits as text: an id tells nothing and cannot be
// guessed. It is also the code on the face.
func newID() string { return strings.ToLower(rand.Text()) }

// newDocID is a random UUID without dashes (GB/T 33190 DocID).
func newDocID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return hex.EncodeToString(b)
}
