package bound

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/sealapply"
)

// A Filled is what the application for an offered seal says already: nothing of it
// is typed.
type Filled struct {
	Offer       *Offer            `json:"offer"`
	Org         string            `json:"org" doc:"企业印章：用章单位；个人印章：缺省的受理部门"`
	SealKind    string            `json:"seal_kind"`
	Fixed       []string          `json:"fixed" doc:"取自证照的项，不能改"`
	Fields      map[string]string `json:"fields" doc:"申请表中已填好的项"`
	Authorities []Choice          `json:"authorities,omitempty" doc:"个人印章：可以选择的受理部门"`
	Keepers     []string          `json:"keepers,omitempty" doc:"企业印章：可以保管印章的账号"`
}

// A Choice is a unit that may be chosen.
type Choice struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// A TakeRequest begins the application for an offered seal, with what its
// certificate does not say.
type TakeRequest struct {
	ID        string            `path:"id" json:"-" maxLength:"64"`
	Authority string            `json:"authority,omitempty" maxLength:"64" doc:"个人印章：受理的印章管理部门"`
	Custodian string            `json:"custodian,omitempty" maxLength:"64" doc:"企业印章：保管人账号；只有一人可选时可以省略"`
	Fields    map[string]string `json:"fields,omitempty" doc:"申请表中证照没有的项，如经办人手机号码"`
	Reason    string            `json:"reason,omitempty" maxLength:"500"`
}

// A taking is an offer about to be taken.
type taking struct {
	r    *row
	me   *asker
	w    said
	unit *iam.Org // of an enterprise
}

// mine finds an offer of whoever asks; to others there is none.
func (s *Service) mine(ctx context.Context, id string) (*row, *asker, error) {
	me, err := s.asks(ctx)
	if err != nil {
		return nil, nil, err
	}
	var r *row
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = offerByID(tx, id, false); return err }); err != nil {
		return nil, nil, err
	}
	if !me.has(r) {
		return nil, nil, errUnknown()
	}
	return r, me, nil
}

