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
	"errors"
	"time"
)

// Lifetime is how long a person may take between the two halves.
const Lifetime = 10 * time.Minute

// Limits of what comes from outside.
const (
	MaxResponse    = 32 << 10 // octets of a browser's response
	MaxCredentials = 20       // passkeys of one user
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

// Config says who asks: the relying party.
type Config struct {
	ID      string   // the host name, without scheme and port; passkeys are bound to it for good
	Origins []string // scheme://host[:port] of the pages that may ask: ID, or names below it
	Name    string   // shown by the authenticator: 四电
}

// A Relying asks for proofs on behalf of one site. Safe for concurrent use.
type Relying struct{ cfg Config }

// ErrNoName: the site is reached under an address of numbers, to which no
// browser binds a passkey. Such a site runs without them.
var ErrNoName = errors.New("passkey: the site has no host name: use http://localhost instead of an address of numbers")

var errSkeleton = errors.New("passkey: being written")

// FromBase returns the Config of the site at a base URL.
func FromBase(base, name string) (Config, error) { return Config{}, errSkeleton }

// New returns a Relying, or what is wrong with c.
func New(c Config) (*Relying, error) { return nil, errSkeleton }

// BeginEnrol starts the making of a new passkey.
func (r *Relying) BeginEnrol(u User, existing []Credential, now time.Time) (options, state []byte, err error) {
	return nil, nil, errSkeleton
}

// FinishEnrol checks the browser's response and returns the new passkey.
func (r *Relying) FinishEnrol(u User, state, response []byte, now time.Time) (Credential, error) {
	return Credential{}, errSkeleton
}

// BeginProve asks for a proof by one of creds, all passkeys of the user.
func (r *Relying) BeginProve(u User, creds []Credential, now time.Time) (options, state []byte, err error) {
	return nil, nil, errSkeleton
}

// FinishProve checks the browser's response and returns the passkey used, with
// its counter advanced.
func (r *Relying) FinishProve(u User, creds []Credential, state, response []byte, now time.Time) (Credential, error) {
	return Credential{}, errSkeleton
}

// MarshalBinary returns the credential for the store.
func (c Credential) MarshalBinary() ([]byte, error) { return nil, errSkeleton }

// UnmarshalBinary reads what MarshalBinary wrote.
func (c *Credential) UnmarshalBinary(b []byte) error { return errSkeleton }
