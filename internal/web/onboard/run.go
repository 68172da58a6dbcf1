package onboard

import (
	"fmt"
	"net/http"
	"strconv"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/onboard"
	"sidian/internal/web/page"
)

// A runPage is a run at the step where it is.
type runPage struct {
	page.Frame
	Run      *onboard.Run
	Chip     page.Chip
	Lead     string
	Notice   *page.Notice
	Problem  *page.Problem
	Steps    []page.Step
	Facts    []page.Fact
	Problems page.Table
	Start    *page.Confirm
	Follow   bool // it goes on by itself
	Links    []linkPart
	Grants   string // where a security administrator decides on roles
	At       string
}

// A linkPart is a button that takes one-time links.
type linkPart struct {
	Label string
	After int
}

func (s *Service) run(r *http.Request) (*runPage, error) {
	ctx := r.Context()
	run, err := s.Onboard.Run(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	found, err := s.Onboard.Problems(ctx, run.ID, max(after, 0), 50)
	if err != nil {
		return nil, err
	}
	p := &runPage{Frame: s.Kit.Frame(r, "批量导入"+run.Kind.Title(), "onboarding", page.Wide), Run: run, Chip: words[run.State], At: at(run.ID, "")}
	p.Steps, p.Lead = stepsOf(run), leads[run.State]
	p.Facts = factsOf(run)
	p.Problems = problemTable(run, found, after)
	switch run.State {
	case onboard.Draft:
		p.Start = startOf(run, r)
	case onboard.Running:
		p.Follow = true
		p.Frame = p.WithScript("follow.js")
	case onboard.Finished, onboard.Over:
		if run.Kind == onboard.People {
			if p.Links, err = s.linkParts(r, run); err != nil {
				return nil, err
			}
			p.Grants = s.address(r) + at(run.ID, "/grants")
		}
	}
	if run.Trouble != "" {
		p.Notice = &page.Notice{Class: page.Bad, Title: "导入已停下", Text: run.Trouble}
	}
	return p, nil
}

// leads say what the page is for and who goes on.
var leads = map[string]string{
	onboard.Reading:  "正在读取表格，请稍后刷新。",
	onboard.Draft:    "这是预检结果，还没有导入任何内容。确认后由您开始导入；有错误的行会跳过，改好后再上传一次即可，导入过的行不会重复。",
	onboard.Running:  "正在逐行导入，可以离开这个页面，导入会继续。",
	onboard.Paused:   "导入已暂停，已导入的保留；由您继续或放弃。",
	onboard.Finished: "导入已完成。未导入的行在错误报告中，改好后再上传一次即可，导入过的行不会重复。",
	onboard.Over:     "这次导入已放弃，已导入的保留。",
}

func stepsOf(run *onboard.Run) []page.Step {
	order := map[string]int{onboard.Reading: 1, onboard.Draft: 2, onboard.Running: 3, onboard.Paused: 3, onboard.Finished: 4, onboard.Over: 4}
	list := []page.Step{{Title: "上传表格"}, {Title: "预检"}, {Title: "确认并开始"}, {Title: "逐行导入"}, {Title: "领取结果"}}
	for i := range list {
		switch now := order[run.State]; {
		case i < now:
			list[i].State = "done"
		case i == now:
			list[i].State = "now"
		default:
			list[i].State = "todo"
		}
	}
	return list
}

func factsOf(run *onboard.Run) []page.Fact {
	list := []page.Fact{
		{Label: "数据行数", Text: strconv.Itoa(run.Total)},
		{Label: "已导入", Text: strconv.Itoa(run.Done)},
		{Label: "待导入", Text: strconv.Itoa(run.Pending)},
		{Label: "有错误", Text: strconv.Itoa(run.Refused)},
		{Label: "以前导入过", Text: strconv.Itoa(run.Repeated)},
	}
	if run.State == onboard.Running && run.Rate > 0 {
		list = append(list, page.Fact{Label: "速度", Text: fmt.Sprintf("每秒 %.0f 行，约剩 %s", run.Rate, page.Lasting(run.Left))})
	}
	if run.Reason != "" {
		list = append(list, page.Fact{Label: "理由", Text: run.Reason})
	}
	list = append(list, page.Fact{Label: "上传时间", At: run.Created})
	if !run.Finished.IsZero() {
		list = append(list, page.Fact{Label: "结束时间", At: run.Finished})
	}
	return append(list, page.Fact{Label: "文件摘要（SM3）", Text: run.Digest[:16] + "…", Code: true})
}

// problemTable shows each problem at its cell.
func problemTable(run *onboard.Run, found *onboard.ProblemPage, after int) page.Table {
	t := page.Table{ID: "problems", Caption: "有错误的单元格", Quiet: true, Head: []string{"位置", "列", "原值", "违反的规则", "怎么改"}}
	for _, p := range found.Items {
		where := page.Cell{Text: "第 " + strconv.Itoa(p.Line) + " 行", Sub: p.Cell}
		column := p.Column
		if column == "" {
			column = "整行"
		}
		value := p.Value
		if value == "" {
			value = "（空）"
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{where, {Text: column}, {Text: value}, {Text: p.Rule}, {Text: p.Fix}}})
	}
	if found.Next > 0 {
		t.Pager.Next = at(run.ID, "?after="+strconv.Itoa(found.Next)+"#problems")
	}
	if after > 0 {
		t.Pager.First = at(run.ID, "#problems")
	}
	return t
}

