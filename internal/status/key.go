package status

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/keys"
)

// keysFor is how long another process may go on signing with a key that was
// replaced.
const keysFor = time.Minute

// A signer is a key with what signs under it, out of its wrapping.
type signer struct {
	Key
	sign    func(input []byte) ([]byte, error)
	retired bool
}

// ring is the keys as this process knows them.
type ring struct {
	all    []signer // the current ones first
	loaded time.Time
}

// current returns the signer of an algorithm.
func (r *ring) current(alg string) (signer, bool) {
	for _, k := range r.all {
		if k.Alg == alg && !k.retired {
			return k, true
		}
	}
	return signer{}, false
}

// signers returns the keys, and makes them where there are none.
func (s *Service) signers(ctx context.Context) (*ring, error) {
	if r := s.ring.Load(); r != nil && s.DB.Now().Sub(r.loaded).Abs() < keysFor {
		return r, nil
	}
	r, err := s.loadRing(ctx)
	if err != nil {
		return nil, err
	}
	for _, alg := range []string{ES256, SM2} {
		if _, ok := r.current(alg); !ok {
			return s.makeRing(ctx, false)
		}
	}
	s.ring.Store(r)
	return r, nil
}

// Rotate replaces the keys that sign. Lists that the old ones have signed stay
// good until they are over: the old keys stay published.
func (s *Service) Rotate(ctx context.Context) error {
	_, err := s.makeRing(ctx, true)
	return err
}

// makeRing makes a key for each algorithm that has no current one, or for all.
// Of several processes that do so at once, one's keys stand.
func (s *Service) makeRing(ctx context.Context, all bool) (*ring, error) {
	made, err := s.newKeys(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if all {
			if err := retireKeys(tx); err != nil {
				return err
			}
		}
		for _, k := range made {
			n, err := insertKey(tx, k)
			if err != nil {
				return err
			}
			if n == 0 {
				continue // another process was first
			}
			if err := audit.Put(tx, audit.Entry{Action: "status.key", Object: "status/key/" + k.id, After: gm.Sum(k.public)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r, err := s.loadRing(ctx)
	if err == nil {
		s.ring.Store(r)
	}
	return r, err
}

func keyCell(id string) keys.Cell { return keys.Cell{Table: "status_key", Column: "sealed", Row: id} }

// newKeys makes a wrapped key for each algorithm.
func (s *Service) newKeys(ctx context.Context) ([]keyRow, error) {
	box, err := s.Keys.Box(ctx)
	if err != nil {
		return nil, err
	}
	var all []keyRow
	for _, alg := range []string{ES256, SM2} {
		point, private, err := generate(alg)
		if err != nil {
			return nil, fmt.Errorf("status: making a key for %s: %w", alg, err)
		}
		k, err := newKey(alg, point)
		if err != nil {
			return nil, err
		}
		sealed, err := box.Seal(keyCell(k.ID), private)
		if err != nil {
			return nil, fmt.Errorf("status: wrapping a key: %w", err)
		}
		all = append(all, keyRow{id: k.ID, alg: alg, public: point, sealed: sealed})
	}
	return all, nil
}

func generate(alg string) (point, private []byte, err error) {
	if alg == SM2 {
		k, err := gm.GenerateKey()
		if err != nil {
			return nil, nil, err
		}
		private, err = k.DER(nil)
		return k.Public().Bytes(), private, err
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if point, err = k.PublicKey.Bytes(); err != nil {
		return nil, nil, err
	}
	private, err = k.Bytes()
	return point, private, err
}

func (s *Service) loadRing(ctx context.Context) (*ring, error) {
	box, err := s.Keys.Box(ctx)
	if err != nil {
		return nil, err
	}
	r := &ring{loaded: s.DB.Now()}
	var rows []keyRow
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { rows, err = keyRows(tx); return err }); err != nil {
		return nil, err
	}
	for _, row := range rows {
		k, err := newKey(row.alg, row.public)
		if err != nil {
			return nil, err
		}
		x := signer{Key: k, retired: row.retired}
		if !row.retired {
			private, err := box.Open(keyCell(row.id), row.sealed)
			if err != nil {
				return nil, fmt.Errorf("status: opening key %s: %w", row.id, err)
			}
			if x.sign, err = signerOf(row.alg, private); err != nil {
				return nil, fmt.Errorf("status: reading key %s: %w", row.id, err)
			}
		}
		r.all = append(r.all, x)
	}
	return r, nil
}

// signerOf signs as JWS wants it. ES256 is made deterministic (RFC 6979), so that
// all processes sign the same content to the same bytes.
func signerOf(alg string, private []byte) (func([]byte) ([]byte, error), error) {
	if alg == SM2 {
		k, err := gm.ParsePrivateKey(private, nil)
		if err != nil {
			return nil, err
		}
		return func(input []byte) ([]byte, error) {
			der, err := k.Sign(input)
			if err != nil {
				return nil, err
			}
			return rawSignature(der)
		}, nil
	}
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), private)
	if err != nil {
		return nil, err
	}
	return func(input []byte) ([]byte, error) {
		sum := sha256.Sum256(input)
		der, err := k.Sign(nil, sum[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		return rawSignature(der)
	}, nil
}

// PublicKeys lists the keys that sign lists, or have signed lists.
func (s *Service) PublicKeys(ctx context.Context) (all []Key, err error) {
	r, err := s.signers(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range r.all {
		all = append(all, k.Key)
	}
	return all, nil
}
