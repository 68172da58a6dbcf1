//go:build pkcs11 && cgo

package pkcs11

import (
	"encoding/asn1"
	"errors"
	"fmt"

	p11 "github.com/miekg/pkcs11"

	"sidian/gm"
)

// sm2Curve is the DER of the identifier of the SM2 curve (1.2.156.10197.1.301),
// as CKA_EC_PARAMS names it.
var sm2Curve = []byte{0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d}

// Generate makes a key pair in the token. The handle is its CKA_ID, which is the
// key's id; one that is there already, from a transaction that was undone and is
// run again, gets a number.
func (m *module) Generate(id string, taken []string) (handle string, public *gm.PublicKey, err error) {
	if m.lacks != "" {
		return "", nil, errors.New("pkcs11: the token does not sign")
	}
	kind := m.t.o.SM2.KeyType
	if kind == 0 {
		kind = p11.CKK_EC
	}
	err = m.pool.Do(func(l login) error {
		if handle, err = m.freeHandle(l, id); err != nil {
			return err
		}
		common := func(more ...*p11.Attribute) []*p11.Attribute {
			return append(more, p11.NewAttribute(p11.CKA_TOKEN, true), p11.NewAttribute(p11.CKA_KEY_TYPE, kind),
				p11.NewAttribute(p11.CKA_LABEL, "sidian "+handle), p11.NewAttribute(p11.CKA_ID, []byte(handle)))
		}
		pub, _, err := m.t.c.GenerateKeyPair(l.h, []*p11.Mechanism{p11.NewMechanism(m.t.o.SM2.Generate, nil)},
			common(p11.NewAttribute(p11.CKA_CLASS, p11.CKO_PUBLIC_KEY), p11.NewAttribute(p11.CKA_EC_PARAMS, sm2Curve), p11.NewAttribute(p11.CKA_VERIFY, true)),
			common(p11.NewAttribute(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY), p11.NewAttribute(p11.CKA_PRIVATE, true), p11.NewAttribute(p11.CKA_SENSITIVE, true),
				p11.NewAttribute(p11.CKA_EXTRACTABLE, false), p11.NewAttribute(p11.CKA_SIGN, true)))
		if err != nil {
			return trouble("生成签名密钥", err)
		}
		a, err := m.t.c.GetAttributeValue(l.h, pub, []*p11.Attribute{p11.NewAttribute(p11.CKA_EC_POINT, nil)})
		if err != nil {
			return trouble("读取公钥", err)
		}
		if len(a) != 1 {
			return errors.New("pkcs11: the token shows no public key")
		}
		public, err = point(a[0].Value)
		return err
	})
	return handle, public, err
}

func (m *module) freeHandle(l login, id string) (string, error) {
	for n := range maxFound {
		handle := id
		if n > 0 {
			handle = fmt.Sprintf("%s-%d", id, n)
		}
		found, err := m.find(l, p11.NewAttribute(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY), p11.NewAttribute(p11.CKA_ID, []byte(handle)))
		if err != nil || len(found) == 0 {
			return handle, err
		}
	}
	return "", errors.New("pkcs11: a key of this id was made too often")
}

// point reads CKA_EC_POINT: a DER OCTET STRING by the standard, the bare point
// in some tokens.
func point(value []byte) (*gm.PublicKey, error) {
	var inner []byte
	if rest, err := asn1.Unmarshal(value, &inner); err == nil && len(rest) == 0 {
		value = inner
	}
	return gm.NewPublicKey(value)
}

// Signer signs with the private key by CKA_ID.
func (m *module) Signer(handle string, public *gm.PublicKey) (gm.Signer, error) {
	if m.lacks != "" {
		return nil, errors.New("pkcs11: the token does not sign")
	}
	return gm.NewSigner(public, func(digest gm.Digest) (sig []byte, err error) {
		err = m.pool.Do(func(l login) error {
			key, err := m.theOne(l, p11.CKO_PRIVATE_KEY, []byte(handle))
			if err != nil {
				return err
			}
			if err := m.t.c.SignInit(l.h, []*p11.Mechanism{p11.NewMechanism(m.t.o.SM2.Sign, nil)}, key); err != nil {
				return trouble("签名", err)
			}
			if sig, err = m.t.c.Sign(l.h, digest[:]); err != nil {
				return trouble("签名", err)
			}
			return nil
		})
		return sig, err
	}), nil
}
