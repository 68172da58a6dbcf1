package sealing

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealing"
	"sidian/internal/web/page"
)

// batchChips are the states of batches and of documents in them.
var batchChips = map[string]string{
	sealing.Ready: page.Care, sealing.Running: page.Care, sealing.Paused: page.Care, sealing.Finished: page.Good, sealing.Cancelled: page.Plain,
	sealing.Waiting: page.Plain, sealing.Stamping: page.Care, sealing.Done: page.Good, sealing.Failed: page.Bad, sealing.Dropped: page.Plain,
}

type batchesPage struct {
	page.Frame
	Tabs  page.Tabs
	Table page.Table
	Ask   bool
}

func (s *Service) getBatches(w http.ResponseWriter, r *http.Request) error {
	cursor := r.URL.Query().Get("cursor")
	list, err := s.Sealing.Batches(r.Context(), perPage, cursor)
	if err != nil {
		return err
	}
	ask := iam.May(r.Context(), "seal.ask", "")
	p := &batchesPage{Frame: s.Kit.Frame(r, "批量用印", "sealing", page.Wide), Ask: ask}
	p.Tabs = kindTabs(ask, Batches)
	t := page.Table{ID: "batches", Caption: "批量用印", Quiet: true, Head: []string{"批次", "印章", "发起人", "时间", "结果", "状态"},
		Empty: page.Empty{Title: "还没有批量用印", Text: "有常备用印授权的印章，可以一次盖许多份文件：先由印章保管人批准授权，再在这里上传。"}}
	if ask {
		t.Empty.Href, t.Empty.Action = Batches+"/new", "新建一批"
	}
	for _, b := range list.Items {
		result := fmt.Sprintf("%d 件，已盖 %d", b.Total, b.Done)
		if b.Failed > 0 {
			result += fmt.Sprintf("，未盖 %d", b.Failed)
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{
			{Text: b.Title, Href: page.At(Batches, b.ID), Sub: b.Purpose}, {Text: b.SealName}, {Text: b.Asker}, {Text: page.Ago(b.CreatedAt, s.now())},
			{Text: result}, {Chips: []page.Chip{{Class: batchChips[b.State], Word: b.StateName}}},
		}})
	}
	if list.Next != "" {
		t.Pager.Next = page.Asking(Batches, "cursor", list.Next)
	}
	if cursor != "" {
		t.Pager.First = Batches
	}
	p.Table = t
	return s.set.Show(w, http.StatusOK, "batches", p)
}

type newBatchPage struct {
	page.Frame
	Problem  *page.Problem
	Fields   []page.Field
	Purpose  page.Field
	Purposes []string
	Seal     page.Field
	Way      string
	Ways     []way
	Places   []page.Field
	Each     bool
	File     page.Field
	Once     string
	Absent   []page.Link // seals that have no standing policy
	None     bool        // there is no seal to ask for
}

func (s *Service) newBatch(r *http.Request) (*newBatchPage, error) {
	v := func(name, otherwise string) string {
		if r.Method == http.MethodPost {
			return strings.TrimSpace(r.PostFormValue(name))
		}
		return otherwise
	}
	p := &newBatchPage{Frame: s.Kit.Frame(r, "新建批量用印", "sealing", page.Middle), Purposes: purposes, Once: v("once", "")}
	p.Path = Batches + "/new"
	if p.Once == "" {
		p.Once = newOnce()
	}
	p.Fields = []page.Field{
		{ID: "title", Name: "title", Label: "批次名称", Required: true, Max: 200, Value: v("title", ""), Hint: "如：2026 年度培训合格证明"},
		{ID: "reason", Name: "reason", Label: "用印事由", Required: true, Lines: 3, Max: 500, Value: v("reason", ""), Hint: "记入每一件的用印记录"},
	}
	p.Purpose = page.Field{ID: "purpose", Name: "purpose", Label: "文件种类", Value: v("purpose", "证明"), Hint: "须在印章的常备用印授权之内"}
	p.File = page.Field{ID: "file", Name: "file", Label: "文件"}
	p.Seal = page.Field{ID: "seal", Name: "seal", Label: "印章", Required: true, Value: v("seal", "")}
	var err error
	if p.Seal.Options, p.Absent, err = s.standing(r.Context(), seal.Any); err != nil {
		return nil, err
	}
	p.None = len(p.Seal.Options)+len(p.Absent) == 0
	p.Way = v("way", onWord)
	for _, w := range []way{{Value: onWord, Label: "盖在文字上"}, {Value: onPages, Label: "盖在指定位置"}, {Value: onAll, Label: "每一页同一位置"}, {Value: onEdge, Label: "骑缝章"}} {
		w.Current = w.Value == p.Way
		p.Ways = append(p.Ways, w)
	}
	p.Each = v("each", "") != ""
	p.Places = []page.Field{
		{ID: "word", Name: "word", Label: "文件中的文字", Max: 100, Value: v("word", "（盖章）"), Hint: "“盖在文字上”时填写，盖在这些字的正中", Autocomplete: "off"},
		{ID: "on", Name: "on", Label: "页码", Max: 6, Mode: "numeric", Short: true, Value: v("on", "1"), Hint: "“盖在指定位置”时填写"},
		{ID: "x", Name: "x", Label: "距左边（毫米）", Mode: "decimal", Short: true, Value: v("x", "140")},
		{ID: "y", Name: "y", Label: "距上边（毫米）", Mode: "decimal", Short: true, Value: v("y", "220"), Hint: "骑缝章只用这一项"},
	}
	return p, nil
}

