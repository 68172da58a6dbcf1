package lists

import (
	"io"
	"net/http"
	"slices"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/listing"
	"sidian/internal/web/page"
)

func (s *Service) normPage(r *http.Request) (*page.Sheet, error) {
	ctx, asked := r.Context(), r.URL.Query()
	units, err := s.Listing.Units(ctx)
	if err != nil {
		return nil, err
	}
	reporters, err := s.Listing.Reporters(ctx)
	if err != nil {
		return nil, err
	}
	unit := asked.Get("org")
	found, err := s.Listing.Norms(ctx, "", unit, asked.Get("cursor"), 50)
	if err != nil {
		return nil, err
	}
	p := tabs(s.sheet(r, "lists", "技术和使用规范", "发证单位定期为它的每种证照公布技术和使用规范，写明版本和日期；登记即公开。超过期限没有更新的列在“逾期和失修”中。", page.Wide), Norms)
	p.Search = chooseUnit(Norms, unit, units)
	if p.Search != nil {
		p.Search.Fields[0].Any = "全部单位"
	}
	p.Doors = []page.Door{{Label: "看逾期和失修", Href: Report}, {Label: "看公开的规范", Href: PublicNorms}}
	ending := r.FormValue("withdraw")
	t := normTable(found)
	t.Head = append(t.Head, "")
	for i := range found.Items {
		n := &found.Items[i]
		act := page.Cell{}
		if iam.Allow(ctx, "list.report", n.Unit) == nil {
			act.Actions = []page.Action{{Label: "撤下", Of: n.Title, Href: page.Asking(Norms, "withdraw", n.ID)}}
			if n.ID == ending {
				p.Add(page.Part{ID: "ending", Confirm: &page.Confirm{ID: "withdraw", Title: "撤下“" + n.Title + "”" + n.Edition, Text: "撤下后不再公开，记录保留。", Action: page.At(Norms, n.ID, "withdraw"),
					Hidden: []page.Hidden{{Name: "withdraw", Value: n.ID}}, Reason: page.Field{Value: r.PostFormValue("reason"), Max: 500}, Button: "撤下", Cancel: Norms}})
			}
		}
		t.Rows[i].Cells = append(t.Rows[i].Cells, act)
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(Norms, "org", unit, "cursor", found.Next)
	}
	p.Add(page.Part{Table: t})
	if len(reporters) == 0 {
		return p, nil
	}
	kind, err := s.kindField(r, "kind")
	if err != nil {
		return nil, err
	}
	f := r.PostFormValue
	return p.Add(page.Part{Upload: &page.Upload{Label: "规范的文件", Hint: "PDF 或 OFD，至多 10 MB；填了网址的不用选", Accept: ".pdf,.ofd", Optional: true, Form: page.Form{ID: "norm", Title: "公布一个规范", Action: Norms, Button: "公布", Busy: "正在公布…", Plain: ending != "", Fields: []page.Field{
		orgField("norm-org", "发证单位", f("org"), reporters), kind,
		{ID: "title", Name: "title", Label: "规范名称", Value: f("title"), Required: true, Max: 200},
		{ID: "edition", Name: "edition", Label: "版本", Value: f("edition"), Required: true, Max: 40, Short: true, Hint: "如 V1.0、2026 版"},
		{ID: "issued", Name: "issued", Label: "发布日期", Type: "date", Value: f("issued"), Required: true},
		{ID: "link", Name: "link", Label: "网址", Value: f("link"), Max: 300, Hint: "https:// 开头；网址和文件二者取一"},
	}}}}), nil
}

func normTable(found *listing.NormPage) *page.Table {
	t := &page.Table{ID: "norms", Caption: "技术和使用规范", Quiet: true, Head: []string{"规范", "证照类型", "发证单位", "发布", "文件"}, Empty: page.Empty{Title: "还没有公布规范"}}
	for i := range found.Items {
		n := &found.Items[i]
		file := page.Cell{Text: "打开网址", Href: n.Link}
		if n.Document != "" {
			file = page.Cell{Text: "下载文件", Href: n.Document}
		}
		t.Rows = append(t.Rows, page.Row{ID: "norm-" + n.ID, Cells: []page.Cell{{Text: n.Title, Sub: n.Edition}, {Text: n.KindTitle}, {Text: n.UnitName}, {Text: n.Issued}, file}})
	}
	return t
}

func (s *Service) getNorms(w http.ResponseWriter, r *http.Request) error {
	p, err := s.normPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postNorm(w http.ResponseWriter, r *http.Request) error {
	f := r.PostFormValue
	n := listing.Normed{Unit: f("org"), Kind: f("kind"), Title: f("title"), Edition: f("edition"), Issued: f("issued"), Link: f("link")}
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
	}
	var err error
	if r.MultipartForm != nil && len(r.MultipartForm.File["file"]) == 1 && r.MultipartForm.File["file"][0].Size > 0 {
		n.Document, err = documentOf(r)
	}
	if err == nil {
		_, err = s.Listing.AddNorm(r.Context(), n)
	}
	if err != nil {
		return s.again(w, r, atFile(err), s.normPage)
	}
	return page.See(w, r, page.Asking(Norms, "done", "norm"))
}

func (s *Service) postNormOver(w http.ResponseWriter, r *http.Request) error {
	if err := s.Listing.WithdrawNorm(r.Context(), r.PathValue("id"), r.PostFormValue("reason")); err != nil {
		return s.again(w, r, err, s.normPage)
	}
	return page.See(w, r, page.Asking(Norms, "done", "over"))
}

func (s *Service) getPublicNorms(w http.ResponseWriter, r *http.Request) error {
	found, err := s.Listing.Norms(r.Context(), r.URL.Query().Get("kind"), "", r.URL.Query().Get("cursor"), 50)
	if err != nil {
		return err
	}
	p := openTabs(s.sheet(r, "openlists", "技术和使用规范", "发证单位公布的电子证照技术和使用规范，按登记的先后；对接、使用证照前先看它。由发证单位负责。", page.Wide), PublicNorms)
	t := normTable(found)
	if found.Next != "" {
		t.Pager.Next = page.Asking(PublicNorms, "kind", r.URL.Query().Get("kind"), "cursor", found.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

// documentOf is the document of a form that was read.
func documentOf(r *http.Request) ([]byte, error) {
	in, err := r.MultipartForm.File["file"][0].Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, listing.MaxDocument+1))
}

// atFile puts what is wrong with the document at its control.
func atFile(err error) error {
	e := fault.As(err)
	if e == nil {
		return err
	}
	at := *e
	at.Fields = slices.Clone(e.Fields)
	for i := range at.Fields {
		if at.Fields[i].Name == "document" {
			at.Fields[i].Name = "file"
		}
	}
	return &at
}
