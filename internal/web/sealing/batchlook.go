package sealing

import (
	"bytes"
	"crypto/rand"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/iam"
	"sidian/internal/sealing"
	"sidian/internal/web/page"
)

// perBatch is how many documents of a batch a page shows.
const perBatch = 50

type batchPage struct {
	page.Frame
	B       *sealing.Batch
	Chip    page.Chip
	Lead    string
	Notice  *page.Notice
	Problem *page.Problem
	Wrong   string // of the file
	At      string
	Percent int
	Facts   []page.Fact
	Plan    []page.Fact
	Follow  bool
	Runs    bool // the reader began it
	Stops   bool // the reader may stop it
	Add     bool // documents may be added
	Tabs    page.Tabs
	Table   page.Table
}

func newOnce() string { return rand.Text() }

var batchLeads = map[string]string{
	sealing.Ready:     "核对收下的文件，由您开始盖章。常备用印授权之内不再逐件审批，每一件都留有用印记录。",
	sealing.Running:   "正在逐件盖章，可以离开这个页面；发起人和印章保管人都可以随时暂停。",
	sealing.Paused:    "已暂停，盖好的保留。发起人可以继续，也可以取消剩下的。",
	sealing.Finished:  "已全部处理。没有盖成的写明了原因，改好后新建一批再传即可。",
	sealing.Cancelled: "已取消，盖好的保留，其余不再盖章。",
}

func (s *Service) batch(r *http.Request, id string) (*batchPage, error) {
	ctx := r.Context()
	b, err := s.Sealing.Batch(ctx, id)
	if err != nil {
		return nil, err
	}
	p := &batchPage{Frame: s.Kit.Frame(r, b.Title, "sealing", page.Wide), B: b, Chip: page.Chip{Class: batchChips[b.State], Word: b.StateName}, Lead: batchLeads[b.State], At: page.At(Batches, b.ID)}
	if r.Method == http.MethodPost {
		p.Path = p.At
	}
	if b.Total > 0 {
		p.Percent = int(100 * (b.Done + b.Failed) / b.Total)
	}
	p.Runs = b.Account == iam.Self(ctx)
	if x, err := s.Seal.Get(ctx, b.Seal); err == nil {
		p.Stops = iam.May(ctx, "seal.use", x.Org)
	}
	p.Stops = p.Stops || p.Runs
	p.Add = p.Runs && (b.State == sealing.Ready || b.State == sealing.Paused)
	if p.Follow = b.State == sealing.Running; p.Follow {
		p.Frame = p.WithScript("sealing.js")
	}
	p.Facts, p.Plan = progressOf(b), planOf(b)
	p.Notice = batchNotice(r, b)
	return p, s.itemsOf(r, p)
}

func progressOf(b *sealing.Batch) []page.Fact {
	out := []page.Fact{{Label: "文件", Text: fmt.Sprintf("%d 件", b.Total)}, {Label: "已盖章", Text: fmt.Sprintf("%d 件", b.Done)}, {Label: "未盖章", Text: fmt.Sprintf("%d 件", b.Failed)}}
	if b.State != sealing.Finished {
		out = append(out, page.Fact{Label: "剩余", Text: fmt.Sprintf("%d 件", b.Remaining)})
	}
	if b.Rate > 0 {
		out = append(out, page.Fact{Label: "速度", Text: fmt.Sprintf("每秒 %.1f 件", b.Rate)})
	}
	if b.Seconds > 0 {
		out = append(out, page.Fact{Label: "约剩", Text: left(b.Seconds)})
	}
	return out
}

func planOf(b *sealing.Batch) []page.Fact {
	out := []page.Fact{{Label: "印章", Text: b.SealName}, {Label: "文件种类", Text: b.Purpose}, {Label: "事由", Text: b.Reason}, {Label: "盖在哪里", Text: ruleWord(b.Places)}, {Label: "发起人", Text: b.Asker}, {Label: "建立时间", At: b.CreatedAt}}
	if !b.FinishedAt.IsZero() {
		out = append(out, page.Fact{Label: "结束时间", At: b.FinishedAt})
	}
	return out
}

// ruleWord tells by what rule seals are placed.
func ruleWord(places []sealing.Place) string {
	var words []string
	for _, p := range places {
		switch {
		case p.Keyword != "" && p.Each:
			words = append(words, "每一处“"+p.Keyword+"”")
		case p.Keyword != "":
			words = append(words, "第一处“"+p.Keyword+"”")
		case p.All:
			words = append(words, fmt.Sprintf("每一页，距左 %s、距上 %s 毫米", mm(p.X), mm(p.Y)))
		case p.Straddle != nil:
			words = append(words, fmt.Sprintf("骑缝，距上 %s 毫米", mm(p.Y)))
		case p.Page > 0:
			words = append(words, fmt.Sprintf("第 %d 页，距左 %s、距上 %s 毫米", p.Page, mm(p.X), mm(p.Y)))
		default:
			words = append(words, "按文件内的位置")
		}
	}
	return strings.Join(words, "；")
}

