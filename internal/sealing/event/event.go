// Package event holds the topics and bodies of what happens when documents are
// sealed. It imports nothing, so that any context may know them.
package event

// Topics. That a seal stamped is told by package seal (seal.stamped).
const (
	Asked     = "sealing.asked"     // a request waits for approval
	Done      = "sealing.done"      // every seal of a request is on its document
	Refused   = "sealing.refused"   // a custodian refused
	Withdrawn = "sealing.withdrawn" // whoever asked took it back
	Batched   = "sealing.batched"   // a batch ended
)

// Request is the body of what happens to a request: identifiers and digests,
// no personal data.
type Request struct {
	ID       string `json:"id"`
	Org      string `json:"org"`
	State    string `json:"state"`
	Document string `json:"document,omitempty"` // SM3 of the document now, hex
	At       int64  `json:"at"`                 // milliseconds
}

// Batch is the body of Batched.
type Batch struct {
	ID     string `json:"id"`
	Seal   string `json:"seal"`
	State  string `json:"state"`
	Done   int64  `json:"done"`
	Failed int64  `json:"failed"`
	At     int64  `json:"at"`
}
