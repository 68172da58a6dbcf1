package cert

import (
	"time"

	"sidian/gm"
	"sidian/internal/catalogue"
	"sidian/internal/cert/state"
)

// States of a certificate on its way to be issued. What becomes of it afterwards
// is a status of package state; Effective and Expired are two of these.
const (
	Sealing   = "sealing"
	Effective = string(state.Effective)
	Withdrawn = "withdrawn" // came to nothing before it was issued; its number is never used again
	Expired   = string(state.Expired)
)

// Label is the Chinese word for a status.
func Label(status string) string {
	switch status {
	case Sealing:
		return "制证中"
	case Withdrawn:
		return "未签发（已撤回）"
	case Altered:
		return "登记数据异常"
	}
	if i, ok := state.Of(state.Status(status)); ok {
		return i.Name
	}
	return status
}

// A Marked is a mark beside the status.
type Marked struct {
	Code string `json:"code" enum:"mortgaged,pledged,objected,inspection_due,inspection_passed,inspection_failed"`
	Name string `json:"name"`
}

func marksOf(text string) (out []Marked) {
	for _, m := range state.ParseMarks(text) {
		i, _ := state.MarkOf(m)
		out = append(out, Marked{string(m), i.Name})
	}
	return out
}

// A Listing is where the public list says whether a certificate stands
// (draft-ietf-oauth-status-list §6.1).
type Listing struct {
	URI   string `json:"uri"`
	Index int64  `json:"idx"`
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
	Keeper     string            `json:"keeper,omitempty" doc:"颁证职责移交后的承接单位；没有移交的省略"`
	KeeperName string            `json:"keeper_name,omitempty"`
	Status     string            `json:"status" enum:"sealing,effective,withdrawn,expired,suspended,lost,recalled,revoked,rescinded,cancelled,abolished,changed,replaced,altered"`
	StatusName string            `json:"status_name"`
	Outside    *state.Outside    `json:"outside_status,omitempty" doc:"所要词表中的状态；没有要的省略"`
	Since      string            `json:"status_since,omitempty" doc:"何日起处于该状态；签发后没有变过的省略"`
	Basis      string            `json:"status_basis,omitempty" doc:"该状态的依据"`
	Marks      []Marked          `json:"marks,omitempty" doc:"状态之外的标记"`
	Acts       int               `json:"acts" doc:"签发后办理过多少次状态事项"`
	Prior      string            `json:"prior,omitempty" doc:"它代替的上一版"`
	Successor  string            `json:"successor,omitempty" doc:"代替它的下一版"`
	StatusList *Listing          `json:"status_list,omitempty" doc:"在公开状态列表中的位置；列表中省略"`
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

	Effect *catalogue.Effect `json:"effect,omitempty" doc:"法定例外：不与原件具有同等效力的情形和依据；没有例外的省略"`

	KindVersion int       `json:"-"`
	Digest      gm.Digest `json:"-"`
	Use         string    `json:"-"`

	Desk string `json:"desk,omitempty" enum:"open,asking,waiting" doc:"须多枚印章的证照制作时：open 等提请用印，waiting 等各单位用印；进度见 /seals"`

	class   string  // the highest of its kind's fields
	reading Reading // what its document was read for
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

// State is the status with its marks, as package state has them.
func (c *Certificate) State() state.State {
	s := state.State{Status: state.Status(c.Status)}
	for _, m := range c.Marks {
		s.Marks = append(s.Marks, state.Mark(m.Code))
	}
	return s
}
