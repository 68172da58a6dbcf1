package sealing

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/web/page"
	"sidian/ofd"
)

type placesPage struct {
	page.Frame
	Stages  []stage
	Problem *page.Problem
	D       *draft
	Action  string
	Sheet   sheet
	Seals   []placed
	Shown   []page.Option // pages that may be shown
	Pages   int
}

// A sheet is one page of the document, with the seals in their places; lengths
// are millimetres.
type sheet struct {
	Page, Pages int
	W, H        float64
	Picture     string
	Marks       []sheetMark
	Prev, Next  int
	Also        string // on which other pages seals stand
}

// A sheetMark is an imprint on the sheet. Cut is what shows of it.
type sheetMark struct {
	Seal           int
	Name           string
	Imprint        string
	X, Y, W, H     float64
	CX, CY, CW, CH float64
	Free           bool
	Label          string

	whole float64 // width of the imprint
}

// wide is the width of the whole imprint, of which the mark may show a slice.
func (m sheetMark) wide() float64 { return m.whole }

// placed is a seal with its controls.
type placed struct {
	N       int
	C       chosen
	Word    string // of its group
	Ways    []way
	On      page.Field
	X, Y    page.Field
	Keyword page.Field
	From    page.Field
	To      page.Field
	EdgeY   page.Field
	Each    string
	Right   string
	Edge    string
	Way     string
	Imprint string
	Size    string
	Runs    int // into how many the straddle is divided
}

type way struct {
	Value, Label string
	Current      bool
}

func (s *Service) getPlaces(w http.ResponseWriter, r *http.Request) error {
	d, err := s.draft(r)
	if err != nil {
		return err
	}
	if len(d.Seals) == 0 {
		return page.See(w, r, d.at("seals"))
	}
	if slices.ContainsFunc(d.Seals, func(c chosen) bool { return c.Way == "" }) { // another document took the place of the first
		if err := s.arrange(r.Context(), d); err != nil {
			return err
		}
		if err := s.save(r.Context(), d); err != nil {
			return err
		}
		return page.See(w, r, d.at("places"))
	}
	shown, _ := strconv.Atoi(r.URL.Query().Get("page"))
	p, err := s.placesPage(r, d, shown, nil)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "places", p)
}

func (s *Service) placesPage(r *http.Request, d *draft, shown int, wrong error) (*placesPage, error) {
	doc, err := s.document(r.Context(), d)
	if err != nil {
		return nil, err
	}
	found, misplaced := s.spots(r.Context(), d, doc)
	if misplaced != nil && fault.As(misplaced) == nil {
		return nil, misplaced
	}
	p := &placesPage{Frame: s.Kit.Frame(r, "盖在哪里", "sealing", page.Wide).WithScript("sealing.js"), Stages: stages(d, 2), D: d, Action: d.at("places"), Pages: d.Pages}
	p.Path = d.at("places")
	p.Seals = placedOf(d)
	if wrong != nil {
		p.Problem = p.mark(wrong)
		p.Title = "有错误：" + p.Title
	}
	if shown < 1 || shown > d.Pages {
		shown = firstShown(d, found)
	}
	p.Sheet, err = sheetOf(d, doc, found, shown)
	if err != nil {
		return nil, err
	}
	for n := range d.Pages {
		label := fmt.Sprintf("第 %d 页", n+1)
		if slices.ContainsFunc(found, func(s spot) bool { return s.Page == n+1 }) {
			label += "（有章）"
		}
		p.Shown = append(p.Shown, page.Option{Value: strconv.Itoa(n + 1), Label: label})
	}
	return p, nil
}

// firstShown is the page where the first seal stands, else the last.
func firstShown(d *draft, found []spot) int {
	for _, s := range found {
		if s.Clip == nil {
			return s.Page
		}
	}
	if len(found) > 0 {
		return found[0].Page
	}
	return d.Pages
}

func sheetOf(d *draft, doc *ofd.Document, found []spot, shown int) (sheet, error) {
	boxes, err := doc.Body().Boxes()
	if err != nil {
		return sheet{}, fmt.Errorf("sealing: pages of a draft: %w", err)
	}
	b := boxes[shown-1]
	sh := sheet{Page: shown, Pages: d.Pages, W: b.W, H: b.H, Picture: d.at("pages", strconv.Itoa(shown)), Prev: shown - 1, Next: shown + 1}
	if sh.Next > d.Pages {
		sh.Next = 0
	}
	for _, f := range found {
		if f.Page != shown {
			continue
		}
		c := d.Seals[f.Seal]
		m := sheetMark{Seal: f.Seal, Name: c.Name, Imprint: d.at("imprints", c.Seal), X: f.X, Y: f.Y, W: f.W, H: f.H, CW: f.W, CH: f.H, Free: f.Free, whole: f.W}
		if f.Clip != nil {
			m.X, m.Y, m.W, m.H = f.X+f.Clip.X, f.Y+f.Clip.Y, f.Clip.W, f.Clip.H
			m.CX, m.CY, m.CW, m.CH = f.Clip.X, f.Clip.Y, f.Clip.W, f.Clip.H
		}
		m.Label = fmt.Sprintf("%s：第 %d 页，距左 %s 毫米，距上 %s 毫米", c.Name, shown, mm(m.X), mm(m.Y))
		sh.Marks = append(sh.Marks, m)
	}
	return sh, nil
}

