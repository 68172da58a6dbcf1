package lists

import (
	"net/http"

	"sidian/internal/listing"
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
	Label, Href string
	First, File bool
}

// A part is a section of a page.
type part struct {
	ID, Title, Text string
	Facts           []page.Fact
	Form            *page.Form
	Table           *page.Table
	Button          *page.Link // sent with POST
	Blocks          []listing.Block
}

func (s *Service) sheet(r *http.Request, nav, heading, lead, width string) *sheet {
	return &sheet{Frame: s.Kit.Frame(r, heading, nav, width), Heading: heading, Lead: lead, Notice: noticeOf(r)}
}

func (p *sheet) under(label, href string) *sheet {
	p.Crumb = &page.Link{Label: label, Href: href}
	return p
}

func (p *sheet) add(parts ...part) *sheet {
	p.Parts = append(p.Parts, parts...)
	return p
}

// tabs are the views of who compiles.
func (p *sheet) tabs(now string) *sheet {
	return p.views("清单编制", now, page.Tab{Label: "清单编制", Href: Home}, page.Tab{Label: "逾期和失修", Href: Report})
}

// openTabs are the views of anybody.
func (p *sheet) openTabs(now string) *sheet {
	return p.views("证照清单", now, page.Tab{Label: "公布的清单", Href: Public}, page.Tab{Label: "应用场景和指南", Href: Scenes})
}

func (p *sheet) views(label, now string, tabs ...page.Tab) *sheet {
	for i := range tabs {
		tabs[i].Current = tabs[i].Href == now
	}
	p.Tabs = page.Tabs{Label: label, Items: tabs}
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
	p.Problem, p.Notice = page.Mark(err, lists...), nil
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "sheet", p)
}

// done are what was done, as the page that follows says it.
var done = map[string]page.Notice{
	"open":    {Class: page.Good, Title: "已开始编制", Text: "参加单位已收到站内消息，由它们梳理报送。"},
	"publish": {Class: page.Good, Title: "已公布", Text: "新版本已向社会公开，参加单位已收到站内消息。"},
	"abandon": {Class: page.Good, Title: "已中止这一轮"},
	"choose":  {Class: page.Good, Title: "已选定", Text: "公布时以选定的一行为准，各单位和事项一并保留。"},
	"excuse":  {Class: page.Good, Title: "不再等待这个单位", Text: "理由随清单公布。"},
	"prefill": {Class: page.Good, Title: "已预填", Text: "本单位事项办出的证照都已列入；请核对、补充，然后报送。"},
	"add":     {Class: page.Good, Title: "已增加一行"},
	"change":  {Class: page.Good, Title: "已修改"},
	"drop":    {Class: page.Good, Title: "已删除一行"},
	"submit":  {Class: page.Good, Title: "已报送", Text: "由同级主管部门的目录管理员逐行审核。"},
	"accept":  {Class: page.Good, Title: "审核通过"},
	"review":  {Class: page.Good, Title: "已审核"},
}

func noticeOf(r *http.Request) *page.Notice {
	if n, ok := done[r.URL.Query().Get("done")]; ok && r.Method == http.MethodGet {
		return &n
	}
	return nil
}

// chipOf is a state as a chip.
func chipOf(state string) page.Chip {
	class := map[string]string{listing.Accepted: page.Good, listing.Published: page.Good, listing.Submitted: page.Care, listing.Returned: page.Bad, listing.Open: page.Care}[state]
	if class == "" {
		class = page.Plain
	}
	return page.Chip{Class: class, Word: listing.StateName(state)}
}

func reasonField(r *http.Request, id, hint string) page.Field {
	return page.Field{ID: id, Name: "reason", Label: "理由", Value: r.PostFormValue("reason"), Required: true, Lines: 2, Max: 500, Hint: hint}
}
