package catalogue

import (
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

func (s *Service) getEntries(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query()
	q := catalogue.EntryQuery{State: catalogue.EntryState(asked.Get("state")), Name: asked.Get("kind"), Cursor: asked.Get("cursor")}
	found, err := s.Catalogue.Entries(r.Context(), q)
	if err != nil {
		return err
	}
	p := tabs(s.sheet(r, "会签条目", "证照类型的新版本：签发单位起草，签发单位的模板设计员和管理单位的目录管理员各一人同意后发布。", page.Wide), Entries)
	t := &page.Table{ID: "entries", Caption: "条目", Quiet: true, Head: []string{"证照类型", "签发单位", "管理单位", "状态", "同意"},
		Empty: page.Empty{Title: "没有条目", Text: "从证照类型的页面起草新版本，或设计新的证照类型。"}}
	for i := range found.Items {
		e := &found.Items[i]
		t.Rows = append(t.Rows, page.Row{ID: e.ID, Cells: []page.Cell{{Text: titleOf(e), Sub: e.Name, Href: At(e.Name, e.ID)}, {Text: e.OrgName}, {Text: e.ManagerName},
			{Chips: []page.Chip{entryChips[e.State]}, Sub: page.Day(e.ChangedAt)}, {Text: agreedOf(e)}}})
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(Entries, "state", string(q.State), "kind", q.Name, "cursor", found.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

func titleOf(e *catalogue.Entry) string {
	if e.Title == "" {
		return "（还没有名称）"
	}
	return e.Title
}

func agreedOf(e *catalogue.Entry) string {
	var list []string
	if e.ByIssuer {
		list = append(list, "签发单位")
	}
	if e.ByManager {
		list = append(list, "管理单位")
	}
	if len(list) == 0 {
		return "—"
	}
	return strings.Join(list, "、")
}

// entryOf is the entry of the address; its name must be that of the address.
func (s *Service) entryOf(r *http.Request) (*catalogue.Entry, error) {
	e, err := s.Catalogue.Entry(r.Context(), r.PathValue("id"))
	if err == nil && e.Name != r.PathValue("name") {
		err = fault.NotFound.New("没有这个目录条目").WithCode("catalogue.entry").WithHint("请从会签条目的列表中选择")
	}
	return e, err
}

var leads = map[catalogue.EntryState]string{
	catalogue.EntryDraft:     "草稿由签发单位编辑；六个组成部分齐备后提交会签。",
	catalogue.EntrySubmitted: "等待会签：签发单位的模板设计员和管理单位的目录管理员各一人同意，后一人同意即发布；任何一方可以退回。",
	catalogue.EntryPublished: "已发布；要再改请起草新版本。",
	catalogue.EntryWithdrawn: "已撤回，没有发布。",
}

func (s *Service) getEntry(w http.ResponseWriter, r *http.Request) error {
	e, err := s.entryOf(r)
	if err != nil {
		return err
	}
	p := s.sheet(r, titleOf(e), leads[e.State], page.Wide).Under("会签条目", Entries)
	p.Notice, p.Chips = noticeOf(r), []page.Chip{entryChips[e.State]}
	p.Doors = s.doorsOf(e)
	if e.Used > 0 && (e.State == catalogue.EntryDraft || e.State == catalogue.EntrySubmitted) && p.Notice == nil {
		p.Notice = &page.Notice{Class: page.Care, Title: "已有 " + strconv.FormatInt(e.Used, 10) + " 份证照使用这个类型", Text: "已制发的证照保持原样；新版本生效后制发、换发的按新版本。"}
	}
	p.Add(page.Part{Facts: entryFacts(e)}, page.Part{Title: "组成部分", Table: partsTable(e)})
	if drawn(e) {
		p.Add(page.Part{Title: "样例", Text: "由模板和样例数据生成，标明样例。", Faces: []page.Face{{Src: At(e.Name, e.ID, "sample"), Alt: titleOf(e) + "的样例照面，标明样例"}}})
	}
	if err := s.addDiff(r, p, e); err != nil {
		return err
	}
	steps, err := s.stepsOf(r, e)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Title: "经过", Steps: steps}))
}

// addDiff shows, of an entry that changes a kind, what it changes, thing by thing.
func (s *Service) addDiff(r *http.Request, p *page.Sheet, e *catalogue.Entry) error {
	if e.Base == 0 {
		return nil
	}
	changes, err := s.Catalogue.Diff(r.Context(), e.ID)
	if err != nil {
		return err
	}
	title := "与第 " + strconv.Itoa(e.Base) + " 版的差异"
	if n := len(changes); n > 0 {
		title += "：" + strconv.Itoa(n) + " 处"
	}
	p.Add(page.Part{ID: "changes", Title: title, Table: diffTable(changes)})
	return nil
}

// drawn tells whether the sample can be drawn.
func drawn(e *catalogue.Entry) bool { return len(e.Parts) > 2 && e.Parts[2].Complete }

func (s *Service) doorsOf(e *catalogue.Entry) (list []page.Door) {
	if e.May.Edit && s.Designer != "" {
		list = append(list, page.Door{ID: "design", Label: "编辑草稿", Href: page.At(s.Designer, e.ID), First: !complete(e)})
	}
	if e.May.Submit {
		list = append(list, page.Door{ID: "submit", Label: "提交会签", Href: At(e.Name, e.ID, "submit"), First: complete(e)})
	}
	if e.May.Agree {
		list = append(list, page.Door{ID: "agree", Label: acts["agree"].heading(e), Href: At(e.Name, e.ID, "agree"), First: true})
	}
	if e.May.SendBack {
		list = append(list, page.Door{ID: "return", Label: "退回修改", Href: At(e.Name, e.ID, "return")})
	}
	if e.May.Withdraw {
		list = append(list, page.Door{ID: "withdraw", Label: "撤回条目", Href: At(e.Name, e.ID, "withdraw")})
	}
	return list
}

func complete(e *catalogue.Entry) bool {
	for _, p := range e.Parts {
		if !p.Complete {
			return false
		}
	}
	return true
}

func entryFacts(e *catalogue.Entry) []page.Fact {
	facts := []page.Fact{{Label: "证照类型", Text: titleOf(e) + "（" + e.Name + "）"}, {Label: "类型代码", Text: e.Code, Code: true}, {Label: "签发单位", Text: e.OrgName}, {Label: "管理单位", Text: e.ManagerName},
		{Label: "起草理由", Text: e.Reason}, {Label: "生效日期", Text: e.Starts}, {Label: "已同意", Text: agreedOf(e)}, {Label: "不能同意", Text: e.May.WhyUnable}}
	var list []page.Fact
	for _, f := range facts {
		if f.Text != "" {
			list = append(list, f)
		}
	}
	if e.Published > 0 {
		list = append(list, page.Fact{Label: "发布为", Text: "第 " + strconv.Itoa(e.Published) + " 版", Href: page.At(Home, e.Name)})
	}
	return list
}

func partsTable(e *catalogue.Entry) *page.Table {
	t := &page.Table{ID: "parts", Caption: "组成部分", Quiet: true, Head: []string{"组成部分", "状态", "还缺什么"}}
	for _, p := range e.Parts {
		chip, lacks := page.Chip{Class: page.Good, Word: "齐备"}, "—"
		if !p.Complete {
			chip, lacks = page.Chip{Class: page.Care, Word: "待完善"}, "待其他部分完善后检查"
			if len(p.Problems) > 0 {
				var said []string
				for _, f := range p.Problems {
					said = append(said, f.Where+"："+f.Message)
				}
				lacks = strings.Join(said, "\n")
			}
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: p.Name}, {Chips: []page.Chip{chip}}, {Text: lacks}}})
	}
	return t
}

