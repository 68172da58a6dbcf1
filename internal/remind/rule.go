package remind

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
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"sidian/gbcode"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/workday"
)

//go:embed rules.yaml
var shippedFile []byte

// A Rule gives the lead times of a kind in a region from a day.
type Rule struct {
	ID      string       `json:"id"`
	Kind    string       `json:"kind" doc:"证照类型的名称；空：全部"`
	Region  string       `json:"region" doc:"行政区划代码；空：全国"`
	From    workday.Date `json:"from" doc:"起用日期"`
	Leads   []int        `json:"leads" doc:"在有效期最后一日之前多少天提醒"`
	Holder  bool         `json:"holder" doc:"提醒持证人"`
	Unit    bool         `json:"unit" doc:"提醒签发单位"`
	Basis   string       `json:"basis" doc:"依据"`
	Reason  string       `json:"reason,omitempty"`
	Account string       `json:"account,omitempty" doc:"登记人；空：平台自带"`
	At      time.Time    `json:"created_at,omitzero"`
}

// Limits of a rule.
const (
	mostLeads  = 10
	longest    = 730 // days
	mostBasis  = 500
	mostReason = 500
)

var shipped = sync.OnceValues(func() ([]Rule, error) { return parseRules(shippedFile) })

func parseRules(data []byte) ([]Rule, error) {
	var file struct {
		Rules []struct {
			Kind   string       `yaml:"kind"`
			Region string       `yaml:"region"`
			From   workday.Date `yaml:"from"`
			Leads  []int        `yaml:"leads"`
			Holder bool         `yaml:"holder"`
			Unit   bool         `yaml:"unit"`
			Basis  string       `yaml:"basis"`
		} `yaml:"rules"`
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("remind: reading rules: %w", err)
	}
	var all []Rule
	for _, x := range file.Rules {
		r := Rule{Kind: x.Kind, Region: x.Region, From: x.From, Leads: x.Leads, Holder: x.Holder, Unit: x.Unit, Basis: x.Basis}
		r.ID = strings.Join([]string{r.Kind, r.Region, r.From.String()}, "@")
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("remind: rule %s: %w", r.ID, err)
		}
		if slices.ContainsFunc(all, func(o Rule) bool { return o.ID == r.ID }) {
			return nil, fmt.Errorf("remind: rule %s stands twice", r.ID)
		}
		all = append(all, r)
	}
	return all, nil
}

// check tells what is wrong with a rule by itself.
func (r Rule) check() error {
	e := fault.Invalid.New("提醒规则不正确").WithCode("remind.rule").WithHint("请按提示修改后重新提交")
	if _, err := gbcode.ParseDivision(r.Region); r.Region != "" && err != nil {
		e = e.WithField("region", "malformed", "区划代码应为 6、9 或 12 位数字，全国填空")
	}
	if r.From.IsZero() || r.From.Year < 1950 || r.From.Year > 9000 {
		e = e.WithField("from", "missing", "请填写起用日期")
	}
	if len(r.Leads) == 0 || len(r.Leads) > mostLeads {
		e = e.WithField("leads", "count", fmt.Sprintf("请填写 1 至 %d 个天数", mostLeads))
	}
	for i, n := range r.Leads {
		if n < 1 || n > longest || slices.Contains(r.Leads[:i], n) {
			e = e.WithField("leads", "range", fmt.Sprintf("天数应为 1 至 %d，不重复", longest))
			break
		}
	}
	if !r.Holder && !r.Unit {
		e = e.WithField("holder", "nobody", "请至少选择提醒持证人、签发单位之一")
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(r.Basis)); n == 0 || n > mostBasis {
		e = e.WithField("basis", "length", fmt.Sprintf("请写明依据（文号和条款），不超过 %d 字", mostBasis))
	}
	return e.OrNil()
}

// pick is the rule that counts for a kind in a region on a day.
func pick(all []Rule, kind, region string, day workday.Date) (Rule, bool) {
	var best Rule
	found := false
	for _, r := range all {
		if (r.Kind == "" || r.Kind == kind) && due.Covers(r.Region, region) && !day.Before(r.From) && (!found || stronger(r, best)) {
			best, found = r, true
		}
	}
	return best, found
}

// stronger compares rules that both count: a kind before all, the smaller region,
// the later day, the later registration.
func stronger(a, b Rule) bool {
	return cmp.Or(
		cmp.Compare(min(len(a.Kind), 1), min(len(b.Kind), 1)),
		cmp.Compare(due.TierOf(a.Region), due.TierOf(b.Region)),
		cmp.Compare(a.From.String(), b.From.String()),
		a.At.Compare(b.At),
		cmp.Compare(a.ID, b.ID)) > 0
}

// leadsOf are all lead times of rules, longest first.
func leadsOf(all []Rule) (leads []int) {
	for _, r := range all {
		leads = append(leads, r.Leads...)
	}
	slices.Sort(leads)
	leads = slices.Compact(leads)
	slices.Reverse(leads)
	return leads
}
