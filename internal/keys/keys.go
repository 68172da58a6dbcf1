// Package keys holds the platform's keys. Each has one purpose, is stored
// wrapped, and is used through what it can do (sign, encrypt a column, index a
// value), never as bytes that travel.
//
// The keys stand in the database, each wrapped under a key that stands beside
// it, in a [Module]: a master key file (SM4-GCM), a token (package pkcs11), or a
// cryptographic device (package sdf). Neither of the two alone gives a key away.
// A module that can also keeps signing keys of its own: of these the database
// has the handle and the public half, and the key itself never leaves the module.
//
// Backups. A copy of the database is worth nothing without the module's wrapping
// key of that day: keep a copy of the master key file, or a backup token, apart
// from the database's copies, and as long as any of these is kept. What a module
// keeps itself is in no copy of the database; it is backed up by the module's own
// means, or its seals are made again (a lost signing key is no lost record: what
// it signed verifies as before).
//
// The wrapping key is exchanged by [Store.Rewrap] and [Store.FinishRewrap]: of a
// file for another (it leaked, or its time has come), of a file for a module, of
// one module for another. Between the two, either opens the store, so that nothing
// is lost whenever the machine stops. Signing keys stay where they were made;
// seals get new ones, in the module, when they are renewed. A wrapping key that
// is lost without a copy is lost with everything under it.
//
// Beside keys it holds what they are good for in a database that others can
// reach: guarded rows ([Rows]), and sealing again under a new root ([Rotation]).
//
// It owns the tables keys_master, keys_key, keys_rewrap, keys_census,
// keys_rotation and keys_pause.
package keys

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Purpose is what a key may be used for. A key is never used for another.
type Purpose string

// Purposes of signing keys (SM2).
const (
	Seal       Purpose = "seal"       // electronic seals
	Authority  Purpose = "authority"  // digital certificates and revocation lists
	Timestamp  Purpose = "timestamp"  // time stamps
	Checkpoint Purpose = "checkpoint" // checkpoints of the evidence log
	Personal   Purpose = "personal"   // personal signatures
)

// Purposes of secrets (symmetric).
const (
	Session Purpose = "session" // cookies, tokens, one-time links
	Field   Purpose = "field"   // encrypted columns and their blind indexes
	Blob    Purpose = "blob"    // documents at rest
)

// Kinds of key.
const (
	kindSM2    = "sm2"    // a signing key
	kindSecret = "secret" // a root from which secrets are derived
)

// purposes says which kind of key serves a purpose.
var purposes = map[Purpose]string{
	Seal: kindSM2, Authority: kindSM2, Timestamp: kindSM2, Checkpoint: kindSM2, Personal: kindSM2,
	Session: kindSecret, Field: kindSecret, Blob: kindSecret,
}

// Purposes lists every purpose, signing ones first.
func Purposes() []Purpose {
	return []Purpose{Seal, Authority, Timestamp, Checkpoint, Personal, Session, Field, Blob}
}

// Signs reports whether keys of this purpose sign.
func (p Purpose) Signs() bool { return purposes[p] == kindSM2 }

// A Store holds keys. It is safe for concurrent use.
type Store struct {
	db      *db.DB
	wrapper atomic.Pointer[Module]
	roots   atomic.Pointer[rootSet]
	holders map[string]Module // modules that keep signing keys, by name

	Step func(string) // called after each step of an exchange, by tests; nil: none

	mu      sync.Mutex
	signers map[string]cached      // by id
	ciphers map[column]cipher.AEAD // of boxes
}

// fresh is how long a cached key is used before the database is asked whether
// it was retired meanwhile.
const fresh = 30 * time.Second

type cached struct {
	purpose Purpose
	signer  gm.Signer
	at      time.Time
}

// Generate makes a signing key and returns its id.
func (s *Store) Generate(ctx context.Context, p Purpose) (id string, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		id, err = s.GenerateTx(tx, p)
		return err
	})
	return id, err
}

// GenerateTx is Generate in a caller's transaction. A key that a module keeps
// stays there, unused, when that is undone: tokens know no transactions.
func (s *Store) GenerateTx(tx *db.Tx, p Purpose) (id string, err error) {
	if p.Signs() && s.module().Keeps(p) {
		return s.generateIn(tx, p)
	}
	key, err := gm.GenerateKey()
	if err != nil {
		return "", err
	}
	return s.ImportTx(tx, p, key)
}

