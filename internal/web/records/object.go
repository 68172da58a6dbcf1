package records

import (
	"net/http"
	"slices"
	"strings"

	"sidian/internal/auditor"
	"sidian/internal/cert"
	"sidian/internal/web/page"
)

type objectView struct {
	page.Frame
	Tabs    page.Tabs
	Find    findForm
	Object  string
	Name    string
	About   *cert.Located
	Steps   []page.Step
	Earlier page.Pager
	People  []personCard
	Entries int
}

// findForm is where people type or paste what they hold in hand.
type findForm struct {
	To, What string // which page is asked for
	Problem  *page.Problem
	Choices  page.Table // where one number means several certificates
	Field    page.Field
}

func finder(to string) findForm {
	return findForm{To: to, Field: page.Field{ID: "what", Name: "what", Label: "对象", Required: true, Max: 300, Code: true, Autocomplete: "off",
		Hint: "证照编号、证照标识、查验码，或审计记录中的对象（如 cert/编号）；可以粘贴"}}
}

// getObject tells the whole life of one object.
func (s *Service) getObject(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	object := r.URL.Query().Get("object")
	p := objectView{Frame: s.Kit.Frame(r, "时间线", "audit", ""), Tabs: s.tabs(r, "objects"), Find: finder("objects"), Object: object}
	if object == "" {
		return s.set.Show(w, http.StatusOK, "object", p)
	}
	n := s.namer(ctx)
	t, err := s.Auditor.Timeline(ctx, object, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	if err := s.about(r, &p); err != nil {
		return err
	}
	n.known(t.Entries)
	for i := range t.Entries {
		p.Steps = append(p.Steps, s.step(n, &t.Entries[i]))
	}
	if t.Earlier != "" {
		p.Earlier = page.Pager{Next: address("/console/audit/objects", "object", object, "cursor", t.Earlier), NextWord: "更早的经过"}
	}
	if r.URL.Query().Get("cursor") != "" {
		p.Earlier.First = objectPage(object)
	}
	if n.err != nil {
		return n.err
	}
	return s.set.Show(w, http.StatusOK, "object", p)
}

// about names what the page is about; of a certificate it tells the kind and the
// issuer.
func (s *Service) about(r *http.Request, p *objectView) error {
	sort, id := objectWord(p.Object)
	p.Name = strings.TrimSpace(sort + " " + id)
	if !strings.HasPrefix(p.Object, "cert/") {
		return nil
	}
	found, err := s.Cert.Locate(r.Context(), id)
	if i := slices.IndexFunc(found, func(l cert.Located) bool { return l.Object == p.Object }); i >= 0 {
		p.About = &found[i]
		p.Name = p.About.KindName
	}
	return err
}

func (s *Service) step(n *namer, e *auditor.Entry) page.Step {
	st := page.Step{Title: s.words.word(e.Action), At: e.At, Who: strings.Join(compact(who(e), n.org(e.Org), e.Address), "，")}
	st.Text = strings.Join(compact(labelOf(purposes, e.Purpose), e.Reason), "；")
	if e.Result != "done" || e.Kind == auditor.Saw {
		st.Chips = resultChips(e)
	}
	if e.After != "" {
		st.Code, st.CodeLabel = e.After, "变更后内容的摘要"
	}
	return st
}

// postFind finds what somebody holds in hand. It is a POST because a number may
// be that of a person, and belongs in no address.
func (s *Service) postFind(w http.ResponseWriter, r *http.Request) error {
	to := "lookback"
	if r.PostFormValue("to") == "objects" {
		to = "objects"
	}
	what := strings.TrimSpace(r.PostFormValue("what"))
	path := "/console/audit/" + to
	located, err := s.Cert.Locate(r.Context(), tidy(what))
	if err == nil && len(located) == 0 && tidy(what) != what {
		located, err = s.Cert.Locate(r.Context(), what)
	}
	if err != nil {
		return err
	}
	sort, id, ok := strings.Cut(what, "/")
	switch {
	case len(located) == 1:
		return page.See(w, r, address(path, "object", located[0].Object))
	case len(located) == 0 && ok && id != "" && objects[sort] != "":
		return page.See(w, r, address(path, "object", what))
	}
	title := map[string]string{"objects": "时间线", "lookback": "责任倒查"}[to]
	p := objectView{Frame: s.Kit.Frame(r, title, "audit", ""), Tabs: s.tabs(r, to), Find: finder(to)}
	p.Find.Field.Value = what
	status := http.StatusOK
	if len(located) > 1 {
		p.Find.Choices = choices(path, located)
	} else {
		status = http.StatusUnprocessableEntity
		p.Title = "有错误：" + title
		p.Find.Field.Error = "没有登记过这个编号、标识或查验码"
		p.Find.Problem = &page.Problem{Msg: "没有找到这个对象", Hint: "请对照照面逐字核对编号；别的单位签发的，请直接填审计记录中的对象，如 cert/编号",
			Fields: []page.FieldProblem{{ID: "what", Message: p.Find.Field.Error}}}
	}
	return s.set.Show(w, status, map[string]string{"objects": "object", "lookback": "lookback"}[to], p)
}

// tidy makes a code out of the whole address that a scan gives.
func tidy(what string) string {
	if i := strings.LastIndex(what, "/v/"); i >= 0 {
		what, _, _ = strings.Cut(what[i+3:], "?")
	}
	return strings.TrimSpace(what)
}

func choices(path string, located []cert.Located) page.Table {
	t := page.Table{Caption: "这个编号有多份证照，请选择", Head: []string{"证照", "签发单位", "状态", "签发时间"}}
	for _, l := range located {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{
			{Text: l.KindName, Href: address(path, "object", l.Object), Sub: l.ID}, {Text: l.IssuerName}, {Text: l.StatusName}, {At: l.IssuedAt},
		}})
	}
	return t
}
