package batch

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/batch"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/table"
	"sidian/internal/web/page"
)

type homePage struct {
	page.Frame
	Problem  *page.Problem
	Upload   bool // whoever looks may send tables
	Kinds    []kindChoice
	Chosen   string
	Corrects string
	Batches  page.Table
}

// A kindChoice is a kind that a unit of the reader's issues.
type kindChoice struct{ Value, Label, Template string }

// chips are the states of a batch.
var chips = map[string]page.Chip{
	batch.Reading: {Class: page.Plain, Word: "检查中"}, batch.Checked: {Class: page.Care, Word: "待送审"}, batch.Submitted: {Class: page.Care, Word: "待审核"},
	batch.Approved: {Class: page.Care, Word: "待签发"}, batch.Running: {Class: page.Care, Word: "签发中"}, batch.Paused: {Class: page.Care, Word: "已暂停"},
	batch.Done: {Class: page.Good, Word: "已结束"}, batch.Over: {Class: page.Plain, Word: "已终止"},
}

func at(id, more string) string { return page.At(Home, id) + more }

// kinds are what the reader may send tables of, a line for each unit that issues.
func (s *Service) kinds(r *http.Request) (list []kindChoice, err error) {
	ctx := r.Context()
	all, err := s.Catalogue.Published(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		issuers, err := s.Cert.Issuers(ctx, k.Name)
		if err != nil {
			return nil, err
		}
		for _, unit := range issuers {
			if !iam.May(ctx, "cert.draft", unit) {
				continue
			}
			o, err := s.IAM.Org(ctx, unit)
			if err != nil {
				return nil, err
			}
			list = append(list, kindChoice{Value: k.Name + "/" + unit, Label: k.Title + "（" + o.Name + "）", Template: page.Asking(Home+"/template", "kind", k.Name, "unit", unit)})
		}
	}
	return list, nil
}

func (s *Service) home(r *http.Request) (*homePage, error) {
	p := &homePage{Frame: s.Kit.Frame(r, "批量签发", "batch", page.Wide), Chosen: r.FormValue("kind"), Corrects: r.FormValue("corrects")}
	var err error
	if p.Kinds, err = s.kinds(r); err != nil {
		return nil, err
	}
	p.Upload = len(p.Kinds) > 0
	list, err := s.Batch.List(r.Context(), r.URL.Query().Get("cursor"), 20)
	if err != nil {
		return nil, err
	}
	p.Batches = page.Table{ID: "batches", Caption: "批次", Quiet: true, Head: []string{"上传时间", "证照种类", "状态", "结果"},
		Empty: page.Empty{Title: "还没有批次", Text: "由经办人下载模板，每件证照填一行，再上传。上传只做检查，审核并开始后才签发。"}}
	for i := range list.Items {
		b := &list.Items[i]
		p.Batches.Rows = append(p.Batches.Rows, page.Row{ID: "batch-" + b.ID, Cells: []page.Cell{
			{Text: page.Moment(b.Created), Href: at(b.ID, "")}, {Text: b.Title, Sub: b.UnitName},
			{Chips: []page.Chip{chips[b.State]}}, {Text: fmt.Sprintf("%d 行，已签发 %d 件，未通过 %d 行", b.Total, b.Issued, b.Wrong())},
		}})
	}
	if list.Next != "" {
		p.Batches.Pager = page.Pager{Next: page.Asking(Home, "cursor", list.Next), NextWord: "更早的"}
	}
	if r.URL.Query().Has("cursor") {
		p.Batches.Pager.First = Home
	}
	return p, nil
}

func (s *Service) getHome(w http.ResponseWriter, r *http.Request) error {
	p, err := s.home(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "home", p)
}

// postHome takes a table, and leads to what was found in it.
func (s *Service) postHome(w http.ResponseWriter, r *http.Request) error {
	b, err := s.take(r)
	if err == nil {
		return page.See(w, r, at(b.ID, ""))
	}
	status := page.StatusOf(err)
	if status == 0 {
		return err
	}
	p, e := s.home(r)
	if e != nil {
		return e
	}
	p.Problem, _ = page.ProblemOf(err, map[string]string{"file": "file", "kind": "kind", "unit": "kind"})
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, status, "home", p)
}

func (s *Service) take(r *http.Request) (*batch.Batch, error) {
	if err := r.ParseMultipartForm(table.MaxFile + 1<<20); err != nil {
		return nil, fault.Invalid.Wrap(err, "文件没有传完，或超过 5 MB").WithHint("请重新选择文件").WithField("file", "file", "请选择不超过 5 MB 的表格")
	}
	defer r.MultipartForm.RemoveAll()
	kind, unit, _ := strings.Cut(table.FormValue(r.MultipartForm, "kind"), "/")
	if kind == "" {
		return nil, fault.Invalid.New("请选择证照种类").WithCode("batch.kind").WithField("kind", "required", "请选择证照种类")
	}
	u, err := batch.UploadOf(r.MultipartForm)
	if err != nil {
		return nil, err
	}
	u.Kind, u.Unit = kind, unit
	return s.Batch.Upload(r.Context(), u)
}

func (s *Service) getTemplate(w http.ResponseWriter, r *http.Request) error {
	name, data, err := s.Batch.Template(r.Context(), r.URL.Query().Get("kind"), r.URL.Query().Get("unit"))
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: name, Media: table.Media, Data: data})
}

func (s *Service) getReport(w http.ResponseWriter, r *http.Request) error {
	format := r.URL.Query().Get("format")
	if format == "" {
		format = batch.XLSX
	}
	name, media, data, err := s.Batch.Report(r.Context(), r.PathValue("id"), format)
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: name, Media: media, Data: data})
}

// may tells whether an action is the reader's now.
func may(b *batch.Batch, action string) bool { return slices.Contains(b.May, action) }

func count(n int) string { return strconv.Itoa(n) }
