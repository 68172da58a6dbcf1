// Package event holds the topics and bodies of what officers tell of certificates.
// It imports nothing, so that any context may know them.
package event

// Topics.
const (
	Made    = "feedback.made"    // an officer told the unit that issued
	Decided = "feedback.decided" // the unit agreed, and the state is that; or refused
)

// Feedback is the body of both: identifiers and no personal data, nor anything
// that anybody wrote.
type Feedback struct {
	ID          string `json:"id"`
	Number      string `json:"number"`
	Org         string `json:"org"`  // that told it
	Unit        string `json:"unit"` // that answers for the certificate
	Certificate string `json:"certificate"`
	Identifier  string `json:"identifier"`
	Kind        string `json:"kind"`
	Action      string `json:"action"`        // suspend, resume, recall, revoke, cancel
	On          string `json:"on"`            // date of the decision
	State       string `json:"state"`         // filed, done, moot, refused
	Seq         int    `json:"seq,omitempty"` // of the certificate's acts: the one that followed
	FiledAt     int64  `json:"filed_at"`      // milliseconds
	At          int64  `json:"at"`            // milliseconds
}
