package catalogue

import (
	"net/http"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/web/page"
)

// open is a page of the directory that anybody reads.
func (s *Service) open(r *http.Request, heading, lead, width string) *page.Sheet {
	return s.Kit.Sheet(r, "open-kinds", heading, lead, width)
}

const perPage = 100

func (s *Service) getOpen(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Catalogue.Elements(r.Context(), r.URL.Query().Get("cursor"), perPage+1)
	if err != nil {
		return err
	}
	p := s.open(r, "证照目录", "本平台制发哪些电子证照：名称、代码、发给谁、有效多久、由哪级机关颁发。由签发单位和管理单位共同编制，现行有效。", page.Wide)
	p.Doors = []page.Door{{Label: "下载表格（CSV）", Href: "/open/v1/kinds.csv", File: true}, {Label: "接口（JSON）", Href: "/open/v1/kinds"}}
	t := &page.Table{ID: "kinds", Caption: "证照类型", Quiet: true, Head: []string{"证照类型", "定义机构", "持证主体", "有效期限", "颁发机构级别"},
		Empty: page.Empty{Title: "目录还没有发布证照类型", Text: "发布后在这里公开。"}}
	if len(list) > perPage {
		list = list[:perPage]
		t.Pager.Next = page.Asking(Open, "cursor", list[perPage-1].Name)
	}
	for _, e := range list {
		t.Rows = append(t.Rows, page.Row{ID: e.Name, Cells: []page.Cell{{Text: e.Title, Sub: e.Code, Href: page.At(Open, e.Name)}, {Text: e.Definer, Sub: e.DefinerLevel}, {Text: catalogue.HolderWord(e.Holder)},
			{Text: validity(e.Validity)}, {Text: strings.Join(e.Levels, "、")}}})
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

func validity(s string) string {
	if s == "L" {
		return "长期有效"
	}
	return s
}

func factsOf(e catalogue.Element) []page.Fact {
	facts := []page.Fact{{Label: "证照类型代码", Text: e.Code, Code: true}, {Label: "证照定义机构", Text: e.Definer + "（" + e.DefinerLevel + "）"}, {Label: "证照定义机构代码", Text: e.DefinerCode, Code: true}}
	for _, f := range []page.Fact{{Label: "关联事项", Text: strings.Join(e.Items, "、")}, {Label: "关联事项代码", Text: strings.Join(e.ItemCodes, "、"), Code: true},
		{Label: "持证主体类别", Text: catalogue.HolderWord(e.Holder)}, {Label: "有效期限范围", Text: validity(e.Validity)}, {Label: "证照颁发机构级别", Text: strings.Join(e.Levels, "、")},
		{Label: "类别", Text: string(e.Category)}, {Label: "所依据的标准", Text: e.Standard}, {Label: "式样", Text: e.Pattern}, {Label: "照面项", Text: strings.Join(e.Fields, "、")},
		{Label: "共享属性", Text: string(e.Sharing)}, {Label: "限制共享的依据", Text: e.Limit}, {Label: "设定依据", Text: strings.Join(e.Basis, "；")}, {Label: "生效日期", Text: e.Starts}} {
		if f.Text != "" {
			facts = append(facts, f)
		}
	}
	if e.Effect != nil {
		facts = append(facts, page.Fact{Label: "法律效力的例外", Text: e.Effect.Exception + "（" + e.Effect.Basis + "）"})
	}
	return facts
}

func (s *Service) getOpenKind(w http.ResponseWriter, r *http.Request) error {
	e, err := s.Catalogue.Open(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	p := s.open(r, e.Title, "照面标明“样例”，内容为虚构，没有法律效力。办理它、或凭它免交材料的事项见办事指南。", page.Middle).Under("证照目录", Open)
	p.Doors = []page.Door{{Label: "看有关的办事指南", Href: page.Asking("/open/items", "kind", e.Name)}}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Faces: []page.Face{{Src: e.Sample, Alt: e.Title + "的样例照面，标明样例"}}}, page.Part{Title: "目录信息", Facts: factsOf(*e)}))
}
