package records

import (
	"mime"
	"net/http"
	"time"

	"sidian/internal/auditor"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// exporting is how long an export may take.
const exporting = 10 * time.Minute

var formats = []page.Option{
	{Value: auditor.XLSX, Label: "表格（XLSX，至多 10 万条）"}, {Value: auditor.CSV, Label: "文本表格（CSV，至多 100 万条）"},
	{Value: auditor.NDJSON, Label: "逐行 JSON（NDJSON，至多 100 万条，供程序读取）"},
}

type exportView struct {
	page.Frame
	Tabs     page.Tabs
	Problem  *page.Problem
	Told     []page.Fact
	Search   string // where the conditions are changed
	Hidden   []page.Hidden
	Fields   []page.Field
	Parts    []page.Fact
	Commands page.Copy
}

// getExport asks for the format and the reason.
func (s *Service) getExport(w http.ResponseWriter, r *http.Request) error {
	return s.export(w, r, criteriaOf(r.URL.Query()), nil)
}

var exportIDs = map[string]string{"format": "x-format", "reason": "x-reason", "text": "x-text"}

func (s *Service) export(w http.ResponseWriter, r *http.Request, c criteria, wrong error) error {
	ctx := r.Context()
	n := s.namer(ctx)
	p := exportView{Frame: s.Kit.Frame(r, "导出审计记录", "audit", ""), Tabs: s.tabs(r, "exports"), Search: c.at("/console/audit"), Hidden: c.hidden()}
	user, err := s.username(ctx, c.Account)
	if err != nil {
		return err
	}
	p.Told = s.told(n, c, user)
	status := http.StatusOK
	if wrong != nil {
		shown, ok := page.ProblemOf(wrong, exportIDs)
		if !ok || fault.As(wrong).Kind != fault.Invalid {
			return wrong
		}
		p.Problem, p.Title, status = shown, "有错误：导出审计记录", http.StatusUnprocessableEntity
	}
	format := r.PostFormValue("format")
	if format == "" {
		format = auditor.XLSX
	}
	p.Fields = []page.Field{
		{ID: "x-format", Name: "format", Label: "格式", Value: format, Options: formats, Required: true},
		{ID: "x-text", Name: "text", Label: "理由中的文字", Value: c.Text, Max: 100, Hint: "不填则不按文字筛选", Autocomplete: "off"},
		{ID: "x-reason", Name: "reason", Label: "导出的依据和用途", Value: r.PostFormValue("reason"), Lines: 3, Max: 500, Required: true, Hint: "与您的姓名、时间一起记入审计，并写入导出文件的清单"},
	}
	for i := range p.Fields {
		p.Fields[i].Error = p.Problem.At(p.Fields[i].ID)
	}
	p.Parts = []page.Fact{
		{Label: "audit.xlsx 等", Text: "审计记录，最近的在前；文件名随格式不同"},
		{Label: "manifest.json", Text: "清单：导出了什么（条件、条数、链上起止）、谁在何时为何导出，以及记录文件的 SM3 摘要"},
		{Label: "manifest.sig", Text: "平台对清单的 SM2 签名；key.pem 是公钥"},
		{Label: "head.txt", Text: "导出时审计链的链首，连同签名 head.sig 和公钥 head.pem。请另行妥善保存：日后可据以发现审计记录末尾被删除"},
	}
	p.Commands = page.Copy{ID: "check", Label: "核验导出文件（OpenSSL 3）", Hint: "解压后在同一文件夹执行：第一行与清单中的 sm3 相同，后两行显示 Verified OK", Text: `openssl dgst -sm3 audit.*
openssl dgst -sm3 -verify key.pem -sigopt distid:1234567812345678 -signature manifest.sig manifest.json
openssl dgst -sm3 -verify head.pem -sigopt distid:1234567812345678 -signature head.sig head.txt`}
	if n.err != nil {
		return n.err
	}
	return s.set.Show(w, status, "export", p)
}

// postExport sends the export. It is written while it is read from the database;
// one that breaks off has no end, and nothing opens it.
func (s *Service) postExport(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := r.ParseForm(); err != nil {
		return fault.Invalid.Wrap(err, "表单读不出")
	}
	c := criteriaOf(r.PostForm)
	c.Text, c.Cursor = r.PostFormValue("text"), ""
	q, err := c.query(s.Auditor.DB.Now())
	if err != nil {
		return s.export(w, r, c, err)
	}
	format := r.PostFormValue("format")
	x, err := s.Auditor.Export(ctx, q, format, r.PostFormValue("reason"), "")
	if err != nil {
		return s.export(w, r, c, err)
	}
	name := "audit-" + page.In(s.Auditor.DB.Now()).Format("20060102-150405") + "-" + format + ".zip"
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	w.Header().Set("Cache-Control", "no-store")
	_, err = x.Write(ctx, w)
	return err
}