func batchNotice(r *http.Request, b *sealing.Batch) *page.Notice {
	switch {
	case b.Trouble != "" && b.State == sealing.Paused:
		return &page.Notice{Class: page.Bad, Title: "已自动停下", Text: b.Trouble}
	case r.URL.Query().Get("done") == "added":
		n := &page.Notice{Class: page.Good, Title: fmt.Sprintf("已收下，共 %d 件", b.Total), Text: "核对后由您开始盖章。"}
		if b.Failed > 0 {
			n.Class, n.Text = page.Care, fmt.Sprintf("其中 %d 件不能盖章，原因在下面的清单中；其余核对后由您开始盖章。", b.Failed)
		}
		return n
	}
	return nil
}

// itemsOf fills in the documents of a batch that are asked for.
func (s *Service) itemsOf(r *http.Request, p *batchPage) error {
	q, b := r.URL.Query(), p.B
	state := q.Get("state")
	if state != sealing.Failed && state != sealing.Done {
		state = ""
	}
	after, _ := strconv.ParseInt(q.Get("after"), 10, 64)
	list, err := s.Sealing.Items(r.Context(), b.ID, state, max(after, 0), perBatch)
	if err != nil {
		return err
	}
	p.Tabs = page.Tabs{Label: "按结果查看", Items: []page.Tab{
		{Label: "全部", Href: p.At + "#documents", Current: state == "", Count: int(b.Total)},
		{Label: "未盖章", Href: page.Asking(p.At, "state", sealing.Failed) + "#documents", Current: state == sealing.Failed, Count: int(b.Failed)},
		{Label: "已盖章", Href: page.Asking(p.At, "state", sealing.Done) + "#documents", Current: state == sealing.Done, Count: int(b.Done)},
	}}
	t := page.Table{ID: "documents", Caption: "逐件结果", Quiet: true, Head: []string{"文件名", "序号", "状态", ""}, Empty: page.Empty{Title: "没有文件", Text: "上传 ZIP 压缩包或 OFD 文件后，逐件列在这里。"}}
	if state == sealing.Failed {
		t.Empty = page.Empty{Title: "没有未盖成的文件"}
	}
	for _, it := range list.Items {
		row := page.Row{Cells: []page.Cell{{Text: it.Name}, {Text: strconv.FormatInt(it.Line, 10)}, {Chips: []page.Chip{{Class: batchChips[it.State], Word: itemWord(it)}}, Sub: it.Trouble}, {}}}
		if it.State == sealing.Done {
			row.Cells[3].Actions = []page.Action{{Label: "下载", Of: it.Name, Href: page.At(p.At, "documents", strconv.FormatInt(it.Line, 10), "file")}}
		}
		t.Rows = append(t.Rows, row)
	}
	if list.After > 0 {
		t.Pager.Next = page.Asking(p.At, "state", state, "after", strconv.FormatInt(list.After, 10)) + "#documents"
	}
	if after > 0 {
		t.Pager.First = page.Asking(p.At, "state", state) + "#documents"
	}
	p.Table = t
	return nil
}

// itemWords are the states of documents.
var itemWords = map[string]string{
	sealing.Waiting: "待盖章", sealing.Stamping: "盖章中", sealing.Done: "已盖章", sealing.Failed: "未盖章", sealing.Dropped: "已取消",
}

func itemWord(it *sealing.Item) string { return itemWords[it.State] }

func (s *Service) getBatch(w http.ResponseWriter, r *http.Request) error {
	p, err := s.batch(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "batch", p)
}

// getReport is the list of a batch's documents as a table that people open.
func (s *Service) getReport(w http.ResponseWriter, r *http.Request) error {
	b, err := s.Sealing.Batch(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	all, err := s.items(r.Context(), b.ID)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	out.WriteString("\ufeff")
	c := csv.NewWriter(&out)
	c.UseCRLF = true
	rows := [][]string{{"序号", "文件名", "状态", "原因", "上传文件摘要", "盖章后摘要", "用印记录"}}
	for _, it := range all {
		rows = append(rows, []string{strconv.FormatInt(it.Line, 10), harmless(it.Name), itemWord(it), harmless(it.Trouble), it.Original, it.Document, it.Use})
	}
	if err := c.WriteAll(rows); err != nil {
		return fmt.Errorf("sealing: writing a report: %w", err)
	}
	return page.Send(w, page.File{Name: page.FileName(b.Title, "-逐件报告.csv"), Media: "text/csv; charset=utf-8", Data: out.Bytes()})
}

// harmless is a text that no spreadsheet takes for a formula.
func harmless(v string) string {
	if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
		return "'" + v
	}
	return v
}
