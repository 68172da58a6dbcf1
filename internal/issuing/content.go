package issuing

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

const (
	maxCaseNo  = 64
	maxRef     = 100
	maxContent = 4 << 20 // bytes of what is collected: a few pictures
	maxReason  = 500
	// slack is how far another machine's clock may be ahead of ours.
	slack = 5 * time.Minute
)

// contentCell binds what was collected to the draft and the version: what was
// reviewed cannot be put in another's place, nor an older one in its own.
func contentCell(id string, version int64) keys.Cell {
	return keys.Cell{Table: "issuing_draft", Column: "content", Row: id + "/" + strconv.FormatInt(version, 10)}
}

func noteCell(draft string, seq int64) keys.Cell {
	return keys.Cell{Table: "issuing_step", Column: "note", Row: draft + "/" + strconv.FormatInt(seq, 10)}
}

func beforeCell(draft string) keys.Cell {
	return keys.Cell{Table: "issuing_correction", Column: "before", Row: draft}
}

// A note is what belongs to a step.
type note struct {
	Reason string       `json:"reason,omitempty"`
	Fields []FieldWrong `json:"fields,omitempty"`
}

func (n *note) empty() bool { return n == nil || n.Reason == "" && len(n.Fields) == 0 }

func (s *Service) sealTo(at keys.Cell, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "填写的内容不是合法的 JSON").WithCode("issuing.content").WithHint("请核对请求正文")
	}
	if len(b) > maxContent {
		return nil, fault.TooLarge.New("填写的内容太大").WithCode("issuing.size").WithHint("一件合计不超过 4 MB，请换成更小的图片")
	}
	return s.box.Seal(at, b)
}

func (s *Service) openFrom(at keys.Cell, sealed []byte, v any) error {
	b, err := s.box.Open(at, sealed)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return fmt.Errorf("issuing: opening %s %s: %w", at.Column, at.Row, err)
	}
	return nil
}

// contentOf is what a draft holds; empty for one that has ended.
func (s *Service) contentOf(r *row) (*Content, error) {
	c := &Content{}
	if r.state.Ended() {
		return c, nil
	}
	return c, s.openFrom(contentCell(r.id, r.version), r.content, c)
}

// wrong lists what is still wrong with a content, by the rules of its kind.
func (c *Content) wrong(k *catalogue.Kind) []fault.Field {
	_, err := k.Validate(catalogue.Request{Holders: c.Holders, Fields: c.Fields, ValidFrom: c.ValidFrom, ValidTo: c.ValidTo})
	if e := fault.As(err); e != nil {
		return e.Fields
	}
	return nil
}

// never are the findings that are not even kept: what the template does not ask
// for is not collected (信息采集最小化), and secrets of the state never enter.
var never = []string{"unknown", "computed", "secret", "excluded"}

// keepable refuses what may not be kept, however unfinished a draft may be.
func (c *Content) keepable(k *catalogue.Kind) error {
	e := fault.Invalid.New("填写的内容不能保存").WithCode("issuing.content").WithHint("只采集“%s”照面需要的信息，请去掉列出的项", k.Title)
	for _, f := range append(c.wrong(k), c.unasked(k)...) {
		if slices.Contains(never, f.Code) {
			e = e.WithField(f.Name, f.Code, f.Message)
		}
	}
	return e.OrNil()
}

// tidy makes contents that say the same equal.
func (c *Content) tidy() {
	for key, raw := range c.Fields {
		if text := strings.TrimSpace(string(raw)); text == "null" || text == `""` || text == "" {
			delete(c.Fields, key)
		}
	}
	for role, unit := range c.Seals {
		if c.Seals[role] = strings.TrimSpace(unit); c.Seals[role] == "" {
			delete(c.Seals, role)
		}
	}
	if len(c.Seals) == 0 {
		c.Seals = nil
	}
	c.ValidFrom, c.ValidTo = strings.TrimSpace(c.ValidFrom), strings.TrimSpace(c.ValidTo)
}

// differing names the fields in which two contents are not the same.
func differing(a, b *Content) (names []string) {
	same := func(x, y any) bool {
		p, e1 := json.Marshal(x)
		q, e2 := json.Marshal(y)
		return e1 == nil && e2 == nil && string(p) == string(q)
	}
	for i := range max(len(a.Holders), len(b.Holders)) {
		if i >= len(a.Holders) || i >= len(b.Holders) || a.Holders[i] != b.Holders[i] {
			names = append(names, "holders["+strconv.Itoa(i)+"]")
		}
	}
	all := maps.Clone(a.Fields)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	maps.Copy(all, b.Fields)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !same(a.Fields[key], b.Fields[key]) {
			names = append(names, "fields."+key)
		}
	}
	units := maps.Clone(a.Seals)
	if units == nil {
		units = map[string]string{}
	}
	maps.Copy(units, b.Seals)
	for _, role := range slices.Sorted(maps.Keys(units)) {
		if a.Seals[role] != b.Seals[role] {
			names = append(names, "seals."+role)
		}
	}
	if a.ValidFrom != b.ValidFrom {
		names = append(names, "valid_from")
	}
	if a.ValidTo != b.ValidTo {
		names = append(names, "valid_to")
	}
	return names
}

