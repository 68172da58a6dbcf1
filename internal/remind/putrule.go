package remind

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/workday"
)

// Manage is the permission to put rules.
const Manage = "param.manage"

// A RuleRequest puts a rule.
type RuleRequest struct {
	Kind   string `json:"kind,omitempty" maxLength:"64" doc:"证照类型的名称；空：全部"`
	Region string `json:"region,omitempty" maxLength:"12" doc:"行政区划代码；空：全国"`
	From   string `json:"from" maxLength:"10" doc:"起用日期，不早于今天"`
	Leads  []int  `json:"leads" maxItems:"10" doc:"在有效期最后一日之前多少天提醒"`
	Holder bool   `json:"holder,omitempty" doc:"提醒持证人"`
	Unit   bool   `json:"unit,omitempty" doc:"提醒签发单位"`
	Basis  string `json:"basis" maxLength:"2000" doc:"依据（文号和条款）"`
	Reason string `json:"reason" maxLength:"2000" doc:"为何调整"`
}

func newID() string { return strings.ToLower(rand.Text()) }

// Rules lists all rules, past and to come, by kind, region and day.
func (s *Service) Rules(ctx context.Context) (all []Rule, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { all, err = rulesTx(tx); return err })
	return all, err
}

func rulesTx(tx *db.Tx) ([]Rule, error) {
	fixed, err := shipped()
	if err != nil {
		return nil, err
	}
	own, err := storedRules(tx)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(fixed, own)
	slices.SortStableFunc(all, func(x, y Rule) int {
		return strings.Compare(x.Kind+" "+x.Region+" "+x.From.String(), y.Kind+" "+y.Region+" "+y.From.String())
	})
	return all, nil
}

// PutRule puts a rule into force from a day that has not passed. It is for who
// holds param.manage for an organisation of that region, or above: an
// administrator of one county changes nothing for the next.
func (s *Service) PutRule(ctx context.Context, q RuleRequest) (Rule, error) {
	from, wrong := workday.ParseDate(q.From)
	r := Rule{ID: newID(), Kind: strings.TrimSpace(q.Kind), Region: q.Region, Leads: q.Leads, Holder: q.Holder, Unit: q.Unit,
		Basis: strings.TrimSpace(q.Basis), Reason: strings.TrimSpace(q.Reason)}
	if wrong == nil {
		r.From = from
	}
	if err := iam.Allow(ctx, Manage, ""); err != nil {
		return r, s.refused(ctx, err)
	}
	if err := s.manages(ctx, r.Region); err != nil {
		return r, s.refused(ctx, err)
	}
	if err := r.check(); err != nil {
		return r, err
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		bad := fault.Invalid.New("提醒规则不正确").WithCode("remind.rule").WithHint("请按提示修改后重新提交")
		if today := workday.DateOf(tx.Now()); r.From.Before(today) {
			bad = bad.WithField("from", "past", "起用日期不能早于今天：已经提醒的不能改变")
		}
		if n := utf8.RuneCountInString(r.Reason); n < 2 || n > mostReason {
			bad = bad.WithField("reason", "length", "请写明为何调整，2 至 500 字")
		}
		if err := bad.OrNil(); err != nil {
			return err
		}
		me, _ := iam.From(ctx)
		r.Account, r.At = me.Account, tx.Now()
		if err := insertRule(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "remind.rule-put", Object: "remind-rule/" + r.ID, Reason: r.Reason})
	})
	return r, err
}

// manages refuses whoever does not look after a region.
func (s *Service) manages(ctx context.Context, region string) error {
	no := fault.Forbidden.New("您不能调整这个地区的提醒规则").WithCode("remind.region").WithHint("请由管理该地区或上级地区的系统管理员登记")
	for _, root := range iam.ScopeRoots(ctx, Manage) {
		own, err := s.regionOf(ctx, root)
		if err != nil {
			return err
		}
		if due.Covers(own, region) {
			return nil
		}
	}
	return no
}

// regionOf is the region of an organisation, or of the nearest above it that has
// one: "" is the whole country.
func (s *Service) regionOf(ctx context.Context, org string) (region string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { region, err = iam.RegionTx(tx, org); return err })
	return region, err
}

func (s *Service) refused(ctx context.Context, refusal error) error {
	if fault.As(refusal) == nil {
		return refusal
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "remind.rule-put", Object: "remind-rule", Result: audit.Refused})
	})
	if err != nil {
		return err
	}
	return refusal
}
