package keys

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A master key wraps the keys in the database. Its file is one line of text:
// a label and 32 random bytes in base64.
type master struct {
	id    string      // derived from the bytes, says nothing about them
	check gm.Digest   // likewise; tells two keys of one id apart
	aead  cipher.AEAD // SM4-GCM under a key derived for wrapping
}

const (
	masterLabel = "sidian-master-key-1 "
	masterLen   = 32
)

// CreateMaster makes a master key file of mode 0600. It refuses an existing one.
func CreateMaster(path string) error {
	secret := make([]byte, masterLen)
	rand.Read(secret)
	defer clear(secret)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keys: making the master key file: %w", err)
	}
	_, err = f.WriteString(masterLabel + base64.StdEncoding.EncodeToString(secret) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keys: writing the master key file: %w", err)
	}
	return nil
}

// readMaster reads a master key file. One that others may read is refused: it
// is no secret any more.
func readMaster(path string) (*master, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("keys: looking for the master key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("keys: the master key file %s has mode %04o; it must be 0600", path, info.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("keys: reading the master key file: %w", err)
	}
	defer clear(b)
	text, ok := strings.CutPrefix(strings.TrimSuffix(string(b), "\n"), masterLabel)
	secret, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(secret) != masterLen || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("keys: %s is not a master key file", path)
	}
	defer clear(secret)
	return newMaster(secret)
}

func newMaster(secret []byte) (*master, error) {
	aead, err := gm.NewGCM(gm.DeriveKey(secret, "sidian keys wrap", 16))
	if err != nil {
		return nil, err
	}
	id := gm.HMAC(secret, []byte("sidian keys master id"))
	return &master{
		id:    hex.EncodeToString(id[:8]),
		check: gm.HMAC(secret, []byte("sidian keys master check")),
		aead:  aead,
	}, nil
}

// wrapVersion is the first byte of a wrapped key.
const wrapVersion = 1

// bound is what a wrapped key is bound to: moved to another row, or with its
// row changed, it does not open.
func bound(r row) []byte {
	return fmt.Appendf(nil, "keys_key\x00%s\x00%s\x00%s\x00%x", r.id, r.purpose, r.kind, r.public)
}

func (m *master) wrap(r row, plain []byte) []byte {
	return seal(m.aead, []byte{wrapVersion}, plain, bound(r))
}

func (m *master) unwrap(r row) ([]byte, error) {
	if r.master != m.id || len(r.wrapped) < 1 || r.wrapped[0] != wrapVersion {
		return nil, errWrapped(r.id)
	}
	plain, err := open(m.aead, r.wrapped[:1], r.wrapped[1:], bound(r))
	if err != nil {
		return nil, errWrapped(r.id)
	}
	return plain, nil
}

func errWrapped(id string) error {
	return fmt.Errorf("keys: key %s does not open under this master key: it was altered, or wrapped under another", id)
}

// Create makes the root secrets of a platform that has none, wrapped under the
// master key in the file, and opens the store. Only the setting-up of a
// platform calls it.
func Create(ctx context.Context, d *db.DB, path string) (*Store, error) {
	m, err := readMaster(path)
	if err != nil {
		return nil, err
	}
	s := newStore(d, m)
	err = d.Write(ctx, func(tx *db.Tx) error {
		switch _, err := onlyMaster(tx); {
		case err == nil:
			return fault.Conflict.New("密钥库已经建立").WithCode("keys.exists")
		case !errors.Is(err, fault.NotFound):
			return err
		}
		if err := insertMaster(tx, m); err != nil {
			return err
		}
		for _, p := range Purposes() {
			if p.Signs() {
				continue
			}
			if err := s.addRoot(tx, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	_, err = s.loadRoots(ctx)
	return s, err
}

// Open reads the master key file and checks that it is the one that the keys
// in d are wrapped under. It creates nothing.
func Open(ctx context.Context, d *db.DB, path string) (*Store, error) {
	m, err := readMaster(path)
	if err != nil {
		return nil, err
	}
	var known *master
	err = d.Read(ctx, func(tx *db.Tx) (err error) { known, err = onlyMaster(tx); return err })
	if errors.Is(err, fault.NotFound) {
		return nil, errors.New("keys: the database holds no keys; they are created when the platform is set up")
	}
	if err != nil {
		return nil, err
	}
	if known.id != m.id || subtle.ConstantTimeCompare(known.check[:], m.check[:]) != 1 {
		return nil, fmt.Errorf("keys: %s is not the master key of this database, which has the id %s", path, known.id)
	}
	s := newStore(d, m)
	_, err = s.loadRoots(ctx)
	return s, err
}

func newStore(d *db.DB, m *master) *Store {
	s := &Store{db: d, signers: map[string]cached{}, ciphers: map[column]cipher.AEAD{}}
	s.master.Store(m)
	return s
}
