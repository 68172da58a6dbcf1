package pki

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// Reasons of RFC 5280 §5.3.1 that we use.
const (
	Unspecified   = 0
	KeyCompromise = 1
	Superseded    = 4
	Ceased        = 5
)

// listLife is how long a revocation list may be used; a new one is made when
// half of it has passed, and at once when something is revoked.
const listLife = 24 * time.Hour

// Revoke revokes a digital certificate of the built-in authority, for good,
// and publishes a list that says so before it returns.
func (s *Service) Revoke(ctx context.Context, c *gm.Certificate, code int, reason string) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := markRevoked(tx, serialText(c), code)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict.New("该数字证书不是本平台签发的，或者已经吊销").WithCode("pki.revoked")
		}
		return audit.Put(tx, audit.Entry{Action: "pki.revoke", Object: "pki/certificate/" + serialText(c), Reason: reason})
	})
	if err != nil {
		return err
	}
	_, err = s.makeList(ctx, Issuing)
	return err
}

// List returns the current revocation list of an authority of ours, DER.
func (s *Service) List(ctx context.Context, authority string) ([]byte, error) {
	if authority != Root && authority != Issuing {
		return nil, fault.NotFound.New("没有这个签发机构的吊销列表")
	}
	var der []byte
	var next time.Time
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		der, next, err = listOf(tx, authority)
		return err
	})
	if err != nil {
		return nil, err
	}
	if der == nil || s.DB.Now().After(next.Add(-listLife/2)) {
		return s.makeList(ctx, authority)
	}
	return der, nil
}

// makeList signs a list of all that is revoked. Signing stands between two
// transactions; a list that was overtaken by a newer one is thrown away.
func (s *Service) makeList(ctx context.Context, authority string) ([]byte, error) {
	st, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	ca := st.authority(authority)
	if ca == nil {
		return nil, fault.NotFound.New("没有这个签发机构的吊销列表")
	}
	signer, err := s.Keys.Signer(ctx, ca.keyID, keys.Authority)
	if err != nil {
		return nil, err
	}
	number, err := s.DB.Sequence(ctx, "pki.list."+authority, 1)
	if err != nil {
		return nil, err
	}
	var revoked []gm.Revoked
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { revoked, err = revokedBy(tx, authority); return err }); err != nil {
		return nil, err
	}
	now := s.DB.Now().UTC().Truncate(time.Second)
	list, err := gm.CreateCRL(&gm.CRLTemplate{
		Number: big.NewInt(number), ThisUpdate: now, NextUpdate: now.Add(listLife), Revoked: revoked,
	}, ca.Certificate, signer)
	if err != nil {
		return nil, fmt.Errorf("pki: signing the revocation list of %s: %w", authority, err)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return putList(tx, authority, number, list.Raw, now, now.Add(listLife)) })
	s.forget()
	return list.Raw, err
}