// ImportTx keeps a signing key that was made elsewhere.
func (s *Store) ImportTx(tx *db.Tx, p Purpose, key *gm.PrivateKey) (id string, err error) {
	if !p.Signs() {
		return "", fault.Invalid.New("用途 %s 的密钥不能用于签名", p).WithCode("key.purpose")
	}
	der, err := key.DER(nil)
	if err != nil {
		return "", err
	}
	return s.keep(tx, p, kindSM2, key.Public().Bytes(), der)
}

// keep wraps the bytes of a key and stores them under a new id.
func (s *Store) keep(tx *db.Tx, p Purpose, kind string, public, plain []byte) (string, error) {
	r := newRow(tx, p, kind)
	r.public = public
	if err := s.wrap(&r, plain); err != nil {
		return "", err
	}
	return r.id, insertKey(tx, r)
}

// generateIn makes a key that stays in the module. What is wrapped is no key:
// it ties the row to the module's word.
func (s *Store) generateIn(tx *db.Tx, p Purpose) (string, error) {
	m, r := s.module(), newRow(tx, p, kindSM2)
	taken, err := handles(tx, m.Name())
	if err != nil {
		return "", err
	}
	handle, public, err := m.Generate(r.id, taken)
	if err != nil {
		return "", err
	}
	r.holder, r.handle, r.public = m.Name(), handle, public.Bytes()
	if err := s.wrap(&r, []byte("kept")); err != nil {
		return "", err
	}
	return r.id, insertKey(tx, r)
}

func newRow(tx *db.Tx, p Purpose, kind string) row {
	return row{id: newID(), purpose: p, kind: kind, created: tx.Now()}
}

// newID is 80 random bits.
func newID() string { return strings.ToLower(rand.Text()[:idLen]) }

const idLen = 16

// Signer returns the signer of key id. A key of another purpose is refused, and
// one that was retired.
func (s *Store) Signer(ctx context.Context, id string, p Purpose) (gm.Signer, error) {
	if c, ok := s.cachedSigner(id); ok {
		return c.signer, right(c.purpose, p)
	}
	var r row
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) { r, err = keyByID(tx, id); return err })
	if err != nil {
		return nil, err
	}
	if err := right(r.purpose, p); err != nil {
		return nil, err
	}
	if !r.retired.IsZero() {
		s.forget(id)
		return nil, fault.Conflict.New("密钥已停用").WithCode("key.retired").WithHint("请改用该印章或机构当前的密钥")
	}
	signer, err := s.load(r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.signers[id] = cached{r.purpose, signer, s.db.Now()}
	s.mu.Unlock()
	return signer, nil
}

// load makes a signer of a stored key.
func (s *Store) load(r row) (gm.Signer, error) {
	if r.kind != kindSM2 {
		return nil, fault.Invalid.New("该密钥不能用于签名").WithCode("key.purpose")
	}
	if r.holder != "" {
		return s.kept(r)
	}
	der, err := s.unwrap(r)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	return gm.ParsePrivateKey(der, nil)
}

func (s *Store) cachedSigner(id string) (cached, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.signers[id]
	return c, ok && s.db.Now().Sub(c.at) < fresh
}

func (s *Store) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.signers, id)
}

// right refuses a key of another purpose.
func right(has, wanted Purpose) error {
	if has != wanted {
		return fault.Forbidden.New("密钥的用途不符").WithCode("key.purpose").WithHint("一个密钥只有一种用途；请为该用途另行生成密钥")
	}
	return nil
}

// Public returns the public half of signing key id, retired or not.
func (s *Store) Public(ctx context.Context, id string) (*gm.PublicKey, error) {
	var r row
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) { r, err = keyByID(tx, id); return err })
	if err != nil {
		return nil, err
	}
	return gm.NewPublicKey(r.public)
}

// RetireTx ends the use of signing key id. Other processes may sign with it for
// up to half a minute more.
func (s *Store) RetireTx(tx *db.Tx, id string) error {
	defer s.forget(id)
	return retireKey(tx, id)
}
