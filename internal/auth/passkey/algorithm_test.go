package passkey_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	vw "github.com/descope/virtualwebauthn"

	"sidian/internal/auth/passkey"
)

// The independent authenticator knows neither EdDSA nor attestation "none";
// these few octets do (CTAP 2.1 §8, RFC 9053 §7).

func clientData(kind string, challenge []byte) []byte {
	b, err := json.Marshal(map[string]string{"type": kind, "challenge": base64.RawURLEncoding.EncodeToString(challenge), "origin": base})
	if err != nil {
		return nil
	}
	return b
}

func authData(flags byte, count uint32, attested []byte) []byte {
	h := sha256.Sum256([]byte(host))
	return append(binary.BigEndian.AppendUint32(append(h[:], flags), count), attested...)
}

func respond(id []byte, members map[string][]byte) []byte {
	in := map[string]string{}
	for k, v := range members {
		in[k] = base64.RawURLEncoding.EncodeToString(v)
	}
	name := base64.RawURLEncoding.EncodeToString(id)
	b, err := json.Marshal(map[string]any{"type": "public-key", "id": name, "rawId": name, "response": in})
	if err != nil {
		return nil
	}
	return b
}

// unattested is a creation response with attestation "none" for a COSE key.
func unattested(t *testing.T, options, id, cose []byte) []byte {
	t.Helper()
	o, err := vw.ParseAttestationOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	attested := append(make([]byte, 16), byte(len(id)>>8), byte(len(id)))
	auth := authData(0x45, 0, append(append(attested, id...), cose...)) // UP, UV, AT
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), byte(len(auth)>>8), byte(len(auth)))
	return respond(id, map[string][]byte{"clientDataJSON": clientData("webauthn.create", o.Challenge), "attestationObject": append(object, auth...)})
}

// TestEdDSA: an authenticator with Ed25519, without attestation, without a
// counter.
func TestEdDSA(t *testing.T) {
	t.Parallel()
	r := site(t)
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	options, state, err := r.BeginEnrol(li, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	id := []byte("identifier-of-it")
	c, err := r.FinishEnrol(li, state, unattested(t, options, id, append([]byte("\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"), pub...)), noon)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // no counter: nothing to compare, and no clone
		options, state, err = r.BeginProve(li, []passkey.Credential{c}, noon)
		if err != nil {
			t.Fatal(err)
		}
		o, err := vw.ParseAssertionOptions(string(options))
		if err != nil {
			t.Fatal(err)
		}
		data, auth := clientData("webauthn.get", o.Challenge), authData(0x05, 0, nil)
		h := sha256.Sum256(data)
		members := map[string][]byte{"clientDataJSON": data, "authenticatorData": auth, "signature": ed25519.Sign(key, append(bytes.Clone(auth), h[:]...))}
		if c, err = r.FinishProve(li, []passkey.Credential{c}, state, respond(id, members), noon); err != nil || c.Count != 0 {
			t.Fatalf("%+v, %v", c, err)
		}
	}
}

// TestOtherAlgorithm: a key of an algorithm that was not offered is refused.
func TestOtherAlgorithm(t *testing.T) {
	t.Parallel()
	r := site(t)
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cose := append([]byte("\xa5\x01\x02\x03\x38\x22\x20\x02\x21\x58\x30"), point[1:49]...) // ES384, P-384
	cose = append(append(cose, "\x22\x58\x30"...), point[49:]...)
	options, state, err := r.BeginEnrol(li, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.FinishEnrol(li, state, unattested(t, options, []byte("another-identity"), cose), noon)
	refusedAs(t, err, "passkey.refused")
}
