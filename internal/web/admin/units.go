package admin

import (
	"net/http"
	"strconv"

	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

func (s *Service) unitRoutes(r *httpx.Router) {
	manage := iam.Needs("org.manage")
	httpx.HandlePage(r, "GET "+Home+"/units", needUnits, s.getUnits)
	httpx.HandlePage(r, "GET "+Home+"/units/gaps", needUnits, s.getGaps)
	httpx.HandlePage(r, "GET "+Home+"/units/new", manage, s.getNewUnit)
	httpx.HandlePage(r, "POST "+Home+"/units/new", manage, s.postNewUnit)
	httpx.HandlePage(r, "GET "+Home+"/units/{id}", needUnits, s.getUnit)
	httpx.HandlePage(r, "GET "+Home+"/units/{id}/edit", manage, s.getEditUnit)
	httpx.HandlePage(r, "POST "+Home+"/units/{id}/edit", manage, s.postEditUnit)
	httpx.HandlePage(r, "GET "+Home+"/units/{id}/close", manage, s.getCloseUnit)
	httpx.HandlePage(r, "POST "+Home+"/units/{id}/close", manage, s.postCloseUnit)
	httpx.HandlePage(r, "GET "+Home+"/units/{id}/posts/{post}", manage, s.getPost)
	httpx.HandlePage(r, "POST "+Home+"/units/{id}/posts/{post}", manage, s.postPost)
	httpx.HandlePage(r, "GET "+Home+"/units/{id}/posts/{post}/dismiss", manage, s.getDismiss)
	httpx.HandlePage(r, "POST "+Home+"/units/{id}/posts/{post}/dismiss", manage, s.postDismiss)
}

const unitsLead = "组织机构逐级展开，单位决定角色和证照归谁管。由系统管理员维护，修改立即生效并记入审计。"

// perPage is how many lines a list has.
const perPage = 30

// getUnits is one level of the tree, or what was searched for.
func (s *Service) getUnits(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	ask := iam.OrgQuery{Parent: q.Get("parent"), Text: q.Get("q"), Closed: q.Get("closed") == "1", Cursor: q.Get("cursor"), Limit: perPage}
	found, err := s.IAM.OrgsPage(ctx, ask)
	if err != nil {
		return err
	}
	p := s.sheet(r, "units", "单位", unitsLead)
	searched := ask.Text != ""
	t := &page.Table{ID: "units", Caption: "单位", Head: []string{"单位", "类别与层级", "下级单位", "工作人员"}, Empty: noUnits(searched, ask.Parent != "")}
	switch {
	case searched:
		t.Caption = "查找结果，共 " + count(found.Total) + " 个"
	case ask.Parent != "":
		o, err := s.IAM.Org(ctx, ask.Parent)
		if err != nil {
			return err
		}
		if err := s.climb(r, p, o); err != nil {
			return err
		}
		t.Caption = o.Name + "的下级，共 " + count(found.Total) + " 个"
	}
	for _, o := range found.Items {
		t.Rows = append(t.Rows, unitRow(o))
	}
	closed := ""
	if ask.Closed {
		closed = "1"
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(at("units"), "parent", ask.Parent, "q", ask.Text, "closed", closed, "cursor", found.Next)
	}
	if ask.Cursor != "" {
		t.Pager.First = page.Asking(at("units"), "parent", ask.Parent, "q", ask.Text, "closed", closed)
	}
	links := []link{{Label: "还没有联系人的单位", Href: at("units", "gaps")}}
	if iam.May(ctx, "org.manage", ask.Parent) {
		links = append(links, link{Label: "新增下级单位", Href: page.Asking(at("units", "new"), "parent", ask.Parent), First: true})
	}
	search := &page.Search{Action: at("units"), Label: "查找单位", Fields: []page.Field{
		{ID: "q", Name: "q", Label: "单位名称", Value: ask.Text, Max: 100},
		{ID: "closed", Name: "closed", Label: "已停用的", Value: closed, Any: "不显示", Options: []page.Option{{Value: "1", Label: "也显示"}}},
	}}
	if searched {
		search.Clear = at("units")
	}
	p.add(part{Search: search}, part{Table: t}, part{Links: links})
	return s.show(w, p)
}

func noUnits(searched, below bool) page.Empty {
	switch {
	case searched:
		return page.Empty{Title: "没有找到", Text: "换一个词再试：填写名称中连续的几个字即可。", Href: at("units"), Action: "从最上级看起"}
	case below:
		return page.Empty{Title: "没有下级单位", Text: "可以在这里新增下级单位。"}
	}
	return page.Empty{Title: "没有您可以查看的单位", Text: "请联系系统管理员确认您的授权范围。"}
}

// climb adds the way up from a unit.
func (s *Service) climb(r *http.Request, p *sheet, o iam.Org) error {
	up, err := s.above(r.Context(), o)
	if err != nil {
		return err
	}
	tabs := &page.Tabs{Label: "上级单位"}
	for _, u := range append(up, o) {
		if iam.MayAny(r.Context(), u.ID, "org.read", "org.manage") {
			tabs.Items = append(tabs.Items, page.Tab{Label: u.Name, Href: page.Asking(at("units"), "parent", u.ID), Current: u.ID == o.ID})
		}
	}
	p.add(part{Tabs: tabs})
	return nil
}

func unitRow(o iam.OrgItem) page.Row {
	name := page.Cell{Text: o.Name, Href: at("units", o.ID), Chips: openChip(o.Closed)}
	for i, a := range o.Above {
		if i > 0 {
			name.Sub += " › "
		}
		name.Sub += a
	}
	below := page.Cell{Text: "没有"}
	if o.Children > 0 {
		below = page.Cell{Text: "展开 " + count(o.Children) + " 个", Href: page.Asking(at("units"), "parent", o.ID)}
	}
	return page.Row{Cells: []page.Cell{name, {Text: iam.TypeName(o.Type), Sub: labelOf(tiers, o.Tier)}, below, {Text: count(o.People) + " 人"}}}
}

func unitTypes() (list []page.Option) {
	for _, t := range iam.OrgTypes() {
		list = append(list, page.Option{Value: t.Code, Label: t.Name})
	}
	return list
}

// getGaps lists the units for which nobody holds a post (OPS-02).
func (s *Service) getGaps(w http.ResponseWriter, r *http.Request) error {
	ctx, post := r.Context(), r.URL.Query().Get("post")
	if post == "" {
		post = iam.PostContact
	}
	found, err := s.IAM.UnitsWithout(ctx, post, r.URL.Query().Get("cursor"), perPage)
	if err != nil {
		return err
	}
	word := labelOf(posts, post)
	p := s.sheet(r, "units", "还没有"+word+"的单位", "每个单位须明确联系人、印章保管人、审核人，由三个不同的人担任。由系统管理员任命，立即生效。").under("单位", at("units"))
	tabs := &page.Tabs{Label: "岗位"}
	for _, o := range posts {
		tabs.Items = append(tabs.Items, page.Tab{Label: "没有" + o.Label, Href: page.Asking(at("units", "gaps"), "post", o.Value), Current: o.Value == post})
	}
	t := &page.Table{ID: "gaps", Caption: "还没有" + word + "，共 " + count(found.Total) + " 个单位", Head: []string{"单位", "类别", "工作人员", ""},
		Empty: page.Empty{Title: "每个单位都有" + word, Text: "没有需要补的。"}}
	for _, o := range found.Items {
		row := unitRow(o)
		last := page.Cell{}
		if iam.May(ctx, "org.manage", o.ID) {
			last.Actions = []page.Action{{Label: "任命" + word, Of: o.Name, Href: at("units", o.ID, "posts", post)}}
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{row.Cells[0], row.Cells[1], row.Cells[3], last}})
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(at("units", "gaps"), "post", post, "cursor", found.Next)
	}
	p.add(part{Tabs: tabs}, part{Table: t})
	return s.show(w, p)
}

