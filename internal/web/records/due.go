package records

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/todo"
	"sidian/internal/web/page"
)

type dueView struct {
	page.Frame
	Tabs    page.Tabs
	Summary []page.Chip
	Table   page.Table
	Unit    string // the unit that is looked at
	History bool
}

var dueTitles = map[string]string{todo.Mine: "我的待办", todo.Unit: "本单位的待办", todo.All: "全部待办"}

// getDue shows what is due, overdue first.
func (s *Service) getDue(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q := todo.Query{View: r.URL.Query().Get("view"), Org: r.URL.Query().Get("org"), Cursor: r.URL.Query().Get("cursor"), Limit: 30}
	if q.View == "" {
		q.View = todo.Mine
	}
	list, err := s.Todo.List(ctx, q)
	if err != nil {
		return err
	}
	counts, err := s.Todo.Counts(ctx)
	if err != nil {
		return err
	}
	n := s.namer(ctx)
	p := dueView{Frame: s.Kit.Frame(r, "待办", "due", ""), History: iam.Allow(ctx, todo.Read, "") == nil}
	c := counts.Mine
	if q.View == todo.Unit {
		c = counts.Unit
	}
	if q.Org != "" {
		p.Unit = n.org(q.Org)
	} else if q.View != todo.All {
		p.Summary = countChips(c)
	}
	if c.Overdue > 0 {
		p.Title = fmt.Sprintf("待办（%d 项超期）", c.Overdue)
	}
	p.Tabs = s.dueTabs(r, q, counts)
	p.Table = s.dueTable(n, list, q)
	if n.err != nil {
		return n.err
	}
	return s.set.Show(w, http.StatusOK, "due", p)
}

func (s *Service) dueTabs(r *http.Request, q todo.Query, c due.Counts) page.Tabs {
	t := page.Tabs{Label: "范围", Items: []page.Tab{{Label: "我的", Href: "/console/due", Current: q.Org == "" && q.View == todo.Mine, Count: c.Mine.Open}}}
	if s.Todo.MayUnit(r.Context()) {
		t.Items = append(t.Items, page.Tab{Label: "本单位", Href: "/console/due?view=" + todo.Unit, Current: q.Org == "" && q.View == todo.Unit, Count: c.Unit.Open})
	}
	if iam.Allow(r.Context(), todo.Read, "") == nil {
		t.Items = append(t.Items, page.Tab{Label: "全部", Href: "/console/due?view=" + todo.All, Current: q.Org == "" && q.View == todo.All})
	}
	return t
}

func countChips(c due.Count) (chips []page.Chip) {
	for _, x := range []struct {
		n           int
		class, word string
	}{{c.Overdue, page.Bad, "超期"}, {c.Soon, page.Care, "将到期"}, {c.Paused, page.Plain, "计时暂停"}} {
		if x.n > 0 {
			chips = append(chips, page.Chip{Class: x.class, Word: fmt.Sprintf("%s %d 项", x.word, x.n)})
		}
	}
	return chips
}

func (s *Service) dueTable(n *namer, list *todo.List, q todo.Query) page.Table {
	t := page.Table{Caption: dueTitles[q.View] + "，最急的在前", Quiet: true, Head: []string{"事项", "剩余时间", "单位", "由谁办理", "截止", "依据"}}
	t.Empty = page.Empty{Title: "没有待办", Text: "有时限的事项分到您或您的单位时，会列在这里，到期前提醒。"}
	for i := range list.Items {
		x := &list.Items[i]
		class := map[due.Level]string{due.Good: page.Good, due.Care: page.Care, due.Bad: page.Bad}[x.Left.Level]
		if x.State == due.Paused {
			class = page.Plain
		}
		by := "持有相应权限的人员"
		switch {
		case x.Mine && x.Account != "":
			by = "您本人"
		case x.Mine:
			by = "您，或同权限的人员"
		case x.Account != "":
			by = "指定的经办人员"
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{
			{Text: x.Title, Href: doneAt(x), Sub: x.Reason},
			{Chips: []page.Chip{{Class: class, Word: x.Left.Text}}, Sub: x.Left.Note},
			{Text: n.org(x.Org)},
			{Text: by},
			{At: x.Promise.Due},
			{Text: x.Amount, Sub: x.Origin.String() + "：" + strings.TrimPrefix(x.Basis, "平台默认：")},
		}})
	}
	if list.Next != "" {
		t.Pager = page.Pager{Next: address("/console/due", "view", q.View, "org", q.Org, "cursor", list.Next)}
	}
	return t
}

