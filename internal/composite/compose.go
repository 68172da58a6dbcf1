package composite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// A ComposeRequest names what is to be folded, and by it the holder: nobody types
// who that is.
type ComposeRequest struct {
	Scheme  string   `json:"scheme" minLength:"1" maxLength:"64" doc:"现行方案"`
	Unit    string   `json:"unit" minLength:"1" maxLength:"64" doc:"牵头单位，即综合许可证的签发单位"`
	Holder  string   `json:"holder" minLength:"1" maxLength:"120" doc:"持证企业：其任一份成员证照的电子证照标识"`
	Members []string `json:"members,omitempty" maxItems:"9" doc:"其他成员证照的电子证照标识；本单位可查阅的由平台查找，不必列出"`
}

// What a preview says of a kind of the scheme.
const (
	Ready   = "ready"   // folds in
	Missing = "missing" // none was named or found
	Several = "several" // more than one was found: which, somebody must say
	Unfit   = "unfit"   // there is one, and it is not in force
)

// A Candidate is what a kind of the scheme brings.
type Candidate struct {
	Kind       string `json:"kind"`
	Title      string `json:"title"`
	Required   bool   `json:"required"`
	State      string `json:"state" enum:"ready,missing,several,unfit"`
	Say        string `json:"say,omitempty" doc:"为何不能归集，怎么办"`
	Identifier string `json:"identifier,omitempty"`
	Number     string `json:"number,omitempty"`
	IssuerName string `json:"issuer_name,omitempty"`
	StatusName string `json:"status_name,omitempty"`
	ValidTo    string `json:"valid_to,omitempty"`

	id, status string
	named      bool
}

// A Preview is what would fold in, and what is missing.
type Preview struct {
	Scheme     *Scheme     `json:"scheme"`
	Unit       string      `json:"unit"`
	UnitName   string      `json:"unit_name"`
	HolderName string      `json:"holder_name"`
	Candidates []Candidate `json:"candidates"`
	Prior      string      `json:"prior,omitempty" doc:"该企业现有的综合许可：签发后由新证代替"`
	Ready      bool        `json:"ready" doc:"可以提出"`
	Problems   []string    `json:"problems,omitempty"`

	holder catalogue.Holder
}

// Preview shows what would fold in, to who drafts for the unit.
func (s *Service) Preview(ctx context.Context, q ComposeRequest) (*Preview, error) {
	p, err := s.resolve(ctx, &q)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "composite.preview", Object: "composite"}, err)
	}
	return p, nil
}

// resolve finds out who holds what.
func (s *Service) resolve(ctx context.Context, q *ComposeRequest) (*Preview, error) {
	p := &Preview{Unit: q.Unit}
	if err := s.openScheme(ctx, q, p); err != nil {
		return nil, err
	}
	issuers, err := s.Cert.Issuers(ctx, p.Scheme.Kind)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(issuers, q.Unit) {
		return nil, fault.Conflict.New("“%s”不是“%s”的签发单位", p.UnitName, p.Scheme.KindTitle).WithCode("composite.issuer").WithHint("请管理单位在证照目录中登记签发单位").WithField("unit", "issuer", "没有登记为签发单位")
	}
	if err := s.named(ctx, q, p); err != nil {
		return nil, err
	}
	if err := s.found(ctx, p); err != nil {
		return nil, err
	}
	p.judge()
	err = s.read(ctx, func(tx *db.Tx) (err error) {
		p.Prior, err = s.priorOf(tx, p.Scheme.Code, q.Unit, s.holderIndex(p.holder))
		return err
	})
	return p, err
}

// priorOf is the composite that a holder has; one that was edited is not taken
// over.
func (s *Service) priorOf(tx *db.Tx, code, unit string, holder gm.Digest) (string, error) {
	r, err := issuedOf(tx, code, unit, holder)
	if err != nil || r == nil {
		return "", err
	}
	return r.id, s.vet(tx, r)
}

// openScheme reads the scheme, and asks whether the unit composes by it.
func (s *Service) openScheme(ctx context.Context, q *ComposeRequest, p *Preview) error {
	return s.read(ctx, func(tx *db.Tx) error {
		o, err := iam.OrgTx(tx, q.Unit)
		if err != nil {
			return asked(err, "unit")
		}
		if err := iam.Allow(ctx, permDraft, q.Unit); err != nil {
			return err
		}
		r, err := schemeByID(tx, q.Scheme, false)
		if err != nil || !seesScheme(ctx, r) {
			return asked(cmp.Or(err, errNoScheme()), "scheme")
		}
		if err := s.vetScheme(tx, r); err != nil {
			return err
		}
		if r.state != Published {
			return unpublished(r)
		}
		if !strings.HasPrefix(o.Path(), r.path) {
			return fault.Conflict.New("方案“%s”只供定义它的单位和下级单位使用", r.title).WithCode("composite.reach").WithHint("请由本单位的管理单位定义方案").WithField("unit", "reach", "不在方案的范围内")
		}
		p.UnitName = o.Name
		p.Scheme, err = s.showScheme(tx, r)
		return err
	})
}