// unit reads the unit of a page, which its reader may see.
func (s *Service) unit(r *http.Request) (iam.Org, error) {
	ctx := r.Context()
	o, err := s.IAM.Org(ctx, r.PathValue("id"))
	if err != nil {
		return o, err
	}
	if iam.May(ctx, "org.read", o.ID) {
		return o, nil
	}
	return o, iam.Allow(ctx, "org.manage", o.ID)
}

func (s *Service) getUnit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := s.unit(r)
	if err != nil {
		return err
	}
	p := s.sheet(r, "units", o.Name, "").under("单位", page.Asking(at("units"), "parent", o.Parent))
	p.Chips = openChip(o.Closed)
	facts, err := s.unitFacts(r, o)
	if err != nil {
		return err
	}
	manage := iam.May(ctx, "org.manage", o.ID) && !o.Closed
	about := part{Card: true, Title: "基本信息", Facts: facts}
	if manage {
		about.Links = []link{{Label: "修改", Href: at("units", o.ID, "edit")}, {Label: "新增下级单位", Href: page.Asking(at("units", "new"), "parent", o.ID)}}
		if o.Parent != "" {
			about.Links = append(about.Links, link{Label: "停用", Href: at("units", o.ID, "close")})
		}
	}
	p.add(about)
	held, err := s.unitPosts(r, o, manage)
	if err != nil {
		return err
	}
	p.add(held...)
	if iam.MayAny(ctx, o.ID, "account.manage", "account.lock") {
		people, err := s.unitPeople(r, o)
		if err != nil {
			return err
		}
		p.add(people)
	}
	return s.show(w, p)
}