// takable refuses what cannot be taken, with the way out.
func (s *Service) takable(ctx context.Context, id string) (*taking, error) {
	r, me, err := s.mine(ctx, id)
	if err != nil {
		return nil, err
	}
	t := &taking{r: r, me: me}
	if t.w, err = s.openFrom(offerCell(id), r.content); err != nil {
		return nil, err
	}
	if err := r.takableBy(me.account, milli(s.DB.Now())); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		i, err := s.standing(tx, r)
		if err == nil && !i.Stands {
			err = fault.Conflict.New("%s%s，现在不能据以申领印章", t.w.Title, i.Name).WithCode("bound.certificate").WithHint("请在证照恢复有效后办理")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.sort == Personal {
		if me.name != t.w.Name {
			return nil, fault.Conflict.New("本人登记的姓名与%s上的不一致", t.w.Title).WithCode("bound.name").WithHint("请先到办事窗口核实身份，更正后再申领")
		}
		return t, nil
	}
	if t.unit, err = s.unitOf(ctx, t.w.Code); err != nil {
		return nil, err
	}
	switch {
	case t.unit == nil:
		return nil, fault.Conflict.New("企业还没有在平台登记为用章单位").WithCode("bound.unregistered").WithHint("已通知系统管理员按证照登记，登记后即可申领")
	case t.unit.Name != t.w.Name:
		return nil, fault.Conflict.New("单位登记的名称与%s上的不一致", t.w.Title).WithCode("bound.name").WithHint("请系统管理员按证照更正单位名称后再申领")
	}
	return t, nil
}

// takableBy refuses by the state of an offer.
func (r *row) takableBy(account string, now int64) error {
	switch {
	case r.state == Open && now < r.until:
		return nil
	case r.state == Taken && r.account == account:
		return nil
	case r.state == Open || r.state == Expired:
		return fault.Conflict.New("同步申领的期限已过").WithCode("bound.expired").WithHint("请在“我的印章”中另行申请")
	case r.state == Declined:
		return fault.Conflict.New("已谢绝同步申领").WithCode("bound.declined").WithHint("需要印章的，请在“我的印章”中另行申请")
	case r.state == Void:
		return fault.Conflict.New("证照已失效，不能据以申领印章").WithCode("bound.void").WithHint("请在取得新的证照后办理")
	}
	return fault.Conflict.New("已由他人申领，或印章已发放").WithCode("bound.taken").WithHint("请在“我的印章”中查看进度")
}

// Fill tells whoever may take an offer what is filled in already.
func (s *Service) Fill(ctx context.Context, id string) (*Filled, error) {
	t, err := s.takable(ctx, id)
	if err != nil {
		return nil, err
	}
	f := &Filled{SealKind: sealKinds[t.r.sort]}
	if t.r.sort == Personal {
		all, err := s.IAM.Organisations(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range all {
			if o.Type == "authority" && !o.Closed && o.Tier == "county" {
				f.Authorities = append(f.Authorities, Choice{o.ID, o.Name})
			}
		}
		if len(f.Authorities) == 0 {
			return nil, fault.Conflict.New("还没有受理个人印章的部门").WithCode("bound.authority").WithHint("请联系所在地的印章管理部门")
		}
		f.Org = f.Authorities[0].ID
	} else {
		f.Org = t.unit.ID
		if f.Keepers, err = s.keepers(ctx, t.unit.ID); err != nil {
			return nil, err
		}
	}
	if f.Fields, f.Fixed, err = s.fields(ctx, t, f.Org); err != nil {
		return nil, err
	}
	f.Offer, err = s.Get(ctx, id)
	return f, err
}

// keepers are the people of an enterprise who may keep its seal.
func (s *Service) keepers(ctx context.Context, org string) (out []string, err error) {
	all, err := s.IAM.Holding(ctx, "seal.use", org)
	if err != nil {
		return nil, err
	}
	for _, account := range all {
		x, err := s.IAM.As(ctx, account)
		if err != nil {
			if fault.As(err) == nil {
				return nil, err
			}
			continue // the account was closed
		}
		if p, ok := iam.From(x); ok && p.Org == org {
			out = append(out, account)
		}
	}
	return out, nil
}

// fields are what the form of an application is filled in with; fixed are those
// that the certificate says.
func (s *Service) fields(ctx context.Context, t *taking, org string) (known map[string]string, fixed []string, err error) {
	_, asked, _, err := s.Apply.FormFor(ctx, org, sealapply.Apply, sealKinds[t.r.sort])
	if err != nil {
		return nil, nil, err
	}
	all := maps.Clone(t.w.Fields)
	if all == nil {
		all = map[string]string{}
	}
	if t.r.sort == Enterprise {
		all["org_name"], all["uscc"] = t.w.Name, t.w.Code
	}
	says := map[string]bool{}
	for code := range all {
		says[code] = true
	}
	all["handler"] = t.me.name
	known = map[string]string{}
	for _, f := range asked {
		if v := all[f.Code]; v != "" {
			known[f.Code] = v
			if says[f.Code] {
				fixed = append(fixed, f.Code)
			}
		}
	}
	return known, fixed, nil
}

// request is the application that a taking asks for.
func (s *Service) request(ctx context.Context, t *taking, q TakeRequest) (c sealapply.CreateRequest, err error) {
	c = sealapply.CreateRequest{Kind: sealapply.Apply, SealKind: sealKinds[t.r.sort], SealName: t.w.Name,
		Reason: cmp.Or(strings.TrimSpace(q.Reason), "与"+t.w.Title+"同步发放，电子证照标识 "+t.r.identifier)}
	org := q.Authority
	if t.r.sort == Personal {
		c.Authority = q.Authority
		if org == "" {
			return c, fault.Invalid.New("须选择受理的印章管理单位").WithCode("sealapply.authority").WithHint("请选择户籍地或居住地的县级印章管理单位").WithField("authority", "required", "必填")
		}
	} else {
		org, c.Org = t.unit.ID, t.unit.ID
		if c.Custodian = q.Custodian; c.Custodian == "" {
			list, err := s.keepers(ctx, t.unit.ID)
			if err != nil {
				return c, err
			}
			if len(list) != 1 {
				return c, fault.Invalid.New("须选择印章保管人").WithCode("bound.keeper").WithHint("企业还没有可以保管印章的人时，请系统管理员先授予印章保管员角色").WithField("custodian", "required", "必填")
			}
			c.Custodian = list[0]
		}
	}
	known, fixed, err := s.fields(ctx, t, org)
	if err != nil {
		return c, err
	}
	c.Fields = known
	for code, v := range q.Fields {
		if slices.Contains(fixed, code) && v != known[code] {
			return c, fault.Invalid.New("“%s”以证照为准，不能另填", code).WithCode("bound.fixed").WithHint("证照有误的，请向签发单位申请更正").WithField("fields."+code, "fixed", "以证照为准")
		}
		if strings.TrimSpace(v) != "" {
			c.Fields[code] = v
		}
	}
	return c, nil
}

// Take begins the application for an offered seal: a draft, filled in from the
// certificate and held against it from then on. Pictures, files and the statement
// are added to it as to any other, and it goes the ordinary way. Asked again it is
// the same application, unless that was withdrawn.
func (s *Service) Take(ctx context.Context, q TakeRequest) (*Offer, error) {
	t, err := s.takable(ctx, q.ID)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "bound.take", Object: objectOf(q.ID)}, err)
	}
	c, err := s.request(ctx, t, q)
	if err != nil {
		return nil, err
	}
	application, makes, err := s.claim(ctx, t)
	if err != nil {
		return nil, err
	}
	s.step("taken")
	if _, err := s.Apply.CreateAs(ctx, application, makes, c); err != nil {
		if fault.As(err) == nil {
			return nil, err
		}
		if e := s.release(ctx, q.ID, application); e != nil {
			return nil, e
		}
		return nil, err
	}
	s.step("created")
	return s.Get(ctx, q.ID)
}

