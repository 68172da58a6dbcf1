package provider

import (
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"sidian/gm"
)

// algorithm is a private name of RFC 7515 §4.1.1: SM2 with SM3 (GB/T 32918.2),
// user identifier 1234567812345678, the signature as r‖s like ES256's.
const algorithm = "SM2-SM3"

// Types of what is signed: one is never taken for the other.
const (
	typeAnswer = "sidian-answer+json"
	typeList   = "sidian-providers+json"
)

// errJWS is the cause of every refusal of a signed text.
var errJWS = errors.New("provider: not a signed text as agreed")

type joseHeader struct {
	Alg  string          `json:"alg"`
	Type string          `json:"typ"`
	KID  string          `json:"kid,omitempty"`
	X5C  []string        `json:"x5c,omitempty"`
	Crit json.RawMessage `json:"crit,omitempty"`
}

// b64 refuses stray bits and line breaks, so that a signed text has one form.
var b64 = base64.RawURLEncoding.Strict()

// signJWS signs payload in compact form (RFC 7515 §3.1).
func signJWS(typ string, payload []byte, signer gm.Signer, c *gm.Certificate) (string, error) {
	d := c.Digest()
	h, err := json.Marshal(joseHeader{Alg: algorithm, Type: typ, KID: hex.EncodeToString(d[:]), X5C: []string{base64.StdEncoding.EncodeToString(c.Raw)}})
	if err != nil {
		return "", err
	}
	input := b64.EncodeToString(h) + "." + b64.EncodeToString(payload)
	der, err := signer.Sign([]byte(input))
	if err != nil {
		return "", err
	}
	raw, err := rawSignature(der)
	if err != nil {
		return "", err
	}
	return input + "." + b64.EncodeToString(raw), nil
}

// openJWS returns the payload of a text that c's key signed as typ. What it says
// of its own keys is not looked at.
func openJWS(typ, compact string, c *gm.Certificate) ([]byte, error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 || strings.ContainsAny(compact, "\r\n") {
		return nil, fmt.Errorf("%w: %d parts", errJWS, len(parts))
	}
	var h joseHeader
	head, err := b64.DecodeString(parts[0])
	if err != nil || json.Unmarshal(head, &h) != nil {
		return nil, fmt.Errorf("%w: the header cannot be read", errJWS)
	}
	if h.Alg != algorithm || h.Type != typ || len(h.Crit) > 0 {
		return nil, fmt.Errorf("%w: another algorithm, type or critical header", errJWS)
	}
	raw, err := b64.DecodeString(parts[2])
	if err != nil || len(raw) != 64 {
		return nil, fmt.Errorf("%w: the signature is not of 64 octets", errJWS)
	}
	key, err := c.PublicKey()
	if err != nil {
		return nil, err
	}
	der, err := derSignature(raw)
	if err != nil {
		return nil, err
	}
	if err := gm.Verify(key, []byte(parts[0]+"."+parts[1]), der); err != nil {
		return nil, errors.Join(errJWS, err)
	}
	payload, err := b64.DecodeString(parts[1])
	if err != nil {
		return nil, fmt.Errorf("%w: the payload cannot be read", errJWS)
	}
	return payload, nil
}

type pair struct{ R, S *big.Int }

// rawSignature writes SEQUENCE{r, s} as 64 octets.
func rawSignature(der []byte) ([]byte, error) {
	var p pair
	if rest, err := asn1.Unmarshal(der, &p); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("provider: our own signature is malformed")
	}
	out := make([]byte, 64)
	p.R.FillBytes(out[:32])
	p.S.FillBytes(out[32:])
	return out, nil
}

// derSignature is the reverse.
func derSignature(raw []byte) ([]byte, error) {
	return asn1.Marshal(pair{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
}
