package due

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"sidian/gbcode"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/workday"
)

// Limits of what a promise says, in bytes but for the title.
const (
	maxName   = 128
	maxObject = 256
	maxTitle  = 200 // characters
	maxLink   = 500
	maxPauses = 50
	// oldest is how many years ago a clock may have begun.
	oldest = 10
)

// Put makes a promise in the caller's transaction: its end is counted by the
// rule in force in its region on the day its clock began, and both stay with
// it. An open promise of the same topic and object under the same rule and
// organisation is returned as it is; under another it is a fault.Conflict
// "due.open".
func (s *Service) Put(tx *db.Tx, p Promise) (Promise, error) {
	if p.Rule == "" {
		p.Rule = p.Topic
	}
	if p.Since.IsZero() {
		p.Since = tx.Now()
	}
	p.Since, p.Until = p.Since.UTC().Truncate(time.Millisecond), p.Until.UTC().Truncate(time.Millisecond)
	if err := p.check(tx.Now()); err != nil {
		return p, err
	}
	if old, err := s.standing(tx, &p); !errors.Is(err, fault.NotFound) {
		return old, err
	}
	rule, err := s.Value(tx, p.Rule, p.Region, workday.DateOf(p.Since))
	if err != nil {
		return p, err
	}
	if rule.Backward == p.Until.IsZero() {
		return p, fault.Invalid.New("时限规则与到期时间不符").WithCode("due.until").WithHint("倒推的时限应给出到期时间，其他时限不给")
	}
	calendar, err := s.Calendar(tx)
	if err != nil {
		return p, err
	}
	p.ID, p.State, p.CreatedAt, p.ClosedAt = newID(), Open, tx.Now(), time.Time{}
	p.Late, p.Reason, p.pauses, p.tallied = false, "", nil, false
	p.terms, p.RuleID, p.Basis = rule, rule.ID, rule.Basis
	p.take(rule.planned(calendar, p.Since, p.Until, nil))
	p.step = firstStep(p.moments, tx.Now())
	made, err := insert(tx, &p)
	if err != nil {
		return p, err
	}
	if !made { // another put it this moment
		old, err := s.standing(tx, &p)
		if errors.Is(err, fault.NotFound) { // and it is over already
			err = errOpen
		}
		return old, err
	}
	p.Left = p.LeftAt(calendar, tx.Now())
	return p, nil
}

var errOpen = fault.Conflict.New("该事项已有未办结的时限").WithCode("due.open").WithHint("请先办结或撤销已有的时限")

// standing is the open promise that p would be put beside, if it is the same;
// fault.NotFound where there is none.
func (s *Service) standing(tx *db.Tx, p *Promise) (Promise, error) {
	old, err := takeOpen(tx, p.Topic, p.Object)
	switch {
	case err != nil:
		return *p, err
	case old.Rule != p.Rule || old.Org != p.Org:
		return *p, errOpen
	}
	return s.shown(tx, old)
}

// take makes a plan the promise's own.
func (p *Promise) take(n plan) {
	p.Due, p.Opens, p.Provisional, p.missing, p.moments = n.due, n.opens, n.provisional, n.missing, n.moments
	p.derive()
}

// derive fills what follows from the rule and the moments.
func (p *Promise) derive() {
	p.Amount, p.Origin = p.terms.String(), p.terms.Origin
	p.Remind, p.Escalate = nil, nil
	for _, m := range p.moments {
		switch m.kind {
		case kindRemind:
			p.Remind = append(p.Remind, m.at)
		case kindEscalate:
			p.Escalate = append(p.Escalate, m.at)
		}
	}
	p.care = workday.DateOf(p.Due).Start()
	if len(p.Remind) > 0 && p.Remind[0].Before(p.care) {
		p.care = p.Remind[0]
	}
}

// nextAt is when the next moment is announced; zero: never, as things stand.
func (p *Promise) nextAt() time.Time {
	if p.State != Open || p.step >= len(p.moments) {
		return time.Time{}
	}
	return p.moments[p.step].at
}

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*$`)

// check refuses what would be nobody's, lead nowhere, or tell about a person.
func (p *Promise) check(now time.Time) error {
	e := fault.Invalid.New("时限登记不正确").WithCode("due.promise")
	bad := func(wrong bool, field, code, message string) {
		if wrong {
			e = e.WithField(field, code, message)
		}
	}
	name := func(field, value string, pattern bool) {
		bad(len(value) > maxName || pattern && !nameRule.MatchString(value), field, "malformed", fmt.Sprintf("应为不超过 %d 字节的代码", maxName))
	}
	name("topic", p.Topic, true)
	name("rule", p.Rule, true)
	name("permission", p.Permission, p.Permission != "")
	name("org", p.Org, false)
	name("account", p.Account, false)
	bad(p.Object == "" || len(p.Object) > maxObject, "object", "length", fmt.Sprintf("应为 1 至 %d 字节", maxObject))
	bad(p.Account == "" && (p.Permission == "" || p.Org == ""), "account", "nobody", "应给出责任人，或者单位和权限")
	_, regionErr := gbcode.ParseDivision(p.Region)
	bad(p.Region != "" && regionErr != nil, "region", "malformed", "区划代码应为 6、9 或 12 位数字")
	n := len([]rune(p.Title))
	bad(n == 0 || n > maxTitle || strings.ContainsFunc(p.Title, hidden), "title", "length", fmt.Sprintf("应为 1 至 %d 个字，不含换行和不可见字符", maxTitle))
	bad(personal(p.Title), "title", "personal", "不得含有身份证件号码或手机号码")
	bad(len(p.Link) > maxLink || p.Link != "" && !local(p.Link), "link", "malformed", "应为本平台内以 / 开头的路径")
	bad(p.Since.After(now), "since", "future", "起算时间不能晚于现在")
	bad(p.Since.Before(now.AddDate(-oldest, 0, 0)), "since", "old", fmt.Sprintf("起算时间不能早于 %d 年前", oldest))
	bad(!p.Until.IsZero() && (p.Until.Before(now.AddDate(-oldest, 0, 0)) || p.Until.After(now.AddDate(100, 0, 0))), "until", "range", "到期时间过早或过晚")
	return e.OrNil()
}

// local tells whether a link is a path on this platform: one that a browser
// would take for another host's is none.
func local(link string) bool {
	return strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//") && !strings.ContainsAny(link, "\\ \t\r\n") &&
		!strings.ContainsFunc(link, hidden)
}

// hidden tells of characters that are not seen, and may make a text look like
// another.
func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

var digits = regexp.MustCompile(`[0-9]{11,}[Xx]?`)

// personal tells whether a text holds a citizen's number or that of a mobile
// telephone. It is a net under the callers, not their excuse.
func personal(s string) bool {
	for _, run := range digits.FindAllString(s, -1) {
		if _, err := gbcode.ParseCitizenID(strings.ToUpper(run)); err == nil {
			return true
		}
		if len(run) == 11 && run[0] == '1' && run[1] >= '3' {
			return true
		}
	}
	return false
}
