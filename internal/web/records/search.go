package records

import (
	"net/http"
	"strings"

	"sidian/internal/auditor"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
	"sidian/workday"
)

// perPage is how many entries a page of the search shows.
const perPage = 50

type searchPage struct {
	page.Frame
	Tabs    page.Tabs
	Chain   chainNotice
	Problem *page.Problem
	Search  page.Search
	Told    bool // something is asked for
	Table   page.Table
	Go      []page.Hidden // what the next page is asked with, where it has no address
	Export  string
}

// tabs are the views of the audit.
func (s *Service) tabs(r *http.Request, current string) page.Tabs {
	t := page.Tabs{Label: "审计"}
	for _, i := range []struct{ key, label, href, permission string }{
		{"search", "查询", "/console/audit", auditor.Read},
		{"objects", "时间线", "/console/audit/objects", auditor.Read},
		{"lookback", "责任倒查", "/console/audit/lookback", auditor.Read},
		{"exports", "导出", "/console/audit/exports", auditor.Take},
	} {
		if iam.Allow(r.Context(), i.permission, "") == nil {
			t.Items = append(t.Items, page.Tab{Label: i.label, Href: i.href, Current: i.key == current})
		}
	}
	return t
}

func (s *Service) getSearch(w http.ResponseWriter, r *http.Request) error {
	return s.search(w, r, criteriaOf(r.URL.Query()), nil)
}

// postSearch is the form. What was typed becomes an address that can be kept,
// unless a text is asked for: it may be somebody's name.
func (s *Service) postSearch(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Invalid.Wrap(err, "表单读不出")
	}
	c, err := s.typed(r)
	if err != nil {
		return s.search(w, r, c, err)
	}
	if c.Text != "" {
		return s.search(w, r, c, nil)
	}
	return page.See(w, r, c.at("/console/audit")+"#found")
}

var searchIDs = map[string]string{
	"span": "a-span", "from": "a-from", "to": "a-to", "account": "a-person", "person": "a-person", "org": "a-unit", "unit": "a-unit", "action": "a-action",
	"object": "a-object", "objects": "a-object", "result": "a-result", "purpose": "a-purpose", "text": "a-text",
}

// search shows what is asked for; wrong is what is wrong with it already.
func (s *Service) search(w http.ResponseWriter, r *http.Request, c criteria, wrong error) error {
	ctx := r.Context()
	n := s.namer(ctx)
	p := searchPage{Frame: s.Kit.Frame(r, "审计", "audit", ""), Tabs: s.tabs(r, "search"), Told: !c.empty()}
	var err error
	if p.Chain, err = s.chainState(ctx, false); err != nil {
		return err
	}
	if c.person == "" {
		if c.person, err = s.username(ctx, c.Account); err != nil {
			return err
		}
	}
	if c.unit == "" {
		c.unit = n.org(c.Org)
		if c.Org == auditor.Platform {
			c.unit = "平台"
		}
	}
	found := &auditor.Page{}
	if wrong == nil {
		var q auditor.Query
		if q, wrong = c.query(s.Auditor.DB.Now()); wrong == nil {
			found, wrong = s.Auditor.Search(ctx, q, c.Cursor, perPage)
		}
	}
	status := http.StatusOK
	if wrong != nil {
		shown, ok := page.ProblemOf(wrong, searchIDs)
		if !ok || fault.As(wrong).Kind != fault.Invalid {
			return wrong
		}
		p.Problem, p.Title, status, found = shown, "有错误：审计", http.StatusUnprocessableEntity, &auditor.Page{}
	}
	p.Search = s.searchForm(c, p.Problem)
	p.Table = s.entries(n, found.Entries)
	p.Table.ID, p.Table.Caption, p.Table.Quiet = "found", "审计记录，最近的在前", true
	s.paged(&p, c, found)
	if iam.Allow(ctx, auditor.Take, "") == nil {
		to := c
		to.Cursor = ""
		p.Export = to.at("/console/audit/exports")
	}
	if n.err != nil {
		return n.err
	}
	return s.set.Show(w, status, "search", p)
}

