package items

import (
	"net/http"

	"sidian/internal/item"
	"sidian/internal/web/page"
)

// open is a page of the guides, which anybody reads.
func (s *Service) open(r *http.Request, heading, lead, width string) *page.Sheet {
	return s.Kit.Sheet(r, "guides", heading, lead, width)
}

func (s *Service) getGuides(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query()
	text, kind := asked.Get("q"), asked.Get("kind")
	found, err := s.Items.Guides(r.Context(), text, kind, asked.Get("cursor"), 0)
	if err != nil {
		return err
	}
	p := s.open(r, "办事指南", "各单位现在办理的事项：要交什么材料、哪些免交、办出什么证照。由办理单位负责。", page.Wide)
	p.Search = &page.Search{Action: Guides, Label: "查找事项", Fields: []page.Field{{ID: "q", Name: "q", Label: "事项名称或实施编码", Value: text, Max: 100}}}
	if text != "" || kind != "" {
		p.Search.Clear = Guides
	}
	if kind != "" {
		title := kind
		if k, err := s.Items.Catalogue.Get(r.Context(), kind); err == nil {
			title = k.Title
		}
		p.Notice = &page.Notice{Title: "与“" + title + "”有关的事项", Text: "办理它需要这种证照，或办出这种证照。"}
	}
	t := &page.Table{ID: "guides", Caption: "事项", Quiet: true, Head: []string{"事项", "类型", "办理单位"}, Empty: page.Empty{Title: "没有找到事项", Text: "换一个名称再查，或向办理单位咨询。"}}
	for i := range found.Items {
		v := &found.Items[i]
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: v.Name, Href: page.At(Guides, v.Code), Sub: v.Code}, {Text: v.TypeName}, {Text: v.OrgName}}})
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(Guides, "q", text, "kind", kind, "cursor", found.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

func (s *Service) getGuide(w http.ResponseWriter, r *http.Request) error {
	g, err := s.Items.Guide(r.Context(), r.PathValue("code"))
	if err != nil {
		return err
	}
	p := s.open(r, g.Name, "由"+g.OrgName+"办理。标明“免交”的材料由窗口调取电子证照，不得要求您提交原件或复印件。", page.Middle).Under("办事指南", Guides)
	t := &page.Table{ID: "materials", Caption: "申请材料", Quiet: true, Head: []string{"材料", "要不要交", "可用的电子证照"}, Empty: page.Empty{Title: "不需要材料"}}
	for _, m := range g.Materials {
		row := []page.Cell{{Text: m.Name}, {Chips: []page.Chip{handIn(m)}}, {Text: "—"}}
		if m.Kind != nil {
			row[2] = page.Cell{Text: m.Kind.Title, Href: page.Asking(Guides, "kind", m.Kind.Name), Sub: m.Kind.Code}
		}
		t.Rows = append(t.Rows, page.Row{Cells: row})
	}
	p.Add(page.Part{Title: "申请材料", Table: t})
	facts := []page.Fact{}
	for _, k := range g.Results {
		facts = append(facts, page.Fact{Label: "办出的证照", Text: k.Title, Href: page.Asking(Guides, "kind", k.Name)})
	}
	for _, f := range []page.Fact{{Label: "服务对象", Text: g.Audience}, {Label: "办件类型", Text: wayOf(g.Way, g.Days)}, {Label: "办事说明", Text: g.Note}, {Label: "设定依据", Text: g.Basis}, {Label: "事项类型", Text: g.TypeName},
		{Label: "行使层级", Text: g.TierName}, {Label: "实施编码", Text: g.Code, Code: true}, {Label: "有效期", Text: "自 " + g.Starts + " 起" + untilOf(g.Ends)}} {
		if f.Text != "" {
			facts = append(facts, f)
		}
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Title: "办理信息", Facts: facts}))
}

// handIn is whether a material is handed in.
func handIn(m item.HandIn) page.Chip {
	switch {
	case m.Exempt:
		return page.Chip{Class: page.Good, Word: "免交"}
	case m.Optional:
		return page.Chip{Class: page.Plain, Word: "没有也可以"}
	case m.Kind != nil:
		return page.Chip{Class: page.Plain, Word: "可用电子证照"}
	}
	return page.Chip{Class: page.Care, Word: "要交"}
}
