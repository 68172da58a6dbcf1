//go:build pkcs11 && cgo

package pkcs11

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	p11 "github.com/miekg/pkcs11"

	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/envelope"
	"sidian/internal/keys/session"
)

type module struct {
	t       *token
	pool    *session.Pool[login]
	destroy func()
	kek     []byte // its CKA_ID
	lacks   string // why it does not sign
}

// Open opens the token and finds, or by Create makes, the wrapping key.
func Open(o Options) (keys.Module, error) {
	if o.Library == "" || o.Token == "" || o.PinFile == "" || o.Label == "" {
		return nil, fault.Invalid.New("PKCS#11 模块的配置不完整").WithCode("key.module").WithHint("请填写 keys.pkcs11 的 library、token、pin_file、label")
	}
	c := p11.New(o.Library)
	if c == nil {
		return nil, fault.Unavailable.New("不能装入 PKCS#11 模块 %s", o.Library).WithCode("key.module").WithHint("请核对路径，并确认它与本机的处理器一致")
	}
	return open(c, o, c.Destroy)
}

func open(c cryptoki, o Options, destroy func()) (keys.Module, error) {
	if o.Sessions == 0 {
		o.Sessions = defaultSessions
	}
	if o.Purposes == nil {
		o.Purposes = []keys.Purpose{keys.Seal, keys.Authority, keys.Timestamp, keys.Checkpoint}
	}
	t := &token{c: c, o: o, pin: session.Pin{Path: o.PinFile}}
	m := &module{t: t, pool: session.New(t, o.Sessions), destroy: destroy}
	if err := m.start(); err != nil {
		m.pool.Close()
		destroy()
		return nil, err
	}
	return m, nil
}

func (m *module) start() error {
	if err := m.t.start(); err != nil {
		return err
	}
	var err error
	if m.lacks, err = m.signing(); err != nil {
		return err
	}
	return m.pool.Do(func(l login) (err error) { m.kek, err = m.wrappingKey(l); return err })
}

// signing tells why the token does not sign; empty: it does.
func (m *module) signing() (string, error) {
	if m.t.o.SM2.Sign == 0 {
		return "没有配置令牌的 SM2 机制编号；PKCS#11 没有统一的编号，SoftHSM2 不支持 SM2", nil
	}
	all, err := m.t.c.GetMechanismList(m.t.slot)
	if err != nil {
		return "", trouble("查询机制", err)
	}
	if !slices.ContainsFunc(all, func(x *p11.Mechanism) bool { return x.Mechanism == m.t.o.SM2.Sign }) {
		return fmt.Sprintf("令牌的机制列表中没有 0x%X", m.t.o.SM2.Sign), nil
	}
	return "", nil
}

// wrappingKey returns the CKA_ID of the one key by the label.
func (m *module) wrappingKey(l login) ([]byte, error) {
	o := m.t.o
	found, err := m.find(l, p11.NewAttribute(p11.CKA_CLASS, p11.CKO_SECRET_KEY), p11.NewAttribute(p11.CKA_LABEL, o.Label))
	if err != nil {
		return nil, err
	}
	switch {
	case len(found) > 1:
		return nil, fault.Unavailable.New("令牌中有多个标签为“%s”的密钥", o.Label).WithCode("key.module").WithHint("请为包裹密钥另取标签，并更新配置 keys.pkcs11.label")
	case len(found) == 0 && !o.Create:
		return nil, fault.Unavailable.New("令牌中没有标签为“%s”的包裹密钥", o.Label).WithCode("key.module").
			WithHint("请确认接的是建立平台时的令牌或其备份；没有它，平台的密钥不能打开")
	case len(found) == 0:
		return m.makeWrappingKey(l)
	}
	a, err := m.t.c.GetAttributeValue(l.h, found[0], []*p11.Attribute{p11.NewAttribute(p11.CKA_ID, nil)})
	if err != nil {
		return nil, trouble("读取密钥标识", err)
	}
	if len(a) != 1 || len(a[0].Value) == 0 {
		return nil, fault.Unavailable.New("包裹密钥“%s”没有 CKA_ID", o.Label).WithCode("key.module").WithHint("请在令牌中为它设置唯一的标识")
	}
	return a[0].Value, nil
}

