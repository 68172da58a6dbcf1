package due

import (
	"fmt"
	"slices"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/workday"
)

// Value is the rule that is in force for a code in a region on a day: of the
// smallest region that has one. It is for what is no promise as well: how long
// logs are kept, which target counts. fault.NotFound "due.no-rule" says that
// nothing is in force.
func (s *Service) Value(tx *db.Tx, code, region string, day workday.Date) (Rule, error) {
	all, err := s.Rules(tx, code)
	if err != nil {
		return Rule{}, err
	}
	if r, ok := pick(all, region, day); ok {
		return r, nil
	}
	return Rule{}, fault.NotFound.New("%s 没有规定时限：%s", day, code).WithCode("due.no-rule").WithHint("请先登记该时限的取值")
}

// Rules lists all values of a code, past and to come, or with "" those of all
// codes: by code, region and day.
func (s *Service) Rules(tx *db.Tx, code string) ([]Rule, error) {
	b, err := shipped()
	if err != nil {
		return nil, err
	}
	if _, known := b.codes[code]; !known && code != "" {
		return nil, fault.Invalid.New("没有这种时限：%.64s", code).WithCode("due.code")
	}
	put, err := putRules(tx, code)
	if err != nil {
		return nil, err
	}
	var all []Rule
	for _, r := range slices.Concat(b.rules, put) {
		if code == "" || r.Code == code {
			r.Name = b.codes[r.Code].Name
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(x, y Rule) int {
		return strings.Compare(x.Code+" "+x.Region+" "+x.From.String(), y.Code+" "+y.Region+" "+y.From.String())
	})
	return all, nil
}

// PutRule puts a value into force from a day that has not passed, and returns
// it with its id. Promises made before keep the value they were made with. The
// same value put again is returned as it is. Whoever calls it has decided that
// r.Account may.
//
// A value that no law stands behind (Local) must not be looser than what the
// law or, for lower bounds, the platform says: fault.Invalid "due.looser".
func (s *Service) PutRule(tx *db.Tx, r Rule) (Rule, error) {
	b, err := shipped()
	if err != nil {
		return r, err
	}
	if err := checkPut(b, r, workday.DateOf(tx.Now())); err != nil {
		return r, err
	}
	r.ID, r.Name, r.At = newID(), b.codes[r.Code].Name, tx.Now()
	all, err := s.Rules(tx, r.Code)
	if err != nil {
		return r, err
	}
	if err := notLooser(b.codes[r.Code], all, r); err != nil {
		return r, err
	}
	for _, other := range all {
		if other.Account == "" || other.Region != r.Region || other.From != r.From || ended(other) {
			continue
		}
		if same(other, r) {
			return other, nil
		}
		return r, fault.Conflict.New("该地区自 %s 起已有取值：%s", r.From, other).WithCode("due.rule-exists").WithHint("请先终止已有取值，或另选起用日期")
	}
	return r, insertRule(tx, r)
}

func checkPut(b *book, r Rule, today workday.Date) error {
	err := b.check(r)
	e := fault.As(err)
	if err != nil && e == nil {
		return err
	}
	if e == nil {
		e = fault.Invalid.New("时限规则不正确").WithCode("due.rule").WithHint("请按提示修改后重新提交")
	}
	if r.From.Before(today) {
		e = e.WithField("from", "past", "起用日期不能早于今天："+today.String())
	}
	if r.Origin == Platform {
		e = e.WithField("origin", "platform", "平台默认值随程序提供，不能登记")
	}
	if n := len(r.Account); n == 0 || n > maxName {
		e = e.WithField("account", "missing", "缺少登记人")
	}
	if n := len([]rune(strings.TrimSpace(r.Reason))); n == 0 || n > maxReason {
		e = e.WithField("reason", "length", fmt.Sprintf("请写明登记理由，不超过 %d 字", maxReason))
	}
	return e.OrNil()
}

// notLooser compares a value without a law behind it with those that it would
// take the place of.
func notLooser(c Code, all []Rule, r Rule) error {
	if r.Origin == Legal {
		return nil
	}
	for _, law := range all {
		if law.Origin == Local || law.Origin == Platform && !c.Least || !Covers(law.Region, r.Region) || ended(law) {
			continue
		}
		if !law.Until.IsZero() && law.Until.Before(r.From) || !r.Until.IsZero() && r.Until.Before(law.From) {
			continue // never in force together
		}
		same := law.Unit == r.Unit && law.Backward == r.Backward && law.Closes == r.Closes && law.Extends == r.Extends
		looser := !same || r.Amount > law.Amount || law.On.Before(r.On)
		if c.Least {
			looser = !same || r.Amount < law.Amount
		}
		if looser {
			return fault.Invalid.New("本地规定不得宽于%s的%s（%s）", law.Origin, law, law.Basis).WithCode("due.looser").
				WithHint("请使用同一单位且不更宽的数值；另有法定依据的，请登记为法定并写明文号和条款")
		}
	}
	return nil
}

// ended tells whether a value was ended before it began.
func ended(r Rule) bool { return !r.Until.IsZero() && r.Until.Before(r.From) }

func same(a, b Rule) bool {
	return a.Until == b.Until && a.Amount == b.Amount && a.Unit == b.Unit && a.On == b.On && a.Backward == b.Backward &&
		a.Closes == b.Closes && a.Extends == b.Extends && a.Origin == b.Origin && a.Basis == b.Basis &&
		slices.Equal(a.Remind, b.Remind) && slices.Equal(a.Escalate, b.Escalate)
}

// EndRule ends a value that was put: last, today or later, is the last day in
// force; the day before its From withdraws one that has not begun. It is said
// once; the same again is returned as it is.
func (s *Service) EndRule(tx *db.Tx, id string, last workday.Date, account, reason string) (Rule, error) {
	r, err := ruleByID(tx, id)
	if err != nil {
		return r, err
	}
	b, err := shipped()
	if err != nil {
		return r, err
	}
	r.Name = b.codes[r.Code].Name
	today := workday.DateOf(tx.Now())
	withdrawn := today.Before(r.From) && last == r.From.AddDays(-1)
	reason = strings.TrimSpace(reason)
	switch {
	case r.Until == last && !last.IsZero():
		return r, nil
	case !r.Until.IsZero() && r.Until.Before(today) || ended(r):
		return r, fault.Conflict.New("该取值已于 %s 停用", r.Until).WithCode("due.rule-ended")
	case last.IsZero() || last.Before(today) || last.Before(r.From) && !withdrawn:
		return r, fault.Invalid.New("停用日期不能早于今天和起用日期").WithCode("due.rule-end").WithHint("尚未起用的取值，可停用至起用日期的前一天")
	case !r.Until.IsZero() && r.Until.Before(last):
		return r, fault.Conflict.New("该取值只规定到 %s", r.Until).WithCode("due.rule-ended").WithHint("需要延长的，请登记新的取值")
	case account == "" || len(account) > maxName || reason == "" || len([]rune(reason)) > maxReason:
		return r, fault.Invalid.New("请写明停用理由").WithCode("due.reason").WithHint("不超过 %d 字", maxReason)
	}
	r.Until = last
	return r, endRule(tx, id, last, account, reason)
}
