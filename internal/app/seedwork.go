package app

import (
	"context"
	"fmt"

	"sidian/internal/complaint"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealing"
	"sidian/internal/signature"
	"sidian/ofd"
	"sidian/ofd/draw"
	"sidian/ofd/draw/imprint"
	"sidian/workday"
)

// work leaves something on everybody's desk, so that who looks around finds a
// document to seal, one to sign, an application to review, and a complaint to
// answer.
func (s *seeder) work(ctx context.Context) error {
	for _, leave := range []func(context.Context) error{s.toSeal, s.toSign, s.toReview, s.toExplain} {
		if err := leave(ctx); err != nil {
			return err
		}
	}
	return nil
}

// toSeal is an official document that the market authority's custodian has to
// look at.
func (s *seeder) toSeal(ctx context.Context) error {
	clerk, err := s.IAM.As(ctx, s.accounts["clerk"])
	if err != nil {
		return err
	}
	x, err := s.sealOf(clerk, "market", seal.LegalName)
	if err != nil {
		return err
	}
	paper := paper{title: "青禾县市场监督管理局关于公布免提交证照事项清单的通知", lines: []string{
		"各股室、各乡镇市场监管所：", "　　为推进电子证照扩大应用，现将第一批办事免提交证照事项清单予以公布，自印发之日起施行。凡能够通过电子证照共享核验的，不再要求申请人提交纸质证照及复印件。",
		"　　附件：第一批办事免提交证照事项清单",
	}, foot: []string{"青禾县市场监督管理局", "（盖章）"}}
	data, err := paper.draw(s.Sealing.Fonts)
	if err != nil {
		return err
	}
	_, err = s.Sealing.Ask(clerk, sealing.Ask{
		Title: "免提交证照事项清单通知（样例）", Purpose: "公文", Reason: "印发通知", Data: data,
		Steps: []sealing.StepAsk{{Seal: x.ID, Places: []sealing.Place{{Keyword: "（盖章）"}}}},
	})
	return err
}

func (s *seeder) sealOf(ctx context.Context, org, kind string) (*seal.Seal, error) {
	p, err := s.Seal.Search(ctx, seal.Query{Org: org, Kind: kind, State: seal.Effective})
	if err != nil {
		return nil, err
	}
	if len(p.Items) == 0 {
		return nil, fmt.Errorf("app: %s has no seal of kind %s", org, kind)
	}
	return p.Items[0], nil
}

// toSign is a declaration that two people sign, one after the other.
func (s *seeder) toSign(ctx context.Context) error {
	clerk, err := s.IAM.As(ctx, s.accounts["clerk"])
	if err != nil {
		return err
	}
	paper := paper{title: "个体工商户登记承诺书（样例）", lines: []string{
		"　　本人承诺：所提交的申请材料真实、合法、有效，经营场所安全并符合规定；如有不实，愿意承担相应的法律责任。",
		"　　本承诺书在手机上签署，不需要打印、签字、扫描和上传。",
	}, foot: []string{"经营者（签字）：", "家庭成员（签字）："}}
	data, err := paper.draw(s.Signature.Fonts)
	if err != nil {
		return err
	}
	_, err = s.Signature.Create(clerk, signature.TaskRequest{
		Org: "market", Title: "个体工商户登记承诺书（样例）", Message: "请核对内容后手写签名。",
		Signers: []signature.Party{
			{Account: s.accounts["zhang"], Role: "经营者", Group: 1, Places: []signature.Place{{Keyword: "经营者（签字）：", W: 40, H: 16}}},
			{Account: s.accounts["li"], Role: "家庭成员", Group: 2, Places: []signature.Place{{Keyword: "家庭成员（签字）：", W: 40, H: 16}}},
		},
	}, "承诺书.ofd", data)
	return err
}

