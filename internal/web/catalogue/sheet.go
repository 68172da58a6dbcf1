package catalogue

import (
	"net/http"

	"sidian/internal/catalogue"
	"sidian/internal/web/page"
)

func (s *Service) sheet(r *http.Request, heading, lead, width string) *page.Sheet {
	return s.Kit.Sheet(r, "kinds", heading, lead, width)
}

// tabs are the views of the directory.
func tabs(p *page.Sheet, now string) *page.Sheet {
	return p.Views("证照目录", now, page.Tab{Label: "证照类型", Href: Home}, page.Tab{Label: "会签条目", Href: Entries}, page.Tab{Label: "国家标准对照", Href: Standards})
}

// At is the address of an entry's page.
func At(name, id string, parts ...string) string {
	return page.At(Home, append([]string{name, "entries", id}, parts...)...)
}

// done are what was done, as the page that follows says it.
var done = map[string]page.Notice{
	"propose":         {Class: page.Good, Title: "条目已起草", Text: "下一步：编辑草稿，六个组成部分齐备后提交会签。"},
	"submit":          {Class: page.Good, Title: "已提交会签", Text: "签发单位的模板设计员和管理单位的目录管理员各一人同意后发布；管理单位已收到站内消息。"},
	"agree":           {Class: page.Good, Title: "已同意", Text: "两方都同意后发布。"},
	"return":          {Class: page.Good, Title: "已退回", Text: "签发单位已收到站内消息，修改后重新提交。"},
	"withdraw":        {Class: page.Good, Title: "条目已撤回"},
	"number":          {Class: page.Good, Title: "编号规则已提出", Text: "管理单位已收到站内消息，同意后使用。"},
	"number-agree":    {Class: page.Good, Title: "已同意", Text: "即日起按这个规则编号。"},
	"number-return":   {Class: page.Good, Title: "已退回", Text: "提出的单位已收到站内消息。"},
	"number-withdraw": {Class: page.Good, Title: "编号规则已撤回"},

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
