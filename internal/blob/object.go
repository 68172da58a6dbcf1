package blob

import (
	"errors"
	"fmt"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// An object is one byte of version, the head, and the document encrypted with
// SM4-GCM under its data key. The head is that key and the document's digest,
// sealed by the platform's key for documents. Both are bound to the name.
const (
	version    = 1
	dataKeyLen = 16
	headLen    = keys.Overhead + dataKeyLen + len(gm.Digest{})
	tagLen     = 16
)

// nonce is fixed: a data key encrypts one document, once.
var nonce [12]byte

func cell(name string) keys.Cell { return keys.Cell{Table: "blob", Column: "head", Row: name} }

// bound is what the encrypted document is bound to beside its key.
func bound(name string) []byte { return append([]byte{version}, name...) }

func (s *Store) encrypt(name string, digest gm.Digest, data []byte) ([]byte, error) {
	key := randomKey()
	defer clear(key)
	head, err := s.box.Seal(cell(name), append(key[:len(key):len(key)], digest[:]...))
	if err != nil {
		return nil, fmt.Errorf("blob: wrapping a data key: %w", err)
	}
	aead, err := gm.NewGCM(key)
	if err != nil {
		return nil, err
	}
	object := make([]byte, 0, 1+len(head)+len(data)+tagLen)
	object = append(append(object, version), head...)
	return aead.Seal(object, nonce[:], data, bound(name)), nil
}

// decrypt opens an object. The digest is not computed again: the object was
// sealed under keys of the platform and is bound to its name, which is made of
// the digest.
func (s *Store) decrypt(name string, digest gm.Digest, object []byte) ([]byte, error) {
	key, has, err := s.openHead(name, object)
	if err != nil {
		return nil, corrupt(name, err)
	}
	defer clear(key)
	if has != digest {
		return nil, corrupt(name, errors.New("its head names another digest"))
	}
	aead, err := gm.NewGCM(key)
	if err != nil {
		return nil, err
	}
	body := object[1+headLen:]
	// An empty document is an empty slice, as it was put.
	data, err := aead.Open(make([]byte, 0, len(body)), nonce[:], body, bound(name))
	if err != nil {
		return nil, corrupt(name, err)
	}
	return data, nil
}

// openHead returns the data key and the digest from the start of an object.
func (s *Store) openHead(name string, object []byte) (key []byte, digest gm.Digest, err error) {
	if len(object) < 1+headLen || object[0] != version {
		return nil, digest, errors.New("it is too short, or of an unknown version")
	}
	plain, err := s.box.Open(cell(name), object[1:1+headLen])
	if err != nil {
		return nil, digest, err
	}
	copy(digest[:], plain[dataKeyLen:])
	return plain[:dataKeyLen], digest, nil
}

// corrupt is what Get answers; the name tells an administrator which object to
// restore, and nobody which document it is.
func corrupt(name string, err error) error {
	return fault.Unavailable.Wrap(fmt.Errorf("%w: %s: %w", ErrCorrupt, name, err), "存储的文档已损坏或被改动").
		WithCode("blob.corrupt").WithHint("请联系系统管理员从备份恢复该文档")
}
