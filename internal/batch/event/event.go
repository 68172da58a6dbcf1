// Package event holds the topics and bodies of what happens to batches.
package event

// Topics.
const (
	Started = "batch.started"
	Ended   = "batch.ended"
)

// Batch is the body: counts and identifiers, nothing of anybody.
type Batch struct {
	ID     string `json:"id"`
	Unit   string `json:"unit"`
	Kind   string `json:"kind"`
	Total  int    `json:"total"`
	Issued int    `json:"issued"`
	Failed int    `json:"failed"` // refused by the check or at issue
	Rest   int    `json:"rest"`   // cancelled, or issued before
	At     int64  `json:"at"`     // milliseconds
}
