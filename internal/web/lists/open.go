package lists

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/listing"
	"sidian/internal/web/page"
)

func (s *Service) getReport(w http.ResponseWriter, r *http.Request) error {
	p, err := s.reportPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) reportPage(r *http.Request) (*page.Sheet, error) {
	unit := r.URL.Query().Get("org")
	v, err := s.Listing.Stale(r.Context(), unit)
	if err != nil {
		return nil, err
	}
	p := tabs(s.sheet(r, "lists", "逾期和失修", "逾期没有报送的、超过期限没有更新的清单和规范，按 "+v.Day+" 计算；由各单位补报、更新。", page.Wide), Report)
	t := &page.Table{ID: "findings", Caption: "问题", Quiet: true, Head: []string{"单位", "问题", "关于", "最近一次"}, Empty: page.Empty{Title: "没有问题", Text: "清单、规范都在期限内。"}}
	for i := range v.Units {
		u := &v.Units[i]
		for _, f := range u.Findings {
			t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: u.UnitName, Href: page.Asking(Report, "org", u.Unit)}, {Text: f.Message}, {Text: f.About}, {Text: dash(f.Since)}}})
		}
	}
	if unit != "" && len(v.Units) == 1 {
		p.Under("全部单位", Report)
		p.Add(page.Part{Facts: []page.Fact{{Label: "单位", Text: v.Units[0].UnitName}, {Label: "有效事项", Text: fmt.Sprintf("%d 个", v.Units[0].Items)}, {Label: "应关联而未关联结果证照", Text: fmt.Sprintf("%d 个", v.Units[0].Missing)}}})
	}
	p.Add(page.Part{Table: t})
	return p, s.periods(r, p)
}

func dash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func (s *Service) getPublic(w http.ResponseWriter, r *http.Request) error {
	v, err := s.Listing.Published(r.Context())
	if err != nil {
		return err
	}
	b, err := s.Listing.Launched(r.Context())
	if err != nil {
		return err
	}
	p := openTabs(s.sheet(r, "openlists", "证照清单", "政务部门公布的电子证照发证清单、核发电子材料目录和推广使用的证照；由编制单位负责。", page.Wide), Public)
	t := &page.Table{ID: "editions", Caption: "公布的清单", Quiet: true, Head: []string{"清单", "编制单位", "版本", "项数", "公布"}, Empty: page.Empty{Title: "还没有公布清单"}}
	for i := range v.Items {
		e := &v.Items[i]
		t.Rows = append(t.Rows, page.Row{ID: "edition-" + e.ID, Cells: []page.Cell{{Text: e.Title, Href: page.At(Public, e.ID), Sub: e.ListName}, {Text: e.OrgName}, {Text: versionWord(e.Version)}, {Text: strconv.Itoa(e.Count)}, {Text: page.Day(e.At)}}})
	}
	p.Add(page.Part{Table: t})
	if len(b.Items) > 0 {
		t := &page.Table{ID: "batches", Caption: "推广使用的证照", Quiet: true, Head: []string{"批次", "公布单位", "证照", "公布"}}
		for i := range b.Items {
			one := &b.Items[i]
			t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: one.Title, Sub: "第 " + strconv.Itoa(one.Number) + " 批"}, {Text: one.OrgName}, {Text: strings.Join(one.Titles, "、")}, {Text: page.Day(one.At), Sub: one.Reason}}})
		}
		p.Add(page.Part{Title: "推广使用的证照", Table: t})
	}
	return s.Kit.ShowSheet(w, p)
}

func versionWord(n int) string { return "第 " + strconv.Itoa(n) + " 版" }

