package catalogue

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"sidian/internal/catalogue"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

func (s *Service) getKinds(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Catalogue.Standings(r.Context())
	if err != nil {
		return err
	}
	p := tabs(s.sheet(r, "证照目录", "现行的证照类型，全平台统一名称、代码、照面和元数据；由签发单位起草，签发单位和管理单位会签后发布。", page.Wide), Home)
	if s.Designer != "" && iam.May(r.Context(), "kind.manage", "") {
		p.Doors = append(p.Doors, page.Door{ID: "draft", Label: "设计新的证照类型", Href: s.Designer + "/new", First: true})
	}
	p.Doors = append(p.Doors, page.Door{Label: "看公开的目录", Href: Open})
	t := &page.Table{ID: "kinds", Caption: "现行的证照类型", Quiet: true, Head: []string{"证照类型", "类型代码", "版本", "标准"},
		Empty: page.Empty{Title: "目录里还没有证照类型", Text: "由平台运维人员导入，或由签发单位的模板设计员起草。"}}
	for _, k := range list {
		t.Rows = append(t.Rows, page.Row{ID: k.Name, Cells: []page.Cell{{Text: k.Title, Sub: k.Name, Href: page.At(Home, k.Name)}, {Text: k.Code}, {Text: "第 " + strconv.Itoa(k.Version) + " 版"},
			{Chips: []page.Chip{standingChips[k.State]}, Sub: k.Standard}}})
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

func (s *Service) kindPage(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	k, err := s.Catalogue.Get(ctx, r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	history, err := s.Catalogue.History(ctx, k.Name)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, k.Title, "现行第 "+strconv.Itoa(k.Version)+" 版。签发单位的模板设计员可以起草新版本，会签后发布；已制发的证照不受影响。", page.Wide).Under("证照目录", Home)
	p.Doors = []page.Door{{Label: "看公开的说明", Href: page.At(Open, k.Name)}}
	t := &page.Table{ID: "versions", Caption: "各版本", Quiet: true, Head: []string{"版本", "生效", "由来", "状态"}}
	for _, v := range history {
		from := page.Cell{Text: "平台导入", Sub: page.Day(v.CreatedAt)}
		if v.Entry != "" {
			from = page.Cell{Text: "会签条目", Sub: page.Day(v.CreatedAt), Href: At(v.Name, v.Entry)}
		}
		starts := v.Starts
		if starts == "" {
			starts = "发布即生效"
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: "第 " + strconv.Itoa(v.Version) + " 版"}, {Text: starts}, from, {Chips: []page.Chip{stateOf(v, k.Version)}}}})
	}
	p.Add(page.Part{Facts: factsOf(k.Element())}, page.Part{Title: "样例", Faces: []page.Face{{Src: "/console/kinds/" + k.Name + "/sample?v=" + strconv.Itoa(k.Version), Alt: k.Title + "的样例照面，标明样例"}}},
		page.Part{Title: "各版本", Table: t})
	move, err := s.movePart(r, k)
	if err != nil {
		return nil, err
	}
	p.Add(move...)
	numbers, err := s.numberParts(r, k)
	if err != nil {
		return nil, err
	}
	p.Add(numbers...)
	f, err := s.proposeForm(r, k)
	if f != nil {
		p.Add(page.Part{ID: "propose", Title: "起草新版本", Form: f})
	}
	return p, err
}

// movePart offers to move a kind to what the country published, where it is behind.
func (s *Service) movePart(r *http.Request, k *catalogue.Kind) ([]page.Part, error) {
	list, err := s.Catalogue.Standings(r.Context())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(st catalogue.Standing) bool { return st.Name == k.Name })
	if i < 0 || list[i].State != catalogue.StandingNewer {
		return nil, nil
	}
	n := list[i].National
	p := page.Part{ID: "move", Title: "换用新标准", Text: "国家已公布新的代码或标准。起草的新版本只换下面两项，条目页列出全部差异；标准另有要求的照面项，在草稿里改好再提交会签。",
		Facts: []page.Fact{{Label: "现行代码", Text: list[i].Code, Code: true}, {Label: "国家公布的代码", Text: n.Code, Code: true}, {Label: "现行标准", Text: cmp.Or(list[i].Standard, "没有写明")},
			{Label: "国家公布的标准", Text: n.Standard + "，" + n.Since}}}
	org, err := s.unitField(r, "move-org")
	if err != nil {
		return nil, err
	}
	if org != nil {
		org.Label = "签发单位"
		reason := reasonField(r, "如公告的文号")
		reason.ID = "move-reason"
		p.Form = &page.Form{ID: "move-form", Action: page.At(Home, k.Name, "standard"), Button: "起草换版", Busy: "正在起草…", Fields: []page.Field{*org, reason}}
	}
	return []page.Part{p}, nil
}

