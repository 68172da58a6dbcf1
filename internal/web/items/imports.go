package items

import (
	"fmt"
	"net/http"
	"strconv"

	"sidian/internal/fault"
	"sidian/internal/item"
	"sidian/internal/table"
	"sidian/internal/web/page"
)

var runChips = map[string]page.Chip{
	item.Draft: {Class: page.Care, Word: "待确认"}, item.Running: {Class: page.Care, Word: "未完成"}, item.Finished: {Class: page.Good, Word: "已完成"}, item.Over: {Class: page.Plain, Word: "已放弃"},
}

func runAt(id string, parts ...string) string {
	return page.At(Import+"/runs", append([]string{id}, parts...)...)
}

func (s *Service) importPage(r *http.Request) (*page.Sheet, error) {
	found, err := s.Items.Runs(r.Context(), r.URL.Query().Get("cursor"), 0)
	if err != nil {
		return nil, err
	}
	p := tabs(r, s.sheet(r, "批量导入", "从事项清单导入本单位的事项。上传只做预检，由您确认后才导入；导入过的行不会重复。", page.Wide), Import)
	p.Doors = []page.Door{{Label: "下载清单模板", Href: Import + "/template", File: true}}
	t := &page.Table{ID: "runs", Caption: "导入记录", Quiet: true, Head: []string{"上传时间", "行数", "结果", "状态"}, Empty: page.Empty{Title: "还没有导入过", Text: "下载模板，每个事项填一行，再上传。"}}
	for i := range found.Items {
		v := &found.Items[i]
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: page.Moment(v.Created), Href: runAt(v.ID)}, {Text: strconv.Itoa(v.Total)},
			{Text: fmt.Sprintf("导入 %d，相同 %d，有错误 %d", v.Done, v.Repeated, v.Refused)}, {Chips: []page.Chip{runChips[v.State]}}}})
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(Import, "cursor", found.Next)
	}
	return p.Add(page.Part{Upload: &page.Upload{Label: "清单文件", Hint: ".xlsx，或 UTF-8、GB 18030 编码的 .csv；至多 20000 行、5 MB", Accept: page.TableFiles,
		Form: page.Form{Title: "上传填好的清单", Action: Import, Button: "上传并预检", Busy: "正在预检…"}}}, page.Part{Title: "导入记录", Table: t}), nil
}

func (s *Service) getImport(w http.ResponseWriter, r *http.Request) error {
	p, err := s.importPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postImport(w http.ResponseWriter, r *http.Request) error {
	run, err := s.take(r)
	if err == nil {
		return page.See(w, r, runAt(run.ID))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.importPage(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

func (s *Service) take(r *http.Request) (*item.Run, error) {
	if err := r.ParseMultipartForm(maxBody); err != nil {
		return nil, fault.Invalid.Wrap(err, "文件没有传完，或超过 5 MB").WithCode("item.file").WithHint("请重新选择文件").WithField("file", "file", "请选择不超过 5 MB 的清单")
	}
	defer r.MultipartForm.RemoveAll()
	data, err := item.FileOf(r.MultipartForm)
	if err != nil {
		return nil, err
	}
	return s.Items.Draft(r.Context(), data)
}

func (s *Service) getTemplate(w http.ResponseWriter, _ *http.Request) error {
	data, err := s.Items.Template()
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: item.TemplateName, Media: table.Media, Data: data})
}

// runLeads say what a run waits for.
var runLeads = map[string]string{
	item.Draft:    "这是预检结果，还没有导入任何内容；由您确认后导入。有错误的行会跳过，改好后再上传一次即可。",
	item.Running:  "导入中断了，已导入的保留；由您继续或放弃。",
	item.Finished: "导入已完成。有错误的行没有导入，改好后再上传一次即可，导入过的行不会重复。",
	item.Over:     "这次导入已放弃，已导入的保留。",
}

func (s *Service) runPage(r *http.Request) (*page.Sheet, error) {
	ctx, id := r.Context(), r.PathValue("id")
	run, err := s.Items.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	bad, err := s.Items.Problems(ctx, id, max(after, 0), 0)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "导入事项清单", runLeads[run.State], page.Wide).Under("批量导入", Import)
	p.Chips = []page.Chip{runChips[run.State]}
	p.Add(page.Part{Facts: []page.Fact{{Label: "数据行数", Text: strconv.Itoa(run.Total)}, {Label: "待导入", Text: strconv.Itoa(run.Pending)}, {Label: "已导入", Text: strconv.Itoa(run.Done)},
		{Label: "与已有的相同", Text: strconv.Itoa(run.Repeated)}, {Label: "有错误", Text: strconv.Itoa(run.Refused)}, {Label: "上传时间", At: run.Created}, {Label: "理由", Text: run.Reason},
		{Label: "文件摘要（SM3）", Text: run.Digest[:16] + "…", Code: true}}})
	if open := run.State == item.Draft || run.State == item.Running; open {
		if run.Pending > 0 {
			word := map[bool]string{true: "开始导入", false: "继续导入"}[run.State == item.Draft]
			p.Add(page.Part{Confirm: &page.Confirm{Title: fmt.Sprintf("导入 %d 行", run.Pending), Text: "立即生效并公开。" + skipped(run.Refused), Action: runAt(id, "start"), Button: word, Busy: "正在导入…",
				Reason: page.Field{Value: r.PostFormValue("reason"), Hint: "写明依据，如清单的文号，记入审计"}}})
		}
		p.Add(page.Part{Button: &page.Link{Label: "放弃这次导入", Href: runAt(id, "discard")}})
	}
	if run.Refused > 0 {
		p.Add(page.Part{Title: "有错误的行", Table: problemTable(id, bad)})
	}
	return p, nil
}

func skipped(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("有错误的 %d 行不导入。", n)
}

func problemTable(id string, bad *item.LineProblems) *page.Table {
	t := &page.Table{ID: "problems", Caption: "有错误的单元格", Quiet: true, Head: []string{"位置", "列", "原值", "违反的规则"}}
	for _, p := range bad.Items {
		value, column := p.Value, p.Column
		if value == "" {
			value = "（空）"
		}
		if column == "" {
			column = "整行"
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: "第 " + strconv.Itoa(p.Line) + " 行", Sub: p.Cell}, {Text: column}, {Text: value}, {Text: p.Rule}}})
	}
	if bad.Next > 0 {
		t.Pager.Next = page.Asking(runAt(id), "after", strconv.Itoa(bad.Next))
	}
	return t
}

func (s *Service) getRun(w http.ResponseWriter, r *http.Request) error {
	p, err := s.runPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postStart(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Items.Start(r.Context(), r.PathValue("id"), r.PostFormValue("reason"))
	return s.ran(w, r, runAt(r.PathValue("id")), err)
}

func (s *Service) postDiscard(w http.ResponseWriter, r *http.Request) error {
	err := s.Items.Discard(r.Context(), r.PathValue("id"))
	return s.ran(w, r, page.Asking(Import, "done", "discarded"), err)
}

// ran leads on, or shows the run with what was refused.
func (s *Service) ran(w http.ResponseWriter, r *http.Request, to string, err error) error {
	if err == nil {
		return page.See(w, r, to)
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.runPage(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}