// paged tells how the list goes on.
func (s *Service) paged(p *searchPage, c criteria, found *auditor.Page) {
	p.Table.Empty = page.Empty{Title: "没有符合条件的审计记录", Text: "放宽时间或去掉一些条件再查；人员要写用户名，单位要写全称。", Href: "/console/audit", Action: "清除条件"}
	if p.Problem != nil {
		p.Table.Empty = page.Empty{Title: "还没有查询", Text: "改正上面标出的条件后重新查询。"}
	}
	if found.Next == "" {
		return
	}
	word := "更早的记录"
	if len(found.Entries) == 0 {
		word = "继续往前查"
		p.Table.Empty = page.Empty{Title: "这一段时间没有符合条件的记录", Text: "记录很多，分段查找；更早的还没有查完。"}
	}
	next := c
	next.Cursor = found.Next
	if c.Text == "" {
		p.Table.Pager = page.Pager{Next: next.at("/console/audit"), NextWord: word}
		if len(found.Entries) == 0 {
			p.Table.Empty.Href, p.Table.Empty.Action = p.Table.Pager.Next, word
		}
		return
	}
	p.Go = append(next.hidden(), page.Hidden{Name: "cursor", Value: found.Next}, page.Hidden{Name: "text", Value: c.Text})
}

func (s *Service) searchForm(c criteria, p *page.Problem) page.Search {
	f := page.Search{Action: "/console/audit#found", Label: "查询审计记录", Post: true, Fields: []page.Field{
		{ID: "a-span", Name: "span", Label: "时间", Value: c.Span, Options: spans, Any: "不限，或按右边的日期"},
		{ID: "a-from", Name: "from", Label: "起", Type: "date", Value: dayOr(c.From)},
		{ID: "a-to", Name: "to", Label: "止（含当天）", Type: "date", Value: dayOr(c.To)},
		{ID: "a-person", Name: "person", Label: "人员（用户名或账号编号）", Value: c.person, Max: 64, Code: true, Autocomplete: "off"},
		{ID: "a-unit", Name: "unit", Label: "代表的单位（全称或编号）", Value: c.unit, Max: 100, Autocomplete: "off"},
		{ID: "a-action", Name: "action", Label: "事项", Value: c.Action, Options: s.actionOptions(c.Action), Any: "全部事项"},
		{ID: "a-object", Name: "object", Label: "对象（如 cert/编号；cert/ 为全部证照）", Value: c.Object, Max: 200, Code: true, Autocomplete: "off"},
		{ID: "a-result", Name: "result", Label: "结果", Value: c.Result, Options: results, Any: "全部结果"},
		{ID: "a-purpose", Name: "purpose", Label: "用途", Value: c.Purpose, Options: s.purposeOptions(c.Purpose), Any: "全部用途"},
		{ID: "a-text", Name: "text", Label: "理由中的文字", Value: c.Text, Max: 100, Autocomplete: "off"},
	}}
	if !c.empty() {
		f.Clear = "/console/audit"
	}
	for i := range f.Fields {
		f.Fields[i].Error = p.At(f.Fields[i].ID)
	}
	return f
}

// dayOr is what a control of days takes.
func dayOr(text string) string {
	if _, err := workday.ParseDate(text); err != nil {
		return ""
	}
	return text
}

// actionOptions has the action that is asked for even if nobody knows it.
func (s *Service) actionOptions(asked string) []page.Option {
	out := s.words.options()
	if asked != "" && s.words.of[asked] == "" {
		out = append(out, page.Option{Value: asked, Label: s.words.word(asked)})
	}
	return out
}

func (s *Service) purposeOptions(asked string) []page.Option {
	if asked != "" && labelOf(purposes, asked) == asked {
		return append(purposes[:len(purposes):len(purposes)], page.Option{Value: asked, Label: asked})
	}
	return purposes
}

// entries are the rows of a table of entries.
func (s *Service) entries(n *namer, list []auditor.Entry) page.Table {
	n.known(list)
	t := page.Table{Head: []string{"事项", "时间", "谁", "对象", "用途和理由", "结果"}}
	for i := range list {
		e := &list[i]
		sort, id := objectWord(e.Object)
		by := page.Cell{Text: who(e), Href: personPage(e.Account), Sub: strings.TrimSuffix(strings.Join(compact(n.org(e.Org), e.Address), "，"), "，")}
		t.Rows = append(t.Rows, page.Row{ID: "e-" + e.ID, Cells: []page.Cell{
			{Text: s.words.word(e.Action), Href: entryPage(e.ID)},
			{At: e.At},
			by,
			{Text: sort, Href: objectPage(e.Object), Sub: id},
			{Text: labelOf(purposes, e.Purpose), Sub: e.Reason},
			{Chips: resultChips(e)},
		}})
	}
	return t
}

// compact leaves out what is empty.
func compact(texts ...string) (out []string) {
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}
