package lists

import (
	"net/http"

	"sidian/internal/listing"
	"sidian/internal/web/page"
)

func (s *Service) sheet(r *http.Request, nav, heading, lead, width string) *page.Sheet {
	return s.Kit.Sheet(r, nav, heading, lead, width).Said(r, done)
}

// tabs are the views of who compiles.
func tabs(p *page.Sheet, now string) *page.Sheet {
	return p.Views("清单编制", now, page.Tab{Label: "清单编制", Href: Home}, page.Tab{Label: "逾期和失修", Href: Report})
}

// openTabs are the views of anybody.
func openTabs(p *page.Sheet, now string) *page.Sheet {
	return p.Views("证照清单", now, page.Tab{Label: "公布的清单", Href: Public}, page.Tab{Label: "应用场景和指南", Href: Scenes})
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

// blocksOf is a guide as the page shows it.
func blocksOf(list []listing.Block) []page.Block {
	out := make([]page.Block, len(list))
	for i, b := range list {
		out[i] = page.Block(b)
	}
	return out
}