func unpublished(r *schemeRow) error {
	return fault.Conflict.New("方案“%s”第 %d 版状态为“%s”，不能据以组合", r.title, r.version, schemeStates[r.state]).WithCode("composite.unpublished").
		WithHint("请选用现行的方案").WithField("scheme", "state", "不是现行方案")
}

// holderIndex is of who holds a composite, by which it is found again.
func (s *Service) holderIndex(h catalogue.Holder) gm.Digest {
	return s.Index.Of(h.IDType + "\x00" + h.ID)
}

// sameHolder tells whether a certificate is about one holder alone, and which: the
// organisation with this type and number.
func sameHolder(b *cert.Base, h catalogue.Holder) bool {
	return slices.ContainsFunc(b.Holders, func(o catalogue.Holder) bool { return o.IDType == h.IDType && o.ID == h.ID && o.Type == h.Type })
}

// named looks at the certificates that the request names: the first says who holds
// the composite.
func (s *Service) named(ctx context.Context, q *ComposeRequest, p *Preview) error {
	identifiers := append([]string{q.Holder}, q.Members...)
	for _, f := range p.Scheme.Parts {
		p.Candidates = append(p.Candidates, Candidate{Kind: f.Kind, Title: f.Title, Required: f.Required, State: Missing})
	}
	for i, identifier := range identifiers {
		field := "holder"
		if i > 0 {
			field = fmt.Sprintf("members[%d]", i-1)
		}
		if slices.Contains(identifiers[:i], identifier) {
			return twice(field, "同一份证照列了两次")
		}
		c, err := s.Cert.ByIdentifier(ctx, identifier)
		if err != nil {
			return asked(err, field)
		}
		b, err := s.Cert.Base(ctx, c.ID)
		if err != nil {
			return err
		}
		if i == 0 {
			if p.holder, err = organisation(b); err != nil {
				return err
			}
			p.HolderName = catalogue.MaskHolder(p.holder).Name
		}
		if !sameHolder(b, p.holder) {
			return fault.Conflict.New("“%s”（%s）的持证主体不是“%s”", c.KindName, c.Number, p.HolderName).WithCode("composite.holder").
				WithHint("成员证照须属于同一持证主体，代码类型和代码都相同").WithField(field, "holder", "属于另一持证主体")
		}
		j := slices.IndexFunc(p.Candidates, func(x Candidate) bool { return x.Kind == c.Kind })
		switch {
		case j < 0:
			return fault.Conflict.New("“%s”不在方案“%s”归集的许可之内", c.KindName, p.Scheme.Title).WithCode("composite.kind").
				WithHint("请去掉这份证照，或由管理单位修订方案").WithField(field, "kind", "不在方案之内")
		case p.Candidates[j].named:
			return twice(field, "“"+c.KindName+"”已列了另一份")
		}
		p.Candidates[j].take(b.Certificate)
		p.Candidates[j].named = true
	}
	return nil
}

func twice(field, say string) error {
	return fault.Conflict.New("%s，每种许可归集一份", say).WithCode("composite.twice").WithHint("请去掉重复的一份").WithField(field, "twice", say)
}

// organisation is who a composite is about.
func organisation(b *cert.Base) (h catalogue.Holder, err error) {
	i := slices.IndexFunc(b.Holders, func(h catalogue.Holder) bool { return h.Type != "person" && h.ID != "" })
	if i < 0 {
		return h, fault.Conflict.New("这份证照的持证主体不是法人、非法人组织，或没有代码").WithCode("composite.person-holder").
			WithHint("行业综合许可证发给企业；请用企业的证照").WithField("holder", "person", "不是企业的证照")
	}
	return b.Holders[i], nil
}

func (x *Candidate) take(c *cert.Certificate) {
	x.id, x.Identifier, x.Number, x.IssuerName, x.status, x.StatusName, x.ValidTo = c.ID, c.Identifier, c.Number, c.IssuerName, c.Status, c.StatusName, c.ValidTo
	x.State = Ready
	if c.Status != cert.Effective {
		x.State, x.Say = Unfit, "证照现为“"+c.StatusName+"”，恢复有效后才能归集"
	}
}

