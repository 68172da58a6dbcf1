package sign

import (
	"time"

	"sidian/gm"
	"sidian/ses"
)

// Verdict is the outcome for a signature or a file.
type Verdict string

// Verdicts. A file's is the worst of its signatures': invalid, then
// undetermined, then valid. Unsigned and refused are of files only.
const (
	Valid        Verdict = "valid"
	Invalid      Verdict = "invalid"
	Undetermined Verdict = "undetermined" // nothing fails, but the signer cannot be traced to an anchor
	Unsigned     Verdict = "unsigned"
	Refused      Verdict = "refused" // not opened at all
)

// Result is the outcome of one check.
type Result string

// Results. Unknown makes the verdict undetermined, Fail makes it invalid.
const (
	Pass    Result = "pass"
	Warn    Result = "warn"
	Fail    Result = "fail"
	Unknown Result = "unknown"
	Skipped Result = "skipped" // does not apply to this signature
)

// Codes of the checks, in the order in which they are reported.
const (
	CheckFormat         = "format"          // the structures can be read
	CheckDigest         = "digest"          // each Reference's digest, and the digest of Signature.xml
	CheckValue          = "value"           // the signature value
	CheckSealSignature  = "seal_signature"  // the maker's signature on the seal
	CheckSignerInSeal   = "signer_in_seal"  // the seal lists the signer
	CheckSealValidity   = "seal_validity"   // the seal at the signing time
	CheckChain          = "chain"           // signer's and maker's certificates up to an anchor, and their use
	CheckSignerValidity = "signer_validity" // the signer's certificate at the signing time
	CheckRevocation     = "revocation"      // the certificates by the lists given
	CheckTimestamp      = "timestamp"       // the time-stamp token
	CheckESLEqual       = "esl_equal"       // Seal.esl is the seal that was signed
	CheckCoverage       = "coverage"        // what the signature protects
)

// CheckCodes are all codes of checks, in order.
var CheckCodes = [...]string{
	CheckFormat, CheckDigest, CheckValue, CheckSealSignature, CheckSignerInSeal, CheckSealValidity,
	CheckChain, CheckSignerValidity, CheckRevocation, CheckTimestamp, CheckESLEqual, CheckCoverage,
}

// Report is what Verify found. Its JSON is the contract of `ofd verify`.
type Report struct {
	File         string            `json:"file"`
	Verdict      Verdict           `json:"verdict"`
	Warnings     []Warning         `json:"warnings"`
	Signatures   []SignatureReport `json:"signatures"`
	Uncovered    []string          `json:"uncovered"`    // parts of the document that no signature covers
	Unreferenced []string          `json:"unreferenced"` // parts that nothing refers to
}

// Warning is something a reader should know though it fails nothing. Code is
// stable, Message is Chinese.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// SignatureReport is what Verify found about one signature.
type SignatureReport struct {
	ID          string        `json:"id"`
	Type        string        `json:"type"`         // Seal or Sign
	Form        string        `json:"form"`         // one of the Form constants
	Seal        *SealReport   `json:"seal"`         // nil without a seal
	Signer      string        `json:"signer"`       // subject of the signer's digital certificate; "" when unknown
	SigningTime string        `json:"signing_time"` // RFC 3339, UTC; "" when unknown
	TimeSource  string        `json:"time_source"`  // one of the Time constants
	Verdict     Verdict       `json:"verdict"`
	Checks      []CheckResult `json:"checks"` // one for each of CheckCodes, in that order

	Part        string            `json:"-"` // name of Signature.xml's part
	Time        time.Time         `json:"-"` // SigningTime
	Certificate *gm.Certificate   `json:"-"` // the signer's, nil when unknown
	Chain       []*gm.Certificate `json:"-"` // the signer's, as far as found
	SES         *ses.Signature    `json:"-"` // nil for Type="Sign" or when unreadable
	Covered     []string          `json:"-"` // names of the parts whose digest it protects and that are as signed

	listed []string // names of the parts it refers to
}

// SealReport names the seal.
type SealReport struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Maker string `json:"maker"` // subject of the maker's digital certificate
}

// CheckResult is one check's outcome. Message is Chinese.
type CheckResult struct {
	Code    string `json:"code"`
	Result  Result `json:"result"`
	Message string `json:"message"`
}

// Forms of a signature value.
const (
	FormSESv1    = "ses_v1"    // GM/T 0031-2014
	FormSESv4    = "ses_v4"    // GB/T 38540-2020
	FormSESv5    = "ses_v5"    // GM/T 0031-2025
	FormGBT35275 = "gbt_35275" // SignedData
	FormBare     = "sm2"       // SEQUENCE{r, s} without a certificate
	FormUnknown  = "unknown"
)

// Sources of the signing time. Only a time stamp proves it.
const (
	TimeStamped = "timestamp" // a time-stamp token that was checked
	TimeClaimed = "claimed"   // the signed structure, as the signer says
	TimeText    = "text"      // SignatureDateTime only
	TimeNone    = "none"
)

// Check finds the result of a check by its code.
func (s *SignatureReport) Check(code string) CheckResult {
	for _, c := range s.Checks {
		if c.Code == code {
			return c
		}
	}
	return CheckResult{Code: code, Result: Skipped}
}

// HasWarning tells whether the report holds a warning with this code.
func (r *Report) HasWarning(code string) bool {
	for _, w := range r.Warnings {
		if w.Code == code {
			return true
		}
	}
	return false
}
