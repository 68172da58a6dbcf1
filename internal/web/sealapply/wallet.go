package sealapply

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

// A card is a seal or an application on a phone.
type card struct {
	Title, Href string
	Chips       []page.Chip
	Facts       []page.Fact
	Actions     []page.Action
}

type walletPage struct {
	page.Frame
	Seals    []card
	Running  []card
	Ended    []card
	Next     string
	Personal bool // may be applied for: there is none, and none under way
}

func (s *Service) getWallet(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	list, err := s.Apply.List(ctx, sealapply.Query{Limit: 50, Cursor: r.URL.Query().Get("cursor")})
	if err != nil {
		return err
	}
	kept, _, err := s.Seal.Kept(ctx)
	if err != nil {
		return err
	}
	p := &walletPage{Frame: s.Kit.Frame(r, "我的印章", "my-seals", page.Middle), Personal: true}
	for _, x := range kept {
		p.Seals = append(p.Seals, s.sealCard(x))
		if x.Kind == seal.Personal && (x.State == seal.Effective || x.State == seal.Frozen) {
			p.Personal = false
		}
	}
	for i := range list.Items {
		a := &list.Items[i]
		c := card{Title: titleOf(a), Href: page.At(Wallet, a.ID), Chips: []page.Chip{chipOf(a.State, a.StateName)}, Facts: []page.Fact{{Label: "种类", Text: a.SealLabel}}}
		if a.SealKind != seal.Personal {
			c.Facts = append(c.Facts, page.Fact{Label: "单位", Text: a.OrgName})
		}
		if a.TierName != "" {
			c.Facts = append(c.Facts, page.Fact{Label: "进度", Text: "正由" + a.TierName + "审核"})
		}
		if a.State == sealapply.Draft || a.State == sealapply.Refused {
			c.Actions = []page.Action{{Label: "接着办", Of: c.Title, Href: page.At(Wallet, a.ID, firstOpen(a))}}
		}
		if a.State.Ended() {
			p.Ended = append(p.Ended, c)
			continue
		}
		p.Running = append(p.Running, c)
		if a.SealKind == seal.Personal && a.Kind == sealapply.Apply {
			p.Personal = false
		}
	}
	if list.Next != "" {
		p.Next = page.Asking(Wallet, "cursor", list.Next)
	}
	return s.set.Show(w, http.StatusOK, "wallet", p)
}

func (s *Service) sealCard(x *seal.Seal) card {
	now := s.IAM.DB.Now()
	class := map[string]string{seal.Effective: page.Good, seal.Made: page.Care, seal.Frozen: page.Bad, seal.Expired: page.Care}[x.State]
	if class == "" {
		class = page.Plain
	}
	c := card{Title: x.Name, Href: "/console/seals/" + x.ID, Chips: []page.Chip{{Class: class, Word: seal.StateName(x.State)}},
		Facts: []page.Fact{{Label: "种类", Text: seal.Label(x.Kind)}, {Label: "有效期至", Text: page.Day(x.ValidTo)}}}
	if x.RenewalOpen(now) {
		c.Actions = append(c.Actions, page.Action{Label: "去续期", Of: x.Name, Href: page.Asking(Wallet+"/new", "kind", "renew", "seal", x.ID)})
	}
	if s.fits(sealapply.Cancel, x) {
		c.Actions = append(c.Actions, page.Action{Label: "注销", Of: x.Name, Href: page.Asking(Wallet+"/new", "kind", "cancel", "seal", x.ID)})
	}
	return c
}

// The sorts of seal in the short form.
const (
	forPerson     = "personal"
	forEnterprise = "enterprise"
)

type shortPage struct {
	page.Frame
	Problem   *page.Problem
	Kind      sealapply.Kind
	KindName  string
	For       string
	Tabs      page.Tabs
	Seal      *seal.Seal // that it is about
	Head      []page.Field
	Fields    []page.Field
	Slots     []slot
	Imprint   slot
	Sizes     []page.Field
	Known     string // how the size is, if it is
	Makes     bool
	Same      bool // the imprint that is there may be gone on with
	Statement sealapply.StatementText
	Agree     string
	Lead      string
	None      *page.Empty
	form      *sealapply.Form
	fields    []sealapply.FormField
	files     []sealapply.FormAttachment
	org       string
	sealKind  string
}

