package catalogue

import (
	"context"
	"slices"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// The states of a number rule. One that is agreed on holds from then on, for the
// unit and all below it, until a newer one is.
const (
	NumberingSubmitted = "submitted"
	NumberingAgreed    = "agreed"
	NumberingReturned  = "returned"
	NumberingWithdrawn = "withdrawn"
)

// A Numbering is a unit's rule for the numbers of a kind that another defined
// (证照编号规则, CAT-03), as it comes about.
type Numbering struct {
	ID          string     `json:"id"`
	Kind        string     `json:"kind" doc:"证照类型的目录名"`
	Org         string     `json:"org" doc:"为谁定的：本单位和其下各单位"`
	OrgName     string     `json:"org_name"`
	Manager     string     `json:"manager" doc:"管理单位"`
	ManagerName string     `json:"manager_name"`
	Version     int        `json:"version" doc:"第几号规则，同一类型的各单位连续编号"`
	Pattern     string     `json:"pattern" doc:"编号规则；空为恢复类型自身的规则"`
	Scope       []string   `json:"scope" doc:"顺序号按什么从 1 重新开始：region、year、date"`
	Sample      string     `json:"sample,omitempty" doc:"按规则编出的样例"`
	State       string     `json:"state" enum:"submitted,agreed,returned,withdrawn"`
	Holds       bool       `json:"holds" doc:"现在就按它编号"`
	Reason      string     `json:"reason"`
	By          string     `json:"by" doc:"提出人账号"`
	At          time.Time  `json:"at"`
	DecidedBy   string     `json:"decided_by,omitempty"`
	Answer      string     `json:"answer,omitempty" doc:"同意、退回或撤回的理由"`
	DecidedAt   *time.Time `json:"decided_at,omitempty"`
	May         Offers     `json:"may" doc:"调用者此刻可以做什么"`
}

// A NumberingProposal asks for a number rule.
type NumberingProposal struct {
	Kind    string   `path:"name" json:"-" maxLength:"64" doc:"证照类型的目录名"`
	Org     string   `json:"org" minLength:"1" maxLength:"64" doc:"为哪个单位定"`
	Pattern string   `json:"pattern" maxLength:"200" doc:"编号规则，如 青市监{year}{seq:6}；空为恢复类型自身的规则"`
	Scope   []string `json:"scope,omitempty" maxItems:"3" doc:"顺序号按什么从 1 重新开始：region、year、date"`
	Reason  string   `json:"reason" minLength:"1" maxLength:"500"`
}

// NumberRuleTx is the rule by which a unit numbers certificates of a kind: its own,
// or that of the nearest unit above that set one; nil for the kind's.
func (s *Service) NumberRuleTx(tx *db.Tx, k *Kind, org string) (*NumberRule, error) {
	list, err := knownNumberings.Get(tx, k.Name, func(tx *db.Tx) ([]*numberingRow, error) { return agreedNumberings(tx, k.Name) })
	if err != nil || len(list) == 0 {
		return nil, err
	}
	above, err := iam.AboveTx(tx, org)
	if err != nil {
		return nil, err
	}
	if r := holding(list, above); r != nil {
		return r.rule(), nil
	}
	return nil, nil
}

// holding is which of the agreed rules, the newest first, holds for the first of
// above; nil: none, or one that ended.
func holding(list []*numberingRow, above []iam.Org) *numberingRow {
	for _, o := range above {
		i := slices.IndexFunc(list, func(r *numberingRow) bool { return r.org == o.ID })
		if i >= 0 && list[i].pattern != "" {
			return list[i]
		}
	}
	return nil
}

// ProposeNumbering asks for a number rule, as who designs kinds for the unit. The
// managing unit above agrees.
func (s *Service) ProposeNumbering(ctx context.Context, q NumberingProposal) (*Numbering, error) {
	reason, err := reasonOf(q.Reason)
	if err != nil {
		return nil, err
	}
	entry := audit.Entry{Action: "catalogue.number", Object: objectOf(clip(q.Kind, 64)), Reason: reason}
	var id string
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.numberingAskedTx(ctx, tx, q)
		if err != nil {
			return err
		}
		r.reason, id = reason, r.id
		made, err := insertNumbering(tx, r)
		if err != nil {
			return err
		}
		if !made {
			return fault.Conflict.New("本单位的编号规则正在会签").WithCode("catalogue.rule-open").WithHint("等管理单位决定，或撤回后重新提出")
		}
		if err := audit.Put(tx, entry); err != nil {
			return err
		}
		return s.tellNumberingTx(tx, r, r.manager, permAgree, "证照编号规则待会签", "请查看下级单位为“"+r.kind+"”提出的编号规则，同意或退回。")
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, entry, err)
	}
	return s.Numbering(ctx, id)
}

