// Package event holds the topics and bodies of what happens to tasks of signing.
// It imports nothing, so that any context may know them.
package event

// Topics.
const (
	Invited   = "signature.invited"   // a signer's turn has come
	Reminded  = "signature.reminded"  // and was called to mind
	Signed    = "signature.signed"    // one signer has signed
	Refused   = "signature.refused"   // one signer refused, and with it the task ended
	Done      = "signature.done"      // all have signed
	Withdrawn = "signature.withdrawn" // the initiator gave up
	Expired   = "signature.expired"   // time is over
	Enrolled  = "signature.enrolled"  // a person may sign
	Cancelled = "signature.cancelled" // and may no more
)

// All lists the topics about tasks: what a webhook may ask for.
func All() []string {
	return []string{Invited, Reminded, Signed, Refused, Done, Withdrawn, Expired}
}

// Task is the body of those about tasks: identifiers and digests, no personal
// data.
type Task struct {
	ID       string `json:"id"`
	Org      string `json:"org,omitempty"` // of the initiator; empty for a person
	Item     string `json:"item,omitempty"`
	State    string `json:"state"`
	Signer   int    `json:"signer,omitempty"`   // from 1; 0 where it is about the whole task
	Signed   int    `json:"signed"`             // how many have signed
	Signers  int    `json:"signers"`            // of how many
	Document string `json:"document,omitempty"` // SM3 of the document as it stands, hex
	At       int64  `json:"at"`                 // milliseconds
}

// Identity is the body of those about people.
type Identity struct {
	ID     string `json:"id"`
	Serial string `json:"serial"` // of the digital certificate
	At     int64  `json:"at"`
}