func placedOf(d *draft) (out []placed) {
	sizes := map[int]int{}
	for _, c := range d.Seals {
		sizes[c.Group]++
	}
	for i, c := range d.Seals {
		v := placed{N: i, C: c, Word: groupWord(c.Group, sizes[c.Group]), Imprint: d.at("imprints", c.Seal), Size: mm(c.W) + "×" + mm(c.H) + " 毫米"}
		for _, w := range []way{{Value: onPages, Label: "盖在指定位置"}, {Value: onWord, Label: "盖在文字上"}, {Value: onAll, Label: "每一页同一位置"}, {Value: onEdge, Label: "只盖骑缝章"}} {
			w.Current = w.Value == c.Way
			if w.Value == onEdge && d.Pages < 2 || w.Value == onAll && d.Pages < 2 {
				continue
			}
			v.Ways = append(v.Ways, w)
		}
		field := func(what, label, value string) page.Field {
			return page.Field{ID: name(i, what), Name: name(i, what), Label: label, Value: value, Short: true, Max: 200, Autocomplete: "off"}
		}
		v.On = field("on", "页码", c.On)
		v.X, v.Y = field("x", "距左边（毫米）", c.X), field("y", "距上边（毫米）", c.Y)
		v.X.Mode, v.Y.Mode = "decimal", "decimal"
		v.Keyword = field("word", "文件中的文字", c.Word)
		v.Keyword.Short, v.Keyword.Hint = false, "印章盖在这些字的正中，如（盖章）"
		v.From, v.To = field("from", "从第几页", c.From), field("to", "到第几页", c.To)
		v.From.Mode, v.To.Mode = "numeric", "numeric"
		v.EdgeY = field("edge-y", "骑缝章距上边（毫米）", c.EdgeY)
		v.EdgeY.Mode = "decimal"
		v.Each, v.Right, v.Edge, v.Way = name(i, "each"), name(i, "right"), name(i, "edge"), name(i, "way")
		if c.straddles() {
			if from, to, err := pageRange(c.From, c.To, d.Pages); err == nil {
				v.Runs = len(runsOf(from, to, int(c.W)))
			}
		}
		out = append(out, v)
	}
	return out
}

// mark puts what is wrong at the controls.
func (p *placesPage) mark(err error) *page.Problem {
	problem, _ := page.ProblemOf(err, nil)
	e := fault.As(err)
	for i := range problem.Fields {
		for j := range p.Seals {
			v := &p.Seals[j]
			for _, f := range []*page.Field{&v.On, &v.X, &v.Y, &v.Keyword, &v.From, &v.To, &v.EdgeY} {
				if f.Name == e.Fields[i].Name {
					f.Error, problem.Fields[i].ID, problem.Fields[i].Label = e.Fields[i].Message, f.ID, v.C.Name
				}
			}
		}
	}
	return problem
}

// postPlaces keeps the places, and shows another page or goes on.
func (s *Service) postPlaces(w http.ResponseWriter, r *http.Request) error {
	d, err := s.draft(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return fault.Invalid.Wrap(err, "表单没有传完").WithCode("sealing.request").WithHint("请重试")
	}
	next := *d
	next.Seals = slices.Clone(d.Seals)
	for i := range next.Seals {
		next.Seals[i].typed(r, i)
	}
	shown, _ := strconv.Atoi(r.PostForm.Get("page"))
	if v := r.PostForm.Get("show"); v != "" {
		shown, _ = strconv.Atoi(v)
	}
	if err := s.save(r.Context(), &next); err != nil {
		return err
	}
	doc, err := s.document(r.Context(), &next)
	if err != nil {
		return err
	}
	if r.PostForm.Get("go") != "on" {
		return page.See(w, r, page.Asking(next.at("places"), "page", strconv.Itoa(shown)))
	}
	if len(next.Seals) == 0 {
		return page.See(w, r, next.at("seals"))
	}
	if _, wrong := s.spots(r.Context(), &next, doc); wrong != nil {
		code := statusOf(wrong)
		if code == 0 {
			return wrong
		}
		p, err := s.placesPage(r, &next, shown, wrong)
		if err != nil {
			return err
		}
		return s.set.Show(w, code, "places", p)
	}
	return page.See(w, r, next.at("check"))
}

// typed takes what the controls of the n-th seal say.
func (c *chosen) typed(r *http.Request, n int) {
	v := func(what string) string {
		t := strings.TrimSpace(r.PostForm.Get(name(n, what)))
		if len(t) > 300 {
			t = t[:300]
		}
		return strings.ToValidUTF8(t, "")
	}
	was := *c
	c.Way, c.On, c.X, c.Y, c.Word, c.From, c.To, c.EdgeY = v("way"), v("on"), v("x"), v("y"), v("word"), v("from"), v("to"), v("edge-y")
	c.Each, c.Right, c.Edge = v("each") != "", v("right") != "", v("edge") != ""
	if c.X != was.X || c.Y != was.Y || c.On != was.On || c.Way != was.Way {
		c.Found = ""
	}
}
