package lists

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/listing"
	"sidian/internal/web/page"
)

// roundAt is the address of a round, or of what is below it.
func roundAt(id string, parts ...string) string {
	return page.At(Rounds, append([]string{id}, parts...)...)
}

func (s *Service) homePage(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	found, err := s.Listing.Rounds(ctx, r.URL.Query().Get("cursor"), 0)
	if err != nil {
		return nil, err
	}
	p := tabs(s.sheet(r, "lists", "清单编制", "电子证照发证清单和政务部门核发电子材料目录：各单位梳理报送，同级主管部门审核，编制单位统一编制后公布。", page.Wide), Home)
	t := &page.Table{ID: "rounds", Caption: "各轮编制", Quiet: true, Head: []string{"名称", "清单", "编制单位", "状态", "报送截止"},
		Empty: page.Empty{Title: "还没有编制过清单", Text: "由编制单位的目录管理员开始一轮，参加单位会收到站内消息。"}}
	for i := range found.Items {
		v := &found.Items[i]
		t.Rows = append(t.Rows, page.Row{ID: "round-" + v.ID, Cells: []page.Cell{{Text: v.Title, Href: roundAt(v.ID)}, {Text: v.ListName}, {Text: v.OrgName}, {Chips: []page.Chip{chipOf(v.State)}}, {Text: v.ReportBy, Sub: "审核至 " + v.ReviewBy}}})
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(Home, "cursor", found.Next)
	}
	p.Add(page.Part{Table: t})
	if !iam.May(ctx, "list.review", "") {
		return p, nil
	}
	form, err := s.openForm(r)
	if err != nil {
		return nil, err
	}
	return p.Add(page.Part{Form: form}), nil
}

// openForm begins a round.
func (s *Service) openForm(r *http.Request) (*page.Form, error) {
	units, err := s.Listing.Compilers(r.Context())
	if err != nil {
		return nil, err
	}
	v := r.PostFormValue
	f := &page.Form{ID: "open", Title: "开始一轮编制", Text: "参加单位是编制单位的全部下级单位；没有下级的为它自己。", Action: Home, Button: "开始编制", Busy: "正在开始…", Fields: []page.Field{
		{ID: "list", Name: "list", Label: "清单", Value: v("list"), Required: true}, {ID: "org", Name: "org", Label: "编制单位", Value: v("org"), Required: true},
		{ID: "title", Name: "title", Label: "名称", Value: v("title"), Required: true, Max: 100, Hint: "如 2026 年电子证照发证清单"},
		{ID: "basis", Name: "basis", Label: "依据", Value: v("basis"), Max: 500, Lines: 2},
		{ID: "report_by", Name: "report_by", Label: "报送截止日期", Type: "date", Value: v("report_by"), Required: true},
		{ID: "review_by", Name: "review_by", Label: "审核截止日期", Type: "date", Value: v("review_by"), Required: true},
	}}
	for _, w := range listing.Lists() {
		f.Fields[0].Options = append(f.Fields[0].Options, page.Option{Value: w.Code, Label: w.Name})
	}
	for _, o := range units {
		f.Fields[1].Options = append(f.Fields[1].Options, page.Option{Value: o.ID, Label: o.Name})
	}
	return f, nil
}

