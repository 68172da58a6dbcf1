// Package event holds the topics and bodies of what happens to complaints about
// refused seals. It imports nothing, so that any context may know them.
package event

// Topics.
const (
	Filed   = "complaint.filed"
	Decided = "complaint.decided" // the authority found it true, untrue, or exempt
)

// Complaint is the body of both: which units, what sort, what came of it. Nothing
// of it tells who complained, nor what anybody wrote.
type Complaint struct {
	ID        string `json:"id"`
	Org       string `json:"org"`       // complained about
	Authority string `json:"authority"` // that decides
	What      string `json:"what"`
	State     string `json:"state"`
	At        int64  `json:"at"` // milliseconds
}
