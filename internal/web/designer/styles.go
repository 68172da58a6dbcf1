package designer

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"sidian/internal/catalogue/face"
	"sidian/internal/web/page"
)

const maxStyles = 60

var styleName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

func styleValues(t *face.Template) values {
	v := values{url.Values{}, &wrongs{}}
	for i, name := range slices.Sorted(maps.Keys(t.Styles)) {
		s, n := t.Styles[name], fmt.Sprintf("t%d.", i)
		for key, x := range map[string]string{
			"name": name, "base": s.Base, "font": s.Font, "size": text(s.Size), "min": text(s.Min), "align": s.Align, "valign": s.VAlign, "color": s.Color,
			"spacing": text(s.Spacing), "line": text(s.Line), "indent": text(s.Indent), "lines": count(s.Lines),
		} {
			v.Set(n+key, x)
		}
		for way, on := range map[string]bool{"bold": s.Bold, "vertical": s.Vertical} {
			if on {
				v.Add(n+"ways", way)
			}
		}
	}
	return v
}

func applyStyles(t *face.Template, v values) {
	styles := map[string]face.Style{}
	for i := range v.listed("t", "name", maxStyles) {
		n := fmt.Sprintf("t%d.", i)
		name := v.str(n + "name")
		if v.on(n+"remove") || name == "" {
			continue
		}
		if _, twice := styles[name]; twice || !styleName.MatchString(name) && !knows(t, name) {
			v.wrong.add(n+"name", "样式名用小写字母开头的英文，且不重复")
			continue
		}
		ways := v.chosen(n + "ways")
		styles[name] = face.Style{
			Base: v.str(n + "base"), Font: v.str(n + "font"), Size: v.num(n+"size", "字号"), Min: v.num(n+"min", "最小字号"), Align: v.str(n + "align"), VAlign: v.str(n + "valign"),
			Color: v.str(n + "color"), Spacing: v.num(n+"spacing", "字距"), Line: v.num(n+"line", "行距"), Indent: v.num(n+"indent", "缩进"), Lines: v.int(n+"lines", "最多行数"),
			Bold: slices.Contains(ways, "bold"), Vertical: slices.Contains(ways, "vertical"),
		}
	}
	t.Styles = styles
}

func knows(t *face.Template, name string) bool {
	_, ok := t.Styles[name]
	return ok
}

func styleParts(v values) (out []part) {
	n := v.listed("t", "name", maxStyles)
	var names []string
	for i := range n {
		names = append(names, v.str(fmt.Sprintf("t%d.name", i)))
	}
	for i := range n {
		out = append(out, stylePart(v, fmt.Sprintf("t%d.", i), names))
	}
	if n < maxStyles && (n == 0 || names[n-1] != "") {
		p := stylePart(v, fmt.Sprintf("t%d.", n), names)
		p.Fresh, p.Title = true, "新的样式"
		out = append(out, p)
	}
	return out
}

func stylePart(v values, n string, names []string) part {
	f := func(key, label, hint string, more page.Field) page.Field {
		more.ID, more.Name, more.Label, more.Hint, more.Value = idOf(n+key), n+key, label, hint, v.str(n+key)
		return more
	}
	own := v.str(n + "name")
	others := options(slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == own || s == "" })...)
	p := part{ID: idOf(n), Title: own, Remove: n + "remove"}
	p.Short = []page.Field{
		f("name", "样式名", "", page.Field{Code: true, Max: 32}), f("font", "字体", "", page.Field{Options: with(fonts, v.str(n+"font")), Any: "同基础样式"}),
		f("size", "字号（磅）", "", page.Field{Mode: "decimal", Max: 6}), f("min", "放不下时缩到", "", page.Field{Mode: "decimal", Max: 6}),
		f("align", "左右", "", page.Field{Options: with(aligns, v.str(n+"align")), Any: "同基础样式"}), f("valign", "上下", "", page.Field{Options: with(valigns, v.str(n+"valign")), Any: "同基础样式"}),
	}
	p.Ticks = []choice{ticks(v, n+"ways", "写法", "", []page.Option{{Value: "bold", Label: "加粗"}, {Value: "vertical", Label: "竖排"}})}
	p.More = []page.Field{
		f("base", "基础样式", "没有填的从它取", page.Field{Options: with(others, v.str(n+"base")), Any: "没有"}), f("color", "颜色", "形如 #8c1d18", page.Field{Code: true, Max: 7}),
		f("lines", "最多几行", "1 为不换行；不填为放满为止", page.Field{Mode: "numeric", Max: 3}), f("line", "行距（倍）", "", page.Field{Mode: "decimal", Max: 6}),
		f("spacing", "字距（字宽的倍数）", "", page.Field{Mode: "decimal", Max: 6}), f("indent", "首行缩进（字）", "", page.Field{Mode: "decimal", Max: 6}),
	}
	return p
}

func (s *Service) getStyles(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	return s.showStyles(w, r, http.StatusOK, o, styleValues(&o.design.template), nil)
}

func (s *Service) showStyles(w http.ResponseWriter, r *http.Request, code int, o *opened, v values, refusal error) error {
	p := &listPage{common: s.common(r, o, "styles", refusal), Word: "样式", Parts: styleParts(v)}
	p.Lead = "字体、字号、对齐、换行写成样式，照面上的各项选用；value 和 label 是没有选时用的。"
	p.mark(refusal)
	return s.set.Show(w, code, "list", p)
}

func (s *Service) postStyles(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	return s.change(w, r, v, "styles", func(d *design) string {
		applyStyles(&d.template, v)
		return ""
	}, func(code int, o *opened, refusal error) error { return s.showStyles(w, r, code, o, v, refusal) })
}