// numberingAskedTx is the row of a rule that whoever acts may ask for.
func (s *Service) numberingAskedTx(ctx context.Context, tx *db.Tx, q NumberingProposal) (*numberingRow, error) {
	who, err := person(ctx)
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, permManage, q.Org); err != nil {
		return nil, err
	}
	k, err := s.KindTx(tx, q.Kind)
	if err != nil {
		return nil, err
	}
	above, err := iam.AboveTx(tx, q.Org)
	if err != nil {
		return nil, err
	}
	if err := s.mayNumberTx(tx, k, above); err != nil {
		return nil, err
	}
	r := &numberingRow{id: newID(), kind: k.Name, org: q.Org, manager: above[1].ID, pattern: q.Pattern, scope: strings.Join(q.Scope, " "),
		state: NumberingSubmitted, account: who.Account, created: tx.Now().UnixMilli()}
	return r, s.soundTx(tx, k, r, above)
}

// mayNumberTx refuses a rule where none may be: the name, face and numbers of a kind
// are its definer's, and the unit on top has nobody above to agree.
func (s *Service) mayNumberTx(tx *db.Tx, k *Kind, above []iam.Org) error {
	last, err := newest(tx, k.Name)
	switch {
	case err != nil:
		return err
	case above[0].Closed:
		return fault.Conflict.New("单位已停用").WithCode("catalogue.org-closed").WithHint("请选择其他单位").WithField("org", "closed", "单位已停用")
	case last != nil && last.Org == above[0].ID:
		return fault.Conflict.New("“%s”由本单位定义，编号规则在类型里修改", k.Title).WithCode("catalogue.rule-own").WithHint("请起草类型的新版本")
	case len(above) < 2:
		return fault.Conflict.New("最上级单位没有管理单位可以会签").WithCode("catalogue.rule-top").WithHint("请起草类型的新版本，修改类型自身的编号规则")
	case k.Number.Holder:
		return fault.Conflict.New("“%s”以持证主体代码为编号，不另编号", k.Title).WithCode("catalogue.rule-holder").WithHint("不需要编号规则")
	}
	return nil
}

// soundTx refuses a rule that is wrong, changes nothing, or could give a number that
// another gives: the kind's own, an earlier one of the unit, another unit's.
func (s *Service) soundTx(tx *db.Tx, k *Kind, r *numberingRow, above []iam.Org) error {
	agreed, err := agreedNumberings(tx, k.Name)
	if err != nil {
		return err
	}
	mine := slices.IndexFunc(agreed, func(o *numberingRow) bool { return o.org == r.org })
	if r.pattern == "" {
		if mine < 0 || agreed[mine].pattern == "" {
			return errRule("pattern", "本单位没有自己的编号规则，已按类型或上级的规则编号")
		}
		return nil
	}
	p := problems{}
	list := k.checkRule(&p, r.rule())
	if err := p.err("编号规则不合规"); err != nil {
		return err
	}
	if r.pattern == k.Number.Pattern {
		return errRule("pattern", "与类型自身的编号规则相同，不需要另定")
	}
	for i, o := range agreed {
		switch {
		case o.pattern != r.pattern:
		case o.org == r.org && i == mine && o.scope == r.scope:
			return errRule("pattern", "与现行的编号规则相同")
		case o.org == r.org && o.scope != r.scope:
			return errRule("scope", "本单位用过同样的编号，顺序号重新开始的方式不同会使编号重复；请沿用原来的方式，或改动编号的写法")
		case o.org != r.org:
			if err := apartTx(tx, o, above, list); err != nil {
				return err
			}
		}
	}
	_, err = s.sampleNumber(k, r.rule(), above)
	return err
}

// apartTx refuses a pattern that another unit uses, unless each writes its region and
// they lie in two.
func apartTx(tx *db.Tx, o *numberingRow, above []iam.Org, list []token) error {
	theirs, err := iam.RegionTx(tx, o.org)
	if err != nil {
		return err
	}
	if places(list) && theirs != "" && iam.RegionOf(above) != "" && theirs != iam.RegionOf(above) {
		return nil
	}
	return errRule("pattern", "别的单位已用同样的编号规则，编号会重复；请写上本单位的简称，或写 {region}")
}

