// Package event holds the topics and bodies of what happens to certificates.
// It imports nothing, so that any context may know them.
package event

// Topics.
const (
	Issued    = "cert.issued"
	Withdrawn = "cert.withdrawn"
	// Changed: something was done to an issued certificate; its status, its marks
	// or its validity are others.
	Changed = "cert.status.changed"
)

// Certificate is the body of Issued and Withdrawn: identifiers and digests, no
// personal data.
type Certificate struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"`
	Issuer     string `json:"issuer"`
	Identifier string `json:"identifier"`
	Version    int    `json:"version"`
	Document   string `json:"document,omitempty"` // SM3 of the sealed OFD, hex
	// ValidTo is the last day, "" for one that has no end; nil in events of before
	// it was told.
	ValidTo *string `json:"valid_to,omitempty"`
	At      int64   `json:"at"` // milliseconds
}

// StatusChanged is the body of Changed: no personal data, and no reason. Of two
// of one certificate the one with the higher Seq is the later.
type StatusChanged struct {
	ID         string   `json:"id"`
	Kind       string   `json:"kind"`
	Issuer     string   `json:"issuer"`
	Identifier string   `json:"identifier"`
	Version    int      `json:"version"`
	Action     string   `json:"action"`
	Was        string   `json:"was"`    // status before
	Status     string   `json:"status"` // and now
	Marks      []string `json:"marks"`
	ValidTo    string   `json:"valid_to,omitempty"`
	Successor  string   `json:"successor,omitempty"` // id of the version that took its place
	On         string   `json:"on"`                  // date of the decision
	Seq        int      `json:"seq"`                 // of the certificate's acts, from 1
	At         int64    `json:"at"`                  // milliseconds
}
