package page

import (
	"html/template"
	"net/http"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/httpx"
)

// A Problem is a refusal as a page shows it, above the form that caused it.
type Problem struct {
	Msg, Hint string
	Fields    []FieldProblem
}

// A FieldProblem is one line of the summary; without an ID there is no control
// to go to.
type FieldProblem struct{ ID, Label, Message string }

// Text names the control, unless the message does.
func (f FieldProblem) Text() string {
	if f.Label == "" || strings.Contains(f.Message, f.Label) {
		return f.Message
	}
	return f.Label + "：" + f.Message
}

// ProblemOf shows a refusal of a page that has its controls by id, given by the
// name of the field. An error without a kind is nobody's to see: not ok.
func ProblemOf(err error, ids map[string]string) (p *Problem, ok bool) {
	e := fault.As(err)
	if e == nil {
		return nil, false
	}
	p = &Problem{Msg: e.Msg, Hint: e.Hint}
	for _, f := range e.Fields {
		p.Fields = append(p.Fields, FieldProblem{ID: ids[f.Name], Message: f.Message})
	}
	return p, true
}

// Mark puts what is wrong at the controls that a refusal names, and returns the
// summary above them. The error must be one that ProblemOf shows.
func Mark(err error, fields ...[]Field) *Problem {
	p, _ := ProblemOf(err, nil)
	for i, wrong := range fault.As(err).Fields {
		for _, list := range fields {
			for j := range list {
				if f := &list[j]; f.Name == wrong.Name {
					f.Error, p.Fields[i].ID, p.Fields[i].Label = wrong.Message, f.ID, f.Label
				}
			}
		}
	}
	return p
}

// At is what is wrong with the control of an id, or "".
func (p *Problem) At(id string) string {
	if p == nil {
		return ""
	}
	for _, f := range p.Fields {
		if f.ID == id {
			return f.Message
		}
	}
	return ""
}

// SignIn is the address at which a reader of r signs in and comes back.
func SignIn(r *http.Request) string {
	return "/login?back=" + template.URLQueryEscaper(Here(r))
}

type refusedPage struct {
	Frame
	Problem Problem
	Request string
	Status  int
	Again   string // where to sign in, when that is what is missing
}

// Refuse renders a refusal as a page. Who is not signed in is asked to sign in;
// what was being sent is not lost, as the page before still holds it.
func (k *Kit) Refuse(w http.ResponseWriter, r *http.Request, p *httpx.Problem) {
	if p.Status == http.StatusUnauthorized && r.Method == http.MethodGet {
		http.Redirect(w, r, SignIn(r), http.StatusSeeOther)
		return
	}
	if WantsJSON(r) {
		ShowProblem(w, p)
		return
	}
	page := refusedPage{Frame: k.Frame(r, p.Title, "", Middle), Problem: Problem{Msg: p.Detail, Hint: p.Hint}, Request: p.RequestID, Status: p.Status}
	switch {
	case p.Status == http.StatusUnauthorized:
		page.Again = SignIn(r)
		page.Problem = Problem{Msg: "登录已超时，还没有提交", Hint: "请在新标签页登录，再回到这里按浏览器的“返回”并重新提交，填写的内容还在"}
	case p.Code == "route.unknown":
		page.Problem = Problem{Msg: "没有这个页面", Hint: "地址可能写错了，或者页面已经移走。请从首页重新进入"}
	}
	for _, f := range p.Errors {
		page.Problem.Fields = append(page.Problem.Fields, FieldProblem{Message: f.Message})
	}
	if err := k.own.Show(w, p.Status, "refused", page); err != nil {
		http.Error(w, "暂时不能显示页面", http.StatusInternalServerError)
	}
}
