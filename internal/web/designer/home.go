package designer

import (
	"net/http"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

type homePage struct {
	page.Frame
	Table page.Table
}

type newPage struct {
	page.Frame
	Problem *page.Problem
	Form    page.Form
}

var stateClass = map[catalogue.EntryState]string{catalogue.EntryDraft: page.Care, catalogue.EntrySubmitted: page.Plain, catalogue.EntryPublished: page.Good, catalogue.EntryWithdrawn: page.Bad}

func (s *Service) getHome(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Catalogue.Entries(r.Context(), catalogue.EntryQuery{Cursor: r.URL.Query().Get("cursor")})
	if err != nil {
		return err
	}
	p := &homePage{Frame: s.Kit.Frame(r, "证照设计", "designer", page.Wide)}
	p.Table = page.Table{ID: "designs", Caption: "设计", Quiet: true, Head: []string{"证照类型", "签发单位", "状态", "最近修改"},
		Empty: page.Empty{Title: "还没有设计", Text: "从空白页开始，或以现有类型为底稿。", Href: Home + "/new", Action: "新建设计"}}
	for _, e := range list.Items {
		title := e.Title
		if title == "" {
			title = e.Name
		}
		p.Table.Rows = append(p.Table.Rows, page.Row{ID: "design-" + e.ID, Cells: []page.Cell{
			{Text: title, Sub: e.Name, Href: page.At(Home, e.ID)}, {Text: e.OrgName},
			{Chips: []page.Chip{{Class: stateClass[e.State], Word: catalogue.EntryStateName(e.State)}}}, {At: e.ChangedAt},
		}})
	}
	if list.Next != "" {
		p.Table.Pager.Next = page.Asking(Home, "cursor", list.Next)
	}
	return s.set.Show(w, http.StatusOK, "home", p)
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	return s.showNew(w, r, http.StatusOK, values{r.URL.Query(), &wrongs{}}, nil)
}

// sizes are the papers to begin with.
var sizes = []struct {
	key, label string
	w, h       float64
}{
	{"a4l", "A4 横版（297 × 210 毫米）", 297, 210}, {"a4p", "A4 竖版（210 × 297 毫米）", 210, 297}, {"a3l", "A3 横版（420 × 297 毫米）", 420, 297},
	{"a5l", "A5 横版（210 × 148 毫米）", 210, 148}, {"card", "卡片（85.6 × 54 毫米）", 85.6, 54},
}

func (s *Service) showNew(w http.ResponseWriter, r *http.Request, code int, v values, refusal error) error {
	p := &newPage{Frame: s.Kit.Frame(r, "新建设计", "designer", page.Middle)}
	kinds, err := s.Catalogue.Published(r.Context())
	if err != nil {
		return err
	}
	var from, paper []page.Option
	for _, k := range kinds {
		from = append(from, page.Option{Value: k.Name, Label: k.Title + "（第 " + num(k.Version) + " 版）"})
	}
	for _, x := range sizes {
		paper = append(paper, page.Option{Value: x.key, Label: x.label})
	}
	units, err := s.units(r)
	if err != nil {
		return err
	}
	p.Form = page.Form{ID: "new", Action: Home + "/new", Button: "开始设计", Busy: "正在新建…", Cancel: Home, Fields: []page.Field{
		{ID: "org", Name: "org", Label: "签发单位", Options: units, Required: true, Value: v.str("org")},
		{ID: "from", Name: "from", Label: "以什么为底稿", Options: from, Any: "空白页，从头设计", Value: v.str("from"), Hint: "选现有类型，就是为它做新的一版；要另立类型，再填下面的目录名"},
		{ID: "name", Name: "name", Label: "目录名", Code: true, Max: 64, Value: v.str("name"), Hint: "小写字母、数字和下划线，如 tea_shop；给现有类型做新版的不填"},
		{ID: "title", Name: "title", Label: "证照类型名称", Max: 128, Value: v.str("title"), Hint: "从空白页开始的才填"},
		{ID: "size", Name: "size", Label: "版面", Options: paper, Value: v.str("size"), Hint: "从空白页开始的才选，以后可以改"},
		{ID: "reason", Name: "reason", Label: "为何新增或变更", Lines: 2, Max: 500, Required: true, Value: v.str("reason")},
	}}
	if e := fault.As(refusal); e != nil {
		p.Problem = page.Mark(refusal, p.Form.Fields)
		p.Title = "有错误：" + p.Title
	}
	return s.set.Show(w, code, "new", p)
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	q := catalogue.Proposal{Org: v.str("org"), Name: v.str("name"), From: v.str("from"), Reason: v.str("reason")}
	if q.From == "" {
		size := sizes[0]
		for _, x := range sizes {
			if x.key == v.str("size") {
				size = x
			}
		}
		if v.str("title") == "" {
			v.wrong.add("title", "从空白页开始的，请写证照类型名称")
		}
		q.Files = begin(v.str("title"), size.w, size.h)
	} else if q.Name == "" {
		q.Name = q.From
	}
	refusal := v.wrong.err()
	if refusal == nil {
		var e *catalogue.Entry
		if e, refusal = s.Catalogue.Propose(r.Context(), q); refusal == nil {
			return page.See(w, r, page.At(Home, e.ID))
		}
	}
	code := page.StatusOf(refusal)
	if code == 0 {
		return refusal
	}
	return s.showNew(w, r, code, v, refusal)
}

// units are those for which the reader designs.
func (s *Service) units(r *http.Request) (out []page.Option, err error) {
	all, err := s.IAM.Organisations(r.Context())
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if !o.Closed && iam.May(r.Context(), "kind.manage", o.ID) {
			out = append(out, page.Option{Value: o.ID, Label: o.Name})
		}
	}
	return out, nil
}