func (m *module) makeWrappingKey(l login) ([]byte, error) {
	o := m.t.o
	id := make([]byte, 16)
	rand.Read(id) // never fails
	kind, gen := uint(p11.CKK_AES), uint(p11.CKM_AES_KEY_GEN)
	length := 32
	if o.WrapKeyGen != 0 {
		kind, gen, length = o.WrapKeyType, o.WrapKeyGen, 16
	}
	_, err := m.t.c.GenerateKey(l.h, []*p11.Mechanism{p11.NewMechanism(gen, nil)}, []*p11.Attribute{
		p11.NewAttribute(p11.CKA_CLASS, p11.CKO_SECRET_KEY), p11.NewAttribute(p11.CKA_KEY_TYPE, kind),
		p11.NewAttribute(p11.CKA_VALUE_LEN, length), p11.NewAttribute(p11.CKA_LABEL, o.Label), p11.NewAttribute(p11.CKA_ID, id),
		p11.NewAttribute(p11.CKA_TOKEN, true), p11.NewAttribute(p11.CKA_PRIVATE, true), p11.NewAttribute(p11.CKA_SENSITIVE, true),
		p11.NewAttribute(p11.CKA_EXTRACTABLE, false), p11.NewAttribute(p11.CKA_ENCRYPT, true), p11.NewAttribute(p11.CKA_DECRYPT, true),
	})
	if err != nil {
		return nil, trouble("生成包裹密钥", err)
	}
	return id, nil
}

// maxFound bounds a search: more than one is wrong in any case.
const maxFound = 8

func (m *module) find(l login, template ...*p11.Attribute) ([]p11.ObjectHandle, error) {
	if err := m.t.c.FindObjectsInit(l.h, template); err != nil {
		return nil, trouble("查找密钥", err)
	}
	found, _, err := m.t.c.FindObjects(l.h, maxFound)
	if err := errors.Join(err, m.t.c.FindObjectsFinal(l.h)); err != nil {
		return nil, trouble("查找密钥", err)
	}
	return found, nil
}

// theOne finds a key by class and CKA_ID.
func (m *module) theOne(l login, class uint, id []byte) (p11.ObjectHandle, error) {
	found, err := m.find(l, p11.NewAttribute(p11.CKA_CLASS, class), p11.NewAttribute(p11.CKA_ID, id))
	if err != nil {
		return 0, err
	}
	if len(found) != 1 {
		return 0, fault.Unavailable.New("令牌中没有这个密钥，或有多个").WithCode("key.module").WithHint("请确认接的是原来的令牌或其完整备份")
	}
	return found[0], nil
}

func (m *module) Name() string    { return keys.PKCS11Module }
func (m *module) Wrapper() string { return "pkcs11-" + hex.EncodeToString(m.kek) }

func (m *module) Lacks(a keys.Ability) string {
	if a == keys.Signs {
		return m.lacks
	}
	return ""
}

func (m *module) Keeps(p keys.Purpose) bool {
	return m.lacks == "" && slices.Contains(m.t.o.Purposes, p)
}

// checkBound is what the check value is bound to; it is no key's row.
const checkBound = "sidian keys check"

func (m *module) CheckValue() ([]byte, error) {
	return m.Wrap([]byte(checkBound), []byte(m.Wrapper()))
}

func (m *module) CheckWrapper(value []byte) error {
	got, err := m.Unwrap([]byte(checkBound), value)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(got, []byte(m.Wrapper())) != 1 {
		return errors.New("pkcs11: the wrapping key is another")
	}
	return nil
}

// Health uses the wrapping key once.
func (m *module) Health() error {
	value, err := m.CheckValue()
	if err != nil {
		return err
	}
	return m.CheckWrapper(value)
}

func (m *module) Close() error {
	m.pool.Close()
	err := m.t.c.Finalize()
	m.destroy()
	if err != nil && !is(err, p11.CKR_CRYPTOKI_NOT_INITIALIZED) {
		return trouble("结束", err)
	}
	return nil
}

