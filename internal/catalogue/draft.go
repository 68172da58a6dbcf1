package catalogue

import (
	"sidian/certid"
	"sidian/gbcode"
	"sidian/internal/catalogue/face"
	"sidian/ofd"
	"sidian/workday"
)

// An Issuer is who issues (颁发机构).
type Issuer struct {
	Name   string            `json:"name"`
	Code   gbcode.CreditCode `json:"code"`
	Region gbcode.Division   `json:"region"` // six digits, for numbers
}

// An Issuance is what issuing adds to a content.
type Issuance struct {
	Issuer   Issuer       `json:"issuer"`
	Issued   workday.Date `json:"issued"`   // 颁发日期
	Sequence int64        `json:"sequence"` // of SequenceName, from 1
	// Rule is the issuer's own number rule (编号规则); nil: the kind's ([Service.NumberRuleTx]).
	Rule *NumberRule `json:"rule,omitempty"`
	// Number and Serial are those of the version before when a certificate is
	// changed (its Version is then above 1); else they are made here.
	Number  string `json:"number,omitempty"`
	Serial  string `json:"serial,omitempty"`
	Version int    `json:"version"`        // from 1
	DocID   string `json:"doc_id"`         // 32 hexadecimal digits
	Code    string `json:"code"`           // what the two-dimensional code holds; "" = none is printed
	Mark    string `json:"mark,omitempty"` // laid over the face, such as 样例; "" = none
}

// A Draft is all that a certificate says, before it is drawn and sealed.
type Draft struct {
	Number     string           `json:"number"`
	Serial     string           `json:"serial"`
	Identifier certid.ID        `json:"identifier"`
	Holders    []Holder         `json:"holders"` // with the id that was minted
	Fields     map[string]Value `json:"fields"`  // with computed ones
	ValidFrom  workday.Date     `json:"valid_from"`
	ValidTo    workday.Date     `json:"valid_to"`
	Metadata   []ofd.CustomData `json:"metadata"` // GB/T 36903 short names, then KZ_ fields
	Face       face.Values      `json:"face"`
}

// SequenceName names the sequence that the certificate's number comes from.
func (k *Kind) SequenceName(i Issuance) string { return k.sequenceName(i) }

// Draft numbers a content and computes everything that stands on the face and
// in the metadata. It is pure: the same input gives the same draft. An issuer
// whose data cannot fill the number's pattern, or a sequence that has run out,
// is a *fault.Error.
func (k *Kind) Draft(c *Content, i Issuance) (*Draft, error) { return k.draft(c, i) }
