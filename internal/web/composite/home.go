package composite

import (
	"net/http"

	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/composite"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

var stateClasses = map[string]string{composite.Altered: page.Bad, composite.Proposed: page.Care, composite.Issuing: page.Care, composite.Issued: page.Good}

// chips are where a composite stands.
func chips(c *composite.Composite) (out []page.Chip) {
	if c.State != composite.Issued {
		class := stateClasses[c.State]
		if class == "" {
			class = page.Plain
		}
		return []page.Chip{{Class: class, Word: c.StateName}}
	}
	out = append(out, statusChip(c.Status, c.StatusName))
	switch c.Standing {
	case composite.Suspended:
		out = append(out, page.Chip{Class: page.Care, Word: c.StandingName})
	case composite.Broken:
		out = append(out, page.Chip{Class: page.Bad, Word: c.StandingName})
	}
	return out
}

// statusChip is the status of a certificate.
func statusChip(status, name string) page.Chip {
	i, ok := state.Of(state.Status(status))
	switch {
	case status == cert.Effective:
		return page.Chip{Class: page.Good, Word: name}
	case ok && i.Passes:
		return page.Chip{Class: page.Care, Word: name}
	}
	return page.Chip{Class: page.Bad, Word: name}
}

func (s *Service) getHome(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	list, err := s.Composite.List(ctx, composite.Query{Standing: q.Get("standing"), State: q.Get("state"), Cursor: q.Get("cursor")})
	if err != nil {
		return err
	}
	p := s.sheet(r, "composites", "行业综合许可", "把一家企业同一行业的多项许可归集为一张证照；经办人提出，另一位签发人签发，此后它的状态由平台按各项许可的状态变更。", page.Wide)
	now := Home
	if v := q.Get("standing"); v != "" {
		now = page.Asking(Home, "standing", v)
	} else if v := q.Get("state"); v != "" {
		now = page.Asking(Home, "state", v)
	}
	p.Views("综合许可", now, page.Tab{Label: "全部", Href: Home}, page.Tab{Label: "待签发", Href: page.Asking(Home, "state", composite.Proposed)},
		page.Tab{Label: "许可暂停", Href: page.Asking(Home, "standing", string(composite.Suspended))}, page.Tab{Label: "许可已终止", Href: page.Asking(Home, "standing", string(composite.Broken))})
	if iam.May(ctx, "cert.draft", "") {
		p.Doors = append(p.Doors, page.Door{ID: "compose", Label: "组合一份", Href: Home + "/new", First: true})
	}
	if iam.MayAny(ctx, "", "kind.manage", "catalogue.agree") {
		p.Doors = append(p.Doors, page.Door{ID: "schemes", Label: "看方案", Href: Schemes})
	}
	t := &page.Table{ID: "composites", Caption: "综合许可", Quiet: true, Head: []string{"企业", "行业", "状态", "证照编号", "牵头单位", "提出时间"},
		Empty: page.Empty{Title: "这里还没有综合许可", Text: "由经办人按现行方案组合，写一份许可的电子证照标识即可。"}}
	for _, c := range list.Items {
		status := page.Cell{Chips: chips(c), Sub: c.Because}
		t.Rows = append(t.Rows, page.Row{ID: "composite-" + c.ID, Cells: []page.Cell{{Text: c.HolderName, Href: page.At(Home, c.ID)}, {Text: c.Industry, Sub: c.Title}, status,
			{Text: c.Number, Code: true}, {Text: c.UnitName}, {Text: page.Moment(c.ProposedAt)}}})
	}
	if list.Next != "" {
		t.Pager = page.Pager{Next: page.Asking(Home, "standing", q.Get("standing"), "state", q.Get("state"), "cursor", list.Next), NextWord: "更早的"}
	}
	if q.Has("cursor") {
		t.Pager.First = now
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

// memberTable shows what folds in, each as it stands today.
func memberTable(list []composite.Member) *page.Table {
	t := &page.Table{ID: "members", Caption: "归集的许可", Quiet: true, Head: []string{"许可", "许可证编号", "许可机关", "有效期至", "今天的状态"}}
	for _, m := range list {
		status := page.Cell{Chips: []page.Chip{statusChip(m.Status, m.StatusName)}}
		if !m.Permitted {
			status.Sub = "此项不准经营"
		}
		if m.Followed {
			status.Sub += "已换发新版本，以新版本为准"
		}
		title := page.Cell{Text: m.Title, Sub: "必备"}
		if !m.Required {
			title.Sub = "可选"
		}
		t.Rows = append(t.Rows, page.Row{ID: "member-" + m.Kind, Cells: []page.Cell{title, {Text: m.Number, Code: true}, {Text: m.IssuerName}, {Text: till(m.ValidTo)}, status}})
	}
	return t
}

func till(day string) string {
	if day == "" {
		return "长期"
	}
	return day
}
