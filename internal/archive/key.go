package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/archive/pack"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/keys"
	"sidian/ofd/sign"
)

// renew is how long before its end a digital certificate is replaced.
const renew = 30 * 24 * time.Hour

// signer is the key that signs packages, made the first time and again before
// its digital certificate ends.
func (s *Service) signer(ctx context.Context, trust sign.Options) (*pack.Key, error) {
	key, c, err := s.signing(ctx)
	if err != nil {
		return nil, err
	}
	if key == "" || s.DB.Now().Add(renew).After(c.NotAfter) {
		if err := s.makeKey(ctx, key); err != nil {
			return nil, err
		}
		if key, c, err = s.signing(ctx); err != nil {
			return nil, err
		}
	}
	k, err := s.Keys.Signer(ctx, key, keys.Checkpoint)
	if err != nil {
		return nil, err
	}
	out := &pack.Key{Signer: k, Certificate: c, Issuers: issuers(c, trust), Time: s.DB.Now()}
	if s.TimeStamp != nil {
		out.Timestamp = func(value []byte) ([]byte, error) { return s.TimeStamp(ctx, value) }
	}
	return out, nil
}

func (s *Service) signing(ctx context.Context) (key string, c *gm.Certificate, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { key, c, err = signingKey(tx); return err })
	return key, c, err
}

func (s *Service) makeKey(ctx context.Context, old string) error {
	made, err := s.Keys.Generate(ctx, keys.Checkpoint)
	if err != nil {
		return fmt.Errorf("archive: making the key that signs packages: %w", err)
	}
	public, err := s.Keys.Public(ctx, made)
	if err != nil {
		return err
	}
	c, err := s.Issue(ctx, s.Name, made, public)
	if err != nil {
		return fmt.Errorf("archive: a digital certificate for packages: %w", err)
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		first, err := putSigningKey(tx, old, made, c)
		if err != nil || !first { // another process was faster: its own is used
			return errors.Join(err, s.Keys.RetireTx(tx, made))
		}
		return audit.Put(tx, audit.Entry{Action: "archive.key", Object: "archive/key", After: c.Digest()})
	})
}

// issuers is the chain above a digital certificate, up to an anchor.
func issuers(c *gm.Certificate, trust sign.Options) (out []*gm.Certificate) {
	for range 8 {
		up := above(c, trust)
		if up == nil {
			return out
		}
		out = append(out, up)
		c = up
	}
	return out
}

func above(c *gm.Certificate, trust sign.Options) *gm.Certificate {
	if string(c.RawSubject) == string(c.RawIssuer) {
		return nil
	}
	for _, pool := range []*gm.Pool{trust.Intermediates, trust.Anchors} {
		if pool == nil {
			continue
		}
		for _, up := range pool.Certificates() {
			if string(up.RawSubject) == string(c.RawIssuer) && (len(c.AuthorityKeyID) == 0 || string(up.SubjectKeyID) == string(c.AuthorityKeyID)) {
				return up
			}
		}
	}
	return nil
}
