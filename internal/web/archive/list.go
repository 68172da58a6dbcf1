package archive

import (
	"fmt"
	"net/http"
	"strconv"

	"sidian/internal/archive"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

type listPage struct {
	page.Frame
	Lead  string
	Tabs  page.Tabs
	Table page.Table
}

var stateClass = map[string]string{
	archive.Waiting: page.Care, archive.Ready: page.Care, archive.Failed: page.Bad, archive.Packed: page.Good, archive.Handed: page.Good, archive.Excluded: page.Plain,
}

func stateChip(state string) page.Chip {
	return page.Chip{Class: stateClass[state], Word: archive.Label(state)}
}

// left is what is left of the time, as a chip.
func left(l *due.Left) []page.Chip {
	if l == nil {
		return nil
	}
	class := map[due.Level]string{due.Good: page.Plain, due.Care: page.Care, due.Bad: page.Bad}[l.Level]
	return []page.Chip{{Class: class, Word: l.Text}}
}

var leads = map[string]string{
	archive.Waiting:  "盖章完成的文件自动进入这里。请逐件整理：核对题名，选择保管期限和密级；批量用印的同批文件可以一起整理。",
	archive.Ready:    "已整理的文件。请组成归档信息包，系统随即作四性检测；通过后等待移交。",
	archive.Failed:   "四性检测不通过的文件。请查看是哪一项，更正后重新组包。",
	archive.Packed:   "检测通过、等待移交的文件。请下载归档信息包交档案馆，由档案馆接收或退回，并在这里登记。",
	archive.Handed:   "档案馆已接收的文件，供查阅。",
	archive.Excluded: "已确定不归档的文件和理由。如需归档可以恢复。",
}

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	state := q.Get("state")
	if leads[state] == "" {
		state = archive.Waiting
	}
	list, err := s.Archive.List(ctx, archive.Query{State: state, Org: q.Get("org"), Cursor: q.Get("cursor")})
	if err != nil {
		return err
	}
	counts, err := s.Archive.Rates(ctx)
	if err != nil {
		return err
	}
	p := &listPage{Frame: s.Kit.Frame(r, "归档", "archive", page.Wide), Lead: leads[state], Tabs: page.Tabs{Label: "归档文件的状态"}}
	for _, v := range archive.States() {
		t := page.Tab{Label: archive.Label(v), Href: page.Asking(Home, "state", v, "org", q.Get("org")), Current: v == state}
		if v == archive.Waiting || v == archive.Ready || v == archive.Failed || v == archive.Packed {
			t.Count = int(counts.Total.By[v])
		}
		p.Tabs.Items = append(p.Tabs.Items, t)
	}
	p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: "归档率", Href: Rates})
	p.Table = s.table(list.Items, state)
	if list.Next != "" {
		p.Table.Pager.Next = page.Asking(Home, "state", state, "org", q.Get("org"), "cursor", list.Next)
	}
	if q.Get("cursor") != "" {
		p.Table.Pager.First = page.Asking(Home, "state", state, "org", q.Get("org"))
	}
	return s.set.Show(w, http.StatusOK, "list", p)
}

var empties = map[string]page.Empty{
	archive.Waiting:  {Title: "没有待整理的文件", Text: "文件盖章完成后会自动出现在这里。"},
	archive.Ready:    {Title: "没有待检测的文件", Text: "整理好的文件会出现在这里。"},
	archive.Failed:   {Title: "没有检测不通过的文件"},
	archive.Packed:   {Title: "没有等待移交的文件", Text: "检测通过的归档信息包会出现在这里。"},
	archive.Handed:   {Title: "还没有移交过文件"},
	archive.Excluded: {Title: "没有确定不归档的文件"},
}

func (s *Service) table(list []*archive.Item, state string) page.Table {
	fourth := map[string]string{archive.Packed: "档号", archive.Handed: "档号", archive.Excluded: "理由"}[state]
	if fourth == "" {
		fourth = "归档期限"
	}
	t := page.Table{ID: "items", Caption: "归档文件：" + archive.Label(state), Quiet: true, Head: []string{"题名", "立档单位", "盖章", fourth, "状态"}, Empty: empties[state]}
	for _, it := range list {
		cell := page.Cell{Chips: left(it.Left)}
		switch state {
		case archive.Packed:
			cell = page.Cell{Text: it.Code, Code: true}
		case archive.Handed:
			cell = page.Cell{Text: it.Code, Code: true, Sub: "回执 " + it.Receipt}
		case archive.Excluded:
			cell = page.Cell{Text: it.Note}
		}
		chip := page.Cell{Chips: []page.Chip{stateChip(it.State)}}
		if it.State == archive.Waiting && it.Note != "" {
			chip.Sub = "档案馆退回"
		}
		t.Rows = append(t.Rows, page.Row{ID: "i-" + it.ID, Cells: []page.Cell{
			{Text: it.Title, Href: page.At(Home, it.ID), Sub: it.Purpose}, {Text: it.OrgName}, {Text: page.Ago(it.SealedAt, s.Now())}, cell, chip,
		}})
	}
	return t
}

type ratesPage struct {
	page.Frame
	Total []page.Fact
	Table page.Table
}

func (s *Service) getRates(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	rates, err := s.Archive.Rates(ctx)
	if err != nil {
		return err
	}
	p := &ratesPage{Frame: s.Kit.Frame(r, "归档率", "archive", page.Wide)}
	p.Total = []page.Fact{
		{Label: "盖章完成", Text: number(rates.Total.Sealed)}, {Label: "不归档", Text: number(rates.Total.Excluded)},
		{Label: "已归档", Text: number(rates.Total.Filed)}, {Label: "归档率", Text: fmt.Sprintf("%d%%", rates.Total.Percent)},
	}
	p.Table = page.Table{ID: "rates", Caption: "各单位的归档率", Quiet: true, Head: []string{"立档单位", "盖章完成", "已归档", "已移交", "归档率", "设置"},
		Empty: page.Empty{Title: "还没有盖章完成的文件", Text: "单位用印后，这里显示归档了多少。"}}
	for _, x := range rates.Items {
		row := page.Row{Cells: []page.Cell{
			{Text: x.OrgName, Href: page.Asking(Home, "state", archive.Waiting, "org", x.Org)}, {Text: number(x.Sealed)}, {Text: number(x.Filed)}, {Text: number(x.Handed)},
			{Chips: []page.Chip{{Class: rateClass(x.Percent), Word: fmt.Sprintf("%d%%", x.Percent)}}},
		}}
		if x.Excluded > 0 {
			row.Cells[1].Sub = "其中不归档 " + number(x.Excluded)
		}
		set := page.Cell{Text: "—"}
		if iam.Allow(ctx, "archive.manage", x.Org) == nil {
			set = page.Cell{Actions: []page.Action{{Label: "立档单位", Of: x.OrgName, Href: page.At(Units, x.Org)}}}
		}
		row.Cells = append(row.Cells, set)
		p.Table.Rows = append(p.Table.Rows, row)
	}
	return s.set.Show(w, http.StatusOK, "rates", p)
}

func number(n int64) string { return strconv.FormatInt(n, 10) + " 件" }

func rateClass(percent int) string {
	switch {
	case percent >= 100:
		return page.Good
	case percent >= 60:
		return page.Care
	}
	return page.Bad
}
