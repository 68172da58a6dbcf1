package seals

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

type custodyPage struct {
	sealHead
	Keeper  string
	Open    *seal.Handover // what waits
	To      string
	Accept  string // where the reader accepts; empty: it is not offered to them
	Decline string
	Form    *page.Form
	Nobody  bool // there is nobody to hand over to
	Steps   []page.Step
}

func (s *Service) custody(r *http.Request) (*custodyPage, error) {
	h, err := s.head(r, custodyView, "谁保管这枚印章，就由谁批准用印、对用印负责。移交由现保管人或印章管理员发起，接收人接收后完成。")
	if err != nil {
		return nil, err
	}
	ctx, x := r.Context(), h.X
	all, err := s.Seal.Handovers(ctx, x.ID)
	if err != nil {
		return nil, err
	}
	who := []string{x.Custodian}
	for _, v := range all {
		who = append(who, v.From, v.To, v.OfferedBy, v.ClosedBy)
	}
	fit, err := s.fit(ctx, x)
	if err != nil {
		return nil, err
	}
	if h.n, err = page.Named(ctx, s.IAM, append(who, fit...)...); err != nil {
		return nil, err
	}
	p := &custodyPage{sealHead: *h, Keeper: h.n.Person(x.Custodian), Steps: custodySteps(h.n, x, all)}
	if i := slices.IndexFunc(all, func(v seal.Handover) bool { return v.State == seal.Offered }); i >= 0 {
		p.Open, p.To = &all[i], h.n.Person(all[i].To)
		if all[i].To == iam.Self(ctx) {
			p.Accept = page.At(Home, x.ID, "custody", "accept")
		}
		if p.Accept != "" || s.keeps(ctx, x) {
			p.Decline = page.At(Home, x.ID, "custody", "decline")
		}
	}
	if s.keeps(ctx, x) && open(x) && p.Accept == "" {
		p.Form, p.Nobody = offerForm(r, h.n, x, fit, p.Open), len(fit) == 0
	}
	return p, nil
}

func offerForm(r *http.Request, n *page.Names, x *seal.Seal, fit []string, waits *seal.Handover) *page.Form {
	f := &page.Form{ID: "offer", Action: page.At(Home, x.ID, "custody"), Title: "移交给他人", Button: "发起移交", Busy: "正在发起…", Plain: waits != nil,
		Text: "只能移交给有该单位用印权限的人。",
		Fields: []page.Field{
			{ID: "to", Name: "to", Label: "接收人", Required: true, Value: r.PostFormValue("to")},
			{ID: "reason", Name: "reason", Label: "理由", Required: true, Lines: 3, Max: 200, Value: r.PostFormValue("reason"), Hint: "如：轮岗、离岗、休假，记入审计"},
		}}
	if waits != nil {
		f.Title, f.Text = "改为移交给另一人", "新的移交会代替等待接收的那一次。"
	}
	for _, id := range fit {
		f.Fields[0].Options = append(f.Fields[0].Options, page.Option{Value: id, Label: n.Person(id)})
	}
	return f
}

// fit are the accounts that a seal may be handed over to: of those that might
// keep it, whoever may use it, beside its custodian.
func (s *Service) fit(ctx context.Context, x *seal.Seal) (out []string, err error) {
	if !s.keeps(ctx, x) || !open(x) {
		return nil, nil
	}
	might := s.Keepers
	if might == nil {
		might = s.known
	}
	all, err := might(ctx, x.Org)
	if err != nil {
		return nil, err
	}
	slices.Sort(all)
	for _, id := range slices.Compact(all) {
		if id == "" || id == x.Custodian {
			continue
		}
		as, err := s.IAM.As(context.WithoutCancel(ctx), id)
		if err == nil {
			err = iam.Allow(as, "seal.use", x.Org)
		}
		switch {
		case err == nil:
			out = append(out, id)
		case fault.As(err) == nil:
			return nil, err
		}
		if len(out) == mostFit {
			break
		}
	}
	return out, nil
}

// mostFit is how many people a seal may be handed over to at a choice.
const mostFit = 200

