package issuing

import (
	"io"
	"net/http"

	"sidian/internal/fault"
	"sidian/internal/table"
	"sidian/internal/web/page"
)

// A sheet is a page that is made of parts: what stands above, and what follows.
type sheet struct {
	page.Frame
	Heading string
	Crumb   *page.Link
	Chips   []page.Chip
	Lead    string
	Problem *page.Problem
	Notice  *page.Notice
	Tabs    page.Tabs
	Doors   []door
	Search  *page.Search
	Parts   []part
}

// A door leads to where something is done.
type door struct {
	ID, Label, Href string
	First, File     bool
}

// A part is a section of a page; ID names it for whoever looks for it.
type part struct {
	ID, Title, Text string
	Facts           []page.Fact
	Steps           []page.Step
	Table           *page.Table
	Form            *page.Form
	Confirm         *page.Confirm
	Upload          *upload
	Choose          *page.Search
}

// An upload is a form with a file.
type upload struct {
	Action, Error, Issuer string
	Issuers               []page.Option
}

func (s *Service) sheet(r *http.Request, nav, heading, lead, width string) *sheet {
	return &sheet{Frame: s.Kit.Frame(r, heading, nav, width), Heading: heading, Lead: lead}
}

func (p *sheet) under(label, href string) *sheet {
	p.Crumb = &page.Link{Label: label, Href: href}
	return p
}

func (p *sheet) add(parts ...part) *sheet {
	p.Parts = append(p.Parts, parts...)
	return p
}

// said puts the notice of what was done a moment ago.
func (p *sheet) said(r *http.Request, notices map[string]page.Notice) *sheet {
	if n, ok := notices[r.URL.Query().Get("done")]; ok && r.Method == http.MethodGet {
		p.Notice = &n
	}
	return p
}

func (s *Service) show(w http.ResponseWriter, p *sheet) error {
	return s.set.Show(w, http.StatusOK, "sheet", p)
}

// refuse shows a page again with what was wrong at its controls.
func (s *Service) refuse(w http.ResponseWriter, p *sheet, err error) error {
	code := page.StatusOf(err)
	if code == 0 || code == http.StatusNotFound {
		return err
	}
	lists := [][]page.Field{{{ID: "file", Name: "file", Label: "文件"}}}
	for i := range p.Parts {
		switch b := &p.Parts[i]; {
		case b.Form != nil:
			lists = append(lists, b.Form.Fields)
		case b.Confirm != nil:
			lists = append(lists, b.Confirm.Fields)
		}
	}
	p.Problem = page.Mark(err, lists...)
	for i := range p.Parts {
		if u := p.Parts[i].Upload; u != nil {
			u.Error = p.Problem.At("file")
		}
	}
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "sheet", p)
}

// fileOf is the file that a form gave.
func fileOf(r *http.Request) ([]byte, error) {
	none := fault.Invalid.New("没有选择文件").WithCode("issuing.file").WithHint("请选择填好的表格").WithField("file", "required", "请选择文件")
	if err := r.ParseMultipartForm(table.MaxFile + 1<<20); err != nil {
		return nil, none
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // temporary files
	f, _, err := r.FormFile("file")
	if err != nil {
		return nil, none
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, table.MaxFile+1))
}