func (s *Service) unitFacts(r *http.Request, o iam.Org) ([]page.Fact, error) {
	ctx := r.Context()
	facts := []page.Fact{{Label: "类别", Text: iam.TypeName(o.Type)}, {Label: "层级", Text: labelOf(tiers, o.Tier)}}
	if o.Parent != "" {
		facts = append(facts, page.Fact{Label: "上级单位", Text: s.unitName(ctx, o.Parent), Href: at("units", o.Parent)})
	}
	below, err := s.IAM.OrgsPage(ctx, iam.OrgQuery{Parent: o.ID, Limit: 1})
	if err != nil {
		return nil, err
	}
	children := page.Fact{Label: "下级单位", Text: "没有"}
	if below.Total > 0 {
		children = page.Fact{Label: "下级单位", Text: count(below.Total) + " 个", Href: page.Asking(at("units"), "parent", o.ID)}
	}
	facts = append(facts, children, page.Fact{Label: "统一社会信用代码", Text: o.USCC, Code: true}, page.Fact{Label: "行政区划代码", Text: o.Region, Code: true}, page.Fact{Label: "单位编号", Text: o.ID, Code: true})
	if o.Sort != 0 {
		facts = append(facts, page.Fact{Label: "排序", Text: strconv.FormatInt(o.Sort, 10)})
	}
	former, err := s.IAM.FormerNames(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	for _, f := range former {
		facts = append(facts, page.Fact{Label: "曾用名", Text: f.Name + "，用至 " + page.Day(f.Until)})
	}
	return facts, nil
}

// unitPosts are who holds the posts, and who held them.
func (s *Service) unitPosts(r *http.Request, o iam.Org, manage bool) ([]part, error) {
	list, err := s.IAM.Posts(r.Context(), o.ID, true)
	if err != nil {
		return nil, err
	}
	t := &page.Table{ID: "posts", Caption: "岗位", Quiet: true, Head: []string{"岗位", "姓名", "联系电话", "任职时间", ""}}
	past := &page.Table{ID: "past", Caption: "历任", Head: []string{"岗位", "姓名", "任职", "离任", "任命理由"}}
	now := map[string]iam.Post{}
	for _, held := range list {
		if held.Until.IsZero() {
			now[held.Post] = held
			continue
		}
		past.Rows = append(past.Rows, page.Row{Cells: []page.Cell{{Text: held.PostName}, {Text: held.Name}, {Text: page.Day(held.Since)}, {Text: page.Day(held.Until)}, {Text: held.Reason}}})
	}
	for _, o2 := range posts {
		held, there := now[o2.Value]
		row := []page.Cell{{Text: o2.Label}, {Chips: []page.Chip{{Class: page.Care, Word: "还没有"}}}, {Text: "—"}, {Text: "—"}, {Text: "—"}}
		if there {
			row[1], row[2], row[3] = page.Cell{Text: held.Name}, page.Cell{Text: held.Phone, Code: true}, page.Cell{Text: page.Day(held.Since) + " 起"}
			if held.Phone == "" {
				row[2] = page.Cell{Text: "未登记"}
			}
		}
		if manage {
			row[4] = page.Cell{Actions: []page.Action{{Label: "任命", Of: o2.Label, Href: at("units", o.ID, "posts", o2.Value)}}}
			if there {
				row[4].Actions[0].Label = "更换"
				row[4].Actions = append(row[4].Actions, page.Action{Label: "免去", Of: o2.Label, Href: at("units", o.ID, "posts", o2.Value, "dismiss")})
			}
		}
		if !manage {
			row = row[:4]
		}
		t.Rows = append(t.Rows, page.Row{Cells: row})
	}
	if !manage {
		t.Head = t.Head[:4]
	}
	parts := []part{{Title: "岗位", Text: "联系人、印章保管人、审核人由三个不同的人担任。", Table: t}}
	if len(past.Rows) > 0 {
		parts = append(parts, part{Table: past})
	}
	return parts, nil
}

func (s *Service) unitPeople(r *http.Request, o iam.Org) (part, error) {
	ctx := r.Context()
	found, err := s.IAM.FindAccounts(ctx, iam.AccountQuery{Org: o.ID, Limit: perPage})
	if err != nil {
		return part{}, err
	}
	t := peopleTable(found.Items, page.Empty{Title: "还没有人员", Text: "先登记人员，再为其起草授权。"})
	t.Caption, t.Quiet = o.Name+"的人员", true
	out := part{Title: "人员", Table: t}
	if found.Next != "" {
		t.Pager = page.Pager{Next: page.Asking(at("people"), "unit", o.ID), NextWord: "查看全部"}
	}
	if iam.May(ctx, "account.manage", o.ID) && !o.Closed {
		out.Links = []link{{Label: "登记人员", Href: page.Asking(at("people", "new"), "unit", o.ID)}}
	}
	return out, nil
}
