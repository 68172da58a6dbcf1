package archive

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"sidian/internal/archive"
	"sidian/internal/archive/pack"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

type itemPage struct {
	page.Frame
	It       *archive.Item
	Chips    []page.Chip
	Lead     string
	Notice   *page.Notice
	Warning  *page.Notice
	Problem  *page.Problem
	Pictures []picture
	More     int // pages that are not shown
	Filing   *page.Form
	Same     bool // there may be others of its batch
	Folded   bool // the filing is done: it folds
	Pack     string
	Hand     *page.Form
	Links    []page.Link // of what is done seldom
	Package  string
	Earlier  string // said of a package that is to be made again
	Facts    []page.Fact
	Groups   []group
	Steps    []page.Step
}

// A picture is a page of the document.
type picture struct {
	Page int
	Src  string
	Lazy bool
}

// A group is the rows of the checks of one property.
type group struct {
	Name  string
	Chip  page.Chip
	Open  bool
	Count string
	Table page.Table
}

// mostPictures bounds the pages of a document that its page shows.
const mostPictures = 20

// done are what is said after something was done.
var done = map[string]page.Notice{
	"file":    {Class: page.Good, Title: "整理信息已保存", Text: "下一步：组成归档信息包并作四性检测。"},
	"pack":    {Class: page.Good, Title: "已组包，四性检测通过", Text: "下一步：下载归档信息包交档案馆，然后登记移交结果。"},
	"hand":    {Class: page.Good, Title: "已登记移交"},
	"return":  {Class: page.Care, Title: "已登记退回", Text: "文件回到待整理，档号不变。请按退回的理由更正后重新组包。"},
	"exclude": {Class: page.Plain, Title: "已确定不归档"},
	"include": {Class: page.Good, Title: "已恢复归档", Text: "下一步：整理。"},
}

var itemLeads = map[string]string{
	archive.Waiting:  "请对照文件核对题名和责任者，选择保管期限和密级，保存后即可组包检测。",
	archive.Ready:    "整理好了。组包时系统作四性检测：真实性、完整性、可用性、安全性。",
	archive.Failed:   "四性检测没有通过，不能移交。请查看下面标为“不通过”的项，更正后重新组包。",
	archive.Packed:   "归档信息包已通过四性检测。请下载后交档案馆，由档案馆决定接收或退回，再在这里登记结果。",
	archive.Handed:   "档案馆已接收，以档案馆保管的为准。",
	archive.Excluded: "已确定不归档。",
}

func (s *Service) getItem(w http.ResponseWriter, r *http.Request) error {
	p, err := s.item(r, r.PathValue("id"), nil)
	if err != nil {
		return err
	}
	if n, ok := done[r.URL.Query().Get("done")]; ok {
		p.Notice = &n
	}
	if p.Notice != nil && p.Warning != nil && p.Warning.Class != page.Bad && p.It.Note != "" { // said once
		p.Warning.Title, p.Warning.Text = p.Notice.Title, "理由："+strings.TrimSuffix(p.It.Note, "。")+"。"+p.Notice.Text
		p.Notice = nil
	}
	return s.set.Show(w, http.StatusOK, "item", p)
}

// item is the page of an item; typed is what was filled in, when it is shown
// again.
func (s *Service) item(r *http.Request, id string, typed url.Values) (*itemPage, error) {
	ctx := r.Context()
	it, err := s.Archive.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	p := &itemPage{Frame: s.Kit.Frame(r, it.Title, "archive", page.Wide), It: it, Lead: itemLeads[it.State], Chips: append([]page.Chip{stateChip(it.State)}, left(it.Left)...)}
	if r.Method == http.MethodPost {
		p.Path = page.At(Home, it.ID)
	}
	n := s.Archive.Pages(ctx, it)
	p.More = max(0, n-mostPictures)
	for i := range min(n, mostPictures) {
		p.Pictures = append(p.Pictures, picture{i + 1, page.At(Items, it.ID, "pages", strconv.Itoa(i+1)), i > 0})
	}
	if n == 0 {
		p.Warning = &page.Notice{Class: page.Bad, Title: "文件读不出", Text: "保存的文件与登记的摘要不符，或已丢失，不能归档。请立即联系系统管理员从备份恢复。"}
	} else if it.Note != "" && it.State == archive.Waiting {
		p.Warning = &page.Notice{Class: page.Care, Title: "档案馆退回", Text: it.Note}
	} else if it.Note != "" && it.State == archive.Excluded {
		p.Warning = &page.Notice{Class: page.Plain, Title: "不归档的理由", Text: it.Note}
	}
	if it.Package != "" {
		p.Package = page.At(Items, it.ID, "package")
		if it.State == archive.Waiting || it.State == archive.Ready {
			p.Earlier = "上次的"
		}
	}
	if iam.Allow(ctx, "archive.manage", it.Org) == nil {
		s.acts(p, typed)
	}
	p.Facts = facts(it)
	p.Groups = groups(it)
	for _, a := range it.Acts {
		p.Steps = append(p.Steps, page.Step{Title: a.Name, Text: a.Reason, Who: a.Who, At: a.At})
	}
	return p, nil
}