// shortOf is the one page on which a holder applies.
func (s *Service) shortOf(r *http.Request) (*shortPage, error) {
	ctx := r.Context()
	p := &shortPage{Kind: sealapply.Kind(r.FormValue("kind")), For: r.FormValue("for")}
	if p.Kind == "" {
		p.Kind = sealapply.Apply
	}
	if kindAt(p.Kind) < 0 {
		return nil, fault.NotFound.New("没有这种申请").WithCode("route.unknown").WithHint("请从“我的印章”重新进入")
	}
	p.KindName, p.Makes = p.Kind.Label(), p.Kind.Makes()
	if p.For != forEnterprise {
		p.For = forPerson
	}
	if err := s.whose(ctx, r, p); err != nil {
		return nil, err
	}
	p.Frame = s.Kit.Frame(r, p.KindName+map[string]string{forPerson: "个人印章", forEnterprise: "企业印章"}[p.For], "my-seals", page.Middle)
	if r.Method == http.MethodPost {
		p.Path = page.Asking(Wallet+"/new", "kind", string(p.Kind), "for", p.For, "seal", r.FormValue("seal"))
	}
	if p.None != nil {
		return p, nil
	}
	var err error
	if p.form, p.fields, p.files, err = s.Apply.FormFor(ctx, p.org, p.Kind, p.sealKind); err != nil {
		return nil, err
	}
	p.Statement = p.form.Statement
	p.Fields = controls(p.fields, func(code string) string { return r.PostFormValue("fields." + code) })
	p.Fields = slices.DeleteFunc(p.Fields, func(f page.Field) bool { return f.Name == "fields.org_name" || f.Name == "fields.uscc" }) // the register knows them
	p.Slots = slots(p.files, nil, "")
	for i := range p.Slots {
		p.Slots[i].Accept += ",image/*" // a phone offers its camera
	}
	p.Imprint = slot{ID: "file", Name: "file", Label: "印模图像", Required: !p.Same, Accept: ".png", Hint: "PNG，透明或白色背景，不超过 64 KB；按实物印章扫描，不得重新绘制"}
	known := extent{}
	if p.Seal != nil {
		if x, err := s.Seal.Imprint(ctx, p.Seal.ID); err == nil {
			known = extent{x.Width, x.Height, "原印章的印模"}
		}
	}
	p.Sizes, p.Known = sizeFields(r, known), known.said()
	return p, nil
}

