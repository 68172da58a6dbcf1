package designer

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/face"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// A sheet is one page of the face on the canvas.
type sheet struct {
	No      int
	W, H    float64
	Picture any // template.URL
	Boxes   []boxView
}

type layoutPage struct {
	common
	W, H    page.Field
	Sheets  []sheet
	Boxes   []boxView
	Found   []finding
	Add     []page.Option
	Missing []page.Option // fields that are not on the face yet
}

// layoutValues are the values of the form of a face.
func layoutValues(d *design) values {
	v := values{url.Values{}, &wrongs{}}
	v.Set("width", mm(d.template.Width))
	v.Set("height", mm(d.template.Height))
	v.Set("pages", strconv.Itoa(len(d.template.Pages)))
	n := 0
	for p := range d.template.Pages {
		for i := range d.template.Pages[p].Items {
			name := fmt.Sprintf("i%d.", n)
			itemValues(v, name, &d.template.Pages[p].Items[i], p)
			v.Set(name+"src", fmt.Sprintf("%d.%d", p, i))
			n++
		}
	}
	for i := range d.kind.Seals {
		sealValues(v, fmt.Sprintf("s%d.", i), &d.kind.Seals[i])
	}
	return v
}

// placed says which control each item and each seal of a design came from.
type placed struct {
	items [][]string
	seals []string
}

// applyLayout puts what the form gave into a design.
func applyLayout(d *design, v values) placed {
	t := &d.template
	t.Width, t.Height = v.num("width", "版面宽"), v.num("height", "版面高")
	pages := min(max(v.int("pages", "页数"), 1), 10)
	before := t.Pages
	t.Pages = make([]face.Page, pages)
	type placing struct {
		item  face.Item
		order float64
		id    string
	}
	lists := make([][]placing, pages)
	for n := range v.listed("i", "what", maxBoxes) {
		name := fmt.Sprintf("i%d.", n)
		if v.on(name + "remove") {
			continue
		}
		it := itemOf(v, name, at(before, v.str(name+"src")))
		p := min(max(v.int(name+"page", "页"), 1), pages) - 1
		lists[p] = append(lists[p], placing{it, v.num(name+"order", "次序"), idOf(name)})
	}
	out := placed{items: make([][]string, pages)}
	for p := range lists {
		slices.SortStableFunc(lists[p], func(a, b placing) int { return cmp.Compare(a.order, b.order) })
		for _, x := range lists[p] {
			t.Pages[p].Items = append(t.Pages[p].Items, x.item)
			out.items[p] = append(out.items[p], x.id)
		}
	}
	d.kind.Seals = nil
	for n := range v.listed("s", "role", 50) {
		name := fmt.Sprintf("s%d.", n)
		if v.on(name + "remove") {
			continue
		}
		d.kind.Seals = append(d.kind.Seals, sealOf(v, name))
		out.seals = append(out.seals, idOf(name))
	}
	return out
}

// at is the item that stood at page.index; nil where none did.
func at(pages []face.Page, src string) *face.Item {
	a, b, _ := strings.Cut(src, ".")
	p, err1 := strconv.Atoi(a)
	i, err2 := strconv.Atoi(b)
	if err1 != nil || err2 != nil || p < 0 || p >= len(pages) || i < 0 || i >= len(pages[p].Items) {
		return nil
	}
	return &pages[p].Items[i]
}

// addTo puts one more thing on a page, and gives the control of it.
func addTo(d *design, what string, pageNo int) (where string) {
	pageNo = min(max(pageNo, 1), len(d.template.Pages)) - 1
	p := &d.template.Pages[pageNo]
	w, h := d.template.Width, d.template.Height
	what, ref, _ := strings.Cut(what, ":")
	y := min(20+float64(len(p.Items)%12)*12, max(h-30, 0))
	it := face.Item{At: face.Box{min(20, w/10), y, min(100, w*0.6), 10}}
	list := optionsFor(d, what)
	if ref == "" && len(list) > 0 {
		ref = list[0].Value
	}
	switch what {
	case "seal":
		size := min(42, w/2, h/2)
		role := "issuer"
		if len(d.kind.Seals) > 0 {
			role = fmt.Sprintf("盖章单位%d", len(d.kind.Seals)+1)
		}
		d.kind.Seals = append(d.kind.Seals, catalogue.SealSlot{Role: role, Kind: catalogue.LegalName, Page: pageNo, At: face.Box{w - size - 15, h - size - 15, size, size}})
		return fmt.Sprintf("s%d", len(d.kind.Seals)-1)
	case "page":
		d.template.Pages = append(d.template.Pages, face.Page{})
		return "sheet-" + strconv.Itoa(len(d.template.Pages))
	case whatText:
		it.Text = "文字"
	case whatRow:
		it.LabelWidth = min(28, it.At[2]/2)
	case whatQR:
		it.QR, it.At = true, face.Box{w - 40, 12, 25, 25}
	case whatPicture:
		it.At[2], it.At[3] = 25, 35
	case whatTable:
		it.RowHeight, it.Weight, it.At[3] = 8, 0.2, 48
		it.Columns = widthsFor(&d.kind, ref, it.At[2])
	case whatLine:
		it.At, it.Line = face.Box{}, &[4]float64{20, y, w - 20, y}
	case whatRect:
		it.Rect, it.At, it.Color = &face.Box{20, y, 60, 20}, face.Box{}, "#1a1a1a"
	case whatFrame:
		it.At, it.Color = face.Box{8, 8, w - 16, h - 16}, "#a9842f"
	case whatGround:
		it.At, it.Color, it.Alpha = face.Box{0, 0, w, h}, "#c9a24b", 0.2
	case whatRosette:
		it.Rosette, it.At, it.Color, it.Alpha = 30, face.Box{w/2 - 35, h/2 - 35, 70, 70}, "#c9a24b", 0.3
	case whatImage:
		it.At = face.Box{0, 0, w, h}
	}
	setRef(&it, what, ref)
	before := what == whatGround || what == whatImage || what == whatFrame
	if at := 0; before {
		p.Items = slices.Insert(p.Items, at, it)
	} else {
		p.Items = append(p.Items, it)
	}
	n := 0
	for i := range pageNo {
		n += len(d.template.Pages[i].Items)
	}
	if !before {
		n += len(p.Items) - 1
	}
	return fmt.Sprintf("i%d", n)
}

