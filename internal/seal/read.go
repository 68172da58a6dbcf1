package seal

import (
	"context"

	"sidian/internal/db"
	"sidian/internal/iam"
)

// Get returns a seal that the caller may see, in its state now.
func (s *Service) Get(ctx context.Context, id string) (x *Seal, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { x, err = byID(tx, id); return err })
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, "seal.read", x.Org); err != nil {
		return nil, err
	}
	x.State = x.At(s.DB.Now())
	return x, nil
}

// A Page is a page of a list, newest first. Next is the cursor of the page
// after it, or empty.
type Page struct {
	Items []*Seal `json:"items"`
	Next  string  `json:"next,omitempty"`
}

// List pages through the seals that the caller may see, in their states now.
func (s *Service) List(ctx context.Context, limit int, cursor string) (*Page, error) {
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	p := &Page{Items: []*Seal{}}
	var found []*Seal
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = page(tx, iam.Orgs(ctx, "seal.read"), before, id, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		p.Next = db.Cursor(last.CreatedAt.UnixMilli(), last.ID)
	}
	for _, x := range found {
		x.State = x.At(s.DB.Now())
		p.Items = append(p.Items, x)
	}
	return p, nil
}
