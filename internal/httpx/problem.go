package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"sidian/internal/fault"
)

// A Problem is a refusal as it leaves the process: RFC 9457.
type Problem struct {
	Type      string         `json:"type" doc:"错误种类说明的地址" example:"/docs#status-409"`
	Title     string         `json:"title" doc:"错误的种类"`
	Status    int            `json:"status" doc:"HTTP 状态码"`
	Detail    string         `json:"detail" doc:"违反了哪一条规则"`
	Code      string         `json:"code" doc:"稳定的错误代码，供程序判断"`
	Hint      string         `json:"hint,omitempty" doc:"怎么办、找谁办"`
	Errors    []ProblemField `json:"errors,omitempty" doc:"逐项错误"`
	RequestID string         `json:"request_id,omitempty" doc:"请求编号，报障时提供"`
}

// A ProblemField is what is wrong with one field; it never repeats the value.
type ProblemField struct {
	Field   string `json:"field" doc:"字段位置，例如 holders[0].id"`
	Message string `json:"message" doc:"违反的规则"`
	Code    string `json:"code" doc:"稳定的错误代码"`
}

type kindText struct {
	status int
	title  string
}

var kindTexts = map[fault.Kind]kindText{
	fault.Invalid:      {http.StatusUnprocessableEntity, "请求不符合规则"},
	fault.NotFound:     {http.StatusNotFound, "未找到"},
	fault.Conflict:     {http.StatusConflict, "与现状冲突"},
	fault.Forbidden:    {http.StatusForbidden, "没有权限"},
	fault.Unauthorized: {http.StatusUnauthorized, "需要登录"},
	fault.TooMany:      {http.StatusTooManyRequests, "过于频繁"},
	fault.TooLarge:     {http.StatusRequestEntityTooLarge, "超出大小限制"},
	fault.Unavailable:  {http.StatusServiceUnavailable, "暂时不可用"},
}

// A httpError is a refusal whose status no kind of fault has.
type httpError struct {
	status int
	title  string
	cause  *fault.Error
}

func (e *httpError) Error() string { return e.cause.Error() }
func (e *httpError) Unwrap() error { return e.cause }

// ProblemOf describes err for whoever asked. An error without a kind is
// internal: its text is not in the Problem.
func ProblemOf(ctx context.Context, err error) *Problem {
	p := &Problem{RequestID: MetaFrom(ctx).RequestID}
	var he *httpError
	var e *fault.Error
	switch {
	case errors.As(err, &he):
		p.Status, p.Title = he.status, he.title
		e = he.cause
	case fault.As(err) != nil:
		e = fault.As(err)
		t := kindTexts[e.Kind]
		p.Status, p.Title = t.status, t.title
	case errors.Is(err, context.DeadlineExceeded):
		e = fault.Unavailable.New("处理超时").WithCode("timeout").WithHint("请稍后重试；写操作请使用同一个 Idempotency-Key")
		p.Status, p.Title = kindTexts[fault.Unavailable].status, kindTexts[fault.Unavailable].title
	default:
		kind, _ := fault.Of(err)
		e = &fault.Error{Kind: kind}
		t := kindTexts[kind]
		p.Status, p.Title = t.status, t.title
	}
	if p.Status == 0 {
		p.Status, p.Title = http.StatusInternalServerError, "系统内部错误"
		e = (&fault.Error{Msg: "系统内部错误"}).WithCode("internal").WithHint("请稍后重试；仍不成功请把请求编号告诉平台运维人员")
	}
	p.fill(e)
	return p
}

func (p *Problem) fill(e *fault.Error) {
	p.Detail, p.Hint, p.Code = e.Msg, e.Hint, e.Code
	if p.Code == "" {
		p.Code = string(e.Kind)
	}
	if p.Detail == "" {
		p.Detail = p.Title
	}
	p.Type = "/docs#status-" + strconv.Itoa(p.Status)
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, ProblemField{Field: f.Name, Message: f.Message, Code: f.Code})
	}
}

// WriteProblem answers err as a problem and logs it if it is internal.
func (r *Router) WriteProblem(w http.ResponseWriter, hr *http.Request, err error) {
	p := ProblemOf(hr.Context(), err)
	if p.Status >= 500 {
		r.opts.Log.ErrorContext(hr.Context(), "request failed", "pattern", MetaFrom(hr.Context()).Pattern, "status", p.Status, "err", err)
	}
	var retry interface{ RetryAfter() string }
	if errors.As(err, &retry) {
		w.Header().Set("Retry-After", retry.RetryAfter())
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sidian"`)
	}
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	b, err := encode(p)
	if err != nil {
		return // nothing in a Problem can refuse to be encoded
	}
	_, _ = w.Write(b) // the client went away: nobody is left to tell
}

// encode is JSON as the API writes it: UTF-8, without HTML escapes.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
