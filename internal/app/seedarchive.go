package app

import (
	"context"

	"sidian/internal/archive"
)

// archive says how the market authority files what it seals, so that its
// archivist can pack at once. What the county seals comes into the queue by
// itself.
func (s *seeder) archive(ctx context.Context) error {
	archivist, err := s.IAM.As(ctx, s.accounts["archivist"])
	if err != nil {
		return err
	}
	_, err = s.Archive.PutUnit(archivist, archive.Unit{Org: "market", Fonds: "Z109", Category: "WS", Agency: "BGS", Archives: "青禾县档案馆"})
	return err
}
