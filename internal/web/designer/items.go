package designer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/face"
	"sidian/internal/web/page"
)

// A box is one thing on the face with its controls: an item of the template, or the
// place of a seal.
type boxView struct {
	ID, What, Title string
	Src             string // page.index where it stands in the folder
	Page            int
	X, Y, W, H      float64
	Seal            bool
	Place, More     []page.Field
	Remove          bool
	Wrong           string
}

// MidX, MidY, HalfW and HalfH are the middle and the half of the box, of which a
// seal's circle is drawn; WordY is where its name stands.
func (b boxView) MidX() float64  { return b.X + b.W/2 }
func (b boxView) MidY() float64  { return b.Y + b.H/2 }
func (b boxView) WordY() float64 { return b.Y + 6.5 }
func (b boxView) HalfW() float64 { return max(b.W/2, 0) }
func (b boxView) HalfH() float64 { return max(b.H/2, 0) }

// maxBoxes bounds what a form may hold; the face refuses more than 400 on a page.
const maxBoxes = 1000

// itemValues are the values of the controls of an item.
func itemValues(v values, n string, it *face.Item, pageNo int) {
	at := [4]float64(it.At)
	if it.Line != nil {
		at = *it.Line
	}
	if it.Rect != nil {
		at = [4]float64(*it.Rect)
	}
	for i, key := range []string{"x", "y", "w", "h"} {
		v.Set(n+key, mm(at[i]))
	}
	var columns []string
	for _, c := range it.Columns {
		columns = append(columns, c.Key+" | "+mm(c.Width))
	}
	var dash []string
	for _, d := range it.Dash {
		dash = append(dash, mm(d))
	}
	for key, s := range map[string]string{
		"what": whatOf(it), "page": strconv.Itoa(pageNo + 1), "text": it.Text, "ref": refOf(it), "style": it.Style, "label": it.Label, "label_width": text(it.LabelWidth),
		"label_style": it.LabelStyle, "format": it.Format, "prefix": it.Prefix, "suffix": it.Suffix, "empty": it.Empty, "columns": strings.Join(columns, "\n"),
		"row_height": text(it.RowHeight), "color": it.Color, "fill": it.Fill, "weight": text(it.Weight), "dash": strings.Join(dash, " "), "alpha": text(it.Alpha),
		"radius": text(it.Rosette),
	} {
		v.Set(n+key, s)
	}
}

// has tells which controls a thing of a sort has beside its place.
var has = map[string][]string{
	whatText:    {"text", "style"},
	whatRow:     {"ref", "style", "label_width", "label", "label_style", "format", "prefix", "suffix", "empty"},
	whatField:   {"ref", "style", "format", "prefix", "suffix", "empty"},
	whatPicture: {"ref"},
	whatTable:   {"ref", "columns", "row_height", "style", "label_style", "weight", "color"},
	whatQR:      {"color"},
	whatLine:    {"color", "weight", "dash", "alpha"},
	whatRect:    {"color", "fill", "weight", "dash", "alpha"},
	whatFrame:   {"ref", "color", "weight", "alpha"},
	whatGround:  {"ref", "color", "weight", "alpha"},
	whatRosette: {"radius", "color", "weight", "alpha"},
	whatImage:   {"ref"},
}

// itemOf reads an item from its controls. What an item of its sort has no control
// for stays as it was.
func itemOf(v values, n string, was *face.Item) face.Item {
	what := v.str(n + "what")
	it := face.Item{}
	if was != nil && whatOf(was) == what {
		it = *was
	}
	label := func(key string) string { return wordOf(labels, key) }
	ref := v.str(n + "ref")
	for _, key := range has[what] {
		switch key {
		case "text":
			if it.Text = v.str(n + "text"); it.Text == "" {
				v.wrong.add(n+"text", "固定文字不能为空；不要了请勾“删去”")
			}
		case "ref":
			setRef(&it, what, ref)
			if ref == "" && !v.on(n+"remove") {
				v.wrong.add(n+"ref", "请选择印什么；不要了请勾“删去”")
			}
		case "style":
			it.Style = v.str(n + key)
		case "label":
			it.Label = v.str(n + key)
		case "label_width":
			it.LabelWidth = v.num(n+key, label(key))
		case "label_style":
			it.LabelStyle = v.str(n + key)
		case "format":
			it.Format = v.str(n + key)
		case "prefix":
			it.Prefix = v.raw(n + key)
		case "suffix":
			it.Suffix = v.raw(n + key)
		case "empty":
			it.Empty = v.raw(n + key)
		case "columns":
			it.Columns = columnsOf(v, n+key)
		case "row_height":
			it.RowHeight = v.num(n+key, label(key))
		case "color":
			it.Color = v.str(n + key)
		case "fill":
			it.Fill = v.str(n + key)
		case "weight":
			it.Weight = v.num(n+key, label(key))
		case "dash":
			it.Dash = dashOf(v, n+key)
		case "alpha":
			it.Alpha = v.num(n+key, label(key))
		case "radius":
			it.Rosette = v.num(n+key, label(key))
		}
	}
	placeOf(v, n, what, &it)
	return it
}