// checkMatter refuses a case number or a time that no register takes.
func checkMatter(caseNo string, finished *time.Time, mode string, now time.Time) error {
	e := fault.Invalid.New("办件信息不符合规则").WithCode("issuing.matter").WithHint("请按每一项的说明更正后重试")
	if strings.TrimSpace(caseNo) != caseNo || utf8.RuneCountInString(caseNo) > maxCaseNo || !legible(caseNo) {
		e = e.WithField("case_no", "charset", "办件编号至多 64 个字，不能有换行、首尾空白和不可见字符")
	}
	if catalogue.SecretMarked(caseNo) {
		e = e.WithField("case_no", "secret", "办件编号带有国家秘密标志：国家秘密不得进入本平台，请在涉密系统办理")
	}
	switch {
	case mode != Online && mode != Offline:
		e = e.WithField("mode", "unknown", "生成方式应为 online 或 offline")
	case mode == Offline && finished == nil:
		e = e.WithField("finished_at", "required", "离线生成的，须写明业务办结时间")
	case finished != nil && finished.After(now.Add(slack)):
		e = e.WithField("finished_at", "future", "业务办结时间不能晚于现在")
	case finished != nil && finished.Before(now.AddDate(-9, 0, 0)):
		e = e.WithField("finished_at", "past", "业务办结时间不能早于九年前；更早的走存量转换")
	}
	return e.OrNil()
}

// legible tells whether a text has nothing in it that cannot be seen.
func legible(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// wordy is what several lines of text may hold.
func wordy(text string) bool {
	return legible(strings.NewReplacer("\r", "", "\n", "", "\t", "").Replace(text))
}

// checkText refuses what people write that is too long, unreadable, or names a
// person's number.
func checkText(e *fault.Error, field, text string, required bool, most int) *fault.Error {
	n := utf8.RuneCountInString(strings.TrimSpace(text))
	switch {
	case required && n == 0:
		return e.WithField(field, "required", "必填")
	case n > most || !wordy(text):
		return e.WithField(field, "length", fmt.Sprintf("至多 %d 个字，不能有不可见字符", most))
	case audit.Personal(text):
		return e.WithField(field, "personal", "不得写证件号码、手机号码")
	}
	return e
}

// check refuses a decision that does not say what it must.
func (d *Decision) check(reason bool) error {
	e := fault.Invalid.New("办理意见不符合规则").WithCode("issuing.reason").WithHint("写明理由，不要写个人信息")
	e = checkText(e, "reason", d.Reason, reason, maxReason)
	if len(d.Fields) > 64 {
		e = e.WithField("fields", "count", "至多 64 项")
	}
	for i, f := range d.Fields {
		where := fmt.Sprintf("fields[%d]", i)
		e = checkText(e, where+".message", f.Message, true, 200)
		if len(f.Name) > 80 || f.Name == "" || !legible(f.Name) {
			e = e.WithField(where+".name", "unknown", "没有这一项")
		}
	}
	return e.OrNil()
}

// has tells whether a kind's form has a control of that name.
func has(k *catalogue.Kind, name string) bool {
	if key, ok := strings.CutPrefix(name, "fields."); ok {
		if i := strings.IndexAny(key, "[."); i >= 0 {
			key = key[:i]
		}
		return k.Field(key) != nil
	}
	if role, ok := strings.CutPrefix(name, "seals."); ok {
		return slices.Contains(namedRoles(k), role)
	}
	return name == "valid_from" || name == "valid_to" || name == "case_no" || name == "finished_at" || strings.HasPrefix(name, "holders")
}

// request is a draft as the request for its certificate.
func (c *Content) request(r *row) cert.IssueRequest {
	return cert.IssueRequest{Kind: r.kind, Issuer: r.unit, Holders: c.Holders, Fields: c.Fields, ValidFrom: c.ValidFrom, ValidTo: c.ValidTo,
		CaseNo: r.caseNo, FinishedAt: timeOf(r.finished), Seals: c.Seals}
}