// found looks for what was not named, among what whoever acts may read.
func (s *Service) found(ctx context.Context, p *Preview) error {
	for i := range p.Candidates {
		x := &p.Candidates[i]
		if x.named || !iam.May(ctx, permRead, "") {
			continue
		}
		list, err := s.Cert.List(ctx, cert.ListQuery{Kind: x.Kind, Holder: p.holder.ID, Limit: 20})
		if err != nil {
			return err
		}
		var stand, rest []*cert.Certificate
		for _, c := range list.Items {
			b, err := s.Cert.Base(ctx, c.ID)
			switch {
			case c.Status == cert.Sealing:
				continue
			case err != nil:
				return err
			case !sameHolder(b, p.holder):
				continue
			case c.Status == cert.Effective:
				stand = append(stand, c)
			case c.Status != "changed" && c.Status != "replaced":
				rest = append(rest, c)
			}
		}
		switch {
		case len(stand) == 1:
			x.take(stand[0])
		case len(stand) > 1:
			x.State, x.Say = Several, fmt.Sprintf("该企业有 %d 份有效的“%s”，请写明归集哪一份的电子证照标识", len(stand), x.Title)
		case len(rest) > 0:
			x.take(rest[0])
		}
	}
	return nil
}

// judge says whether it can be proposed, and why not.
func (p *Preview) judge() {
	n := 0
	for i := range p.Candidates {
		x := &p.Candidates[i]
		switch x.State {
		case Ready:
			n++
		case Missing:
			x.Say = "没有查到；由其他单位签发的，请写明其电子证照标识"
		}
		if x.State != Ready && (x.Required || x.named) {
			p.Problems = append(p.Problems, "“"+x.Title+"”："+x.Say)
		}
	}
	if n < 2 && len(p.Problems) == 0 {
		p.Problems = append(p.Problems, "只有一份许可，不用组合")
	}
	p.Ready = len(p.Problems) == 0
}

// Propose proposes a composite, for another to issue.
func (s *Service) Propose(ctx context.Context, q ComposeRequest) (*Composite, error) {
	p, err := s.resolve(ctx, &q)
	if err == nil && !p.Ready {
		err = fault.Conflict.New("不能组合：%s", strings.Join(p.Problems, "；")).WithCode("composite.missing").WithHint("请补充电子证照标识；已失效的许可请先办理延续或补办")
	}
	r := &row{id: newID(), state: "proposed", proposedBy: actorOf(ctx)}
	if err == nil {
		err = s.write(ctx, func(tx *db.Tx) error { return s.proposeTx(tx, r, p) })
	}
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "composite.propose", Object: "composite"}, err)
	}
	s.step("proposed")
	return s.Get(ctx, r.id)
}

func (s *Service) proposeTx(tx *db.Tx, r *row, p *Preview) error {
	x, err := s.takeScheme(tx, p.Scheme.ID, false)
	if err != nil {
		return err
	}
	if x.state != Published {
		return unpublished(x)
	}
	o, err := iam.OrgTx(tx, p.Unit)
	if err != nil {
		return err
	}
	holder := s.holderIndex(p.holder)
	r.scheme, r.code, r.unit, r.path, r.kind, r.title, r.industry = x.id, x.code, p.Unit, o.Path(), x.kind, x.title, x.industry
	r.holder, r.holderName, r.proposedAt = holder[:], p.HolderName, tx.Now().UnixMilli()
	if r.prior, err = s.priorOf(tx, x.code, p.Unit, holder); err != nil {
		return err
	}
	var members []memberRow
	for _, c := range p.Candidates {
		if c.State == Ready {
			members = append(members, memberRow{place: int64(len(members)), kind: c.Kind, title: c.Title, required: c.Required, certificate: c.id, named: c.id,
				number: c.Number, issuer: c.IssuerName, till: c.ValidTo, status: c.status})
		}
	}
	if err := s.standTx(tx, members); err != nil {
		return err
	}
	r.folds = int64(len(members))
	r.mac = s.guard.composites.Mac(r.id, r.fields()...)
	for i := range members {
		members[i].mac = s.guard.member(r.id, &members[i])
	}
	made, err := insert(tx, r, members)
	if err != nil {
		return err
	}
	if !made {
		return fault.Conflict.New("“%s”按此方案的综合许可已经提出，正在办理", p.HolderName).WithCode("composite.open").WithHint("请先办完那一件")
	}
	if err := putStep(tx, r.id, r.proposedBy, "propose", fmt.Sprintf("归集 %d 项许可", len(members))); err != nil {
		return err
	}
	if err := audit.Put(tx, audit.Entry{Action: "composite.propose", Object: objectOf(r.id)}); err != nil {
		return err
	}
	return s.tell(tx, notice.Notice{Topic: "composite.propose", Org: r.unit, Permission: permIssue, Title: "行业综合许可待签发：" + r.title, Text: "请核对归集的许可，签发或退回。", Link: Link(r.id)})
}

// standTx refuses members of which one is not in force now, and says which.
func (s *Service) standTx(tx *db.Tx, members []memberRow) error {
	for i := range members {
		m := &members[i]
		c, err := s.Cert.ForCaseTx(tx, m.certificate, "")
		if err != nil {
			return err
		}
		if c.Status != cert.Effective {
			return fault.Conflict.New("成员证照“%s”（%s）现为“%s”，不能归集", m.title, m.number, cert.Label(c.Status)).WithCode("composite.member").
				WithHint("请待它恢复有效；已终止的，请以新的许可重新提出")
		}
	}
	return nil
}
