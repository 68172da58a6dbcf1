package records

import (
	"fmt"
	"net/http"
	"strings"

	"sidian/internal/auditor"
	"sidian/internal/web/page"
)

// toldPerPerson is how many entries stand under a person; the search has all.
const toldPerPerson = 10

// A personCard is someone who had to do with an object.
type personCard struct {
	Name, Href, Summary string
	Chips               []page.Chip
	Facts               []page.Fact
	Steps               []page.Step
	All                 string // where all of it is found
	Count               int
}

// getLookBack traces an object back to persons.
func (s *Service) getLookBack(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	object := r.URL.Query().Get("object")
	p := objectView{Frame: s.Kit.Frame(r, "责任倒查", "audit", ""), Tabs: s.tabs(r, "lookback"), Find: finder("lookback"), Object: object}
	if object == "" {
		return s.set.Show(w, http.StatusOK, "lookback", p)
	}
	l, err := s.Auditor.LookBack(ctx, object, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	if err := s.about(r, &p); err != nil {
		return err
	}
	n := s.namer(ctx)
	p.Entries = l.Entries
	for _, x := range l.People {
		p.People = append(p.People, s.card(n, object, x))
	}
	if l.Earlier != "" {
		p.Earlier = page.Pager{Next: address("/console/audit/lookback", "object", object, "cursor", l.Earlier), NextWord: "更早的部分"}
	}
	if n.err != nil {
		return n.err
	}
	return s.set.Show(w, http.StatusOK, "lookback", p)
}

func (s *Service) card(n *namer, object string, x *auditor.Person) personCard {
	c := personCard{Name: personWord(x), Href: personPage(x.Account), Chips: touched(x), Count: x.Saw + x.Changed + x.Tried}
	c.Summary = spanWords(x)
	c.Facts = factsOf(n, x)
	for i := range x.Entries[:min(len(x.Entries), toldPerPerson)] {
		st := s.step(n, &x.Entries[i])
		st.Who, st.Code = x.Entries[i].Address, ""
		c.Steps = append(c.Steps, st)
	}
	if c.Count > len(c.Steps) && (x.Account != "" || x.App != "") {
		c.All = criteria{Account: x.Account, App: x.App, Object: object}.at("/console/audit")
	}
	return c
}

// touched counts what somebody did, in words.
func touched(x *auditor.Person) (chips []page.Chip) {
	for _, c := range []struct {
		n           int
		class, word string
	}{{x.Saw, page.Plain, "查阅"}, {x.Changed, page.Good, "变更"}, {x.Tried, page.Bad, "未遂"}} {
		if c.n > 0 {
			chips = append(chips, page.Chip{Class: c.class, Word: fmt.Sprintf("%s %d 次", c.word, c.n)})
		}
	}
	return chips
}

func spanWords(x *auditor.Person) string {
	first, last := page.Moment(x.First), page.Moment(x.Last)
	if first == last {
		return last
	}
	return first + " 至 " + last
}

// factsOf are for whom, why and from where.
func factsOf(n *namer, x *auditor.Person) (facts []page.Fact) {
	add := func(label, text string, code bool) {
		if text != "" {
			facts = append(facts, page.Fact{Label: label, Text: text, Code: code})
		}
	}
	var words []string
	for _, p := range x.Purposes {
		words = append(words, labelOf(purposes, p))
	}
	add("代表单位", n.orgList(x.Orgs), false)
	add("用途", strings.Join(words, "、"), false)
	add("理由", strings.Join(x.Reasons, "\n"), false)
	add("网络地址", strings.Join(x.Addresses, "、"), true)
	add("所用应用", strings.Join(x.Apps, "、"), true)
	if len(x.Sessions) > 0 {
		add("会话数", fmt.Sprint(len(x.Sessions)), false)
	}
	return facts
}

type personView struct {
	page.Frame
	Tabs    page.Tabs
	Problem *page.Problem
	Name    string
	Account string
	Chips   []page.Chip
	Facts   []page.Fact
	Search  page.Search
	Table   page.Table
}

// sorts are what the objects of a person are narrowed to.
var sorts = []page.Option{
	{Value: "cert/", Label: "证照"}, {Value: "account/", Label: "账号"}, {Value: "grant/", Label: "授权"}, {Value: "org/", Label: "单位"}, {Value: "client/", Label: "接入应用"},
	{Value: "seal/", Label: "电子印章"}, {Value: "session/", Label: "会话"}, {Value: "audit", Label: "审计"},
}

// getPerson tells what somebody saw and did.
func (s *Service) getPerson(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	account := r.PathValue("account")
	c := criteriaOf(r.URL.Query())
	p := personView{Frame: s.Kit.Frame(r, "人员", "audit", ""), Tabs: s.tabs(r, "lookback"), Account: account}
	q, wrong := c.query(s.Auditor.DB.Now())
	q = auditor.Query{From: q.From, To: q.To, Objects: c.Object}
	d := &auditor.Doings{}
	if wrong == nil {
		d, wrong = s.Auditor.Person(ctx, account, q, c.Cursor)
	}
	status := http.StatusOK
	if wrong != nil {
		shown, ok := page.ProblemOf(wrong, map[string]string{"span": "p-span", "from": "p-from", "to": "p-to", "objects": "p-object"})
		if !ok || len(shown.Fields) == 0 {
			return wrong
		}
		p.Problem, status, d = shown, http.StatusUnprocessableEntity, &auditor.Doings{}
	}
	username, err := s.username(ctx, account)
	if err != nil {
		return err
	}
	n := s.namer(ctx)
	p.Name, p.Chips = d.Name, touched(&d.Person)
	if p.Name == "" {
		p.Name = username
	}
	p.Title = p.Name + "：接触过的对象"
	p.Facts = append([]page.Fact{{Label: "用户名", Text: username, Code: true}, {Label: "账号编号", Text: account, Code: true}}, factsOf(n, &d.Person)...)
	p.Search = page.Search{Action: personPage(account), Label: "收窄时间和对象", Fields: []page.Field{
		{ID: "p-span", Name: "span", Label: "时间", Value: c.Span, Options: spans, Any: "不限，或按右边的日期"},
		{ID: "p-from", Name: "from", Label: "起", Type: "date", Value: dayOr(c.From)}, {ID: "p-to", Name: "to", Label: "止（含当天）", Type: "date", Value: dayOr(c.To)},
		{ID: "p-object", Name: "object", Label: "对象", Value: c.Object, Options: sorts, Any: "全部对象"},
	}}
	for i := range p.Search.Fields {
		p.Search.Fields[i].Error = p.Problem.At(p.Search.Fields[i].ID)
	}
	p.Table = s.doings(account, d)
	if d.Earlier != "" {
		c.Cursor = d.Earlier
		p.Table.Pager = page.Pager{Next: c.at(personPage(account)), NextWord: "更早的部分"}
	}
	if n.err != nil {
		return n.err
	}
	return s.set.Show(w, status, "person", p)
}

func (s *Service) doings(account string, d *auditor.Doings) page.Table {
	t := page.Table{Caption: "接触过的对象，最近的在前", Quiet: true, Head: []string{"对象", "做了什么", "理由", "次数", "最近一次", ""},
		Empty: page.Empty{Title: "没有审计记录", Text: "此人在所选时间内没有接触过这类对象，或者不在您的审计范围内。"}}
	for _, o := range d.Objects {
		sort, id := objectWord(o.Object)
		var did []string
		for _, a := range o.Actions {
			did = append(did, s.words.word(a))
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{
			{Text: sort, Href: objectPage(o.Object), Sub: id},
			{Text: strings.Join(did, "、")},
			{Text: strings.Join(o.Reasons, "；")},
			{Chips: touched(&auditor.Person{Saw: o.Saw, Changed: o.Changed, Tried: o.Tried})},
			{At: o.Last},
			{Actions: []page.Action{
				{Label: "经过", Of: sort + " " + id, Href: criteria{Account: account, Object: o.Object}.at("/console/audit")},
				{Label: "倒查", Of: sort + " " + id, Href: lookBackPage(o.Object)},
			}},
		}})
	}
	return t
}
