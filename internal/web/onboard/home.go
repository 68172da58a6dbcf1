package onboard

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"sidian/internal/fault"
	"sidian/internal/onboard"
	"sidian/internal/table"
	"sidian/internal/web/page"
)

// slow is how long reading a table of 20,000 lines, or making a thousand links,
// may take.
const slow = 5 * time.Minute

type homePage struct {
	page.Frame
	Problem *page.Problem
	Kinds   []page.Option
	Kind    string
	Runs    page.Table
}

// words are the states of a run.
var words = map[string]page.Chip{
	onboard.Reading: {Class: page.Plain, Word: "读取中"}, onboard.Draft: {Class: page.Care, Word: "待开始"}, onboard.Running: {Class: page.Care, Word: "导入中"},
	onboard.Paused: {Class: page.Care, Word: "已暂停"}, onboard.Finished: {Class: page.Good, Word: "已完成"}, onboard.Over: {Class: page.Plain, Word: "已放弃"},
}

func kinds() (list []page.Option) {
	for _, k := range onboard.Kinds() {
		list = append(list, page.Option{Value: string(k), Label: k.Title()})
	}
	return list
}

func at(id string, more string) string { return page.At(Home, id) + more }

func (s *Service) home(r *http.Request) (*homePage, error) {
	p := &homePage{Frame: s.Kit.Frame(r, "批量导入", "onboarding", page.Wide), Kinds: kinds(), Kind: r.FormValue("kind")}
	list, err := s.Onboard.Runs(r.Context(), r.URL.Query().Get("cursor"), 20)
	if err != nil {
		return nil, err
	}
	p.Runs = page.Table{ID: "runs", Caption: "导入记录", Quiet: true, Head: []string{"时间", "内容", "状态", "结果"},
		Empty: page.Empty{Title: "还没有导入过", Text: "先下载模板，填好后在上面上传。上传只做检查，确认后才开始导入。"}}
	for _, run := range list.Items {
		result := fmt.Sprintf("导入 %d 行，未导入 %d 行", run.Done, run.Refused)
		if run.Repeated > 0 {
			result += fmt.Sprintf("，以前导入过 %d 行", run.Repeated)
		}
		p.Runs.Rows = append(p.Runs.Rows, page.Row{Cells: []page.Cell{
			{Text: page.Moment(run.Created), Href: at(run.ID, "")},
			{Text: run.Kind.Title() + " " + strconv.Itoa(run.Total) + " 行"},
			{Chips: []page.Chip{words[run.State]}}, {Text: result},
		}})
	}
	if list.Next != "" {
		p.Runs.Pager = page.Pager{Next: Home + "?cursor=" + url.QueryEscape(list.Next), NextWord: "更早的"}
	}
	if r.URL.Query().Has("cursor") {
		p.Runs.Pager.First = Home
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
	run, err := s.take(r)
	if err == nil {
		return page.See(w, r, at(run.ID, ""))
	}
	status, wrong := statusOf(err)
	if wrong == nil {
		return err
	}
	p, e := s.home(r)
	if e != nil {
		return e
	}
	p.Problem, p.Title = wrong, "有错误："+p.Title
	return s.set.Show(w, status, "home", p)
}

func (s *Service) take(r *http.Request) (*onboard.Run, error) {
	if err := r.ParseMultipartForm(table.MaxFile + 1<<20); err != nil {
		return nil, fault.Invalid.Wrap(err, "文件没有传完，或超过 5 MB").WithHint("请重新选择文件").WithField("file", "file", "请选择不超过 5 MB 的表格")
	}
	defer r.MultipartForm.RemoveAll()
	f, err := onboard.FileOf(r.MultipartForm)
	if err != nil {
		return nil, err
	}
	return s.Onboard.Draft(r.Context(), f)
}

// statusOf shows a refusal of what was sent; nil for what is another page's.
func statusOf(err error) (int, *page.Problem) {
	code := page.StatusOf(err)
	if code == 0 {
		return 0, nil
	}
	p, _ := page.ProblemOf(err, map[string]string{"file": "file", "kind": "kind", "reason": "reason"})
	return code, p
}

func (s *Service) getTemplate(w http.ResponseWriter, r *http.Request) error {
	sheet, err := s.Onboard.Template(r.Context(), onboard.Kind(r.URL.Query().Get("kind")))
	if err != nil {
		return err
	}
	return send(w, sheet)
}

// send hands out a sheet.
func send(w http.ResponseWriter, sheet *onboard.Sheet) error {
	return page.Send(w, page.File{Name: sheet.Name, Media: table.Media, Data: sheet.Data})
}
