package seal

import (
	"slices"
	"time"

	"sidian/internal/fault"
)

// What a seal is for (电子印章管理办法: 法定名称章, 内设机构章, 业务专用章, 电子名章).
const (
	LegalName  = "legal-name"
	Internal   = "internal"
	Special    = "special"
	NameSeal   = "name"
	Enterprise = "enterprise"
)

// labels are the Chinese words for the kinds of seal.
var labels = map[string]string{
	LegalName: "法定名称章", Internal: "内设机构章", Special: "业务专用章", NameSeal: "电子名章", Enterprise: "企业印章",
}

// Label is the Chinese word for a kind of seal.
func Label(kind string) string { return labels[kind] }

// States of a seal.
const (
	Effective = "effective"
	Frozen    = "frozen"
	Cancelled = "cancelled"
	Expired   = "expired" // comes from time, is never stored
)

// moves are the states that each state may be reached from.
var moves = map[string][]string{
	Effective: {Frozen},
	Frozen:    {Effective},
	Cancelled: {Effective, Frozen},
}

// A Seal is what is known of an electronic seal.
type Seal struct {
	ID          string    `json:"id"`
	Org         string    `json:"org"`
	Kind        string    `json:"kind"`
	Name        string    `json:"name"`
	State       string    `json:"state" enum:"effective,frozen,cancelled,expired"`
	ValidFrom   time.Time `json:"valid_from"`
	ValidTo     time.Time `json:"valid_to"`
	Certificate string    `json:"certificate" doc:"数字证书序列号"`
	CreatedAt   time.Time `json:"created_at"`
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
	case s.State == Cancelled:
		return fault.Conflict.New("印章“%s”已注销，状态不能再变更", s.Name).WithCode("seal.state").WithHint("请申请制作新的印章")
	default:
		return fault.Conflict.New("印章“%s”已处于该状态", s.Name).WithCode("seal.state").WithHint("请刷新后核对印章状态")
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
	case Expired:
		return fault.Conflict.New("印章“%s”已于 %s 到期，不能用印", s.Name, s.ValidTo.In(beijing).Format(time.DateOnly)).
			WithCode("seal.expired").WithHint("请印章保管人办理续期后再签发")
	case Frozen:
		return fault.Conflict.New("印章“%s”已冻结，不能用印", s.Name).WithCode("seal.frozen").WithHint("请联系印章保管人或印章管理部门")
	default:
		return fault.Conflict.New("印章“%s”已注销，不能用印", s.Name).WithCode("seal.cancelled").WithHint("请申请制作新的印章")
	}
}

var beijing = time.FixedZone("CST", 8*3600)
