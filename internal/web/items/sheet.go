package items

import (
	"net/http"

	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/web/page"
)

func (s *Service) sheet(r *http.Request, heading, lead, width string) *page.Sheet {
	return s.Kit.Sheet(r, "items", heading, lead, width).Said(r, done)
}

// tabs are the views of items.
func tabs(r *http.Request, p *page.Sheet, now string) *page.Sheet {
	views := []page.Tab{{Label: "事项", Href: Home}, {Label: "部门间需求", Href: Needs}, {Label: "覆盖情况", Href: Coverage}}
	if iam.May(r.Context(), "item.manage", "") {
		views = append(views, page.Tab{Label: "批量导入", Href: Import})
	}
	return p.Views("事项", now, views...)
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
