package catalogue

import (
	"net/http"

	"sidian/internal/catalogue"
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
	Parts   []part
}

// A door leads to where something is done.
type door struct {
	ID, Label, Href string
	First, File     bool
}

// A part is a section of a page.
type part struct {
	ID, Title, Text string
	Facts           []page.Fact
	Form            *page.Form
	Table           *page.Table
	Steps           []page.Step
	Faces           []face
}

// A face is a picture of a sample.
type face struct{ Src, Alt string }

func (s *Service) sheet(r *http.Request, heading, lead, width string) *sheet {
	return &sheet{Frame: s.Kit.Frame(r, heading, "kinds", width), Heading: heading, Lead: lead}
}

func (p *sheet) under(label, href string) *sheet {
	p.Crumb = &page.Link{Label: label, Href: href}
	return p
}

func (p *sheet) add(parts ...part) *sheet {
	p.Parts = append(p.Parts, parts...)
	return p
}

// tabs are the views of the directory.
func (p *sheet) tabs(now string) *sheet {
	p.Tabs = page.Tabs{Label: "证照目录", Items: []page.Tab{{Label: "证照类型", Href: Home}, {Label: "会签条目", Href: Entries}, {Label: "国家标准对照", Href: Standards}}}
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
		if f := p.Parts[i].Form; f != nil {
			lists = append(lists, f.Fields)
		}
	}
	p.Problem = page.Mark(err, lists...)
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "sheet", p)
}

// At is the address of an entry's page.
func At(name, id string, parts ...string) string {
	return page.At(Home, append([]string{name, "entries", id}, parts...)...)
}

// done are what was done, as the page that follows says it.
var done = map[string]page.Notice{
	"propose":  {Class: page.Good, Title: "条目已起草", Text: "下一步：编辑草稿，六个组成部分齐备后提交会签。"},
	"submit":   {Class: page.Good, Title: "已提交会签", Text: "签发单位的模板设计员和管理单位的目录管理员各一人同意后发布；管理单位已收到站内消息。"},
	"agree":    {Class: page.Good, Title: "已同意", Text: "两方都同意后发布。"},
	"return":   {Class: page.Good, Title: "已退回", Text: "签发单位已收到站内消息，修改后重新提交。"},
	"withdraw": {Class: page.Good, Title: "条目已撤回"},
	"standard": {Class: page.Good, Title: "标准已登记"},
}

func noticeOf(r *http.Request) *page.Notice {
	if n, ok := done[r.URL.Query().Get("done")]; ok && r.Method == http.MethodGet {
		return &n
	}
	return nil
}

var entryChips = map[catalogue.EntryState]page.Chip{
	catalogue.EntryDraft: {Class: page.Plain, Word: "草稿"}, catalogue.EntrySubmitted: {Class: page.Care, Word: "会签中"},
	catalogue.EntryPublished: {Class: page.Good, Word: "已发布"}, catalogue.EntryWithdrawn: {Class: page.Plain, Word: "已撤回"},
}

var standingChips = map[string]page.Chip{
	catalogue.StandingCurrent: {Class: page.Good, Word: "国家代码"}, catalogue.StandingMissing: {Class: page.Plain, Word: "尚无国家代码"},
	catalogue.StandingNewer: {Class: page.Care, Word: "应换新标准"},
}
