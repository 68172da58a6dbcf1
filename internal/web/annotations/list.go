package annotations

import (
	"net/http"

	"sidian/internal/annotation"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

type listPage struct {
	page.Frame
	Lead    string
	Crumb   string // to the certificate
	New     string // where a copy is made
	Search  *page.Search
	Table   *page.Table
	Problem *page.Problem
}

func chipOf(c *annotation.Copy) page.Chip {
	if c.Status == annotation.Ended {
		return page.Chip{Class: page.Plain, Word: "已撤回"}
	}
	if c.Status == annotation.Expired {
		return page.Chip{Class: page.Plain, Word: "已到期"}
	}
	return page.Chip{Class: page.Good, Word: "有效"}
}

// certificateAt is the page of a certificate.
func certificateAt(id string) string { return "/console/certificates/" + id }

func tableOf(caption string, p *annotation.Page) *page.Table {
	t := &page.Table{ID: "copies", Caption: caption, Quiet: true, Head: []string{"加注编号", "用途", "接收方", "制作", "有效期至", "状态"},
		Empty: page.Empty{Title: "没有加注件", Text: "需要把证照交给别人使用时，制作一份注明用途、接收方和期限的加注件，不用交出原件。"}}
	for _, c := range p.Items {
		purpose, recipient := c.Purpose, c.Recipient
		if c.Own {
			purpose, recipient = "持证人本人使用", "不公开"
		}
		t.Rows = append(t.Rows, page.Row{ID: "copy-" + c.ID, Cells: []page.Cell{
			{Text: c.Number, Code: true, Href: page.At(Home, c.ID)}, {Text: purpose, Sub: c.Item}, {Text: recipient}, {At: c.MadeAt, Sub: c.Maker}, {At: c.ExpiresAt}, {Chips: []page.Chip{chipOf(c)}},
		}})
	}
	return t
}

// search asks for a recipient; what is asked for stands in no address.
func search(value string) *page.Search {
	return &page.Search{Action: Find, Label: "按接收方查找", Post: true, Button: "查找",
		Fields: []page.Field{{ID: "recipient", Name: "recipient", Label: "接收方", Value: value, Max: 100, Autocomplete: "off", Hint: "完整名称"}}}
}

func (s *Service) list(r *http.Request) *listPage {
	return &listPage{Frame: s.Kit.Frame(r, "加注件", "annotations", page.Wide), Lead: "加注件注明用途、接收方和期限，另行编号、用印，原件附在其中；到期即不能再用。"}
}

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query()
	p := s.list(r)
	id := asked.Get("certificate")
	if id == "" {
		p.Search = search("")
		p.Lead += "在证照页面上制作；这里按接收方查找。"
		return s.set.Show(w, http.StatusOK, "list", p)
	}
	list, err := s.Copies.Of(r.Context(), id, 20, asked.Get("cursor"))
	if err != nil {
		return err
	}
	c := list.Original
	p.Title, p.Crumb = c.KindName+"的加注件", certificateAt(c.ID)
	if iam.Allow(r.Context(), "cert.annotate", c.ReadIn(r.Context())) == nil {
		p.New = page.Asking(New, "certificate", c.ID)
	}
	p.Table = tableOf("这份证照的加注件", list)
	if list.Next != "" {
		p.Table.Pager.Next = page.Asking(Home, "certificate", c.ID, "cursor", list.Next)
	}
	return s.set.Show(w, http.StatusOK, "list", p)
}

func (s *Service) postFind(w http.ResponseWriter, r *http.Request) error {
	p := s.list(r)
	p.Path = Home
	recipient := r.PostFormValue("recipient")
	p.Search = search(recipient)
	if recipient == "" {
		p.Problem = page.Mark(fault.Invalid.New("请填写接收方").WithCode("annotation.find").WithHint("写完整名称").WithField("recipient", "required", "请填写接收方"), p.Search.Fields)
		return s.set.Show(w, http.StatusUnprocessableEntity, "list", p)
	}
	list, err := s.Copies.For(r.Context(), recipient, 100, "")
	if err != nil {
		return err
	}
	p.Table = tableOf("给该接收方的加注件", list)
	if list.Next != "" {
		p.Lead = "只列出最近的 100 份。" + p.Lead
	}
	return s.set.Show(w, http.StatusOK, "list", p)
}

type showPage struct {
	page.Frame
	C       *annotation.Copy
	Lead    string
	Crumb   string
	Chip    page.Chip
	Notice  *page.Notice
	Problem *page.Problem
	Facts   []page.Fact
	File    *page.Form // nil for who may not have it, and when it is over
}

