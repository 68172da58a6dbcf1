// Package blob keeps documents, addressed by their SM3 digest and immutable.
//
// Where they are stored shows nothing: a document stands under HMAC-SM3 of its
// digest, encrypted with SM4-GCM under a data key of its own, which is wrapped
// by the platform's. Whoever has the directory or the bucket alone can delete
// documents, which is noticed, and can neither read one, nor tell whether a
// document that he has is among them, nor put another in its place.
//
// Documents come first and the row that names them second, so a crash leaves at
// most documents that no row names; [Store.Sweep] removes those.
package blob

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// An Engine keeps opaque objects under opaque names of 64 hexadecimal digits.
// Two exist: a directory and an S3 bucket; blobtest.Exercise says what they
// have in common.
type Engine interface {
	// Put stores data under name, replacing what is there in one step: a reader
	// sees the old or the new, whole. When it returns nil the object survives a
	// loss of power.
	Put(ctx context.Context, name string, data []byte) error
	// Get returns the object, or fault.NotFound.
	Get(ctx context.Context, name string) ([]byte, error)
	// Head returns the first n bytes of the object, or what it has.
	Head(ctx context.Context, name string, n int) ([]byte, error)
	// Has reports whether the object exists.
	Has(ctx context.Context, name string) (bool, error)
	// Each calls fn for every object last put before the time before.
	Each(ctx context.Context, before time.Time, fn func(name string) error) error
	// Remove deletes the object, unless it was put again since before.
	Remove(ctx context.Context, name string, before time.Time) error
}

// MaxSize is the size of the largest document, in bytes.
const MaxSize = 256 << 20

// ErrCorrupt is in the tree of the error of Get when what is stored is not what
// was put: damaged or tampered with.
var ErrCorrupt = errors.New("blob: the stored object is not what was put")

// A Store keeps documents on an engine. It is safe for concurrent use.
type Store struct {
	engine Engine
	names  []byte // HMAC-SM3 key of names; it must never change
	box    *keys.Box
}

// New returns a store on e.
func New(ctx context.Context, e Engine, k *keys.Store) (*Store, error) {
	names, err := k.StableSecret(ctx, keys.Blob, "names")
	if err != nil {
		return nil, fmt.Errorf("blob: the key of names: %w", err)
	}
	box, err := k.BoxFor(ctx, keys.Blob)
	if err != nil {
		return nil, fmt.Errorf("blob: the wrapping key: %w", err)
	}
	return &Store{e, names, box}, nil
}

// Name is the name under which the document with this digest is stored.
func (s *Store) Name(digest gm.Digest) string {
	d := gm.HMAC(s.names, digest[:])
	return hex.EncodeToString(d[:])
}

// Put stores data and returns its digest once it is durable. A document that is
// there already is written again: that renews the time that Sweep looks at, and
// mends it if it was damaged.
func (s *Store) Put(ctx context.Context, data []byte) (gm.Digest, error) {
	if len(data) > MaxSize {
		return gm.Digest{}, fault.TooLarge.New("文档超过 %d MB，无法保存", MaxSize>>20).WithCode("blob.size").WithHint("请压缩或拆分文档")
	}
	digest := gm.Sum(data)
	name := s.Name(digest)
	object, err := s.encrypt(name, digest, data)
	if err != nil {
		return gm.Digest{}, err
	}
	if err := s.engine.Put(ctx, name, object); err != nil {
		return gm.Digest{}, unavailable("blob: storing a document", err)
	}
	return digest, nil
}

// Get returns the document with this digest. It returns fault.NotFound if there
// is none, and an error with ErrCorrupt if what is stored is not that document.
func (s *Store) Get(ctx context.Context, digest gm.Digest) ([]byte, error) {
	name := s.Name(digest)
	object, err := s.engine.Get(ctx, name)
	if errors.Is(err, fault.NotFound) {
		return nil, err
	}
	if err != nil {
		return nil, unavailable("blob: reading a document", err)
	}
	return s.decrypt(name, digest, object)
}

// Has reports whether the document is stored.
func (s *Store) Has(ctx context.Context, digest gm.Digest) (bool, error) {
	ok, err := s.engine.Has(ctx, s.Name(digest))
	if err != nil {
		return false, unavailable("blob: looking for a document", err)
	}
	return ok, nil
}

// Check reports whether the store can be written and read: it stores one small
// document, always the same, and gets it.
func (s *Store) Check(ctx context.Context) error {
	d, err := s.Put(ctx, []byte("sidian blob check"))
	if err == nil {
		_, err = s.Get(ctx, d)
	}
	return err
}

func unavailable(doing string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Unavailable.Wrap(fmt.Errorf("%s: %w", doing, err), "文档存储暂时不可用").
		WithCode("blob.unavailable").WithHint("请稍后重试；持续出现时请联系系统管理员")
}

func notFound() error {
	return fault.NotFound.New("没有这份文档").WithCode("blob.unknown")
}

func randomKey() []byte {
	k := make([]byte, dataKeyLen)
	rand.Read(k) // never fails
	return k
}