func (s *Service) getEdition(w http.ResponseWriter, r *http.Request) error {
	e, err := s.Listing.Edition(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := s.sheet(r, "openlists", e.Title, e.OrgName+"于 "+page.Day(e.At)+" 公布的"+e.ListName+versionWord(e.Version)+"，共 "+strconv.Itoa(e.Count)+" 项。依据："+e.Reason, page.Wide).Under("证照清单", Public)
	if e.Versions[0].ID == e.ID {
		p.Chips = []page.Chip{{Class: page.Good, Word: "现行"}}
	} else {
		p.Chips = []page.Chip{{Class: page.Plain, Word: "已有新版本"}}
	}
	p.Doors = []page.Door{{Label: "下载表格", Href: "/open/v1/lists/" + e.ID + "/csv", File: true}}
	t := &page.Table{ID: "entries", Caption: e.ListName, Quiet: true, Head: []string{"名称", "代码", "核发单位", "依据"}}
	for i := range e.Entries {
		x := &e.Entries[i]
		var units []string
		for _, u := range x.Units {
			units = append(units, u.Name)
		}
		name := page.Cell{Text: x.Name, Sub: x.Note}
		if x.Kind != "" {
			name.Href = kindAt(x.Kind)
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{name, {Text: dash(x.Code), Code: x.Code != ""}, {Text: strings.Join(units, "、")}, {Text: dash(x.Basis)}}})
	}
	p.Add(page.Part{Table: t})
	if len(e.Without) > 0 {
		t := &page.Table{ID: "without", Caption: "没有报送的单位", Quiet: true, Head: []string{"单位", "说明"}}
		for _, u := range e.Without {
			t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: u.Name}, {Text: u.Reason}}})
		}
		p.Add(page.Part{Title: "没有报送的单位", Table: t})
	}
	if e.Diff != nil {
		p.Add(page.Part{ID: "diff", Title: "与" + versionWord(e.Diff.From) + "的差别", Facts: []page.Fact{{Label: "新增", Text: dash(strings.Join(e.Diff.Added, "、"))}, {Label: "删去", Text: dash(strings.Join(e.Diff.Removed, "、"))}, {Label: "改动", Text: dash(strings.Join(e.Diff.Changed, "、"))}}})
	}
	v := &page.Table{ID: "versions", Caption: "各版本", Quiet: true, Head: []string{"版本", "项数", "依据", "公布"}}
	for _, x := range e.Versions {
		v.Rows = append(v.Rows, page.Row{Cells: []page.Cell{{Text: versionWord(x.Version), Href: page.At(Public, x.ID)}, {Text: strconv.Itoa(x.Count)}, {Text: x.Reason}, {Text: page.Day(x.At)}}})
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Title: "各版本", Table: v}))
}

func (s *Service) getScenes(w http.ResponseWriter, r *http.Request) error {
	v, err := s.Listing.Scenes(r.Context(), "", true, r.URL.Query().Get("cursor"), 20)
	if err != nil {
		return err
	}
	p := openTabs(s.sheet(r, "openlists", "应用场景和指南", "在哪些地方可以用电子证照，怎样用；由用证单位公布和撤下。", page.Middle), Scenes)
	for i := range v.Items {
		x := &v.Items[i]
		p.Add(page.Part{ID: "scene-" + x.ID, Title: x.Name, Facts: sceneFacts(x), Blocks: blocksOf(x.Blocks)})
	}
	if len(v.Items) == 0 {
		p.Add(page.Part{Table: &page.Table{ID: "scenes", Caption: "应用场景", Empty: page.Empty{Title: "现在没有公布的应用场景"}}})
	}
	if v.Next != "" {
		p.Doors = []page.Door{{Label: "下一页", Href: page.Asking(Scenes, "cursor", v.Next)}}
	}
	return s.Kit.ShowSheet(w, p)
}

func sceneFacts(x *listing.Scene) []page.Fact {
	facts := []page.Fact{{Label: "用证单位", Text: x.UnitName}}
	for i, title := range x.Titles {
		facts = append(facts, page.Fact{Label: "可用的证照", Text: title, Href: kindAt(x.Kinds[i])})
	}
	if x.Contact != "" {
		facts = append(facts, page.Fact{Label: "咨询", Text: x.Contact})
	}
	until := "长期"
	if x.Ends != "" {
		until = "至 " + x.Ends
	}
	return append(facts, page.Fact{Label: "期限", Text: "自 " + x.Starts + " 起，" + until})
}
