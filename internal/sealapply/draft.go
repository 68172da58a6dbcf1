package sealapply

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/seal"
)

// maxName is how long the name on an imprint may be, in characters.
const maxName = 100

func (r *CreateRequest) check() error {
	bad := fault.Invalid.New("印章申请不符合规则").WithCode("sealapply.request").WithHint("请按每一项的说明更正后重试")
	if kindLabels[r.Kind] == "" || r.Kind == Bulk {
		bad = bad.WithField("kind", "unknown", "可选 apply、renew、change、remake、cancel")
	}
	if r.Kind == Apply && seal.Label(r.SealKind) == "" {
		bad = bad.WithField("seal_kind", "unknown", "没有这种印章")
	}
	if r.Kind.Follows() && r.Seal == "" {
		bad = bad.WithField("seal", "required", "须指明是哪一枚印章")
	}
	if r.Kind == Apply && r.Seal != "" {
		bad = bad.WithField("seal", "unwanted", "新申请不填；续期、变更、补办请选相应的申请")
	}
	if r.Kind == Apply && r.SealKind != seal.Personal && r.Org == "" {
		bad = bad.WithField("org", "required", "须填写用章单位")
	}
	if utf8.RuneCountInString(r.SealName) > maxName {
		bad = bad.WithField("seal_name", "length", fmt.Sprintf("至多 %d 个字", maxName))
	}
	if r.Kind.Follows() && needReason(r.Reason) != nil || utf8.RuneCountInString(r.Reason) > maxReason {
		bad = bad.WithField("reason", "required", "须说明事由，至多 500 个字")
	}
	return bad.OrNil()
}

// Create begins an application: a draft, on the form that counts for the unit
// today. The id of the seal that it will make is fixed here.
func (s *Service) Create(ctx context.Context, q CreateRequest) (*Application, error) {
	return s.create(ctx, newID(), newID(), q)
}

func (s *Service) create(ctx context.Context, id, makes string, q CreateRequest) (*Application, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	r := &row{id: id, kind: q.Kind, org: q.Org, sealKind: q.SealKind, seal: q.Seal, person: q.Person, custodian: q.Custodian,
		state: Draft, mode: BuiltIn, account: audit.ActorFrom(ctx).Account, reason: strings.TrimSpace(q.Reason)}
	if r.kind.Makes() {
		r.makes = makes
	}
	if err := s.about(ctx, r, q); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.create", Object: objectOf(r.id)}, err)
	}
	if err := s.Options.zoned(r.sealKind); err != nil {
		return nil, err
	}
	c := content{Name: strings.TrimSpace(q.SealName)}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := mayApply(ctx, tx, r.org, r.sealKind, r.person); err != nil {
			return err
		}
		above, err := iam.AboveTx(tx, r.org)
		if err != nil {
			return err
		}
		path, region := above[0].Path(), iam.RegionOf(above)
		form, err := formTx(tx, region)
		if err != nil {
			return err
		}
		if c.Fields, err = form.merge(r.kind, r.sealKind, nil, q.Fields); err != nil {
			return err
		}
		r.path, r.formRegion, r.formVersion, r.created = path, form.Region, form.Version.String(), milli(tx.Now())
		if err := s.seal(r, c); err != nil {
			return err
		}
		if made, err := insertApp(tx, r); err != nil || !made {
			return cmp.Or(err, errMoved())
		}
		return s.recordTx(tx, r, &historyRow{action: string(ActEdit), reason: r.reason}, "sealapply.create")
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.create", Object: objectOf(r.id)}, err)
	}
	return s.Get(ctx, r.id)
}