// known are the people that the reader knows to keep seals, or to hold a post at
// the organisation or above it.
func (s *Service) known(ctx context.Context, org string) (out []string, err error) {
	list, err := s.Seal.Search(ctx, seal.Query{Limit: 200})
	if err != nil {
		return nil, err
	}
	for _, x := range list.Items {
		out = append(out, x.Custodian)
	}
	for range 32 { // more than may stand above each other
		if iam.May(ctx, "org.read", org) {
			posts, err := s.IAM.Posts(ctx, org, false)
			if err != nil {
				return nil, err
			}
			for _, p := range posts {
				out = append(out, p.Account)
			}
		}
		o, err := s.IAM.Org(ctx, org)
		if err != nil || o.Parent == "" {
			return out, err
		}
		org = o.Parent
	}
	return out, nil
}

// custodySteps tell how a seal changed hands, newest first, and end with who
// kept it at the beginning.
func custodySteps(n *page.Names, x *seal.Seal, all []seal.Handover) (out []page.Step) {
	chip := map[string]page.Chip{
		seal.Offered: {Class: page.Care, Word: "待接收"}, seal.Accepted: {Class: page.Good, Word: "已接收"}, seal.Withdrawn: {Class: page.Plain, Word: "未完成"},
	}
	for _, h := range all {
		st := page.Step{Title: n.Person(h.From) + " 移交给 " + n.Person(h.To), Text: h.Reason, At: h.CreatedAt, Who: "发起：" + n.Person(h.OfferedBy), Chips: []page.Chip{chip[h.State]}}
		if !h.ClosedAt.IsZero() {
			word := "接收于 "
			if h.State != seal.Accepted {
				word = "取消于 "
			}
			st.Who += "；" + word + page.Moment(h.ClosedAt)
			if h.Note != "" {
				st.Who += "，" + n.Person(h.ClosedBy) + "：" + h.Note
			}
		}
		out = append(out, st)
	}
	first := x.Custodian
	for _, h := range slices.Backward(all) {
		if h.State == seal.Accepted {
			first = h.From
			break
		}
	}
	return append(out, page.Step{Title: "制作时的保管人：" + n.Person(first), At: x.CreatedAt})
}

func (s *Service) getCustody(w http.ResponseWriter, r *http.Request) error {
	p, err := s.custody(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "custody", p)
}

// custodyAgain shows the page with why it could not be done.
func (s *Service) custodyAgain(w http.ResponseWriter, r *http.Request, err error) error {
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.custody(r)
	if e != nil {
		return e
	}
	var fields []page.Field
	if p.Form != nil {
		fields = p.Form.Fields
	}
	p.Problem, p.Title = page.Mark(err, fields), "有错误："+p.Title
	return s.set.Show(w, code, "custody", p)
}

func (s *Service) postOffer(w http.ResponseWriter, r *http.Request) error {
	id, to := r.PathValue("id"), r.PostFormValue("to")
	var err error
	if to == "" {
		err = fault.Invalid.New("请选择接收人").WithCode("seal.receiver").WithField("to", "required", "请选择")
	} else {
		_, err = s.Seal.HandOver(r.Context(), id, to, strings.TrimSpace(r.PostFormValue("reason")))
	}
	if err != nil {
		return s.custodyAgain(w, r, err)
	}
	return page.See(w, r, page.Asking(page.At(Home, id, "custody"), "done", "offered"))
}

func (s *Service) postAccept(w http.ResponseWriter, r *http.Request) error {
	x, err := s.Seal.Accept(r.Context(), r.PathValue("id"))
	if err != nil {
		return s.custodyAgain(w, r, err)
	}
	return page.See(w, r, page.Asking(page.At(Home, x.ID), "done", "accepted"))
}

func (s *Service) decline(r *http.Request) (*confirmPage, error) {
	p, x, err := s.sealConfirm(r, custodyView, "取消移交", "拒收或撤回后，仍由现保管人负责。", page.Confirm{Title: "取消等待接收的移交", Button: "取消移交", Busy: "正在取消…"})
	if err == nil {
		p.Confirm.Action = page.At(Home, x.ID, "custody", "decline")
	}
	return p, err
}

func (s *Service) getDecline(w http.ResponseWriter, r *http.Request) error {
	p, err := s.decline(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "confirm", p)
}

func (s *Service) postDecline(w http.ResponseWriter, r *http.Request) error {
	err := s.Seal.Decline(r.Context(), r.PathValue("id"), strings.TrimSpace(r.PostFormValue("reason")))
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Home, r.PathValue("id"), "custody"), "done", "declined"))
	}
	p, e := s.decline(r)
	if e != nil {
		return e
	}
	return s.again(w, p, err)
}
