package issuing

import (
	"net/http"
	"strings"

	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/web/page"
)

// Corrections is where the next version of a certificate (更正、变更、换证) is
// begun.
const Corrections = "/console/corrections"

const correctLead = "更正、变更、换证以现行证照为底稿，同样经采集、审核、制作签发三人办理；签发后原证照终止，新版本沿用原编号。"

func (s *Service) correctPage(r *http.Request) (*page.Sheet, error) {
	ctx, asked := r.Context(), r.URL.Query()
	p := s.Kit.Sheet(r, "issuing", "更正、变更、换证", correctLead, page.Narrow).Under("证照经办", Home)
	id := asked.Get("certificate")
	if id == "" {
		return s.findCertificate(r, p)
	}
	c, err := s.Cert.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.Cert.Given(ctx, c, "cert.draft"); err != nil {
		return nil, err
	}
	p.Path = page.Asking(Corrections+"/new", "certificate", id)
	p.Add(page.Part{ID: "certificate", Facts: []page.Fact{{Label: "证照", Text: c.KindName}, {Label: "证照编号", Text: c.Number, Code: true, Href: "/console/certificates/" + c.ID}, {Label: "签发单位", Text: c.IssuerName},
		{Label: "持证主体", Text: holdersOf(c)}, {Label: "状态", Chips: []page.Chip{chip("", c.StatusName)}}}})
	f := &page.Form{ID: "correct", Action: Corrections + "/new?certificate=" + c.ID, Button: "开始办理", Busy: "正在建立…", Cancel: "/console/certificates/" + c.ID}
	choose := page.Field{ID: "action", Name: "action", Label: "办理", Value: first(r.PostFormValue("action"), asked.Get("action")), Required: true, Hint: "登记有误的更正；事项有变的变更；内容不变、重新发证的换证"}
	var why *state.Refusal
	for _, a := range state.Actions() {
		if !a.Next {
			continue
		}
		if _, no := a.Apply(c.State()); no != nil {
			why = no
			continue
		}
		choose.Options = append(choose.Options, page.Option{Value: a.Code, Label: a.Name})
	}
	if len(choose.Options) == 0 && why != nil {
		p.Notice = &page.Notice{Class: page.Bad, Title: why.Rule, Text: why.Way}
		return p, nil
	}
	f.Fields = []page.Field{choose,
		{ID: "reason", Name: "reason", Label: "事由", Value: r.PostFormValue("reason"), Required: true, Max: 200, Hint: "写入办理记录和审计，也是读取原证照内容的理由；请勿写个人信息，可写办件编号"},
		{ID: "basis", Name: "basis", Label: "依据", Value: r.PostFormValue("basis"), Required: true, Max: 200, Hint: "法律条款或决定文号；核验时公开"}}
	return p.Add(page.Part{Form: f}), nil
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func holdersOf(c *cert.Certificate) string {
	var names []string
	for _, h := range c.Holders {
		names = append(names, h.Name)
	}
	return strings.Join(names, "、")
}

// findCertificate asks for the number, and lists what has it.
func (s *Service) findCertificate(r *http.Request, p *page.Sheet) (*page.Sheet, error) {
	number := strings.TrimSpace(r.URL.Query().Get("number"))
	p.Search = &page.Search{Action: Corrections + "/new", Label: "查找证照", Button: "查找", Fields: []page.Field{{ID: "number", Name: "number", Label: "证照编号", Value: number, Required: true, Max: 100, Code: true, Autocomplete: "off"}}}
	if number == "" {
		return p, nil
	}
	list, err := s.Cert.List(r.Context(), cert.ListQuery{Number: number, Limit: 20})
	if err != nil {
		return nil, err
	}
	t := &page.Table{ID: "found", Caption: "找到的证照", Quiet: true, Head: []string{"证照", "持证主体", "状态"}, Empty: page.Empty{Title: "没有这个编号的证照", Text: "请核对编号；只能办理本单位签发的证照。"}}
	for _, c := range list.Items {
		t.Rows = append(t.Rows, page.Row{ID: "certificate-" + c.ID, Cells: []page.Cell{{Text: c.KindName, Sub: c.Number, Href: page.Asking(Corrections+"/new", "certificate", c.ID)}, {Text: holdersOf(c)}, {Chips: []page.Chip{chip("", c.StatusName)}}}})
	}
	return p.Add(page.Part{Table: t}), nil
}

func (s *Service) getCorrect(w http.ResponseWriter, r *http.Request) error {
	p, err := s.correctPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postCorrect(w http.ResponseWriter, r *http.Request) error {
	d, err := s.Issuing.Correct(r.Context(), issuing.CorrectRequest{Certificate: r.URL.Query().Get("certificate"), Action: r.PostFormValue("action"), Reason: r.PostFormValue("reason"), Basis: r.PostFormValue("basis")})
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Home, d.ID), "done", "correcting"))
	}
	p, wrong := s.correctPage(r)
	if wrong != nil {
		return wrong
	}
	return s.Kit.ShowAgain(w, p, err)
}

// masked tells whether anything of a correction is not shown.
func masked(c *issuing.Correction) bool {
	for _, x := range c.Changes {
		if x.Masked {
			return true
		}
	}
	return false
}

func (s *Service) postReveal(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Issuing.Reveal(r.Context(), issuing.RevealRequest{ID: r.PathValue("id"), Purpose: "issue", Reason: r.PostFormValue("reason")})
	if err != nil {
		if e := fault.As(err); e == nil || e.Kind != fault.Invalid {
			return err
		}
		return s.showDraft(w, r, r.PathValue("id"), http.StatusUnprocessableEntity, nil, err)
	}
	return s.showRevealed(w, r, c)
}
