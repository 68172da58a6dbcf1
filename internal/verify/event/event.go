// Package event holds the topics and bodies of verification. It imports nothing,
// so that any context may know them.
package event

// Verified: somebody whom the platform knows had the seals of a document
// verified (验章).
const Verified = "seal.verified"

// Verification is its body: digests and numbers, no personal data.
type Verification struct {
	Document   string   `json:"document"` // SM3, hex
	Verdict    string   `json:"verdict"`
	Signatures int      `json:"signatures"`
	Seals      []string `json:"seals"`   // ids of this platform's seals in it
	Sources    []string `json:"sources"` // ids of the providers that answered
	At         int64    `json:"at"`      // milliseconds
}
