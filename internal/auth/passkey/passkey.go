// Package passkey lets people prove themselves with an authenticator of their
// own — a security key, the lock of a phone or computer — after Web
// Authentication Level 3 (W3C).
//
// Every ceremony has two halves. Begin makes the options for the browser and a
// state for the server; Finish checks the browser's response against that
// state. The state is for the server alone: it goes into the session or a
// table, never to the browser, and is deleted by the first Finish, whatever its
// outcome, so that a response cannot be used twice. It is bound to the user,
// to the kind of ceremony and to ten minutes.
//
// User verification (PIN, finger, face) is always required: a passkey is then
// two factors in itself. Attestation is not asked for, so any make is welcome.
// Algorithms: ES256, EdDSA, RS256.
//
// Browsers bind passkeys to a name: https://host or http://localhost, never an
// address of numbers. A site that is reached as http://127.0.0.1 cannot offer
// them (ErrNoName).
//
// Codes of refusals: passkey.response (not a response at all), .too-large,
// .state (not this ceremony, or not this user's), .expired, .challenge, .origin,
// .site, .unverified, .unknown (not a passkey of this user), .exists, .none,
// .too-many, .signature, .cloned, .refused (anything else).
package passkey

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Lifetime is how long a person may take between the two halves.
const Lifetime = 10 * time.Minute

// Limits of what comes from outside.
const (
	MaxResponse    = 32 << 10 // octets of a browser's response
	MaxCredentials = 20       // passkeys of one user
	maxStored      = 16 << 10 // octets of a stored credential
)

// A User is whom a passkey belongs to.
type User struct {
	Handle  []byte // 1–64 octets, random or an account's identifier; authenticators keep it, so nothing personal
	Name    string // the account's name, as the authenticator's list shows it
	Display string // the person's name, likewise; empty: Name
}

// A Credential is one passkey: what the server keeps of it. ID is unique over
// all users of the site; the store refuses a second one.
type Credential struct {
	ID         []byte    `json:"id"`
	Key        []byte    `json:"key"`        // COSE_Key, public
	Count      uint32    `json:"count"`      // the authenticator's signature counter, as last seen; 0: it has none
	Model      []byte    `json:"model"`      // AAGUID, 16 octets; zeros: not told
	Transports []string  `json:"transports"` // usb, nfc, ble, internal, hybrid
	Syncable   bool      `json:"syncable"`   // may be copied to other devices of the person (backup eligible)
	Synced     bool      `json:"synced"`     // has been
	Since      time.Time `json:"since"`
	Used       time.Time `json:"used,omitzero"` // last proof; zero: never
}

// stored is the form of a credential in the store.
type stored struct {
	V int `json:"v"`
	plain
}

type plain Credential // without methods

// MarshalBinary returns the credential for the store.
func (c Credential) MarshalBinary() ([]byte, error) {
	b, err := json.Marshal(stored{V: 1, plain: plain(c)})
	if err != nil {
		return nil, fmt.Errorf("passkey: writing a credential: %w", err)
	}
	if len(b) > maxStored {
		return nil, fmt.Errorf("passkey: writing a credential: %d octets exceed %d", len(b), maxStored)
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (c *Credential) UnmarshalBinary(b []byte) error {
	var s stored
	if len(b) > maxStored {
		return fmt.Errorf("passkey: reading a credential: %d octets exceed %d", len(b), maxStored)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("passkey: reading a credential: %w", err)
	}
	if s.V != 1 || len(s.ID) == 0 || len(s.Key) == 0 {
		return fmt.Errorf("passkey: reading a credential: version %d, %d octets of identifier, %d of key", s.V, len(s.ID), len(s.Key))
	}
	*c = Credential(s.plain)
	return nil
}

func fromLibrary(c *webauthn.Credential, since time.Time) Credential {
	out := Credential{
		ID: c.ID, Key: c.PublicKey, Count: c.Authenticator.SignCount, Model: c.Authenticator.AAGUID,
		Syncable: c.Flags.BackupEligible, Synced: c.Flags.BackupState, Since: since,
	}
	for _, t := range c.Transport {
		switch t { // what a browser says beside these is not kept
		case protocol.USB, protocol.NFC, protocol.BLE, protocol.Internal, protocol.Hybrid, protocol.SmartCard:
			out.Transports = append(out.Transports, string(t))
		}
	}
	return out
}

func (c Credential) library() webauthn.Credential {
	out := webauthn.Credential{
		ID: c.ID, PublicKey: c.Key,
		Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: c.Syncable, BackupState: c.Synced},
		Authenticator: webauthn.Authenticator{AAGUID: c.Model, SignCount: c.Count},
	}
	for _, t := range c.Transports {
		out.Transport = append(out.Transport, protocol.AuthenticatorTransport(t))
	}
	return out
}

// person shows a User and its passkeys to the library.
type person struct {
	u     User
	creds []webauthn.Credential
}

func of(u User, creds []Credential) person {
	p := person{u: u}
	for _, c := range creds {
		p.creds = append(p.creds, c.library())
	}
	return p
}

func (p person) WebAuthnID() []byte                         { return p.u.Handle }
func (p person) WebAuthnName() string                       { return p.u.Name }
func (p person) WebAuthnCredentials() []webauthn.Credential { return p.creds }
func (p person) WebAuthnDisplayName() string {
	if p.u.Display == "" {
		return p.u.Name
	}
	return p.u.Display
}
