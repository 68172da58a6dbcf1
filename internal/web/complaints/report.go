package complaints

import (
	"fmt"
	"net/http"
	"strconv"

	"sidian/internal/complaint"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// shownUnits is how many units the page shows; the file has all.
const shownUnits = 100

type reportPage struct {
	page.Frame
	Problem *page.Problem
	Search  page.Search
	R       *complaint.Report
	Sums    []page.Fact
	Chart   *chart
	Units   page.Table
	More    int
	CSV     string
	XLSX    string
}

func (s *Service) getReport(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query()
	q := complaint.ReportQuery{From: asked.Get("from"), To: asked.Get("to"), Unit: asked.Get("unit")}
	p := &reportPage{Frame: s.Kit.Frame(r, "拒收统计", "complaint-report", page.Wide)}
	rep, err := s.Complaints.Report(r.Context(), q)
	status := http.StatusOK
	if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
		p.Problem, _ = page.ProblemOf(err, map[string]string{"from": "from", "to": "to"})
		status, err = http.StatusUnprocessableEntity, nil
	}
	if err != nil {
		return err
	}
	if rep != nil {
		q.From, q.To = rep.From, rep.To
		p.fill(rep, q)
	}
	p.Search = page.Search{Action: Report, Label: "月份", Fields: []page.Field{
		{ID: "from", Name: "from", Label: "起（年-月）", Value: q.From, Max: 7, Short: true, Code: true, Error: p.Problem.At("from")},
		{ID: "to", Name: "to", Label: "止（年-月）", Value: q.To, Max: 7, Short: true, Code: true, Error: p.Problem.At("to")},
	}}
	return s.set.Show(w, status, "report", p)
}

func (p *reportPage) fill(rep *complaint.Report, q complaint.ReportQuery) {
	p.R = rep
	t := rep.Total
	p.Sums = []page.Fact{
		{Label: "收到", Text: count(t.Filed)}, {Label: "属实", Text: count(t.Upheld) + rest(t.Mending, "，其中 %d 件尚未改正办结")}, {Label: "不属实", Text: count(t.Dismissed)},
		{Label: "法定不适用", Text: count(t.Exempt)}, {Label: "尚未处理", Text: count(t.Open)}, {Label: "已撤回", Text: count(t.Withdrawn)}, {Label: "处理用时", Text: days(rep.Median, t)},
	}
	p.Chart = chartOf(rep.Months)
	p.Units = page.Table{ID: "units", Caption: "各单位，属实多的在前", Quiet: true, Head: []string{"单位", "收到", "属实", "不属实", "法定不适用", "尚未处理", "处理用时（中位数）"},
		Empty: page.Empty{Title: "这段时间没有投诉", Text: "有人投诉拒收电子印章后，这里按单位统计。"}}
	for i := range rep.Units {
		if i == shownUnits {
			p.More = len(rep.Units) - shownUnits
			break
		}
		u := &rep.Units[i]
		name := page.Cell{Text: u.OrgName}
		if u.Repeat {
			name.Chips = []page.Chip{{Class: page.Bad, Word: "多次属实"}}
		}
		p.Units.Rows = append(p.Units.Rows, page.Row{Cells: []page.Cell{name, {Text: num(u.Filed)}, {Text: num(u.Upheld)}, {Text: num(u.Dismissed)}, {Text: num(u.Exempt)}, {Text: num(u.Open)}, {Text: days(u.Median, u.Sums)}}})
	}
	p.CSV = page.Asking(Report+"/file", "from", q.From, "to", q.To, "unit", q.Unit, "format", complaint.CSV)
	p.XLSX = page.Asking(Report+"/file", "from", q.From, "to", q.To, "unit", q.Unit, "format", complaint.XLSX)
}

func num(n int64) string   { return strconv.FormatInt(n, 10) }
func count(n int64) string { return num(n) + " 件" }

func rest(n int64, text string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(text, n)
}

func days(median float64, s complaint.Sums) string {
	if s.Upheld+s.Dismissed+s.Exempt == 0 {
		return "—"
	}
	if median == 0 {
		return "当日"
	}
	return strconv.FormatFloat(median, 'f', -1, 64) + " 个工作日"
}

// A chart is a bar for each month: what is true at the bottom, then what is not,
// then what is not decided.
type chart struct {
	Width, Height, Base int
	Grid                []tick
	Bars                []bar
	Alt                 string
}

type tick struct {
	Y    int
	Text string
}

type bar struct {
	X, Mid, Wide int
	Month, Sum   string
	Top          int // where the sum stands
	Parts        []part
}

type part struct {
	Class   string
	Y, High int
}

// Sizes of the chart, in units of its picture.
const (
	barWide, barGap   = 44, 28
	chartLeft, chartH = 44, 180
	chartTop          = 24
)

func chartOf(months []complaint.MonthRow) *chart {
	most := int64(1)
	total := int64(0)
	for _, m := range months {
		most, total = max(most, m.Filed), total+m.Filed
	}
	if total == 0 {
		return nil
	}
	wide, gap := barWide, barGap
	if len(months) > 12 {
		wide, gap = 18, 10
	}
	c := &chart{Width: chartLeft + len(months)*(wide+gap) + gap, Height: chartTop + chartH + 34, Base: chartTop + chartH, Alt: "每月收到的投诉："}
	for _, k := range []int64{0, (most + 1) / 2, most} {
		if n := len(c.Grid); n == 0 || c.Grid[n-1].Text != num(k) {
			c.Grid = append(c.Grid, tick{Y: c.Base - int(k*chartH/most), Text: num(k)})
		}
	}
	for i, m := range months {
		b := bar{X: chartLeft + gap + i*(wide+gap), Wide: wide, Month: m.Month[5:] + "月", Sum: num(m.Filed)}
		if m.Month[5:] == "01" || i == 0 || len(months) > 12 && i%6 == 0 {
			b.Month = m.Month
		}
		if len(months) > 12 && i%6 != 0 {
			b.Month = ""
		}
		b.Mid = b.X + wide/2
		y := int64(0)
		for _, x := range []struct {
			class string
			n     int64
		}{{"upheld", m.Upheld}, {"other", m.Dismissed + m.Exempt + m.Withdrawn}, {"open", m.Open}} {
			if x.n == 0 {
				continue
			}
			from, to := y*chartH/most, (y+x.n)*chartH/most
			b.Parts = append(b.Parts, part{Class: x.class, Y: c.Base - int(to), High: int(to - from)})
			y += x.n
		}
		b.Top = c.Base - int(y*chartH/most) - 6
		c.Bars = append(c.Bars, b)
		c.Alt += fmt.Sprintf("%s 收到 %d 件，属实 %d 件；", m.Month, m.Filed, m.Upheld)
	}
	return c
}

func (s *Service) getExport(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query()
	c, err := s.Complaints.Export(r.Context(), complaint.ReportQuery{From: asked.Get("from"), To: asked.Get("to"), Unit: asked.Get("unit")}, asked.Get("format"))
	if err != nil {
		return err
	}
	return send(w, c)
}
