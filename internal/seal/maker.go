package seal

import (
	"context"
	"errors"
	"fmt"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/pki"
)

// Setup makes the maker of this instance: a key and its digital certificate. It
// does nothing where one stands already.
func (s *Service) Setup(ctx context.Context, name string) error {
	if _, _, err := s.maker(ctx); !errors.Is(err, fault.NotFound) {
		return err
	}
	id, key, err := s.newKey(ctx)
	if err != nil {
		return err
	}
	c, err := s.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Maker, Name: name, Public: key.Public(), Years: makerYears})
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := insertMaker(tx, id, c); err != nil {
			return err
		}
		if err := s.mark(tx); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.setup", Object: "seal/maker", After: c.Digest()})
	})
}

const makerYears = 10

func (s *Service) newKey(ctx context.Context) (string, gm.Signer, error) {
	id, err := s.Keys.Generate(ctx, keys.Seal)
	if err != nil {
		return "", nil, fmt.Errorf("seal: making a key: %w", err)
	}
	key, err := s.Keys.Signer(ctx, id, keys.Seal)
	return id, key, err
}

func (s *Service) maker(ctx context.Context) (signer gm.Signer, c *gm.Certificate, err error) {
	var keyID string
	err = s.DB.Read(ctx, func(tx *db.Tx) error { keyID, c, err = makerOf(tx); return err })
	if err != nil {
		return nil, nil, err
	}
	signer, err = s.Keys.Signer(ctx, keyID, keys.Seal)
	return signer, c, err
}
