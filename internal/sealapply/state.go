package sealapply

import (
	"slices"

	"sidian/internal/fault"
)

// A Kind is what an application asks for.
type Kind string

// The kinds of application.
const (
	Apply  Kind = "apply"  // 申请: a seal that the unit does not have
	Renew  Kind = "renew"  // 续期: in the thirty days before it expires
	Change Kind = "change" // 变更: of name, imprint or digital certificate
	Remake Kind = "remake" // 补办: in place of one that was lost
	Cancel Kind = "cancel" // 注销: the unit was merged, renamed, closed, or stops using it
	// Bulk is what the history and the tiers of a campaign are kept under; no
	// single application is one.
	Bulk Kind = "campaign"
)

var kindLabels = map[Kind]string{Apply: "申请", Renew: "续期", Change: "变更", Remake: "补办", Cancel: "注销", Bulk: "集中制发"}

// Label is the Chinese word for a kind.
func (k Kind) Label() string { return kindLabels[k] }

// Makes tells whether what is asked for is a new seal.
func (k Kind) Makes() bool { return k == Apply || k == Renew || k == Change || k == Remake }

// Follows tells whether it is about a seal that exists.
func (k Kind) Follows() bool { return k == Renew || k == Change || k == Remake || k == Cancel }

// A State is how far an application is.
type State string

// The states of an application.
const (
	Draft      State = "draft"
	Submitted  State = "submitted" // a tier reviews it
	Approved   State = "approved"  // every tier has passed it
	Making     State = "making"    // somebody has pressed make
	Made       State = "made"      // the seal exists, and is not filed
	Filing     State = "filing"    // somebody has pressed file
	Filed      State = "filed"     // the seal is effective: the end
	Cancelling State = "cancelling"
	Done       State = "done" // the seal is cancelled: the end
	Refused    State = "refused"
	Withdrawn  State = "withdrawn"
)

var stateLabels = map[State]string{
	Draft: "草稿", Submitted: "审核中", Approved: "审核通过", Making: "制作中", Made: "已制作，待备案", Filing: "备案中", Filed: "已备案",
	Cancelling: "注销中", Done: "已注销", Refused: "未通过", Withdrawn: "已撤回",
}

// Label is the Chinese word for a state.
func (s State) Label() string { return stateLabels[s] }

// States lists them, in the order in which an application goes through them.
func States() []State {
	return []State{Draft, Submitted, Approved, Making, Made, Filing, Filed, Cancelling, Done, Refused, Withdrawn}
}

// Ended tells whether nothing follows any more. What was refused may be
// corrected.
func (s State) Ended() bool { return s == Filed || s == Done || s == Withdrawn }

// An Action is what somebody does to an application, or the platform after them.
type Action string

// The actions.
const (
	ActEdit     Action = "edit" // fields, attachments, imprint, statement, digital certificate
	ActSubmit   Action = "submit"
	ActWithdraw Action = "withdraw"
	ActApprove  Action = "approve"
	ActRefuse   Action = "refuse"
	ActMake     Action = "make"
	ActMade     Action = "made" // the platform: the seal exists
	ActFile     Action = "file"
	ActFiled    Action = "filed" // the platform: the seal is effective
	ActCancel   Action = "cancel"
	ActDone     Action = "done" // the platform: the seal is cancelled
)

var actionLabels = map[Action]string{
	ActEdit: "填写", ActSubmit: "提交", ActWithdraw: "撤回", ActApprove: "审核通过", ActRefuse: "审核不通过", ActMake: "开始制作", ActMade: "制作完成",
	ActFile: "开始备案", ActFiled: "备案完成", ActCancel: "开始注销", ActDone: "注销完成",
}

// Label is the Chinese word for an action.
func (a Action) Label() string { return actionLabels[a] }

// Actions lists them.
func Actions() []Action {
	return []Action{ActEdit, ActSubmit, ActWithdraw, ActApprove, ActRefuse, ActMake, ActMade, ActFile, ActFiled, ActCancel, ActDone}
}

// A Side is in which capacity somebody acts.
type Side string

// The sides.
const (
	Applicant Side = "applicant" // seal.apply for the unit, or for oneself
	Reviewer  Side = "reviewer"  // seal.review at the authority whose turn it is
	Maker     Side = "maker"     // seal.make for the unit
	Filer     Side = "filer"     // seal.file for the unit
	Manager   Side = "manager"   // seal.manage for the unit
	Platform  Side = "platform"  // nobody: it follows
)

// permissions are what each side needs. Of holders it is seal.apply.own.
var permissions = map[Side]string{Applicant: "seal.apply", Reviewer: "seal.review", Maker: "seal.make", Filer: "seal.file", Manager: "seal.manage"}

// A rule is one line of the table: who may do what in which states, and where it
// leads. Empty to: the state stays.
type rule struct {
	action Action
	side   Side
	from   []State
	to     State
	makes  bool // only of applications that make a seal
	ends   bool // only of those that cancel one
}

// rules are the table. An approval that is not the last tier's stays submitted:
// see next.
var rules = []rule{
	{action: ActEdit, side: Applicant, from: []State{Draft, Refused}},
	{action: ActSubmit, side: Applicant, from: []State{Draft, Refused}, to: Submitted},
	{action: ActWithdraw, side: Applicant, from: []State{Draft, Submitted, Approved, Refused}, to: Withdrawn},
	{action: ActApprove, side: Reviewer, from: []State{Submitted}, to: Approved},
	{action: ActRefuse, side: Reviewer, from: []State{Submitted}, to: Refused},
	// What every tier passed may prove wrong before it is made: its checks run again.
	{action: ActRefuse, side: Maker, from: []State{Approved}, to: Refused, makes: true},
	{action: ActRefuse, side: Manager, from: []State{Approved}, to: Refused, ends: true},
	{action: ActMake, side: Maker, from: []State{Approved}, to: Making, makes: true},
	{action: ActMade, side: Platform, from: []State{Making}, to: Made, makes: true},
	{action: ActFile, side: Filer, from: []State{Made}, to: Filing, makes: true},
	{action: ActFiled, side: Platform, from: []State{Filing}, to: Filed, makes: true},
	{action: ActCancel, side: Manager, from: []State{Approved}, to: Cancelling, ends: true},
	{action: ActDone, side: Platform, from: []State{Cancelling}, to: Done, ends: true},
}

// move finds the line of the table for an action on an application of a kind in
// a state; nil: it is not to be done there.
func move(k Kind, from State, a Action) *rule {
	for i := range rules {
		r := &rules[i]
		if r.action == a && slices.Contains(r.from, from) && (!r.makes || k.Makes()) && (!r.ends || k == Cancel) {
			return r
		}
	}
	return nil
}

// next is the state that an action leads to; last tells whether the tier that
// approves is the last one.
func (r *rule) next(from State, last bool) State {
	if r.to == "" || r.action == ActApprove && !last {
		return from
	}
	return r.to
}

// errMove refuses what the table does not have.
func errMove(k Kind, from State, a Action) error {
	return fault.Conflict.New("%s申请“%s”，不能%s", k.Label(), from.Label(), a.Label()).WithCode("sealapply.state").
		WithHint("请刷新后按当前状态办理")
}