func widthsFor(k *catalogue.Kind, key string, width float64) (out []face.TableColumn) {
	for i := range k.Fields {
		if k.Fields[i].Key == key {
			for _, c := range k.Fields[i].Columns {
				out = append(out, face.TableColumn{Key: c.Key, Width: max(width/float64(len(k.Fields[i].Columns)), 3)})
			}
		}
	}
	return out
}

// unprinted are the fields that the face does not show, and has to.
func unprinted(d *design) (out []page.Option) {
	on := map[string]bool{}
	for _, p := range d.template.Pages {
		for i := range p.Items {
			on[refOf(&p.Items[i])] = true
		}
	}
	for i := range d.kind.Fields {
		f := &d.kind.Fields[i]
		what := whatRow
		switch f.Type {
		case catalogue.Pict:
			what = whatPicture
		case catalogue.Table:
			what = whatTable
		}
		if !f.Hidden && !on[f.Key] {
			out = append(out, page.Option{Value: what + ":" + f.Key, Label: f.Label})
		}
	}
	return out
}

func (s *Service) getLayout(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	return s.showLayout(w, r, http.StatusOK, o, layoutValues(o.design), nil)
}

func (s *Service) showLayout(w http.ResponseWriter, r *http.Request, code int, o *opened, v values, refusal error) error {
	next, err := o.design.again()
	if err != nil {
		return err
	}
	where := applyLayout(next, values{v.Values, &wrongs{}})
	l, err := s.look(next)
	if err != nil {
		return err
	}
	p := &layoutPage{common: s.common(r, o, "layout", refusal), Found: where.findings(l.Found), Missing: unprinted(next)}
	p.Scripts = append(p.Scripts, "designer.js")
	p.W = page.Field{ID: "width", Name: "width", Label: "版面宽（毫米）", Value: v.raw("width"), Mode: "decimal", Short: true, Required: true, Max: 8}
	p.H = page.Field{ID: "height", Name: "height", Label: "版面高（毫米）", Value: v.raw("height"), Mode: "decimal", Short: true, Required: true, Max: 8}
	for n := range v.listed("i", "what", maxBoxes) {
		p.Boxes = append(p.Boxes, boxOf(v, fmt.Sprintf("i%d.", n), next, n+1))
	}
	for n := range v.listed("s", "role", 50) {
		p.Boxes = append(p.Boxes, sealBox(v, fmt.Sprintf("s%d.", n)))
	}
	for i := range p.Found {
		for _, b := range p.Boxes {
			if b.ID == p.Found[i].Box {
				p.Found[i].Text = b.Title + "：" + p.Found[i].Text
			}
		}
	}
	p.mark(refusal)
	t := &next.template
	for n := range t.Pages {
		x := sheet{No: n + 1, W: t.Width, H: t.Height}
		if !t.Sane() {
			x.W, x.H = 210, 297
		}
		if n < len(l.Pages) {
			x.Picture = l.Pages[n]
		}
		for _, b := range p.Boxes {
			if b.Page == n+1 {
				x.Boxes = append(x.Boxes, b)
			}
		}
		p.Sheets = append(p.Sheets, x)
	}
	p.Add = whats
	if len(next.images()) == 0 {
		p.Add = slices.DeleteFunc(slices.Clone(whats), func(o page.Option) bool { return o.Value == whatImage })
	}
	return s.set.Show(w, code, "layout", p)
}

