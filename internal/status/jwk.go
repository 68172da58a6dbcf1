package status

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"sidian/gm"
)

// Algorithms of signatures. ES256 is that of RFC 7518 §3.4. SM2 has no name in
// the registry of JOSE; ours is what GM/T 0006 calls an SM2 signature over SM3,
// which nobody else means otherwise: r and s, 32 bytes each, of GB/T 32918.2 with
// the user identifier 1234567812345678, over the same input as any JWS.
const (
	ES256 = "ES256"
	SM2   = "SGD_SM3_SM2"
)

// curveSM2 is how a JWK names the curve: a private name like the algorithm's.
const curveSM2 = "SM2"

// coordinate is the length of a number of either curve.
const coordinate = 32

// A Key is the public half of a key that signs lists.
type Key struct {
	ID    string // kid
	Alg   string // ES256 or SM2
	es256 *ecdsa.PublicKey
	sm2   *gm.PublicKey
}

type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
	Kid string `json:"kid"`
	Alg string `json:"alg"`
	Use string `json:"use"`
}

// newKey is the key with an uncompressed point. Its id is a digest of the point,
// so that it names nothing but the key.
func newKey(alg string, point []byte) (k Key, err error) {
	k.Alg = alg
	switch alg {
	case ES256:
		k.es256, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	case SM2:
		k.sm2, err = gm.NewPublicKey(point)
	default:
		err = errors.New("status: no such algorithm")
	}
	if err != nil {
		return Key{}, fmt.Errorf("status: reading a public key for %.20q: %w", alg, err)
	}
	sum := gm.Sum(point)
	k.ID = b64.EncodeToString(sum[:16])
	return k, nil
}

// point is the uncompressed point: 4, x, y.
func (k Key) point() ([]byte, error) {
	if k.sm2 != nil {
		return k.sm2.Bytes(), nil
	}
	return k.es256.Bytes()
}

// verify tells whether sig is k's over input: r and s, one after the other.
func (k Key) verify(input, sig []byte) bool {
	if len(sig) != 2*coordinate {
		return false
	}
	rs := struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:coordinate]), new(big.Int).SetBytes(sig[coordinate:])}
	der, err := asn1.Marshal(rs)
	if err != nil {
		return false
	}
	if k.sm2 != nil {
		return gm.Verify(k.sm2, input, der) == nil
	}
	sum := sha256.Sum256(input)
	return ecdsa.VerifyASN1(k.es256, sum[:], der)
}

// rawSignature is the r and s of a DER signature, one after the other.
func rawSignature(der []byte) ([]byte, error) {
	var rs struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &rs); err != nil || len(rest) > 0 || rs.R.Sign() <= 0 || rs.S.Sign() <= 0 ||
		rs.R.BitLen() > 8*coordinate || rs.S.BitLen() > 8*coordinate {
		return nil, errors.New("status: a signature that is none")
	}
	out := make([]byte, 2*coordinate)
	rs.R.FillBytes(out[:coordinate])
	rs.S.FillBytes(out[coordinate:])
	return out, nil
}

// EncodeKeys writes keys as a JWK set (RFC 7517 §5).
func EncodeKeys(keys []Key) ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	for _, k := range keys {
		p, err := k.point()
		if err != nil {
			return nil, fmt.Errorf("status: writing key %s: %w", k.ID, err)
		}
		j := jwk{Kty: "EC", Crv: "P-256", Kid: k.ID, Alg: k.Alg, Use: "sig", X: b64.EncodeToString(p[1 : 1+coordinate]), Y: b64.EncodeToString(p[1+coordinate:])}
		if k.sm2 != nil {
			j.Crv = curveSM2
		}
		set.Keys = append(set.Keys, j)
	}
	return json.Marshal(set)
}

// ParseKeys reads a JWK set. Keys of other kinds are passed over, as a reader of
// such sets must (RFC 7517 §5); one of ours that is malformed is an error.
func ParseKeys(set []byte) (out []Key, err error) {
	var in struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(set, &in); err != nil {
		return nil, fmt.Errorf("status: reading a set of keys: %w", err)
	}
	for _, j := range in.Keys {
		if j.Kty != "EC" || !(j.Crv == "P-256" && j.Alg == ES256 || j.Crv == curveSM2 && j.Alg == SM2) {
			continue
		}
		x, badX := b64.DecodeString(j.X)
		y, badY := b64.DecodeString(j.Y)
		if badX != nil || badY != nil || len(x) != coordinate || len(y) != coordinate {
			return nil, errors.New("status: reading a set of keys: a point that is none")
		}
		k, err := newKey(j.Alg, append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil, err
		}
		k.ID = j.Kid
		out = append(out, k)
	}
	return out, nil
}
