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
// they are asked for and have changed. It owns the tables status_entry and
// status_key.
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
