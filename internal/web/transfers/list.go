package transfers

import (
	"context"
	"errors"
	"net/http"

	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// chipsOf say where a transfer stands; what is agreed may still be to come.
func chipsOf(t *cert.Transfer, today string) []page.Chip {
	c := page.Chip{Class: page.Plain, Word: t.StateName}
	switch t.State {
	case cert.TransferProposed:
		c.Class = page.Care
	case cert.TransferAgreed:
		if t.From > today {
			return []page.Chip{{Class: page.Good, Word: t.StateName}, {Class: page.Care, Word: "未到移交之日"}}
		}
		return []page.Chip{{Class: page.Good, Word: t.StateName}, {Class: page.Good, Word: "已移交"}}
	case cert.TransferRefused:
		c.Class = page.Bad
	}
	return []page.Chip{c}
}

// kindTitle is what people call a kind; one that is not in the catalogue stays its
// name.
func (s *Service) kindTitle(ctx context.Context, name string) (string, error) {
	k, err := s.Catalogue.Get(ctx, name)
	if errors.Is(err, fault.NotFound) {
		return name, nil
	}
	if err != nil {
		return "", err
	}
	return k.Title, nil
}

// views are the tabs of the list, by the state that they show.
var views = []struct{ state, label, empty string }{
	{"", "全部", "证照改由另一个单位颁发时，由现在的签发单位或管理目录的单位提出移交。"},
	{cert.TransferProposed, "待同意", "有移交待管理单位同意时，列在这里。"},
	{cert.TransferAgreed, "已同意", "管理单位同意的移交列在这里。"},
	{cert.TransferRefused, "不同意", "管理单位不同意的移交列在这里。"},
	{cert.TransferWithdrawn, "已撤回", "提出单位撤回的移交列在这里。"},
}

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	ctx, state := r.Context(), r.URL.Query().Get("state")
	all, err := s.Cert.Transfers(ctx)
	if err != nil {
		return err
	}
	p := s.sheet(r, "颁证职责移交", "证照颁发部门调整时，在这里把一类证照的颁发职责移交给另一个单位；由现在的签发单位提出，由双方的共同上级同意。", page.Wide)
	p.Doors = []page.Door{{ID: "new", Label: "提出移交", Href: New, First: true}}
	view := views[0]
	var tabs []page.Tab
	for _, v := range views {
		tabs = append(tabs, page.Tab{Label: v.label, Href: page.Asking(Home, "state", v.state)})
		if v.state == state {
			view = v
		}
	}
	p.Views("状态", page.Asking(Home, "state", view.state), tabs...)
	t := &page.Table{ID: "transfers", Caption: "颁证职责移交", Quiet: true, Head: []string{"证照", "移交单位", "承接单位", "移交之日", "状态", "提出"},
		Empty: page.Empty{Title: "没有移交", Text: view.empty}}
	titles := map[string]string{}
	for _, x := range all {
		if view.state != "" && x.State != view.state {
			continue
		}
		if titles[x.Kind] == "" {
			if titles[x.Kind], err = s.kindTitle(ctx, x.Kind); err != nil {
				return err
			}
		}
		t.Rows = append(t.Rows, page.Row{ID: "transfer-" + x.ID, Cells: []page.Cell{
			{Text: titles[x.Kind], Href: at(x.ID)}, {Text: x.IssuerName}, {Text: x.SuccessorName}, {Text: x.From}, {Chips: chipsOf(x, s.today())}, {At: x.CreatedAt},
		}})
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}
