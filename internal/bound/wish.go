package bound

import (
	"context"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/issuing"
)

// A Wish asks for the seal together with a certificate that is still being
// issued: in the same flow.
type Wish struct {
	Draft     string    `json:"draft" doc:"经办件或网上申领的编号"`
	Kind      string    `json:"kind"`
	Sort      string    `json:"sort" enum:"enterprise,personal"`
	SealLabel string    `json:"seal_kind_name"`
	Agent     string    `json:"agent,omitempty" doc:"企业印章的经办人，脱敏"`
	State     string    `json:"state" enum:"none,waiting,met,ended" doc:"none：可以选择，还没有选择"`
	CreatedAt time.Time `json:"created_at,omitzero"`
}

// A WishRequest makes a wish for a draft: by the clerk, of an enterprise with its
// agent, whose papers they saw; or by the person who applied for the certificate.
type WishRequest struct {
	Draft        string `path:"draft" json:"-" maxLength:"64"`
	AgentName    string `json:"agent_name,omitempty" maxLength:"100" doc:"企业印章：经办人姓名"`
	AgentCitizen string `json:"agent_citizen,omitempty" maxLength:"18" doc:"企业印章：经办人公民身份号码，已核验证件和委托书"`
}

// A subject is what a wish is about.
type subject struct {
	kind, unit string
	holder     catalogue.Holder
	over       bool
	rule       *Rule
}

// subjectOf finds the draft of a wish: one that whoever acts collects, or their own
// application.
func (s *Service) subjectOf(ctx context.Context, draft string) (*subject, error) {
	x := &subject{}
	if p, ok := iam.From(ctx); ok && p.Kind == iam.Holder {
		a, err := s.Issuing.Application(ctx, draft)
		if err != nil {
			return nil, err
		}
		me, err := s.IAM.Self(ctx)
		if err != nil {
			return nil, err
		}
		x.kind, x.unit, x.over = a.Kind, a.Unit, a.State.Ended()
		x.holder = catalogue.Holder{Type: "person", ID: me.Citizen, Name: me.Name}
	} else {
		d, err := s.Issuing.Get(ctx, draft)
		if err != nil {
			return nil, err
		}
		if err := iam.Allow(ctx, permDraft, d.Unit); err != nil {
			return nil, err
		}
		if x.kind, x.unit, x.over = d.Kind, d.Unit, d.State.Ended(); d.Content != nil && len(d.Content.Holders) > 0 {
			x.holder = d.Content.Holders[0]
		}
	}
	var path string
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { path, err = iam.PathTx(tx, x.unit); return err }); err != nil {
		return nil, err
	}
	var err error
	if x.rule, err = s.ruleFor(ctx, x.kind, path); err != nil {
		return nil, err
	}
	if x.rule == nil {
		return nil, fault.NotFound.New("这种证照不同步发放印章").WithCode("bound.no-rule").WithHint("印章请另行申请；须同步发放的，请模板设计员登记绑定规则")
	}
	return x, nil
}

// Wish is the wish for a draft: none where it could be made.
func (s *Service) Wish(ctx context.Context, draft string) (*Wish, error) {
	x, err := s.subjectOf(ctx, draft)
	if err != nil {
		return nil, err
	}
	var w *wishRow
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { w, err = wishByDraft(tx, draft); return err }); err != nil {
		return nil, err
	}
	out := &Wish{Draft: draft, Kind: x.kind, Sort: x.rule.Sort, SealLabel: sealLabel(x.rule.Sort), State: "none"}
	if w == nil {
		return out, nil
	}
	c, err := s.openFrom(wishCell(draft), w.content)
	out.State, out.Agent, out.CreatedAt = w.state, gbcode.MaskName(c.Agent), moment(w.created)
	return out, err
}

