package composite

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"sidian/internal/composite"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

var schemeChips = map[string]string{composite.Altered: page.Bad, composite.Published: page.Good, composite.Submitted: page.Care, composite.Draft: page.Care}

func schemeChip(x *composite.Scheme) page.Chip {
	class := schemeChips[x.State]
	if class == "" {
		class = page.Plain
	}
	return page.Chip{Class: class, Word: x.StateName}
}

func (s *Service) getSchemes(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	list, err := s.Composite.Schemes(ctx, "")
	if err != nil {
		return err
	}
	p := s.sheet(r, "composite-schemes", "综合许可方案", "方案规定一个行业归集哪些许可、哪些必备；由管理单位的模板设计员起草，目录管理员同意后发布。", page.Wide)
	if iam.May(ctx, "kind.manage", "") {
		p.Doors = []page.Door{{ID: "define", Label: "起草方案", Href: Schemes + "/new", First: true}}
	}
	t := &page.Table{ID: "schemes", Caption: "方案", Quiet: true, Head: []string{"方案", "行业", "状态", "归集", "管理单位"}, Empty: page.Empty{Title: "还没有方案", Text: "由管理单位的模板设计员起草。"}}
	for _, x := range list {
		t.Rows = append(t.Rows, page.Row{ID: "scheme-" + x.ID, Cells: []page.Cell{{Text: x.Title, Sub: fmt.Sprintf("%s 第 %d 版", x.Code, x.Version), Href: page.At(Schemes, x.ID)}, {Text: x.Industry},
			{Chips: []page.Chip{schemeChip(x)}}, {Text: fmt.Sprintf("%d 种许可", len(x.Parts))}, {Text: x.UnitName}}})
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

// mostParts is how many kinds a scheme folds at most, and leastParts how many the
// form asks for at first.
const (
	leastParts = 3
	mostParts  = 9
)

// needs are what a kind is to a composite.
var needs = []page.Option{{Value: "must", Label: "必备"}, {Value: "may", Label: "可选"}}

func (s *Service) defining(r *http.Request) (*page.Sheet, error) {
	ctx, f := r.Context(), r.PostFormValue
	kinds, err := s.kinds(ctx)
	if err != nil {
		return nil, err
	}
	unit, err := s.unitField(ctx, "kind.manage", "管理单位", f("unit"))
	if err != nil {
		return nil, err
	}
	fields := []page.Field{unit,
		{ID: "code", Name: "code", Label: "方案代码", Value: f("code"), Required: true, Code: true, Short: true, Max: 32, Hint: "字母、数字和连字符；同一代码的下一版代替上一版"},
		{ID: "title", Name: "title", Label: "方案名称", Value: f("title"), Required: true, Max: 60},
		{ID: "industry", Name: "industry", Label: "行业", Value: f("industry"), Required: true, Max: 60, Hint: "写入照面"},
		{ID: "kind", Name: "kind", Label: "综合许可证的证照类型", Value: f("kind"), Required: true, Options: kinds},
		{ID: "basis", Name: "basis", Label: "依据", Value: f("basis"), Required: true, Lines: 2, Max: 200}}
	lines := &page.Lines{Name: "parts", Legend: "归集哪些许可", Text: "2 到 9 种；留空的不归集", Each: "许可", Most: mostParts}
	for i := range page.Shown(r, lines.Name, "kind", leastParts, mostParts) {
		n := strconv.Itoa(i)
		at, id, must, none := "parts["+n+"]", "f-parts-"+n, i < 2, "不归集"
		if must {
			none = ""
		}
		lines.Rows = append(lines.Rows, []page.Field{
			{ID: id + "-kind", Name: at + ".kind", Label: "证照类型", Value: f(at + ".kind"), Options: kinds, Any: none, Required: must},
			{ID: id + "-need", Name: at + ".need", Label: "是否必备", Value: f(at + ".need"), Options: needs, Required: must},
			{ID: id + "-basis", Name: at + ".basis", Label: "法律依据", Value: f(at + ".basis"), Max: 200, Required: must}})
	}
	p := s.sheet(r, "composite-schemes", "起草综合许可方案", "写明一个行业归集哪些许可；提交后由另一人，即本单位或上级单位的目录管理员同意。", page.Middle).Under("综合许可方案", Schemes)
	return p.Add(page.Part{Form: &page.Form{ID: "define-form", Action: Schemes + "/new", Button: "保存草稿", Fields: fields, Lines: lines, Cancel: Schemes}}), nil
}

func (s *Service) getDefine(w http.ResponseWriter, r *http.Request) error {
	p, err := s.defining(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postDefine(w http.ResponseWriter, r *http.Request) error {
	f := r.PostFormValue
	if f("add") != "" { // nothing is sent yet
		return s.getDefine(w, r)
	}
	q := composite.SchemeRequest{Unit: f("unit"), Code: f("code"), Title: f("title"), Industry: f("industry"), Kind: f("kind"), Basis: f("basis")}
	for i := range mostParts {
		at := "parts[" + strconv.Itoa(i) + "]"
		if f(at+".kind") != "" {
			q.Parts = append(q.Parts, composite.Fold{Kind: f(at + ".kind"), Required: f(at+".need") == "must", Basis: f(at + ".basis")})
		}
	}
	x, err := s.Composite.Define(r.Context(), q)
	if err != nil {
		return s.again(w, r, err, s.defining)
	}
	return page.See(w, r, page.Asking(page.At(Schemes, x.ID), "done", "define"))
}

var schemeLeads = map[string]string{
	composite.Draft:      "这一版还在起草；由设计员提交。",
	composite.Submitted:  "等待本单位或上级单位的目录管理员同意；同意的人不能是起草人。",
	composite.Published:  "现行方案，本单位和下级单位按它组合综合许可证。",
	composite.Superseded: "已被新版代替；按它签发的综合许可证不受影响。",
	composite.Withdrawn:  "已撤回，不能再据以组合；按它签发的综合许可证不受影响。",
	composite.Altered:    altered,
}

func (s *Service) scheme(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	x, err := s.Composite.Scheme(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	names, err := page.Named(ctx, s.IAM, x.Account, x.DecidedBy)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "composite-schemes", x.Title, schemeLeads[x.State], page.Wide).Under("综合许可方案", Schemes)
	p.Chips = []page.Chip{schemeChip(x)}
	if x.State == composite.Altered {
		p.Notice = &page.Notice{Class: page.Bad, Title: x.StateName, Text: "平台已告警。" + wayOut}
	}
	facts := []page.Fact{{Label: "代码", Text: fmt.Sprintf("%s，第 %d 版", x.Code, x.Version)}, {Label: "行业", Text: x.Industry}, {Label: "证照类型", Text: x.KindTitle}, {Label: "管理单位", Text: x.UnitName},
		{Label: "依据", Text: x.Basis}, {Label: "起草", Text: names.Person(x.Account) + "，" + page.Moment(x.MadeAt)}}
	if x.DecidedBy != "" {
		facts = append(facts, page.Fact{Label: "同意", Text: names.Person(x.DecidedBy) + "，" + page.Moment(x.DecidedAt)})
	}
	if x.Reason != "" {
		facts = append(facts, page.Fact{Label: "最近一次办理的理由", Text: x.Reason})
	}
	t := &page.Table{ID: "parts", Caption: "归集的许可", Quiet: true, Head: []string{"许可", "是否必备", "法律依据"}}
	for _, f := range x.Parts {
		chip := page.Chip{Class: page.Plain, Word: "可选"}
		if f.Required {
			chip = page.Chip{Class: page.Good, Word: "必备"}
		}
		t.Rows = append(t.Rows, page.Row{ID: "part-" + f.Kind, Cells: []page.Cell{{Text: f.Title}, {Chips: []page.Chip{chip}}, {Text: f.Basis}}})
	}
	p.Add(page.Part{ID: "about", Title: "这一版", Facts: facts}, page.Part{ID: "folds", Title: "归集的许可", Table: t})
	for _, c := range []page.Confirm{
		{ID: "submit", Title: "提交", Text: "提交后由目录管理员同意。", NoReason: true, Button: "提交"},
		{ID: "publish", Title: "同意并发布", Text: "立即生效；同一代码的上一版由它代替。", NoReason: true, Button: "同意并发布"},
		{ID: "return", Title: "退回", Button: "退回", Grave: true, Reason: page.Field{Hint: "起草人会看到"}},
		{ID: "withdraw", Title: "撤回", Text: "撤回后不能再据以组合；已签发的不受影响。", Button: "撤回", Grave: true},
	} {
		if !slices.Contains(x.May, c.ID) {
			continue
		}
		c.Action, c.Busy, c.Hidden = page.At(Schemes, x.ID, c.ID), "正在办理…", []page.Hidden{{Name: "revision", Value: strconv.Itoa(x.Revision)}}
		c.Reason.ID, c.Reason.Max = c.ID+"-reason", 200
		if r.PathValue("action") == c.ID {
			c.Reason.Value = r.PostFormValue("reason")
		}
		p.Add(page.Part{ID: "do-" + c.ID, Confirm: &c})
	}
	return p, nil
}

func (s *Service) getScheme(w http.ResponseWriter, r *http.Request) error {
	p, err := s.scheme(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postScheme(w http.ResponseWriter, r *http.Request) error {
	id, action := r.PathValue("id"), r.PathValue("action")
	if _, err := s.Composite.DecideScheme(r.Context(), composite.SchemeDecision{ID: id, Action: action, Revision: seen(r), Reason: r.PostFormValue("reason")}); err != nil {
		return s.again(w, r, err, s.scheme)
	}
	return page.See(w, r, page.Asking(page.At(Schemes, id), "done", action))
}
