package lists

import (
	"net/http"

	"sidian/internal/iam"
	"sidian/internal/listing"
	"sidian/internal/web/page"
)

func (s *Service) sheet(r *http.Request, nav, heading, lead, width string) *page.Sheet {
	return s.Kit.Sheet(r, nav, heading, lead, width).Said(r, done)
}

// tabs are the views of who compiles.
func tabs(p *page.Sheet, now string) *page.Sheet {
	return p.Views("清单编制", now, page.Tab{Label: "清单编制", Href: Home}, page.Tab{Label: "用证清单", Href: Uses}, page.Tab{Label: "应用场景", Href: Guides},
		page.Tab{Label: "技术规范", Href: Norms}, page.Tab{Label: "推广批次", Href: Batches}, page.Tab{Label: "免提交清单", Href: Exempts}, page.Tab{Label: "逾期和失修", Href: Report})
}

// openTabs are the views of anybody.
func openTabs(p *page.Sheet, now string) *page.Sheet {
	return p.Views("证照清单", now, page.Tab{Label: "公布的清单", Href: Public}, page.Tab{Label: "免提交清单", Href: PublicExempts}, page.Tab{Label: "应用场景和指南", Href: Scenes},
		page.Tab{Label: "技术和使用规范", Href: PublicNorms}, page.Tab{Label: "证照目录", Href: openKinds})
}

// openKinds is the directory of kinds, which other pages show to anybody.
const openKinds = "/open/kinds"

// done are what was done, as the page that follows says it.
var done = map[string]page.Notice{
	"open":      {Class: page.Good, Title: "已开始编制", Text: "参加单位已收到站内消息，由它们梳理报送。"},
	"publish":   {Class: page.Good, Title: "已公布", Text: "新版本已向社会公开，参加单位已收到站内消息。"},
	"abandon":   {Class: page.Good, Title: "已中止这一轮"},
	"choose":    {Class: page.Good, Title: "已选定", Text: "公布时以选定的一行为准，各单位和事项一并保留。"},
	"excuse":    {Class: page.Good, Title: "不再等待这个单位", Text: "理由随清单公布。"},
	"prefill":   {Class: page.Good, Title: "已预填", Text: "本单位事项办出的证照都已列入；请核对、补充，然后报送。"},
	"add":       {Class: page.Good, Title: "已增加一行"},
	"change":    {Class: page.Good, Title: "已修改"},
	"drop":      {Class: page.Good, Title: "已删除一行"},
	"submit":    {Class: page.Good, Title: "已报送"},
	"proposed":  {Class: page.Good, Title: "已提出调整", Text: "核对同意后生效，现行的清单到那时为止仍有效。"},
	"effective": {Class: page.Good, Title: "已同意", Text: "调整后的用证清单立即生效。"},
	"refused":   {Class: page.Good, Title: "已答复不同意", Text: "现行的清单不变。"},
	"withdrawn": {Class: page.Good, Title: "已撤回调整"},
	"scene":     {Class: page.Good, Title: "已公布", Text: "自公布日期起在“应用场景和指南”中公开。"},
	"over":      {Class: page.Good, Title: "已撤下", Text: "不再公开，记录保留。"},
	"norm":      {Class: page.Good, Title: "规范已公布", Text: "已列入公开的规范目录。"},
	"period":    {Class: page.Good, Title: "期限已登记", Text: "自起用日期起按它计算。"},
	"mark":      {Class: page.Good, Title: "已登记", Text: "由另一名目录管理员选入推广批次。"},
	"launch":    {Class: page.Good, Title: "推广批次已公布"},
	"exempt":    {Class: page.Good, Title: "已列入免提交清单", Text: "自起始日期起，本单位和下级单位受理时不得要求提交它。"},
	"unexempt":  {Class: page.Good, Title: "已移出免提交清单"},
	"accept":    {Class: page.Good, Title: "审核通过"},
	"review":    {Class: page.Good, Title: "已审核"},
}

// words are what states are called that rounds do not have.
var words = map[string]string{listing.Proposed: "待同意", listing.Effective: "现行", listing.Superseded: "已被替代", listing.Refused: "不同意", listing.Withdrawn: "已撤下",
	listing.Upcoming: "未到公布日期", listing.Ended: "已结束"}

// chipOf is a state as a chip.
func chipOf(state string) page.Chip {
	class := map[string]string{listing.Accepted: page.Good, listing.Published: page.Good, listing.Submitted: page.Care, listing.Returned: page.Bad, listing.Open: page.Care,
		listing.Effective: page.Good, listing.Proposed: page.Care, listing.Refused: page.Bad, listing.Upcoming: page.Care}[state]
	if class == "" {
		class = page.Plain
	}
	word := listing.StateName(state)
	if own := words[state]; own != "" {
		word = own
	}
	return page.Chip{Class: class, Word: word}
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

// orgField chooses one of some units.
func orgField(id, label, value string, units []iam.Org) page.Field {
	f := page.Field{ID: id, Name: "org", Label: label, Value: value, Required: true}
	for _, o := range units {
		f.Options = append(f.Options, page.Option{Value: o.ID, Label: o.Name})
	}
	return f
}

// unitOf is the unit that a page is about: the one that was asked for, or the first.
func unitOf(asked string, units []iam.Org) string {
	if asked == "" && len(units) > 0 {
		return units[0].ID
	}
	return asked
}

// chooseUnit leads to the same page about another unit.
func chooseUnit(action, unit string, units []iam.Org) *page.Search {
	if len(units) < 2 {
		return nil
	}
	f := orgField("org", "单位", unit, units)
	f.Required = false
	return &page.Search{Action: action, Label: "选择单位", Button: "查看", Fields: []page.Field{f}}
}

// kindField chooses a kind.
func (s *Service) kindField(r *http.Request, id string) (page.Field, error) {
	kinds, err := s.Listing.Kinds(r.Context())
	f := page.Field{ID: id, Name: "kind", Label: "证照类型", Value: r.PostFormValue("kind"), Required: true}
	for _, k := range kinds {
		f.Options = append(f.Options, page.Option{Value: k.Code, Label: k.Name})
	}
	return f, err
}

// kindAt is a kind in the public directory.
func kindAt(name string) string { return page.At(openKinds, name) }
