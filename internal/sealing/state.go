package sealing

import "sidian/internal/fault"

// States of a request.
const (
	Open      = "open"
	Done      = "done"
	Refused   = "refused"
	Withdrawn = "withdrawn"
)

// States of a step.
const (
	Draft    = "draft"    // a lower order comes first
	Waiting  = "waiting"  // for approval
	Approved = "approved" // by every level
	Stamping = "stamping" // the use of the seal is recorded, the document not yet
	Stamped  = "stamped"
	Dropped  = "dropped" // the request ended before
)

// stateNames are the Chinese words for states of requests and steps.
var stateNames = map[string]string{
	Open: "办理中", Done: "已完成", Refused: "不予用印", Withdrawn: "已撤回",
	Draft: "未到顺序", Waiting: "待审批", Approved: "已批准", Stamping: "盖章中", Stamped: "已盖章", Dropped: "已终止",
}

// Label is the Chinese word for a state.
func Label(state string) string { return stateNames[state] }

// An act is what happens to a step.
type act string

const (
	actBegin   act = "begin"   // every step of lower order is stamped
	actApprove act = "approve" // one level, and more are to come
	actGrant   act = "grant"   // the last level
	actIntend  act = "intend"
	actFinish  act = "finish"
	actLose    act = "lose" // what was approved came to nothing: it must be approved again
	actDrop    act = "drop"
)

// stepMoves are all moves of a step; what is not here is refused.
var stepMoves = map[string]map[act]string{
	Draft:    {actBegin: Waiting, actDrop: Dropped},
	Waiting:  {actApprove: Waiting, actGrant: Approved, actDrop: Dropped},
	Approved: {actIntend: Stamping, actLose: Waiting, actDrop: Dropped},
	Stamping: {actFinish: Stamped, actLose: Waiting},
	Stamped:  {},
	Dropped:  {},
}

// requestMoves are all moves of a request.
var requestMoves = map[string]map[string]bool{
	Open:      {Done: true, Refused: true, Withdrawn: true},
	Done:      {},
	Refused:   {},
	Withdrawn: {},
}

// move returns the state that an act leads a step to.
func (s *Step) move(a act) (string, error) {
	to, ok := stepMoves[s.State][a]
	if ok {
		return to, nil
	}
	hint := "请刷新后查看最新状态"
	if s.State == Draft {
		hint = "请等排在前面的印章盖完"
	}
	return "", fault.Conflict.New("这一步处于“%s”，不能进行此操作", Label(s.State)).WithCode("sealing.state").WithHint("%s", hint)
}

// end returns the refusal to end a request in a state, or nil.
func (r *Request) end(to string) error {
	if !requestMoves[r.State][to] {
		return fault.Conflict.New("用印申请处于“%s”，不能再变更", Label(r.State)).WithCode("sealing.state").WithHint("请刷新后查看最新状态")
	}
	if to == Done {
		for _, s := range r.Steps {
			if s.State != Stamped {
				return fault.Conflict.New("还有印章没有盖完").WithCode("sealing.state").WithHint("请等所有印章盖完")
			}
		}
		return nil
	}
	for _, s := range r.Steps {
		if s.State == Stamping {
			return fault.Conflict.New("正在盖章，现在不能终止申请").WithCode("sealing.stamping").WithHint("请稍后再试")
		}
	}
	return nil
}
