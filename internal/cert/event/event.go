// Package event holds the topics and bodies of what happens to certificates.
// It imports nothing, so that any context may know them.
package event

// Topics.
const (
	Issued    = "cert.issued"
	Withdrawn = "cert.withdrawn"
)

// Certificate is the body of both: identifiers and digests, no personal data.
type Certificate struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"`
	Issuer     string `json:"issuer"`
	Identifier string `json:"identifier"`
	Version    int    `json:"version"`
	Document   string `json:"document,omitempty"` // SM3 of the sealed OFD, hex
	At         int64  `json:"at"`                 // milliseconds
}
