package web

import (
	"context"
	"strconv"
	"time"

	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/todo"
	"sidian/internal/web/page"
)

// today is what the reader does first: how much waits, and the most urgent of it.
type today struct {
	Tiles []tile
	Doors []page.Door
	Table page.Table
}

// A tile is a number that people look at first; Class as of a chip.
type tile struct {
	Number, Label, Href, Class string
}

// firstFew is how much of what waits the first page shows, of so many that are
// looked at: what cannot be done yet is not among them.
const (
	firstFew = 5
	lookedAt = 30
)

// Places where work begins.
const (
	dueAt     = "/console/due"
	collectAt = "/console/issuing/new"
	queueAt   = "/console/issuing"
	mattersAt = "/console/matters"
	sealingAt = "/console/sealing"
)

// today is nil for who works with nothing that has a deadline: holders, and where
// nobody keeps deadlines.
func (s *Service) today(ctx context.Context) (*today, error) {
	who, ok := iam.From(ctx)
	if s.Todo == nil || !ok || who.Account == "" || who.Kind == iam.Holder {
		return nil, nil
	}
	counts, err := s.Todo.Counts(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Todo.List(ctx, todo.Query{View: todo.Mine, Limit: lookedAt})
	if err != nil {
		return nil, err
	}
	t := &today{Tiles: tilesOf(counts, s.Todo.MayUnit(ctx)), Table: urgent(list.Items, s.Todo.DB.Now())}
	if iam.May(ctx, "cert.draft", "") {
		t.Doors = append(t.Doors, page.Door{ID: "collect", Label: "采集一份证照", Href: collectAt, First: true})
	}
	if iam.MayAny(ctx, "", "cert.draft", "cert.review", "cert.issue") {
		t.Doors = append(t.Doors, page.Door{ID: "queue", Label: "看经办队列", Href: queueAt})
	}
	if iam.May(ctx, "seal.use", "") {
		t.Doors = append(t.Doors, page.Door{ID: "sealing", Label: "看用印申请", Href: sealingAt})
	}
	if iam.May(ctx, "matter.manage", "") {
		t.Doors = append(t.Doors, page.Door{ID: "matters", Label: "看办件", Href: mattersAt})
	}
	return t, nil
}

// tilesOf are the numbers; what needs no care has no colour.
func tilesOf(c due.Counts, unit bool) []tile {
	coloured := func(n int, class string) string {
		if n == 0 {
			return page.Plain
		}
		return class
	}
	n := strconv.Itoa
	list := []tile{{n(c.Mine.Overdue), "已超期", dueAt, coloured(c.Mine.Overdue, page.Bad)}, {n(c.Mine.Soon), "将到期", dueAt, coloured(c.Mine.Soon, page.Care)}, {n(c.Mine.Open), "我的待办", dueAt, page.Plain}}
	if unit {
		list = append(list, tile{n(c.Unit.Open), "本单位的待办", dueAt + "?view=" + todo.Unit, page.Plain})
	}
	return list
}

var leftClasses = map[due.Level]string{due.Good: page.Good, due.Care: page.Care, due.Bad: page.Bad}

// urgent is what is due first of what can be done.
func urgent(items []todo.Item, now time.Time) page.Table {
	t := page.Table{ID: "first", Caption: "先办这些", Quiet: true, Head: []string{"事项", "剩余时间", "截止"},
		Empty: page.Empty{Title: "眼下没有要办的", Text: "有时限的事项，到了可以办理的时候，最急的列在这里；全部见“待办”。"}}
	for i := range items {
		x := &items[i]
		if x.Opens.After(now) {
			continue
		}
		if len(t.Rows) == firstFew {
			break
		}
		class := leftClasses[x.Left.Level]
		if x.State == due.Paused {
			class = page.Plain
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: x.Title, Href: page.Local(x.Link, "")}, {Chips: []page.Chip{{Class: class, Word: x.Left.Text}}}, {At: x.Promise.Due}}})
	}
	return t
}
