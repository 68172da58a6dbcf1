package sealapply

import (
	"time"
)

// An Application is what its applicant and its reviewers see of it. Personal
// fields are masked.
type Application struct {
	ID         string `json:"id"`
	Kind       Kind   `json:"kind" enum:"apply,renew,change,remake,cancel"`
	KindName   string `json:"kind_name"`
	State      State  `json:"state" enum:"draft,submitted,approved,making,made,filing,filed,cancelling,done,refused,withdrawn"`
	StateName  string `json:"state_name"`
	Org        string `json:"org" doc:"用章单位；个人印章为受理的印章管理单位"`
	OrgName    string `json:"org_name"`
	SealKind   string `json:"seal_kind"`
	SealLabel  string `json:"seal_kind_name"`
	SealName   string `json:"seal_name" doc:"印模上的名称；个人姓名脱敏"`
	Seal       string `json:"seal,omitempty" doc:"所续期、变更、补办、注销的印章"`
	Makes      string `json:"makes,omitempty" doc:"将要制作的印章编号，自申请起不变"`
	Person     string `json:"person,omitempty" doc:"电子名章、个人印章：本人账号"`
	Custodian  string `json:"custodian,omitempty" doc:"印章保管人账号"`
	Reason     string `json:"reason,omitempty" doc:"申请事由"`
	Round      int64  `json:"round" doc:"第几次提交"`
	Tier       string `json:"tier,omitempty" doc:"正在审核的层级"`
	TierName   string `json:"tier_name,omitempty"`
	Applicant  string `json:"applicant" doc:"申请人账号"`
	Campaign   string `json:"campaign,omitempty" doc:"所属的集中制发"`
	Number     string `json:"number,omitempty" doc:"备案号"`
	Authority  string `json:"authority,omitempty" doc:"备案机关"`
	Trouble    string `json:"trouble,omitempty" doc:"为什么没有办完"`
	FormRegion string `json:"form_region" doc:"申请表的地区，空为全国"`
	FormDate   string `json:"form_version" doc:"申请表的版本：启用日期"`

	Fields      map[string]string `json:"fields" doc:"申请表各项；个人信息脱敏"`
	Attachments []Attachment      `json:"attachments"`
	Imprint     *ImprintInfo      `json:"imprint,omitempty"`
	Statement   *Statement        `json:"statement,omitempty"`
	Certificate CertificateChoice `json:"certificate"`
	Steps       []Step            `json:"steps" doc:"本轮各层级"`
	History     []HistoryItem     `json:"history"`
	May         []Action          `json:"may" doc:"您现在可以办理的事项"`

	CreatedAt   time.Time `json:"created_at"`
	SubmittedAt time.Time `json:"submitted_at,omitzero"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
}

// An Attachment is a file that supports an application.
type Attachment struct {
	ID     string    `json:"id"`
	Code   string    `json:"code" doc:"申请表要求的哪一份材料"`
	Label  string    `json:"label"`
	Name   string    `json:"name" doc:"文件名"`
	Media  string    `json:"media" doc:"由内容认定的类型"`
	Size   int64     `json:"size"`
	Digest string    `json:"digest" doc:"SM3 摘要"`
	By     string    `json:"by" doc:"上传人账号"`
	At     time.Time `json:"at"`
}

// ImprintInfo is what is known of the imprint without its picture.
type ImprintInfo struct {
	Digest string `json:"digest" doc:"图像的 SM3 摘要"`
	Width  int    `json:"width" doc:"毫米"`
	Height int    `json:"height" doc:"毫米"`
}

// A Statement is the applicant's signed word that the imprint is true (SEAL-06).
type Statement struct {
	Version string    `json:"version" doc:"声明文本的版本"`
	Text    string    `json:"text"`
	By      string    `json:"by" doc:"声明人账号"`
	At      time.Time `json:"at"`
	Imprint string    `json:"imprint" doc:"所声明的印模图像的 SM3 摘要"`
	Digest  string    `json:"digest" doc:"声明的 SM3 摘要"`
}

// Modes of step one, the digital certificate.
const (
	Held    = "held"     // one that the unit has is used
	BuiltIn = "built-in" // the built-in authority issues one when the seal is made
	Outside = "outside"  // an outside authority is asked with a CSR
)

// A CertificateChoice says which digital certificate the seal is bound to.
type CertificateChoice struct {
	Mode    string `json:"mode" enum:"held,built-in,outside"`
	Serial  string `json:"serial,omitempty" doc:"数字证书序列号"`
	Request string `json:"request,omitempty" doc:"向外部机构申请的编号"`
}

// A Step is the review of one tier.
type Step struct {
	Round     int64     `json:"round"`
	Seq       int64     `json:"seq"`
	Tier      string    `json:"tier" enum:"province,city,county,town,village"`
	TierName  string    `json:"tier_name"`
	Org       string    `json:"org" doc:"审核单位"`
	OrgName   string    `json:"org_name"`
	State     string    `json:"state" enum:"ahead,waiting,passed,refused,dropped"`
	Reviewer  string    `json:"reviewer,omitempty" doc:"审核人账号"`
	Opinion   string    `json:"opinion,omitempty"`
	Since     time.Time `json:"since,omitzero" doc:"到达本层级的时间"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	Took      int64     `json:"took_seconds,omitempty" doc:"用时"`
	Due       time.Time `json:"due,omitzero" doc:"办理期限"`
}

