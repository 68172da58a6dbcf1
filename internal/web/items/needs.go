package items

import (
	"net/http"
	"strings"

	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/web/page"
)

var needChips = map[string]string{item.Open: page.Care, item.Matched: page.Good, item.Declined: page.Bad, item.Withdrawn: page.Plain}

// needTable lists needs; what answered them stands below.
func needTable(list []item.Need) *page.Table {
	t := &page.Table{ID: "needs", Caption: "需其他部门提供的", Quiet: true, Head: []string{"需要的材料", "事项", "提供部门", "状态", "提出"},
		Empty: page.Empty{Title: "没有部门间需求", Text: "事项需要其他部门的材料而目录中还没有证照类型时，从事项页面提出。"}}
	for _, n := range list {
		state := page.Cell{Chips: []page.Chip{{Class: needChips[n.State], Word: n.StateName}}, Sub: n.Answer}
		if n.Title != "" {
			state.Sub = n.Title
		}
		t.Rows = append(t.Rows, page.Row{ID: n.ID, Cells: []page.Cell{{Text: n.Name, Sub: n.Note}, {Text: n.ItemName, Sub: n.OrgName, Href: at(n.Item)}, {Text: n.ProviderName}, state, {Text: page.Day(n.At)}}})
	}
	return t
}

// needsPage lists needs, or asks what becomes of one.
func (s *Service) needsPage(r *http.Request, id string) (*page.Sheet, error) {
	asked := r.URL.Query()
	found, err := s.Items.Needs(r.Context(), asked.Get("state"), asked.Get("cursor"), 0)
	if err != nil {
		return nil, err
	}
	p := tabs(r, s.sheet(r, "部门间需求", "事项需其他部门提供的材料：由提供部门匹配证照类型或答复不能提供，提出的单位也可以自己匹配、撤回。", page.Wide), Needs)
	t := needTable(found.Items)
	for n := range found.Items {
		if one := &found.Items[n]; one.State == item.Open && (iam.May(r.Context(), "item.manage", one.Provider) || iam.May(r.Context(), "item.manage", one.Org)) {
			t.Rows[n].Cells[3].Actions = []page.Action{{Label: "答复", Of: one.Name, Href: page.Asking(Needs, "need", one.ID)}}
			if one.ID == id {
				if err := s.answerPart(r, p, one); err != nil {
					return nil, err
				}
			}
		}
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(Needs, "state", asked.Get("state"), "cursor", found.Next)
	}
	return p.Add(page.Part{Table: t}), nil
}

func (s *Service) answerPart(r *http.Request, p *page.Sheet, n *item.Need) error {
	kinds, err := s.kindOptions(r)
	if err != nil {
		return err
	}
	state := page.Field{ID: "state", Name: "state", Label: "答复", Value: r.PostFormValue("state"), Required: true, Options: []page.Option{{Value: item.Matched, Label: "有对应的证照类型"}}}
	if iam.May(r.Context(), "item.manage", n.Provider) {
		state.Options = append(state.Options, page.Option{Value: item.Declined, Label: "不能提供"})
	}
	if iam.May(r.Context(), "item.manage", n.Org) {
		state.Options = append(state.Options, page.Option{Value: item.Withdrawn, Label: "撤回需求"})
	}
	p.Add(page.Part{Form: &page.Form{ID: "answer", Title: "答复“" + n.Name + "”", Text: n.OrgName + "的“" + n.ItemName + "”需要它。匹配后立即关联为所需证照。", Action: page.At(Needs, n.ID), Button: "答复", Busy: "正在答复…", Cancel: Needs,
		Fields: []page.Field{state, {ID: "kind", Name: "kind", Label: "证照类型", Value: r.PostFormValue("kind"), Any: "没有", Options: kinds, Hint: "答复“有对应的证照类型”时选择"},
			{ID: "reason", Name: "reason", Label: "理由", Value: r.PostFormValue("reason"), Lines: 2, Max: 500, Hint: "不能提供、撤回时必填"}}}})
	return nil
}

func (s *Service) getNeeds(w http.ResponseWriter, r *http.Request) error {
	p, err := s.needsPage(r, r.URL.Query().Get("need"))
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postAnswer(w http.ResponseWriter, r *http.Request) error {
	v := r.PostFormValue
	n, err := s.Items.Answer(r.Context(), r.PathValue("id"), item.Answer{State: v("state"), Kind: v("kind"), Reason: strings.TrimSpace(v("reason"))})
	if err == nil {
		word := "answer"
		if n.State == item.Withdrawn {
			word = "withdraw"
		}
		return page.See(w, r, page.Asking(Needs, "done", word))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.needsPage(r, r.PathValue("id"))
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

func (s *Service) needPage(r *http.Request) (*page.Sheet, error) {
	i, err := s.managed(r)
	if err != nil {
		return nil, err
	}
	units, err := s.Items.Units(r.Context())
	if err != nil {
		return nil, err
	}
	v := r.PostFormValue
	p := s.sheet(r, "提出部门间需求", "“"+i.Name+"”需要其他部门的材料，而目录中还没有对应的证照类型时提出；由提供部门匹配或答复。", page.Middle).Under(i.Name, at(i.Code))
	provider := page.Field{ID: "provider", Name: "provider", Label: "提供部门", Value: v("provider"), Required: true}
	for _, o := range units {
		if o.ID != i.Org {
			provider.Options = append(provider.Options, page.Option{Value: o.ID, Label: o.Name})
		}
	}
	return p.Add(page.Part{Form: &page.Form{Action: at(i.Code, "need"), Button: "提出需求", Busy: "正在提出…", Cancel: at(i.Code), Fields: []page.Field{
		{ID: "name", Name: "name", Label: "需要的材料", Value: v("name"), Required: true, Max: 200, Hint: "与申请材料同名的，匹配后由证照代替"}, provider,
		{ID: "note", Name: "note", Label: "说明", Value: v("note"), Lines: 2, Max: 500}}}}), nil
}

func (s *Service) getNeed(w http.ResponseWriter, r *http.Request) error {
	p, err := s.needPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postNeed(w http.ResponseWriter, r *http.Request) error {
	v, code := r.PostFormValue, r.PathValue("code")
	_, err := s.Items.Need(r.Context(), code, item.Want{Name: v("name"), Provider: v("provider"), Note: v("note")})
	if err == nil {
		return page.See(w, r, page.Asking(at(code), "done", "need"))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.needPage(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}