// whose fills in whose seal it is, and what has to be said about that.
func (s *Service) whose(ctx context.Context, r *http.Request, p *shortPage) error {
	reason := page.Field{ID: "reason", Name: "reason", Label: "事由", Value: r.PostFormValue("reason"), Lines: 3, Max: 500, Required: p.Kind.Follows()}
	if p.Kind.Follows() {
		x, err := s.Seal.Get(ctx, r.FormValue("seal"))
		if err != nil {
			return err
		}
		p.Seal, p.org, p.sealKind, p.Same = x, x.Org, x.Kind, p.Kind.Makes()
		if p.For = forEnterprise; x.Kind == seal.Personal {
			p.For = forPerson
		}
		p.Lead = kinds[kindAt(p.Kind)].text
		p.Head = []page.Field{reason}
		return nil
	}
	p.Tabs = page.Tabs{Label: "为谁申请", Items: []page.Tab{
		{Label: "个人印章", Href: page.Asking(Wallet+"/new", "for", forPerson), Current: p.For == forPerson},
		{Label: "企业印章", Href: page.Asking(Wallet+"/new", "for", forEnterprise), Current: p.For == forEnterprise},
	}}
	all, err := s.IAM.Organisations(ctx)
	if err != nil {
		return err
	}
	if p.For == forEnterprise {
		p.sealKind = seal.Enterprise
		p.Lead = "为您登记经办的企业或社会组织申请印章，由所在地印章管理部门审核、制作、备案。还没有登记经办的，请持营业执照和委托书到县级印章管理部门办理。"
		typed := strings.TrimSpace(r.PostFormValue("uscc"))
		if i := slices.IndexFunc(all, func(o iam.Org) bool { return typed != "" && o.USCC == typed }); i >= 0 {
			p.org = all[i].ID
		} else if i := slices.IndexFunc(all, func(o iam.Org) bool { return !o.Closed && o.Type == "enterprise" }); i >= 0 {
			p.org = all[i].ID // for its region's form
		} else if len(all) > 0 {
			p.org = all[len(all)-1].ID
		}
		p.Head = []page.Field{
			{ID: "uscc", Name: "uscc", Label: "企业的统一社会信用代码", Value: typed, Code: true, Required: true, Max: 18},
			{ID: "seal_name", Name: "seal_name", Label: "印模上的名称", Value: r.PostFormValue("seal_name"), Max: 100, Hint: "不填即企业法定名称；合同、财务等专用章在法定名称后加用途"},
			{ID: "keeper", Name: "keeper", Label: "保管人的用户名", Value: r.PostFormValue("keeper"), Code: true, Required: true, Max: 64, Autocomplete: "off", Hint: "企业里有印章保管权限的人"}, reason,
		}
		return nil
	}
	p.sealKind = seal.Personal
	p.Lead = "个人印章由您选择的印章管理部门审核、制作、备案，由您本人保管。须已实名。"
	where := page.Field{ID: "authority", Name: "authority", Label: "受理的印章管理部门", Value: r.PostFormValue("authority"), Required: true, Hint: "户籍地或居住地的县级部门"}
	for _, o := range all {
		if o.Type == "authority" && !o.Closed && o.Tier == "county" {
			where.Options = append(where.Options, page.Option{Value: o.ID, Label: o.Name})
		}
	}
	if len(where.Options) == 0 {
		p.None = &page.Empty{Title: "还没有受理个人印章的部门", Text: "请联系所在地的印章管理部门。"}
		return nil
	}
	if p.org = where.Options[0].Value; where.Value != "" {
		p.org = where.Value
	}
	if len(where.Options) == 1 {
		where.Value = p.org
	}
	p.Head = []page.Field{where, {ID: "seal_name", Name: "seal_name", Label: "印模上的姓名", Value: r.PostFormValue("seal_name"), Required: true, Max: 40, Hint: "与本人登记的姓名一致", Autocomplete: "name"}, reason}
	return nil
}

func (s *Service) getShort(w http.ResponseWriter, r *http.Request) error {
	p, err := s.shortOf(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "short", p)
}

// postShort applies at one go. Whatever is wrong with what was typed is told
// before there is a draft; what comes after is kept in it.
func (s *Service) postShort(w http.ResponseWriter, r *http.Request) error {
	if err := takeForm(r); err != nil {
		return s.shortWrong(w, r, err)
	}
	defer r.MultipartForm.RemoveAll()
	p, err := s.shortOf(r)
	if err != nil {
		return err
	}
	if p.None != nil {
		return s.set.Show(w, http.StatusConflict, "short", p)
	}
	if err := s.shortMissing(r, p); err != nil {
		return s.shortWrong(w, r, err)
	}
	q, err := s.shortRequest(r, p)
	if err != nil {
		return s.shortWrong(w, r, err)
	}
	a, err := s.Apply.Create(r.Context(), q)
	if err != nil {
		return s.shortWrong(w, r, err)
	}
	r.SetPathValue("id", a.ID)
	if err := s.attach(r, a.ID, p.files, nil); err != nil {
		return s.show(w, r, "form", err)
	}
	if p.Makes {
		if err := s.setImprint(r); err != nil {
			return s.show(w, r, "imprint", err)
		}
		if a, err = s.Apply.Get(r.Context(), a.ID); err != nil {
			return err
		}
		if _, err := s.Apply.Declare(r.Context(), a.ID, r.PostFormValue("version"), a.Imprint.Digest); err != nil {
			return s.show(w, r, "imprint", err)
		}
	}
	if _, err := s.Apply.Submit(r.Context(), a.ID); err != nil {
		return s.show(w, r, "check", err)
	}
	return page.See(w, r, page.Asking(page.At(Wallet, a.ID), "done", "submitted"))
}

