package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/pki"
)

// An ourKey signs our answers and our list of trust, and nothing else: no
// purpose of package keys fits, so that it is sealed in a column of this package.
type ourKey struct {
	id          string
	sealed      []byte
	signer      gm.Signer
	certificate *gm.Certificate
}

// renew is how long before its end our key is replaced.
const renew = 30 * 24 * time.Hour

// answerKey returns our key, and makes one where there is none or it is about
// to end. Two processes may make one each at the first start: the older counts.
func (s *Service) answerKey(ctx context.Context) (*ourKey, error) {
	k, err := s.loadKey(ctx)
	if err == nil || !errors.Is(err, fault.NotFound) {
		return k, err
	}
	s.making.Lock()
	defer s.making.Unlock()
	if k, err = s.loadKey(ctx); err == nil || !errors.Is(err, fault.NotFound) {
		return k, err
	}
	if err := s.makeKey(ctx); err != nil {
		return nil, err
	}
	return s.loadKey(ctx)
}

func (s *Service) loadKey(ctx context.Context) (*ourKey, error) {
	var k *ourKey
	err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) { k, err = keyAfter(tx, tx.Now().Add(renew)); return err })
	if err != nil {
		return nil, err
	}
	der, err := s.box.Open(keyCell(k.id), k.sealed)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	k.signer, err = gm.ParsePrivateKey(der, nil)
	return k, err
}

func keyCell(id string) keys.Cell {
	return keys.Cell{Table: "provider_key", Column: "secret", Row: id}
}

// makeKey makes our key with a digital certificate of the built-in authority. It
// belongs to no organisation, so that nobody takes it for that of a seal.
func (s *Service) makeKey(ctx context.Context) error {
	key, err := gm.GenerateKey()
	if err != nil {
		return err
	}
	c, err := s.o.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Unit, Name: s.o.Name + "核验答复", Public: key.Public()})
	if err != nil {
		return fmt.Errorf("provider: a digital certificate for our answers: %w", err)
	}
	der, err := key.DER(nil)
	if err != nil {
		return err
	}
	defer clear(der)
	k := &ourKey{id: newID(), certificate: c}
	if k.sealed, err = s.box.Seal(keyCell(k.id), der); err != nil {
		return err
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := insertKey(tx, k); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "provider.key", Object: "provider/key/" + k.id, After: c.Digest()})
	})
}

// Certificate is the digital certificate under which we answer: others register it.
func (s *Service) Certificate(ctx context.Context) (*gm.Certificate, error) {
	k, err := s.answerKey(ctx)
	if err != nil {
		return nil, err
	}
	return k.certificate, nil
}

// The package seals a column, so it seals it again when its root is replaced.
var _ keys.Counter = (*Service)(nil)

// Name is that of the owner of columns.
func (s *Service) Name() string { return "provider" }

// Count tells how many rows have a sealed column.
func (s *Service) Count(tx *db.Tx) (int64, error) { return countKeys(tx) }

// Reseal seals again what is stale of up to n rows after a key: see keys.Resealer.
func (s *Service) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	all, err := keysAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	for _, k := range all {
		next = k.id
		again, changed, err := s.box.Again(keyCell(k.id), k.sealed)
		if err != nil {
			return "", 0, err
		}
		if !changed {
			continue
		}
		written, err := resealKey(tx, k.id, k.sealed, again)
		if err != nil {
			return "", 0, err
		}
		done += int(written)
	}
	return next, done, nil
}
