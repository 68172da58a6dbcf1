package lists

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/iam"
	"sidian/internal/listing"
	"sidian/internal/table"
	"sidian/internal/web/page"
)

func useAt(unit string, parts ...string) string {
	return page.At(Uses, append([]string{unit}, parts...)...)
}

func (s *Service) getUses(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Listing.UseBriefs(r.Context())
	if err != nil {
		return err
	}
	p := tabs(s.sheet(r, "lists", "用证清单", "各单位可以使用哪些电子证照、用于哪些事项；由本单位提出，同级主管部门的目录管理员同意后生效。清单以外的不能使用。", page.Wide), Uses)
	t := &page.Table{ID: "uses", Caption: "各单位的用证清单", Quiet: true, Head: []string{"单位", "现行", "自", "调整", ""}, Empty: page.Empty{Title: "没有可以查看的单位"}}
	const most = 200
	for i := range list {
		if i == most {
			p.Notice = &page.Notice{Text: "单位较多，只列出前 " + strconv.Itoa(most) + " 个；有待同意的调整的排在最前。"}
			break
		}
		b := &list[i]
		row := page.Row{ID: "unit-" + b.Unit, Cells: []page.Cell{{Text: b.UnitName, Href: useAt(b.Unit)}, {Text: "没有，不能用证"}, {Text: "—"}, {Text: "—"}, {}}}
		if b.Version > 0 {
			row.Cells[1] = page.Cell{Text: versionWord(b.Version), Sub: strconv.Itoa(b.Count) + " 行"}
			row.Cells[2] = page.Cell{Text: page.Day(b.Since)}
		}
		switch {
		case b.Waiting > 0:
			row.Cells[3] = page.Cell{Chips: []page.Chip{chipOf(listing.Proposed)}}
			if b.Decide {
				row.Cells[4].Actions = []page.Action{{Label: "核对", Of: b.UnitName, Href: useAt(b.Unit)}}
			}
		case b.Report:
			row.Cells[4].Actions = []page.Action{{Label: "调整", Of: b.UnitName, Href: useAt(b.Unit, "change")}}
		}
		t.Rows = append(t.Rows, row)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

// agreeing says who agrees to the use list of a unit: the authority above it, or
// where there is none another person of its own.
func agreeing(o iam.Org) string {
	if o.Parent == "" {
		return alone + "，由本单位另一名目录管理员"
	}
	return "同级主管部门的目录管理员"
}

// usePage is the use list of a unit.
func (s *Service) usePage(r *http.Request) (*page.Sheet, error) {
	v, err := s.Listing.UseList(r.Context(), r.PathValue("org"))
	if err != nil {
		return nil, err
	}
	o, err := s.Listing.IAM.Org(r.Context(), v.Unit)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "lists", v.UnitName+"的用证清单", "本单位可以使用的电子证照；调整由本单位提出，"+agreeing(o)+"同意后生效。", page.Wide).Under("用证清单", Uses)
	report := iam.Allow(r.Context(), "list.report", v.Unit) == nil
	if v.Proposed != nil {
		s.proposalParts(r, p, v, report, iam.Allow(r.Context(), "list.review", cmp.Or(o.Parent, o.ID)) == nil, o.Parent == "")
	} else if report {
		p.Doors = []page.Door{{ID: "change", Label: "调整", Href: useAt(v.Unit, "change"), First: true}}
	}
	now := &page.Table{ID: "effective", Caption: "现行的用证清单", Quiet: true, Head: useHead(), Empty: page.Empty{Title: "还没有用证清单", Text: "没有清单不能使用电子证照。先提出调整，同意后生效。"}}
	title := "现行的清单"
	if v.Effective != nil {
		now.Rows = s.useRows(r, v.Effective.Uses, nil)
		title = "现行的清单，" + versionWord(v.Effective.Version)
	}
	p.Add(page.Part{Title: title, Table: now})
	t := &page.Table{ID: "versions", Caption: "各版本", Quiet: true, Head: []string{"版本", "状态", "提出的理由", "提出", "答复"}, Empty: page.Empty{Title: "还没有版本"}}
	for i := range v.Versions {
		u := &v.Versions[i]
		answer := page.Cell{Text: dash(u.DecidedWhy)}
		if !u.DecidedAt.IsZero() {
			answer.Sub = page.Day(u.DecidedAt)
		}
		chip := chipOf(u.State)
		if u.State == listing.Withdrawn {
			chip.Word = "已撤回"
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: versionWord(u.Version), Sub: strconv.Itoa(len(u.Uses)) + " 行"}, {Chips: []page.Chip{chip}}, {Text: u.Reason}, {Text: page.Day(u.At)}, answer}})
	}
	return p.Add(page.Part{Title: "各版本", Table: t}), nil
}

