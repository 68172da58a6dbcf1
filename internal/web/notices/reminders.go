package notices

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/iam"
	"sidian/internal/remind"
	"sidian/internal/web/page"
)

// Reminders is where a unit reads what its certificates were reminded of.
const Reminders = "/console/reminders"

var needReminders = iam.Needs(remind.Read)

var holderClass = map[string]string{remind.Told: page.Good, remind.NoAccount: page.Care, remind.NotAsked: page.Plain, remind.Overtaken: page.Plain}

// getReminders shows who was told, by which ways, and what is to come.
func (s *Service) getReminders(w http.ResponseWriter, r *http.Request) error {
	ctx, asked := r.Context(), r.URL.Query()
	q := remind.Query{Issuer: asked.Get("issuer"), Kind: asked.Get("kind"), To: asked.Get("to"), Cursor: asked.Get("cursor")}
	units, err := s.reminded(r)
	if err != nil {
		return err
	}
	if me, ok := iam.From(ctx); ok && q.Issuer == "" {
		q.Issuer = me.Org
		if len(units) > 0 && !slices.ContainsFunc(units, func(o page.Option) bool { return o.Value == me.Org }) {
			q.Issuer = units[0].Value
		}
	}
	v, err := s.Remind.Report(ctx, q)
	if err != nil {
		return err
	}
	rules, err := s.Remind.Rules(ctx)
	if err != nil {
		return err
	}
	names, err := s.titles(r)
	if err != nil {
		return err
	}
	p := s.Kit.Sheet(r, "reminders", "到期提醒", "本单位签发的证照到期前，平台提醒了谁、由哪些通道、送到没有；没有账号的持证人没有提醒到，由本单位用其他方式告知。", page.Wide)
	p.Search = &page.Search{Action: Reminders, Label: "查询提醒", Fields: []page.Field{
		{ID: "kind", Name: "kind", Label: "证照类型", Value: q.Kind, Any: "全部", Options: options(names)}, {ID: "to", Name: "to", Label: "有效期截止日期", Type: "date", Value: q.To},
	}}
	if len(units) > 1 {
		p.Search.Fields = append(p.Search.Fields, page.Field{ID: "issuer", Name: "issuer", Label: "签发单位", Value: q.Issuer, Options: units})
	}
	if q.Kind+q.To != "" {
		p.Search.Clear = page.Asking(Reminders, "issuer", q.Issuer)
	}
	p.Add(page.Part{ID: "counts", Title: "近 90 天", Facts: []page.Fact{{Label: "提醒到持证人", Text: times(v.Counts[remind.Told])}, {Label: "没有账号，未能提醒", Text: times(v.Counts[remind.NoAccount])}}})
	t := reminderTable(v, names)
	if v.Next != "" {
		t.Pager.Next = page.Asking(Reminders, "issuer", q.Issuer, "kind", q.Kind, "to", q.To, "cursor", v.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{ID: "told", Title: "提醒记录", Table: t}, page.Part{ID: "coming", Title: "今后 90 天到期的", Table: comingTable(v, names)},
		page.Part{ID: "rules", Title: "提醒规则", Text: "写明证照类型的优先，地区小的优先，起用晚的优先；由系统管理员登记。", Table: ruleTable(rules, names)}))
}

func times(n int) string { return strconv.Itoa(n) + " 次" }

func title(names map[string]string, kind string) string { return cmp.Or(names[kind], kind) }

func options(names map[string]string) (list []page.Option) {
	for kind, name := range names {
		list = append(list, page.Option{Value: kind, Label: name})
	}
	slices.SortFunc(list, func(a, b page.Option) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Value, b.Value))
	})
	return list
}

// titles are what kinds are called, by name.
func (s *Service) titles(r *http.Request) (map[string]string, error) {
	kinds, err := s.Catalogue.Published(r.Context())
	names := map[string]string{}
	for _, k := range kinds {
		names[k.Name] = k.Title
	}
	return names, err
}

// reminded are the units whose reminders whoever asks may see.
func (s *Service) reminded(r *http.Request) (list []page.Option, err error) {
	mine := iam.Orgs(r.Context(), remind.Read)
	all, err := s.IAM.Organisations(r.Context())
	for _, o := range all {
		if _, ok := slices.BinarySearch(mine, o.ID); ok {
			list = append(list, page.Option{Value: o.ID, Label: o.Name})
		}
	}
	return list, err
}

func reminderTable(v *remind.Report, names map[string]string) *page.Table {
	t := &page.Table{ID: "reminders", Caption: "提醒记录", Quiet: true, Head: []string{"证照", "到期", "持证人", "通道", "本单位", "提醒"}, Empty: page.Empty{Title: "没有提醒记录", Text: "有证照快到期时，平台自己提醒，不用办理。"}}
	for i := range v.Items {
		x := &v.Items[i]
		holder := page.Cell{Chips: []page.Chip{{Class: holderClass[x.Holder], Word: x.HolderName}}}
		ways := page.Cell{}
		for _, one := range x.People {
			holder.Text = strings.TrimPrefix(holder.Text+"、"+one.Name, "、")
			for _, way := range one.Ways {
				ways.Chips = append(ways.Chips, page.Chip{Class: wayClass(way.State), Word: way.Name + " " + way.StateName})
			}
		}
		if len(ways.Chips) == 0 {
			ways.Text = "—"
		}
		unit := "没有提醒"
		if x.Unit {
			unit = "已提醒"
		}
		t.Rows = append(t.Rows, page.Row{ID: "reminder-" + x.ID, Cells: []page.Cell{{Text: title(names, x.Kind), Href: "/console/certificates/" + x.Certificate}, {Text: x.To, Sub: "提前 " + strconv.Itoa(x.Lead) + " 天"}, holder, ways, {Text: unit}, {At: x.At}}})
	}
	return t
}

func wayClass(state string) string {
	switch state {
	case "sent", "delivered":
		return page.Good
	case "failed", "gave-up":
		return page.Bad
	case "waiting":
		return page.Care
	}
	return page.Plain
}

func comingTable(v *remind.Report, names map[string]string) *page.Table {
	t := &page.Table{ID: "coming-list", Caption: "今后 90 天到期的", Quiet: true, Head: []string{"月份", "证照类型", "份数"}, Empty: page.Empty{Title: "今后 90 天没有到期的证照"}}
	for _, c := range v.Coming {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: c.Month}, {Text: title(names, c.Kind)}, {Text: strconv.Itoa(c.Count)}}})
	}
	return t
}

func ruleTable(rules []remind.Rule, names map[string]string) *page.Table {
	t := &page.Table{ID: "rule-list", Caption: "提醒规则", Quiet: true, Head: []string{"证照类型", "地区", "提前天数", "提醒", "起用", "依据"}, Empty: page.Empty{Title: "没有提醒规则"}}
	for i := range rules {
		x := &rules[i]
		leads := make([]string, len(x.Leads))
		for n, d := range x.Leads {
			leads[n] = strconv.Itoa(d)
		}
		var whom []string
		if x.Holder {
			whom = append(whom, "持证人")
		}
		if x.Unit {
			whom = append(whom, "签发单位")
		}
		kind := "全部"
		if x.Kind != "" {
			kind = title(names, x.Kind)
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: kind}, {Text: cmp.Or(x.Region, "全国")}, {Text: strings.Join(leads, "、")}, {Text: strings.Join(whom, "、")}, {Text: x.From.String()}, {Text: x.Basis, Sub: x.Reason}}})
	}
	return t
}
