// Package lint checks a document against the rules of GB/T 33190-2016, and of
// the certificate standards built upon it. One rule a file, each with its
// clause.
//
// What cannot be opened at all is not linted: ofd.Open says why. The profile
// Issuing leaves out the rules about how XML is written, which documents made
// by ofd.Builder cannot break; it takes about a tenth of a millisecond for a
// licence of one page, so that every document is checked before it is signed.
package lint

import (
	"fmt"

	"sidian/ofd"
)

// Severity of a finding.
type Severity string

// Severities: an Error breaks a standard, a Warning breaks some readers.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Finding is one place that breaks a rule. Message is Chinese; it names no
// value of the document but IDs and part names.
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

// A rule is one check.
type rule struct {
	id       string
	clause   string
	severity Severity
	in       []Profile
	check    func(c *context)
}

var (
	always       = []Profile{Standard, Certificate, Issuing}
	notIssuing   = []Profile{Standard, Certificate}
	certificates = []Profile{Certificate, Issuing}
)

// rules in the order their findings are given.
var rules = []*rule{
	readable, mandatory, docID, dates, namespace, elementOrder, rootFirst, storedDescriptor,
	uniqueID, maxUnitID, pageArea, boundary, deltaCount, pathData, resourceRef, fontEmbedded,
	imageFormat, missingPart, unreferencedPart, attachmentID, dataIndex, certificateData,
	signatureLocation, signaturePermission, stampPage,
}

// RuleInfo names a rule for documentation.
type RuleInfo struct {
	ID       string
	Clause   string
	Severity Severity
}

// Rules lists the rules in the order their findings are given.
func Rules() []RuleInfo {
	list := make([]RuleInfo, len(rules))
	for i, r := range rules {
		list[i] = RuleInfo{r.id, r.clause, r.severity}
	}
	return list
}

// maxFindings of one rule: a document that breaks a rule everywhere is not
// made longer to read by saying so everywhere.
const maxFindings = 50

// Check runs the rules of the profile Standard.
func Check(d *ofd.Document) []Finding { return CheckProfile(d, Standard) }

// CheckProfile runs the rules of a profile. A rule that needs a part that
// cannot be read leaves it out: the rule "readable" tells.
func CheckProfile(d *ofd.Document, p Profile) []Finding {
	c := &context{doc: d, profile: p}
	for _, r := range rules {
		if !has(r.in, p) {
			continue
		}
		c.rule, c.count = r, 0
		r.check(c)
	}
	return c.findings
}

func has(list []Profile, p Profile) bool {
	for _, v := range list {
		if v == p {
			return true
		}
	}
	return false
}

func (c *context) report(part, format string, args ...any) {
	c.reportAs(c.rule.severity, part, format, args...)
}

func (c *context) reportAs(s Severity, part, format string, args ...any) {
	if c.count++; c.count > maxFindings {
		return
	}
	c.findings = append(c.findings, Finding{
		Rule: c.rule.id, Clause: c.rule.clause, Part: part, Message: fmt.Sprintf(format, args...), Severity: s,
	})
}
