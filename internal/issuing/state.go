package issuing

import (
	"sidian/internal/fault"
)

// A State is where a draft stands.
type State string

// The states.
const (
	Drafted   State = "draft"
	Submitted State = "submitted"
	Passed    State = "passed"
	Issuing   State = "issuing"
	Issued    State = "issued"
	Dropped   State = "dropped"
)

var stateNames = map[State]string{
	Drafted: "采集中", Submitted: "待审核", Passed: "待制作签发", Issuing: "正在签发", Issued: "已签发", Dropped: "已终止",
}

// Label is the state in Chinese.
func (x State) Label() string { return stateNames[x] }

// Ended tells whether nothing more happens.
func (x State) Ended() bool { return x == Issued || x == Dropped }

// An Action is what is done with a draft.
type Action string

// The actions.
const (
	ActCreate   Action = "create"
	ActApply    Action = "apply"   // by the holder
	ActCorrect  Action = "correct" // the next version of a certificate
	ActSave     Action = "save"
	ActSubmit   Action = "submit"
	ActPass     Action = "pass"
	ActReturn   Action = "return"   // by who reviews
	ActSendBack Action = "sendback" // by who seals
	ActIssue    Action = "issue"
	ActFail     Action = "fail"   // it could not be made; by the platform
	ActRefuse   Action = "refuse" // a unit does not seal it; by the platform
	ActIssued   Action = "issued" // by the platform
	ActDrop     Action = "drop"
	ActWithdraw Action = "withdraw" // by the holder
)

var actionNames = map[Action]string{
	ActCreate: "采集", ActApply: "网上申领", ActCorrect: "开始更正、变更或换证", ActSave: "修改", ActSubmit: "提交审核", ActPass: "审核通过", ActReturn: "退回补正", ActSendBack: "签发环节退回", ActIssue: "制作签发",
	ActFail: "签发没有完成", ActRefuse: "用印单位不予用印", ActIssued: "签发完成", ActDrop: "终止", ActWithdraw: "申请人撤回",
}

// Label is the action in Chinese.
func (a Action) Label() string { return actionNames[a] }

// The permissions of the three parts, which three people play.
const (
	permCollect = "cert.draft"
	permReview  = "cert.review"
	permSeal    = "cert.issue"
	permApply   = "cert.read.own" // a holder's own certificates, asked for by themselves
	permReveal  = "cert.reveal"
	permOversee = "supervise.read"
)

// A rule is a line of the table: who may do what in which state, and where it
// leads.
type rule struct {
	from   State
	action Action
	to     State
	needs  string
}

var rules = []rule{
	{Drafted, ActSave, Drafted, permCollect},
	{Drafted, ActSubmit, Submitted, permCollect},
	{Drafted, ActDrop, Dropped, permCollect},
	{Drafted, ActWithdraw, Dropped, permApply},
	{Submitted, ActPass, Passed, permReview},
	{Submitted, ActReturn, Drafted, permReview},
	{Passed, ActIssue, Issuing, permSeal},
	{Passed, ActSendBack, Drafted, permSeal},
	{Issuing, ActIssue, Issuing, permSeal},
	{Issuing, ActFail, Passed, permSeal},
	{Issuing, ActRefuse, Drafted, permSeal},
	{Issuing, ActIssued, Issued, permSeal},
}

func move(from State, a Action) *rule {
	for i := range rules {
		if rules[i].from == from && rules[i].action == a {
			return &rules[i]
		}
	}
	return nil
}

func errMove(from State, a Action) error {
	return fault.Conflict.New("此件%s，不能%s", from.Label(), a.Label()).WithCode("issuing.state").WithHint("请刷新后按当前环节办理")
}

// waits says whose turn it is.
var waits = map[State]string{
	Drafted: "由经办人核对、补齐后提交审核", Submitted: "由另一位审核人审核", Passed: "由未经手采集和审核的签发人制作签发", Issuing: "正在用印，印章盖齐后完成",
}
