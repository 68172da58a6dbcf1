package catalogue

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"sidian/internal/catalogue/face"
)

// faces compares two templates thing by thing. It tells whether both could be
// read.
func (d *differ) faces(old, now *Kind, before, after []byte) bool {
	a, b := &face.Template{}, &face.Template{}
	p := problems{}
	p.decode(templateFile, before, a)
	p.decode(templateFile, after, b)
	if p.err("读不懂") != nil {
		return false
	}
	n := len(*d)
	if a.Width != b.Width || a.Height != b.Height {
		d.add("照面的版面", "changed", sizeWords([]float64{0, 0, a.Width, a.Height}), sizeWords([]float64{0, 0, b.Width, b.Height}))
	}
	if len(a.Pages) != len(b.Pages) {
		d.add("照面的页数", "changed", fmt.Sprint(len(a.Pages)), fmt.Sprint(len(b.Pages)))
	}
	d.items(placedOf(a, old), placedOf(b, now))
	d.styles(a.Styles, b.Styles)
	if len(*d) == n {
		d.add(fileWord(templateFile), "changed", "", "只有注释或书写方式不同，照面不变")
	}
	return true
}

func (d *differ) styles(a, b map[string]face.Style) {
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if _, was := a[name]; !was {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		x, was := a[name]
		y, is := b[name]
		where := "文字样式 " + name
		switch {
		case !was:
			d.add(where, "added", "", sayAll(styleWords, y))
		case !is:
			d.add(where, "removed", sayAll(styleWords, x), "")
		default:
			if o, n := sayDiff(styleWords, x, y); o != n {
				d.add(where, "changed", o, n)
			}
		}
	}
}

// A placed is a thing on a page of a template.
type placed struct {
	page, turn  int
	item        *face.Item
	same, title string // same: what it is, wherever it stands
	print       string // all that is said of it
	at          [4]float64
	with        *placed // in the other template
}

func placedOf(t *face.Template, k *Kind) (list []*placed) {
	for n := range t.Pages {
		for i := range t.Pages[n].Items {
			it := &t.Pages[n].Items[i]
			x := &placed{page: n, turn: i, item: it, at: [4]float64(it.At)}
			if raw, err := yaml.Marshal(it); err == nil {
				x.print = string(raw)
			}
			switch {
			case it.Line != nil:
				x.at = *it.Line
			case it.Rect != nil:
				x.at = [4]float64(*it.Rect)
			}
			what, of := whatIs(it, k)
			x.same, x.title = what+"\x00"+of, what
			if of != "" {
				x.title = what + " “" + clip(strings.ReplaceAll(of, "\n", " "), 20) + "”"
			}
			list = append(list, x)
		}
	}
	return list
}

// whatIs is what sort of thing an item is, and what it prints.
func whatIs(it *face.Item, k *Kind) (what, of string) {
	switch {
	case it.Row+it.Field != "":
		return "照面项", fieldLabel(k, it.Row+it.Field)
	case it.Picture != "":
		return "照片", fieldLabel(k, it.Picture)
	case it.Table != "":
		return "表格", fieldLabel(k, it.Table)
	case it.Text != "":
		return "固定文字", it.Text
	case it.QR:
		return "二维码", ""
	case it.Line != nil:
		return "线条", ""
	case it.Rect != nil:
		return "方框", ""
	case it.Frame != "":
		return "花边", ""
	case it.Ground != "":
		return "底纹", ""
	case it.Image != "":
		return "底图", it.Image
	}
	return "团花", ""
}

// sourceWords are what the platform prints by itself, see Sources.
var sourceWords = map[string]string{"kind": "证照名称", "number": "证照编号", "serial": "流水号", "sequence": "顺序号", "identifier": "电子证照标识", "year": "颁发年份", "issued": "颁发日期", "issuer": "颁发机构",
	"issuer.code": "颁发机构代码", "valid_from": "有效期起", "valid_to": "有效期止", "validity": "有效期限", "holder.name": "持证主体", "holder.names": "全体持证主体", "holder.id": "证件号码", "holder.ids": "全体证件号码"}