func (s *Service) getHome(w http.ResponseWriter, r *http.Request) error {
	p, err := s.homePage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postOpen(w http.ResponseWriter, r *http.Request) error {
	v := r.PostFormValue
	made, err := s.Listing.OpenRound(r.Context(), listing.Opening{List: v("list"), Org: v("org"), Title: v("title"), Basis: v("basis"), ReportBy: v("report_by"), ReviewBy: v("review_by")})
	if err == nil {
		return page.See(w, r, page.Asking(roundAt(made.ID), "done", "open"))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.homePage(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

// alone is said of a unit above which nobody reviews: another person of its own does.
const alone = "本级没有其他审核单位"

// reviewing says who reviews what a unit reports. The compiling unit stands above
// all, so that its own part is reviewed within it, never by who reported it.
func reviewing(v *listing.Part) string {
	if v.Authority == v.Unit {
		return alone + "，由本单位另一名目录管理员逐行审核，报送的人不能审核"
	}
	return "由" + v.AuthorityName + "逐行审核"
}

// selfReviewed tells whether no unit of a round is reviewed by another.
func selfReviewed(v *listing.Round) bool {
	return len(v.Units) > 0 && !slices.ContainsFunc(v.Units, func(u listing.Part) bool { return u.Authority != u.Unit })
}

// next says who does what next in a round.
func next(v *listing.Round) string {
	switch {
	case v.State == listing.Published:
		return "这一轮已经公布。"
	case v.State == listing.Abandoned:
		return "这一轮已经中止，没有公布。"
	case v.Waiting > 0 && selfReviewed(v):
		return "由" + v.OrgName + "梳理报送；" + alone + "，由它的另一名目录管理员审核，通过后由第三人公布。报送、审核、公布由不同的人办理。"
	case v.Waiting > 0:
		return fmt.Sprintf("还有 %d 个单位没有审核通过：由单位梳理报送，由同级主管部门审核；全部通过后由%s统一编制并公布。", v.Waiting, v.OrgName)
	case len(v.Twice) > 0:
		return "各单位都已审核通过；名称或代码重复的先逐组选定，然后由" + v.OrgName + "公布。报送、审核、公布由不同的人办理。"
	}
	return "各单位都已审核通过，由" + v.OrgName + "公布。报送、审核、公布由不同的人办理。"
}

func (s *Service) roundPage(r *http.Request, excuse string) (*page.Sheet, error) {
	v, err := s.Listing.Round(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "lists", v.Title, next(v), page.Wide).Under("清单编制", Home)
	p.Chips = []page.Chip{chipOf(v.State)}
	if v.Edition != "" {
		p.Doors = []page.Door{{Label: "看公布的清单", Href: page.At(Public, v.Edition), First: true}}
	}
	facts := []page.Fact{{Label: "清单", Text: v.ListName}, {Label: "编制单位", Text: v.OrgName}, {Label: "报送截止", Text: v.ReportBy}, {Label: "审核截止", Text: v.ReviewBy}}
	for _, f := range []page.Fact{{Label: "依据", Text: v.Basis}, {Label: "结束的理由", Text: v.EndedWhy}} {
		if f.Text != "" {
			facts = append(facts, f)
		}
	}
	p.Add(page.Part{Facts: facts})
	compiling := v.Compile && v.State == listing.Open
	if compiling {
		for n := range v.Twice {
			p.Add(page.Part{Form: chooseForm(r, v, n)})
		}
	}
	p.Add(page.Part{Title: "参加单位", Table: unitTable(v, compiling)})
	if compiling && excuse != "" {
		f := reasonField(r, "excuse-reason", "随清单公布，并记入审计")
		p.Add(page.Part{Form: &page.Form{ID: "excuse", Title: "不再等待" + nameIn(v, excuse), Text: "它没有报送；这一轮的清单将注明未报送和理由。", Action: roundAt(v.ID, "excuse"), Hidden: []page.Hidden{{Name: "unit", Value: excuse}}, Fields: []page.Field{f}, Button: "不再等待", Cancel: roundAt(v.ID), Plain: true}})
	}
	if compiling && v.Waiting == 0 {
		p.Add(page.Part{Form: &page.Form{ID: "publish", Title: "统一编制并公布", Text: "公布后立即向社会公开，成为新的版本，不能修改。", Action: roundAt(v.ID, "publish"), Fields: []page.Field{reasonField(r, "publish-reason", "公布的依据，如文号，随清单公布")}, Button: "公布新版本", Busy: "正在公布…"}})
	}
	if compiling {
		p.Add(page.Part{Form: &page.Form{ID: "abandon", Title: "中止这一轮", Text: "已报送的内容保留在记录中，不公布。", Action: roundAt(v.ID, "abandon"), Fields: []page.Field{reasonField(r, "abandon-reason", "记入审计")}, Button: "中止", Plain: true}})
	}
	return p, nil
}

func nameIn(v *listing.Round, unit string) string {
	for i := range v.Units {
		if v.Units[i].Unit == unit {
			return "“" + v.Units[i].UnitName + "”"
		}
	}
	return "这个单位"
}

func chooseForm(r *http.Request, v *listing.Round, n int) *page.Form {
	g := &v.Twice[n]
	id := fmt.Sprintf("choose-%d", n+1)
	row := page.Field{ID: id + "-row", Name: "row", Label: "以哪一行为准", Value: g.Chosen, Required: true}
	for _, c := range g.Rows {
		label := c.Name
		if c.Code != "" {
			label += "（" + c.Code + "）"
		}
		row.Options = append(row.Options, page.Option{Value: c.ID, Label: label + "，" + c.UnitName})
	}
	f := &page.Form{ID: id, Title: fmt.Sprintf("重复的第 %d 组", n+1), Text: "名称或代码相同而内容不同。选定的名称、代码和类型列入清单，各核发单位都保留。", Action: roundAt(v.ID, "choose"), Fields: []page.Field{row, reasonField(r, id+"-reason", "记入审计")}, Button: "选定", Plain: true}
	if g.Chosen != "" {
		f.Text += "已选定，理由：" + g.Why
	}
	return f
}

func unitTable(v *listing.Round, compiling bool) *page.Table {
	t := &page.Table{ID: "units", Caption: "参加单位", Quiet: true, Head: []string{"单位", "状态", "行数", "审核单位", "办理"}, Empty: page.Empty{Title: "没有可以查看的单位"}}
	for i := range v.Units {
		u := &v.Units[i]
		state := page.Cell{Chips: []page.Chip{chipOf(u.State)}, Sub: u.DecidedWhy}
		if u.Late {
			state.Chips = append(state.Chips, page.Chip{Class: page.Bad, Word: "逾期报送"})
		}
		act := page.Cell{}
		switch {
		case u.Review:
			act.Actions = []page.Action{{Label: "审核", Of: u.UnitName, Href: roundAt(v.ID, "units", u.Unit)}}
		case u.Report:
			act.Actions = []page.Action{{Label: "梳理报送", Of: u.UnitName, Href: roundAt(v.ID, "units", u.Unit)}}
		}
		if compiling && (u.State == listing.Open || u.State == listing.Returned) && u.Accepted == 0 {
			act.Actions = append(act.Actions, page.Action{Label: "不再等待", Of: u.UnitName, Href: page.Asking(roundAt(v.ID), "excuse", u.Unit)})
		}
		by := page.Cell{Text: u.AuthorityName}
		if u.Authority == u.Unit {
			by = page.Cell{Text: alone, Sub: "由本单位另一名目录管理员审核"}
		}
		t.Rows = append(t.Rows, page.Row{ID: "unit-" + u.Unit, Cells: []page.Cell{{Text: u.UnitName, Href: roundAt(v.ID, "units", u.Unit)}, state, {Text: countOf(u)}, by, act}})
	}
	return t
}

// countOf says how many rows of a unit stand how.
func countOf(u *listing.Part) string {
	var words []string
	for _, c := range []struct {
		n    int64
		word string
	}{{u.Accepted, "通过"}, {u.Submitted, "待审核"}, {u.Returned, "退回"}, {u.Draft, "未报送"}} {
		if c.n > 0 {
			words = append(words, fmt.Sprintf("%s %d", c.word, c.n))
		}
	}
	if len(words) == 0 {
		return "—"
	}
	return strings.Join(words, "，")
}

func (s *Service) getRound(w http.ResponseWriter, r *http.Request) error {
	p, err := s.roundPage(r, r.URL.Query().Get("excuse"))
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postRound(w http.ResponseWriter, r *http.Request) error {
	ctx, id, act, v := r.Context(), r.PathValue("id"), r.PathValue("act"), r.PostFormValue
	to, excuse := roundAt(id), ""
	var err error
	switch act {
	case "publish":
		_, err = s.Listing.Publish(ctx, id, v("reason"))
	case "abandon":
		_, err = s.Listing.Abandon(ctx, id, v("reason"))
	case "choose":
		_, err = s.Listing.Choose(ctx, v("row"), v("reason"))
	case "excuse":
		excuse = v("unit")
		_, err = s.Listing.Excuse(ctx, id, excuse, v("reason"))
	default:
		return errAct()
	}
	if err == nil {
		return page.See(w, r, page.Asking(to, "done", act))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.roundPage(r, excuse)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

func errAct() error {
	return fault.NotFound.New("没有这种办理").WithCode("listing.act").WithHint("请从页面上的按钮办理")
}
