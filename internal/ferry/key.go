package ferry

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// ownKey signs this zone's files, and nothing else.
type ownKey struct {
	id          string
	sealed      []byte
	signer      gm.Signer
	certificate *gm.Certificate
}

// renew is how long before its end the key is replaced. The peer has to be given
// the new digital certificate by then.
const renew = 30 * 24 * time.Hour

// key returns the key, and makes one where there is none or it is about to end.
func (s *Service) key(ctx context.Context) (*ownKey, error) {
	s.making.Lock()
	defer s.making.Unlock()
	k, err := s.load(ctx)
	if err == nil || !errors.Is(err, fault.NotFound) {
		return k, err
	}
	if err := s.makeKey(ctx); err != nil {
		return nil, err
	}
	return s.load(ctx)
}

func (s *Service) load(ctx context.Context) (k *ownKey, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { k, err = keyAfter(tx, tx.Now().Add(renew)); return err })
	if err != nil {
		return nil, err
	}
	der, err := s.Box.Open(cell(k.id), k.sealed)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	k.signer, err = gm.ParsePrivateKey(der, nil)
	return k, err
}

func cell(id string) keys.Cell { return keys.Cell{Table: "ferry_key", Column: "secret", Row: id} }

func (s *Service) makeKey(ctx context.Context) error {
	key, err := gm.GenerateKey()
	if err != nil {
		return err
	}
	k := &ownKey{id: strings.ToLower(rand.Text()[:20])}
	if k.certificate, err = s.Issue(ctx, key.Public()); err != nil {
		return err
	}
	der, err := key.DER(nil)
	if err != nil {
		return err
	}
	defer clear(der)
	if k.sealed, err = s.Box.Seal(cell(k.id), der); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := insertKey(tx, k); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "ferry.key", Object: "ferry/key/" + k.id, After: k.certificate.Digest()})
	})
}

// Certificate is what the peer pins.
func (s *Service) Certificate(ctx context.Context) (*gm.Certificate, error) {
	k, err := s.key(ctx)
	if err != nil {
		return nil, err
	}
	return k.certificate, nil
}

// Name is keys.Resealer.
func (s *Service) Name() string { return "ferry" }

// Reseal is keys.Resealer for the keys.
func (s *Service) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	all, err := keysAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	for _, k := range all {
		next = k.id
		again, changed, err := s.Box.Again(cell(k.id), k.sealed)
		if err != nil {
			return "", done, err
		}
		if changed {
			n, err := swapKey(tx, k.id, k.sealed, again)
			if err != nil {
				return "", done, err
			}
			done += int(n)
		}
	}
	return next, done, nil
}