// about fills in what follows from the seal that the application is about, and
// whose a personal seal is.
func (s *Service) about(ctx context.Context, r *row, q CreateRequest) error {
	if r.kind.Follows() {
		x, err := s.sealOfCaller(ctx, r)
		if err != nil {
			return err
		}
		if q.Org != "" && q.Org != x.Org {
			return fault.NotFound.New("没有这枚印章，或不是本单位的").WithCode("sealapply.seal").WithHint("请从本单位的印章中选择")
		}
		r.org, r.sealKind, r.person = x.Org, x.Kind, cmp.Or(x.Person, q.Person)
		r.custodian = cmp.Or(q.Custodian, x.Custodian)
		return nil
	}
	if r.sealKind != seal.Personal {
		return nil
	}
	r.org, r.person = cmp.Or(q.Authority, s.Options.Persons), cmp.Or(q.Person, r.account)
	r.custodian = r.person
	var o iam.Org
	if r.org == "" {
		return fault.Invalid.New("须选择受理的印章管理单位").WithCode("sealapply.authority").WithHint("请选择户籍地或居住地的县级印章管理单位").WithField("authority", "required", "必填")
	}
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { o, err = iam.OrgTx(tx, r.org); return err }); err != nil {
		return err
	}
	if o.Type != authorityType || o.Closed {
		return fault.Invalid.New("所选单位不受理个人印章").WithCode("sealapply.authority").WithHint("请选择县级印章管理单位").WithField("authority", "type", "不是在用的管理单位")
	}
	return nil
}

// sealOfCaller is the seal that an application is begun about: one that the
// caller may see. What is another's does not exist.
func (s *Service) sealOfCaller(ctx context.Context, r *row) (*seal.Seal, error) {
	x, err := s.sealFor(ctx, r)
	if e := fault.As(err); e != nil && (e.Kind == fault.Forbidden || e.Kind == fault.NotFound) {
		return nil, fault.NotFound.New("没有这枚印章，或不是本单位的").WithCode("sealapply.seal").WithHint("请从本单位的印章中选择")
	}
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { return mayApply(ctx, tx, x.Org, x.Kind, x.Person) })
	if e := fault.As(err); e != nil && e.Kind == fault.Forbidden {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.create", Object: "seal/" + clip(r.seal, 60)}, err)
	}
	return x, err
}

// change is one change of a draft by its applicant, under its lock.
func (s *Service) change(ctx context.Context, id, note string, fn func(tx *db.Tx, r *row, c *content, form *Form) error) (*Application, error) {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, steps, err := s.lockTx(ctx, tx, id, ActEdit, Applicant)
		if err != nil {
			return err
		}
		_ = steps
		c, err := s.open(r)
		if err != nil {
			return err
		}
		form, err := formOf(tx, r.formRegion, r.formVersion)
		if err != nil {
			return err
		}
		if err := fn(tx, r, &c, form); err != nil {
			return err
		}
		if err := s.seal(r, c); err != nil {
			return err
		}
		if err := saveApp(tx, r); err != nil {
			return err
		}
		return s.recordTx(tx, r, &historyRow{action: string(ActEdit), reason: note}, "sealapply.edit")
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.edit", Object: objectOf(id)}, err)
	}
	return s.Get(ctx, id)
}

// Edit changes what an application says.
func (s *Service) Edit(ctx context.Context, id string, e Edit) (*Application, error) {
	return s.change(ctx, id, "填写申请表", func(_ *db.Tx, r *row, c *content, form *Form) (err error) {
		if e.SealName != nil {
			name := strings.TrimSpace(*e.SealName)
			if utf8.RuneCountInString(name) > maxName {
				return fault.Invalid.New("印模名称过长").WithCode("sealapply.request").WithHint("至多 %d 个字", maxName).WithField("seal_name", "length", "过长")
			}
			if name != shownName(r.sealKind, c.Name) || name == "" {
				c.Name = name
			}
		}
		if e.Custodian != nil && r.sealKind != seal.Personal {
			r.custodian = *e.Custodian
		}
		if e.Person != nil && r.sealKind == seal.NameSeal {
			r.person = *e.Person
		}
		if e.Reason != nil {
			if err := checkNote(*e.Reason); err != nil {
				return err
			}
			r.reason = strings.TrimSpace(*e.Reason)
		}
		c.Fields, err = form.merge(r.kind, r.sealKind, c.Fields, e.Fields)
		return err
	})
}

// SetImprint takes the picture of the imprint, as its owner gives it, and never
// changes it (SEAL-06). A statement about another picture has to be signed anew.
func (s *Service) SetImprint(ctx context.Context, id string, data []byte, width, height int) (*Application, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	if width < 1 || height < 1 || width > maxSide || height > maxSide {
		return nil, fault.Invalid.New("印模尺寸不符合规则").WithCode("sealapply.imprint").WithHint("请填写实物印章的长宽").
			WithField("width", "size", fmt.Sprintf("长宽为 1 到 %d 毫米", maxSide))
	}
	p, err := look(data)
	if err != nil {
		return nil, err
	}
	if p.blank {
		return nil, fault.Invalid.New("印模图像是空白的").WithCode("sealapply.imprint").WithHint("请重新扫描印模").WithField("imprint", "blank", "看不到印迹")
	}
	digest, err := s.Blobs.Put(ctx, data)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, id, "上传印模", func(_ *db.Tx, r *row, _ *content, _ *Form) error {
		if !r.kind.Makes() {
			return fault.Conflict.New("%s申请不需要印模", r.kind.Label()).WithCode("sealapply.imprint").WithHint("请直接提交")
		}
		r.imprint, r.width, r.height = digest[:], int64(width), int64(height)
		return nil
	})
}

