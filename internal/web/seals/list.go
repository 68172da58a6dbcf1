package seals

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// perPage is how many seals a list shows at once.
const perPage = 24

// A card is a seal in a list.
type card struct {
	ID, Href, Name string
	Picture        string // address of the imprint; empty: it is not shown
	Chips          []page.Chip
	Facts          []page.Fact
	Renew          string // where it is renewed; empty: that is not due
	Offered        bool   // to the reader
}

type listPage struct {
	page.Frame
	Notice  *page.Notice
	Search  page.Search
	Offered []card // to the reader, to be accepted
	Mine    []card
	Cards   []card
	Asked   bool // something was asked for
	Units   []page.Link
	Apply   string
	Empty   page.Empty
	Pager   page.Pager
}

// card shows a seal in a list.
func (s *Service) card(ctx context.Context, n *page.Names, x *seal.Seal) card {
	now := s.now()
	c := card{
		ID: x.ID, Href: page.At(Home, x.ID), Name: shown(ctx, x), Chips: chips(x, now), Renew: renewal(ctx, x, now),
		Facts: []page.Fact{
			{Label: "单位", Text: n.Org(x.Org)}, {Label: "类别", Text: seal.Label(x.Kind)},
			{Label: "有效期至", Text: page.Day(x.ValidTo)}, {Label: "保管人", Text: n.Person(x.Custodian)},
		},
	}
	if !seal.OfPerson(x.Kind) || x.Custodian == iam.Self(ctx) {
		c.Picture = page.At(Home, x.ID, "imprint.png")
	}
	if x.Kind == seal.Personal {
		c.Facts = c.Facts[1:]
	}
	return c
}

func (s *Service) cards(ctx context.Context, n *page.Names, list []*seal.Seal) (out []card) {
	for _, x := range list {
		out = append(out, s.card(ctx, n, x))
	}
	return out
}

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	p := &listPage{Frame: s.Kit.Frame(r, "印章", "seals", page.Wide), Notice: doneNotice(r)}
	if iam.May(ctx, "seal.apply", "") {
		p.Apply = "/console/seal-applications/new"
	}
	ask := seal.Query{Org: q.Get("unit"), State: q.Get("state"), Kind: q.Get("kind"), Text: strings.TrimSpace(q.Get("q")), Limit: perPage, Cursor: q.Get("cursor")}
	p.Asked = ask.Org+ask.State+ask.Kind+ask.Text != ""
	kept, offered, err := s.Seal.Kept(ctx)
	if err != nil {
		return err
	}
	found, err := s.find(ctx, &ask, p)
	if err != nil {
		return err
	}
	who := []string{}
	for _, x := range slices.Concat(kept, offered, found.Items) {
		who = append(who, x.Custodian)
	}
	n, err := page.Named(ctx, s.IAM, who...)
	if err != nil {
		return err
	}
	if !p.Asked && ask.Cursor == "" {
		p.Mine, p.Offered = s.cards(ctx, n, kept), s.cards(ctx, n, offered)
		slices.SortStableFunc(p.Mine, func(a, b card) int { return strings.Compare(due(a), due(b)) })
		for i := range p.Offered {
			p.Offered[i].Offered = true
		}
		found.Items = slices.DeleteFunc(found.Items, func(x *seal.Seal) bool { return x.Custodian != "" && x.Custodian == iam.Self(ctx) }) // they stand above
	}
	p.Cards = s.cards(ctx, n, found.Items)
	p.Search = search(ask, n)
	if found.Next != "" {
		p.Pager.Next = page.Asking(Home, "unit", ask.Org, "q", ask.Text, "state", ask.State, "kind", ask.Kind, "cursor", found.Next)
	}
	if ask.Cursor != "" {
		p.Pager.First = page.Asking(Home, "unit", ask.Org, "q", ask.Text, "state", ask.State, "kind", ask.Kind)
	}
	p.Empty = page.Empty{Title: "还没有印章", Text: "先申请印章，经审核、制作、备案后在这里保管和使用。", Href: p.Apply, Action: "申请印章"}
	if p.Asked {
		p.Empty = page.Empty{Title: "没有找到", Text: "可以填写单位名称中的几个字，或印章名称的开头、印章编号、备案号。", Href: Home, Action: "清除条件"}
	}
	return s.set.Show(w, http.StatusOK, "list", p)
}

// find asks for what was typed: seals by the beginning of their names or by
// number, or else those of the units whose names have the words.
func (s *Service) find(ctx context.Context, ask *seal.Query, p *listPage) (*seal.Page, error) {
	found, err := s.Seal.Search(ctx, *ask)
	if err != nil || len(found.Items) > 0 || ask.Text == "" || ask.Org != "" || !iam.May(ctx, "org.read", "") {
		return found, err
	}
	units, err := s.IAM.OrgsPage(ctx, iam.OrgQuery{Text: ask.Text, Limit: 12})
	if err != nil {
		return nil, err
	}
	for _, o := range units.Items {
		p.Units = append(p.Units, page.Link{Label: o.Name, Href: page.Asking(Home, "unit", o.ID, "state", ask.State, "kind", ask.Kind)})
	}
	if len(units.Items) != 1 {
		return found, nil
	}
	p.Units = nil
	ask.Org, ask.Text = units.Items[0].ID, ""
	return s.Seal.Search(ctx, *ask)
}

// due sorts what is to be renewed before the rest.
func due(c card) string {
	if c.Renew != "" {
		return ""
	}
	return "later"
}

func search(ask seal.Query, n *page.Names) page.Search {
	typed := ask.Text
	if ask.Org != "" && typed == "" {
		typed = n.Org(ask.Org)
	}
	q := page.Search{Action: Home, Label: "查找印章", Fields: []page.Field{
		{ID: "q", Name: "q", Label: "单位或印章", Value: typed, Max: 100, Autocomplete: "off"},
		{ID: "kind", Name: "kind", Label: "类别", Value: ask.Kind, Any: "不限"},
		{ID: "state", Name: "state", Label: "状态", Value: ask.State, Any: "不限"},
	}}
	for _, k := range seal.Kinds() {
		q.Fields[1].Options = append(q.Fields[1].Options, page.Option{Value: k, Label: seal.Label(k)})
	}
	for _, state := range seal.States() {
		q.Fields[2].Options = append(q.Fields[2].Options, page.Option{Value: state, Label: seal.StateName(state)})
	}
	if ask.Org+ask.State+ask.Kind+ask.Text != "" {
		q.Clear = Home
	}
	return q
}
