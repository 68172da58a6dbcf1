//go:build sdf

package sdf

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/envelope"
	"sidian/internal/keys/session"
)

type module struct {
	d    *device
	o    Options
	pool *session.Pool[uintptr]
}

const defaultSessions = 8

// Open opens the device and uses the wrapping key once.
func Open(o Options) (keys.Module, error) {
	if o.Library == "" || o.Label == "" || o.KEK == 0 || o.First > o.Last {
		return nil, fault.Invalid.New("SDF 密码设备的配置不完整").WithCode("key.module").WithHint("请填写 keys.sdf 的 library、label、kek，以及 first、last（签名密钥的索引范围）")
	}
	if o.Sessions == 0 {
		o.Sessions = defaultSessions
	}
	if o.Purposes == nil {
		o.Purposes = []keys.Purpose{keys.Seal, keys.Authority, keys.Timestamp, keys.Checkpoint}
	}
	l, err := load(o.Library)
	if err != nil {
		return nil, err
	}
	d := &device{l: l, pin: session.Pin{Path: o.PinFile}}
	m := &module{d: d, o: o, pool: session.New(d, o.Sessions)}
	if err := d.open(); err != nil {
		return nil, err
	}
	if err := m.Health(); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *module) Name() string { return keys.SDFModule }
func (m *module) Wrapper() string {
	return "sdf-" + m.o.Label + "-" + strconv.FormatUint(uint64(m.o.KEK), 10)
}

func (m *module) Lacks(a keys.Ability) string {
	switch {
	case a == keys.Signs && m.o.Last == 0:
		return "没有配置签名密钥的索引（keys.sdf.first、last）"
	case a == keys.Signs && m.o.PinFile == "":
		return "没有配置私钥访问控制码的文件（keys.sdf.pin_file）"
	}
	return ""
}

func (m *module) Keeps(p keys.Purpose) bool {
	return m.Lacks(keys.Signs) == "" && slices.Contains(m.o.Purposes, p)
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
		return errors.New("sdf: the KEK is another")
	}
	return nil
}

// Health asks what the device is, for random octets, and uses the KEK once.
func (m *module) Health() error {
	err := m.pool.Do(func(s uintptr) error {
		var info deviceInfo
		if err := trouble("SDF_GetDeviceInfo", m.d.l.getDeviceInfo(s, &info)); err != nil {
			return err
		}
		b := make([]byte, 16)
		if err := trouble("SDF_GenerateRandom", m.d.l.generateRandom(s, uint32(len(b)), &b[0])); err != nil {
			return err
		}
		if [16]byte(b) == [16]byte{} {
			return fault.Unavailable.New("密码设备的随机数全为零").WithCode("key.module").WithHint("请停用该设备，并联系厂商")
		}
		return nil
	})
	if err != nil {
		return err
	}
	value, err := m.CheckValue()
	if err != nil {
		return err
	}
	return m.CheckWrapper(value)
}

func (m *module) Close() error {
	m.pool.Close()
	m.d.close()
	return nil
}

// wrapVersion is the first byte of what was wrapped. What follows is the length
// (2) and the octets of the value's own key under the KEK, and the envelope.
const wrapVersion byte = 4

const (
	keyBits = 128
	maxKey  = 256 // octets of a key under the KEK, with what a vendor adds
)

func (m *module) Wrap(bound, plain []byte) (out []byte, err error) {
	err = m.pool.Do(func(s uintptr) error {
		key := make([]byte, maxKey)
		length := uint32(len(key))
		var handle uintptr
		if err := trouble("SDF_GenerateKeyWithKEK", m.d.l.generateWithKEK(s, keyBits, sm4ECB, uint32(m.o.KEK), &key[0], &length, &handle)); err != nil {
			return err
		}
		defer m.d.l.destroyKey(s, handle)
		if length == 0 || length > maxKey {
			return fmt.Errorf("sdf: a key of %d octets under the KEK", length)
		}
		head := append(binary.BigEndian.AppendUint16([]byte{wrapVersion}, uint16(length)), key[:length]...)
		sealed, err := envelope.Seal(m.cbc(s, handle, "SDF_Encrypt", m.d.l.encrypt), tie(head, bound), plain)
		out = append(head, sealed...)
		return err
	})
	return out, err
}

// tie binds the head to the envelope, too.
func tie(head, bound []byte) []byte { return append(slices.Clip(head), bound...) }