func (s *Service) getNewBatch(w http.ResponseWriter, r *http.Request) error {
	p, err := s.newBatch(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "newbatch", p)
}

// placeOf reads the one place of a batch.
func placeOf(r *http.Request) (sealing.Place, error) {
	f := fault.Invalid.New("还不能继续").WithCode("sealing.place").WithHint("请按每一项的说明更正后重试")
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	length := func(name, label string) float64 {
		n, err := strconv.ParseFloat(v(name), 64)
		if err != nil || n < 0 || n > 2000 {
			f = f.WithField(name, "number", label+"应为毫米数")
		}
		return n
	}
	var p sealing.Place
	switch v("way") {
	case onWord:
		if p = (sealing.Place{Keyword: v("word"), Each: v("each") != ""}); p.Keyword == "" {
			f = f.WithField("word", "required", "请填写文件中的文字")
		}
	case onPages:
		n, err := strconv.Atoi(v("on"))
		if err != nil || n < 1 {
			f = f.WithField("on", "page", "应为页码，从 1 起")
		}
		p = sealing.Place{Page: n, X: length("x", "距左边"), Y: length("y", "距上边")}
	case onAll:
		p = sealing.Place{All: true, X: length("x", "距左边"), Y: length("y", "距上边")}
	case onEdge:
		p = sealing.Place{Straddle: &sealing.Straddle{}, Y: length("y", "距上边")}
	default:
		f = f.WithField("word", "required", "请选择怎样盖")
	}
	return p, f.OrNil()
}

// postNewBatch opens a batch and puts the documents into it. Nothing is stamped
// yet: the reader looks at what was taken, and starts.
func (s *Service) postNewBatch(w http.ResponseWriter, r *http.Request) error {
	b, err := s.begin(r)
	if b != nil { // what was wrong with the file is told where another may be sent
		return s.addTo(w, r, b, err)
	}
	code := statusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.newBatch(r)
	if e != nil {
		return e
	}
	all := append(append([]page.Field{p.Purpose, p.Seal, p.File}, p.Fields...), p.Places...)
	p.Problem = page.Mark(err, all)
	p.Purpose, p.Seal, p.File, p.Fields, p.Places = all[0], all[1], all[2], all[3:5], all[5:]
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "newbatch", p)
}

// begin makes the batch that a form asks for.
func (s *Service) begin(r *http.Request) (*sealing.Batch, error) {
	if err := parseBatch(r); err != nil {
		return nil, err
	}
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f := fault.Invalid.New("还不能继续").WithCode("sealing.request").WithHint("请按每一项的说明更正后重试")
	f = said(f, "title", "批次名称", v("title"), 200)
	f = said(f, "purpose", "文件种类", v("purpose"), 40)
	f = said(f, "reason", "用印事由", v("reason"), 500)
	if v("seal") == "" {
		f = f.WithField("seal", "required", "请选择印章")
	}
	if len(r.MultipartForm.File["file"]) != 1 {
		f = f.WithField("file", "required", "请选择 ZIP 压缩包或一个 OFD 文件")
	}
	p, err := placeOf(r)
	if e := fault.As(err); e != nil {
		for _, x := range e.Fields {
			f = f.WithField(x.Name, x.Code, x.Message)
		}
	}
	if err := f.OrNil(); err != nil {
		return nil, err
	}
	ctx := r.Context()
	meta := httpx.MetaFrom(ctx)
	meta.Idempotency = fmt.Sprintf("batch/%x", gm.Sum([]byte(iam.Self(ctx)+"\x00"+v("once"))))
	return s.Sealing.CreateBatch(httpx.WithMeta(ctx, meta), sealing.BatchAsk{
		Title: v("title"), Purpose: v("purpose"), Reason: v("reason"), Seal: v("seal"), Places: []sealing.Place{p},
	})
}

