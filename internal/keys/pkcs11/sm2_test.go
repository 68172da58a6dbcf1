//go:build pkcs11 && cgo

package pkcs11

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	p11 "github.com/miekg/pkcs11"

	"sidian/gm"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

// vendor is a token with SM2 mechanisms of its own numbers: no token that can be
// had freely knows SM2, so its calls are answered here, by the standard's rules.
// Its wrapping is SM4-CBC under a vendor's number, in the stand-in of a XOR.
type vendor struct {
	mu       sync.Mutex
	started  bool
	logged   bool
	next     uint
	sessions map[p11.SessionHandle]*pending
	objects  map[p11.ObjectHandle]object
	wrong    int
}

type pending struct {
	found []p11.ObjectHandle
	mech  *p11.Mechanism
	key   p11.ObjectHandle
}

type object struct {
	attributes []*p11.Attribute
	key        *gm.PrivateKey
}

const (
	vendorGenerate = 0x80010001
	vendorSign     = 0x80010002
	vendorCBC      = 0x80010003
	vendorSM4      = 0x80010004
)

func (v *vendor) Initialize(...p11.InitializeOption) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.started {
		return p11.Error(p11.CKR_CRYPTOKI_ALREADY_INITIALIZED)
	}
	v.started, v.sessions = true, map[p11.SessionHandle]*pending{}
	return nil
}

func (v *vendor) Finalize() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.started {
		return p11.Error(p11.CKR_CRYPTOKI_NOT_INITIALIZED)
	}
	v.started, v.logged, v.sessions = false, false, nil
	return nil
}

func (v *vendor) GetSlotList(bool) ([]uint, error) { return []uint{7}, nil }

func (v *vendor) GetTokenInfo(uint) (p11.TokenInfo, error) {
	return p11.TokenInfo{Label: "vendor", Flags: p11.CKF_TOKEN_INITIALIZED}, nil
}

func (v *vendor) GetMechanismList(uint) ([]*p11.Mechanism, error) {
	return []*p11.Mechanism{p11.NewMechanism(vendorGenerate, nil), p11.NewMechanism(vendorSign, nil)}, nil
}

func (v *vendor) OpenSession(slot, flags uint) (p11.SessionHandle, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.started {
		return 0, p11.Error(p11.CKR_CRYPTOKI_NOT_INITIALIZED)
	}
	if slot != 7 || flags&p11.CKF_SERIAL_SESSION == 0 {
		return 0, p11.Error(p11.CKR_SESSION_PARALLEL_NOT_SUPPORTED)
	}
	v.next++
	v.sessions[p11.SessionHandle(v.next)] = &pending{}
	return p11.SessionHandle(v.next), nil
}

func (v *vendor) in(s p11.SessionHandle, fn func(*pending) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.sessions[s]
	if p == nil {
		return p11.Error(p11.CKR_SESSION_HANDLE_INVALID)
	}
	return fn(p)
}

func (v *vendor) CloseSession(s p11.SessionHandle) error {
	return v.in(s, func(*pending) error { delete(v.sessions, s); return nil })
}

func (v *vendor) GetSessionInfo(s p11.SessionHandle) (i p11.SessionInfo, err error) {
	err = v.in(s, func(*pending) error {
		i.State = p11.CKS_RW_PUBLIC_SESSION
		if v.logged {
			i.State = p11.CKS_RW_USER_FUNCTIONS
		}
		return nil
	})
	return i, err
}

func (v *vendor) Login(s p11.SessionHandle, user uint, given string) error {
	return v.in(s, func(*pending) error {
		if given != pin || user != p11.CKU_USER {
			v.wrong++
			return p11.Error(p11.CKR_PIN_INCORRECT)
		}
		v.logged = true
		return nil
	})
}

func (v *vendor) FindObjectsInit(s p11.SessionHandle, template []*p11.Attribute) error {
	return v.in(s, func(p *pending) error {
		p.found = nil
		for h, o := range v.objects {
			matches := true
			for _, want := range template {
				matches = matches && bytes.Equal(o.value(want.Type), want.Value)
			}
			if matches {
				p.found = append(p.found, h)
			}
		}
		return nil
	})
}

func (o object) value(kind uint) []byte {
	for _, a := range o.attributes {
		if a.Type == kind {
			return a.Value
		}
	}
	return nil
}

func (v *vendor) FindObjects(s p11.SessionHandle, _ int) (found []p11.ObjectHandle, more bool, err error) {
	err = v.in(s, func(p *pending) error { found = p.found; return nil })
	return found, false, err
}

func (v *vendor) FindObjectsFinal(s p11.SessionHandle) error {
	return v.in(s, func(*pending) error { return nil })
}

func (v *vendor) GetAttributeValue(s p11.SessionHandle, h p11.ObjectHandle, want []*p11.Attribute) (out []*p11.Attribute, err error) {
	err = v.in(s, func(*pending) error {
		for _, a := range want {
			out = append(out, &p11.Attribute{Type: a.Type, Value: v.objects[h].value(a.Type)})
		}
		return nil
	})
	return out, err
}

func (v *vendor) keep(o object) p11.ObjectHandle {
	v.next++
	v.objects[p11.ObjectHandle(v.next)] = o
	return p11.ObjectHandle(v.next)
}

func (v *vendor) GenerateKey(s p11.SessionHandle, m []*p11.Mechanism, a []*p11.Attribute) (h p11.ObjectHandle, err error) {
	err = v.in(s, func(*pending) error {
		if m[0].Mechanism != vendorSM4 {
			return p11.Error(p11.CKR_MECHANISM_INVALID)
		}
		h = v.keep(object{attributes: a})
		return nil
	})
	return h, err
}

