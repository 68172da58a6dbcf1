package designer

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// opened is a draft that somebody works on.
type opened struct {
	entry   *catalogue.Entry
	design  *design
	version int    // of the draft in the store
	carried string // by the form: what the page shows was made of
}

// common is what all pages of a design show.
type common struct {
	page.Frame
	Entry   *catalogue.Entry
	At      string // address of the design
	Heading string
	Tabs    page.Tabs
	Version int
	Edit    bool
	Clash   bool // somebody else saved meanwhile
	Problem *page.Problem
	Notice  *page.Notice
	Used    int64
	Width   string
	Images  []string
}

// A finding is something wrong with a design; Box names what on the canvas.
type finding struct {
	Box  string `json:"box,omitempty"`
	Href string `json:"-"`
	Text string `json:"text"`
}

func (s *Service) open(r *http.Request) (*opened, error) {
	ctx, id := r.Context(), r.PathValue("id")
	e, err := s.Catalogue.Entry(ctx, id)
	if err != nil {
		return nil, err
	}
	files, version, err := s.Catalogue.DraftFiles(ctx, id)
	if err != nil {
		return nil, err
	}
	d, err := read(e.Name, files)
	return &opened{entry: e, design: d, version: version}, err
}

// views are the pages of a design.
var views = []struct{ key, path, label string }{
	{"layout", "", "照面"}, {"styles", "/styles", "文字样式"}, {"fields", "/fields", "照面项"}, {"elements", "/elements", "类型要素"},
	{"sample", "/sample", "样例"}, {"check", "/check", "检查和提交"},
}

func (s *Service) common(r *http.Request, o *opened, view string, refusal error) common {
	at := page.At(Home, o.entry.ID)
	heading := cmp.Or(o.design.kind.Title, o.entry.Title, o.entry.Name)
	c := common{Entry: o.entry, At: at, Heading: heading, Tabs: page.Tabs{Label: "设计"}, Version: o.version, Edit: o.entry.May.Edit, Used: o.entry.Used, Images: o.design.images()}
	title := heading
	for _, v := range views {
		c.Tabs.Items = append(c.Tabs.Items, page.Tab{Label: v.label, Href: at + v.path, Current: v.key == view})
		if v.key == view {
			title = v.label + " · " + heading
		}
	}
	if n, err := strconv.Atoi(o.carried); err == nil && refusal != nil && n != o.version {
		c.Clash = true
	}
	if e := fault.As(refusal); e != nil {
		title = "有错误：" + title
		c.Problem = &page.Problem{Msg: e.Msg, Hint: e.Hint}
		for _, f := range e.Fields {
			c.Problem.Fields = append(c.Problem.Fields, page.FieldProblem{ID: idOf(f.Name), Message: f.Message})
		}
		if c.Clash {
			c.Problem = &page.Problem{Msg: "他人刚刚保存过这份草稿，您的改动还没有保存",
				Hint: "您填写的内容都在下面。确认后再按“保存”，这一页就以您的为准；要看他人保存的，请重新打开这一页，您的改动将不保留"}
		}
	} else {
		c.Notice = noticeOf(r.URL.Query().Get("done"), o)
	}
	c.Frame = s.Kit.Frame(r, title, "designer", page.Wide)
	return c
}

func noticeOf(done string, o *opened) *page.Notice {
	switch {
	case done == "saved":
		return &page.Notice{Class: page.Good, Title: "已保存"}
	case done == "added":
		return &page.Notice{Class: page.Good, Title: "已保存，并加上了一项"}
	case done == "uploaded":
		return &page.Notice{Class: page.Good, Title: "已换成上传的目录"}
	case done == "submitted":
		return &page.Notice{Class: page.Good, Title: "已提交会签", Text: "签发单位和管理单位都同意后发布为新版本。"}
	case !o.entry.May.Edit:
		return &page.Notice{Title: "只能看：", Text: "现在是“" + catalogue.EntryStateName(o.entry.State) + "”，退回成草稿后才能改。"}
	}
	return nil
}

// change applies a form to a draft and keeps it. apply says what it added, to lead
// there; show shows the form again, with what was filled in.
func (s *Service) change(w http.ResponseWriter, r *http.Request, v values, view string, apply func(*design) string, show func(int, *opened, error) error) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	o.carried = v.str("version")
	next, err := o.design.again()
	if err != nil {
		return err
	}
	added := apply(next)
	refusal := v.wrong.err()
	if refusal == nil {
		refusal = s.keep(r, o, next)
	}
	if refusal != nil {
		code := page.StatusOf(refusal)
		if code == 0 {
			return refusal
		}
		return show(code, o, refusal)
	}
	to := page.At(Home, o.entry.ID)
	for _, x := range views {
		if x.key == view {
			to += x.path
		}
	}
	if added == "" {
		return page.See(w, r, to+"?done=saved")
	}
	return page.See(w, r, to+"?done=added#"+added)
}

// keep saves a draft as somebody saw it. On a clash o becomes what is kept now.
func (s *Service) keep(r *http.Request, o *opened, next *design) error {
	version, err := strconv.Atoi(o.carried)
	if err != nil {
		return fault.Invalid.New("表单没有传完整").WithHint("请按“返回”重新提交")
	}
	files, err := o.design.written(next)
	if err != nil {
		return err
	}
	if _, err = s.Catalogue.SaveDraft(r.Context(), o.entry.ID, version, files); err != nil {
		return fmt.Errorf("designer: saving: %w", err)
	}
	return nil
}
