package designer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/web/page"
)

// maxFields bounds what a face may be asked for: a page for people.
const maxFields = 200

// A part is a thing of a list with its controls: a field of the face, a style.
type part struct {
	ID, Title, Sub string
	Hidden         []page.Hidden
	Short, More    []page.Field
	Ticks          []choice
	Remove         string // name of the box that takes it away
	Open, Fresh    bool
}

type listPage struct {
	common
	Lead  string
	Word  string // what one is called
	Parts []part
	New   bool
}

func fieldValues(k *catalogue.Kind) values {
	v := values{url.Values{}, &wrongs{}}
	for i := range k.Fields {
		setField(v, fmt.Sprintf("f%d.", i), &k.Fields[i])
	}
	return v
}

func setField(v values, n string, f *catalogue.Field) {
	var list, columns []string
	for _, x := range f.Values {
		list = append(list, strings.TrimRight(x.Value+" | "+x.Code, " |"))
	}
	for _, c := range f.Columns {
		columns = append(columns, strings.TrimRight(fmt.Sprintf("%s | %s | %s | %s", c.Key, c.Label, map[bool]string{true: "必填"}[c.Required], count(c.Max)), " |"))
	}
	for key, s := range map[string]string{
		"src": f.Key, "key": f.Key, "label": f.Label, "type": string(f.Type), "max": count(f.Max), "decimals": count(f.Decimals), "unit": f.Unit, "match": f.Match,
		"check": f.Check, "values": joined(list), "columns": joined(columns), "source": f.Source, "default": f.Default, "class": f.Class, "mask": f.Mask, "hint": f.Hint,
	} {
		v.Set(n+key, s)
	}
	for name, on := range map[string]bool{"required": f.Required, "hidden": f.Hidden} {
		if on {
			v.Add(n+"ways", name)
		}
	}
}

func fieldOf(v values, n string) catalogue.Field {
	ways := v.chosen(n + "ways")
	f := catalogue.Field{
		Key: v.str(n + "key"), Label: v.str(n + "label"), Type: catalogue.FieldType(v.str(n + "type")), Max: v.int(n+"max", "最长"), Decimals: v.int(n+"decimals", "小数位数"),
		Unit: v.str(n + "unit"), Match: v.str(n + "match"), Check: v.str(n + "check"), Source: v.str(n + "source"), Default: v.str(n + "default"),
		Class: v.str(n + "class"), Mask: v.str(n + "mask"), Hint: v.str(n + "hint"), Required: slices.Contains(ways, "required"), Hidden: slices.Contains(ways, "hidden"),
	}
	for _, l := range v.lines(n + "values") {
		c := cells(l, 2)
		f.Values = append(f.Values, catalogue.EnumValue{Value: c[0], Code: c[1]})
	}
	for _, l := range v.lines(n + "columns") {
		c := cells(l, 4)
		col := catalogue.Column{Key: c[0], Label: c[1], Required: c[2] != ""}
		if _, err := fmt.Sscanf(c[3], "%d", &col.Max); c[3] != "" && err != nil {
			v.wrong.add(n+"columns", "每列一行，写“键 | 名称 | 必填 | 最多字数”，后两项可不写")
		}
		f.Columns = append(f.Columns, col)
	}
	if !keyForm.MatchString(f.Key) {
		v.wrong.add(n+"key", "键应为 KZ_ 加大写字母、数字（已公布的），或小写字母开头的英文（自定的）")
	}
	if f.Label == "" {
		v.wrong.add(n+"label", "名称必填")
	}
	return f
}