// claim makes an offer the asker's, and fixes the ids of its application and seal.
// An agent whom staff of the issuing unit saw acts for the enterprise from here.
func (s *Service) claim(ctx context.Context, t *taking) (application, makes string, err error) {
	next, seal := newID(), newID()
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := offerByID(tx, t.r.id, true)
		if err != nil {
			return err
		}
		if err := r.takableBy(t.me.account, milli(tx.Now())); err != nil {
			return err
		}
		if !t.me.has(r) {
			return errUnknown()
		}
		if _, acts := t.me.units[string(r.holder)]; r.sort == Enterprise && !acts && t.me.isAgent(r) {
			if err := s.Apply.BondTx(tx, t.me.account, t.unit.ID, "电子证照标识 "+r.identifier+"，签发时由经办人员核验", r.agentBy); err != nil {
				return err
			}
		}
		if r.application != "" {
			x, err := sealapply.StandTx(tx, r.application)
			if err != nil {
				return err
			}
			if x == nil || x.State != sealapply.Withdrawn {
				application, makes = r.application, r.seal
				return nil
			}
		}
		now := milli(tx.Now())
		if r.taken == nil {
			r.taken = &now
		}
		r.state, r.account, r.application, r.seal, r.later = Taken, t.me.account, next, seal, nil
		application, makes = next, seal
		if err := saveOffer(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "bound.take", Object: objectOf(r.id), Reason: "印章申请 " + next})
	})
	return application, makes, err
}

// release opens an offer again of which no application came about.
func (s *Service) release(ctx context.Context, id, application string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := offerByID(tx, id, true)
		if err != nil || r.state != Taken || r.application != application {
			return err
		}
		x, err := sealapply.StandTx(tx, application)
		if err != nil || x != nil {
			return err
		}
		r.state, r.account, r.application, r.seal, r.taken = Open, "", "", "", nil
		return saveOffer(tx, r)
	})
}
