package seal

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Whom a rule lets ask, beside who has a role.
const (
	AskHere = ""  // whoever holds seal.ask for the seal's organisation
	AskAny  = "*" // whoever holds seal.ask for any organisation: several units on one document
)

// Levels of a rule, in the order in which they decide.
const (
	ByLeader    = "leader"
	ByCustodian = "custodian"
)

// A Rule is one line of the approval matrix of a seal (用印审批矩阵): who may ask
// for what, how many at a time, until when, and who decides.
type Rule struct {
	ID        string    `json:"id"`
	Seal      string    `json:"seal"`
	Purpose   string    `json:"purpose" doc:"文件种类，如 公文、协议；* 为全部"`
	Asker     string    `json:"asker" doc:"角色代码；空：本单位有申请用印权限的人；*：任何单位有申请用印权限的人"`
	Levels    []string  `json:"levels" doc:"依次由谁批准：leader、custodian"`
	Max       int       `json:"max" doc:"一次最多几件文件"`
	Until     time.Time `json:"until"`
	Reason    string    `json:"reason"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
}

// Limits of a matrix.
const (
	maxRules     = 200
	maxDocuments = 100_000
	maxPurpose   = 64 // characters
)

var roleForm = regexp.MustCompile(`^(\*|[a-z][a-z0-9-]{0,39})?$`)

func (r *Rule) validate() error {
	f := fault.Invalid.New("用印审批规则不完整").WithCode("seal.rule").WithHint("请按每一项的说明更正后重试")
	bad := func(wrong bool, field, code, message string) {
		if wrong {
			f = f.WithField(field, code, message)
		}
	}
	bad(r.Purpose == "" || len([]rune(r.Purpose)) > maxPurpose, "purpose", "length", "须写明文件种类，* 为全部")
	bad(!roleForm.MatchString(r.Asker), "asker", "malformed", "应为角色代码、* 或空")
	bad(r.Max < 1 || r.Max > maxDocuments, "max", "range", "一次的件数应为 1 至 100000")
	bad(r.Until.IsZero(), "until", "required", "须写明期限")
	bad(r.Reason == "", "reason", "required", "须写明依据")
	orders := [][]string{{ByCustodian}, {ByLeader, ByCustodian}}
	bad(!slices.ContainsFunc(orders, func(o []string) bool { return slices.Equal(o, r.Levels) }), "levels", "order", "应为 custodian，或依次为 leader、custodian")
	return f.OrNil()
}

// PutRule adds a line to a seal's matrix, by its custodian or with seal.manage.
// It ends with the seal at the latest.
func (s *Service) PutRule(ctx context.Context, r Rule) (*Rule, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	err := s.write(ctx, "seal.rule", object(r.Seal), func(tx *db.Tx) error {
		x, err := byID(tx, r.Seal)
		if err != nil {
			return err
		}
		if err := x.kept(ctx, tx); err != nil {
			return err
		}
		g, err := s.guard(ctx)
		if err != nil {
			return err
		}
		has, _, err := rulesOf(tx, g, x.ID)
		switch {
		case err != nil:
			return err
		case !x.live() && x.State != Made:
			return x.usable(tx.Now())
		case len(has) >= maxRules:
			return fault.TooLarge.New("一枚印章至多 %d 条用印审批规则", maxRules).WithCode("seal.rules").WithHint("请先终止不再需要的规则")
		case !r.Until.After(tx.Now()):
			return fault.Invalid.New("用印审批规则的期限已过").WithCode("seal.rule").WithHint("请更正期限").WithField("until", "past", "应晚于现在")
		}
		if r.Until.After(x.ValidTo) {
			r.Until = x.ValidTo
		}
		r.ID, r.CreatedBy, r.CreatedAt = newID(), audit.ActorFrom(ctx).Account, ms(tx.Now().UnixMilli())
		if err := insertRule(tx, g, &r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.rule", Object: object(x.ID), Reason: r.Reason, After: r.digest()})
	})
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// EndRule ends a line.
func (s *Service) EndRule(ctx context.Context, id, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return s.write(ctx, "seal.rule-end", "rule/"+id, func(tx *db.Tx) error {
		r, err := ruleByID(tx, id)
		if err != nil {
			return err
		}
		x, err := byID(tx, r.Seal)
		if err != nil {
			return err
		}
		if err := x.kept(ctx, tx); err != nil {
			return err
		}
		g, err := s.guard(ctx)
		if err != nil {
			return err
		}
		if !intact(g.rules, r) {
			return errAltered("seal_rule", id)
		}
		if err := endRule(tx, g, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.rule-end", Object: object(x.ID), Reason: reason, Before: r.digest()})
	})
}

// Rules lists the matrix of a seal as it is in force.
func (s *Service) Rules(ctx context.Context, id string) (out []Rule, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		x, err := byID(tx, id)
		if err != nil {
			return err
		}
		if err := x.readable(ctx, tx); err != nil {
			return err
		}
		g, err := s.guard(ctx)
		if err != nil {
			return err
		}
		out, _, err = rulesOf(tx, g, id)
		return err
	})
	return out, err
}

// RuleTx returns the line by which account may ask for a purpose now: of those
// that let them, the one for the purpose before one for all, the one for their
// role before others, the latest of these. Rights are known of whoever acts in
// tx alone: for another account there is none. None is a fault.Forbidden that
// says the way out.
func (s *Service) RuleTx(tx *db.Tx, seal, purpose, account string) (*Rule, error) {
	x, err := byID(tx, seal)
	if err != nil {
		return nil, err
	}
	g, err := s.guard(tx.Context())
	if err != nil {
		return nil, err
	}
	all, altered, err := rulesOf(tx, g, seal)
	if err != nil {
		return nil, err
	}
	best := bestOf(tx, x, all, purpose, account)
	if best == nil {
		if forged := bestOf(tx, x, altered, purpose, account); forged != nil {
			return nil, errAltered("seal_rule", forged.ID)
		}
		return nil, fault.Forbidden.New("没有规则允许您为“%s”申请使用印章“%s”", purpose, x.Name).WithCode("seal.rule").
			WithHint("请印章保管人在用印审批规则中加入此类文件和您的角色")
	}
	return best, nil
}

func bestOf(tx *db.Tx, x *Seal, all []Rule, purpose, account string) (best *Rule) {
	p, _ := iam.From(tx.Context())
	for i := range all {
		r := &all[i]
		if (r.Purpose == purpose || r.Purpose == Any) && r.lets(tx, x, p, account) && (best == nil || r.before(best)) {
			best = r
		}
	}
	return best
}

// lets tells whether the line lets somebody ask.
func (r *Rule) lets(tx *db.Tx, x *Seal, p *iam.Principal, account string) bool {
	if p == nil || account == "" || p.Account != account || p.Client != "" {
		return false
	}
	switch r.Asker {
	case AskHere:
		return x.Kind == Personal && x.Person == account || iam.Allow(tx.Context(), "seal.ask", x.Org) == nil
	case AskAny:
		return iam.Allow(tx.Context(), "seal.ask", "") == nil
	}
	return slices.ContainsFunc(p.Roles, func(h iam.Scoped) bool {
		return h.Role == r.Asker && strings.Contains(x.path, "/"+h.Org+"/")
	})
}

// before tells whether r counts before o.
func (r *Rule) before(o *Rule) bool {
	rank := func(r *Rule) int {
		n := 0
		if r.Purpose == Any {
			n += 10
		}
		switch r.Asker {
		case AskHere:
			n++
		case AskAny:
			n += 2
		}
		return n
	}
	return cmp.Or(cmp.Compare(rank(r), rank(o)), o.CreatedAt.Compare(r.CreatedAt), cmp.Compare(o.ID, r.ID)) < 0
}
