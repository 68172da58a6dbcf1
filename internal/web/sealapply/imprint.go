package sealapply

import (
	"context"
	"net/http"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

// A picture is an imprint at its true size beside a ruler, both in millimetres.
type picture struct {
	Src           string
	Width, Height int // mm
	Long          int // of the ruler, mm
	Marks         []mark5
	Digest        string
}

// A mark5 is a line of the ruler: one each millimetre, longer at five and ten.
type mark5 struct {
	At, Down int
	Text     string
}

// pictureOf is the imprint of an application; nil: there is none yet.
func pictureOf(a *sealapply.Application, at string) *picture {
	if a.Imprint == nil {
		return nil
	}
	p := &picture{Src: at + "/imprint.png?d=" + a.Imprint.Digest[:12], Width: a.Imprint.Width, Height: a.Imprint.Height, Digest: a.Imprint.Digest}
	p.Long = (p.Width/10 + 1) * 10
	for i := 0; i <= p.Long; i++ {
		m := mark5{At: i, Down: 2}
		if i%5 == 0 {
			m.Down = 3
		}
		if i%10 == 0 {
			m.Down, m.Text = 4, itoa(i)
		}
		p.Marks = append(p.Marks, m)
	}
	return p
}

type imprintPage struct {
	draft
	Picture *picture
	File    slot
	Sizes   []page.Field
	Known   string // how the size is, if it is
	Text    sealapply.StatementText
	Signed  *sealapply.Statement
	Who     string
	Stale   bool   // signed for another picture
	Agree   string // what is wrong with the box
	Before  *picture
}

func (s *Service) imprintStep(r *http.Request, d draft) (*imprintPage, error) {
	form, err := s.formOf(r.Context(), d.A)
	if err != nil {
		return nil, err
	}
	a := d.A
	p := &imprintPage{draft: d, Picture: pictureOf(a, d.At), Text: form.Statement, Signed: a.Statement,
		File: slot{ID: "file", Name: "file", Label: "印模图像", Required: a.Imprint == nil, Accept: ".png", Hint: "PNG，透明或白色背景，边长 32 至 1200 像素，不超过 64 KB；由实物印章印迹扫描，不裁切、不修饰"}}
	if a.Statement != nil {
		n, err := s.names(r.Context(), a.Statement.By)
		if err != nil {
			return nil, err
		}
		p.Who, p.Stale = n.Person(a.Statement.By), a.Imprint == nil || a.Statement.Imprint != a.Imprint.Digest
	}
	if a.Seal != "" && a.Imprint == nil {
		p.Before = s.before(r.Context(), a)
	}
	known, err := s.sizeOf(r.Context(), p)
	if err != nil {
		return nil, err
	}
	p.Sizes, p.Known = sizeFields(r, known), known.said()
	return p, nil
}

// sizeOf is what is known of the size: of the picture that is there, of the seal
// that is gone on with, or by the rule.
func (s *Service) sizeOf(ctx context.Context, p *imprintPage) (extent, error) {
	switch {
	case p.Picture != nil:
		return extent{Width: p.Picture.Width, Height: p.Picture.Height}, nil
	case p.Before != nil:
		return extent{p.Before.Width, p.Before.Height, "原印章的印模"}, nil
	}
	o, err := s.IAM.Org(ctx, p.A.Org)
	return standardSize(p.A.SealKind, o), err
}

// before is the imprint of the seal that an application is about, for those who
// go on with it.
func (s *Service) before(ctx context.Context, a *sealapply.Application) *picture {
	if _, err := s.Seal.Get(ctx, a.Seal); err != nil {
		return nil
	}
	x, err := s.Seal.Imprint(ctx, a.Seal)
	if err != nil || len(x.PNG) == 0 {
		return nil
	}
	return &picture{Width: x.Width, Height: x.Height}
}

func (p *imprintPage) wrong(err error) {
	e := fault.As(err)
	all := append(p.Sizes, page.Field{ID: "file", Name: "file", Label: "印模图像"}, page.Field{ID: "file", Name: "imprint", Label: "印模图像"}, page.Field{ID: "agree", Name: "agree", Label: "声明"})
	p.says(page.Mark(err, all))
	p.Sizes, p.File.Error, p.Agree = all[:2], all[2].Error+all[3].Error, all[4].Error
	if len(e.Fields) == 0 && e.Code == "sealapply.imprint" {
		p.File.Error = e.Msg
	}
}

// postImprint takes a picture, or only another size of the one that is there, or
// the picture of the seal that is gone on with.
func (s *Service) postImprint(w http.ResponseWriter, r *http.Request) error {
	err := takeForm(r)
	if err == nil {
		defer r.MultipartForm.RemoveAll()
		err = s.setImprint(r)
	}
	if err != nil {
		return s.show(w, r, "imprint", err)
	}
	return page.See(w, r, page.Asking(page.At(baseOf(r), r.PathValue("id"), "imprint"), "done", "imprint"))
}

func (s *Service) setImprint(r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	a, err := s.Apply.Get(ctx, id)
	if err != nil {
		return err
	}
	if r.PostFormValue("same") != "" && a.Seal != "" {
		if _, err := s.Seal.Get(ctx, a.Seal); err != nil {
			return err
		}
		x, err := s.Seal.Imprint(ctx, a.Seal)
		if err == nil {
			_, err = s.Apply.SetImprint(ctx, id, x.PNG, x.Width, x.Height)
		}
		return err
	}
	width, height := sealapply.SizeOf(r.MultipartForm)
	data, err := s.pictureSent(r, a)
	if err != nil {
		return err
	}
	_, err = s.Apply.SetImprint(ctx, id, data, width, height)
	return err
}

// pictureSent is the picture that was chosen, or else the one that is there.
func (s *Service) pictureSent(r *http.Request, a *sealapply.Application) ([]byte, error) {
	if list := r.MultipartForm.File["file"]; len(list) == 1 && list[0].Filename != "" {
		return read(list[0])
	}
	if a.Imprint != nil {
		return s.Apply.Imprint(r.Context(), a.ID)
	}
	return nil, fault.Invalid.New("还没有选择印模图像").WithCode("sealapply.imprint").WithHint("请选择由实物印章印迹扫描的 PNG 图像").WithField("file", "required", "请选择文件")
}

// postStatement signs that the imprint is true. The box is not ticked for anybody.
func (s *Service) postStatement(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("agree") != "1" {
		return s.show(w, r, "imprint", fault.Invalid.New("还没有签署声明").WithCode("sealapply.statement").WithHint("核对印模后勾选声明").WithField("agree", "required", "请阅读并勾选"))
	}
	_, err := s.Apply.Declare(r.Context(), r.PathValue("id"), r.PostFormValue("version"), r.PostFormValue("imprint"))
	return s.after(w, r, "imprint", err)
}

func (s *Service) getImprint(w http.ResponseWriter, r *http.Request) error {
	data, err := s.Apply.Imprint(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: "imprint.png", Inline: true, Media: "image/png", Data: data})
}

