package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
)

// algorithms that sign ID tokens for us. "none" and the symmetric ones are not
// among them, whatever a token or a key says of itself (RFC 8725 §3.1).
func algorithms() []string { return []string{gooidc.RS256, gooidc.PS256, gooidc.ES256, gooidc.EdDSA} }

const (
	maxKeys    = 32               // in a key set
	keysLife   = time.Hour        // how long a key set is believed
	keysPause  = 30 * time.Second // between fetches for a key that is not in it
	minRSABits = 2048
	maxRSABits = 8192
)

// key is one public key of the provider, of a form that we use.
type key struct {
	ID   string
	Alg  string // empty: any of its type
	pub  crypto.PublicKey
	weak bool
}

func (k key) signs(alg string) bool {
	if k.Alg != "" && k.Alg != alg {
		return false
	}
	switch k.pub.(type) {
	case *rsa.PublicKey:
		return alg == gooidc.RS256 || alg == gooidc.PS256
	case *ecdsa.PublicKey:
		return alg == gooidc.ES256
	case ed25519.PublicKey:
		return alg == gooidc.EdDSA
	}
	return false
}

// keySet is what was fetched, and when.
type keySet struct {
	keys []key
	at   time.Time
}

// jwk is a member of a key set (RFC 7517, RFC 7518 §6, RFC 8037 §2). Private
// and symmetric members are not read.
type jwk struct {
	Type  string `json:"kty"`
	Use   string `json:"use"`
	Alg   string `json:"alg"`
	ID    string `json:"kid"`
	Curve string `json:"crv"`
	N     string `json:"n"`
	E     string `json:"e"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

// parseKeys reads a key set. Keys of other uses and types are left out, as RFC
// 7517 §5 wants; a weak one is kept, to be named when a token points to it.
func parseKeys(b []byte) ([]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(b, &set); err != nil || len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("oidc: the key set is not of the form expected, or holds more than %d keys", maxKeys)
	}
	var out []key
	for _, raw := range set.Keys {
		var j jwk
		if json.Unmarshal(raw, &j) != nil || j.Use != "" && j.Use != "sig" {
			continue
		}
		if k, ok := j.public(); ok {
			out = append(out, k)
		}
	}
	return out, nil
}

func (j jwk) public() (key, bool) {
	k := key{ID: j.ID, Alg: j.Alg}
	x, y := octets(j.X), octets(j.Y)
	switch {
	case j.Type == "RSA":
		n, e := new(big.Int).SetBytes(octets(j.N)), new(big.Int).SetBytes(octets(j.E))
		k.weak = n.BitLen() < minRSABits || n.BitLen() > maxRSABits || n.Bit(0) == 0 ||
			e.BitLen() > 31 || e.Int64() < 65537 || e.Bit(0) == 0
		k.pub = &rsa.PublicKey{N: n, E: int(e.Int64() & 0x7fffffff)}
	case j.Type == "EC" && j.Curve == "P-256" && len(x) == 32 && len(y) == 32:
		pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		if err != nil {
			return key{}, false
		}
		k.pub = pub
	case j.Type == "OKP" && j.Curve == "Ed25519" && len(x) == ed25519.PublicKeySize:
		k.pub = ed25519.PublicKey(x)
	default:
		return key{}, false
	}
	return k, true
}

func octets(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

// header is what we read of a token before its signature is checked.
type header struct {
	Alg  string `json:"alg"`
	ID   string `json:"kid"`
	Type string `json:"typ"`
}

func readHeader(token string) (header, bool) {
	var h header
	first, _, _ := strings.Cut(token, ".")
	return h, json.Unmarshal(octets(first), &h) == nil
}

// verifier is the key set as go-oidc asks for it, for one token at one time.
type verifier struct {
	r       *Relying
	meta    metadata
	now     time.Time
	refused error // why, in our words: go-oidc does not pass errors on
}

// VerifySignature implements oidc.KeySet. A token is checked with the one key
// that it names; nothing that it brings along is a key.
func (v *verifier) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	h, ok := readHeader(token)
	if !ok {
		return nil, v.refuse(errToken)
	}
	k, err := v.r.key(ctx, v.meta, h, v.now)
	if err != nil {
		return nil, v.refuse(err)
	}
	payload, err := (&gooidc.StaticKeySet{PublicKeys: []crypto.PublicKey{k.pub}}).VerifySignature(ctx, token)
	if err != nil {
		return nil, v.refuse(errSignature)
	}
	return payload, nil
}

func (v *verifier) refuse(err error) error {
	v.refused = err
	return err
}

// key finds the key that a header points to. A set that does not hold it is
// fetched again, but not for every token that points nowhere.
func (r *Relying) key(ctx context.Context, m metadata, h header, now time.Time) (key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	age := now.Sub(r.keys.at)
	if r.keys.at.IsZero() || age < 0 || age > keysLife {
		if err := r.fetchKeys(ctx, m, now); err != nil {
			return key{}, err
		}
	} else if _, err := r.keys.find(h); err != nil && age > keysPause {
		if err := r.fetchKeys(ctx, m, now); err != nil {
			return key{}, err
		}
	}
	return r.keys.find(h)
}

func (s keySet) find(h header) (key, error) {
	var found []key
	for _, k := range s.keys {
		if k.signs(h.Alg) && (h.ID == "" || k.ID == h.ID) {
			found = append(found, k)
		}
	}
	switch {
	case len(found) != 1: // without a name there must be one key only (Core §10.1)
		return key{}, errKey
	case found[0].weak:
		return key{}, errWeak
	}
	return found[0], nil
}

func (r *Relying) fetchKeys(ctx context.Context, m metadata, now time.Time) error {
	b, err := r.wire.get(context.WithoutCancel(ctx), m.Keys)
	if err != nil {
		return because(errUnavailable, err)
	}
	keys, err := parseKeys(b)
	if err != nil {
		return because(errUnavailable, err)
	}
	r.keys = keySet{keys: keys, at: now}
	return nil
}
