package render

import (
	"fmt"
	"sort"
	"strings"

	"sidian/ofd"
)

// walker turns the pages of one document into scenes. It keeps what pages share: fonts and decoded images.
type walker struct {
	doc    *ofd.Document
	opts   Options
	limits Limits
	faces  *faceCache
	images *imageCache
	nested bool // inside a seal's picture: its own seals are not drawn

	// Of the page in work.
	res     *ofd.Resources
	out     *scene
	objects int
	points  int
	told    map[Warning]bool
	ended   bool

	patternDepth int
	looks        map[string]*sealLook
	signatures   map[string]*ofd.SignatureFile
}

func newWalker(doc *ofd.Document, opts Options) *walker {
	limits := opts.Limits.withDefaults()
	return &walker{doc: doc, opts: opts, limits: limits, faces: newFaceCache(), images: newImageCache(limits.Source), looks: map[string]*sealLook{}, signatures: map[string]*ofd.SignatureFile{}}
}

// maxWarnings bounds the list; what a page repeats a thousand times is told once anyway.
const maxWarnings = 100

func (w *walker) warn(code, format string, args ...any) {
	x := Warning{Code: code, Message: fmt.Sprintf(format, args...)}
	if w.told[x] || len(w.out.warnings) >= maxWarnings {
		return
	}
	w.told[x] = true
	w.out.warnings = append(w.out.warnings, x)
}

// spend counts objects and points and reports whether the page may go on.
func (w *walker) spend(objects, points int) bool {
	w.objects += objects
	w.points += points
	if !w.ended && (w.objects > w.limits.Objects || w.points > w.limits.Points) {
		w.ended = true
		w.warn(WarnLimit, "页面内容超出绘制上限，其余部分未绘制；请用专用阅读器查看原件")
	}
	return !w.ended
}

func (w *walker) emit(it item) {
	if it.alpha <= 0 || !it.m.finite() {
		return
	}
	if it.clip != nil && it.clip.bound.empty() {
		return
	}
	w.out.items = append(w.out.items, it)
}

// scene walks one page.
func (w *walker) scene(index int) (*scene, error) {
	pages := w.doc.Pages()
	if index < 0 || index >= len(pages) {
		return nil, fmt.Errorf("%w: %d of %d", ErrNoPage, index+1, len(pages))
	}
	page := pages[index]
	w.out = &scene{title: page.Body().Info.Title}
	w.told = map[Warning]bool{}
	w.objects, w.points, w.ended = 0, 0, false
	content, err := page.Content()
	if err != nil {
		return nil, fmt.Errorf("reading page %d: %w", index+1, err)
	}
	if err := w.size(page); err != nil {
		return nil, err
	}
	w.res, err = page.Resources()
	if err != nil {
		w.warn(WarnResource, "页面资源无法读取，部分内容可能缺失")
	}
	if w.res == nil {
		w.res = &ofd.Resources{}
	}
	w.page(page, content)
	if !w.opts.WithoutAnnotations {
		w.annotations(page)
	}
	if !w.opts.WithoutSeals && !w.nested {
		w.seals(page)
	}
	return w.out, nil
}

// size takes the page's physical box. A page without one is shown as A4, as readers do.
func (w *walker) size(page *ofd.Page) error {
	area, err := page.Area()
	if err != nil {
		return fmt.Errorf("reading the page's area: %w", err)
	}
	b := area.Physical
	if b.Empty() {
		w.warn(WarnPage, "页面未给出大小，按 A4 绘制")
		b = ofd.Box{W: 210, H: 297}
	}
	if side := max(b.W, b.H); side > w.limits.Side {
		return &LimitError{What: "millimetres of a page's side", Got: side, Max: w.limits.Side}
	}
	w.out.width, w.out.height = b.W, b.H
	return nil
}

// page draws background templates, the page's layers by kind, then foreground templates (GB/T 33190-2016 §7.7).
func (w *walker) page(page *ofd.Page, content *ofd.Content) {
	w.templates(page, content, "Background")
	w.layers(content.Layers)
	w.templates(page, content, "Foreground")
}

func (w *walker) templates(page *ofd.Page, content *ofd.Content, order string) {
	for _, use := range content.Templates {
		t := page.Body().Template(use.TemplateID)
		if t == nil {
			w.warn(WarnTemplate, "模板页 %d 不存在，底图可能缺失", use.TemplateID)
			continue
		}
		z := use.ZOrder
		if z == "" {
			z = t.ZOrder
		}
		if z == "" {
			z = "Background"
		}
		if strings.EqualFold(z, "Foreground") != (order == "Foreground") {
			continue
		}
		c, err := t.Content()
		if err != nil {
			w.warn(WarnTemplate, "模板页 %d 无法读取，底图可能缺失", use.TemplateID)
			continue
		}
		w.withResources(&t.Page, func() { w.layers(c.Layers) })
	}
}

