// Package lint checks a document against the rules of GB/T 33190-2016, and of
// the certificate standards built upon it. One rule a file, each with its
// clause.
package lint

import "sidian/ofd"

// Severity of a finding.
type Severity string

// Severities: an Error breaks the standard, a Warning breaks readers.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Finding is one place that breaks a rule. Message is Chinese.
type Finding struct {
	Rule     string   `json:"rule"`
	Clause   string   `json:"clause"`
	Part     string   `json:"part,omitempty"`
	Message  string   `json:"message"`
	Severity Severity `json:"severity"`
}

// A Profile selects the rules.
type Profile int

// Profiles.
const (
	// Standard checks all rules of GB/T 33190.
	Standard Profile = iota
	// Certificate adds the rules of GB/T 36905 for certificate files.
	Certificate
	// Issuing is Certificate without what our own writer cannot get wrong: it
	// is meant to be run on every document before it is signed.
	Issuing
)

// Check runs the rules of the profile Standard.
func Check(d *ofd.Document) []Finding { return CheckProfile(d, Standard) }

// CheckProfile runs the rules of a profile.
func CheckProfile(d *ofd.Document, p Profile) []Finding { return nil }