func diffTable(changes []catalogue.Change) *page.Table {
	t := &page.Table{ID: "diff", Caption: "差异", Quiet: true, Head: []string{"哪一处", "怎样变", "原来", "现在"}, Empty: page.Empty{Title: "没有差异", Text: "草稿与所改的版本相同。"}}
	words := map[string]string{"added": "新增", "removed": "删去", "changed": "修改"}
	for _, c := range changes {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: c.Where}, {Text: words[c.What]}, {Text: c.Before}, {Text: c.After}}})
	}
	return t
}

func (s *Service) stepsOf(r *http.Request, e *catalogue.Entry) (out []page.Step, err error) {
	var who []string
	for _, st := range e.Steps {
		who = append(who, st.By)
	}
	names, err := page.Named(r.Context(), s.IAM, who...)
	if err != nil {
		return nil, err
	}
	for _, st := range e.Steps {
		out = append(out, page.Step{Title: catalogue.StepName(st.Action), Text: st.Reason, Who: names.Person(st.By) + "，" + names.Org(st.Org), At: st.At})
	}
	return out, nil
}

func (s *Service) getSample(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.entryOf(r); err != nil {
		return err
	}
	n, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		n = 0
	}
	data, err := s.Catalogue.EntrySample(r.Context(), r.PathValue("id"), n)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(data) // the client went away: nobody is left to tell
	return nil
}