// acts fills in what the reader may do.
func (s *Service) acts(p *itemPage, typed url.Values) {
	it := p.It
	at := func(act string) string { return page.At(Items, it.ID, act) }
	switch it.State {
	case archive.Waiting, archive.Ready, archive.Failed:
		p.Filing = filing(it, at("file"), typed)
		p.Same = it.Batch != "" && it.State == archive.Waiting
		p.Links = append(p.Links, page.Link{Label: "不归档…", Href: at("exclude")})
	case archive.Packed:
		p.Hand = &page.Form{ID: "hand", Title: "登记档案馆已接收", Action: at("hand"), Button: "登记移交", Busy: "正在登记…", Fields: []page.Field{
			{ID: "receipt", Name: "receipt", Label: "接收回执号", Value: typed.Get("receipt"), Required: true, Max: 80, Hint: "档案馆出具的回执上的编号"},
		}}
		p.Links = append(p.Links, page.Link{Label: "登记档案馆退回…", Href: at("return")})
	case archive.Excluded:
		p.Links = append(p.Links, page.Link{Label: "恢复归档…", Href: at("include")})
	}
	if it.State == archive.Ready || it.State == archive.Failed {
		p.Pack, p.Folded = at("pack"), typed == nil
		p.Filing.Plain = true
	}
}

func filing(it *archive.Item, action string, typed url.Values) *page.Form {
	if typed == nil {
		typed = url.Values{"title": {it.Title}, "responsible": {it.Responsible}, "year": {strconv.Itoa(it.Year)}, "term": {it.Term}, "agency": {it.Agency}, "secrecy": {it.Secrecy}}
	}
	f := &page.Form{ID: "filing", Title: "整理", Action: action, Button: "保存整理信息", Busy: "正在保存…"}
	var terms, secrecies []page.Option
	for _, t := range archive.Terms() {
		terms = append(terms, page.Option{Value: t.Code, Label: t.Name})
	}
	for _, v := range archive.Secrecies() {
		secrecies = append(secrecies, page.Option{Value: v, Label: v})
	}
	f.Fields = []page.Field{
		{ID: "title", Name: "title", Label: "题名", Required: true, Max: 200, Lines: 2, Hint: "文件的标题，不写证件号码、手机号码"},
		{ID: "responsible", Name: "responsible", Label: "责任者", Required: true, Max: 100, Hint: "形成文件的单位"},
		{ID: "year", Name: "year", Label: "年度", Required: true, Max: 4, Mode: "numeric", Short: true, Hint: "文件形成的年份"},
		{ID: "term", Name: "term", Label: "保管期限", Required: true, Options: terms},
		{ID: "agency", Name: "agency", Label: "机构或问题", Required: true, Max: 16, Hint: "用于编档号，如 BGS；汉字、字母或数字"},
		{ID: "secrecy", Name: "secrecy", Label: "密级", Required: true, Options: secrecies, Hint: "国家秘密不得在本平台处理"},
	}
	for i := range f.Fields {
		f.Fields[i].Value = typed.Get(f.Fields[i].Name)
	}
	return f
}

