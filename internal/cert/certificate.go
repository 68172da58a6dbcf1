package cert

import (
	"time"

	"sidian/gm"
)

// States of a certificate.
const (
	Sealing   = "sealing"
	Effective = "effective"
	Withdrawn = "withdrawn" // came to nothing before it was issued; its number is never used again
	Expired   = "expired"   // comes from time, is never stored
)

// Label is the Chinese word for a state.
func Label(state string) string {
	switch state {
	case Sealing:
		return "制证中"
	case Effective:
		return "有效"
	case Withdrawn:
		return "未签发（已撤回）"
	case Expired:
		return "过期"
	}
	return state
}

// A Certificate is the record of one certificate. What is personal in it is
// masked; the document says it in full.
type Certificate struct {
	ID         string            `json:"id"`
	Identifier string            `json:"identifier" doc:"电子证照标识 GB/T 36904"`
	Number     string            `json:"number" doc:"证照编号"`
	Kind       string            `json:"kind"`
	KindName   string            `json:"kind_name"`
	KindCode   string            `json:"kind_code"`
	Issuer     string            `json:"issuer"`
	IssuerName string            `json:"issuer_name"`
	Status     string            `json:"status" enum:"sealing,effective,withdrawn,expired"`
	StatusName string            `json:"status_name"`
	Version    int               `json:"version"`
	Holders    []Holder          `json:"holders"`
	Fields     map[string]string `json:"fields,omitempty" doc:"照面数据项，个人信息已遮蔽"`
	Shown      []Field           `json:"shown,omitempty" doc:"照面数据项，依照面顺序，带分级；列表中省略"`
	ValidFrom  string            `json:"valid_from,omitempty"`
	ValidTo    string            `json:"valid_to,omitempty" doc:"空：长期"`
	CaseNo     string            `json:"case_no,omitempty"`
	Code       string            `json:"code" doc:"查验码"`
	VerifyURL  string            `json:"verify_url"`
	Document   string            `json:"document,omitempty" doc:"版式文件的 SM3 摘要"`
	Size       int64             `json:"size,omitempty"`
	FinishedAt *time.Time        `json:"finished_at,omitempty" doc:"业务办结时间"`
	CreatedAt  time.Time         `json:"created_at"`
	IssuedAt   time.Time         `json:"issued_at,omitzero"`

	KindVersion int       `json:"-"`
	Digest      gm.Digest `json:"-"`
	Use         string    `json:"-"`

	class string // the highest of its kind's fields
}

// A Holder is who a certificate is about.
type Holder struct {
	Type   string `json:"type" enum:"person,legal,unincorporated" doc:"自然人、法人、非法人组织"`
	IDType string `json:"id_type" doc:"持证主体代码类型 GB/T 36903 附录 A"`
	ID     string `json:"id,omitempty" doc:"持证主体代码"`
	Name   string `json:"name" doc:"持证主体"`
}

// At returns the status at a time, by the calendar of the certificate's place.
func (c *Certificate) At(now time.Time) string {
	if c.Status == Effective && c.ValidTo != "" && now.In(beijing).Format(time.DateOnly) > c.ValidTo {
		return Expired
	}
	return c.Status
}

var beijing = time.FixedZone("CST", 8*3600)