func (s *Service) shortRequest(r *http.Request, p *shortPage) (sealapply.CreateRequest, error) {
	q := sealapply.CreateRequest{Kind: p.Kind, Reason: r.PostFormValue("reason"), Fields: typed(r, p.fields), SealName: strings.TrimSpace(r.PostFormValue("seal_name"))}
	switch {
	case p.Seal != nil:
		q.Seal, q.SealName = p.Seal.ID, p.Seal.Name
	case p.For == forPerson:
		q.SealKind, q.Authority = seal.Personal, r.PostFormValue("authority")
	default:
		var err error
		q.SealKind, q.Org = seal.Enterprise, p.org
		if q.Custodian, err = s.accountOf(r.Context(), "keeper", r.PostFormValue("keeper")); err != nil {
			return q, err
		}
		o, err := s.IAM.Org(r.Context(), p.org)
		if err != nil {
			return q, err
		}
		q.SealName = cmp.Or(q.SealName, o.Name)
	}
	known, err := s.registered(r.Context(), p.org, p.Kind, p.sealKind)
	maps.Copy(q.Fields, known)
	return q, err
}

// shortMissing tells what was left out of the short form, at its place.
func (s *Service) shortMissing(r *http.Request, p *shortPage) error {
	e := fault.Invalid.New("还有必填的内容").WithCode("sealapply.missing").WithHint("补齐后再提交；选过的文件需要重新选择")
	for _, f := range slices.Concat(p.Head, p.Fields) {
		if f.Required && strings.TrimSpace(r.PostFormValue(f.Name)) == "" {
			e = e.WithField(f.Name, "required", "必填")
		}
	}
	if p.For == forEnterprise && p.Seal == nil && r.PostFormValue("uscc") != "" {
		if o, err := s.IAM.Org(r.Context(), p.org); err != nil || o.USCC != strings.TrimSpace(r.PostFormValue("uscc")) {
			e = e.WithField("uscc", "unknown", "平台上没有登记这个代码的单位")
		}
	}
	for _, x := range p.Slots {
		if x.Required && !sent(r, x.Name) {
			e = e.WithField(x.Name, "required", "必须上传")
		}
	}
	if !p.Makes {
		return e.OrNil()
	}
	if r.PostFormValue("same") == "" {
		if !sent(r, "file") {
			e = e.WithField("file", "required", "请选择印模图像")
		}
		for _, f := range p.Sizes {
			if strings.TrimSpace(r.PostFormValue(f.Name)) == "" {
				e = e.WithField(f.Name, "required", "请填写实物印章的尺寸")
			}
		}
	}
	if r.PostFormValue("agree") != "1" {
		e = e.WithField("agree", "required", "请阅读并勾选声明")
	}
	return e.OrNil()
}

func sent(r *http.Request, name string) bool {
	list := r.MultipartForm.File[name]
	return len(list) > 0 && list[0].Filename != "" && list[0].Size > 0
}

func (s *Service) shortWrong(w http.ResponseWriter, r *http.Request, wrong error) error {
	code := page.StatusOf(wrong)
	if e := fault.As(wrong); e != nil && e.Code == "sealapply.bond" {
		code = http.StatusForbidden
		wrong = e.WithField("uscc", "bond", e.Msg)
	}
	if code == 0 {
		return wrong
	}
	p, err := s.shortOf(r)
	if err != nil {
		return err
	}
	all := slices.Concat(p.Head, p.Fields, p.Sizes)
	n := len(all)
	for _, v := range p.Slots {
		all = append(all, page.Field{ID: v.ID, Name: v.Name, Label: v.Label})
	}
	all = append(all, page.Field{ID: "file", Name: "file", Label: "印模图像"}, page.Field{ID: "agree", Name: "agree", Label: "声明"})
	p.Problem = page.Mark(wrong, all)
	h, f := len(p.Head), len(p.Fields)
	p.Head, p.Fields, p.Sizes = all[:h], all[h:h+f], all[h+f:n]
	for i := range p.Slots {
		p.Slots[i].Error = all[n+i].Error
	}
	p.Imprint.Error, p.Agree = all[len(all)-2].Error, all[len(all)-1].Error
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "short", p)
}
