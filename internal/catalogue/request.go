package catalogue

import (
	"encoding/json"

	"sidian/workday"
)

// A Holder is who holds a certificate (持证主体).
type Holder struct {
	Type   string `json:"type" enum:"person,legal,unincorporated" doc:"自然人、法人、非法人组织"`
	IDType string `json:"id_type" doc:"持证主体代码类型，GB/T 36903 附录 A"`
	ID     string `json:"id,omitempty" doc:"证件号码；由签发单位赋码的证照可不填"`
	Name   string `json:"name" minLength:"1" maxLength:"200" doc:"姓名或名称"`
}

// A Request is what an issuer asks to be certified: the part of the body of
// POST /api/v1/certificates that depends on the kind.
type Request struct {
	Holders   []Holder                   `json:"holders"`
	Fields    map[string]json.RawMessage `json:"fields"`
	ValidFrom string                     `json:"valid_from"`         // 2006-01-02
	ValidTo   string                     `json:"valid_to,omitempty"` // 2006-01-02; empty: by the kind's rule
}

// Content is a request that obeys its kind: normalised, and complete but for
// what issuing adds. It survives JSON, so that it can stand in a plan.
type Content struct {
	Holders   []Holder         `json:"holders"`
	Fields    map[string]Value `json:"fields"`
	ValidFrom workday.Date     `json:"valid_from"`
	ValidTo   workday.Date     `json:"valid_to"` // zero: 长期
}

// Validate checks a request against the kind. All that is wrong is told at
// once: a *fault.Error of kind Invalid, its Fields named as in the request
// ("holders[0].id", "fields.KZ_ZL"), messages in Chinese, never a value.
func (k *Kind) Validate(r Request) (*Content, error) { return k.validate(r) }
