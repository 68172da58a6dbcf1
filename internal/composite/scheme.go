package composite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// States of a version of a scheme.
const (
	Draft      = "draft"
	Submitted  = "submitted"
	Published  = "published"
	Superseded = "superseded" // a later version is in force
	Withdrawn  = "withdrawn"  // of a composite too: taken back by who proposed it
)

// Fields that the kind of a composite has, and the columns of its table.
const (
	fieldIndustry = "hymc"
	fieldMembers  = "xkxx"
)

var memberColumns = []string{"xkmc", "xkbh", "xkjg", "xkyxqz"}

// A Fold is a kind that folds in.
type Fold struct {
	Kind     string `json:"kind" minLength:"1" maxLength:"64" doc:"证照种类的目录名或类型代码"`
	Title    string `json:"title,omitempty" doc:"种类名称；不用填写"`
	Required bool   `json:"required" doc:"必备：缺少或失效时综合许可证不能有效"`
	Basis    string `json:"basis" maxLength:"200" doc:"该许可的法律依据"`
}

// A SchemeRequest defines a version of a scheme.
type SchemeRequest struct {
	Unit     string `json:"unit" minLength:"1" maxLength:"64" doc:"定义方案的管理单位；本单位和下级单位可以按方案组合"`
	Code     string `json:"code" minLength:"2" maxLength:"32" pattern:"^[A-Za-z0-9-]+$" doc:"方案代码；同一代码的下一版代替上一版"`
	Title    string `json:"title" minLength:"2" maxLength:"60" doc:"方案名称"`
	Industry string `json:"industry" minLength:"2" maxLength:"60" doc:"行业，写入照面"`
	Kind     string `json:"kind" minLength:"1" maxLength:"64" doc:"综合许可证的证照种类"`
	Parts    []Fold `json:"parts" minItems:"2" maxItems:"9" doc:"归集的许可"`
	Basis    string `json:"basis" minLength:"2" maxLength:"200" doc:"依据"`
}