// doneAt is where it is done, for who can do it.
func doneAt(x *todo.Item) string {
	if !x.Mine {
		return ""
	}
	return page.Local(x.Link, "")
}

type historyView struct {
	page.Frame
	Tabs   page.Tabs
	Search page.Search
	Months []historyMonth
	Wrong  *page.Problem
}

type historyMonth struct {
	Month string
	Table page.Table
}

// monthsBack is how many months of history are shown unless others are asked for.
const monthsBack = 5

// getHistory tells how what was due ended.
func (s *Service) getHistory(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q := r.URL.Query()
	from, to := q.Get("from"), q.Get("to")
	if from == "" && to == "" {
		now := page.In(s.Todo.DB.Now())
		from = time.Date(now.Year(), now.Month()-monthsBack, 1, 0, 0, 0, 0, now.Location()).Format("2006-01")
	}
	p := historyView{Frame: s.Kit.Frame(r, "按时办结情况", "due", "")}
	list, err := s.Todo.History(ctx, from, to)
	status := http.StatusOK
	if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
		p.Wrong = &page.Problem{Msg: f.Msg, Hint: "按年月填写，例如 2026-11"}
		list, err, status = nil, nil, http.StatusUnprocessableEntity
	}
	if err != nil {
		return err
	}
	p.Search = page.Search{Action: "/console/due/history", Label: "月份", Fields: []page.Field{
		{ID: "h-from", Name: "from", Label: "起（年-月）", Value: from, Max: 7, Short: true, Code: true}, {ID: "h-to", Name: "to", Label: "止（年-月）", Value: to, Max: 7, Short: true, Code: true},
	}}
	n := s.namer(ctx)
	for _, t := range list {
		if k := len(p.Months); k == 0 || p.Months[k-1].Month != t.Month {
			p.Months = append(p.Months, historyMonth{t.Month, page.Table{Caption: t.Month, Head: []string{"时限", "单位", "按时", "超期", "不再需要", "按时率", "平均用时"}}})
		}
		last := &p.Months[len(p.Months)-1]
		last.Table.Rows = append(last.Table.Rows, tallyRow(n, t))
	}
	if n.err != nil {
		return n.err
	}
	return s.set.Show(w, status, "history", p)
}

func tallyRow(n *namer, t due.Tally) page.Row {
	rate, mean := "—", "—"
	if ended := t.Kept + t.Late; ended > 0 {
		rate = fmt.Sprintf("%.1f%%", float64(t.Kept)*100/float64(ended))
		mean = lasting(time.Duration(t.Minutes/ended) * time.Minute)
	}
	late := page.Cell{Text: fmt.Sprint(t.Late)}
	if t.Late > 0 {
		late = page.Cell{Chips: []page.Chip{{Class: page.Bad, Word: fmt.Sprintf("超期 %d", t.Late)}}}
	}
	return page.Row{Cells: []page.Cell{{Text: t.Name}, {Text: n.org(t.Org)}, {Text: fmt.Sprint(t.Kept)}, late, {Text: fmt.Sprint(t.Dropped)}, {Text: rate}, {Text: mean}}}
}

// lasting is a duration as people say it.
func lasting(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d 分钟", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%.1f 小时", d.Hours())
	}
	return fmt.Sprintf("%.1f 天", d.Hours()/24)
}
