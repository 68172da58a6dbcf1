package records

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"sidian/internal/auditor"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
	"sidian/workday"
)

// criteria are what a search asks for, as its address says it. What may be
// somebody's name (Text) stands in no address.
type criteria struct {
	Span, From, To                 string // a quick choice, or days
	Account, Org, Action, Object   string
	Result, Purpose                string
	Address, App, Session, Request string
	Text                           string
	Cursor                         string
	person, unit                   string // as typed
}

// spans are the quick choices of time.
var spans = []page.Option{
	{Value: "1h", Label: "最近一小时"}, {Value: "today", Label: "今天"}, {Value: "7d", Label: "最近七天"}, {Value: "30d", Label: "最近三十天"},
	{Value: "90d", Label: "最近九十天"}, {Value: "1y", Label: "最近一年"},
}

// named are the criteria by their names in an address.
func (c *criteria) named() map[string]*string {
	return map[string]*string{
		"span": &c.Span, "from": &c.From, "to": &c.To, "account": &c.Account, "org": &c.Org, "action": &c.Action, "object": &c.Object, "result": &c.Result,
		"purpose": &c.Purpose, "address": &c.Address, "app": &c.App, "session": &c.Session, "request": &c.Request, "cursor": &c.Cursor,
	}
}

func criteriaOf(values url.Values) (c criteria) {
	for name, to := range c.named() {
		*to = strings.TrimSpace(values.Get(name))
	}
	return c
}

// at is the address of what is asked for, at a page of this package.
func (c criteria) at(path string) string {
	v := url.Values{}
	for name, value := range c.named() {
		if *value != "" {
			v.Set(name, *value)
		}
	}
	return (&url.URL{Path: path, RawQuery: v.Encode()}).String()
}

// hidden carries what is asked for along in a form.
func (c criteria) hidden() (out []page.Hidden) {
	for name, value := range c.named() {
		if *value != "" && name != "cursor" {
			out = append(out, page.Hidden{Name: name, Value: *value})
		}
	}
	return out
}

func (c criteria) empty() bool {
	c.Cursor = ""
	return c.at("") == "" && c.Text == ""
}

// query is what is asked for, as the auditor's service is asked.
func (c criteria) query(now time.Time) (q auditor.Query, err error) {
	q = auditor.Query{
		Account: c.Account, App: c.App, Address: c.Address, Action: c.Action, Result: c.Result, Session: c.Session, Request: c.Request,
		Purpose: c.Purpose, Text: c.Text,
	}
	if strings.HasSuffix(c.Object, "/") {
		q.Objects = c.Object
	} else {
		q.Object = c.Object
	}
	if c.Org != "" {
		q.Orgs = []string{c.Org}
	}
	e := fault.Invalid.New("查询条件不正确").WithCode("audit.query").WithHint("请检查标出的条件后重新查询")
	if c.From != "" || c.To != "" {
		for name, day := range map[string]string{"from": c.From, "to": c.To} {
			if _, err := workday.ParseDate(day); day != "" && err != nil {
				e = e.WithField(name, "malformed", "日期应写作 2026-11-05")
			}
		}
		from, _ := workday.ParseDate(c.From)
		to, _ := workday.ParseDate(c.To)
		if !from.IsZero() {
			q.From = from.Start()
		}
		if !to.IsZero() {
			q.To = to.AddDays(1).Start()
		}
		return q, e.OrNil()
	}
	today := workday.DateOf(now)
	switch c.Span {
	case "":
	case "1h":
		q.From = now.Add(-time.Hour)
	case "today":
		q.From = today.Start()
	case "7d":
		q.From = today.AddDays(-6).Start()
	case "30d":
		q.From = today.AddDays(-29).Start()
	case "90d":
		q.From = today.AddDays(-89).Start()
	case "1y":
		q.From = today.AddYears(-1).Start()
	default:
		e = e.WithField("span", "unknown", "没有这个时间范围")
	}
	return q, e.OrNil()
}