// A Scheme is a version of a scheme.
type Scheme struct {
	ID        string    `json:"id"`
	Unit      string    `json:"unit"`
	UnitName  string    `json:"unit_name"`
	Code      string    `json:"code"`
	Version   int       `json:"version"`
	Title     string    `json:"title"`
	Industry  string    `json:"industry"`
	Kind      string    `json:"kind"`
	KindTitle string    `json:"kind_title"`
	Parts     []Fold    `json:"parts"`
	Basis     string    `json:"basis"`
	State     string    `json:"state" enum:"draft,submitted,published,superseded,withdrawn,altered"`
	StateName string    `json:"state_name"`
	Revision  int       `json:"revision" doc:"办理时所见的修订号"`
	Account   string    `json:"account" doc:"起草人"`
	MadeAt    time.Time `json:"made_at"`
	DecidedBy string    `json:"decided_by,omitempty"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	Reason    string    `json:"reason,omitempty" doc:"最近一次办理的理由"`
	May       []string  `json:"may" doc:"现在可由本人办理的：submit,publish,return,withdraw"`
}

// Location is the address of the scheme.
func (x *Scheme) Location() string { return "/api/v1/composite-schemes/" + x.ID }

var schemeStates = map[string]string{Draft: "起草", Submitted: "待同意", Published: "现行", Superseded: "已被新版代替", Withdrawn: "已撤回"}

// Define begins a version of a scheme, by who designs kinds for the unit.
func (s *Service) Define(ctx context.Context, q SchemeRequest) (*Scheme, error) {
	r, err := s.defined(ctx, &q)
	if err == nil {
		err = s.write(ctx, func(tx *db.Tx) error { return s.defineTx(tx, r, q.Parts) })
	}
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "composite.define", Object: "composite-scheme"}, err)
	}
	return s.Scheme(ctx, r.id)
}

// defined checks a definition.
func (s *Service) defined(ctx context.Context, q *SchemeRequest) (*schemeRow, error) {
	account, err := person(ctx)
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, permDesign, q.Unit); err != nil {
		return nil, err
	}
	f := fault.Invalid.New("方案不符合规则").WithCode("composite.scheme").WithHint("请按每一项的说明更正后重试")
	f = line(line(line(f, "title", "方案名称", q.Title, 2, 60), "industry", "行业", q.Industry, 2, 60), "basis", "依据", q.Basis, 2, 200)
	if n := len(q.Parts); n < 2 || n > 9 {
		f = f.WithField("parts", "length", "归集 2 到 9 种许可")
	}
	kind, err := s.Catalogue.Get(ctx, q.Kind)
	if err != nil {
		return nil, asked(err, "kind")
	}
	if why := unfit(kind); why != "" {
		f = f.WithField("kind", "unfit", why)
	}
	required := false
	for i := range q.Parts {
		p := &q.Parts[i]
		f = line(f, fmt.Sprintf("parts[%d].basis", i), "法律依据", p.Basis, 2, 200)
		k, err := s.Catalogue.Get(ctx, p.Kind)
		if err != nil {
			return nil, asked(err, fmt.Sprintf("parts[%d].kind", i))
		}
		p.Kind, p.Title, required = k.Name, k.Title, required || p.Required
		switch {
		case k.Name == kind.Name:
			f = f.WithField(fmt.Sprintf("parts[%d].kind", i), "self", "综合许可证不能归集自己")
		case slices.ContainsFunc(q.Parts[:i], func(o Fold) bool { return o.Kind == k.Name }):
			f = f.WithField(fmt.Sprintf("parts[%d].kind", i), "twice", "“"+k.Title+"”已经列入")
		}
	}
	if !required {
		f = f.WithField("parts", "required", "至少一种许可是必备的")
	}
	return &schemeRow{id: newID(), unit: q.Unit, code: q.Code, title: q.Title, industry: q.Industry, kind: kind.Name, basis: q.Basis, state: Draft, account: account}, f.OrNil()
}

// unfit says why a kind is none of a composite; empty: it is.
func unfit(k *catalogue.Kind) string {
	table := k.Field(fieldMembers)
	if k.Field(fieldIndustry) == nil || table == nil || table.Type != catalogue.Table {
		return "须有数据项 hymc（行业）和表格 xkxx（归集的许可）"
	}
	for _, key := range memberColumns {
		if !slices.ContainsFunc(table.Columns, func(c catalogue.Column) bool { return c.Key == key }) {
			return "表格 xkxx 须有列 " + strings.Join(memberColumns, "、")
		}
	}
	for i := range k.Seals {
		if k.Seals[i].Role != k.Seals[0].Role {
			return "综合许可证只由牵头单位盖章"
		}
	}
	if slices.Contains(k.Holders.Types, "person") {
		return "持证主体只能是法人、非法人组织"
	}
	return ""
}

func (s *Service) defineTx(tx *db.Tx, r *schemeRow, parts []Fold) error {
	o, err := iam.OrgTx(tx, r.unit)
	if err != nil {
		return err
	}
	r.path, r.madeAt = o.Path(), tx.Now().UnixMilli()
	unit, newest, err := lastVersion(tx, r.code)
	if err != nil {
		return err
	}
	if unit != "" && unit != r.unit {
		return fault.Conflict.New("方案代码“%s”是其他单位的", r.code).WithCode("composite.code").WithHint("请换一个代码").WithField("code", "taken", "已由其他单位使用")
	}
	r.version = newest + 1
	if r.parts, err = encodeParts(parts); err != nil {
		return err
	}
	r.mac = s.guard.schemes.Mac(r.id, r.fields()...)
	made, err := insertScheme(tx, r)
	if err != nil {
		return err
	}
	if !made {
		return fault.Conflict.New("方案“%s”已有一版正在起草或等待同意", r.code).WithCode("composite.open").WithHint("请先办完那一版")
	}
	return audit.Put(tx, audit.Entry{Action: "composite.define", Object: schemeObject(r.id)})
}

// A SchemeDecision is what somebody does with a version of a scheme.
type SchemeDecision struct {
	ID       string `path:"id" json:"-" maxLength:"64"`
	Action   string `path:"action" json:"-" enum:"submit,publish,return,withdraw"`
	Revision int    `json:"revision" minimum:"0" doc:"办理时所见的修订号"`
	Reason   string `json:"reason,omitempty" maxLength:"200" doc:"退回、撤回时必填；不要写个人信息"`
}

// A schemeMove is something that is done with a version: from where, to where.
type schemeMove struct {
	action, to string
	from       []string
	design     bool // by who designs for the unit; else by who agrees
	reason     bool
}

var schemeMoves = []schemeMove{
	{"submit", Submitted, []string{Draft}, true, false},
	{"publish", Published, []string{Submitted}, false, false},
	{"return", Draft, []string{Submitted}, false, true},
	{"withdraw", Withdrawn, []string{Draft, Submitted, Published}, true, true},
}

// DecideScheme does something with a version of a scheme.
func (s *Service) DecideScheme(ctx context.Context, d SchemeDecision) (*Scheme, error) {
	i := slices.IndexFunc(schemeMoves, func(m schemeMove) bool { return m.action == d.Action })
	if i < 0 {
		return nil, fault.NotFound.New("没有这个操作").WithCode("composite.action").WithHint("可用 submit、publish、return、withdraw")
	}
	if schemeMoves[i].reason || d.Reason != "" {
		if err := reasoned(d.Reason); err != nil {
			return nil, err
		}
	}
	err := s.write(ctx, func(tx *db.Tx) error {
		r, err := schemeByID(tx, d.ID, true)
		if err != nil {
			return err
		}
		if !seesScheme(ctx, r) {
			return errNoScheme()
		}
		if err := s.vetScheme(tx, r); err != nil {
			return err
		}
		if err := maySchemes(ctx, r, &schemeMoves[i]); err != nil {
			return err
		}
		if int64(d.Revision) != r.revision {
			return fault.Conflict.New("方案刚刚由他人办理").WithCode("composite.moved").WithHint("请刷新后查看")
		}
		return s.decideSchemeTx(tx, r, &schemeMoves[i], strings.TrimSpace(d.Reason))
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "composite.scheme-" + d.Action, Object: schemeObject(d.ID)}, err)
	}
	return s.Scheme(ctx, d.ID)
}

// maySchemes refuses who may not do this with a scheme now: the second of the two
// is a manager of the directory who does not design the unit's kinds.
func maySchemes(ctx context.Context, r *schemeRow, m *schemeMove) error {
	account, err := person(ctx)
	if err != nil {
		return err
	}
	if m.design {
		err = iam.Allow(ctx, permDesign, r.unit)
	} else if err = iam.Allow(ctx, permAgree, r.unit); err == nil {
		switch {
		case account == r.account:
			err = fault.Forbidden.New("您起草了这一版，不能自己同意").WithCode("composite.own").WithHint("请由管理单位的目录管理员同意")
		case iam.May(ctx, permDesign, r.unit):
			err = fault.Forbidden.New("您设计这个单位的证照类型，不能代表管理单位同意").WithCode("composite.side").WithHint("请由本单位或上级单位的目录管理员同意")
		}
	}
	if err == nil && !slices.Contains(m.from, r.state) {
		err = fault.Conflict.New("方案状态为“%s”，不能这样办理", schemeStates[r.state]).WithCode("composite.state").WithHint("请刷新后查看当前状态")
	}
	return err
}

func (s *Service) decideSchemeTx(tx *db.Tx, r *schemeRow, m *schemeMove, reason string) error {
	now := tx.Now().UnixMilli()
	if m.to == Published {
		if err := s.supersede(tx, r.code); err != nil {
			return err
		}
	}
	r.state, r.reason = m.to, reason
	if !m.design {
		r.decidedBy, r.decidedAt = actorOf(tx.Context()), &now
	}
	if m.action == "return" || m.action == "submit" { // the next round is decided anew
		r.decidedBy, r.decidedAt = "", nil
	}
	if err := s.saveScheme(tx, r); err != nil {
		return err
	}
	if err := audit.Put(tx, audit.Entry{Action: "composite.scheme-" + m.action, Object: schemeObject(r.id), Reason: reason}); err != nil {
		return err
	}
	n := notice.Notice{Topic: "composite.scheme-" + m.action, Org: r.unit, Link: SchemeLink(r.id)}
	switch m.action {
	case "submit":
		n.Permission, n.Title, n.Text = permAgree, "行业综合许可方案待同意："+r.title, "请核对归集的许可和依据，同意或退回。"
	case "publish":
		n.Account, n.Title, n.Text = r.account, "行业综合许可方案已发布："+r.title, "本单位和下级单位可以按方案组合综合许可证。"
	case "return":
		n.Account, n.Title, n.Text = r.account, "行业综合许可方案被退回："+r.title, "理由见方案页面。"
	default:
		return nil
	}
	return s.tell(tx, n)
}

// supersede takes the version in force out of it. One that was edited goes, too, and
// stays one that was.
func (s *Service) supersede(tx *db.Tx, code string) error {
	r, err := inForce(tx, code)
	if err != nil || r == nil {
		return err
	}
	ok, err := s.genuineScheme(tx, r)
	if err != nil {
		return err
	}
	if r.state = Superseded; !ok {
		return saveScheme(tx, r)
	}
	return s.saveScheme(tx, r)
}

// seesScheme tells whether a version is the reader's to see: those that were in
// force are everybody's who sees kinds or drafts, others of those who define and agree.
func seesScheme(ctx context.Context, r *schemeRow) bool {
	if (r.state == Published || r.state == Superseded) && iam.MayAny(ctx, "", permKinds, permDraft) {
		return true
	}
	return iam.MayAny(ctx, r.unit, permDesign, permAgree)
}

// Scheme returns a version of a scheme.
func (s *Service) Scheme(ctx context.Context, id string) (x *Scheme, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := schemeByID(tx, id, false)
		if err != nil {
			return err
		}
		if !seesScheme(ctx, r) {
			return errNoScheme()
		}
		x, err = s.showScheme(tx, r)
		return err
	})
	if err == nil && x.State == Altered {
		s.alarm(ctx, tableSchemes, x.ID)
	}
	return x, err
}

// Schemes lists the versions of schemes that the reader sees, the newest first; of
// a platform there are few.
func (s *Service) Schemes(ctx context.Context, state string) (list []*Scheme, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list = []*Scheme{}
		rows, err := schemes(tx, state)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if !seesScheme(ctx, r) {
				continue
			}
			x, err := s.showScheme(tx, r)
			if err != nil {
				return err
			}
			list = append(list, x)
		}
		return nil
	})
	for _, x := range list {
		if err == nil && x.State == Altered {
			s.alarm(ctx, tableSchemes, x.ID)
		}
	}
	return list, err
}

func (s *Service) showScheme(tx *db.Tx, r *schemeRow) (*Scheme, error) {
	genuine, err := s.genuineScheme(tx, r)
	if err != nil {
		return nil, err
	}
	o, err := iam.OrgTx(tx, r.unit)
	if err != nil && (genuine || !missing(err)) {
		return nil, err
	}
	x := &Scheme{ID: r.id, Unit: r.unit, UnitName: o.Name, Code: r.code, Version: int(r.version), Title: r.title, Industry: r.industry, Kind: r.kind, KindTitle: s.titleOf(tx, r.kind),
		Basis: r.basis, State: r.state, StateName: schemeStates[r.state], Revision: int(r.revision), Account: r.account, MadeAt: moment(r.madeAt), DecidedBy: r.decidedBy, Reason: r.reason, May: []string{}}
	if r.decidedAt != nil {
		x.DecidedAt = moment(*r.decidedAt)
	}
	if !genuine { // what it says is not to be relied on
		x.State, x.StateName, x.Parts = Altered, AlteredName, []Fold{}
		return x, nil
	}
	if x.Parts, err = decodeParts(r); err != nil {
		return nil, err
	}
	for i := range schemeMoves {
		if maySchemes(tx.Context(), r, &schemeMoves[i]) == nil {
			x.May = append(x.May, schemeMoves[i].action)
		}
	}
	return x, nil
}

// titleOf is the title of a kind; of one that was disabled its name.
func (s *Service) titleOf(tx *db.Tx, kind string) string {
	k, err := s.Catalogue.KindTx(tx, kind)
	if err != nil {
		return kind
	}
	return k.Title
}
