package bound

import (
	"encoding/json"
	"fmt"
	"strings"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// said is what a certificate says that the application will say, encrypted whole.
type said struct {
	Title  string            `json:"title"` // of the kind
	Name   string            `json:"name"`
	Code   string            `json:"code,omitempty"` // of a unit; a citizen's number is not kept
	Fields map[string]string `json:"fields,omitempty"`
	Agent  string            `json:"agent,omitempty"`
}

func offerCell(id string) keys.Cell {
	return keys.Cell{Table: "bound_offer", Column: "content", Row: id}
}

func wishCell(draft string) keys.Cell {
	return keys.Cell{Table: "bound_wish", Column: "content", Row: draft}
}

func (s *Service) sealTo(cell keys.Cell, c said) ([]byte, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("bound: writing %s: %w", cell.Table, err)
	}
	return s.Box.Seal(cell, b)
}

func (s *Service) openFrom(cell keys.Cell, sealed []byte) (c said, err error) {
	if len(sealed) == 0 {
		return c, nil
	}
	b, err := s.Box.Open(cell, sealed)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		return c, fmt.Errorf("bound: opening %s %s: %w", cell.Table, cell.Row, err)
	}
	return c, nil
}

// resealer seals what certificates said, and agents' names, again.
type resealer struct{ s *Service }

// Resealer is what a rotation of the keys of fields calls.
func (s *Service) Resealer() keys.Counter { return resealer{s} }

func (resealer) Name() string { return "bound" }

func (resealer) Count(tx *db.Tx) (int64, error) { return countSealed(tx) }

// Reseal goes through the offers and then through the wishes: the key says where
// it is.
func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	const offers, wishes = "o/", "w/"
	if key, ok := strings.CutPrefix(after, wishes); ok {
		values, err := sealedWishes(tx, key, n)
		if err != nil {
			return "", 0, err
		}
		next, done, err = x.s.Box.Reseal(values, n, func(was keys.Sealed, again []byte) (int64, error) { return replaceWish(tx, was, again) })
		if next != "" {
			next = wishes + next
		}
		return next, done, err
	}
	values, err := sealedOffers(tx, strings.TrimPrefix(after, offers), n)
	if err != nil {
		return "", 0, err
	}
	next, done, err = x.s.Box.Reseal(values, n, func(was keys.Sealed, again []byte) (int64, error) { return replaceOffer(tx, was, again) })
	if next != "" {
		return offers + next, done, err
	}
	return wishes, done, err
}
