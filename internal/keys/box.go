package keys

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"sidian/gm"
)

// A Cell is where an encrypted value stands. A value moved to another cell
// does not open.
type Cell struct{ Table, Column, Row string }

// A Box encrypts columns with SM4-GCM. It is safe for concurrent use, inside
// and outside transactions, and may be kept as long as the store.
type Box struct {
	s *Store
	p Purpose
	// base is the context of the box's making, without its end: Seal and Open
	// rarely read the database, and take none.
	base context.Context
}

// Box returns what encrypts columns.
func (s *Store) Box(ctx context.Context) (*Box, error) { return s.BoxFor(ctx, Field) }

// BoxFor returns what encrypts under a purpose of secrets.
func (s *Store) BoxFor(ctx context.Context, p Purpose) (*Box, error) {
	if _, err := s.current(ctx, p); err != nil {
		return nil, err
	}
	return &Box{s, p, context.WithoutCancel(ctx)}, nil
}

// boxVersion is the first byte of a sealed value. What follows is the id of
// the root (16 octets), the nonce (12), and the ciphertext with its tag (16).
const boxVersion = 1

// Overhead is how many bytes a sealed value has more than the plain one.
const Overhead = 1 + idLen + 12 + 16

// column names the key of one column under one root. Each has its own, so that
// random nonces have only to be unique within a column.
type column struct{ root, table, name string }

// Seal encrypts plain for at.
func (b *Box) Seal(at Cell, plain []byte) ([]byte, error) {
	r, err := b.s.current(b.base, b.p)
	if err != nil {
		return nil, err
	}
	a, err := b.s.cipher(r, at)
	if err != nil {
		return nil, err
	}
	return seal(a, append([]byte{boxVersion}, r.id...), plain, []byte(at.Row)), nil
}

// Open decrypts what Seal made for at.
func (b *Box) Open(at Cell, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != boxVersion {
		return nil, errSealed(at, errors.New("it is malformed"))
	}
	head := sealed[:1+idLen]
	r, err := b.s.rootByID(b.base, string(head[1:]))
	if err != nil {
		return nil, errSealed(at, err)
	}
	if r.purpose != b.p {
		return nil, errSealed(at, errors.New("it is sealed for another purpose"))
	}
	a, err := b.s.cipher(r, at)
	if err != nil {
		return nil, err
	}
	plain, err := open(a, head, sealed[len(head):], []byte(at.Row))
	if err != nil {
		return nil, errSealed(at, errors.New("it was altered or moved"))
	}
	return plain, nil
}

// SealedUnder is the id of the root that a sealed value is under, or "" for
// what is no sealed value.
func (b *Box) SealedUnder(sealed []byte) string {
	if len(sealed) < Overhead || sealed[0] != boxVersion {
		return ""
	}
	return string(sealed[1 : 1+idLen])
}

// Stale reports whether a sealed value is under another root than the present
// one. It asks no database that it need not: it serves millions of rows.
func (b *Box) Stale(sealed []byte) (bool, error) {
	r, err := b.s.current(b.base, b.p)
	return err == nil && b.SealedUnder(sealed) != r.id, err
}

// Again seals a stale value of at under the present root, and reports that it
// did; a value that is not stale comes back as it is. One that does not open is
// an error: to skip it would lose it when its root is retired.
func (b *Box) Again(at Cell, sealed []byte) ([]byte, bool, error) {
	stale, err := b.Stale(sealed)
	if err != nil || !stale {
		return sealed, false, err
	}
	plain, err := b.Open(at, sealed)
	if err != nil {
		return nil, false, err
	}
	defer clear(plain)
	again, err := b.Seal(at, plain)
	return again, err == nil, err
}

// errSealed says where, and nothing of what.
func errSealed(at Cell, err error) error {
	return fmt.Errorf("keys: opening a value of %s.%s: %w", at.Table, at.Column, err)
}

func (s *Store) cipher(r root, at Cell) (cipher.AEAD, error) {
	k := column{r.id, at.Table, at.Column}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.ciphers[k]; ok {
		return a, nil
	}
	a, err := gm.NewGCM(r.derive("box "+at.Table+"."+at.Column, 16))
	if err != nil {
		return nil, err
	}
	s.ciphers[k] = a
	return a, nil
}

// seal returns head, a random nonce and the ciphertext. The head is bound to
// the ciphertext as bound is.
func seal(a cipher.AEAD, head, plain, bound []byte) []byte {
	out := make([]byte, len(head), len(head)+a.NonceSize()+len(plain)+a.Overhead())
	copy(out, head)
	nonce := randomBytes(a.NonceSize())
	return a.Seal(append(out, nonce...), nonce, plain, append(head[:len(head):len(head)], bound...))
}

// open opens what seal made after head.
func open(a cipher.AEAD, head, sealed, bound []byte) ([]byte, error) {
	n := a.NonceSize()
	if len(sealed) < n+a.Overhead() {
		return nil, errors.New("keys: too short")
	}
	return a.Open(nil, sealed[:n], sealed[n:], append(head[:len(head):len(head)], bound...))
}

// An Index maps a value to a digest that only this platform can compute
// (HMAC-SM3), so that an encrypted column can be looked up. It is safe for
// concurrent use.
type Index struct{ key []byte }

// Index returns what makes blind indexes of values under label, such as
// "cert.holder-id". It does not change when the root is rotated.
func (s *Store) Index(ctx context.Context, label string) (*Index, error) {
	key, err := s.StableSecret(ctx, Field, "index "+label)
	if err != nil {
		return nil, err
	}
	return &Index{key}, nil
}

// Of returns the index of value. The caller normalises the value first.
func (x *Index) Of(value string) gm.Digest { return gm.HMAC(x.key, []byte(value)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}