func (m *module) Unwrap(bound, wrapped []byte) (out []byte, err error) {
	if len(wrapped) < 3 || wrapped[0] != wrapVersion {
		return nil, envelope.ErrOpen
	}
	n := 3 + int(binary.BigEndian.Uint16(wrapped[1:]))
	if n == 3 || n > 3+maxKey || n > len(wrapped) {
		return nil, envelope.ErrOpen
	}
	head := wrapped[:n:n]
	err = m.pool.Do(func(s uintptr) error {
		var handle uintptr
		if err := trouble("SDF_ImportKeyWithKEK", m.d.l.importWithKEK(s, sm4ECB, uint32(m.o.KEK), &head[3], uint32(n-3), &handle)); err != nil {
			if is(err, codeKey, codeCiphertext) { // another KEK, or altered
				return envelope.ErrOpen
			}
			return err
		}
		defer m.d.l.destroyKey(s, handle)
		out, err = envelope.Open(m.cbc(s, handle, "SDF_Encrypt", m.d.l.encrypt), m.cbc(s, handle, "SDF_Decrypt", m.d.l.decrypt), tie(head, bound), wrapped[n:])
		return err
	})
	return out, err
}

type cipher func(session, handle uintptr, alg uint32, iv, data *byte, length uint32, out *byte, outLength *uint32) uint32

func (m *module) cbc(s, handle uintptr, name string, fn cipher) envelope.CBC {
	return func(iv, data []byte) ([]byte, error) {
		iv = slices.Clone(iv) // the device writes the last block into it
		out := make([]byte, len(data)+16)
		length := uint32(len(out))
		if err := trouble(name, fn(s, handle, sm4CBC, &iv[0], &data[0], uint32(len(data)), &out[0], &length)); err != nil {
			return nil, err
		}
		if int(length) > len(out) {
			return nil, fmt.Errorf("sdf: %s returned %d octets for %d", name, length, len(data))
		}
		return out[:length], nil
	}
}

// Generate allots the first of our indexes at which there is a key pair and that
// is not taken.
func (m *module) Generate(_ string, taken []string) (handle string, public *gm.PublicKey, err error) {
	if why := m.Lacks(keys.Signs); why != "" {
		return "", nil, errors.New("sdf: no signing keys are configured")
	}
	err = m.pool.Do(func(s uintptr) error {
		for index := m.o.First; index <= m.o.Last; index++ {
			handle = strconv.FormatUint(uint64(index), 10)
			if slices.Contains(taken, handle) {
				continue
			}
			public, err = m.public(s, index)
			if is(err, codeNoKey) {
				continue
			}
			return err
		}
		return fault.Conflict.New("密码设备中没有空闲的签名密钥（索引 %d 至 %d）", m.o.First, m.o.Last).WithCode("key.full").
			WithHint("请密码机管理员生成新的 SM2 签名密钥对，并调大配置 keys.sdf.last")
	})
	return handle, public, err
}

func (m *module) public(s uintptr, index uint) (*gm.PublicKey, error) {
	var k eccPublicKey
	if err := trouble("SDF_ExportSignPublicKey_ECC", m.d.l.exportPublic(s, uint32(index), &k)); err != nil {
		return nil, err
	}
	if k.Bits != 256 {
		return nil, fault.Unavailable.New("密码设备索引 %d 的密钥是 %d 位，不是 SM2 密钥", index, k.Bits).WithCode("key.module").WithHint("请核对配置 keys.sdf 中的索引范围")
	}
	point := append([]byte{4}, k.X[maxLen-32:]...)
	return gm.NewPublicKey(append(point, k.Y[maxLen-32:]...))
}

// Signer signs with the internal key pair of an index.
func (m *module) Signer(handle string, public *gm.PublicKey) (gm.Signer, error) {
	index, err := strconv.ParseUint(handle, 10, 32)
	if err != nil || uint(index) < m.o.First || uint(index) > m.o.Last {
		return nil, fault.Unavailable.New("签名密钥的索引不在配置的范围内").WithCode("key.module").WithHint("请核对配置 keys.sdf.first、last：已分配的索引不能移出范围")
	}
	return gm.NewSigner(public, func(digest gm.Digest) (sig []byte, err error) {
		err = m.pool.Do(func(s uintptr) error { sig, err = m.sign(s, uint32(index), digest); return err })
		return sig, err
	}), nil
}

// sign gets the right to the private key, uses it, and gives the right back, so
// that a session that another uses next has none.
func (m *module) sign(s uintptr, index uint32, digest gm.Digest) ([]byte, error) {
	err := m.d.pin.Use(func(pin []byte) (refused bool, err error) {
		err = trouble("SDF_GetPrivateKeyAccessRight", m.d.l.getAccess(s, index, &pin[0], uint32(len(pin))))
		return is(err, codePassword, codeNoRight), err
	})
	if err != nil {
		return nil, err
	}
	defer m.d.l.releaseAccess(s, index)
	var sig eccSignature
	if err := trouble("SDF_InternalSign_ECC", m.d.l.internalSign(s, index, &digest[0], uint32(len(digest)), &sig)); err != nil {
		return nil, err
	}
	return append(slices.Clone(sig.R[maxLen-32:]), sig.S[maxLen-32:]...), nil
}
