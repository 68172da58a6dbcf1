package items

import (
	"fmt"
	"net/http"
	"strconv"

	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/web/page"
)

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	ctx, asked := r.Context(), r.URL.Query()
	q := item.Query{Text: asked.Get("q"), Type: asked.Get("type"), Org: asked.Get("org"), Kind: asked.Get("kind"), Unbound: asked.Get("unbound") != "", Cursor: asked.Get("cursor")}
	found, err := s.Items.List(ctx, q)
	if err != nil {
		return err
	}
	p := tabs(r, s.sheet(r, "事项", "本单位和下级单位的政务服务事项，以及办理它需要和办出的证照；由各单位的事项管理人员登记，登记即公开。", page.Wide), Home)
	empty := page.Empty{Title: "没有符合条件的事项", Text: "换一个条件再查。"}
	if q == (item.Query{}) {
		empty = page.Empty{Title: "还没有事项", Text: "先登记一个事项，或从清单批量导入；然后关联证照类型。"}
	}
	if iam.May(ctx, "item.manage", "") {
		p.Doors = []page.Door{{Label: "登记事项", Href: Home + "/new", First: true}}
	}
	p.Search = &page.Search{Action: Home, Label: "查询事项", Fields: []page.Field{
		{ID: "q", Name: "q", Label: "名称或实施编码", Value: q.Text, Max: 100},
		{ID: "type", Name: "type", Label: "事项类型", Value: q.Type, Any: "全部", Options: optionsOf(item.Types())},
	}}
	if q != (item.Query{Cursor: q.Cursor}) {
		p.Search.Clear = Home
	}
	t := &page.Table{ID: "items", Caption: "事项", Quiet: true, Head: []string{"事项", "类型", "实施机构", "状态", "生效"}, Empty: empty}
	for i := range found.Items {
		v := &found.Items[i]
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{
			{Text: v.Name, Href: at(v.Code), Sub: v.Code}, {Text: v.TypeName, Sub: v.TierName}, {Text: v.OrgName}, {Chips: []page.Chip{stateChips[v.State]}}, {Text: v.Starts, Sub: untilOf(v.Ends)},
		}})
	}
	unbound := ""
	if q.Unbound {
		unbound = "1"
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(Home, "q", q.Text, "type", q.Type, "org", q.Org, "kind", q.Kind, "unbound", unbound, "cursor", found.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

func untilOf(ends string) string {
	if ends == "" {
		return ""
	}
	return "至 " + ends
}

func (s *Service) getCoverage(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Items.Coverage(r.Context(), r.URL.Query().Get("org"))
	if err != nil {
		return err
	}
	p := tabs(r, s.sheet(r, "覆盖情况", "哪些事项还没有关联结果证照，哪些证照类型没有事项办出；由各单位的事项管理人员补齐。", page.Wide), Coverage)
	p.Add(page.Part{Facts: []page.Fact{
		{Label: "有效事项", Text: fmt.Sprintf("%d 个", c.Items)}, {Label: "已关联结果证照", Text: fmt.Sprintf("%d 个", c.Bound)},
		{Label: "应关联而未关联", Text: fmt.Sprintf("%d 个", c.Missing)}, {Label: "待匹配的部门间需求", Text: fmt.Sprintf("%d 项", c.Open), Href: page.Asking(Needs, "state", item.Open)},
		{Label: "已发布的证照类型", Text: fmt.Sprintf("%d 种", c.Kinds)},
	}})
	t := &page.Table{ID: "without", Caption: "没有关联结果证照的事项", Quiet: true, Head: []string{"事项", "类型", "实施机构"}, Empty: page.Empty{Title: "没有遗漏", Text: "有效的事项都已关联结果证照，或写明办理结果不是证照。"}}
	for i := range c.Without {
		v := &c.Without[i]
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: v.Name, Href: at(v.Code), Sub: v.Code}, {Text: v.TypeName}, {Text: v.OrgName}}})
	}
	more := ""
	if n := int(c.Missing) - len(c.Without); n > 0 {
		more = "还有 " + strconv.Itoa(n) + " 个没有列出。"
	}
	p.Add(page.Part{Title: "没有关联结果证照的事项", Text: more, Table: t})
	p.Add(kindPart("没有事项办出的证照类型", "全平台都没有事项以它为办理结果；来自平台外的不用处理。", c.Unmade))
	if len(c.Stuck) > 0 {
		p.Add(kindPart("没有事项能首次办出的证照类型", "办理它的事项都需要它本身，请关联首次办理的事项。", c.Stuck))
	}
	if len(c.Disabled) > 0 {
		p.Add(kindPart("目录中已停用的证照类型", "仍有事项关联，请解除。", c.Disabled))
	}
	return s.Kit.ShowSheet(w, p)
}

func kindPart(title, text string, list []item.KindRef) page.Part {
	t := &page.Table{Caption: title, Quiet: true, Head: []string{"证照类型", "需要它的事项"}, Empty: page.Empty{Title: "没有遗漏", Text: "每种证照类型都有事项办出。"}}
	for _, k := range list {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: k.Title, Sub: k.Name, Href: page.Asking(Home, "kind", k.Name)}, {Text: strconv.FormatInt(k.Items, 10) + " 个"}}})
	}
	return page.Part{Title: title, Text: text, Table: t}
}
