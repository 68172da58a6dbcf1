package gm

import (
	"bytes"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"sync"

	"github.com/emmansun/gmsm/sm2"
)

// PublicKey is an SM2 public key (GB/T 32918). It is immutable and safe for concurrent use.
type PublicKey struct {
	key   *ecdsa.PublicKey
	point [65]byte
	za    func() ([]byte, error) // Z_A of GB/T 32918.2 §5.5 with the default identifier, computed once
}

// NewPublicKey returns the key whose uncompressed point (65 octets, first 04) is given. A point off the curve is refused.
func NewPublicKey(point []byte) (*PublicKey, error) {
	if len(point) != 65 || point[0] != 4 {
		return nil, fmt.Errorf("gm: public key of %d octets is no uncompressed point: %w", len(point), ErrMalformed)
	}
	key, err := sm2.NewPublicKey(point)
	if err != nil {
		return nil, errors.Join(ErrMalformed, err)
	}
	return wrapPublicKey(key), nil
}

func wrapPublicKey(key *ecdsa.PublicKey) *PublicKey {
	p := &PublicKey{key: key}
	p.point[0] = 4
	key.X.FillBytes(p.point[1:33])  //nolint:staticcheck // PublicKey.Bytes does not know the SM2 curve
	key.Y.FillBytes(p.point[33:65]) //nolint:staticcheck // as above
	p.za = sync.OnceValues(func() ([]byte, error) { return sm2.CalculateZA(key, userID) })
	return p
}

// Bytes returns the uncompressed point: 65 octets, the first is 04.
func (p *PublicKey) Bytes() []byte { return bytes.Clone(p.point[:]) }

// Equal tells whether both are the same key. A nil key equals none.
func (p *PublicKey) Equal(other *PublicKey) bool {
	return p != nil && other != nil && p.point == other.point
}

// KeyID returns the key identifier used in certificates: the first 20 octets of SM3 over the point.
func (p *PublicKey) KeyID() []byte {
	digest := Sum(p.point[:])
	return digest[:20]
}