func fieldLabel(k *Kind, key string) string {
	if name, ok := strings.CutPrefix(key, "@"); ok {
		return cmp.Or(sourceWords[name], name)
	}
	if k != nil {
		if f := find(k.Fields, key); f != nil {
			return cmp.Or(f.Label, key)
		}
	}
	return key
}

// items pairs what is the same in both, then what is the same thing elsewhere, then
// what stands in the same place; what is left was added or removed.
func (d *differ) items(old, now []*placed) {
	pairUp(old, now, func(x *placed) string { return fmt.Sprint(x.page, "\x00", x.print) })
	pairUp(old, now, func(x *placed) string { return x.same })
	pairUp(old, now, func(x *placed) string {
		what, _, _ := strings.Cut(x.same, "\x00")
		return fmt.Sprint(what, x.page, x.at)
	})
	for _, x := range old {
		if x.with == nil {
			d.add(x.where(), "removed", sayAll(itemWords, x.item), "")
			continue
		}
		d.item(x, x.with)
	}
	for _, y := range now {
		if y.with == nil {
			d.add(y.where(), "added", "", sayAll(itemWords, y.item))
		}
	}
	d.turns(now)
}

func (x *placed) where() string { return fmt.Sprintf("照面第 %d 页 %s", x.page+1, x.title) }

func (d *differ) item(x, y *placed) {
	before, after := sayDiff(itemWords, x.item, y.item)
	if x.page != y.page {
		before, after = join(fmt.Sprintf("第 %d 页", x.page+1), before), join(fmt.Sprintf("第 %d 页", y.page+1), after)
	}
	if before != after {
		d.add(x.where(), "changed", before, after)
	}
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + "；" + b
}

// pairUp pairs of those that are left each with the nearest of the same key.
func pairUp(old, now []*placed, key func(*placed) string) {
	left := map[string][]*placed{}
	for _, y := range now {
		if y.with == nil {
			left[key(y)] = append(left[key(y)], y)
		}
	}
	for _, x := range old {
		if x.with != nil {
			continue
		}
		k := key(x)
		near := -1
		for i, y := range left[k] {
			if near < 0 || x.far(y) < x.far(left[k][near]) {
				near = i
			}
		}
		if near >= 0 {
			x.with = left[k][near]
			x.with.with = x
			left[k] = slices.Delete(left[k], near, near+1)
		}
	}
}

// far is how far apart two things are; another page is farther than all of one.
func (x *placed) far(y *placed) float64 {
	sum := math.Abs(float64(x.page-y.page)) * 1e5
	for i := range x.at {
		sum += math.Abs(x.at[i] - y.at[i])
	}
	return sum
}

// turns tells which things are drawn before or after others now: who comes later
// lies on top.
func (d *differ) turns(now []*placed) {
	for page := 0; len(now) > 0; page++ {
		end := slices.IndexFunc(now, func(y *placed) bool { return y.page > page })
		if end < 0 {
			end = len(now)
		}
		var kept []*placed
		for _, y := range now[:end] {
			if y.with != nil && y.with.page == y.page {
				kept = append(kept, y)
			}
		}
		if up, down := raised(kept); len(up) > 0 && len(up) <= len(down) {
			d.add(fmt.Sprintf("照面第 %d 页的上下叠放", page+1), "changed", "", "移到上面："+titles(up))
		} else if len(down) > 0 {
			d.add(fmt.Sprintf("照面第 %d 页的上下叠放", page+1), "changed", "", "移到下面："+titles(down))
		}
		now = now[end:]
	}
}

// raised are the things that come after one that they came before, and those that
// come before one that they came after.
func raised(list []*placed) (up, down []*placed) {
	most, least := -1, math.MaxInt
	for _, y := range list {
		if y.with.turn < most {
			up = append(up, y)
		}
		most = max(most, y.with.turn)
	}
	for _, y := range slices.Backward(list) {
		if y.with.turn > least {
			down = append(down, y)
		}
		least = min(least, y.with.turn)
	}
	return up, down
}

func titles(list []*placed) string {
	var out []string
	for _, y := range list[:min(len(list), 5)] {
		out = append(out, y.title)
	}
	text := strings.Join(out, "、")
	if len(list) > 5 {
		text += fmt.Sprintf("等 %d 项", len(list))
	}
	return text
}
