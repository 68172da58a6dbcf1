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
)

// Account is the body of both: identifiers, no personal data.
type Account struct {
	Account string `json:"account"`
	By      string `json:"by,omitempty"`    // account of who asked
	Until   int64  `json:"until,omitempty"` // milliseconds; when the lock or the link ends
}
