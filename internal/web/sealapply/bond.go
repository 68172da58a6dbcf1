package sealapply

import (
	"net/http"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

func (s *Service) bondRoutes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Bonds, needReview, s.getBonds)
	httpx.HandlePage(r, "POST "+Bonds, needReview, s.postBond)
	httpx.HandlePage(r, "POST "+Bonds+"/{id}/end", needReview, s.postBondEnd)
}

type bondsPage struct {
	page.Frame
	Notice  *page.Notice
	Problem *page.Problem
	Search  page.Search
	Org     string
	Unit    string
	Table   page.Table
	Form    *page.Form
	End     *page.Confirm
}

var bondNotices = map[string]page.Notice{
	"bound": {Class: page.Good, Title: "已登记经办人", Text: "经办人现在可以为这个单位申请印章。"},
	"ended": {Class: page.Good, Title: "经办登记已终止"},
}

// bonds shows who acts for an enterprise; which one is asked for by its credit
// code or name.
func (s *Service) bonds(r *http.Request) (*bondsPage, error) {
	ctx := r.Context()
	p := &bondsPage{Frame: s.Kit.Frame(r, "企业印章经办人", "seal-applications", page.Wide), Notice: done(r, bondNotices)}
	if r.Method == http.MethodPost {
		p.Path = Bonds
	}
	asked := strings.TrimSpace(r.FormValue("unit"))
	p.Search = page.Search{Action: Bonds, Label: "选择企业", Button: "查看", Fields: []page.Field{{ID: "unit", Name: "unit", Label: "企业名称或统一社会信用代码", Value: asked, Max: 100}}}
	if asked == "" {
		return p, nil
	}
	all, err := s.IAM.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(o iam.Org) bool { return o.ID == asked || o.Name == asked || o.USCC == asked })
	if i < 0 {
		p.Search.Fields[0].Error = "没有登记这个单位，请核对名称或代码"
		return p, nil
	}
	p.Org, p.Unit, p.Search.Fields[0].Value = all[i].ID, all[i].Name, all[i].Name
	list, err := s.Apply.Bonds(ctx, p.Org)
	if err != nil {
		return nil, err
	}
	var who []string
	for _, b := range list {
		who = append(who, b.Account, b.RegisteredBy)
	}
	n, err := s.names(ctx, who...)
	if err != nil {
		return nil, err
	}
	p.Table = page.Table{Caption: p.Unit + "的印章经办人", Head: []string{"经办人", "状态", "核验依据", "登记", ""}, Empty: page.Empty{Title: "还没有登记经办人", Text: "核对营业执照、委托书和本人身份后，在下面登记。"}}
	for _, b := range list {
		state, end := page.Chip{Class: page.Good, Word: "在办"}, []page.Action{{Label: "终止", Of: n.Person(b.Account), Href: page.Asking(Bonds, "unit", p.Org, "end", b.ID) + "#end"}}
		if !b.EndedAt.IsZero() {
			state, end = page.Chip{Class: page.Plain, Word: "已终止"}, nil
		}
		p.Table.Rows = append(p.Table.Rows, page.Row{Cells: []page.Cell{{Text: n.Person(b.Account)}, {Chips: []page.Chip{state}, Sub: b.EndedReason}, {Text: b.Basis}, {Text: n.Person(b.RegisteredBy), Sub: page.Moment(b.CreatedAt)}, {Actions: end}}})
		if id := r.FormValue("end"); id == b.ID && b.EndedAt.IsZero() {
			p.End = &page.Confirm{ID: "end", Action: page.At(Bonds, b.ID, "end"), Title: "终止经办登记", Text: n.Person(b.Account) + "将不能再为这个单位办理印章。", Button: "终止", Cancel: page.Asking(Bonds, "unit", p.Org),
				Hidden: []page.Hidden{{Name: "unit", Value: p.Org}, {Name: "end", Value: b.ID}}, Reason: page.Field{ID: "end-reason", Value: r.PostFormValue("reason")}}
		}
	}
	p.Form = &page.Form{ID: "bind", Action: Bonds, Title: "登记经办人", Text: "先核对营业执照、委托书和本人身份。经办人须是已实名的持证人账号。", Button: "登记", Hidden: []page.Hidden{{Name: "unit", Value: p.Org}}, Plain: p.End != nil,
		Fields: []page.Field{
			{ID: "username", Name: "username", Label: "经办人的用户名", Value: r.PostFormValue("username"), Required: true, Code: true, Max: 64, Autocomplete: "off"},
			{ID: "basis", Name: "basis", Label: "核验依据", Value: r.PostFormValue("basis"), Required: true, Lines: 3, Max: 500, Hint: "如：核验了营业执照和 2026-11-01 的委托书；不要写身份证号码"},
		}}
	return p, nil
}

func (s *Service) getBonds(w http.ResponseWriter, r *http.Request) error {
	p, err := s.bonds(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "bonds", p)
}

func (s *Service) postBond(w http.ResponseWriter, r *http.Request) error {
	org := r.PostFormValue("unit")
	who, err := s.accountOf(r.Context(), "username", r.PostFormValue("username"))
	if err == nil && who == "" {
		err = fault.Invalid.New("还没有填写经办人").WithCode("sealapply.bond").WithHint("请填写持证人账号的用户名").WithField("username", "required", "必填")
	}
	if err == nil {
		_, err = s.Apply.Bind(r.Context(), who, org, r.PostFormValue("basis"))
	}
	return s.bondResult(w, r, "bound", err)
}

func (s *Service) postBondEnd(w http.ResponseWriter, r *http.Request) error {
	return s.bondResult(w, r, "ended", s.Apply.Unbind(r.Context(), r.PathValue("id"), r.PostFormValue("reason")))
}

func (s *Service) bondResult(w http.ResponseWriter, r *http.Request, word string, wrong error) error {
	if wrong == nil {
		return page.See(w, r, page.Asking(Bonds, "unit", r.PostFormValue("unit"), "done", word))
	}
	code := page.StatusOf(wrong)
	if code == 0 {
		return wrong
	}
	p, err := s.bonds(r)
	if err != nil {
		return err
	}
	if p.Form == nil {
		return wrong
	}
	fields := append(p.Form.Fields, page.Field{ID: "basis", Name: "reason", Label: "核验依据"})
	if p.End != nil {
		fields[2].ID, fields[2].Label = "end-reason", "理由"
	}
	p.Problem = page.Mark(wrong, fields)
	p.Form.Fields = fields[:2]
	if p.End != nil {
		p.End.Reason.Error = fields[2].Error
	} else if fields[2].Error != "" {
		p.Form.Fields[1].Error = fields[2].Error
	}
	p.Notice, p.Title = nil, "有错误："+p.Title
	return s.set.Show(w, code, "bonds", p)
}