func placeOf(v values, n, what string, it *face.Item) {
	var at [4]float64
	for i, key := range []string{"x", "y", "w", "h"} {
		at[i] = v.num(n+key, wordOf(labels, key))
	}
	switch what {
	case whatLine:
		it.Line = &at
	case whatRect:
		b := face.Box(at)
		it.Rect = &b
	default:
		it.At = face.Box(at)
	}
	it.QR = what == whatQR
	if what == whatRosette && it.Rosette == 0 {
		v.wrong.add(n+"radius", "团花要有半径")
	}
	if len(has[what]) == 0 {
		v.wrong.add(n+"what", "不认识这种内容")
	}
}

func setRef(it *face.Item, what, ref string) {
	switch what {
	case whatRow:
		it.Row = ref
	case whatField:
		it.Field = ref
	case whatPicture:
		it.Picture = ref
	case whatTable:
		it.Table = ref
	case whatFrame:
		it.Frame = ref
	case whatGround:
		it.Ground = ref
	case whatImage:
		it.Image = ref
	}
}

func columnsOf(v values, name string) (out []face.TableColumn) {
	for _, l := range v.lines(name) {
		c := cells(l, 2)
		w, err := strconv.ParseFloat(c[1], 64)
		if err != nil || !(w > 0 && w < 10000) {
			v.wrong.add(name, "每列一行，写“键 | 毫米宽”，如 mingcheng | 30")
			return nil
		}
		out = append(out, face.TableColumn{Key: c[0], Width: w})
	}
	return out
}

func dashOf(v values, name string) (out []float64) {
	for s := range strings.FieldsSeq(v.str(name)) {
		d, err := strconv.ParseFloat(s, 64)
		if err != nil || !(d > 0 && d < 1000) {
			v.wrong.add(name, "虚线写每段的毫米数，以空格分开，如 2 1")
			return nil
		}
		out = append(out, d)
	}
	return out
}

var labels = []page.Option{
	{Value: "x", Label: "左"}, {Value: "y", Label: "上"}, {Value: "w", Label: "宽"}, {Value: "h", Label: "高"},
	{Value: "text", Label: "文字"}, {Value: "ref", Label: "印什么"}, {Value: "style", Label: "样式"}, {Value: "label", Label: "标签"}, {Value: "label_width", Label: "标签宽"},
	{Value: "label_style", Label: "标签样式"}, {Value: "format", Label: "写法"}, {Value: "prefix", Label: "前面加"}, {Value: "suffix", Label: "后面加"},
	{Value: "empty", Label: "没有内容时印"}, {Value: "columns", Label: "列"}, {Value: "row_height", Label: "行高"}, {Value: "color", Label: "颜色"}, {Value: "fill", Label: "填充颜色"},
	{Value: "weight", Label: "线粗"}, {Value: "dash", Label: "虚线"}, {Value: "alpha", Label: "不透明度"}, {Value: "radius", Label: "半径"}, {Value: "page", Label: "页"}, {Value: "order", Label: "次序"},
}

// hints stand at controls whose label does not say it all.
var hints = map[string]string{
	"label": "不填即用照面项的名称", "label_width": "毫米，含与内容的间隔 3 毫米", "columns": "每列一行：键 | 毫米宽", "row_height": "毫米，不小于 3",
	"color": "形如 #8c1d18；不填为墨色", "fill": "形如 #fdfaf0；不填为空心", "weight": "毫米，如 0.3", "dash": "每段毫米数，如 2 1；不填为实线",
	"alpha": "0 到 1；不填为不透明", "radius": "毫米", "format": "不选即按照面项的类型",
}

