package due

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"sidian/gbcode"
	"sidian/internal/fault"
	"sidian/workday"
)

//go:embed rules.yaml
var shippedFile []byte

// A Code is a deadline that rules give values to.
type Code struct {
	Code  string `json:"code"`
	Name  string `json:"name"`  // Chinese
	Least bool   `json:"least"` // its values are lower bounds: how long something is kept
}

// book is what rules.yaml says.
type book struct {
	codes map[string]Code
	rules []Rule
}

// shipped reads rules.yaml once.
var shipped = sync.OnceValues(func() (*book, error) { return parseBook(shippedFile) })

// Codes lists the deadlines that this program knows, by code.
func Codes() ([]Code, error) {
	b, err := shipped()
	if err != nil {
		return nil, err
	}
	var all []Code
	for _, c := range b.codes {
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y Code) int { return cmp.Compare(x.Code, y.Code) })
	return all, nil
}

func parseBook(data []byte) (*book, error) {
	var file struct {
		Codes map[string]struct {
			Name  string `yaml:"name"`
			Least bool   `yaml:"least"`
		} `yaml:"codes"`
		Rules []struct {
			Code     string       `yaml:"code"`
			Region   string       `yaml:"region"`
			From     workday.Date `yaml:"from"`
			Until    workday.Date `yaml:"until"`
			Amount   int          `yaml:"amount"`
			Unit     Unit         `yaml:"unit"`
			On       workday.Date `yaml:"on"`
			Backward bool         `yaml:"backward"`
			Closes   string       `yaml:"closes"`
			Extends  bool         `yaml:"extends"`
			Remind   []Offset     `yaml:"remind"`
			Escalate []Offset     `yaml:"escalate"`
			Origin   Origin       `yaml:"origin"`
			Basis    string       `yaml:"basis"`
		} `yaml:"rules"`
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("due: reading rules: %w", err)
	}
	if err := d.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("due: reading rules: more than one document")
	}
	b := &book{codes: map[string]Code{}}
	for code, c := range file.Codes {
		b.codes[code] = Code{code, c.Name, c.Least}
	}
	seen := map[string]bool{}
	for _, x := range file.Rules {
		r := Rule{Code: x.Code, Region: x.Region, From: x.From, Until: x.Until, Amount: x.Amount, Unit: x.Unit, On: x.On, Backward: x.Backward,
			Closes: x.Closes, Extends: x.Extends, Remind: x.Remind, Escalate: x.Escalate, Origin: x.Origin, Basis: x.Basis}
		r.ID, r.Name = r.Code+"@"+r.Region+"@"+r.From.String(), b.codes[r.Code].Name
		if err := b.check(r); err != nil {
			return nil, fmt.Errorf("due: rule %s: %w", r.ID, err)
		}
		if seen[r.ID] {
			return nil, fmt.Errorf("due: rule %s stands twice", r.ID)
		}
		seen[r.ID] = true
		b.rules = append(b.rules, r)
	}
	return b, nil
}

const (
	maxBasis   = 500
	maxReason  = 500
	maxOffsets = 10
)

// check tells what is wrong with a rule.
func (b *book) check(r Rule) error {
	e := fault.Invalid.New("时限规则不正确").WithCode("due.rule").WithHint("请按提示修改后重新提交")
	bad := func(wrong bool, field, code, message string, args ...any) {
		if wrong {
			e = e.WithField(field, code, fmt.Sprintf(message, args...))
		}
	}
	_, regionErr := gbcode.ParseDivision(r.Region)
	limit, unit := most[r.Unit]
	bad(b.codes[r.Code].Name == "", "code", "unknown", "没有这种时限")
	bad(r.Region != "" && regionErr != nil, "region", "malformed", "区划代码应为 6、9 或 12 位数字，全国填空")
	bad(r.From.IsZero() || r.From.Year < 1950 || r.From.Year > 9000, "from", "missing", "请填写起用日期")
	bad(!r.Until.IsZero() && r.Until.Before(r.From), "until", "order", "停用日期不能早于起用日期")
	bad(!unit, "unit", "unknown", "单位应为工作日、自然日、小时、月、年或固定日期")
	bad(unit && r.Unit != Date && (r.Amount < 1 || r.Amount > limit), "amount", "range", "数量应为 1 至 %d", limit)
	bad(r.Unit == Date && r.Amount != 0, "amount", "range", "固定日期不填数量")
	bad((r.Unit == Date) == r.On.IsZero(), "on", "missing", "固定日期应填写日期，其他单位不填")
	bad(!r.On.IsZero() && r.On.Before(r.From), "on", "order", "固定日期不能早于起用日期")
	bad(r.Backward && r.Unit == Date, "backward", "unit", "固定日期不能倒推")
	bad(r.Closes != "" && !closesWell(r.Closes, r), "closes", "malformed", "截止时刻应写作 18:00，在 12:00 至 23:59 之间，且只用于按日、月、年计的时限")
	bad(r.Extends && (r.Unit == Hours || r.Unit == Workdays || r.Backward), "extends", "unit", "只有按自然日、月、年计的时限可以顺延")
	for field, list := range map[string][]Offset{"remind": r.Remind, "escalate": r.Escalate} {
		bad(len(list) > maxOffsets, field, "many", "最多 %d 次", maxOffsets)
		for _, o := range list {
			bad(o.N < 1 || o.N > 1000 || offsetUnits[strings.TrimLeft(o.String(), "0123456789")] == "", field, "malformed", "应写作 1wd、3d 或 4h")
			bad(r.Unit == Hours && o.Unit != Hours, field, "unit", "按小时计的时限只能按小时提醒")
		}
	}
	bad(r.Origin != Legal && r.Origin != Local && r.Origin != Platform, "origin", "unknown", "来源应为法定或本地规定")
	bad(strings.TrimSpace(r.Basis) == "" || len([]rune(r.Basis)) > maxBasis, "basis", "length", "请写明依据（文号和条款），不超过 %d 字", maxBasis)
	slices.SortFunc(e.Fields, func(x, y fault.Field) int { return cmp.Compare(x.Name+x.Code, y.Name+y.Code) })
	return e.OrNil()
}

func closesWell(s string, r Rule) bool {
	at, err := time.Parse("15:04", s)
	return err == nil && at.Format("15:04") == s && at.Hour() >= 12 && r.Unit != Hours && !r.Backward
}

// pick is the rule of a code that counts in a region on a day: of those in
// force the one of the smallest region, of these the latest, of these the one
// that was put.
func pick(all []Rule, region string, day workday.Date) (Rule, bool) {
	var best Rule
	found := false
	for _, r := range all {
		if r.InForce(day) && Covers(r.Region, region) && (!found || stronger(r, best)) {
			best, found = r, true
		}
	}
	return best, found
}

// stronger compares rules of nested regions.
func stronger(a, b Rule) bool {
	order := cmp.Or(
		cmp.Compare(TierOf(a.Region), TierOf(b.Region)),
		cmp.Compare(a.From.String(), b.From.String()),
		a.At.Compare(b.At),
		cmp.Compare(a.ID, b.ID))
	return order > 0
}