// proposalParts show what was proposed, against what is in force, and decide it.
func (s *Service) proposalParts(r *http.Request, p *page.Sheet, v *listing.UseList, report, decide, own bool) {
	p.Chips = []page.Chip{chipOf(listing.Proposed)}
	before := []listing.Use{}
	if v.Effective != nil {
		before = v.Effective.Uses
	}
	rows := s.useRows(r, v.Proposed.Uses, before)
	for _, u := range before {
		if !standsIn(u, v.Proposed.Uses) {
			gone := s.useRows(r, []listing.Use{u}, nil)[0]
			gone.Cells[0].Chips = []page.Chip{{Class: page.Bad, Word: "去掉"}}
			rows = append(rows, gone)
		}
	}
	p.Add(page.Part{ID: "proposed", Title: "待同意的调整", Text: "提出的理由：" + v.Proposed.Reason, Table: &page.Table{ID: "proposal", Caption: "待同意的调整", Quiet: true, Head: useHead(), Rows: rows, Empty: page.Empty{Title: "去掉全部内容"}}})
	reason := reasonField(r, "decide-reason", "记入审计，各版本中可以看到")
	if report {
		p.Add(page.Part{Form: &page.Form{ID: "withdraw", Title: "撤回调整", Action: useAt(v.Unit), Hidden: []page.Hidden{{Name: "state", Value: listing.Withdrawn}}, Fields: []page.Field{reason}, Button: "撤回", Plain: true}})
	}
	if !decide {
		return
	}
	reason.ID = "answer-reason"
	bars := "同意后立即生效，替代现行的清单。提出的人和提出单位的人不能同意。"
	if own {
		bars = "同意后立即生效，替代现行的清单。" + alone + "，由本单位另一名目录管理员答复，提出的人不能同意。"
	}
	p.Add(page.Part{Form: &page.Form{ID: "decide", Title: "答复", Text: bars, Action: useAt(v.Unit), Button: "答复", Fields: []page.Field{
		{ID: "state", Name: "state", Label: "答复", Value: r.PostFormValue("state"), Required: true, Options: []page.Option{{Value: listing.Effective, Label: "同意"}, {Value: listing.Refused, Label: "不同意"}}}, reason}}})
}

func useHead() []string { return []string{"证照类型", "事项", "用途", "照面项"} }

func standsIn(u listing.Use, list []listing.Use) bool {
	for _, o := range list {
		if sameUse(u, o) {
			return true
		}
	}
	return false
}

func sameUse(a, b listing.Use) bool {
	return a.Kind == b.Kind && a.Item == b.Item && a.Purpose == b.Purpose && strings.Join(a.Fields, "\n") == strings.Join(b.Fields, "\n")
}

// useRows are uses as lines; with before, those that are new are marked.
func (s *Service) useRows(r *http.Request, list, before []listing.Use) (rows []page.Row) {
	for _, u := range list {
		kind, item, purpose, fields := s.useWords(r, u)
		row := page.Row{Cells: []page.Cell{{Text: kind}, {Text: item, Code: u.Item != ""}, {Text: purpose}, {Text: fields}}}
		if before != nil && !standsIn(u, before) {
			row.Cells[0].Chips = []page.Chip{{Class: page.Care, Word: "新增或改动"}}
		}
		rows = append(rows, row)
	}
	return rows
}

// useWords are a use in the words of people.
func (s *Service) useWords(r *http.Request, u listing.Use) (kind, item, purpose, fields string) {
	kind, item, purpose, fields = u.Kind, "本单位各事项", "不限", "全部"
	k, err := s.Listing.Catalogue.Get(r.Context(), u.Kind)
	if err == nil {
		kind = k.Title
	}
	if u.Item != "" {
		item = u.Item
	}
	if u.Purpose != "" {
		purpose = u.Purpose
		for _, p := range s.Listing.Purposes() {
			if p.Code == u.Purpose {
				purpose = p.Name
			}
		}
	}
	if len(u.Fields) > 0 {
		labels := make([]string, len(u.Fields))
		for i, key := range u.Fields {
			labels[i] = key
			if err == nil {
				if f := k.Field(key); f != nil {
					labels[i] = f.Label
				}
			}
		}
		fields = strings.Join(labels, "、")
	}
	return kind, item, purpose, fields
}

func (s *Service) getUse(w http.ResponseWriter, r *http.Request) error {
	p, err := s.usePage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postUse(w http.ResponseWriter, r *http.Request) error {
	unit, state := r.PathValue("org"), r.PostFormValue("state")
	if _, err := s.Listing.DecideUse(r.Context(), listing.UseDecision{Unit: unit, State: state, Reason: r.PostFormValue("reason")}); err != nil {
		return s.again(w, r, err, s.usePage)
	}
	return page.See(w, r, page.Asking(useAt(unit), "done", state))
}

func (s *Service) getUseTemplate(w http.ResponseWriter, _ *http.Request) error {
	data, err := s.Listing.UseTemplate()
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: "用证清单模板.xlsx", Media: table.Media, Data: data})
}
