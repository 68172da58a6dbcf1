package account

import (
	"net/http"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/web/page"
)

// A sheet is a page with one form. Parts of several pages use its fields.
type sheet struct {
	page.Frame
	Problem *page.Problem
	Fields  []page.Field
	Action  string
	Back    string // where the person wanted to go
	Cancel  string
	Rules   []Rule // of the new password
}

// Field is the field of that id.
func (p *sheet) Field(id string) page.Field {
	for _, f := range p.Fields {
		if f.ID == id {
			return f
		}
	}
	return page.Field{}
}

// refuse shows a refusal above the form and at the fields that it names, and
// returns the answer's status. as gives the id of a field that package auth
// calls otherwise. An error that is not a refusal is returned.
func (p *sheet) refuse(err error, as map[string]string) (status int, _ error) {
	e := fault.As(err)
	if e == nil {
		return 0, err
	}
	ids := map[string]string{}
	for _, f := range p.Fields {
		ids[f.ID] = f.ID
	}
	for from, to := range as {
		ids[from] = to
	}
	p.Problem, _ = page.ProblemOf(err, ids)
	for i, wrong := range p.Problem.Fields {
		at := slices.IndexFunc(p.Fields, func(f page.Field) bool { return f.ID == wrong.ID && f.ID != "" })
		if at < 0 {
			p.Problem.Fields[i].ID = ""
			continue
		}
		p.Problem.Fields[i].Label, p.Fields[at].Error = p.Fields[at].Label, wrong.Message
	}
	p.Title = "有错误：" + p.Title
	switch e.Kind {
	case fault.TooMany:
		return http.StatusTooManyRequests, nil
	case fault.Unavailable:
		return http.StatusServiceUnavailable, nil
	}
	return http.StatusUnprocessableEntity, nil
}

// code returns a refusal's code, or "".
func code(err error) string {
	if e := fault.As(err); e != nil {
		return e.Code
	}
	return ""
}

// tidyCode is a one-time code as it was meant: apps show it in two halves, and
// Chinese keyboards write wide digits.
func tidyCode(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == ' ' || r == '\u3000' || r == '\u00a0' || r == '-' || r == '\t' || r == '\r' || r == '\n':
			return -1
		}
		return r
	}, typed)
}

func codeField(label, hint string, required bool) page.Field {
	return page.Field{ID: "code", Name: "code", Label: label, Hint: hint, Required: required, Code: true, Short: true, Mode: "numeric", Autocomplete: "one-time-code", Max: 12}
}

func passwordField(id, label, hint, autocomplete string) page.Field {
	return page.Field{ID: id, Name: id, Label: label, Hint: hint, Type: "password", Autocomplete: autocomplete, Required: true, Max: 512}
}

// accept makes the browser keep what came of a step.
func accept(w http.ResponseWriter, cookies []*http.Cookie) {
	for _, c := range cookies {
		http.SetCookie(w, c)
	}
}

func secure(r *http.Request) bool { return httpx.MetaFrom(r.Context()).Secure }
