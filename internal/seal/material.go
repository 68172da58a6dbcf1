package seal

import (
	"context"
	"fmt"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/keys"
	"sidian/ofd"
	"sidian/ses"
)

// material is what is needed to stamp and never changes for a seal: kept in
// memory, loaded once. Whether the seal may stamp is not asked of it.
type material struct {
	seal        *ses.Seal
	part        *ofd.Part // the seal as documents carry it: compressed and digested once
	certificate *gm.Certificate
	keyID       string
}

func (s *Service) material(ctx context.Context, id string) (*material, error) {
	if m, ok := s.loaded.Load(id); ok {
		return m.(*material), nil
	}
	m := &material{}
	var sealDER, certificateDER []byte
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		m.keyID, sealDER, certificateDER, err = materialOf(tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if m.seal, err = ses.ParseSeal(sealDER); err != nil {
		return nil, fmt.Errorf("seal: reading seal %s: %w", id, err)
	}
	if m.certificate, err = gm.ParseCertificate(certificateDER); err != nil {
		return nil, fmt.Errorf("seal: reading the digital certificate of seal %s: %w", id, err)
	}
	m.part = ofd.Freeze("Seal.esl", m.seal.Raw, ofd.Best)
	s.loaded.Store(id, m)
	return m, nil
}

// signer asks for the key each time: one that was retired does not sign.
func (s *Service) signer(ctx context.Context, m *material) (gm.Signer, error) {
	return s.Keys.Signer(ctx, m.keyID, keys.Seal)
}
