// Package event holds the topics and bodies of what happens to applications for
// seals. It imports nothing, so that any context may know them.
package event

// Topics.
const (
	Applied  = "seal.applied"  // an application was submitted (申领)
	Reviewed = "seal.reviewed" // a tier passed it
	Refused  = "seal.refused"  // a tier refused it
)

// Application is the body of all three: identifiers and digests, no personal
// data and no reasons, which people write freely.
type Application struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	SealKind string `json:"seal_kind,omitempty"` // a campaign has none
	Org      string `json:"org"`
	Seal     string `json:"seal,omitempty"` // that it is about, or that it makes
	Round    int64  `json:"round"`
	Tier     string `json:"tier,omitempty"` // that reviewed
	State    string `json:"state"`
	Content  string `json:"content"` // SM3 of what was submitted, hex
	At       int64  `json:"at"`      // milliseconds
}
