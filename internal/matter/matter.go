package matter

import (
	"time"

	"sidian/internal/catalogue"
)

// A State is where a case stands.
type State string

// The states.
const (
	Open   State = "open"
	Closed State = "closed"
)

// An Outcome is how a case was closed.
type Outcome string

// The outcomes.
const (
	Issued    Outcome = "issued"
	Done      Outcome = "done"
	Withdrawn Outcome = "withdrawn"
	Refused   Outcome = "refused"
)

var outcomeNames = map[Outcome]string{Issued: "办结并出证", Done: "办结，无结果证照", Withdrawn: "申请人撤回", Refused: "不予许可"}

// Label is the outcome in Chinese.
func (o Outcome) Label() string { return outcomeNames[o] }

// A Demand is a material that an applicant is asked for.
type Demand struct {
	Name string `json:"name" minLength:"1" maxLength:"200" doc:"材料名称"`
	Kind string `json:"kind,omitempty" maxLength:"64" doc:"材料是证照的：种类的目录名或代码"`
	Form string `json:"form,omitempty" enum:"original,copy" doc:"要求提交原件或复印件；省略为原件"`
}

// An OpenRequest opens a case.
type OpenRequest struct {
	Unit      string           `json:"unit" minLength:"1" maxLength:"64" doc:"受理单位，即事项的实施机构"`
	CaseNo    string           `json:"case_no" minLength:"1" maxLength:"64" doc:"办件编号，在受理单位内唯一；同一编号、同一内容重复提交得到同一办件"`
	Item      string           `json:"item" minLength:"1" maxLength:"64" doc:"事项的实施编码"`
	Applicant catalogue.Holder `json:"applicant" doc:"申请人：结果证照的持证主体之一"`
	Materials []Demand         `json:"materials,omitempty" maxItems:"50" doc:"要求申请人提交的材料；事项免提交的证照不得列入"`
}

// A CloseRequest closes a case with what came of it.
type CloseRequest struct {
	ID           string   `path:"id" json:"-" maxLength:"64"`
	Certificates []string `json:"certificates,omitempty" maxItems:"20" doc:"为本件签发、未写办件编号的证照；写了办件编号的自动关联，不必列出"`
}

// An AttachRequest names a certificate for a case that stays open.
type AttachRequest struct {
	ID          string `path:"id" json:"-" maxLength:"64"`
	Certificate string `json:"certificate" minLength:"1" maxLength:"64" doc:"为本件签发、未写办件编号的证照"`
}

// A Call is what came of telling a program of a case.
type Call struct {
	Topic    string    `json:"topic"`
	State    string    `json:"state" enum:"pending,delivered,dead,dropped" doc:"等待推送、已送达、未送达、不再推送"`
	Attempts int       `json:"attempts"`
	At       time.Time `json:"at"`
	Closed   time.Time `json:"closed_at,omitzero"`
}

// An EndRequest closes a case without a certificate.
type EndRequest struct {
	ID     string `path:"id" json:"-" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"理由，不要写个人信息"`
}

// A Wanted is a kind of certificate that a case ends with.
type Wanted struct {
	Kind        string `json:"kind" doc:"证照种类的目录名"`
	Title       string `json:"title"`
	Certificate string `json:"certificate,omitempty" doc:"已为本件签发的证照"`
}

// A Linked is a certificate that carries a case's number, or was named for it.
type Linked struct {
	ID         string    `json:"id"`
	Identifier string    `json:"identifier" doc:"电子证照标识"`
	Kind       string    `json:"kind"`
	StatusName string    `json:"status_name"`
	IssuedAt   time.Time `json:"issued_at"`
	Counts     bool      `json:"counts" doc:"算作本件的结果证照"`
	Why        string    `json:"why,omitempty" doc:"为何不算"`
}

// A Matter is a case as who works on it sees it. Lists leave out certificates and
// materials.
type Matter struct {
	ID           string           `json:"id"`
	CaseNo       string           `json:"case_no" doc:"办件编号"`
	Unit         string           `json:"unit"`
	UnitName     string           `json:"unit_name"`
	Item         string           `json:"item" doc:"事项的实施编码"`
	ItemName     string           `json:"item_name"`
	ItemVersion  int              `json:"item_version" doc:"受理时有效的版本"`
	Applicant    catalogue.Holder `json:"applicant" doc:"申请人，个人已脱敏"`
	State        State            `json:"state" enum:"open,closed"`
	Outcome      Outcome          `json:"outcome,omitempty" enum:"issued,done,withdrawn,refused"`
	OutcomeName  string           `json:"outcome_name,omitempty"`
	Reason       string           `json:"reason,omitempty"`
	Materials    []Demand         `json:"materials,omitempty" doc:"要求申请人提交的材料"`
	Results      []Wanted         `json:"results,omitempty" doc:"结果证照：全部签发后方可办结"`
	Missing      int              `json:"missing,omitempty" doc:"还有几种结果证照没有签发；列表不含"`
	Certificates []Linked         `json:"certificates,omitempty" doc:"以本件编号签发的证照"`
	Calls        []Call           `json:"calls,omitempty" doc:"向订阅的应用推送本件事件的情况；列表不含"`
	OpenedBy     string           `json:"opened_by" doc:"账号；应用以 app/ 开头"`
	OpenedAt     time.Time        `json:"opened_at"`
	ClosedBy     string           `json:"closed_by,omitempty"`
	ClosedAt     time.Time        `json:"closed_at,omitzero"`
	Already      bool             `json:"already,omitempty" doc:"受理时：已有此件"`
}

// Location is the address of the case.
func (m *Matter) Location() string { return "/api/v1/matters/" + m.ID }

// A Page is a page of cases, newest first.
type Page struct {
	Items []*Matter `json:"items"`
	Next  string    `json:"next,omitempty"`
}

// A Query asks for a page of cases.
type Query struct {
	State  string
	Unit   string
	CaseNo string
	Limit  int
	Cursor string
}