func facts(it *archive.Item) []page.Fact {
	out := []page.Fact{{Label: "立档单位", Text: it.OrgName}, {Label: "文件种类", Text: it.Purpose}, {Label: "用印申请人", Text: it.Asker}, {Label: "盖章完成", At: it.SealedAt}}
	if !it.Due.IsZero() {
		out = append(out, page.Fact{Label: "归档期限", At: it.Due})
	}
	if it.Code != "" {
		out = append(out, page.Fact{Label: "档号", Text: it.Code, Code: true})
	}
	if it.Term != "" && it.State != archive.Waiting {
		out = append(out, page.Fact{Label: "保管期限", Text: archive.TermName(it.Term)}, page.Fact{Label: "密级", Text: it.Secrecy})
	}
	if it.Receipt != "" {
		out = append(out, page.Fact{Label: "接收回执号", Text: it.Receipt})
	}
	out = append(out, page.Fact{Label: "文件摘要（SM3）", Text: it.Document, Code: true})
	if it.Package != "" {
		out = append(out, page.Fact{Label: "信息包摘要（SM3）", Text: it.Package, Code: true}, page.Fact{Label: "信息包大小", Text: size(it.PackageSize)})
	}
	return out
}

func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

var results = map[pack.Result]page.Chip{
	pack.Pass: {Class: page.Good, Word: "通过"}, pack.Fail: {Class: page.Bad, Word: "不通过"}, pack.Warn: {Class: page.Care, Word: "提示"}, pack.Skip: {Class: page.Plain, Word: "未检测"},
}

// groups are the checks by property; one with a failure stands open.
func groups(it *archive.Item) (out []group) {
	for _, property := range []pack.Property{pack.Authenticity, pack.Integrity, pack.Usability, pack.Security} {
		g := group{Name: string(property), Chip: results[pack.Pass]}
		t := page.Table{Caption: string(property) + "检测", Quiet: true, Head: []string{"检测项", "结果", "依据"}}
		skipped := 0
		for _, c := range it.Checks {
			if c.Property != property {
				continue
			}
			if c.Result == pack.Skip {
				skipped++
			}
			t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: c.Name, Sub: c.ID}, {Chips: []page.Chip{results[c.Result]}}, {Text: c.Evidence}}})
			switch {
			case c.Result == pack.Fail:
				g.Chip, g.Open = results[pack.Fail], true
			case c.Result == pack.Warn && g.Chip != results[pack.Fail]:
				g.Chip = page.Chip{Class: page.Care, Word: "通过，有提示"}
			}
		}
		if g.Count = fmt.Sprintf("%d 项", len(t.Rows)); skipped > 0 {
			g.Count += fmt.Sprintf("，其中 %d 项未检测", skipped)
		}
		if g.Table = t; len(t.Rows) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func (s *Service) getPicture(w http.ResponseWriter, r *http.Request) error {
	n, err := strconv.Atoi(r.PathValue("page"))
	if err != nil {
		return fault.NotFound.New("文件没有这一页").WithCode("archive.page").WithHint("请核对页码")
	}
	data, err := s.Archive.Picture(r.Context(), r.PathValue("id"), n)
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Media: "image/svg+xml", Data: data})
}

func (s *Service) getPackage(w http.ResponseWriter, r *http.Request) error {
	data, it, err := s.Archive.Package(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: it.ID + ".zip", Media: "application/zip", Data: data})
}

type confirmPage struct {
	page.Frame
	Back    string
	Problem *page.Problem
	Confirm page.Confirm
}

// confirms are what is asked before what needs a reason.
var confirms = map[string]page.Confirm{
	"exclude": {Title: "不归档", Text: "确定后不再提醒归档，档号收回。以后需要时可以恢复。", Button: "确定不归档", Busy: "正在登记…", Reason: page.Field{Hint: "如：重复件、测试文件；写明依据，记入审计", Max: 500}},
	"include": {Title: "恢复归档", Text: "文件回到待整理，归档期限从现在起算。", Button: "恢复归档", Busy: "正在登记…", Reason: page.Field{Max: 500}},
	"return":  {Title: "登记档案馆退回", Text: "文件回到待整理，档号不变，归档期限从现在起算。", Button: "登记退回", Busy: "正在登记…", Reason: page.Field{Label: "退回的理由", Hint: "按档案馆的退回通知填写，记入审计", Max: 500}},
}

