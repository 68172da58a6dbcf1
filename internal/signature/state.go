package signature

import (
	"slices"

	"sidian/internal/fault"
)

// States of a task beside Expired.
const (
	Open      = "open"
	Done      = "done"
	Refused   = "refused" // also of a signer
	Withdrawn = "withdrawn"
)

// States of a signer beside Refused.
const (
	Waiting   = "waiting"   // others are first
	Invited   = "invited"   // it is their turn
	Viewed    = "viewed"    // they have seen the document
	Captured  = "captured"  // they have written
	Confirmed = "confirmed" // they confirmed the intent; the signature is being made
	Signed    = "signed"
)

// taskMoves are the states that each state of a task may be reached from.
var taskMoves = map[string][]string{
	Done: {Open}, Refused: {Open}, Withdrawn: {Open}, Expired: {Open},
}

// signerMoves are the states that each state of a signer may be reached from.
// Beside these, who confirmed goes back to what they came from when the signature
// cannot be made.
var signerMoves = map[string][]string{
	Invited:   {Waiting},
	Viewed:    {Invited},
	Captured:  {Viewed, Captured},
	Confirmed: {Viewed, Captured},
	Signed:    {Confirmed},
	Refused:   {Invited, Viewed, Captured},
}

// identityMoves are the states that each state of an identity may be reached from.
var identityMoves = map[string][]string{
	Effective: {Applied}, Cancelled: {Effective, Applied}, Replaced: {Effective},
}

func may(moves map[string][]string, from, to string) bool { return slices.Contains(moves[to], from) }

// ready is the state from which a signer of a way confirms, and to which they go
// back when the signature cannot be made.
func ready(way string) string {
	if way == Handwritten {
		return Captured
	}
	return Viewed
}

// words are the Chinese words for states.
var words = map[string]string{
	Open: "签署中", Done: "已完成", Refused: "已拒签", Withdrawn: "已撤回", Expired: "已过期",
	Waiting: "未轮到", Invited: "待签署", Viewed: "已查看", Captured: "已手写", Confirmed: "正在签署", Signed: "已签署",
	Applied: "申请中", Effective: "有效", Cancelled: "已注销", Replaced: "已续期更换",
}

// Word is the Chinese word for a state.
func Word(state string) string { return words[state] }

// errClosed refuses what comes after the end of a task.
func errClosed(state string) error {
	return fault.Conflict.New("该签署任务%s，不能再操作", words[state]).WithCode("signature." + state).WithHint("如仍需签署，请发起方重新发起")
}

// errTurn refuses what a signer's state does not allow.
func errTurn(state string) error {
	f := fault.Conflict.New("当前不能进行此操作：您的签署状态为“%s”", words[state]).WithCode("signature.state")
	switch state {
	case Waiting:
		return fault.Conflict.New("还没有轮到您签署").WithCode("signature.order").WithHint("前面的签署人全部签完后会通知您")
	case Invited:
		return fault.Conflict.New("请先查看待签文件").WithCode("signature.unseen").WithHint("打开文件看完各页后再签署")
	case Viewed:
		return fault.Conflict.New("还没有手写签名").WithCode("signature.uncaptured").WithHint("请先在签名框内手写姓名")
	case Signed:
		return fault.Conflict.New("您已签署，不能重复签署").WithCode("signature.signed").WithHint("可下载已签署的文件")
	case Refused:
		return fault.Conflict.New("您已拒绝签署").WithCode("signature.refused").WithHint("如改变主意，请发起方重新发起")
	case Confirmed:
		return f.WithHint("签名正在生成，请稍候刷新")
	}
	return f.WithHint("请刷新后重试")
}

// plan gives the turns of parties: groups in ascending order, numbered from 1
// without gaps. Who has no group signs alone, after those before.
func plan(parties []Party) []int {
	given := slices.ContainsFunc(parties, func(p Party) bool { return p.Group > 0 })
	turns := make([]int, len(parties))
	for i, p := range parties {
		if turns[i] = p.Group; !given {
			turns[i] = i + 1
		}
	}
	order := slices.Compact(slices.Sorted(slices.Values(turns)))
	for i, t := range turns {
		turns[i] = slices.Index(order, t) + 1
	}
	return turns
}

// next is the group whose turn it is when these are the turns and states of all
// signers; 0 when all have signed.
func next(turns []int, states []string) int {
	least := 0
	for i, t := range turns {
		if states[i] != Signed && (least == 0 || t < least) {
			least = t
		}
	}
	return least
}