func errRule(field, what string) error {
	return fault.Conflict.New("%s", what).WithCode("catalogue.rule").WithHint("请修改编号规则后重新提出").WithField(field, "catalogue.rule", what)
}

// sampleNumber is the number that the kind's example would get by a rule.
func (s *Service) sampleNumber(k *Kind, r *NumberRule, above []iam.Org) (string, error) {
	q, err := k.ExampleRequest()
	if err != nil {
		return "", err
	}
	c, err := k.Validate(q)
	if err != nil {
		return "", within(exampleFile, err)
	}
	i := SampleIssuance()
	i.Rule = r
	if region, err := gbcode.ParseDivision(iam.RegionOf(above)); err == nil {
		i.Issuer.Region = region
	}
	d, err := k.Draft(c, i)
	if err != nil {
		return "", err
	}
	return d.Number, nil
}

// AgreeNumbering is the managing unit agreeing: the rule holds from now on.
func (s *Service) AgreeNumbering(ctx context.Context, id, reason string) (*Numbering, error) {
	return s.decide(ctx, id, reason, "catalogue.number.agree", NumberingAgreed)
}

// ReturnNumbering is the managing unit refusing.
func (s *Service) ReturnNumbering(ctx context.Context, id, reason string) (*Numbering, error) {
	return s.decide(ctx, id, reason, "catalogue.number.return", NumberingReturned)
}

// WithdrawNumbering takes back a rule that was not decided on.
func (s *Service) WithdrawNumbering(ctx context.Context, id, reason string) (*Numbering, error) {
	return s.decide(ctx, id, reason, "catalogue.number.withdraw", NumberingWithdrawn)
}

func (s *Service) decide(ctx context.Context, id, reason, action, state string) (*Numbering, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	entry := audit.Entry{Action: action, Object: objectOf("numbering/" + clip(id, 64)), Reason: reason}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := numberingTx(tx, id, true)
		if err != nil {
			return err
		}
		if r == nil {
			return errNoNumbering()
		}
		entry.Object = objectOf(r.kind)
		p, err := s.mayDecideTx(ctx, tx, r, state)
		if err != nil {
			return err
		}
		if state == NumberingAgreed { // others may have been agreed on meanwhile, or the kind changed
			if err := s.stillSoundTx(tx, r); err != nil {
				return err
			}
		}
		now := tx.Now().UnixMilli()
		r.state, r.decidedBy, r.decidedOrg, r.answer, r.decided = state, p.Account, p.Org, reason, &now
		if err := decideNumbering(tx, r); err != nil {
			return err
		}
		if err := audit.Put(tx, entry); err != nil || state == NumberingWithdrawn {
			return err
		}
		return s.tellNumberingTx(tx, r, r.org, permManage, "证照编号规则"+NumberingName(state), "“"+r.kind+"”的编号规则"+NumberingName(state)+"。")
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, entry, err)
	}
	return s.Numbering(ctx, id)
}

func (s *Service) stillSoundTx(tx *db.Tx, r *numberingRow) error {
	k, err := s.KindTx(tx, r.kind)
	if err != nil {
		return err
	}
	above, err := iam.AboveTx(tx, r.org)
	if err != nil {
		return err
	}
	if err := s.mayNumberTx(tx, k, above); err != nil {
		return err
	}
	return s.soundTx(tx, k, r, above)
}

// mayDecideTx says who acts, and refuses who may not do this with a rule now. Who may
// not learns nothing of its state.
func (s *Service) mayDecideTx(ctx context.Context, tx *db.Tx, r *numberingRow, state string) (*iam.Principal, error) {
	p, err := person(ctx)
	if err != nil {
		return nil, err
	}
	if state == NumberingWithdrawn {
		err = iam.Allow(ctx, permManage, r.org)
	} else {
		err = s.mayAnswerTx(ctx, tx, r, p)
	}
	if err != nil {
		return nil, err
	}
	if r.state != NumberingSubmitted {
		return nil, fault.Conflict.New("编号规则现在是“%s”，不能这样办理", NumberingName(r.state)).WithCode("catalogue.rule-state").WithHint("要再改请重新提出")
	}
	return p, nil
}

