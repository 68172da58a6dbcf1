package keys

import (
	"sidian/gm"
	"sidian/internal/fault"
)

// A Module keeps keys, or the key that wraps them: a master key file (Soft), a
// token (package pkcs11), a cryptographic device by GM/T 0018 (package sdf). It
// is safe for concurrent use.
//
// Errors that an operator can mend are of kind fault.Unavailable, with code
// key.module, and say in Chinese what to do.
type Module interface {
	// Name is what the database calls it: soft, pkcs11 or sdf.
	Name() string
	// Wrapper names the wrapping key. It is the same as long as the key is, and
	// says nothing about it.
	Wrapper() string
	// CheckValue is kept beside the wrapped keys, and CheckWrapper refuses one
	// that another wrapping key made.
	CheckValue() ([]byte, error)
	CheckWrapper(value []byte) error
	// Wrap encrypts plain and binds it to bound; Unwrap is its reverse, and
	// refuses what was altered or is bound to something else.
	Wrap(bound, plain []byte) ([]byte, error)
	Unwrap(bound, wrapped []byte) ([]byte, error)

	// Keeps reports whether signing keys of a purpose are made in the module and
	// never leave it. Those of other purposes are wrapped.
	Keeps(p Purpose) bool
	// Generate makes a signing key for a key's id, or allots one that waits in
	// the module and is not among those taken. The handle finds it again.
	Generate(id string, taken []string) (handle string, public *gm.PublicKey, err error)
	// Signer signs with the key behind a handle, whose public half is told.
	Signer(handle string, public *gm.PublicKey) (gm.Signer, error)
	// Lacks says in Chinese why it cannot do something; empty: it can.
	Lacks(a Ability) string

	// Health asks the module for an answer.
	Health() error
	Close() error
}

// An Ability is something that not every module can do.
type Ability string

// Abilities.
const (
	Wraps Ability = "wrap" // keep the wrapping key
	Signs Ability = "sign" // make and use SM2 keys that never leave it
)

// Names of modules.
const (
	SoftModule   = "soft"
	PKCS11Module = "pkcs11"
	SDFModule    = "sdf"
)

// NotBuilt refuses a module that this program was built without. tag is the
// build tag that adds it.
func NotBuilt(what, tag string) error {
	return fault.Invalid.New("本程序没有编入%s", what).WithCode("key.module").
		WithHint("请换用带 %s 的发行包，或用 go build -tags %s 构建；也可将配置 keys.module 改回 soft", what, tag)
}

// kept makes a signer of a key that a module keeps.
func (s *Store) kept(r row) (gm.Signer, error) {
	m, ok := s.holders[r.holder]
	if !ok {
		return nil, fault.Unavailable.New("密钥保存在密码模块 %s 中，而该模块没有接入", r.holder).WithCode("key.module").
			WithHint("请在配置 keys 中保留 %s 模块，直到用它的印章和机构都换了密钥", r.holder)
	}
	// The row is believed only if it is as this program wrote it: a handle set
	// beside another purpose would make its key serve that.
	if _, err := s.unwrap(r); err != nil {
		return nil, err
	}
	public, err := gm.NewPublicKey(r.public)
	if err != nil {
		return nil, err
	}
	return m.Signer(r.handle, public)
}

// Module names the module that keeps the wrapping key.
func (s *Store) Module() string { return s.module().Name() }

// Health asks every module for an answer.
func (s *Store) Health() error {
	if err := s.module().Health(); err != nil {
		return err
	}
	for _, m := range s.holders {
		if err := m.Health(); err != nil {
			return err
		}
	}
	return nil
}
