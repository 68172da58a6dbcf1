package seal

import (
	"slices"
	"time"

	"sidian/internal/fault"
)

// States of a seal.
const (
	Made      = "made" // signed by the maker, not filed: it cannot stamp
	Effective = "effective"
	Frozen    = "frozen"
	Cancelled = "cancelled"
	Replaced  = "replaced" // by its renewal or change
	Expired   = "expired"  // comes from time, is never stored
)

// States lists the states of a seal.
func States() []string {
	return []string{Made, Effective, Frozen, Expired, Cancelled, Replaced}
}

var stateNames = map[string]string{
	Made: "待备案", Effective: "有效", Frozen: "已冻结", Expired: "已到期", Cancelled: "已注销", Replaced: "已更换",
}

// StateName is the Chinese word for a state of a seal.
func StateName(state string) string { return stateNames[state] }

// moves are the states that each state may be reached from. Made is where a
// seal begins.
var moves = map[string][]string{
	Effective: {Made, Frozen},
	Frozen:    {Effective},
	Cancelled: {Made, Effective, Frozen},
	Replaced:  {Effective, Frozen},
}

// At returns the state at a time: a seal whose validity is over is expired
// unless it is worse.
func (s *Seal) At(now time.Time) string {
	if s.State == Effective && now.After(s.ValidTo) {
		return Expired
	}
	return s.State
}

// move refuses a change of state that the table does not know.
func (s *Seal) move(to string) error {
	from, known := moves[to]
	switch {
	case !known:
		return fault.Invalid.New("没有这种印章状态").WithCode("seal.state").WithHint("可选：冻结、解冻、注销").WithField("state", "unknown", "可选 effective、frozen、cancelled")
	case slices.Contains(from, s.State):
		return nil
	case s.State == Cancelled || s.State == Replaced:
		return fault.Conflict.New("印章“%s”%s，状态不能再变更", s.Name, stateNames[s.State]).WithCode("seal.state").WithHint("请申请制作新的印章")
	case s.State == Made:
		return fault.Conflict.New("印章“%s”尚未备案", s.Name).WithCode("seal.state").WithHint("请先完成备案")
	case s.State == to:
		return fault.Conflict.New("印章“%s”已处于该状态", s.Name).WithCode("seal.state").WithHint("请刷新后核对印章状态")
	default:
		return fault.Conflict.New("印章“%s”%s，不能这样变更", s.Name, stateNames[s.State]).WithCode("seal.state").WithHint("请刷新后核对印章状态")
	}
}

// usable refuses what may not stamp now, and names the rule.
func (s *Seal) usable(now time.Time) error {
	switch s.At(now) {
	case Effective:
		if now.Before(s.ValidFrom) {
			return fault.Conflict.New("印章“%s”尚未到启用时间", s.Name).WithCode("seal.not-yet").WithHint("请在启用时间之后签发")
		}
		return nil
	case Made:
		return fault.Conflict.New("印章“%s”尚未备案，不能用印", s.Name).WithCode("seal.made").WithHint("请印章管理部门完成备案")
	case Expired:
		return fault.Conflict.New("印章“%s”已于 %s 到期，不能用印", s.Name, s.ValidTo.In(beijing).Format(time.DateOnly)).
			WithCode("seal.expired").WithHint("请印章保管人办理续期后再签发")
	case Frozen:
		return fault.Conflict.New("印章“%s”已冻结，不能用印", s.Name).WithCode("seal.frozen").WithHint("请联系印章保管人或印章管理部门")
	case Replaced:
		return fault.Conflict.New("印章“%s”已由新印章代替，不能用印", s.Name).WithCode("seal.replaced").WithHint("请改用新的印章")
	default:
		return fault.Conflict.New("印章“%s”已注销，不能用印", s.Name).WithCode("seal.cancelled").WithHint("请申请制作新的印章")
	}
}

var beijing = time.FixedZone("CST", 8*3600)