func startOf(run *onboard.Run, r *http.Request) *page.Confirm {
	c := &page.Confirm{Action: at(run.ID, "/start"), Button: "开始导入", Busy: "正在开始…", Reason: page.Field{Value: r.PostFormValue("reason"), Hint: "写明依据，如机构改革文件、任职文件的文号，记入审计"}}
	c.Title = fmt.Sprintf("导入 %d 行%s", run.Pending, run.Kind.Title())
	c.Text = "单位立即可用。"
	if run.Kind == onboard.People {
		c.Text = "账号立即开通，但在本人用一次性链接设置密码前不能登录；角色由安全管理员批准后生效。"
	}
	if run.Refused > 0 {
		c.Text += fmt.Sprintf("有错误的 %d 行不导入。", run.Refused)
	}
	return c
}

// linkParts are the buttons that take one-time links, as many at once as can be
// handed out while they last.
func (s *Service) linkParts(r *http.Request, run *onboard.Run) (list []linkPart, err error) {
	parts, err := s.Onboard.LinkParts(r.Context(), run.ID)
	for _, after := range parts {
		label := "生成并下载一次性链接"
		if len(parts) > 1 {
			label = fmt.Sprintf("从第 %d 行起的一次性链接", after+1)
		}
		list = append(list, linkPart{label, after})
	}
	return list, err
}

// address is where the platform is, as links say it.
func (s *Service) address(r *http.Request) string {
	if s.BaseURL != "" {
		return s.BaseURL
	}
	if httpx.MetaFrom(r.Context()).Secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (s *Service) getRun(w http.ResponseWriter, r *http.Request) error {
	p, err := s.run(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "run", p)
}

func (s *Service) postAction(w http.ResponseWriter, r *http.Request) (err error) {
	ctx, id := r.Context(), r.PathValue("id")
	switch r.PathValue("action") {
	case "start":
		_, err = s.Onboard.Start(ctx, id, r.PostFormValue("reason"))
	case "pause":
		_, err = s.Onboard.Pause(ctx, id)
	case "resume":
		_, err = s.Onboard.Resume(ctx, id)
	case "discard":
		err = s.Onboard.Discard(ctx, id)
	default:
		return fault.NotFound.New("没有这个页面").WithCode("route.unknown")
	}
	if err == nil {
		return page.See(w, r, at(id, ""))
	}
	return s.refuse(w, r, err)
}

// refuse shows the run again, with what was refused above it.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	status, wrong := statusOf(err)
	if wrong == nil {
		return err
	}
	p, e := s.run(r)
	if e != nil {
		return e
	}
	p.Problem, p.Title = wrong, "有错误："+p.Title
	if p.Start != nil {
		p.Start.Reason.Error = wrong.At("reason")
	}
	for i := range wrong.Fields {
		if wrong.Fields[i].Label = "理由"; p.Start == nil {
			wrong.Fields[i].ID = ""
		}
	}
	return s.set.Show(w, status, "run", p)
}

func (s *Service) getReport(w http.ResponseWriter, r *http.Request) error {
	sheet, err := s.Onboard.Report(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return send(w, sheet)
}

func (s *Service) postLinks(w http.ResponseWriter, r *http.Request) error {
	after, _ := strconv.Atoi(r.PostFormValue("after"))
	sheet, _, err := s.Onboard.Links(r.Context(), r.PathValue("id"), s.address(r), max(after, 0))
	if err != nil {
		return s.refuse(w, r, err)
	}
	return send(w, sheet)
}