func (s *Service) show(r *http.Request) (*showPage, error) {
	c, err := s.Copies.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &showPage{Frame: s.Kit.Frame(r, "加注件 "+c.Number, "annotations", page.Middle), C: c, Crumb: page.Asking(Home, "certificate", c.Certificate), Chip: chipOf(c),
		Lead: "只用于下面写明的用途、接收方和事项；交付电子文件，接收方可在“核验”页面核对加注件和所附原件。"}
	if r.URL.Query().Get("done") == "made" && r.Method == http.MethodGet {
		p.Notice = &page.Notice{Class: page.Good, Title: "加注件已制成", Text: "已编号、用印，并告知持证人。"}
	}
	p.Facts = []page.Fact{{Label: "加注编号", Text: c.Number, Code: true}}
	if c.Own {
		p.Lead = "持证人本人制作并交付；用途和接收方印在文件上，只有本人看得到。"
	} else {
		p.Facts = append(p.Facts, page.Fact{Label: "用途", Text: c.Purpose}, page.Fact{Label: "接收方", Text: c.Recipient})
	}
	if c.Item != "" {
		p.Facts = append(p.Facts, page.Fact{Label: "事项", Text: c.Item})
	}
	if c.CaseNo != "" {
		p.Facts = append(p.Facts, page.Fact{Label: "办件编号", Text: c.CaseNo, Code: true})
	}
	p.Facts = append(p.Facts, page.Fact{Label: "有效期至", At: c.ExpiresAt}, page.Fact{Label: "制作", Text: c.Maker + " ", At: c.MadeAt}, page.Fact{Label: "原件", Text: "证照记录", Href: certificateAt(c.Certificate)},
		page.Fact{Label: "文件摘要", Text: c.Document, Code: true}, page.Fact{Label: "原件摘要", Text: c.Original, Code: true})
	if !c.EndedAt.IsZero() {
		p.Facts = append(p.Facts, page.Fact{Label: "撤回", At: c.EndedAt})
	}
	if c.Status == annotation.Made && !c.Own && iam.Allow(r.Context(), "cert.annotate", c.Issuer) == nil {
		p.File = &page.Form{ID: "file", Title: "取文件", Text: "下载的是加注件（OFD）；每次取用都会记录。", Action: page.At(Home, c.ID, "file"), Button: "下载加注件", Fields: reading(r, c.Issuer)}
	}
	return p, nil
}

// reading asks staff of other units than the issuer's what for.
func reading(r *http.Request, issuer string) []page.Field {
	if !foreign(r, issuer) {
		return nil
	}
	return []page.Field{
		purposes(r, issuer, "purpose"),
		{ID: "reason", Name: "reason", Label: "事由", Value: r.PostFormValue("reason"), Required: true, Max: 200, Autocomplete: "off", Hint: "如办件编号；请勿写个人信息。与您的姓名、时间一起记入审计"},
	}
}

// foreign tells staff of another unit than the issuer's.
func foreign(r *http.Request, issuer string) bool {
	p, ok := iam.From(r.Context())
	return ok && p.Account != "" && p.Org != issuer
}

// purposes asks for what the certificate is read.
func purposes(r *http.Request, issuer, name string) page.Field {
	f := page.Field{ID: name, Name: name, Label: "查阅用途", Value: r.PostFormValue(name), Required: true, Hint: "您不是签发单位的人员，须说明为何使用这份证照"}
	for _, x := range iam.PurposesFor(r.Context(), iam.Question{Permission: "cert.annotate", Org: issuer}) {
		f.Options = append(f.Options, page.Option{Value: x.Code, Label: x.Name})
	}
	return f
}

func (s *Service) getShow(w http.ResponseWriter, r *http.Request) error {
	p, err := s.show(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "show", p)
}

func (s *Service) postFile(w http.ResponseWriter, r *http.Request) error {
	data, c, err := s.Copies.Read(r.Context(), r.PathValue("id"), cert.Reading{Purpose: r.PostFormValue("purpose"), Reason: r.PostFormValue("reason")})
	if err == nil {
		return page.Send(w, page.File{Name: page.FileName("加注件-"+c.Number, ".ofd"), Media: "application/ofd", Data: data})
	}
	code := page.StatusOf(err)
	if code == 0 || fault.As(err).Kind == fault.NotFound {
		return err
	}
	p, e := s.show(r)
	if e != nil {
		return e
	}
	p.Path = page.At(Home, p.C.ID)
	if p.File != nil {
		p.Problem = page.Mark(err, p.File.Fields)
	} else {
		p.Problem = page.Mark(err)
	}
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "show", p)
}
