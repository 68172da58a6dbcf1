package archive

import (
	"net/http"
	"net/url"

	"sidian/internal/archive"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

type unitPage struct {
	page.Frame
	Name    string // of the unit
	Notice  *page.Notice
	Problem *page.Problem
	Form    page.Form
}

func (s *Service) getUnit(w http.ResponseWriter, r *http.Request) error {
	org := r.PathValue("org")
	if err := iam.Allow(r.Context(), "archive.manage", org); err != nil {
		return err
	}
	u, err := s.Archive.Unit(r.Context(), org)
	if err != nil {
		return err
	}
	p, err := s.unit(r, org, values(u))
	if err != nil {
		return err
	}
	if r.URL.Query().Get("done") != "" {
		p.Notice = &page.Notice{Class: page.Good, Title: "已保存", Text: "以后组包按此编档号；已编的档号不变。", Href: Home, Action: "去归档"}
	}
	return s.set.Show(w, http.StatusOK, "unit", p)
}

func values(u *archive.Unit) url.Values {
	if u == nil {
		return url.Values{"category": {"WS"}, "pattern": {archive.DefaultPattern}}
	}
	return url.Values{"fonds": {u.Fonds}, "category": {u.Category}, "agency": {u.Agency}, "archives": {u.Archives}, "archives_code": {u.ArchivesCode}, "pattern": {u.Pattern}}
}

func (s *Service) unit(r *http.Request, org string, v url.Values) (*unitPage, error) {
	name, err := s.Archive.UnitName(r.Context(), org)
	if err != nil {
		return nil, err
	}
	p := &unitPage{Frame: s.Kit.Frame(r, "立档单位："+name, "archive", page.Narrow), Name: name}
	p.Path = page.At(Units, org)
	p.Form = page.Form{ID: "unit", Action: page.At(Units, org), Button: "保存", Busy: "正在保存…", Cancel: Rates, Fields: []page.Field{
		{ID: "fonds", Name: "fonds", Label: "全宗号", Required: true, Max: 8, Code: true, Short: true, Hint: "由档案馆给定，如 Z109"},
		{ID: "archives", Name: "archives", Label: "档案馆名称", Required: true, Max: 100},
		{ID: "archives_code", Name: "archives_code", Label: "档案馆代码", Max: 40, Code: true, Short: true},
		{ID: "category", Name: "category", Label: "档案门类代码", Required: true, Max: 2, Code: true, Short: true, Hint: "文书为 WS"},
		{ID: "agency", Name: "agency", Label: "机构或问题", Required: true, Max: 16, Short: true, Hint: "整理时的默认值，如 BGS"},
		{ID: "pattern", Name: "pattern", Label: "档号的写法", Max: 200, Code: true, Hint: "花括号内的代号各用一次，件号自动顺编；不填为通行写法"},
	}}
	for i := range p.Form.Fields {
		p.Form.Fields[i].Value = v.Get(p.Form.Fields[i].Name)
	}
	return p, nil
}

func (s *Service) postUnit(w http.ResponseWriter, r *http.Request) error {
	org := r.PathValue("org")
	_, err := s.Archive.PutUnit(r.Context(), archive.Unit{
		Org: org, Fonds: r.PostFormValue("fonds"), Category: r.PostFormValue("category"), Agency: r.PostFormValue("agency"), Archives: r.PostFormValue("archives"),
		ArchivesCode: r.PostFormValue("archives_code"), Pattern: r.PostFormValue("pattern"),
	})
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Units, org), "done", "1"))
	}
	status := page.StatusOf(err)
	if status != http.StatusUnprocessableEntity {
		return err
	}
	p, again := s.unit(r, org, r.PostForm)
	if again != nil {
		return again
	}
	p.Problem = page.Mark(err, p.Form.Fields)
	return s.set.Show(w, status, "unit", p)
}