// mark puts what is wrong at the controls, and the name of its box before it.
func (p *layoutPage) mark(refusal error) {
	e := fault.As(refusal)
	if e == nil || p.Problem == nil {
		return
	}
	for i, wrong := range e.Fields {
		for n := range p.Boxes {
			b := &p.Boxes[n]
			for _, list := range [][]page.Field{b.Place, b.More} {
				for j := range list {
					if list[j].Name == wrong.Name {
						list[j].Error, b.Wrong = wrong.Message, wrong.Message
						p.Problem.Fields[i] = page.FieldProblem{ID: list[j].ID, Label: b.Title, Message: wrong.Message}
					}
				}
			}
		}
		for _, f := range []*page.Field{&p.W, &p.H} {
			if f.Name == wrong.Name {
				f.Error = wrong.Message
				p.Problem.Fields[i] = page.FieldProblem{ID: f.ID, Message: wrong.Message}
			}
		}
	}
}

// plainly says of the files' words what the pages call them.
var plainly = strings.NewReplacer("label_width", "标签宽", "；不需要印的请在 kind.yaml 标 hidden: true", "；不需要印的，请在“照面项”里勾“不印在照面上”",
	"row_height", "行高", "weight", "线粗", "alpha", "不透明度", "rosette", "团花半径", "dash", "虚线", "spacing", "字距", "indent", "缩进")

// findings say where each thing is wrong.
func (w placed) findings(found []fault.Field) (out []finding) {
	for _, f := range found {
		x := finding{Text: plainly.Replace(f.Message)}
		if m := inItems.FindStringSubmatch(f.Name); m != nil && strings.HasPrefix(f.Name, templateFile) {
			p, _ := strconv.Atoi(m[1])
			n, _ := strconv.Atoi(m[2])
			if p < len(w.items) && n < len(w.items[p]) {
				x.Box = w.items[p][n]
			}
		} else if m := inList.FindStringSubmatch(f.Name); m != nil && m[1] == "seals" {
			if n, _ := strconv.Atoi(m[2]); n < len(w.seals) {
				x.Box = w.seals[n]
			}
		}
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func (s *Service) postLayout(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	return s.change(w, r, v, "layout", func(d *design) string {
		applyLayout(d, v)
		if v.str("go") == "add" && len(*v.wrong) == 0 {
			return addTo(d, v.str("what"), v.int("on", "页"))
		}
		return ""
	}, func(code int, o *opened, refusal error) error { return s.showLayout(w, r, code, o, v, refusal) })
}

// postPreview answers the script of the canvas: the pictures of the pages as the
// issued document would be drawn, and what is wrong.
func (s *Service) postPreview(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	o, err := s.open(r)
	if err != nil {
		return err
	}
	next, err := o.design.again()
	if err != nil {
		return err
	}
	where := applyLayout(next, v)
	l, err := s.look(next)
	if err != nil {
		return err
	}
	found := where.findings(l.Found)
	for _, f := range *v.wrong {
		box, _, _ := strings.Cut(f.Name, ".")
		found = append(found, finding{Box: box, Text: f.Message})
	}
	return page.ShowJSON(w, map[string]any{"pages": l.Pages, "found": found})
}

// postImage takes a picture into the folder, and puts it under everything else.
func (s *Service) postImage(w http.ResponseWriter, r *http.Request) error {
	name, data, err := pictureOf(r)
	if err != nil {
		return s.again(w, r, err)
	}
	v := values{r.PostForm, &wrongs{}}
	return s.change(w, r, v, "layout", func(d *design) string {
		_, had := d.files[name]
		d.files = maps.Clone(d.files)
		d.files[name] = data
		if had {
			return "pictures"
		}
		return addTo(d, whatImage+":"+name, v.int("on", "页"))
	}, func(code int, o *opened, refusal error) error {
		return s.showLayout(w, r, code, o, layoutValues(o.design), refusal)
	})
}

// again shows the face as it is kept, with why something was refused.
func (s *Service) again(w http.ResponseWriter, r *http.Request, refusal error) error {
	o, err := s.open(r)
	if err != nil || page.StatusOf(refusal) == 0 {
		return cmp.Or(err, refusal)
	}
	return s.showLayout(w, r, page.StatusOf(refusal), o, layoutValues(o.design), refusal)
}

// postDropImage takes a picture out of the folder, and the items that print it.
func (s *Service) postDropImage(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	name := v.str("name")
	return s.change(w, r, v, "layout", func(d *design) string {
		if !slices.Contains(d.images(), name) {
			v.wrong.add("name", "目录里没有这张图片")
			return ""
		}
		d.files = maps.Clone(d.files)
		delete(d.files, name)
		for p := range d.template.Pages {
			d.template.Pages[p].Items = slices.DeleteFunc(d.template.Pages[p].Items, func(it face.Item) bool { return it.Image == name })
		}
		return "pictures"
	}, func(code int, o *opened, refusal error) error {
		return s.showLayout(w, r, code, o, layoutValues(o.design), refusal)
	})
}