// PutWish makes a wish, or changes its agent.
func (s *Service) PutWish(ctx context.Context, q WishRequest) (*Wish, error) {
	x, err := s.subjectOf(ctx, q.Draft)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "bound.wish", Object: "bound/wish/" + q.Draft}, err)
	}
	if x.over {
		return nil, fault.Conflict.New("证照经办已结束").WithCode("bound.draft-over").WithHint("证照已签发的，请从“同步申领印章”办理")
	}
	if strings.TrimSpace(x.holder.Name) == "" {
		return nil, fault.Conflict.New("还没有填写持证主体").WithCode("bound.no-holder").WithHint("请先填写并保存持证主体的名称")
	}
	w := &wishRow{draft: q.Draft, kind: x.kind, unit: x.unit, sort: x.rule.Sort, holder: s.nameKey(x.kind, x.holder.Name), account: audit.ActorFrom(ctx).Account, state: "waiting"}
	if x.rule.Sort == Enterprise {
		if w.agentAccount, err = s.knownAgent(ctx, q.AgentName, q.AgentCitizen); err != nil {
			return nil, err
		}
		w.agent = s.holderKey(Personal, q.AgentCitizen)
		if w.content, err = s.sealTo(wishCell(q.Draft), said{Agent: strings.TrimSpace(q.AgentName)}); err != nil {
			return nil, err
		}
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		w.created = milli(tx.Now())
		if err := putWish(tx, w); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "bound.wish", Object: "bound/wish/" + q.Draft})
	})
	if err != nil {
		return nil, err
	}
	return s.Wish(ctx, q.Draft)
}

// EndWish takes a wish back.
func (s *Service) EndWish(ctx context.Context, draft string) (*Wish, error) {
	if _, err := s.subjectOf(ctx, draft); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "bound.unwish", Object: "bound/wish/" + draft}, err)
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := endWish(tx, draft, "ended")
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict.New("没有等待中的同步申领").WithCode("bound.no-wish").WithHint("请刷新后查看")
		}
		return audit.Put(tx, audit.Entry{Action: "bound.unwish", Object: "bound/wish/" + draft})
	})
	if err != nil {
		return nil, err
	}
	return s.Wish(ctx, draft)
}

// knownAgent checks who is to act for an enterprise, and finds their account: ""
// if they have none yet; then the offer is theirs when they first sign in.
func (s *Service) knownAgent(ctx context.Context, name, citizen string) (account string, err error) {
	name, citizen = strings.TrimSpace(name), strings.ToUpper(strings.TrimSpace(citizen))
	bad := fault.Invalid.New("须登记企业印章的经办人").WithCode("bound.agent").WithHint("请核验经办人的身份证件和委托书后填写")
	if name == "" {
		bad = bad.WithField("agent_name", "required", "必填")
	}
	if _, e := gbcode.ParseCitizenID(citizen); e != nil {
		bad = bad.WithField("agent_citizen", "citizen", "不是有效的公民身份号码（GB 11643-1999）")
	}
	if err := bad.OrNil(); err != nil {
		return "", err
	}
	account, err = s.IAM.HolderOf(ctx, citizen)
	if e := fault.As(err); e != nil && e.Kind == fault.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	named := false
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { named, err = s.IAM.NamedTx(tx, account, name); return err }); err != nil {
		return "", err
	}
	if !named {
		return "", fault.Invalid.New("姓名与该公民身份号码登记的不一致").WithCode("bound.agent").WithHint("请对照身份证件核对").WithField("agent_name", "differs", "与登记的不一致")
	}
	return account, nil
}

// wishAmong is the wish from which a certificate came: the draft must have made
// this certificate and no other, as whoever wished sees it.
func (s *Service) wishAmong(ctx context.Context, r *row, list []*wishRow) (*wishRow, error) {
	for _, w := range list {
		made, closing, err := s.madeBy(ctx, w)
		switch {
		case err != nil:
			return nil, err
		case made == r.certificate && w.sort == r.sort:
			return w, nil
		case closing:
			return nil, retry(w.draft)
		}
	}
	return nil, nil
}

// madeBy is the certificate of the draft of a wish. closing tells that it is being
// made, and may be this one. Who may not see the draft any more wishes nothing.
func (s *Service) madeBy(ctx context.Context, w *wishRow) (certificate string, closing bool, err error) {
	as, err := s.IAM.As(ctx, w.account)
	if err != nil {
		if fault.As(err) != nil {
			err = nil
		}
		return "", false, err
	}
	if p, ok := iam.From(as); ok && p.Kind == iam.Holder {
		a, err := s.Issuing.Application(as, w.draft)
		if err != nil {
			if fault.As(err) != nil {
				err = nil
			}
			return "", false, err
		}
		return a.Certificate, a.State == issuing.Issuing, nil
	}
	d, err := s.Issuing.Get(as, w.draft)
	if err != nil {
		if fault.As(err) != nil {
			err = nil
		}
		return "", false, err
	}
	if d.Pending != "" && d.Certificate == "" {
		return d.Pending, false, nil
	}
	return d.Certificate, d.State == issuing.Issuing, nil
}
