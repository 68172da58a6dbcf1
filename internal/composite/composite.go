package composite

import "time"

// States of a composite; Withdrawn is one, too.
const (
	Proposed = "proposed"
	Issuing  = "issuing"
	Issued   = "issued"
	Ended    = "ended" // its certificate ended, or another took its place
	Refused  = "refused"
)

var stateNames = map[string]string{Proposed: "待签发", Issuing: "签发中", Issued: "已签发", Ended: "已终止", Refused: "已退回", Withdrawn: "已撤回"}

// A Member is one permit of a composite, as it stands today.
type Member struct {
	Kind        string `json:"kind"`
	Title       string `json:"title"`
	Required    bool   `json:"required"`
	Certificate string `json:"certificate,omitempty" doc:"现行版本；公开页面不含"`
	Number      string `json:"number"`
	IssuerName  string `json:"issuer_name"`
	ValidTo     string `json:"valid_to,omitempty" doc:"空：长期"`
	Status      string `json:"status"`
	StatusName  string `json:"status_name"`
	Permitted   bool   `json:"permitted" doc:"此项业务今天准许经营"`
	Followed    bool   `json:"followed,omitempty" doc:"组合以后换发了新版本，以新版本为准"`
}

// A Step is a line of a composite's history.
type Step struct {
	At      time.Time `json:"at"`
	Account string    `json:"account,omitempty" doc:"空：平台"`
	Action  string    `json:"action"`
	Text    string    `json:"text"`
}

// A Composite is a composite permit with its members as they stand today.
type Composite struct {
	ID           string    `json:"id"`
	Scheme       string    `json:"scheme"`
	Title        string    `json:"title" doc:"方案名称"`
	Industry     string    `json:"industry"`
	Unit         string    `json:"unit" doc:"牵头单位"`
	UnitName     string    `json:"unit_name"`
	HolderName   string    `json:"holder_name"`
	State        string    `json:"state" enum:"proposed,issuing,issued,ended,refused,withdrawn,altered"`
	StateName    string    `json:"state_name"`
	Standing     Standing  `json:"standing,omitempty" enum:"in_force,suspended,broken" doc:"由成员状态计算"`
	StandingName string    `json:"standing_name,omitempty"`
	Because      string    `json:"because,omitempty" doc:"因哪一项许可"`
	Certificate  string    `json:"certificate,omitempty" doc:"综合许可证的证照"`
	Number       string    `json:"number,omitempty"`
	Status       string    `json:"status,omitempty" doc:"综合许可证今天的状态"`
	StatusName   string    `json:"status_name,omitempty"`
	Prior        string    `json:"prior,omitempty" doc:"它代替的综合许可"`
	Successor    string    `json:"successor,omitempty" doc:"代替它的综合许可"`
	Trouble      string    `json:"trouble,omitempty" doc:"平台没有办成的原因；会再试"`
	Members      []Member  `json:"members,omitempty" doc:"列表不含"`
	Steps        []Step    `json:"steps,omitempty" doc:"办理记录，最近的在前；列表不含"`
	Revision     int       `json:"revision" doc:"办理时所见的修订号"`
	ProposedBy   string    `json:"proposed_by" doc:"账号；应用以 app/ 开头"`
	ProposedAt   time.Time `json:"proposed_at"`
	DecidedBy    string    `json:"decided_by,omitempty"`
	DecidedAt    time.Time `json:"decided_at,omitzero"`
	EndedAt      time.Time `json:"ended_at,omitzero"`
	May          []string  `json:"may" doc:"现在可由本人办理的：issue,refuse,withdraw"`
}

// Location is the address of the composite.
func (c *Composite) Location() string { return "/api/v1/composites/" + c.ID }

// A Page is a page of composites, newest first.
type Page struct {
	Items []*Composite `json:"items"`
	Next  string       `json:"next,omitempty"`
}

// A Query asks for a page of composites.
type Query struct {
	State    string
	Standing string
	Unit     string
	Limit    int
	Cursor   string
}