func (s *Service) getAct(w http.ResponseWriter, r *http.Request) error {
	return s.confirm(w, r, http.StatusOK, nil)
}

func (s *Service) confirm(w http.ResponseWriter, r *http.Request, status int, why error) error {
	c, ok := confirms[r.PathValue("act")]
	if !ok {
		return fault.NotFound.New("没有这个页面").WithCode("archive.act").WithHint("请从归档文件的页面进入")
	}
	it, err := s.Archive.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := iam.Allow(r.Context(), "archive.manage", it.Org); err != nil {
		return err
	}
	c.Action, c.Cancel = page.At(Items, it.ID, r.PathValue("act")), page.At(Home, it.ID)
	c.Facts = []page.Fact{{Label: "题名", Text: it.Title}, {Label: "立档单位", Text: it.OrgName}}
	c.Reason.Value = r.PostFormValue("reason")
	p := confirmPage{Frame: s.Kit.Frame(r, c.Title, "archive", page.Narrow), Back: c.Cancel}
	if why != nil {
		field := []page.Field{{ID: "reason", Name: "reason", Label: cmp.Or(c.Reason.Label, "理由")}}
		p.Problem = page.Mark(why, field)
		c.Reason.Error = field[0].Error
	}
	p.Confirm = c
	return s.set.Show(w, status, "confirm", p)
}

func (s *Service) postAct(w http.ResponseWriter, r *http.Request) error {
	ctx, id, act := r.Context(), r.PathValue("id"), r.PathValue("act")
	reason := r.PostFormValue("reason")
	var it *archive.Item
	var err error
	switch act {
	case "file":
		year, _ := strconv.Atoi(r.PostFormValue("year")) // zero is refused with the others
		it, err = s.Archive.File(ctx, id, archive.Filing{
			Title: r.PostFormValue("title"), Responsible: r.PostFormValue("responsible"), Year: year, Term: r.PostFormValue("term"), Agency: r.PostFormValue("agency"),
			Secrecy: r.PostFormValue("secrecy"), Same: r.PostFormValue("same") == "1",
		})
	case "pack":
		it, err = s.Archive.Pack(ctx, id)
	case "hand":
		it, err = s.Archive.HandOver(ctx, id, r.PostFormValue("receipt"))
	case "return":
		it, err = s.Archive.Return(ctx, id, reason)
	case "exclude":
		it, err = s.Archive.Exclude(ctx, id, reason)
	case "include":
		it, err = s.Archive.Include(ctx, id, reason)
	default:
		return fault.NotFound.New("没有这个页面").WithCode("archive.act").WithHint("请从归档文件的页面进入")
	}
	if err != nil {
		return s.again(w, r, act, err)
	}
	if act == "pack" && it.State == archive.Failed {
		act = ""
	}
	return page.See(w, r, page.Asking(page.At(Home, id), "done", act))
}

// again shows what was filled in, and what is wrong with it.
func (s *Service) again(w http.ResponseWriter, r *http.Request, act string, why error) error {
	status := page.StatusOf(why)
	if status == 0 || status == http.StatusForbidden || fault.As(why).Kind == fault.NotFound {
		return why
	}
	if _, ok := confirms[act]; ok {
		return s.confirm(w, r, status, why)
	}
	var typed url.Values
	if act == "file" || act == "hand" {
		typed = r.PostForm
	}
	p, err := s.item(r, r.PathValue("id"), typed)
	if err != nil {
		return err
	}
	switch {
	case p.Filing != nil && act == "file":
		p.Problem = page.Mark(why, p.Filing.Fields)
	case p.Hand != nil && act == "hand":
		p.Problem = page.Mark(why, p.Hand.Fields)
	default:
		p.Problem = page.Mark(why)
	}
	if fault.As(why).Code == "archive.unit-unset" {
		p.Warning = &page.Notice{Class: page.Care, Title: "先设置立档单位", Text: "全宗号由档案馆给定，每个单位设置一次。", Href: page.At(Units, p.It.Org), Action: "去设置"}
	}
	return s.set.Show(w, status, "item", p)
}
