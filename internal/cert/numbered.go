package cert

import (
	"context"
	"slices"

	"sidian/internal/db"
)

// A Numbered is one of the certificates that a kind and a number name: which it is,
// who issued it, and who answers for it now.
type Numbered struct{ ID, Issuer, Unit string }

// mostNumbered bounds how many versions and issuers one number may have.
const mostNumbered = 100

// ByNumber finds what a kind and a number on a face name, one for each unit that gave
// the number: the newest of its versions. Nothing is asked and nothing shown of it: it
// is for use cases that have asked, and that tell unknown numbers from others to nobody.
func (s *Service) ByNumber(ctx context.Context, kind, number string) (out []Numbered, err error) {
	var rows []*row
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if rows, err = ofNumber(tx, kind, number, mostNumbered); err != nil {
			return err
		}
		return keptAll(tx, rows)
	})
	for _, r := range rows {
		older := func(x *row) bool { return x.ID == r.Successor || x.Issuer == r.Issuer && x.Version > r.Version }
		if !slices.ContainsFunc(rows, older) {
			out = append(out, Numbered{r.ID, r.Issuer, r.Unit()})
		}
	}
	return out, err
}