// States of a step.
const (
	stepAhead   = "ahead"
	stepWaiting = "waiting"
	stepPassed  = "passed"
	stepRefused = "refused"
	stepDropped = "dropped"
)

// A HistoryItem is one thing that was done.
type HistoryItem struct {
	Seq        int64     `json:"seq"`
	At         time.Time `json:"at"`
	By         string    `json:"by,omitempty" doc:"账号；平台自动办理的没有"`
	Action     Action    `json:"action"`
	ActionName string    `json:"action_name"`
	State      State     `json:"state" doc:"之后的状态"`
	Round      int64     `json:"round"`
	Tier       string    `json:"tier,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	Checks     []Check   `json:"checks,omitempty" doc:"当时的自动核验结果"`
}

// CreateRequest begins an application.
type CreateRequest struct {
	Kind      Kind
	Org       string // empty for a personal seal
	SealKind  string // of Apply; others have the seal's
	SealName  string // what the imprint says
	Seal      string // that it is about; not of Apply
	Person    string // account, of seals of persons
	Custodian string // account
	Authority string // of a personal seal: who reviews; empty: Options.Persons
	Reason    string
	Fields    map[string]string
}

// An Edit changes an application; nil stays. A personal field that comes back
// as it was shown, masked, stays as well.
type Edit struct {
	SealName  *string
	Person    *string
	Custodian *string
	Reason    *string
	Fields    map[string]string
}

// An Upload is a file as it was sent.
type Upload struct {
	Code string // which of the form's attachments
	Name string // as the applicant calls it
	Data []byte
}

// A ReviewRequest is a decision of one tier.
type ReviewRequest struct {
	Tier    string // whose decision this is; another's turn is a refusal
	Round   int64  // as it was shown; 0: whichever
	Approve bool
	Opinion string // mandatory when refusing
}

// A Query asks for a page of applications that the caller may see. Empty fields
// ask for all.
type Query struct {
	State   State
	Tier    string // whose turn it is
	Unit    string
	Kind    Kind
	Mine    bool // begun by the caller
	Waiting bool // for a review that the caller may decide
	Limit   int  // at most 100; 20
	Cursor  string
}

// A Page is a page of applications, newest first; without files, steps and
// history.
type Page struct {
	Items []Application `json:"items"`
	Next  string        `json:"next,omitempty"`
}
