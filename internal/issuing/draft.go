package issuing

import (
	"encoding/json"
	"time"

	"sidian/internal/catalogue"
	"sidian/internal/due"
	"sidian/internal/fault"
)

// Modes of making (生成方式, ISS-07).
const (
	Online  = "online"
	Offline = "offline"
)

// Origins of drafts.
const (
	ByStaff   = "staff"
	ByProgram = "program"
	ByHolder  = "holder" // 网上申领
)

var modeNames = map[string]string{Online: "在线生成", Offline: "离线生成"}

var originNames = map[string]string{ByStaff: "窗口采集", ByProgram: "业务系统推送", ByHolder: "网上申领"}

// A Content is what is collected for a certificate: what stands on its face, and
// how long it holds.
type Content struct {
	Holders   []catalogue.Holder         `json:"holders,omitempty" maxItems:"50" doc:"持证主体"`
	Fields    map[string]json.RawMessage `json:"fields,omitempty" doc:"照面数据项；模板以外的项不收"`
	ValidFrom string                     `json:"valid_from,omitempty" maxLength:"10" doc:"有效期起始日期 2006-01-02"`
	ValidTo   string                     `json:"valid_to,omitempty" maxLength:"10" doc:"有效期截止日期；省略时按种类规则"`
	Seals     map[string]string          `json:"seals,omitempty" maxProperties:"20" doc:"须多个单位用印的证照：用印位置 → 单位编号"`
}

// A CreateRequest begins a draft.
type CreateRequest struct {
	Kind string `json:"kind" minLength:"1" maxLength:"64" doc:"证照种类的名称或类型代码"`
	Unit string `json:"unit" minLength:"1" maxLength:"64" doc:"签发单位编号"`
	Content
	CaseNo     string     `json:"case_no,omitempty" maxLength:"64" doc:"办件编号"`
	Mode       string     `json:"mode,omitempty" enum:"online,offline" doc:"生成方式；省略为在线生成"`
	FinishedAt *time.Time `json:"finished_at,omitempty" doc:"业务办结时间；离线生成的必填"`
	Ref        string     `json:"ref,omitempty" maxLength:"100" doc:"来源系统的流水号；同一单位内重复提交得到同一件"`
	Owed       string     `json:"owed,omitempty" maxLength:"64" doc:"补办：突发情况待办清单中的编号"`
	batch      string
	follows    *correction
}

// A SaveRequest changes what a draft holds.
type SaveRequest struct {
	ID      string `path:"id" json:"-" maxLength:"64"`
	Version int    `json:"version" minimum:"1" doc:"所依据的版本；他人已保存新版的，拒绝并告知"`
	Content
	CaseNo     string     `json:"case_no,omitempty" maxLength:"64" doc:"办件编号"`
	FinishedAt *time.Time `json:"finished_at,omitempty" doc:"业务办结时间"`
}

// A Decision is about the version that its maker saw.
type Decision struct {
	ID      string       `path:"id" json:"-" maxLength:"64"`
	Version int          `json:"version" minimum:"1" doc:"所审阅的版本"`
	Reason  string       `json:"reason,omitempty" maxLength:"500" doc:"意见；退回、终止的必填，不要写个人信息"`
	Fields  []FieldWrong `json:"fields,omitempty" maxItems:"64" doc:"退回：逐项说明"`
}

// A FieldWrong says what is wrong with one field, for who collects again.
type FieldWrong struct {
	Name    string `json:"name" minLength:"1" maxLength:"80" doc:"项，如 fields.KZ_ZL、holders[0].id、valid_to"`
	Message string `json:"message" minLength:"1" maxLength:"200"`
}

// A Draft is a draft as whoever works on it sees it. Lists leave out what only
// one draft says: content, problems, history.
type Draft struct {
	ID          string        `json:"id"`
	Kind        string        `json:"kind"`
	KindName    string        `json:"kind_name"`
	KindVersion int           `json:"kind_version"`
	Unit        string        `json:"unit"`
	UnitName    string        `json:"unit_name"`
	State       State         `json:"state" enum:"draft,submitted,passed,issuing,issued,dropped"`
	StateName   string        `json:"state_name"`
	Version     int           `json:"version"`
	Mode        string        `json:"mode" enum:"online,offline"`
	ModeName    string        `json:"mode_name"`
	Origin      string        `json:"origin" enum:"staff,program,holder"`
	OriginName  string        `json:"origin_name"`
	Ref         string        `json:"ref,omitempty"`
	Batch       string        `json:"batch,omitempty"`
	Owed        string        `json:"owed,omitempty" doc:"补办：待办清单中的编号"`
	CaseNo      string        `json:"case_no,omitempty"`
	FinishedAt  *time.Time    `json:"finished_at,omitempty"`
	Late        bool          `json:"late,omitempty" doc:"离线生成：推送超过时限"`
	Holder      string        `json:"holder,omitempty" doc:"持证主体，个人已脱敏"`
	Content     *Content      `json:"content,omitempty"`
	Problems    []fault.Field `json:"problems,omitempty" doc:"提交前还须更正的"`
	Seals       []SealUnit    `json:"seals,omitempty" doc:"须多个单位用印的：哪些单位"`
	Returned    *Returned     `json:"returned,omitempty" doc:"最近一次退回，补正后不再显示"`
	History     []Step        `json:"history,omitempty"`
	May         []Action      `json:"may,omitempty" doc:"现在可以办理的"`
	Waits       string        `json:"waits,omitempty" doc:"轮到谁办理，或本人为何不能办理"`
	Due         time.Time     `json:"due,omitzero" doc:"本环节最迟"`
	Left        due.Left      `json:"left,omitzero" doc:"本环节还剩多少时间"`
	PushDue     *time.Time    `json:"push_due,omitempty" doc:"离线生成：最迟何时推送"`
	Correction  *Correction   `json:"correction,omitempty" doc:"更正、变更、换证：所依据的证照和改动"`
	Pending     string        `json:"pending,omitempty" doc:"正在等待其他单位用印的证照"`
	Certificate string        `json:"certificate,omitempty"`
	Already     bool          `json:"already,omitempty" doc:"采集时：同一流水号已有此件"`
	CreatedAt   time.Time     `json:"created_at"`
	UpdatedAt   time.Time     `json:"updated_at"`
	EndedAt     time.Time     `json:"ended_at,omitzero"`
}

// Location is the address of the draft.
func (d *Draft) Location() string { return "/api/v1/issuing/drafts/" + d.ID }

// Returned is why a draft was sent back.
type Returned struct {
	At     time.Time    `json:"at"`
	Actor  string       `json:"actor"`
	Reason string       `json:"reason"`
	Fields []FieldWrong `json:"fields,omitempty"`
}

// A Step is one thing that was done with a draft.
type Step struct {
	Seq        int          `json:"seq"`
	At         time.Time    `json:"at"`
	Actor      string       `json:"actor" doc:"账号；应用以 app/ 开头"`
	Action     Action       `json:"action"`
	ActionName string       `json:"action_name"`
	State      State        `json:"state"`
	Version    int          `json:"version"`
	Reason     string       `json:"reason,omitempty"`
	Fields     []FieldWrong `json:"fields,omitempty"`
}