type certificatePage struct {
	draft
	Options  []choice
	Error    string
	Personal bool
}

// A choice is one of several ways, with what it means.
type choice struct {
	ID, Value, Label, Text string
	Checked                bool
}

func (s *Service) certificateStep(r *http.Request, d draft) (*certificatePage, error) {
	held, err := s.Apply.Certificates(r.Context(), d.A.ID)
	if err != nil {
		return nil, err
	}
	now := d.A.Certificate
	p := &certificatePage{draft: d}
	for i, c := range held {
		v := choice{ID: "held-" + itoa(i), Value: sealapply.Held + " " + c.Serial, Label: "使用已持有的数字证书", Text: "编号末位 " + c.Serial[max(0, len(c.Serial)-12):], Checked: now.Mode == sealapply.Held && now.Serial == c.Serial}
		if x, err := s.Seal.PKI.Get(r.Context(), c.Serial); err == nil {
			v.Text = x.Certificate.SubjectName() + "，" + x.Certificate.IssuerName() + "签发，有效期至 " + page.Day(x.Certificate.NotAfter) + "；印章的有效期与它相同"
		}
		p.Options = append(p.Options, v)
	}
	p.Options = append(p.Options,
		choice{ID: "built-in", Value: sealapply.BuiltIn, Label: "由本平台签发", Text: "制作印章时，由平台的签发机构按登记名称签发，不需要准备", Checked: now.Mode == sealapply.BuiltIn},
		choice{ID: "outside", Value: sealapply.Outside, Label: "向外部电子认证服务机构申请", Text: "由系统管理员生成证书请求、装入签发结果，其间申请可以先提交；签发前不能制作", Checked: now.Mode == sealapply.Outside},
	)
	return p, nil
}

func (p *certificatePage) wrong(err error) {
	all := []page.Field{{ID: p.Options[0].ID, Name: "mode", Label: "数字证书"}}
	p.says(page.Mark(err, all))
	p.Error = all[0].Error
}

func (s *Service) postCertificate(w http.ResponseWriter, r *http.Request) error {
	mode, serial, _ := strings.Cut(r.PostFormValue("mode"), " ")
	_, err := s.Apply.ChooseCertificate(r.Context(), r.PathValue("id"), mode, serial)
	return s.after(w, r, "certificate", err)
}

type keeperPage struct {
	draft
	Options []choice
	Other   page.Field
	Now     string
}

func (s *Service) keeperStep(r *http.Request, d draft) (*keeperPage, error) {
	ctx, a := r.Context(), d.A
	fit, err := s.keepers(ctx, a.Org, a.Custodian)
	if err != nil {
		return nil, err
	}
	n, err := s.names(ctx, append(fit, a.Custodian)...)
	if err != nil {
		return nil, err
	}
	p := &keeperPage{draft: d, Other: page.Field{ID: "other", Name: "other", Label: "其他人的用户名", Value: r.PostFormValue("other"), Code: true, Max: 64, Autocomplete: "off", Hint: "须已有本单位的印章保管权限（印章保管员角色）"}}
	if a.Custodian != "" {
		p.Now = n.Person(a.Custodian)
	}
	for i, id := range fit {
		p.Options = append(p.Options, choice{ID: "keeper-" + itoa(i), Value: id, Label: n.Person(id), Checked: id == a.Custodian})
	}
	return p, nil
}

func (p *keeperPage) wrong(err error) {
	all := []page.Field{p.Other, {ID: "keeper-0", Name: "custodian", Label: "保管人"}}
	p.says(page.Mark(err, all))
	p.Other = all[0]
}

func (s *Service) postKeeper(w http.ResponseWriter, r *http.Request) error {
	who := r.PostFormValue("custodian")
	if other := strings.TrimSpace(r.PostFormValue("other")); other != "" {
		id, err := s.accountOf(r.Context(), "other", other)
		if err != nil {
			return s.show(w, r, "keeper", err)
		}
		who = id
	}
	if who == "" && r.PostFormValue("then") != "stay" {
		return s.show(w, r, "keeper", fault.Invalid.New("还没有指定保管人").WithCode("sealapply.custodian").WithHint("选择一人，或填写用户名").WithField("other", "required", "请指定保管人"))
	}
	_, err := s.Apply.Edit(r.Context(), r.PathValue("id"), sealapply.Edit{Custodian: &who})
	return s.after(w, r, "keeper", err)
}