// toReview is the school's application for its seal, which waits for the county.
func (s *seeder) toReview(ctx context.Context) error {
	keeper, err := s.IAM.As(ctx, s.accounts["schoolkeeper"])
	if err != nil {
		return err
	}
	o, err := s.IAM.Org(ctx, "school")
	if err != nil {
		return err
	}
	a, err := s.SealApply.Create(keeper, sealapply.CreateRequest{
		Kind: sealapply.Apply, Org: o.ID, SealKind: seal.LegalName, SealName: o.Name, Custodian: s.accounts["schoolkeeper"], Reason: "开展政务服务，需要使用电子印章",
		Fields: map[string]string{"org_name": o.Name, "uscc": o.USCC, "legal_person": "样例校长", "handler": "样例经办", "handler_phone": "13800138000", "use": "学籍证明、毕业证明等材料用印"},
	})
	if err != nil {
		return err
	}
	return s.complete(keeper, a, o)
}

// toExplain is a complaint about the market authority, which has to say what
// happened.
func (s *seeder) toExplain(ctx context.Context) error {
	holder, err := s.IAM.As(ctx, s.accounts["zhang"])
	if err != nil {
		return err
	}
	_, err = s.Complaint.File(holder, complaint.Filing{
		Org: "market", What: complaint.Refused, Way: complaint.Window, Happened: workday.DateOf(s.DB.Now()).String(), Item: "个体工商户变更登记",
		Text: "窗口说不动产权电子证照上的电子印章不算数，要我回去拿盖红章的复印件（样例）。",
	})
	return err
}

// complete adds the files, the imprint and the statement, and submits.
func (s *seeder) complete(ctx context.Context, a *sealapply.Application, o iam.Org) error {
	form, _, files, err := s.SealApply.FormFor(ctx, a.Org, a.Kind, a.SealKind)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !f.Required {
			continue
		}
		paper := paper{title: f.Label + "（样例）", lines: []string{"　　本文件为样例，用于演示印章申请。"}, foot: []string{o.Name}}
		data, err := paper.draw(s.Sealing.Fonts)
		if err != nil {
			return err
		}
		if _, err := s.SealApply.Attach(ctx, a.ID, sealapply.Upload{Code: f.Code, Name: f.Label + ".ofd", Data: data}); err != nil {
			return err
		}
	}
	picture, err := imprint.PNG(imprint.Spec{Name: o.Name, Code: o.USCC[8:17], Width: imprintSize, Height: imprintSize})
	if err != nil {
		return err
	}
	if a, err = s.SealApply.SetImprint(ctx, a.ID, picture, imprintSize, imprintSize); err != nil {
		return err
	}
	if _, err = s.SealApply.Declare(ctx, a.ID, form.Statement.Version, a.Imprint.Digest); err != nil {
		return err
	}
	_, err = s.SealApply.Submit(ctx, a.ID)
	return err
}

// A paper is a page of a sample document.
type paper struct {
	title       string
	lines, foot []string
}

func (p paper) draw(fonts *draw.Fonts) ([]byte, error) {
	b := ofd.New(ofd.DocInfo{Title: p.title, Creator: "sidian"})
	d := draw.New(b)
	page := b.AddPage(210, 297)
	c := d.Page(page)
	put := func(box ofd.Box, text string, style draw.Style) (err error) {
		_, err = c.Text(box, text, style)
		return err
	}
	if err := put(ofd.Box{X: 28, Y: 34, W: 154, H: 24}, p.title, draw.Style{Font: fonts.Serif, Size: 7, MinSize: 4, Align: draw.Center}); err != nil {
		return nil, err
	}
	body := draw.Style{Font: fonts.Serif, Size: 5, LineHeight: 1.6}
	y := 66.0
	for _, line := range p.lines {
		h, err := draw.Height(154, line, body)
		if err != nil {
			return nil, err
		}
		if err := put(ofd.Box{X: 28, Y: y, W: 154, H: h + 1}, line, body); err != nil {
			return nil, err
		}
		y += h + 4
	}
	y = max(y+20, 190)
	for _, line := range p.foot {
		if err := put(ofd.Box{X: 96, Y: y, W: 86, H: 9}, line, draw.Style{Font: fonts.Serif, Size: 5, MinSize: 3}); err != nil {
			return nil, err
		}
		y += 22
	}
	if err := d.Finish(); err != nil {
		return nil, err
	}
	made, err := b.Build()
	if err != nil {
		return nil, err
	}
	return made.Bytes()
}
