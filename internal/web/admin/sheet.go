package admin

import (
	"net/http"
	"slices"

	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// A sheet is a page: parts one below the other.
type sheet struct {
	page.Frame
	Crumb   page.Link
	Heading string
	Chips   []page.Chip
	Lead    string // what the page is for, and who decides next
	Notice  *page.Notice
	Problem *page.Problem
	Parts   []part
}

// A part of a sheet shows what is not nil of it.
type part struct {
	ID, Title, Text string
	Card            bool // stands on a card of its own
	Links           []link
	Notice          *page.Notice
	Tabs            *page.Tabs
	Search          *page.Search
	Facts           []page.Fact
	Steps           []page.Step
	Tiles           []tile
	Copy            *page.Copy
	Table           *page.Table
	Form            *form
	Confirms        []page.Confirm // side by side where there is room
	Folded          []folded
}

// A link is a button that leads to another page, or with Hidden sends.
type link struct {
	Label, Href string
	First       bool
	Post        bool
	Hidden      []page.Hidden
}

// A tile tells a number and leads to what it counts.
type tile struct {
	Title, Count, Text, Href string
	Chips                    []page.Chip
}

// folded is a long text, shown when it is asked for.
type folded struct{ Title, Text string }

// A form is the kit's, with boxes to tick before the fields that come last.
type form struct {
	page.Form
	Boxes []boxes
	Last  []page.Field
	Check string // label of a second button that only looks: it sends look=1
}

// boxes are choices of which any number is made.
type boxes struct {
	ID, Name, Label, Hint, Error string
	Groups                       []boxGroup
}

type boxGroup struct {
	Name  string
	Items []box
}

type box struct {
	Value, Label, Sub string
	On                bool
}

// done are what notices say after something was done.
var done = map[string]page.Notice{
	"created": {Class: page.Good, Title: "已新增"}, "edited": {Class: page.Good, Title: "已修改"}, "closed": {Class: page.Good, Title: "已停用"},
	"appointed": {Class: page.Good, Title: "已任命"}, "dismissed": {Class: page.Good, Title: "已免去"}, "moved": {Class: page.Good, Title: "已调动"},
	"registered": {Class: page.Good, Title: "已登记", Text: "还不能登录：请开一次性链接，由本人设置密码；再起草授权。"},
	"unlocked":   {Class: page.Good, Title: "已解除锁定", Text: "现在就可以重新登录。"},
	"proposed":   {Class: page.Good, Title: "已起草", Text: "由安全管理员批准后生效，在此之前没有任何权限。"},
	"approved":   {Class: page.Good, Title: "已批准，立即生效"},
	"refused":    {Class: page.Good, Title: "已记为不批准"},
	"revoked":    {Class: page.Good, Title: "已撤销，立即失效"},
	"ended":      {Class: page.Good, Title: "已结束", Text: "对方须重新登录。"},
	"secret":     {Class: page.Good, Title: "密钥已停用", Text: "用它换取的令牌一并失效。"},
	"opened":     {Class: page.Care, Title: "应急查阅已发起", Text: "安全管理员和审计管理员已收到告警，事后须复核。"},
	"glassover":  {Class: page.Good, Title: "应急查阅已结束"},
	"reviewed":   {Class: page.Good, Title: "已复核"},
}

// sheet is a page for whoever asks in r.
func (s *Service) sheet(r *http.Request, nav, heading, lead string) *sheet {
	p := &sheet{Frame: s.Kit.Frame(r, heading, nav, page.Wide), Heading: heading, Lead: lead}
	if n, ok := done[r.URL.Query().Get("done")]; ok {
		p.Notice = &n
	}
	return p
}

// under makes the sheet one below another page.
func (p *sheet) under(label, href string) *sheet {
	p.Crumb = page.Link{Label: label, Href: href}
	return p
}

// stands is where the reader of an answer to a form comes back to.
func (p *sheet) stands(r *http.Request, address string) *sheet {
	if r.Method == http.MethodPost {
		p.Path = address
	}
	return p
}

func (p *sheet) add(parts ...part) *sheet {
	p.Parts = append(p.Parts, parts...)
	return p
}

func (s *Service) show(w http.ResponseWriter, p *sheet) error {
	return s.set.Show(w, http.StatusOK, "sheet", p)
}

// refuse shows the page again with a refusal above it and at the fields that it
// names. What is not a refusal of what was filled in is returned.
func (s *Service) refuse(w http.ResponseWriter, p *sheet, err error) error {
	status := page.StatusOf(err)
	if status == 0 {
		return err
	}
	e := fault.As(err)
	p.Notice = nil
	p.Problem = &page.Problem{Msg: e.Msg, Hint: e.Hint}
	for _, f := range e.Fields {
		shown := page.FieldProblem{Message: f.Message}
		p.mark(f, &shown)
		p.Problem.Fields = append(p.Problem.Fields, shown)
	}
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, status, "sheet", p)
}

// mark puts what is wrong with a field at its control.
func (p *sheet) mark(f fault.Field, shown *page.FieldProblem) {
	at := func(list []page.Field) bool {
		i := slices.IndexFunc(list, func(x page.Field) bool { return x.Name == f.Name })
		if i >= 0 {
			list[i].Error, shown.ID, shown.Label = f.Message, list[i].ID, list[i].Label
		}
		return i >= 0
	}
	for i := range p.Parts {
		if c := p.Parts[i].Confirms; len(c) > 0 {
			for j := range c {
				if at(c[j].Fields) {
					return
				}
				if f.Name == "reason" && !c[j].NoReason {
					c[j].Reason.Error, shown.ID, shown.Label = f.Message, orReason(c[j].Reason.ID), "理由"
					return
				}
			}
		}
		if q := p.Parts[i].Search; q != nil && at(q.Fields) {
			return
		}
		fm := p.Parts[i].Form
		if fm == nil {
			continue
		}
		if at(fm.Fields) || at(fm.Last) {
			return
		}
		for j := range fm.Boxes {
			if fm.Boxes[j].Name == f.Name {
				fm.Boxes[j].Error, shown.ID, shown.Label = f.Message, fm.Boxes[j].ID, fm.Boxes[j].Label
				return
			}
		}
	}
}

func orReason(id string) string {
	if id == "" {
		return "reason"
	}
	return id
}

// reason is the control for the reason of a form.
func reason(r *http.Request, hint string) page.Field {
	if hint == "" {
		hint = "写明依据和原因，记入审计"
	}
	return page.Field{ID: "reason", Name: "reason", Label: "理由", Hint: hint, Required: true, Lines: 3, Max: 200, Value: r.PostFormValue("reason")}
}

// given is the reason of a confirmation that came back.
func given(r *http.Request) page.Field { return page.Field{Value: r.PostFormValue("reason")} }

// ticked are the boxes that were ticked.
func ticked(r *http.Request, name string) []string {
	_ = r.PostFormValue(name) // reads the form
	return r.PostForm[name]
}
