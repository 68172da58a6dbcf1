package pki

import (
	"context"

	"sidian/gm"
)

// A CheckRequest asks whether a digital certificate may sign for somebody.
type CheckRequest struct {
	Certificate *gm.Certificate
	Chain       []*gm.Certificate // what came with it; may be empty
	Name        string            // that it must carry; empty: not asked
	Code        string            // 统一社会信用代码 that it must carry; empty: not asked
	Public      *gm.PublicKey     // key that it must be for; nil: not asked
	Use         string            // Maker, Unit or Personal; empty: not asked
}

// A Result is what one question about a digital certificate gave.
type Result string

// Results.
const (
	Pass    Result = "pass"
	Fail    Result = "fail"
	Unknown Result = "unknown" // it could not be found out
)

// A Finding is the answer to one question about a digital certificate.
type Finding struct {
	Code    string // stable: see the constants
	Result  Result
	Message string // Chinese
}

// Codes of findings, in the order in which they are asked.
const (
	CheckAlgorithm = "pki.algorithm" // SM2 with SM3
	CheckKey       = "pki.key"       // it is for the key
	CheckValidity  = "pki.validity"  // valid now
	CheckUsage     = "pki.usage"     // may sign, is no authority
	CheckChain     = "pki.chain"     // leads to an anchor
	CheckIssuer    = "pki.issuer"    // issued by an authority on the list
	CheckRevoked   = "pki.revoked"   // in no revocation list
	CheckName      = "pki.name"      // carries the name
	CheckCode      = "pki.code"      // carries the credit code
)

// Check asks all that can be asked about a digital certificate, and answers
// each question; what could not be found out is Unknown.
func (s *Service) Check(ctx context.Context, r CheckRequest) []Finding { return nil }

// Refusal is the error that says the first failed finding and the way out; nil
// when none failed.
func Refusal(found []Finding) error { return nil }