// applyFields puts the list into a design. Where a key changed, what names it
// changes with it.
func applyFields(d *design, v values) {
	k := &d.kind
	count := v.listed("f", "key", maxFields+1)
	if count > maxFields {
		v.wrong.add("fields", "照面项最多 %d 个；照面只收依法需要的信息", maxFields)
		return
	}
	type row struct {
		field catalogue.Field
		order float64
	}
	var rows []row
	renamed, gone, seen := map[string]string{}, map[string]bool{}, map[string]bool{}
	for i := range count {
		n := fmt.Sprintf("f%d.", i)
		src := v.str(n + "src")
		if v.on(n + "remove") {
			gone[src] = true
			continue
		}
		if src == "" && v.str(n+"key") == "" && v.str(n+"label") == "" {
			continue // the empty lines below the list
		}
		f := fieldOf(v, n)
		if seen[f.Key] {
			v.wrong.add(n+"key", "这个键已经有了")
		}
		seen[f.Key] = true
		if src != "" && src != f.Key {
			renamed[src] = f.Key
		}
		order := v.num(n+"order", "次序")
		rows = append(rows, row{f, order})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.order, b.order) })
	k.Fields = nil
	for _, r := range rows {
		k.Fields = append(k.Fields, r.field)
	}
	if len(*v.wrong) == 0 {
		d.rename(renamed)
		d.forget(gone)
	}
}

// rename changes the names of fields wherever they are named.
func (d *design) rename(to map[string]string) {
	if len(to) == 0 {
		return
	}
	name := func(s *string) {
		if n, ok := to[*s]; ok {
			*s = n
		}
		if n, ok := to[strings.TrimPrefix(*s, "field.")]; ok && strings.HasPrefix(*s, "field.") {
			*s = "field." + n
		}
	}
	for p := range d.template.Pages {
		for i := range d.template.Pages[p].Items {
			it := &d.template.Pages[p].Items[i]
			for _, s := range []*string{&it.Row, &it.Field, &it.Picture, &it.Table} {
				name(s)
			}
		}
	}
	for i := range d.kind.Fields {
		name(&d.kind.Fields[i].Source)
		name(&d.kind.Fields[i].Default)
	}
	for i := range d.kind.Excluded {
		name(&d.kind.Excluded[i].Field)
	}
	for key, from := range d.kind.Metadata {
		name(&from)
		d.kind.Metadata[key] = from
	}
	pattern := d.kind.Number.Pattern
	for old, n := range to {
		pattern = strings.NewReplacer("{"+old+"}", "{"+n+"}", "{code:"+old+"}", "{code:"+n+"}").Replace(pattern)
	}
	d.kind.Number.Pattern = pattern
	d.example(func(fields map[string]json.RawMessage) {
		for old, n := range to {
			if raw, ok := fields[old]; ok {
				delete(fields, old)
				fields[n] = raw
			}
		}
	})
}

// forget takes what was removed off the face and out of the sample.
func (d *design) forget(gone map[string]bool) {
	delete(gone, "")
	if len(gone) == 0 {
		return
	}
	for p := range d.template.Pages {
		list := &d.template.Pages[p].Items
		kept := (*list)[:0]
		for _, it := range *list {
			if !gone[it.Row] && !gone[it.Field] && !gone[it.Picture] && !gone[it.Table] {
				kept = append(kept, it)
			}
		}
		*list = kept
	}
	d.example(func(fields map[string]json.RawMessage) {
		maps.DeleteFunc(fields, func(key string, _ json.RawMessage) bool { return gone[key] })
	})
}

// example changes the fields of the sample, if it can be read.
func (d *design) example(change func(map[string]json.RawMessage)) {
	whole, fields := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if json.Unmarshal(d.files[exampleFile], &whole) != nil || json.Unmarshal(whole["fields"], &fields) != nil {
		return
	}
	before := len(fields)
	was, _ := json.Marshal(fields)
	change(fields)
	now, err := json.Marshal(fields)
	if err != nil || before == len(fields) && bytes.Equal(was, now) {
		return
	}
	whole["fields"] = now
	if data, err := json.MarshalIndent(whole, "", "  "); err == nil {
		d.files = maps.Clone(d.files)
		d.files[exampleFile] = append(data, '\n')
	}
}

func fieldParts(v values) (out []part) {
	n := v.listed("f", "key", maxFields)
	for i := range n {
		name := fmt.Sprintf("f%d.", i)
		out = append(out, fieldPart(v, name, i+1))
	}
	if n < maxFields && (n == 0 || v.str(fmt.Sprintf("f%d.key", n-1)) != "") {
		p := fieldPart(v, fmt.Sprintf("f%d.", n), n+1)
		p.Fresh, p.Title, p.Sub = true, "新的照面项", "填了才加上"
		out = append(out, p)
	}
	return out
}

