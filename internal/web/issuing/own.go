package issuing

import (
	"net/http"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/web"
	"sidian/internal/web/page"
)

// Own is where a holder applies for certificates (网上申领), on a phone first.
const Own = "/wallet/applications"

type applyPage struct {
	page.Frame
	KindName string
	Problem  *page.Problem
	Form     web.Form
	Action   string
	Units    []issuing.OfferUnit
	Unit     string
}

var ownNotices = map[string]page.Notice{
	"applied":   {Class: page.Good, Title: "申领已提交", Text: "签发单位核对后审核、制作签发；每一步的结果会在站内消息里告诉您。"},
	"withdrawn": {Class: page.Good, Title: "申领已撤回", Text: "您填写的信息已删除。"},
}

func (s *Service) getOwn(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Issuing.Applications(r.Context(), 20, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	p := s.Kit.Sheet(r, "own-applications", "我的申领", "您在网上申领的证照和办理进度；由签发单位核对、审核、制作签发。", page.Middle).Said(r, ownNotices)
	p.Doors = []page.Door{{ID: "apply", Label: "申领证照", Href: Own + "/new", First: true}}
	t := &page.Table{ID: "applications", Caption: "我的申领", Quiet: true, Head: []string{"证照", "进度", "提交"}, Empty: page.Empty{Title: "还没有申领", Text: "点“申领证照”选择要申领的证照。"}}
	for _, a := range list.Items {
		t.Rows = append(t.Rows, page.Row{ID: "application-" + a.ID, Cells: []page.Cell{{Text: a.KindName, Sub: a.UnitName, Href: page.At(Own, a.ID)}, {Chips: []page.Chip{ownChip(a)}}, {At: a.CreatedAt}}})
	}
	if list.Next != "" {
		t.Pager.Next = page.Asking(Own, "cursor", list.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{ID: "list", Table: t}))
}

func ownChip(a *issuing.Application) page.Chip {
	return chip(map[issuing.State]string{issuing.Issued: page.Good, issuing.Dropped: page.Bad}[a.State], a.StateName)
}

// offered finds a kind that may be applied for.
func (s *Service) offered(r *http.Request) (*issuing.Offer, *catalogue.Kind, error) {
	offers, err := s.Issuing.Offers(r.Context())
	if err != nil {
		return nil, nil, err
	}
	name := r.URL.Query().Get("kind")
	for i := range offers.Items {
		if offers.Items[i].Kind == name {
			k, err := s.Catalogue.Get(r.Context(), name)
			return &offers.Items[i], k, err
		}
	}
	return nil, nil, fault.NotFound.New("没有可以申领的这种证照").WithCode("issuing.offer").WithHint("请从可以申领的证照中选择")
}

func (s *Service) getApply(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("kind") == "" {
		return s.chooseOffer(w, r)
	}
	o, k, err := s.offered(r)
	if err != nil {
		return err
	}
	me, err := s.IAM.Self(r.Context())
	if err != nil {
		return err
	}
	return s.showApply(w, r, http.StatusOK, o, k, map[string]string{
		"holders[0].type": "person", "holders[0].id_type": "111", "holders[0].id": me.Citizen, "holders[0].name": me.Name, "unit": o.Units[0].ID}, nil)
}

func (s *Service) chooseOffer(w http.ResponseWriter, r *http.Request) error {
	offers, err := s.Issuing.Offers(r.Context())
	if err != nil {
		return err
	}
	p := s.Kit.Sheet(r, "own-applications", "申领证照", "选择要申领的证照。只能申领您本人的；须已实名。", page.Middle).Under("我的申领", Own)
	t := &page.Table{ID: "offers", Caption: "可以申领的证照", Quiet: true, Head: []string{"证照", "签发单位"}, Empty: page.Empty{Title: "现在没有可以网上申领的证照", Text: "请到签发单位的窗口办理。"}}
	for _, o := range offers.Items {
		var units []string
		for _, u := range o.Units {
			units = append(units, u.Name)
		}
		t.Rows = append(t.Rows, page.Row{ID: "offer-" + o.Kind, Cells: []page.Cell{{Text: o.KindName, Href: page.Asking(Own+"/new", "kind", o.Kind)}, {Text: strings.Join(units, "、")}}})
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

func (s *Service) showApply(w http.ResponseWriter, r *http.Request, code int, o *issuing.Offer, k *catalogue.Kind, values map[string]string, refusal error) error {
	p := &applyPage{Frame: s.Kit.Frame(r, "申领"+k.Title, "own-applications", page.Narrow), KindName: k.Title, Form: web.NewForm(k, values),
		Action: page.Asking(Own+"/new", "kind", k.Name), Units: o.Units, Unit: values["unit"]}
	if p.Problem = problemOf(refusal, p.Form); p.Problem != nil {
		p.Title = "有错误：" + p.Title
	}
	return s.set.Show(w, code, "apply", p)
}

func (s *Service) postApply(w http.ResponseWriter, r *http.Request) error {
	o, k, err := s.offered(r)
	if err != nil {
		return err
	}
	values, err := web.ReadForm(r, k)
	if err != nil {
		return err
	}
	if values["add"] != "" {
		return s.showApply(w, r, http.StatusOK, o, k, values, nil)
	}
	c := contentOf(web.RequestOf(k, values), nil) // who else seals is the unit's to name
	c.ValidFrom, c.ValidTo = "", ""               // who issues decides that
	a, refusal := s.Issuing.Apply(r.Context(), issuing.ApplyRequest{Kind: k.Name, Unit: values["unit"], Content: c})
	if refusal == nil {
		return page.See(w, r, page.Asking(page.At(Own, a.ID), "done", "applied"))
	}
	code := page.StatusOf(refusal)
	if e := fault.As(refusal); code == 0 && e != nil && e.Code == "issuing.not-own" {
		code = http.StatusForbidden
	}
	if code == 0 {
		return refusal
	}
	return s.showApply(w, r, code, o, k, values, refusal)
}

// ownStates are the steps that an applicant sees.
var ownStates = []struct {
	state        issuing.State
	title, words string
}{
	{issuing.Drafted, "签发单位核对", "核对您填写的信息"}, {issuing.Submitted, "审核", "由另一位工作人员审核"}, {issuing.Passed, "制作签发", "加盖电子印章"}, {issuing.Issued, "已签发", "可以使用"},
}

func (s *Service) getApplication(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Issuing.Application(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := s.Kit.Sheet(r, "own-applications", a.KindName, a.UnitName+"办理。进度有变化时，站内消息会告诉您。", page.Narrow).Under("我的申领", Own).Said(r, ownNotices)
	p.Chips = []page.Chip{ownChip(a)}
	if a.Reason != "" {
		p.Notice = &page.Notice{Class: page.Bad, Title: "未予受理", Text: a.Reason}
	}
	if a.State != issuing.Dropped {
		p.Add(page.Part{ID: "progress", Title: "进度", Steps: progress(a)})
	}
	facts := []page.Fact{{Label: "证照", Text: a.KindName}, {Label: "签发单位", Text: a.UnitName}, {Label: "提交", At: a.CreatedAt}}
	if !a.EndedAt.IsZero() {
		facts = append(facts, page.Fact{Label: "办结", At: a.EndedAt})
	}
	p.Add(page.Part{ID: "facts", Facts: facts})
	if s.Beside != nil && !a.State.Ended() {
		for _, x := range s.Beside(r.Context(), a.ID, true) {
			p.Doors = append(p.Doors, page.Door{ID: x.Key, Label: x.Label, Href: x.Href})
		}
	}
	if a.MayWithdraw {
		p.Add(page.Part{Form: &page.Form{ID: "withdraw", Title: "撤回申领", Text: "撤回后您填写的信息随即删除，可以重新申领。", Action: page.At(Own, a.ID, "withdraw"), Button: "撤回", Busy: "正在撤回…", Plain: true}})
	}
	return s.Kit.ShowSheet(w, p)
}

// progress is how far an application is.
func progress(a *issuing.Application) (out []page.Step) {
	out = append(out, page.Step{Title: "已提交", At: a.CreatedAt, State: "done"})
	now := a.State
	if now == issuing.Issuing {
		now = issuing.Passed
	}
	state := "done"
	for _, x := range ownStates {
		st := page.Step{Title: x.title, Text: x.words, State: state}
		switch {
		case now == issuing.Issued && x.state == issuing.Issued:
			st.At = a.EndedAt
		case x.state == now:
			st.State, state = "now", "todo"
		}
		out = append(out, st)
	}
	return out
}

func (s *Service) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Issuing.Withdraw(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return page.See(w, r, page.Asking(page.At(Own, a.ID), "done", "withdrawn"))
}