// Imprint is the picture of an application's imprint, as it was uploaded.
func (s *Service) Imprint(ctx context.Context, id string) ([]byte, error) {
	a, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if a.Imprint == nil {
		return nil, fault.NotFound.New("还没有上传印模").WithCode("sealapply.imprint").WithHint("请先上传印模图像")
	}
	var r *row
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = appByID(tx, id, false); return err }); err != nil {
		return nil, err
	}
	return s.Blobs.Get(ctx, gm.Digest(r.imprint))
}

// Declare signs the statement on the truth of the imprint: this text, by whoever
// acts, now, about this image.
func (s *Service) Declare(ctx context.Context, id, version, imprint string) (*Application, error) {
	me := audit.ActorFrom(ctx).Account
	if me == "" {
		return nil, fault.Forbidden.New("真实性声明须由人签署").WithCode("sealapply.program").WithHint("请登录后签署")
	}
	return s.change(ctx, id, "签署印模真实性声明", func(tx *db.Tx, r *row, _ *content, form *Form) error {
		switch {
		case len(r.imprint) == 0:
			return fault.Conflict.New("还没有上传印模").WithCode("sealapply.statement").WithHint("请先上传印模图像")
		case version != form.Statement.Version:
			return fault.Conflict.New("声明文本已不是这一版").WithCode("sealapply.statement").WithHint("请刷新后重新阅读并签署")
		case imprint != hexOf(r.imprint):
			return fault.Conflict.New("所声明的不是当前的印模图像").WithCode("sealapply.statement").WithHint("请刷新后核对印模再签署")
		}
		r.statementVersion, r.statementBy, r.statementAt, r.statementImprint = version, me, milli(tx.Now()), slices.Clone(r.imprint)
		return nil
	})
}

// Certificates lists what the unit of an application holds that may be used for
// the seal, so that nothing is applied for twice (SEAL-03).
func (s *Service) Certificates(ctx context.Context, id string) ([]CertificateChoice, error) {
	a, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	var held []pki.Registered
	if seal.OfPerson(a.SealKind) {
		held, err = s.PKI.HeldByAccount(ctx, a.Person)
	} else {
		held, err = s.PKI.HeldBy(ctx, a.Org)
	}
	list := []CertificateChoice{}
	for _, h := range held {
		if h.Key != "" {
			list = append(list, CertificateChoice{Mode: Held, Serial: h.ID})
		}
	}
	return list, err
}

// ChooseCertificate says which digital certificate the seal is bound to: one
// that the unit holds (its id or serial), one that the built-in authority issues
// when the seal is made, or one that an outside authority is asked for.
func (s *Service) ChooseCertificate(ctx context.Context, id, mode, serial string) (*Application, error) {
	if mode != Held && mode != BuiltIn && mode != Outside || (mode == Held) != (serial != "") {
		return nil, fault.Invalid.New("请选择数字证书的来源").WithCode("sealapply.certificate").WithHint("可选 held（已持有，须指明哪一张）、built-in、outside").
			WithField("mode", "enum", "可选 held、built-in、outside")
	}
	return s.change(ctx, id, "选择数字证书", func(tx *db.Tx, r *row, _ *content, _ *Form) error {
		r.mode, r.serial, r.key, r.request = mode, "", "", ""
		if mode != Held {
			return nil
		}
		h, err := pki.GetTx(tx, serial)
		switch {
		case isNotFound(err) || err == nil && h.Org != r.org && (h.Account == "" || h.Account != r.person):
			return fault.NotFound.New("本单位没有这张数字证书").WithCode("sealapply.certificate").WithHint("请从列出的数字证书中选择")
		case err != nil:
			return err
		}
		r.serial, r.key = h.ID, h.Key
		return nil
	})
}
