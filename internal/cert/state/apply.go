package state

import (
	"slices"
	"strings"
)

// A State is the status of one certificate and the marks beside it, in the order
// of [Marks].
type State struct {
	Status Status
	Marks  []Mark
}

// Has tells whether a mark stands.
func (s State) Has(m Mark) bool { return slices.Contains(s.Marks, m) }

// String is how a state is kept: the status, and after a slash its marks.
func (s State) String() string {
	return string(s.Status) + "/" + MarksText(s.Marks)
}

// MarksText is how marks are kept: their codes, with commas between them.
func MarksText(marks []Mark) string {
	codes := make([]string, len(marks))
	for i, m := range marks {
		codes[i] = string(m)
	}
	return strings.Join(codes, ",")
}

// ParseMarks reads what MarksText wrote; what is no mark is dropped.
func ParseMarks(text string) (out []Mark) {
	if text == "" {
		return nil
	}
	kept := strings.Split(text, ",")
	for _, i := range Marks() {
		if slices.Contains(kept, string(i.Mark)) {
			out = append(out, i.Mark)
		}
	}
	return out
}

// A Refusal says why an action cannot be done: the rule, and the way out.
type Refusal struct{ Code, Rule, Way string }

// Apply returns what an action makes of a state, or why it makes nothing of it.
func (a Action) Apply(s State) (State, *Refusal) {
	if r := a.refuse(s); r != nil {
		return s, r
	}
	out := State{Status: s.Status}
	if a.To != "" {
		out.Status = a.To
	}
	for _, i := range Marks() {
		stands := s.Has(i.Mark) && !slices.Contains(a.Clears, i.Mark) || slices.Contains(a.Sets, i.Mark)
		if stands {
			out.Marks = append(out.Marks, i.Mark)
		}
	}
	return out, nil
}

func (a Action) refuse(s State) *Refusal {
	now := nameOf(s.Status)
	switch {
	case !slices.Contains(a.From, s.Status) && Final(s.Status):
		return &Refusal{"cert.final", "证照状态为“" + now + "”，不能再变更", "需要时请重新办理、签发新的证照"}
	case !slices.Contains(a.From, s.Status):
		return &Refusal{"cert.state", "证照状态为“" + now + "”，不能办理“" + a.Name + "”", "“" + a.Name + "”只能在" + names(a.From) + "状态下办理" + a.before(s.Status)}
	}
	for _, m := range a.Bars {
		if !s.Has(m) {
			continue
		}
		if slices.Contains(a.Sets, m) {
			return &Refusal{"cert.marked", "证照已有“" + markName(m) + "”标记，不能重复办理", "请核对办理记录"}
		}
		return &Refusal{"cert.barred", "证照有“" + markName(m) + "”标记，不能办理“" + a.Name + "”", "请先办理" + clearing(m)}
	}
	if len(a.Wants) > 0 && !slices.ContainsFunc(a.Wants, s.Has) {
		return &Refusal{"cert.unmarked", "证照没有“" + markName(a.Wants[0]) + "”标记，不能办理“" + a.Name + "”", "请核对办理记录"}
	}
	return nil
}

// before names what can be done first.
func (a Action) before(s Status) string {
	for _, b := range Actions() {
		if b.Permission != "" && !b.Next && slices.Contains(b.From, s) && b.To != "" && b.To != s && slices.Contains(a.From, b.To) {
			return "；可先办理“" + b.Name + "”"
		}
	}
	return ""
}

// Final tells a status that no action leaves.
func Final(s Status) bool {
	for _, a := range Actions() {
		if a.To != "" && a.To != s && slices.Contains(a.From, s) {
			return false
		}
	}
	return true
}

// Open are the actions that somebody may do in a state, in order.
func Open(s State) (out []Action) {
	for _, a := range Actions() {
		if a.Permission != "" && a.refuse(s) == nil {
			out = append(out, a)
		}
	}
	return out
}

func nameOf(s Status) string {
	i, _ := Of(s)
	return i.Name
}

func markName(m Mark) string {
	i, _ := MarkOf(m)
	return i.Name
}

func names(all []Status) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = "“" + nameOf(s) + "”"
	}
	return strings.Join(out, "、")
}

func clearing(m Mark) string {
	for _, a := range Actions() {
		if slices.Contains(a.Clears, m) {
			return "“" + a.Name + "”"
		}
	}
	return "相应的解除手续"
}
