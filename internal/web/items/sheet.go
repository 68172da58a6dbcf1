package items

import (
	"net/http"

	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/web/page"
)

// A sheet is a page: what stands above, and its parts.
type sheet struct {
	page.Frame
	Heading string
	Crumb   *page.Link
	Chips   []page.Chip
	Lead    string
	Problem *page.Problem
	Notice  *page.Notice
	Tabs    page.Tabs
	Doors   []door
	Search  *page.Search
	Parts   []part
}

// A door leads to where something is done.
type door struct {
	Label, Href string
	First, File bool
}

// A part is a section of a page.
type part struct {
	Title, Text string
	Facts       []page.Fact
	Form        *page.Form
	Tick        *tick
	Confirm     *page.Confirm
	Upload      *upload
	Table       *page.Table
	Steps       []page.Step
	Button      *page.Link
}

// A tick is a form with boxes to tick.
type tick struct {
	page.Form
	Label, Error string
	Boxes        []box
}

type box struct {
	ID, Value, Label, Sub string
	On                    bool
}

type upload struct{ Action, Error string }

func (s *Service) sheet(r *http.Request, heading, lead, width string) *sheet {
	return &sheet{Frame: s.Kit.Frame(r, heading, "items", width), Heading: heading, Lead: lead}
}

func (p *sheet) under(label, href string) *sheet {
	p.Crumb = &page.Link{Label: label, Href: href}
	return p
}

func (p *sheet) add(parts ...part) *sheet {
	p.Parts = append(p.Parts, parts...)
	return p
}

// tabs are the views of items.
func (p *sheet) tabs(r *http.Request, now string) *sheet {
	p.Tabs = page.Tabs{Label: "事项", Items: []page.Tab{{Label: "事项", Href: Home}, {Label: "部门间需求", Href: Needs}, {Label: "覆盖情况", Href: Coverage}}}
	if iam.May(r.Context(), "item.manage", "") {
		p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: "批量导入", Href: Import})
	}
	for i := range p.Tabs.Items {
		p.Tabs.Items[i].Current = p.Tabs.Items[i].Href == now
	}
	return p
}

func (s *Service) show(w http.ResponseWriter, p *sheet) error {
	return s.set.Show(w, http.StatusOK, "sheet", p)
}

// refuse shows a page again with what was wrong at its controls.
func (s *Service) refuse(w http.ResponseWriter, p *sheet, err error) error {
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	var lists [][]page.Field
	for i := range p.Parts {
		switch b := &p.Parts[i]; {
		case b.Form != nil:
			lists = append(lists, b.Form.Fields)
		case b.Tick != nil:
			lists = append(lists, b.Tick.Fields)
		case b.Confirm != nil:
			b.Confirm.Reason.ID, b.Confirm.Reason.Name, b.Confirm.Reason.Label = "reason", "reason", "理由"
			lists = append(lists, []page.Field{b.Confirm.Reason})
		}
	}
	ids := []page.Field{{ID: "file", Name: "file", Label: "清单文件"}, {ID: "fields", Name: "fields", Label: "照面项"}}
	p.Problem = page.Mark(err, append(lists, ids)...)
	for i := range p.Parts {
		switch b := &p.Parts[i]; {
		case b.Tick != nil:
			b.Tick.Error = p.Problem.At("fields")
		case b.Upload != nil:
			b.Upload.Error = p.Problem.At("file")
		case b.Confirm != nil:
			b.Confirm.Reason.Error = p.Problem.At("reason")
		}
	}
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "sheet", p)
}

// at is the address of an item's page.
func at(code string, parts ...string) string {
	return page.At(Home+"/of", append([]string{code}, parts...)...)
}

// done are what was done, as the page that follows says it.
var done = map[string]page.Notice{
	"new":       {Class: page.Good, Title: "事项已登记", Text: "生效日期起列入办事指南。下一步：关联所需和结果证照。"},
	"edit":      {Class: page.Good, Title: "新版本已登记", Text: "生效日期起使用新版本，原版本保留。"},
	"bind":      {Class: page.Good, Title: "已关联", Text: "办事指南已更新。"},
	"unbind":    {Class: page.Good, Title: "已解除关联", Text: "办事指南已更新，原关联保留在历史中。"},
	"need":      {Class: page.Good, Title: "需求已提出", Text: "提供部门已收到站内消息，由它匹配证照类型或答复不能提供。"},
	"answer":    {Class: page.Good, Title: "已答复", Text: "提出需求的单位已收到站内消息。"},
	"withdraw":  {Class: page.Good, Title: "需求已撤回"},
	"discarded": {Class: page.Good, Title: "已放弃这次导入", Text: "已导入的行保留。"},
}

func noticeOf(r *http.Request) *page.Notice {
	if n, ok := done[r.URL.Query().Get("done")]; ok && r.Method == http.MethodGet {
		return &n
	}
	return nil
}

// stateChips are how a version stands today.
var stateChips = map[string]page.Chip{
	item.InForce: {Class: page.Good, Word: "有效"}, item.Upcoming: {Class: page.Care, Word: "未生效"}, item.Ended: {Class: page.Plain, Word: "已失效"},
}

func optionsOf(words []item.Word) (out []page.Option) {
	for _, w := range words {
		out = append(out, page.Option{Value: w.Code, Label: w.Name})
	}
	return out
}
