package matter

import (
	"encoding/json"
	"fmt"

	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/keys"
)

func cell(id string) keys.Cell {
	return keys.Cell{Table: "matter_matter", Column: "applicant", Row: id}
}

func (s *Service) seal(id string, h catalogue.Holder) ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("matter: writing an applicant: %w", err)
	}
	return s.Box.Seal(cell(id), b)
}

func (s *Service) applicantOf(r *row) (h catalogue.Holder, err error) {
	b, err := s.Box.Open(cell(r.id), r.applicant)
	if err == nil {
		err = json.Unmarshal(b, &h)
	}
	if err != nil {
		return h, fmt.Errorf("matter: opening the applicant of %s: %w", r.id, err)
	}
	return h, nil
}

// resealer seals the applicants again.
type resealer struct{ s *Service }

// Resealer is what a rotation of the keys of fields calls.
func (s *Service) Resealer() keys.Counter { return resealer{s} }

func (resealer) Name() string { return "matter" }

func (resealer) Count(tx *db.Tx) (int64, error) { return countSealed(tx) }

func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	values, err := sealedAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	return x.s.Box.Reseal(values, n, func(was keys.Sealed, again []byte) (int64, error) { return replace(tx, was, again) })
}
