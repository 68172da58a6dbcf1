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
	"sidian/internal/iam"
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
		org, err := orgOf(tx, c)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, "pki.manage", org); err != nil {
			return err
		}
		return RevokeTx(tx, c, code, reason)
	})
	if err != nil {
		return err
	}
	return s.Publish(ctx)
}

// RevokeTx is Revoke in the transaction of a caller, who has asked who may,
// and who calls Publish once it is committed.
func RevokeTx(tx *db.Tx, c *gm.Certificate, code int, reason string) error {
	n, err := markRevoked(tx, c, code)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflict.New("该数字证书不是本平台签发的，或者已经吊销").WithCode("pki.revoked").WithHint("外部机构签发的数字证书请向其签发机构申请吊销")
	}
	return audit.Put(tx, audit.Entry{Action: "pki.revoke", Object: object(c), Reason: reason, Before: c.Digest()})
}

// Publish makes a list where something was revoked since the last. Who asks
// for a list gets a complete one in any case: this only spares him the wait,
// and ends what this process believed before.
func (s *Service) Publish(ctx context.Context) error {
	defer s.endTrust()
	_, err := s.List(ctx, Issuing)
	return err
}

// List returns the revocation list of an authority of ours, DER: complete, and
// in the first half of its life.
func (s *Service) List(ctx context.Context, authority string) ([]byte, error) {
	set, err := s.authorities(ctx)
	if err != nil {
		return nil, err
	}
	ca := set.find(authority)
	if ca == nil || authority == Timestamp {
		return nil, fault.NotFound.New("没有这个签发机构的吊销列表").WithCode("pki.list").WithHint("地址见数字证书的 CRL 分发点")
	}
	if der, err := s.current(ctx, authority); der != nil || err != nil {
		return der, err
	}
	s.making.Lock()
	defer s.making.Unlock()
	if der, err := s.current(ctx, authority); der != nil || err != nil {
		return der, err // somebody made it meanwhile
	}
	return s.makeList(ctx, ca)
}

// current returns nil where a new list is due.
func (s *Service) current(ctx context.Context, authority string) (der []byte, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		l, err := listOf(tx, authority)
		if err != nil || l == nil {
			return err
		}
		n, err := countRevoked(tx, authority)
		if n == l.entries && tx.Now().Before(l.next.Add(-listLife/2)) {
			der = l.der
		}
		return err
	})
	return der, err
}

// makeList signs a list of all that is revoked. Signing stands between two
// transactions. The number is taken before the rows are read, so that of two
// lists the one with the higher number lacks nothing that the other has; a list
// that was overtaken is thrown away.
func (s *Service) makeList(ctx context.Context, ca *Authority) ([]byte, error) {
	signer, err := s.Keys.Signer(ctx, ca.keyID, keys.Authority)
	if err != nil {
		return nil, err
	}
	number, err := s.DB.Sequence(ctx, "pki.list."+ca.ID, 1)
	if err != nil {
		return nil, err
	}
	var revoked []gm.Revoked
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { revoked, err = revokedBy(tx, ca.ID); return err }); err != nil {
		return nil, err
	}
	now := s.DB.Now().UTC().Truncate(time.Second)
	l := &list{number: number, entries: int64(len(revoked)), this: now, next: now.Add(listLife)}
	made, err := gm.CreateCRL(&gm.CRLTemplate{Number: big.NewInt(number), ThisUpdate: l.this, NextUpdate: l.next, Revoked: revoked}, ca.Certificate, signer)
	if err != nil {
		return nil, fmt.Errorf("pki: signing the revocation list of %s: %w", ca.ID, err)
	}
	l.der = made.Raw
	return l.der, s.DB.Write(ctx, func(tx *db.Tx) error { return putList(tx, ca.ID, l) })
}
