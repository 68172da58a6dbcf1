package complaint

import (
	"slices"

	"sidian/internal/fault"
)

// What happened.
const (
	Refused = "refused" // 拒收加盖电子印章的文件或电子证照
	Paper   = "paper"   // 要求重复提交纸质材料
	Reseal  = "reseal"  // 要求打印后重新加盖实物印章
)

// Where it happened.
const (
	Window = "window"
	Online = "online"
	Other  = "other"
)

// An Option is a value that may be chosen, with its Chinese word.
type Option struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

var whats = []Option{{Refused, "拒收加盖电子印章的文件或电子证照"}, {Paper, "要求重复提交纸质材料"}, {Reseal, "要求打印后重新盖章"}}

var ways = []Option{{Window, "办事窗口"}, {Online, "网上办事"}, {Other, "电话、上门等其他方式"}}

// Whats lists what may be complained about.
func Whats() []Option { return slices.Clone(whats) }

// Ways lists where it may have happened.
func Ways() []Option { return slices.Clone(ways) }

func nameOf(list []Option, code string) string {
	for _, o := range list {
		if o.Code == code {
			return o.Name
		}
	}
	return ""
}

// A State is how far a complaint is.
type State string

// The states.
const (
	Filed     State = "filed"     // the unit explains
	Explained State = "explained" // the authority decides
	Upheld    State = "upheld"    // it is true, and the unit is ordered to accept (责令改正)
	Rectified State = "rectified" // the unit says that it made good; the authority confirms
	Closed    State = "closed"
	Dismissed State = "dismissed" // it is not true
	Exempt    State = "exempt"    // a law says that electronic seals do not do here
	Withdrawn State = "withdrawn"
)

var stateNames = map[State]string{
	Filed: "待单位说明", Explained: "待处理", Upheld: "属实，责令改正", Rectified: "已改正，待确认", Closed: "属实，已改正", Dismissed: "不属实", Exempt: "法定不适用", Withdrawn: "已撤回",
}

// Label is the Chinese word for a state.
func (s State) Label() string { return stateNames[s] }

// States lists them, in the order in which a complaint goes through them.
func States() []State {
	return []State{Filed, Explained, Upheld, Rectified, Closed, Dismissed, Exempt, Withdrawn}
}

// Ended tells whether nothing follows any more.
func (s State) Ended() bool {
	return s == Closed || s == Dismissed || s == Exempt || s == Withdrawn
}

// An Action is what somebody does to a complaint.
type Action string

// The actions.
const (
	ActFile     Action = "file"
	ActExplain  Action = "explain"
	ActUphold   Action = "uphold"
	ActDismiss  Action = "dismiss"
	ActExempt   Action = "exempt"
	ActRectify  Action = "rectify"
	ActAccept   Action = "accept"
	ActReturn   Action = "return"
	ActWithdraw Action = "withdraw"
)

var actionNames = map[Action]string{
	ActFile: "提交投诉", ActExplain: "单位说明", ActUphold: "认定属实，责令改正", ActDismiss: "认定不属实", ActExempt: "认定属法定不适用情形",
	ActRectify: "单位报告改正情况", ActAccept: "确认已改正", ActReturn: "退回继续改正", ActWithdraw: "投诉人撤回",
}

// Label is the Chinese word for an action.
func (a Action) Label() string { return actionNames[a] }

// Actions lists what may follow the filing.
func Actions() []Action {
	return []Action{ActExplain, ActUphold, ActDismiss, ActExempt, ActRectify, ActAccept, ActReturn, ActWithdraw}
}

// A Side is in which capacity somebody acts.
type Side string

// The sides.
const (
	Complainant Side = "complainant" // who filed it
	Unit        Side = "unit"        // complaint.reply for the unit
	Authority   Side = "authority"   // complaint.handle at the authority
)

// Permissions.
const (
	permFile   = "complaint.file.own"
	permReply  = "complaint.reply"
	permHandle = "complaint.handle"
	permRead   = "complaint.read"
)

// A rule is one line of the table: who may do what in which state, and where it
// leads. late: only once the time to explain is over.
type rule struct {
	action Action
	side   Side
	from   State
	to     State
	late   bool
}

var rules = []rule{
	{action: ActExplain, side: Unit, from: Filed, to: Explained},
	{action: ActUphold, side: Authority, from: Explained, to: Upheld},
	{action: ActDismiss, side: Authority, from: Explained, to: Dismissed},
	{action: ActExempt, side: Authority, from: Explained, to: Exempt},
	{action: ActUphold, side: Authority, from: Filed, to: Upheld, late: true},
	{action: ActDismiss, side: Authority, from: Filed, to: Dismissed, late: true},
	{action: ActExempt, side: Authority, from: Filed, to: Exempt, late: true},
	{action: ActRectify, side: Unit, from: Upheld, to: Rectified},
	{action: ActAccept, side: Authority, from: Rectified, to: Closed},
	{action: ActReturn, side: Authority, from: Rectified, to: Upheld},
	{action: ActWithdraw, side: Complainant, from: Filed, to: Withdrawn},
	{action: ActWithdraw, side: Complainant, from: Explained, to: Withdrawn},
}

// move finds the line of the table for an action in a state; nil: it is not to be
// done there.
func move(from State, a Action) *rule {
	for i := range rules {
		if rules[i].action == a && rules[i].from == from {
			return &rules[i]
		}
	}
	return nil
}

func errMove(from State, a Action) error {
	return fault.Conflict.New("投诉现在是“%s”，不能%s", from.Label(), a.Label()).WithCode("complaint.state").WithHint("请刷新后按当前状态办理")
}