// First bytes of what was wrapped.
const (
	byGCM byte = 2
	byCBC byte = 3
)

const (
	nonceLen = 12
	tagBits  = 128
)

func (m *module) Wrap(bound, plain []byte) (out []byte, err error) {
	err = m.pool.Do(func(l login) error {
		key, err := m.theOne(l, p11.CKO_SECRET_KEY, m.kek)
		if err != nil {
			return err
		}
		if m.t.o.WrapMechanism != 0 {
			sealed, err := envelope.Seal(m.cbc(l, key, m.encrypt), bound, plain)
			out = append([]byte{byCBC}, sealed...)
			return err
		}
		nonce := make([]byte, nonceLen)
		rand.Read(nonce) // never fails
		p := p11.NewGCMParams(nonce, bound, tagBits)
		defer p.Free()
		sealed, err := m.encrypt(l, p11.NewMechanism(p11.CKM_AES_GCM, p), key, plain)
		if err != nil {
			return err
		}
		if iv := p.IV(); len(iv) == nonceLen { // some tokens choose their own
			nonce = iv
		}
		out = append(append([]byte{byGCM}, nonce...), sealed...)
		return nil
	})
	return out, err
}

func (m *module) Unwrap(bound, wrapped []byte) (out []byte, err error) {
	if len(wrapped) < 1+nonceLen+tagBits/8 {
		return nil, envelope.ErrOpen
	}
	err = m.pool.Do(func(l login) error {
		key, err := m.theOne(l, p11.CKO_SECRET_KEY, m.kek)
		if err != nil {
			return err
		}
		switch {
		case wrapped[0] == byCBC && m.t.o.WrapMechanism != 0:
			out, err = envelope.Open(m.cbc(l, key, m.encrypt), m.cbc(l, key, m.decrypt), bound, wrapped[1:])
			return err
		case wrapped[0] != byGCM:
			return envelope.ErrOpen
		}
		p := p11.NewGCMParams(wrapped[1:1+nonceLen], bound, tagBits)
		defer p.Free()
		out, err = m.decrypt(l, p11.NewMechanism(p11.CKM_AES_GCM, p), key, wrapped[1+nonceLen:])
		if err != nil && !m.t.Lost(err) && altered(err) {
			err = envelope.ErrOpen
		}
		return err
	})
	return out, err
}

// altered tells how tokens say that a tag does not fit.
func altered(err error) bool {
	for _, code := range []uint{p11.CKR_ENCRYPTED_DATA_INVALID, p11.CKR_ENCRYPTED_DATA_LEN_RANGE, p11.CKR_SIGNATURE_INVALID, p11.CKR_DATA_INVALID, p11.CKR_FUNCTION_FAILED} {
		if is(err, code) {
			return true
		}
	}
	return false
}

type operation func(l login, mech *p11.Mechanism, key p11.ObjectHandle, data []byte) ([]byte, error)

func (m *module) cbc(l login, key p11.ObjectHandle, op operation) envelope.CBC {
	return func(iv, data []byte) ([]byte, error) {
		return op(l, p11.NewMechanism(m.t.o.WrapMechanism, iv), key, data)
	}
}

func (m *module) encrypt(l login, mech *p11.Mechanism, key p11.ObjectHandle, data []byte) ([]byte, error) {
	if err := m.t.c.EncryptInit(l.h, []*p11.Mechanism{mech}, key); err != nil {
		return nil, trouble("加密", err)
	}
	out, err := m.t.c.Encrypt(l.h, data)
	if err != nil {
		return nil, trouble("加密", err)
	}
	return out, nil
}

func (m *module) decrypt(l login, mech *p11.Mechanism, key p11.ObjectHandle, data []byte) ([]byte, error) {
	if err := m.t.c.DecryptInit(l.h, []*p11.Mechanism{mech}, key); err != nil {
		return nil, trouble("解密", err)
	}
	out, err := m.t.c.Decrypt(l.h, data)
	if err != nil {
		return nil, trouble("解密", err)
	}
	return out, nil
}
