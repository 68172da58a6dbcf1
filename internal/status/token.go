package status

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// MediaType is that of a signed list (draft-ietf-oauth-status-list §5.1, §8.2).
const MediaType = "application/statuslist+jwt"

const typ = "statuslist+jwt"

// maxToken bounds a token that was received.
const maxToken = 32 << 20

// A Token is what a signed list says.
type Token struct {
	Subject string        // address of the page: what entries refer to
	Issued  time.Time     // to the second
	Expires time.Time     // not to be relied on from here; zero: not said
	TTL     time.Duration // how long it may be kept before it is asked for again; zero: not said
	Every   string        // address of the list of pages (aggregation); may be empty
	List    *List
}

type header struct {
	Alg string `json:"alg"`
	Kid string `json:"kid,omitempty"`
	Typ string `json:"typ"`
}

type claims struct {
	Sub    string `json:"sub"`
	Iat    int64  `json:"iat"`
	Exp    int64  `json:"exp,omitempty"`
	TTL    int64  `json:"ttl,omitempty"`
	Status struct {
		Bits  int    `json:"bits"`
		Lst   string `json:"lst"`
		Every string `json:"aggregation_uri,omitempty"`
	} `json:"status_list"`
}

var b64 = base64.RawURLEncoding.Strict()

// payload is the claims of t, already encoded: the costly half of a token, which
// is the same whoever signs it.
func (t *Token) payload() ([]byte, error) {
	packed, err := t.List.Compress()
	if err != nil {
		return nil, err
	}
	c := claims{Sub: t.Subject, Iat: t.Issued.Unix(), TTL: int64(t.TTL / time.Second)}
	if !t.Expires.IsZero() {
		c.Exp = t.Expires.Unix()
	}
	c.Status.Bits, c.Status.Lst, c.Status.Every = t.List.bits, b64.EncodeToString(packed), t.Every
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("status: writing the claims of %s: %w", t.Subject, err)
	}
	return b64.AppendEncode(nil, b), nil
}

// signingInput is what a signature is over (RFC 7515 §5.1).
func signingInput(alg, kid string, payload []byte) ([]byte, error) {
	h, err := json.Marshal(header{Alg: alg, Kid: kid, Typ: typ})
	if err != nil {
		return nil, fmt.Errorf("status: writing a header: %w", err)
	}
	return append(append(b64.AppendEncode(nil, h), '.'), payload...), nil
}

// ParseToken reads a signed list and checks it: signed by one of keys, of the
// page at subject, and not over at now. What it refuses says nothing of anybody's
// state (draft-ietf-oauth-status-list §8.3).
func ParseToken(token []byte, keys []Key, subject string, now time.Time) (*Token, error) {
	payload, err := open(token, keys)
	if err != nil {
		return nil, fmt.Errorf("status: reading a signed list: %w", err)
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return nil, fmt.Errorf("status: reading the claims of a signed list: %w", err)
	}
	t := &Token{Subject: c.Sub, Issued: time.Unix(c.Iat, 0).UTC(), TTL: time.Duration(c.TTL) * time.Second, Every: c.Status.Every}
	if c.Exp != 0 {
		t.Expires = time.Unix(c.Exp, 0).UTC()
	}
	switch {
	case c.Sub != subject:
		return nil, errors.New("status: a signed list of another page")
	case c.Iat <= 0 || c.Exp < 0 || c.TTL < 0 || c.TTL > 1<<32:
		return nil, errors.New("status: a signed list with impossible times")
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return nil, errors.New("status: a signed list that is over")
	}
	packed, err := b64.DecodeString(c.Status.Lst)
	if err != nil {
		return nil, fmt.Errorf("status: reading a signed list: %w", err)
	}
	t.List, err = Decompress(c.Status.Bits, packed)
	return t, err
}

// open returns the payload of a token that one of keys has signed.
func open(token []byte, keys []Key) ([]byte, error) {
	if len(token) > maxToken {
		return nil, errors.New("it is too large")
	}
	parts := bytes.Split(token, []byte{'.'})
	if len(parts) != 3 {
		return nil, errors.New("it has not three parts")
	}
	var raw [3][]byte
	for i, p := range parts {
		var err error
		if raw[i], err = b64.AppendDecode(nil, p); err != nil {
			return nil, err
		}
	}
	var h header
	if err := json.Unmarshal(raw[0], &h); err != nil {
		return nil, err
	}
	if h.Typ != typ {
		return nil, errors.New("its type is another")
	}
	input := token[:len(parts[0])+1+len(parts[1])]
	for _, k := range keys {
		if k.Alg == h.Alg && (h.Kid == "" || k.ID == h.Kid) && k.verify(input, raw[2]) {
			return raw[1], nil
		}
	}
	return nil, errors.New("none of the keys has signed it")
}