// accountForm is what an account's id looks like.
var accountForm = regexp.MustCompile(`^[a-z0-9]{26}$`)

// typed reads the form of the search: people type usernames and names of units,
// which become ids.
func (s *Service) typed(r *http.Request) (c criteria, err error) {
	ctx := r.Context()
	c = criteriaOf(r.PostForm)
	c.Cursor = r.PostFormValue("cursor")
	c.Text = strings.TrimSpace(r.PostFormValue("text"))
	c.person, c.unit = strings.TrimSpace(r.PostFormValue("person")), strings.TrimSpace(r.PostFormValue("unit"))
	if c.person != "" {
		id, err := s.Account(ctx, c.person)
		if err != nil {
			return c, err
		}
		c.Account = id
		if id == "" && !accountForm.MatchString(c.person) {
			// It may be a name, and what is asked for goes into addresses and
			// the audit.
			return c, fault.Invalid.New("没有这个用户名").WithCode("audit.person").WithHint("请填写用户名或账号编号；按姓名查找，请先到“人员”").
				WithField("person", "unknown", "没有这个用户名")
		}
		if id == "" {
			c.Account = c.person // of an account that is not here: there is nothing to find
		}
	}
	if c.unit != "" {
		if c.Org, err = s.unitNamed(ctx, c.unit); err != nil {
			return c, err
		}
	}
	return c, nil
}

// unitNamed is the id of the unit that somebody typed the name or the id of.
func (s *Service) unitNamed(ctx context.Context, text string) (string, error) {
	if text == auditor.Platform || text == "平台" {
		return auditor.Platform, nil
	}
	o, err := s.IAM.Org(ctx, text)
	if err == nil || !errors.Is(err, fault.NotFound) {
		return o.ID, err
	}
	found, err := s.IAM.OrgsPage(ctx, iam.OrgQuery{Text: text, Closed: true, Limit: 10})
	if err != nil {
		return "", err
	}
	var names []string
	for _, o := range found.Items {
		if o.Name == text || len(found.Items) == 1 {
			return o.ID, nil
		}
		names = append(names, o.Name)
	}
	wrong := fault.Invalid.New("没有找到这个单位").WithCode("audit.unit").WithHint("请填写单位全称或编号；平台自身的记录，填“平台”")
	if len(names) == 0 {
		return "", wrong.WithField("unit", "unknown", "没有名称含“"+text+"”的单位")
	}
	return "", wrong.WithField("unit", "many", fmt.Sprintf("有多个单位的名称含“%s”：%s，请写全称", text, strings.Join(names, "、")))
}

// told is what is asked for in words, for an export's page.
func (s *Service) told(n *namer, c criteria, user string) (facts []page.Fact) {
	add := func(label, text string) {
		if text != "" {
			facts = append(facts, page.Fact{Label: label, Text: text})
		}
	}
	switch {
	case c.From != "" && c.To != "":
		add("时间", c.From+" 至 "+c.To)
	case c.From != "":
		add("时间", c.From+" 起")
	case c.To != "":
		add("时间", "截至 "+c.To)
	default:
		add("时间", labelOf(spans, c.Span))
	}
	add("人员", user)
	if c.Org == auditor.Platform {
		add("代表单位", "平台自身")
	} else {
		add("代表单位", n.org(c.Org))
	}
	if c.Action != "" {
		add("事项", s.words.word(c.Action))
	}
	add("对象", c.Object)
	add("结果", labelOf(results, c.Result))
	add("用途", labelOf(purposes, c.Purpose))
	add("网络地址", c.Address)
	add("接入应用", c.App)
	add("会话", c.Session)
	add("请求", c.Request)
	if len(facts) == 0 {
		add("范围", "全部审计记录")
	}
	return facts
}

// username is how people know an account: by what they sign in with.
func (s *Service) username(ctx context.Context, account string) (string, error) {
	if account == "" {
		return "", nil
	}
	names, err := s.Usernames(ctx, []string{account})
	if err != nil || names[account] == "" {
		return account, err
	}
	return names[account], nil
}
