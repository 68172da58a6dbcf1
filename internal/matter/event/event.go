// Package event holds the topics and bodies of what happens to cases (办件).
// It imports nothing, so that any context may know them.
package event

// Topics.
const (
	Opened = "matter.opened"
	// Result: a certificate that the case must end with was issued for it.
	Result = "matter.result"
	Closed = "matter.closed"
)

// Matter is the body: identifiers and no personal data.
type Matter struct {
	ID           string   `json:"id"`
	Org          string   `json:"org"`
	CaseNo       string   `json:"case_no"`
	Item         string   `json:"item"`
	State        string   `json:"state"`
	Outcome      string   `json:"outcome,omitempty"`      // issued, done, withdrawn, refused
	Certificates []string `json:"certificates,omitempty"` // ids of the certificates that count
	At           int64    `json:"at"`                     // milliseconds
}
