package cert

import (
	"context"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/iam"
)

// A Page is a page of a list, newest first. Next is the cursor of the page
// after it, or empty.
type Page struct {
	Items []*Certificate `json:"items"`
	Next  string         `json:"next,omitempty"`
}

const maxLimit = 100

// A ListQuery asks for a page of certificates.
type ListQuery struct {
	Issuer string // one issuer; empty: all that the caller may read
	Kind   string
	Number string
	Holder string // whole identifier or whole name of a holder
	Limit  int
	Cursor string

	issuers []string
	holder  *gm.Digest
}

// List pages through the certificates that the caller may read.
func (s *Service) List(ctx context.Context, q ListQuery) (*Page, error) {
	q.issuers = iam.Orgs(ctx, "cert.read")
	if q.Issuer != "" {
		if err := iam.Allow(ctx, "cert.read", q.Issuer); err != nil {
			return nil, err
		}
		q.issuers = []string{q.Issuer}
	}
	if q.Limit <= 0 || q.Limit > maxLimit {
		q.Limit = 20
	}
	if q.Holder != "" {
		d := s.Index.Of(q.Holder)
		q.holder = &d
	}
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	var rows []*row
	err = s.DB.Read(ctx, func(tx *db.Tx) error { rows, err = listOf(tx, q, before, id); return err })
	if err != nil {
		return nil, err
	}
	p := &Page{}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[q.Limit-1]
		p.Next = db.Cursor(last.CreatedAt.UnixMilli(), last.ID)
	}
	p.Items, err = s.records(ctx, rows)
	return p, err
}