// withResources lets a template see what its own PageRes adds.
func (w *walker) withResources(p *ofd.Page, draw func()) {
	if res, err := p.Resources(); err == nil && res != nil {
		old := w.res
		w.res = res
		defer func() { w.res = old }()
	}
	draw()
}

var layerRank = map[string]int{"Background": 0, "Body": 1, "": 1, "Custom": 2, "Foreground": 3}

func (w *walker) layers(layers []*ofd.Layer) {
	sorted := append([]*ofd.Layer(nil), layers...)
	sort.SliceStable(sorted, func(i, j int) bool { return layerRank[sorted[i].Type] < layerRank[sorted[j].Type] })
	for _, l := range sorted {
		st := state{m: identity, alpha: 1, style: defaultStyle()}
		st.style = w.drawParam(st.style, l.DrawParam)
		w.list(l.Objects, st, 0)
	}
}

// state is what an object inherits from what it stands in.
type state struct {
	m     matrix
	clip  *clip
	alpha float64
	style style
}

func (w *walker) list(objects []ofd.Object, st state, depth int) {
	if depth > w.limits.Depth {
		w.warn(WarnLimit, "图元嵌套过深，未全部绘制")
		return
	}
	for _, o := range objects {
		if !w.spend(1, 0) {
			return
		}
		w.object(o, st, depth)
	}
}

func (w *walker) object(o ofd.Object, st state, depth int) {
	if o == nil || o.Base().Hidden {
		return
	}
	if b, ok := o.(*ofd.PageBlock); ok { // a block has no space of its own
		w.list(b.Objects, st, depth+1)
		return
	}
	st = w.enter(o, st)
	if st.clip != nil && st.clip.bound.empty() {
		return
	}
	switch v := o.(type) {
	case *ofd.TextObject:
		w.text(v, st)
	case *ofd.PathObject:
		w.pathObject(v, st)
	case *ofd.ImageObject:
		w.imageObject(v, st)
	case *ofd.CompositeObject:
		w.composite(v, st, depth)
	}
}

// enter applies what all graphic units have: boundary, CTM, draw parameter, alpha, clips (§8.5).
func (w *walker) enter(o ofd.Object, st state) state {
	g := o.Base()
	place := translate(g.Boundary.X, g.Boundary.Y).then(st.m)
	if !g.Boundary.Empty() && !w.looseBoundary(o) {
		box := &path{}
		box.appendPath(rectPath(rect{0, 0, g.Boundary.W, g.Boundary.H}), place)
		st.clip = st.clip.narrow(box, nonZero)
	}
	st.m = place
	if g.CTM != nil {
		st.m = matrix(*g.CTM).then(place)
	}
	st.alpha *= float64(g.Opacity()) / 255
	st.style = w.drawParam(st.style, g.DrawParam)
	st.style.apply(&g.Pen)
	if g.Clips != nil {
		st.clip = w.clips(g.Clips, st, place)
	}
	return st
}

// looseBoundary reports text in a font that is not in the document. Its boundary was measured on other shapes, so cutting
// at it would cut characters.
func (w *walker) looseBoundary(o ofd.Object) bool {
	t, ok := o.(*ofd.TextObject)
	return ok && w.face(t.Font).replaced
}

func (w *walker) composite(o *ofd.CompositeObject, st state, depth int) {
	unit := w.res.Composites[o.ResourceID]
	if unit == nil {
		w.warn(WarnResource, "复合图元资源 %d 不存在", o.ResourceID)
		return
	}
	w.list(unit.Objects, st, depth+1)
}

func (w *walker) pathObject(o *ofd.PathObject, st state) {
	p, ok := abbreviated(o.Data)
	if !ok {
		w.warn(WarnPath, "路径数据有误，只绘制可识别的部分")
	}
	if p.empty() || !w.spend(0, len(p.points)) {
		return
	}
	rule := nonZero
	if o.EvenOdd {
		rule = evenOdd
	}
	if o.Fill {
		// Without a colour the inside stays transparent (§9.1).
		c := o.FillColor
		if c == nil {
			c = st.style.fill
		}
		if c != nil {
			w.fill(p, rule, c, st)
		}
	}
	if !o.NoStroke {
		c := o.StrokeColor
		if c == nil {
			c = st.style.stroke
		}
		paint, alpha := w.color(c, p.bounds())
		w.emit(item{clip: st.clip, m: st.m, alpha: st.alpha * alpha, paint: paint, path: p, stroke: st.style.pen()})
	}
}

func (w *walker) fill(p *path, rule fillRule, c *ofd.Color, st state) {
	if c.Pattern != nil {
		w.pattern(p, rule, c, st)
		return
	}
	paint, alpha := w.color(c, p.bounds())
	w.emit(item{clip: st.clip, m: st.m, alpha: st.alpha * alpha, paint: paint, path: p, rule: rule})
}