// An act is something that is decided on an entry.
type act struct {
	label, lead string
	may         func(catalogue.Offers) bool
	do          func(*catalogue.Service, *http.Request, string, int, string) (*catalogue.Entry, error)
}

func (a act) heading(e *catalogue.Entry) string {
	if a.label == "同意" && e.May.Side != "" {
		return "代表" + map[string]string{"issuer": "签发单位", "manager": "管理单位"}[e.May.Side] + "同意"
	}
	return a.label
}

var acts = map[string]act{
	"submit": {"提交会签", "提交后草稿不能再改，除非被退回。由签发单位的模板设计员和管理单位的目录管理员各一人同意后发布。", func(o catalogue.Offers) bool { return o.Submit },
		func(s *catalogue.Service, r *http.Request, id string, version int, reason string) (*catalogue.Entry, error) {
			return s.Submit(r.Context(), id, version, r.PostFormValue("starts"), reason)
		}},
	"agree": {"同意", "两方都同意即发布，自生效日期起用于制发；记入审计。请先看过各组成部分、样例和差异。", func(o catalogue.Offers) bool { return o.Agree },
		func(s *catalogue.Service, r *http.Request, id string, version int, reason string) (*catalogue.Entry, error) {
			return s.Agree(r.Context(), id, version, reason)
		}},
	"return": {"退回修改", "退回后条目成为草稿，已有的同意作废；签发单位按理由修改后重新提交。", func(o catalogue.Offers) bool { return o.SendBack },
		func(s *catalogue.Service, r *http.Request, id string, version int, reason string) (*catalogue.Entry, error) {
			return s.SendBack(r.Context(), id, version, reason)
		}},
	"withdraw": {"撤回条目", "撤回后条目不再编制，记录保留；以后可以另行起草。", func(o catalogue.Offers) bool { return o.Withdraw },
		func(s *catalogue.Service, r *http.Request, id string, version int, reason string) (*catalogue.Entry, error) {
			return s.Withdraw(r.Context(), id, version, reason)
		}},
}

func (s *Service) actPage(r *http.Request) (*page.Sheet, *act, error) {
	e, err := s.entryOf(r)
	if err != nil {
		return nil, nil, err
	}
	a, ok := acts[r.PathValue("act")]
	if !ok {
		return nil, nil, fault.NotFound.New("没有这个页面").WithCode("route.unknown").WithHint("请从会签条目的页面进入")
	}
	p := s.sheet(r, a.heading(e), a.lead, page.Middle).Under(titleOf(e), At(e.Name, e.ID))
	version := strconv.Itoa(e.Version)
	if v := r.PostFormValue("version"); v != "" {
		version = v
	}
	f := &page.Form{Action: At(e.Name, e.ID, r.PathValue("act")), Button: a.label, Busy: "正在办理…", Cancel: At(e.Name, e.ID), Hidden: []page.Hidden{{Name: "version", Value: version}}}
	if r.PathValue("act") == "submit" {
		f.Fields = append(f.Fields, page.Field{ID: "starts", Name: "starts", Label: "生效日期", Type: "date", Value: r.PostFormValue("starts"), Hint: "不填则发布当天生效"})
	}
	f.Fields = append(f.Fields, reasonField(r, "依据或意见"))
	if !a.may(e.May) && r.Method == http.MethodGet {
		why := e.May.WhyUnable
		if why == "" {
			why = "条目现在是“" + catalogue.EntryStateName(e.State) + "”，您不能这样办理"
		}
		p.Notice = &page.Notice{Class: page.Care, Title: "现在不能办理", Text: why + "。"}
		return p, &a, nil
	}
	p.Add(page.Part{Facts: entryFacts(e)})
	if r.PathValue("act") == "agree" { // what is agreed to stands on the page where it is
		p.Width = page.Wide
		if err := s.addDiff(r, p, e); err != nil {
			return nil, nil, err
		}
	}
	return p.Add(page.Part{Form: f}), &a, nil
}

func (s *Service) getAct(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.actPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postAct(w http.ResponseWriter, r *http.Request) error {
	p, a, err := s.actPage(r)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(r.PostFormValue("version"))
	if err != nil {
		version = 0 // that of nobody: refused as changed meanwhile
	}
	_, err = a.do(s.Catalogue, r, r.PathValue("id"), version, r.PostFormValue("reason"))
	if err == nil {
		return page.See(w, r, page.Asking(At(r.PathValue("name"), r.PathValue("id")), "done", r.PathValue("act")))
	}
	return s.Kit.ShowAgain(w, p, err)
}