func (v *vendor) GenerateKeyPair(s p11.SessionHandle, m []*p11.Mechanism, public, private []*p11.Attribute) (a, b p11.ObjectHandle, err error) {
	err = v.in(s, func(*pending) error {
		pub, priv := object{attributes: public}, object{attributes: private}
		if m[0].Mechanism != vendorGenerate || !bytes.Equal(pub.value(p11.CKA_EC_PARAMS), sm2Curve) {
			return p11.Error(p11.CKR_MECHANISM_INVALID)
		}
		key, err := gm.GenerateKey()
		if err != nil {
			return err
		}
		priv.key = key
		point := append([]byte{0x04, 65}, key.Public().Bytes()...)
		pub.attributes = append(pub.attributes, p11.NewAttribute(p11.CKA_EC_POINT, point))
		a, b = v.keep(pub), v.keep(priv)
		return nil
	})
	return a, b, err
}

func (v *vendor) begin(s p11.SessionHandle, m []*p11.Mechanism, key p11.ObjectHandle) error {
	return v.in(s, func(p *pending) error {
		if !v.logged {
			return p11.Error(p11.CKR_USER_NOT_LOGGED_IN)
		}
		p.mech, p.key = m[0], key
		return nil
	})
}

func (v *vendor) EncryptInit(s p11.SessionHandle, m []*p11.Mechanism, key p11.ObjectHandle) error {
	return v.begin(s, m, key)
}

func (v *vendor) DecryptInit(s p11.SessionHandle, m []*p11.Mechanism, key p11.ObjectHandle) error {
	return v.begin(s, m, key)
}

func (v *vendor) SignInit(s p11.SessionHandle, m []*p11.Mechanism, key p11.ObjectHandle) error {
	return v.begin(s, m, key)
}

func (v *vendor) crypt(s p11.SessionHandle, data []byte) (out []byte, err error) {
	err = v.in(s, func(p *pending) error {
		if p.mech.Mechanism != vendorCBC || len(data)%16 != 0 {
			return p11.Error(p11.CKR_MECHANISM_INVALID)
		}
		for i, b := range data {
			out = append(out, b^p.mech.Parameter[i%16]^byte(i/16)^0x5a)
		}
		return nil
	})
	return out, err
}

func (v *vendor) Encrypt(s p11.SessionHandle, data []byte) ([]byte, error) { return v.crypt(s, data) }
func (v *vendor) Decrypt(s p11.SessionHandle, data []byte) ([]byte, error) { return v.crypt(s, data) }

func (v *vendor) Sign(s p11.SessionHandle, digest []byte) (sig []byte, err error) {
	err = v.in(s, func(p *pending) error {
		key := v.objects[p.key].key
		if p.mech.Mechanism != vendorSign || len(digest) != 32 || key == nil {
			return p11.Error(p11.CKR_DATA_LEN_RANGE)
		}
		sig, err = key.SignDigest(gm.Digest(digest))
		return err
	})
	return sig, err
}

// A token with SM2 makes and uses signing keys that never leave it.
func TestVendorToken(t *testing.T) {
	t.Parallel()
	v := &vendor{objects: map[p11.ObjectHandle]object{}}
	file := filepath.Join(t.TempDir(), "pin")
	must(t, os.WriteFile(file, []byte(pin), 0o600))
	o := Options{
		Library: "vendor", Token: "vendor", PinFile: file, Label: "kek", Create: true, Sessions: 4,
		WrapMechanism: vendorCBC, WrapKeyGen: vendorSM4, WrapKeyType: 0x80010005,
		SM2: Mechanisms{Generate: vendorGenerate, Sign: vendorSign, KeyType: 0x80010006},
	}
	keystest.ExerciseModule(t, keystest.Bench{
		Open: func(t testing.TB) keys.Module {
			m, err := open(v, o, func() {})
			must(t, err)
			return m
		},
		Reset: func(t testing.TB) { must(t, v.Finalize()) },
	})
	v.mu.Lock()
	defer v.mu.Unlock()
	made := 0
	for _, object := range v.objects {
		if object.key == nil {
			continue
		}
		made++
		for _, a := range []*p11.Attribute{p11.NewAttribute(p11.CKA_SENSITIVE, true), p11.NewAttribute(p11.CKA_EXTRACTABLE, false), p11.NewAttribute(p11.CKA_TOKEN, true), p11.NewAttribute(p11.CKA_PRIVATE, true)} {
			if !bytes.Equal(object.value(a.Type), a.Value) {
				t.Errorf("a private key's attribute 0x%X is %x", a.Type, object.value(a.Type))
			}
		}
	}
	if made == 0 {
		t.Error("no key was made in the token")
	}
}

// A token whose list lacks the configured mechanism signs nothing, and says why.
func TestMechanismMissing(t *testing.T) {
	t.Parallel()
	v := &vendor{objects: map[p11.ObjectHandle]object{}}
	file := filepath.Join(t.TempDir(), "pin")
	must(t, os.WriteFile(file, []byte(pin), 0o600))
	m, err := open(v, Options{Token: "vendor", PinFile: file, Label: "kek", Create: true, WrapMechanism: vendorCBC, WrapKeyGen: vendorSM4, SM2: Mechanisms{Sign: 0x8001_0009}}, func() {})
	must(t, err)
	if got, want := m.Lacks(keys.Signs), fmt.Sprintf("令牌的机制列表中没有 0x%X", 0x80010009); got != want || m.Keeps(keys.Seal) {
		t.Errorf("it says %q", got)
	}
}