// mayAnswerTx refuses who cannot answer for the managing unit: as with entries, two
// people of two units.
func (s *Service) mayAnswerTx(ctx context.Context, tx *db.Tx, r *numberingRow, p *iam.Principal) error {
	if err := iam.Allow(ctx, permAgree, r.manager); err != nil {
		return err
	}
	o, err := iam.OrgTx(tx, r.org)
	if err != nil {
		return err
	}
	own, err := withinTx(tx, p.Org, o.Path())
	if err != nil {
		return err
	}
	if own || p.Account == r.account {
		return fault.Forbidden.New("提出规则的单位不能代表管理单位同意").WithCode("catalogue.own-unit").WithHint("请由其上管理单位的目录管理员办理")
	}
	return nil
}

// Numbering is one rule, for who may see its unit's.
func (s *Service) Numbering(ctx context.Context, id string) (n *Numbering, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := numberingTx(tx, id, false)
		if err != nil {
			return err
		}
		if r == nil {
			return errNoNumbering()
		}
		if err := maySee(ctx, &entryRow{org: r.org, manager: r.manager}); err != nil {
			return err
		}
		agreed, err := agreedNumberings(tx, r.kind)
		if err != nil {
			return err
		}
		n, err = s.numberingViewTx(ctx, tx, r, agreed)
		return err
	})
	return n, err
}

// Numberings are the rules of a kind that whoever acts may see, the newest first.
func (s *Service) Numberings(ctx context.Context, kind string) (list []Numbering, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list = []Numbering{}
		rows, err := allNumberings(tx, kind)
		if err != nil {
			return err
		}
		agreed := slices.DeleteFunc(slices.Clone(rows), func(r *numberingRow) bool { return r.state != NumberingAgreed })
		for _, r := range rows {
			if maySee(ctx, &entryRow{org: r.org, manager: r.manager}) != nil {
				continue
			}
			n, err := s.numberingViewTx(ctx, tx, r, agreed)
			if err != nil {
				return err
			}
			list = append(list, *n)
		}
		return nil
	})
	return list, err
}

func (s *Service) numberingViewTx(ctx context.Context, tx *db.Tx, r *numberingRow, agreed []*numberingRow) (*Numbering, error) {
	n := &Numbering{ID: r.id, Kind: r.kind, Org: r.org, Manager: r.manager, Version: r.version, Pattern: r.pattern, Scope: strings.Fields(r.scope), State: r.state,
		Reason: r.reason, By: r.account, At: moment(r.created), DecidedBy: r.decidedBy, Answer: r.answer}
	if r.decided != nil {
		at := moment(*r.decided)
		n.DecidedAt = &at
	}
	above, err := iam.AboveTx(tx, r.org)
	if err != nil {
		return nil, err
	}
	manager, err := iam.OrgTx(tx, r.manager)
	if err != nil {
		return nil, err
	}
	n.OrgName, n.ManagerName = above[0].Name, manager.Name
	if i := slices.IndexFunc(agreed, func(o *numberingRow) bool { return o.org == r.org }); i >= 0 {
		n.Holds = agreed[i].id == r.id && r.pattern != ""
	}
	if k, err := s.KindTx(tx, r.kind); err == nil && r.pattern != "" {
		n.Sample, _ = s.sampleNumber(k, r.rule(), above) // a rule that no longer fits has none
	}
	if r.state != NumberingSubmitted {
		return n, nil
	}
	n.May.Withdraw = iam.May(ctx, permManage, r.org)
	if _, err := s.mayDecideTx(ctx, tx, r, NumberingAgreed); err == nil {
		n.May.Agree, n.May.SendBack = true, true
	} else if f := fault.As(err); f != nil {
		n.May.WhyUnable = f.Msg
	} else {
		return nil, err
	}
	return n, nil
}

// NumberingName is the word for a state.
func NumberingName(state string) string {
	return map[string]string{NumberingSubmitted: "会签中", NumberingAgreed: "已同意", NumberingReturned: "被退回", NumberingWithdrawn: "已撤回"}[state]
}

func errNoNumbering() error {
	return fault.NotFound.New("没有这个编号规则").WithCode("catalogue.numbering").WithHint("请从证照类型的页面进入")
}

func (s *Service) tellNumberingTx(tx *db.Tx, r *numberingRow, org, permission, title, text string) error {
	if s.Notices == nil {
		return nil
	}
	return s.Notices.PutTx(tx, notice.Notice{ID: "catalogue.number/" + r.id + "/" + r.state, Org: org, Permission: permission,
		Topic: "catalogue.number", Title: title, Text: text, Link: "/console/kinds/" + r.kind + "/numbers/" + r.id})
}
