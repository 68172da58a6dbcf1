// Package event holds the topics and bodies of what happens to sign-ins. It
// imports nothing, so that any context may know them.
package event

// Topics.
const (
	// Locked: an administrator's account was locked after failed sign-ins.
	Locked = "auth.locked"
	// Recovered: somebody asked for a one-time link that replaces what an
	// administrator signs in with.
	Recovered = "auth.recovered"
	// Tampered: a row was changed in the database, and gave nothing. It is the
	// topic of all of access control: whoever looks into one looks into all.
	Tampered = "iam.tampered"
)

// Account is the body of the first two: identifiers, no personal data.
type Account struct {
	Account string `json:"account"`
	By      string `json:"by,omitempty"`    // account of who asked
	Until   int64  `json:"until,omitempty"` // milliseconds; when the lock or the link ends
}

// Row is the body of Tampered.
type Row struct {
	Object  string `json:"object"` // table and id of the row
	Account string `json:"account,omitempty"`
	Org     string `json:"org,omitempty"` // of the account
	At      int64  `json:"at"`            // milliseconds
}
