package auditor

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/fault"
)

// Platform stands in Query.Orgs for entries of no organisation: those of the
// platform itself and of strangers.
const Platform = "-"

// A Query says which entries are wanted. Empty fields ask for nothing.
type Query struct {
	From    time.Time `json:"from,omitzero" query:"from" doc:"起始时间（含）"`
	To      time.Time `json:"to,omitzero" query:"to" doc:"结束时间（不含）"`
	Account string    `json:"account,omitempty" query:"account" maxLength:"64" doc:"账号编号"`
	App     string    `json:"app,omitempty" query:"app" maxLength:"64" doc:"接入应用编号"`
	Address string    `json:"address,omitempty" query:"address" maxLength:"64" doc:"网络地址"`
	Orgs    []string  `json:"orgs,omitempty" query:"org" maxItems:"1000" doc:"代表的单位；- 为平台自身"`
	Action  string    `json:"action,omitempty" query:"action" maxLength:"64" doc:"事项，按前缀，如 cert."`
	Object  string    `json:"object,omitempty" query:"object" maxLength:"200" doc:"对象，如 cert/编号"`
	Objects string    `json:"objects,omitempty" query:"objects" maxLength:"200" doc:"对象前缀，如 cert/"`
	Result  string    `json:"result,omitempty" query:"result" enum:"done,refused,failed" doc:"结果"`
	Session string    `json:"session,omitempty" query:"session" maxLength:"64" doc:"会话编号"`
	Request string    `json:"request,omitempty" query:"request" maxLength:"64" doc:"请求编号"`
	Purpose string    `json:"purpose,omitempty" query:"purpose" maxLength:"64" doc:"用途代码"`
	Text    string    `json:"text,omitempty" query:"text" maxLength:"100" doc:"理由中的文字"`
}

// Validate checks what a schema cannot.
func (q Query) Validate() error {
	e := fault.Invalid.New("查询条件不正确").WithCode("audit.query").WithHint("请检查查询条件后重新查询")
	for name, s := range q.texts() {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) || len(s) > 400 {
			e = e.WithField(name, "malformed", "含有不能查询的字符，或过长")
		}
	}
	for _, o := range q.Orgs {
		if o == "" || len(o) > 64 || !utf8.ValidString(o) || strings.ContainsRune(o, 0) {
			e = e.WithField("org", "malformed", "单位编号不正确；平台自身用 -")
		}
	}
	if len(q.Orgs) > 1000 {
		e = e.WithField("org", "too-many", "一次最多查询一千个单位")
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		e = e.WithField("to", "order", "结束时间应晚于起始时间")
	}
	for name, t := range map[string]time.Time{"from": q.From, "to": q.To} {
		if !t.IsZero() && (t.Year() < 1900 || t.Year() > 9999) {
			e = e.WithField(name, "range", "年份应在 1900 至 9999 之间")
		}
	}
	switch q.Result {
	case "", audit.Done, audit.Refused, audit.Failed:
	default:
		e = e.WithField("result", "unknown", "可选 done、refused、failed")
	}
	return e.OrNil()
}

func (q Query) texts() map[string]string {
	return map[string]string{
		"account": q.Account, "app": q.App, "address": q.Address, "action": q.Action, "object": q.Object, "objects": q.Objects,
		"session": q.Session, "request": q.Request, "purpose": q.Purpose, "text": q.Text,
	}
}

// within is the query of package audit for the organisations of a scope.
func (q Query) within(orgs []string) audit.Query {
	return audit.Query{
		Object: q.Object, Account: q.Account, App: q.App, Address: q.Address, Action: q.Action, Objects: q.Objects, Result: q.Result,
		Session: q.Session, Request: q.Request, Purpose: q.Purpose, Text: q.Text, Orgs: orgs, From: q.From, To: q.To,
	}
}

// criteria is what was asked for, as it stands in the audit. Free text may be
// someone's name: it is left out.
func (q Query) criteria() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	add("from", day(q.From))
	add("to", day(q.To))
	add("account", q.Account)
	add("app", q.App)
	add("address", q.Address)
	switch {
	case len(q.Orgs) > 5:
		add("orgs", fmt.Sprintf("%s等%d个", strings.Join(q.Orgs[:5], ","), len(q.Orgs)))
	default:
		add("orgs", strings.Join(q.Orgs, ","))
	}
	add("action", q.Action)
	add("object", q.Object)
	add("objects", q.Objects)
	add("result", q.Result)
	add("session", q.Session)
	add("request", q.Request)
	add("purpose", q.Purpose)
	if q.Text != "" {
		parts = append(parts, "text")
	}
	if len(parts) == 0 {
		return "全部"
	}
	return strings.Join(parts, "; ")
}

// cursor is where a page ended, as text; "" at the end.
func cursor(c audit.Cursor) string {
	if c == (audit.Cursor{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.At.UnixMilli(), 10) + " " + c.ID))
}

// parseCursor reads one. It says nothing of what the caller may see, so that a
// forged one, or another's, gains nothing.
func parseCursor(text string) (audit.Cursor, error) {
	if text == "" {
		return audit.Cursor{}, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	at, id, ok := strings.Cut(string(b), " ")
	ms, bad := strconv.ParseInt(at, 10, 64)
	if err != nil || bad != nil || !ok || len(id) > 64 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return audit.Cursor{}, fault.Invalid.New("游标不正确").WithCode("cursor").WithHint("请从第一页重新查询").WithField("cursor", "malformed", "请原样使用上一页返回的游标")
	}
	return audit.Cursor{At: time.UnixMilli(ms).UTC(), ID: id}, nil
}
