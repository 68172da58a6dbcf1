package todo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/workday"
)

// A Value is one dated value of a deadline, as people see it.
type Value struct {
	due.Rule
	Text    string `json:"text" doc:"取值，如“5 个工作日”"`
	InForce bool   `json:"in_force" doc:"今天有效"`
	Ahead   bool   `json:"ahead,omitempty" doc:"尚未起用"`
}

// Values lists the values of a deadline, or with "" of all: by deadline, region
// and day. They are public.
func (s *Service) Values(ctx context.Context, code string) ([]Value, error) {
	out := []Value{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		rules, err := s.Due.Rules(tx, code)
		today := workday.DateOf(tx.Now())
		for _, r := range rules {
			out = append(out, Value{r, r.String(), r.InForce(today), today.Before(r.From)})
		}
		return err
	})
	return out, err
}

// A ValueRequest registers a value. How its end is counted, when it is reminded
// of and when it is escalated are those of the value that it takes the place of.
type ValueRequest struct {
	Code   string
	Region string // a division code, or "" for the whole country
	From   workday.Date
	Until  workday.Date // zero: open
	Amount int          // in Unit; for a fixed day 0, and On
	Unit   due.Unit     // empty: as before
	On     workday.Date
	Legal  bool   // a law or a document of the government says so
	Basis  string // document and clause
	Reason string
}

// Register puts a value in force from a day. Promises that were made before keep
// theirs.
func (s *Service) Register(ctx context.Context, q ValueRequest) (r due.Rule, err error) {
	me, err := s.manages(ctx, q.Region)
	if err != nil {
		return r, s.refused(ctx, "due.rule-put", "due-code/"+q.Code, err)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err = s.ruleOf(tx, q)
		if err != nil {
			return err
		}
		r.Account = me.Account
		if r, err = s.Due.PutRule(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "due.rule-put", Object: "due-rule/" + r.ID, Reason: r.Reason, After: digest(r)})
	})
	return r, err
}

// ruleOf is the value as it is put: what was not asked for is as before.
func (s *Service) ruleOf(tx *db.Tx, q ValueRequest) (r due.Rule, err error) {
	if codes, err := due.Codes(); err != nil || !slices.ContainsFunc(codes, func(c due.Code) bool { return c.Code == q.Code }) {
		return r, firstOf(err, fault.Invalid.New("没有这种时限").WithCode("due.rule").WithHint("请从列表中选择").WithField("code", "unknown", "没有这种时限"))
	}
	day := q.From
	if today := workday.DateOf(tx.Now()); day.Before(today) {
		day = today // it is refused for its day, not for what was in force on it
	}
	before, err := s.Due.Value(tx, q.Code, q.Region, day)
	if err != nil {
		return r, err
	}
	r = due.Rule{
		Code: q.Code, Region: q.Region, From: q.From, Until: q.Until, Amount: q.Amount, Unit: q.Unit, On: q.On, Origin: due.Local,
		Backward: before.Backward, Closes: before.Closes, Extends: before.Extends, Remind: before.Remind, Escalate: before.Escalate,
		Basis: strings.TrimSpace(q.Basis), Reason: strings.TrimSpace(q.Reason),
	}
	if q.Legal {
		r.Origin = due.Legal
	}
	if r.Unit == "" {
		r.Unit = before.Unit
	}
	if r.Unit != before.Unit { // what fits one unit does not fit another
		r.Extends = !r.Backward && (r.Unit == due.Days || r.Unit == due.Months || r.Unit == due.Years)
		r.Closes = ""
	}
	if (r.Unit == due.Hours) != (before.Unit == due.Hours) {
		r.Remind, r.Escalate = nil, nil
	}
	return r, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// End ends a value that was put: last is the last day in force.
func (s *Service) End(ctx context.Context, id string, last workday.Date, reason string) (r due.Rule, err error) {
	if err := iam.Allow(ctx, Manage, ""); err != nil {
		return r, s.refused(ctx, "due.rule-end", "due-rule/"+id, err)
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { r, err = s.rule(tx, id); return err })
	if err != nil {
		return r, err
	}
	me, err := s.manages(ctx, r.Region)
	if err != nil {
		return r, s.refused(ctx, "due.rule-end", "due-rule/"+id, err)
	}
	before := digest(r)
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if r, err = s.Due.EndRule(tx, id, last, me.Account, reason); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "due.rule-end", Object: "due-rule/" + id, Reason: strings.TrimSpace(reason), Before: before, After: digest(r)})
	})
	return r, err
}

// rule is one that was put; those that come with the program end with it.
func (s *Service) rule(tx *db.Tx, id string) (due.Rule, error) {
	all, err := s.Due.Rules(tx, "")
	if err != nil {
		return due.Rule{}, err
	}
	for _, r := range all {
		switch {
		case r.ID != id:
		case r.Account == "":
			return r, fault.Conflict.New("随程序提供的取值不能停用").WithCode("due.shipped").WithHint("请登记新的取值，它自起用日期起代替原值")
		default:
			return r, nil
		}
	}
	return due.Rule{}, fault.NotFound.New("没有这个取值").WithCode("due.unknown")
}

// manages refuses whoever may not put values for a region: it must lie in the
// region of an organisation for which they manage parameters.
func (s *Service) manages(ctx context.Context, region string) (*iam.Principal, error) {
	if err := iam.Allow(ctx, Manage, ""); err != nil {
		return nil, err
	}
	me, err := person(ctx)
	if err != nil {
		return nil, err
	}
	for _, root := range iam.ScopeRoots(ctx, Manage) {
		own, err := s.regionOf(ctx, root)
		if err != nil {
			return nil, err
		}
		if due.Covers(own, region) {
			return me, nil
		}
	}
	return nil, fault.Forbidden.New("只能登记本单位所在地区及其下级地区的取值").WithCode("auth.region").WithHint("请联系该地区的系统管理员登记").
		WithField("region", "foreign", "不在本单位所在地区内")
}

// regionOf is the region of an organisation, or of the nearest above it that has
// one: "" is the whole country.
func (s *Service) regionOf(ctx context.Context, org string) (region string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { region, err = iam.RegionTx(tx, org); return err })
	return region, err
}

// digest is that of a value's canonical text.
func digest(r due.Rule) gm.Digest {
	b, err := json.Marshal(r)
	if err != nil { // a rule is texts and numbers
		b = fmt.Append(nil, r.ID)
	}
	return gm.Sum(b)
}
