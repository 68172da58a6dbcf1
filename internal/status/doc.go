// Package status publishes states to strangers: signed lists in the form of the
// IETF Token Status List (draft-ietf-oauth-status-list), one of seals and one of
// certificates, from which anybody reads the state of what they hold without
// telling us what it is.
//
// Words: a list has pages of PageSize entries; an entry is the state (Value) of
// one object, at a page and an index that it keeps for ever and that say nothing
// of when it was made. The address of a page and an index stand in what is
// referred to (URI).
//
// The rows are the truth; pages are made of them, kept in memory and signed when
// they are asked for and have changed. A process sees its own changes at once and
// those of others within half a second; with the second for which anybody may
// keep a page, a change is seen by all within two.
//
// A page is a JWT (draft-ietf-oauth-status-list-21 §5.1) signed with ES256 or, by
// ?alg=sm2, with SM2. For the latter there is no registered name; ours is private:
//
//	header  {"alg":"SGD_SM3_SM2","kid":"…","typ":"statuslist+jwt"}
//	        SGD_SM3_SM2 is what GM/T 0006 calls an SM2 signature over SM3
//	signed  header "." payload, both base64url, as in any JWS (RFC 7515 §5.1)
//	value   r and s of GB/T 32918.2, 32 octets each, big-endian, base64url;
//	        user identifier 1234567812345678
//	key     in the JWK set: {"kty":"EC","crv":"SM2","x":…,"y":…}
//
// The keys are made once, kept wrapped, and published at /status/v1/keys; a key
// that was replaced stays there. A page may be relied on for a day by who cannot
// ask again (exp), and is to be asked for again after a second (ttl). Of its
// entries Valid is also what belongs to nobody, so that a list does not tell how
// many objects there are.
//
// It owns the tables status_entry and status_key.
package status

import (
	"sync"
	"sync/atomic"
	"time"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// The lists that every instance has.
const (
	Seals        = "seals"
	Certificates = "certificates"
)

// A Value is the state of one entry, four bits.
type Value uint8

// States. Invalid is for ever; a suspended entry may become valid again.
const (
	Valid     Value = 0x00
	Invalid   Value = 0x01 // cancelled, revoked: never valid again
	Suspended Value = 0x02 // frozen for a time
	Replaced  Value = 0x03 // application-specific in the draft; ours: another took its place
	Expired   Value = 0x0B // application-specific in the draft; ours: its validity is over, and may be extended
)

// An Entry is the place of one object in a list, and its state.
type Entry struct {
	List        string
	Page, Index int64
	Value       Value
	At          time.Time // of its last change, or of its making
}

// A Service allots entries, changes them and serves the lists. It is safe for
// concurrent use, and is not copied.
type Service struct {
	DB   *db.DB
	Keys *keys.Store
	// BaseURL is where the lists are served, without a final slash: it stands in
	// what is signed.
	BaseURL string
	// Lists are the lists there are; nil: Seals and Certificates.
	Lists []string

	ring   atomic.Pointer[ring]
	boards sync.Map // name of a list → *board
}