func parseBatch(r *http.Request) error {
	if err := r.ParseMultipartForm(8 << 20); err != nil {
		return fault.Invalid.Wrap(err, "文件没有传完，或超过 %d MB", sealing.MaxArchive>>20).WithCode("sealing.file").WithHint("请重新选择文件；太大的请分成几个压缩包").
			WithField("file", "file", "请重新选择")
	}
	return nil
}

// addTo puts the file of the form into a batch and shows the batch.
func (s *Service) addTo(w http.ResponseWriter, r *http.Request, b *sealing.Batch, err error) error {
	if err == nil {
		err = s.add(r, b.ID)
	}
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Batches, b.ID), "done", "added"))
	}
	return s.batchAgain(w, r, b.ID, err)
}

func (s *Service) add(r *http.Request, id string) error {
	defer func() { _ = r.MultipartForm.RemoveAll() }() // what is left is in the system's folder for it
	files := r.MultipartForm.File["file"]
	if len(files) != 1 {
		return fault.Invalid.New("请选择文件").WithCode("sealing.file").WithField("file", "required", "请选择 ZIP 压缩包或一个 OFD 文件")
	}
	in, err := files[0].Open()
	if err != nil {
		return fault.Invalid.Wrap(err, "文件没有传完").WithCode("sealing.file").WithHint("请重新上传")
	}
	defer in.Close()
	_, err = s.Sealing.Add(r.Context(), id, files[0].Filename, in, files[0].Size)
	return err
}

func (s *Service) postDocuments(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := parseBatch(r); err != nil {
		return s.batchAgain(w, r, id, err)
	}
	if err := s.add(r, id); err != nil {
		return s.batchAgain(w, r, id, err)
	}
	return page.See(w, r, page.Asking(page.At(Batches, id), "done", "added"))
}

func (s *Service) postAction(w http.ResponseWriter, r *http.Request) error {
	id, what := r.PathValue("id"), r.PathValue("action")
	if what != "start" && what != "pause" && what != "cancel" {
		return fault.NotFound.New("没有这个页面").WithCode("route.unknown")
	}
	if _, err := s.Sealing.Act(r.Context(), id, what); err != nil {
		return s.batchAgain(w, r, id, err)
	}
	return page.See(w, r, page.At(Batches, id))
}

func (s *Service) batchAgain(w http.ResponseWriter, r *http.Request, id string, err error) error {
	code := statusOf(err)
	if code == 0 || code == http.StatusForbidden {
		return err
	}
	p, e := s.batch(r, id)
	if e != nil {
		return e
	}
	p.Problem, _ = page.ProblemOf(err, map[string]string{"file": "file"})
	p.Wrong = p.Problem.At("file")
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "batch", p)
}

func (s *Service) getItemFile(w http.ResponseWriter, r *http.Request) error {
	line, err := strconv.ParseInt(r.PathValue("line"), 10, 64)
	if err != nil {
		return fault.NotFound.New("没有这一件").WithCode("sealing.batch-unknown").WithHint("请从批量用印进入")
	}
	data, it, err := s.Sealing.ItemFile(r.Context(), r.PathValue("id"), line)
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: page.FileName(strings.TrimSuffix(baseName(it.Name), ".ofd"), ".ofd"), Media: "application/ofd", Data: data})
}

func baseName(path string) string {
	return path[strings.LastIndexByte(path, '/')+1:]
}

// items are all documents of a batch, for a report.
func (s *Service) items(ctx context.Context, id string) (all []*sealing.Item, err error) {
	for after := int64(0); ; {
		p, err := s.Sealing.Items(ctx, id, "", after, 1000)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if after = p.After; after == 0 {
			return all, nil
		}
	}
}

// left is a time as people say it.
func left(seconds int64) string {
	switch d := time.Duration(seconds) * time.Second; {
	case d < time.Minute:
		return strconv.FormatInt(seconds, 10) + " 秒"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())+1) + " 分钟"
	default:
		return fmt.Sprintf("%d 小时 %d 分钟", int(d.Hours()), int(d.Minutes())%60)
	}
}
