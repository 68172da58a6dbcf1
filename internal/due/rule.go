package due

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"sidian/workday"
)

// A Unit is what a rule counts in.
type Unit string

// The units.
const (
	Workdays Unit = "workday" // 工作日
	Days     Unit = "day"     // 自然日
	Hours    Unit = "hour"    // 小时
	Months   Unit = "month"   // 个月
	Years    Unit = "year"    // 年
	Date     Unit = "date"    // a fixed last day: Rule.On
)

// most bounds the amount of a rule in each unit: a slip of the keyboard is not
// to make a deadline that nobody lives to see.
var most = map[Unit]int{Workdays: 1000, Days: 3660, Hours: 8784, Months: 600, Years: 100, Date: 0}

var unitNames = map[Unit]string{Workdays: "个工作日", Days: "日", Hours: "小时", Months: "个月", Years: "年"}

// An Origin is where a rule's value comes from.
type Origin string

// The origins.
const (
	Legal    Origin = "legal"    // 法定: Basis names the document and the clause
	Local    Origin = "local"    // 本地规定: put by administrators
	Platform Origin = "platform" // 平台默认: what holds where nobody says otherwise
)

// String is the origin in Chinese.
func (o Origin) String() string {
	return map[Origin]string{Legal: "法定", Local: "本地规定", Platform: "平台默认"}[o]
}

// A Rule is one dated value of one deadline in one region.
type Rule struct {
	ID       string       `json:"id"`
	Code     string       `json:"code"`               // "grant.decide"
	Name     string       `json:"name"`               // Chinese, of the code
	Region   string       `json:"region"`             // a division code, or "" for the whole country
	From     workday.Date `json:"from"`               // the first day in force
	Until    workday.Date `json:"until,omitzero"`     // the last day in force; zero: open
	Amount   int          `json:"amount"`             // in Unit
	Unit     Unit         `json:"unit"`               //
	On       workday.Date `json:"on,omitzero"`        // the last day, where Unit is Date
	Backward bool         `json:"backward"`           // counted back from the moment given with the promise: a window before an expiry
	Closes   string       `json:"closes"`             // "18:00": when the last day ends; "" is 24:00 (Civil Code art. 203)
	Extends  bool         `json:"extends"`            // a last day off moves to the next working day (Civil Code art. 203)
	Remind   []Offset     `json:"remind"`             // before the end
	Escalate []Offset     `json:"escalate"`           // after the end
	Origin   Origin       `json:"origin"`             //
	Basis    string       `json:"basis"`              // Chinese: document and clause, or why the platform has this value
	Account  string       `json:"account"`            // who put it; "" for shipped ones
	Reason   string       `json:"reason"`             // why it was put
	At       time.Time    `json:"createdAt,omitzero"` // when it was put; zero for shipped ones
}

// String is the value in Chinese: “5 个工作日”.
func (r Rule) String() string {
	switch {
	case r.Unit == Date:
		return r.On.String() + " 前"
	case r.Backward:
		return fmt.Sprintf("到期前 %d %s内", r.Amount, unitNames[r.Unit])
	}
	return fmt.Sprintf("%d %s", r.Amount, unitNames[r.Unit])
}

// InForce tells whether the value is in force on a day.
func (r Rule) InForce(day workday.Date) bool {
	return !day.Before(r.From) && (r.Until.IsZero() || !r.Until.Before(day))
}

// An Offset is a distance from the end, written "1wd", "3d" or "4h".
//
// In days it falls on nine in the morning in Beijing: before the end, "1wd" is
// the last day itself, "2wd" the working day before it; after the end, "1wd" is
// the first working day after the last day. In hours it is exact.
type Offset struct {
	N    int
	Unit Unit // Workdays, Days or Hours
}

var offsetUnits = map[string]Unit{"wd": Workdays, "d": Days, "h": Hours}

// String writes the offset as it is read.
func (o Offset) String() string {
	for s, u := range offsetUnits {
		if u == o.Unit {
			return strconv.Itoa(o.N) + s
		}
	}
	return ""
}

// MarshalText implements encoding.TextMarshaler.
func (o Offset) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *Offset) UnmarshalText(text []byte) error {
	s := string(text)
	i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if i < 1 || offsetUnits[s[i:]] == "" {
		return fmt.Errorf("due: an offset is written 1wd, 3d or 4h, not %q", s)
	}
	n, err := strconv.Atoi(s[:i])
	if err != nil || n < 1 || n > 1000 {
		return fmt.Errorf("due: an offset of %q", s)
	}
	*o = Offset{n, offsetUnits[s[i:]]}
	return nil
}

func joinOffsets(all []Offset) string {
	words := make([]string, len(all))
	for i, o := range all {
		words[i] = o.String()
	}
	return strings.Join(words, " ")
}

func splitOffsets(s string) (all []Offset, err error) {
	for _, word := range strings.Fields(s) {
		var o Offset
		if err := o.UnmarshalText([]byte(word)); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}
