package web

import (
	"html/template"
	"net/http"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/httpx"
)

// problem is a refusal as a page shows it, above the form that caused it.
type problem struct {
	Msg, Hint string
	Fields    []fieldProblem
}

// A fieldProblem is one line of the summary; without an ID there is no control
// to go to.
type fieldProblem struct{ ID, Label, Message string }

// Text names the control, unless the message does.
func (f fieldProblem) Text() string {
	if f.Label == "" || strings.Contains(f.Message, f.Label) {
		return f.Message
	}
	return f.Label + "：" + f.Message
}

// problemOf shows a refusal of a page that has its controls by id; an error
// without a kind is nobody's to see.
func problemOf(err error, ids map[string]string) (*problem, bool) {
	e := fault.As(err)
	if e == nil {
		return nil, false
	}
	p := &problem{Msg: e.Msg, Hint: e.Hint}
	for _, f := range e.Fields {
		p.Fields = append(p.Fields, fieldProblem{ID: ids[f.Name], Message: f.Message})
	}
	return p, true
}

type refusedPage struct {
	frame
	Problem problem
	Request string
	Status  int
	Again   string // where to sign in, when that is what is missing
}

// Refuse renders a refusal as a page. Who is not signed in is asked to sign in;
// what was being sent is not lost, as the page before still holds it.
func (s *Service) Refuse(w http.ResponseWriter, r *http.Request, p *httpx.Problem) {
	if p.Status == http.StatusUnauthorized && r.Method == http.MethodGet {
		http.Redirect(w, r, "/login?back="+template.URLQueryEscaper(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	if wantsJSON(r) {
		showProblem(w, p)
		return
	}
	page := refusedPage{frame: s.frame(r, p.Title, "", "middle"), Problem: problem{Msg: p.Detail, Hint: p.Hint}, Request: p.RequestID, Status: p.Status}
	switch {
	case p.Status == http.StatusUnauthorized:
		page.Again = "/login?back=" + template.URLQueryEscaper(r.URL.RequestURI())
		page.Problem = problem{Msg: "登录已超时，还没有提交", Hint: "请在新标签页登录，再回到这里按浏览器的“返回”并重新提交，填写的内容还在"}
	case p.Code == "route.unknown":
		page.Problem = problem{Msg: "没有这个页面", Hint: "地址可能写错了，或者页面已经移走。请从首页重新进入"}
	}
	for _, f := range p.Errors {
		page.Problem.Fields = append(page.Problem.Fields, fieldProblem{Message: f.Message})
	}
	if err := s.show(w, p.Status, "refused", page); err != nil {
		http.Error(w, "暂时不能显示页面", http.StatusInternalServerError)
	}
}