// boxOf is the view of an item out of the values of its controls.
func boxOf(v values, n string, d *design, order int) boxView {
	what := v.str(n + "what")
	quiet := values{v.Values, &wrongs{}}
	was := itemOf(quiet, n, nil)
	b := boxView{ID: idOf(n), What: what, Src: v.str(n + "src"), Title: titleOf(&d.kind, &was), Remove: v.on(n + "remove")}
	b.Page = max(int(quiet.num(n+"page", "")), 1)
	b.X, b.Y, b.W, b.H = quiet.num(n+"x", ""), quiet.num(n+"y", ""), quiet.num(n+"w", ""), quiet.num(n+"h", "")
	placed := []string{"x", "y", "w", "h"}
	for _, key := range placed {
		f := control(v, n, key)
		if what == whatLine {
			f.Label = map[string]string{"x": "起点左", "y": "起点上", "w": "终点左", "h": "终点上"}[key]
		}
		b.Place = append(b.Place, f)
	}
	for _, key := range has[what] {
		f := control(v, n, key)
		switch key {
		case "ref":
			f.Options = with(optionsFor(d, what), f.Value)
			f.Required = true
		case "style", "label_style":
			f.Options = with(stylesOf(&d.template), f.Value)
			f.Any = map[string]string{"style": "（通用：value）", "label_style": "（通用：label）"}[key]
		case "format":
			f.Options, f.Any = with(formats, f.Value), "按类型"
		case "text":
			f.Lines, f.Max, f.Required = 2, 500, true
		case "columns":
			f.Lines = 4
		}
		b.More = append(b.More, f)
	}
	pageField, orderField := control(v, n, "page"), control(v, n, "order")
	if orderField.Value == "" {
		orderField.Value = strconv.Itoa(order)
	}
	orderField.Hint = "小的先画，大的在上面"
	b.More = append(b.More, pageField, orderField)
	return b
}

func control(v values, n, key string) page.Field {
	name := n + key
	f := page.Field{ID: idOf(name), Name: name, Label: wordOf(labels, key), Value: v.raw(name), Hint: hints[key], Max: 64}
	if slices.Contains([]string{"x", "y", "w", "h", "label_width", "row_height", "weight", "alpha", "radius"}, key) {
		f.Mode = "decimal"
	}
	if key == "dash" || key == "color" || key == "fill" {
		f.Code = true
	}
	return f
}

func optionsFor(d *design, what string) []page.Option {
	switch what {
	case whatFrame:
		return named(face.Frames(), frames)
	case whatGround:
		return named(face.Grounds(), grounds)
	case whatImage:
		return options(d.images()...)
	}
	return refsFor(&d.kind, what)
}

func stylesOf(t *face.Template) (out []page.Option) {
	for name := range t.Styles {
		out = append(out, page.Option{Value: name, Label: name})
	}
	slices.SortFunc(out, func(a, b page.Option) int { return strings.Compare(a.Value, b.Value) })
	return out
}

// images are the names of the folder's pictures.
func (d *design) images() (out []string) {
	for name := range d.files {
		if strings.HasSuffix(name, ".png") || strings.HasSuffix(name, ".jpg") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// sealOf reads the place of a seal.
func sealOf(v values, n string) catalogue.SealSlot {
	s := catalogue.SealSlot{Role: v.str(n + "role"), Kind: catalogue.SealKind(v.str(n + "kind")), Page: max(v.int(n+"page", "页"), 1) - 1, Order: v.int(n+"order", "用印次序")}
	for i, key := range []string{"x", "y", "w", "h"} {
		s.At[i] = v.num(n+key, wordOf(labels, key))
	}
	if s.Role == "" {
		v.wrong.add(n+"role", "请写明由谁盖章，如 issuer（颁发机构）")
	}
	return s
}

func sealValues(v values, n string, s *catalogue.SealSlot) {
	v.Set(n+"role", s.Role)
	v.Set(n+"kind", string(s.Kind))
	v.Set(n+"page", strconv.Itoa(s.Page+1))
	v.Set(n+"order", count(s.Order))
	for i, key := range []string{"x", "y", "w", "h"} {
		v.Set(n+key, mm(s.At[i]))
	}
}

func sealBox(v values, n string) boxView {
	quiet := values{v.Values, &wrongs{}}
	role := v.str(n + "role")
	who := role
	switch role {
	case "issuer":
		who = "颁发机构"
	case "superior":
		who = "上级单位"
	}
	b := boxView{ID: idOf(n), What: "seal", Seal: true, Title: fmt.Sprintf("印章：%s", who), Page: max(int(quiet.num(n+"page", "")), 1), Remove: v.on(n + "remove")}
	b.X, b.Y, b.W, b.H = quiet.num(n+"x", ""), quiet.num(n+"y", ""), quiet.num(n+"w", ""), quiet.num(n+"h", "")
	for _, key := range []string{"x", "y", "w", "h"} {
		b.Place = append(b.Place, control(v, n, key))
	}
	who0 := control(v, n, "role")
	who0.Label, who0.Hint, who0.Required = "由谁盖章", "issuer 为颁发机构，superior 为其上级单位；其他写名称，签发时指定单位", true
	sort := control(v, n, "kind")
	sort.Label, sort.Options = "用哪种章", with(sealKinds, sort.Value)
	turn := control(v, n, "order")
	turn.Label, turn.Hint = "用印次序", "几枚章有先后时填，小的先盖；不填为同时"
	b.More = []page.Field{who0, sort, control(v, n, "page"), turn}
	return b
}
