package feedback

import (
	"net/http"
	"strconv"

	"sidian/internal/feedback"
	"sidian/internal/web/page"
)

type reportPage struct {
	page.Frame
	Problem *page.Problem
	Search  page.Search
	Table   page.Table
	More    bool
}

func (s *Service) getReport(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query()
	q := feedback.ReportQuery{From: asked.Get("from"), To: asked.Get("to")}
	p := &reportPage{Frame: s.Kit.Frame(r, "执法反馈统计", "feedback-report", page.Wide)}
	fields := []page.Field{
		{ID: "from", Name: "from", Label: "起始月份", Value: q.From, Type: "month", Short: true}, {ID: "to", Name: "to", Label: "截止月份", Value: q.To, Type: "month", Short: true},
	}
	code := http.StatusOK
	out, err := s.Feedback.Report(r.Context(), q)
	if err != nil {
		if code = page.StatusOf(err); code == 0 {
			return err
		}
		p.Problem = page.Mark(err, fields)
		out = &feedback.Report{From: q.From, To: q.To}
	}
	fields[0].Value, fields[1].Value, p.More = out.From, out.To, out.More
	p.Search = page.Search{Action: Report, Label: "统计的月份", Fields: fields, Button: "统计"}
	p.Table = page.Table{ID: "feedback-sums", Caption: "各单位各月", Quiet: true, Head: []string{"月份", "发证单位", "收到", "状态已变更", "已是该状态", "未采纳", "已撤回", "待确认", "超期", "平均答复"},
		Empty: page.Empty{Title: "这些月份没有执法反馈", Text: "换一段时间再统计。"}}
	for i := range out.Rows {
		l := &out.Rows[i]
		n := func(v int64) page.Cell { return page.Cell{Text: strconv.FormatInt(v, 10)} }
		took := "—"
		if l.Done+l.Moot+l.Refused > 0 {
			took = page.Lasting(int(l.Minutes) * 60)
		}
		p.Table.Rows = append(p.Table.Rows, page.Row{Cells: []page.Cell{{Text: l.Month}, {Text: l.UnitName}, n(l.Filed), n(l.Done), n(l.Moot), n(l.Refused), n(l.Withdrawn), n(l.Open), n(l.Late), {Text: took}}})
	}
	return s.set.Show(w, code, "report", p)
}
