package sealapply

import (
	"net/http"
	"slices"
	"strings"

	"sidian/internal/bound"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

// Offers is where holders find the seals that are offered with their
// certificates (同步申领).
const Offers = bound.WalletLink

func (s *Service) offerRoutes(r *httpx.Router) {
	at := Offers + "/{id}"
	httpx.HandlePage(r, "GET "+Offers, bound.NeedOwn, s.getOffers)
	httpx.HandlePage(r, "GET "+at, bound.NeedOwn, s.getOffer)
	httpx.HandlePage(r, "POST "+at+"/take", bound.NeedOwn, s.postTake, upload()...)
	httpx.HandlePage(r, "POST "+at+"/decline", bound.NeedOwn, s.postDecline)
	httpx.HandlePage(r, "POST "+at+"/later", bound.NeedOwn, s.postLater)
}

// OfferChip is the state of an offer in a word on a colour.
func OfferChip(o *bound.Offer) page.Chip {
	class := map[bound.State]string{bound.Open: page.Care, bound.Taken: page.Care, bound.Done: page.Good}[o.State]
	if class == "" {
		class = page.Plain
	}
	return page.Chip{Class: class, Word: o.StateName}
}

// OfferSteps are the way from the certificate to the seal: both on one page.
func OfferSteps(o *bound.Offer) (out []page.Step) {
	for _, x := range o.Stages {
		st := page.Step{Title: x.Name, Text: x.Text, At: x.At, State: map[string]string{"done": "done", "now": "now"}[x.State]}
		if st.State == "" {
			st.State = "todo"
		}
		if x.State == "stopped" {
			st.Chips = []page.Chip{{Class: page.Bad, Word: "停止"}}
		}
		out = append(out, st)
	}
	return out
}

type offersPage struct {
	page.Frame
	Open, Rest []card
	Empty      *page.Empty
}

func (s *Service) getOffers(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Bound.Mine(r.Context())
	if err != nil {
		return err
	}
	p := &offersPage{Frame: s.Kit.Frame(r, "同步申领印章", "seal-offers", page.Middle)}
	for _, o := range list.Items {
		c := card{Title: o.KindName + "：" + o.Name, Href: page.At(Offers, o.ID), Chips: []page.Chip{OfferChip(o)},
			Facts: []page.Fact{{Label: "同时申领", Text: o.SealLabel}, {Label: "证照状态", Text: o.StatusName}}}
		if o.State == bound.Open {
			c.Facts = append(c.Facts, page.Fact{Label: "申领期限", Text: page.Day(o.Until)})
		}
		if slices.Contains(o.May, "take") {
			c.Actions = []page.Action{{Label: "去申领", Of: c.Title, Href: page.At(Offers, o.ID)}}
			p.Open = append(p.Open, c)
			continue
		}
		p.Rest = append(p.Rest, c)
	}
	if len(list.Items) == 0 {
		p.Empty = &page.Empty{Title: "没有可以同步申领的印章", Text: "营业执照、身份证电子证照签发后，可以同时申领印章的会列在这里，并在站内消息里告诉您。", Href: baseOf(r), Action: "另行申请印章"}
	}
	return s.set.Show(w, http.StatusOK, "offers", p)
}

type offerPage struct {
	page.Frame
	O         *bound.Offer
	At        string
	Lead      string
	Chips     []page.Chip
	Facts     []page.Fact
	Steps     []page.Step
	Notice    *page.Notice
	Bar       *page.Notice // why it cannot be taken now
	Problem   *page.Problem
	Take      bool
	Decline   bool
	Later     bool
	Head      []page.Field
	Fields    []page.Field
	Slots     []slot
	Imprint   slot
	Sizes     []page.Field
	Statement sealapply.StatementText
	Agree     string
	Link      string // of the application
	fields    []sealapply.FormField
	files     []sealapply.FormAttachment
}

var offerWords = map[string]page.Notice{
	"declined": {Class: page.Good, Title: "已谢绝", Text: "以后需要印章的，可以在“我的印章”中另行申请。"},
	"later":    {Class: page.Good, Title: "以后再说", Text: "七天后会再提醒您一次，期限内随时可以在这里申领。"},
}

func (s *Service) offerOf(r *http.Request) (*offerPage, error) {
	ctx := r.Context()
	o, err := s.Bound.Get(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &offerPage{Frame: s.Kit.Frame(r, "同时申领"+o.SealLabel, "seal-offers", page.Middle), O: o, At: page.At(Offers, o.ID), Chips: []page.Chip{OfferChip(o)}, Steps: OfferSteps(o)}
	if r.Method == http.MethodPost {
		p.Path = p.At
	}
	p.Notice = done(r, offerWords)
	p.Facts = []page.Fact{{Label: "证照", Text: o.KindName}, {Label: "证照状态", Text: o.StatusName}, {Label: "电子证照标识", Text: o.Identifier, Code: true}, {Label: "持证主体", Text: o.Name}}
	if o.Code != "" {
		p.Facts = append(p.Facts, page.Fact{Label: "统一社会信用代码", Text: o.Code, Code: true})
	}
	p.Decline, p.Later = slices.Contains(o.May, "decline"), slices.Contains(o.May, "later")
	if o.Progress != "" {
		p.Link = page.At(baseOf(r), o.Application)
	}
	switch o.State {
	case bound.Open:
		p.Lead = "您的" + o.KindName + "已签发。是否同时申领" + o.SealLabel + "？名称等信息取自证照，不用再填；提交后由印章管理部门审核、制作、备案。最迟 " + page.Day(o.Until) + " 申领。"
	case bound.Taken:
		p.Lead = "已开始申领，进度如下。"
	case bound.Done:
		p.Lead = "印章已发放。"
	default:
		p.Lead = "这项同步申领已结束：" + o.StateName + "。需要印章的，可以在“我的印章”中另行申请。"
	}
	if f := o.Follow; f != nil {
		p.Bar = &page.Notice{Class: page.Care, Title: f.StateName, Text: f.Reason + "。由印章管理部门办理。"}
	}
	if !slices.Contains(o.May, "take") || o.Progress == sealapply.Draft.Label() { // a draft is gone on with where drafts are
		return p, nil
	}
	f, err := s.Bound.Fill(ctx, o.ID)
	if e := fault.As(err); e != nil && page.StatusOf(err) != 0 {
		p.Bar = &page.Notice{Class: page.Care, Title: e.Msg, Text: e.Hint}
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	return p, s.offerForm(r, p, f)
}

// offerForm fills in what the certificate says, and asks for the rest.
func (s *Service) offerForm(r *http.Request, p *offerPage, f *bound.Filled) error {
	ctx := r.Context()
	p.Take = true
	org := f.Org
	if f.Offer.Sort == bound.Personal {
		where := page.Field{ID: "authority", Name: "authority", Label: "受理的印章管理部门", Value: r.PostFormValue("authority"), Required: true, Hint: "户籍地或居住地的县级部门"}
		for _, o := range f.Authorities {
			where.Options = append(where.Options, page.Option{Value: o.ID, Label: o.Name})
		}
		if len(f.Authorities) == 1 {
			where.Value = f.Authorities[0].ID
		}
		if where.Value != "" {
			org = where.Value
		}
		p.Head = []page.Field{where}
	} else {
		names, err := page.Named(ctx, s.IAM, f.Keepers...)
		if err != nil {
			return err
		}
		keeper := page.Field{ID: "custodian", Name: "custodian", Label: "印章保管人", Value: r.PostFormValue("custodian"), Required: true, Hint: "企业里有印章保管权限的人"}
		for _, k := range f.Keepers {
			keeper.Options = append(keeper.Options, page.Option{Value: k, Label: names.Person(k)})
		}
		if len(f.Keepers) == 1 {
			keeper.Value = f.Keepers[0]
		}
		p.Head = []page.Field{keeper}
		if len(f.Keepers) == 0 {
			p.Take = false
			p.Bar = &page.Notice{Class: page.Care, Title: "企业还没有可以保管印章的人", Text: "请联系系统管理员，为企业的印章保管人开通账号并授予印章保管员角色，然后回到这里申领。"}
			return nil
		}
	}
	form, fields, files, err := s.Apply.FormFor(ctx, org, sealapply.Apply, f.SealKind)
	if err != nil {
		return err
	}
	p.Statement, p.files = form.Statement, files
	for _, x := range fields {
		if slices.Contains(f.Fixed, x.Code) {
			if x.Code != "org_name" && x.Code != "uscc" {
				p.Facts = append(p.Facts, page.Fact{Label: x.Label, Text: f.Fields[x.Code]})
			}
			continue
		}
		p.fields = append(p.fields, x)
	}
	p.Fields = controls(p.fields, func(code string) string {
		if r.PostForm.Has("fields." + code) {
			return r.PostFormValue("fields." + code)
		}
		return f.Fields[code]
	})
	p.Slots = slots(files, nil, "")
	for i := range p.Slots {
		p.Slots[i].Accept += ",image/*"
	}
	p.Imprint = slot{ID: "file", Name: "file", Label: "印模图像", Required: true, Accept: ".png", Hint: "PNG，透明或白色背景，不超过 64 KB；按实物印章扫描，不得重新绘制"}
	p.Sizes = sizeFields(r, extent{}) // a rule limits those of enterprises and persons, and prescribes none
	return nil
}

func (s *Service) getOffer(w http.ResponseWriter, r *http.Request) error {
	p, err := s.offerOf(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "offer", p)
}

// postTake applies at one go: whatever is wrong with what was typed is told before
// there is a draft; what comes after is kept in it.
func (s *Service) postTake(w http.ResponseWriter, r *http.Request) error {
	if err := takeForm(r); err != nil {
		return s.offerWrong(w, r, err)
	}
	defer r.MultipartForm.RemoveAll()
	p, err := s.offerOf(r)
	if err != nil {
		return err
	}
	if !p.Take {
		return s.set.Show(w, http.StatusConflict, "offer", p)
	}
	if err := offerMissing(r, p); err != nil {
		return s.offerWrong(w, r, err)
	}
	ctx, id := r.Context(), p.O.ID
	o, err := s.Bound.Take(ctx, bound.TakeRequest{ID: id, Authority: r.PostFormValue("authority"), Custodian: r.PostFormValue("custodian"), Fields: typed(r, p.fields)})
	if err != nil {
		return s.offerWrong(w, r, err)
	}
	r.SetPathValue("id", o.Application)
	if err := s.attach(r, o.Application, p.files, nil); err != nil {
		return s.show(w, r, "form", err)
	}
	if err := s.setImprint(r); err != nil {
		return s.show(w, r, "imprint", err)
	}
	a, err := s.Apply.Get(ctx, o.Application)
	if err != nil {
		return err
	}
	if _, err := s.Apply.Declare(ctx, a.ID, r.PostFormValue("version"), a.Imprint.Digest); err != nil {
		return s.show(w, r, "imprint", err)
	}
	if _, err := s.Apply.Submit(ctx, a.ID); err != nil {
		return s.show(w, r, "check", err)
	}
	return page.See(w, r, page.Asking(page.At(baseOf(r), a.ID), "done", "submitted"))
}

// offerMissing tells what was left out, at its place.
func offerMissing(r *http.Request, p *offerPage) error {
	e := fault.Invalid.New("还有必填的内容").WithCode("sealapply.missing").WithHint("补齐后再提交；选过的文件需要重新选择")
	for _, f := range slices.Concat(p.Head, p.Fields, p.Sizes) {
		if f.Required && strings.TrimSpace(r.PostFormValue(f.Name)) == "" {
			e = e.WithField(f.Name, "required", "必填")
		}
	}
	for _, x := range append(slices.Clone(p.Slots), p.Imprint) {
		if x.Required && !sent(r, x.Name) {
			e = e.WithField(x.Name, "required", "必须上传")
		}
	}
	if r.PostFormValue("agree") != "1" {
		e = e.WithField("agree", "required", "请阅读并勾选声明")
	}
	return e.OrNil()
}

func (s *Service) offerWrong(w http.ResponseWriter, r *http.Request, wrong error) error {
	code := page.StatusOf(wrong)
	if code == 0 {
		return wrong
	}
	p, err := s.offerOf(r)
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
	return s.set.Show(w, code, "offer", p)
}

func (s *Service) postDecline(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Bound.Decline(r.Context(), bound.Decision{ID: r.PathValue("id"), Reason: r.PostFormValue("reason")})
	return s.offerSaid(w, r, "declined", err)
}

func (s *Service) postLater(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Bound.Later(r.Context(), bound.Decision{ID: r.PathValue("id")})
	return s.offerSaid(w, r, "later", err)
}

func (s *Service) offerSaid(w http.ResponseWriter, r *http.Request, word string, err error) error {
	if err != nil {
		return s.offerWrong(w, r, err)
	}
	return page.See(w, r, page.Asking(page.At(Offers, r.PathValue("id")), "done", word))
}
