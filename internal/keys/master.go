package keys

import (
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
)

// soft is the module without hardware: a master key wraps the keys in the
// database. Its file is one line of text: a label and 32 random bytes in base64.
type soft struct {
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
func readMaster(path string) (*soft, error) {
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

func newMaster(secret []byte) (*soft, error) {
	aead, err := gm.NewGCM(gm.DeriveKey(secret, "sidian keys wrap", 16))
	if err != nil {
		return nil, err
	}
	id := gm.HMAC(secret, []byte("sidian keys master id"))
	return &soft{
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
	b := fmt.Appendf(nil, "keys_key\x00%s\x00%s\x00%s\x00%x", r.id, r.purpose, r.kind, r.public)
	if r.holder != "" {
		b = fmt.Appendf(b, "\x00%s\x00%s", r.holder, r.handle)
	}
	return b
}

// Soft is the module of the master key in a file.
func Soft(path string) (Module, error) {
	m, err := readMaster(path)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (m *soft) Name() string                { return SoftModule }
func (m *soft) Wrapper() string             { return m.id }
func (m *soft) CheckValue() ([]byte, error) { return m.check[:], nil }
func (m *soft) Keeps(Purpose) bool          { return false }
func (m *soft) Health() error               { return nil }
func (m *soft) Close() error                { return nil }

func (m *soft) CheckWrapper(value []byte) error {
	if subtle.ConstantTimeCompare(value, m.check[:]) != 1 {
		return errors.New("keys: the master key has the id of another")
	}
	return nil
}

func (m *soft) Lacks(a Ability) string {
	if a == Signs {
		return "软件密钥以包裹形式保存在数据库中，不在模块内"
	}
	return ""
}

func (m *soft) Generate(string, []string) (string, *gm.PublicKey, error) {
	return "", nil, errors.New("keys: the soft module keeps no keys")
}

func (m *soft) Signer(string, *gm.PublicKey) (gm.Signer, error) {
	return nil, errors.New("keys: the soft module keeps no keys")
}

func (m *soft) Wrap(bound, plain []byte) ([]byte, error) {
	return seal(m.aead, []byte{wrapVersion}, plain, bound), nil
}

func (m *soft) Unwrap(bound, wrapped []byte) ([]byte, error) {
	if len(wrapped) < 1 || wrapped[0] != wrapVersion {
		return nil, errors.New("keys: malformed")
	}
	return open(m.aead, wrapped[:1], wrapped[1:], bound)
}