func fieldPart(v values, n string, order int) part {
	f := func(key, label, hint string, more page.Field) page.Field {
		more.ID, more.Name, more.Label, more.Hint, more.Value = idOf(n+key), n+key, label, hint, v.str(n+key)
		return more
	}
	p := part{ID: idOf(n), Title: v.str(n + "label"), Sub: strings.Trim(v.str(n+"key")+"，"+wordOf(fieldTypes, v.str(n+"type")), "，"), Remove: n + "remove",
		Hidden: []page.Hidden{{Name: n + "src", Value: v.str(n + "src")}}}
	place := f("order", "次序", "", page.Field{Mode: "numeric", Max: 6})
	if place.Value == "" {
		place.Value = num(order)
	}
	p.Short = []page.Field{
		f("label", "名称", "", page.Field{Max: 64}), f("key", "键", "", page.Field{Code: true, Max: 64}),
		f("type", "类型", "", page.Field{Options: with(fieldTypes, v.str(n+"type"))}), f("max", "最长", "", page.Field{Mode: "numeric", Max: 6}),
		f("class", "数据分级", "", page.Field{Options: with(classes, v.str(n+"class")), Any: "内部（通常）"}), place,
	}
	p.Ticks = []choice{ticks(v, n+"ways", "要求", "", []page.Option{{Value: "required", Label: "必填"}, {Value: "hidden", Label: "不印在照面上"}})}
	p.More = []page.Field{
		f("values", "代码表", "代码表才填，一行一个：值 | 代码", page.Field{Lines: 3, Max: 8000}), f("columns", "表格的列", "表格才填，一行一列：键 | 名称 | 必填 | 最多字数", page.Field{Lines: 3, Max: 4000}),
		f("source", "由系统生成", "选了就不由人填写", page.Field{Options: with(sources, v.str(n+"source")), Any: "由人填写"}),
		f("default", "没有填写时取", "", page.Field{Options: with(sources, v.str(n+"default")), Any: "不取"}),
		f("hint", "给填写人的提示", "", page.Field{Max: 200}), f("unit", "单位", "", page.Field{Max: 16}), f("decimals", "小数位数", "数字、金额才填，至多 6", page.Field{Mode: "numeric", Max: 1}),
		f("check", "校验", "", page.Field{Options: with(checkOptions(), v.str(n+"check")), Any: "不校验"}), f("match", "须符合的正则表达式", "", page.Field{Code: true, Max: 300}),
		f("mask", "遮盖方式", "", page.Field{Options: with(masks, v.str(n+"mask")), Any: "按分级和类型"}),
	}
	return p
}

func (s *Service) getFields(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	return s.showFields(w, r, http.StatusOK, o, fieldValues(&o.design.kind), nil)
}

func (s *Service) showFields(w http.ResponseWriter, r *http.Request, code int, o *opened, v values, refusal error) error {
	p := &listPage{common: s.common(r, o, "fields", refusal), Word: "照面项", Parts: fieldParts(v)}
	p.Lead = "证照上有哪些信息。只列依法需要的；改了键，照面和样例里的跟着改。"
	p.mark(refusal)
	return s.set.Show(w, code, "list", p)
}

// mark puts what is wrong at its control and opens the part it is in.
func (p *listPage) mark(refusal error) {
	if refusal == nil || p.Clash {
		return
	}
	var lists [][]page.Field
	for _, x := range p.Parts {
		lists = append(lists, x.Short, x.More)
	}
	p.Problem = page.Mark(refusal, lists...)
	for i := range p.Parts {
		for _, f := range p.Parts[i].More {
			p.Parts[i].Open = p.Parts[i].Open || f.Error != ""
		}
	}
}

func (s *Service) postFields(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	return s.change(w, r, v, "fields", func(d *design) string {
		applyFields(d, v)
		return ""
	}, func(code int, o *opened, refusal error) error { return s.showFields(w, r, code, o, v, refusal) })
}
