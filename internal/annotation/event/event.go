// Package event holds the topics and bodies of what happens to annotated copies
// of certificates. It imports nothing, so that any context may know them.
package event

// Topics.
const (
	Made  = "annotation.made"  // an annotated copy exists
	Ended = "annotation.ended" // its holder took it back
)

// Copy is the body of both: identifiers and digests, and neither for whom nor
// what for.
type Copy struct {
	ID          string `json:"id"`
	Number      string `json:"number"`
	Certificate string `json:"certificate"` // id
	Kind        string `json:"kind"`
	Issuer      string `json:"issuer"`
	Original    string `json:"original"`   // SM3 of the original, hex
	Document    string `json:"document"`   // SM3 of the copy, hex
	ExpiresAt   int64  `json:"expires_at"` // milliseconds
	At          int64  `json:"at"`         // milliseconds
}