// postMove begins the entry that moves a kind.
func (s *Service) postMove(w http.ResponseWriter, r *http.Request) error {
	e, err := s.Catalogue.MoveToStandard(r.Context(), catalogue.Move{Name: r.PathValue("name"), Org: r.PostFormValue("org"), Reason: r.PostFormValue("reason")})
	if err == nil {
		return page.See(w, r, page.Asking(At(e.Name, e.ID), "done", "propose"))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e2 := s.kindPage(r)
	if e2 != nil {
		return e2
	}
	return s.Kit.ShowAgain(w, p, err)
}

func stateOf(v catalogue.Record, now int) page.Chip {
	switch {
	case v.Version == now:
		return page.Chip{Class: page.Good, Word: "现行"}
	case v.State == catalogue.Published && v.Version > now:
		return page.Chip{Class: page.Care, Word: "未生效"}
	case v.State == catalogue.Drafted:
		return page.Chip{Class: page.Plain, Word: "未发布"}
	case v.State == catalogue.Disabled:
		return page.Chip{Class: page.Plain, Word: "已停用"}
	}
	return page.Chip{Class: page.Plain, Word: "旧版"}
}

// unitField asks for which of the units whose kinds whoever acts designs; nil where
// there is none.
func (s *Service) unitField(r *http.Request, id string) (*page.Field, error) {
	mine := iam.ScopeRoots(r.Context(), "kind.manage")
	if len(mine) == 0 {
		return nil, nil
	}
	if p, ok := iam.From(r.Context()); ok && p.Org != "" && iam.May(r.Context(), "kind.manage", p.Org) {
		mine = append([]string{p.Org}, mine...)
	}
	org := &page.Field{ID: id, Name: "org", Label: "单位", Value: r.PostFormValue("org"), Required: true}
	seen := map[string]bool{}
	for _, id := range mine {
		if seen[id] {
			continue
		}
		seen[id] = true
		o, err := s.IAM.Org(r.Context(), id)
		if err != nil {
			return nil, err
		}
		org.Options = append(org.Options, page.Option{Value: o.ID, Label: o.Name})
	}
	return org, nil
}

// proposeForm begins a new version, for units whose kinds whoever acts designs.
func (s *Service) proposeForm(r *http.Request, k *catalogue.Kind) (*page.Form, error) {
	org, err := s.unitField(r, "org")
	if err != nil || org == nil {
		return nil, err
	}
	org.Label = "签发单位"
	return &page.Form{Action: page.At(Home, k.Name), Button: "起草新版本", Busy: "正在起草…", Plain: true, Text: "以现行版本为底稿，不影响正在使用的版本。",
		Fields: []page.Field{*org, reasonField(r, "为何要改，如新标准的编号")}}, nil
}

func reasonField(r *http.Request, hint string) page.Field {
	return page.Field{ID: "reason", Name: "reason", Label: "理由", Value: r.PostFormValue("reason"), Required: true, Lines: 2, Max: 500, Hint: hint + "；记入审计，不写个人信息"}
}

func (s *Service) getKind(w http.ResponseWriter, r *http.Request) error {
	p, err := s.kindPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postKind(w http.ResponseWriter, r *http.Request) error {
	e, err := s.Catalogue.Propose(r.Context(), catalogue.Proposal{Org: r.PostFormValue("org"), Name: r.PathValue("name"), Reason: r.PostFormValue("reason")})
	if err == nil {
		return page.See(w, r, page.Asking(At(e.Name, e.ID), "done", "propose"))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e2 := s.kindPage(r)
	if e2 != nil {
		return e2
	}
	return s.Kit.ShowAgain(w, p, err)
}

func (s *Service) standardsPage(r *http.Request) (*page.Sheet, error) {
	list, err := s.Catalogue.Standings(r.Context())
	if err != nil {
		return nil, err
	}
	p := tabs(s.sheet(r, "国家标准对照", "哪些证照类型还没有国家代码，哪些国家已公布新的代码或标准、应起草新版本；国家公布的由目录管理员登记。", page.Wide), Standards)
	p.Notice = noticeOf(r)
	t := &page.Table{ID: "standards", Caption: "证照类型", Quiet: true, Head: []string{"证照类型", "现行代码和标准", "国家公布的", "对照"}, Empty: page.Empty{Title: "目录里还没有证照类型"}}
	for _, k := range list {
		nation := page.Cell{Text: "—"}
		if k.National != nil {
			nation = page.Cell{Text: k.National.Code, Sub: k.National.Standard + "，" + k.National.Since}
		}
		here := page.At(Home, k.Name)
		if k.State == catalogue.StandingNewer {
			here += "#move"
		}
		t.Rows = append(t.Rows, page.Row{ID: k.Name, Cells: []page.Cell{{Text: k.Title, Href: here}, {Text: k.Code, Sub: k.Standard}, nation, {Chips: []page.Chip{standingChips[k.State]}}}})
	}
	p.Add(page.Part{Table: t})
	if iam.May(r.Context(), "catalogue.agree", "") {
		v := r.PostFormValue
		p.Add(page.Part{Title: "登记国家公布的标准", Form: &page.Form{Action: Standards, Button: "登记", Busy: "正在登记…", Fields: []page.Field{
			{ID: "title", Name: "title", Label: "证照类型名称", Value: v("title"), Required: true, Max: 128, Hint: "与目录中的名称一致"},
			{ID: "code", Name: "code", Label: "国家公布的类型代码", Value: v("code"), Required: true, Code: true, Max: 21, Hint: "21 位"},
			{ID: "standard", Name: "standard", Label: "标准编号", Value: v("standard"), Required: true, Max: 128, Hint: "含年代号"},
			{ID: "since", Name: "since", Label: "公布日期", Type: "date", Value: v("since"), Required: true}, reasonField(r, "公告的文号")}}})
	}
	return p, nil
}

func (s *Service) getStandards(w http.ResponseWriter, r *http.Request) error {
	p, err := s.standardsPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postStandard(w http.ResponseWriter, r *http.Request) error {
	v := r.PostFormValue
	_, err := s.Catalogue.RegisterStandard(r.Context(), catalogue.Standard{Title: v("title"), Code: v("code"), Standard: v("standard"), Since: v("since"), Reason: v("reason")})
	if err == nil {
		return page.See(w, r, page.Asking(Standards, "done", "standard"))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.standardsPage(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}
