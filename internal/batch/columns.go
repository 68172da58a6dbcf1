package batch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/table"
)

// exampleMark begins the remark of the line of examples, which is never issued.
const exampleMark = "样例"

const remark = "remark"

// bulky refuses kinds that are not issued from a table, and says why.
func bulky(k *catalogue.Kind) error {
	no := func(why string) error {
		return fault.Conflict.New("“%s”不能批量签发：%s", k.Title, why).WithCode("batch.kind").WithHint("请在“证照办理”中逐件采集、审核、签发").WithField("kind", "bulk", why)
	}
	for _, slot := range k.Seals {
		switch {
		case slot.Role != "issuer":
			return no("须由“" + slot.Role + "”用印")
		case slot.Kind != k.Seals[0].Kind:
			return no("须多枚印章用印")
		}
	}
	for i := range k.Fields {
		switch f := &k.Fields[i]; {
		case !f.Required || f.Source != "" || f.Default != "":
		case f.Type == catalogue.Pict:
			return no("照面的“" + f.Label + "”是图片，表格中写不下")
		case f.Type == catalogue.Table:
			return no("照面的“" + f.Label + "”有多行，表格中写不下")
		}
	}
	return nil
}

// columns are those of a kind's table.
func columns(k *catalogue.Kind) []table.Column {
	list := []table.Column{{Key: remark, Title: "备注", Note: "平台不读取。“样例”开头的行不会签发，请删除", Example: "样例，请删除此行"}}
	for i, role := range roles(k) {
		list = append(list, holderColumns(k, i, role)...)
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Source == "" && f.Type != catalogue.Pict && f.Type != catalogue.Table {
			list = append(list, fieldColumn(f))
		}
	}
	list = append(list, table.Column{Key: "valid_from", Title: "有效期起始日期", Must: true, Note: "形如 2026-01-02", Example: "2026-01-02"})
	switch k.Validity.Rule {
	case "given":
		list = append(list, table.Column{Key: "valid_to", Title: "有效期截止日期", Must: true, Note: "形如 2030-01-01", Example: "2030-01-01"})
	case "years":
		list = append(list, table.Column{Key: "valid_to", Title: "有效期截止日期", Note: fmt.Sprintf("不填则为满 %d 年之日", k.Validity.Years)})
	case "open":
		list = append(list, table.Column{Key: "valid_to", Title: "有效期截止日期", Note: "不填则长期有效"})
	}
	return unique(append(list, table.Column{Key: "case_no", Title: "办件编号", Note: "至多 64 个字；没有的不填"}))
}

// unique gives columns of one title different ones: fields may be called as
// other columns are.
func unique(list []table.Column) []table.Column {
	seen := map[string]int{}
	for i := range list {
		list[i].Title = strings.TrimRight(table.Trim(list[i].Title), "*＊ ")
		seen[list[i].Title]++
		if n := seen[list[i].Title]; n > 1 {
			list[i].Title += "（" + strconv.Itoa(n) + "）"
		}
	}
	return list
}

// roles are the holders that a row names.
func roles(k *catalogue.Kind) []string {
	if len(k.Holders.Roles) == 0 {
		return []string{"持证主体"}
	}
	return k.Holders.Roles
}

var typeNames = map[string]string{"person": "自然人", "legal": "法人", "unincorporated": "非法人组织"}

func holderColumns(k *catalogue.Kind, i int, role string) (list []table.Column) {
	h := "h" + strconv.Itoa(i) + "."
	if len(k.Holders.Types) > 1 {
		c := table.Column{Key: h + "type", Title: role + "类别", Must: true, Note: "从列表中选择"}
		for _, t := range k.Holders.Types {
			c.Allowed = append(c.Allowed, typeNames[t])
		}
		c.Example = c.Allowed[0]
		list = append(list, c)
	}
	list = append(list, table.Column{Key: h + "name", Title: role + "名称", Must: true, Personal: true, Note: "姓名或单位全称", Example: "张样例"})
	if len(k.Holders.IDTypes) > 1 {
		c := table.Column{Key: h + "id_type", Title: role + "代码类型", Must: true, Note: "从列表中选择"}
		for _, t := range k.Holders.IDTypes {
			c.Allowed = append(c.Allowed, catalogue.IDTypeName(t))
		}
		c.Example = c.Allowed[0]
		list = append(list, c)
	}
	must := !k.Holders.OptionalID && !(k.Holders.MintID && slices.Contains(k.Holders.IDTypes, "001"))
	note := "证件号码或统一社会信用代码"
	if !must {
		note += "；没有的不填"
	}
	return append(list, table.Column{Key: h + "id", Title: role + "代码", Must: must, Personal: true, Note: note})
}

func fieldColumn(f *catalogue.Field) table.Column {
	c := table.Column{Key: "f." + f.Key, Title: f.Label, Must: f.Required && f.Default == "", Note: f.Hint}
	say := func(s string) {
		if c.Note != "" {
			c.Note += "；"
		}
		c.Note += s
	}
	switch f.Type {
	case catalogue.DateType:
		say("日期，形如 2026-01-02")
	case catalogue.DateTime:
		say("时刻，形如 2026-01-02T15:04")
	case catalogue.NumberT, catalogue.Money:
		say(fmt.Sprintf("数字，至多 %d 位小数", f.Decimals))
	case catalogue.Multiline:
		say("可以换行")
	}
	for _, v := range f.Values {
		c.Allowed = append(c.Allowed, v.Value)
	}
	if f.Max > 0 {
		say(fmt.Sprintf("至多 %d 个字", f.Max))
	}
	if f.Unit != "" {
		say("单位：" + f.Unit)
	}
	return c
}

// typed is the text of a cell as requests have it: a day that a spreadsheet keeps
// as a number, or that is written otherwise, is one all the same.
func typed(c table.Cell, day bool) string {
	if day {
		if d, ok := c.Day(beijing); ok {
			return d.Format(time.DateOnly)
		}
	}
	return strings.ReplaceAll(table.Trim(c.Text), "\r\n", "\n")
}

// requestOf is what a row asks for.
func requestOf(k *catalogue.Kind, unit string, l *table.Line) cert.IssueRequest {
	r := cert.IssueRequest{Kind: k.Name, Issuer: unit, Fields: map[string]json.RawMessage{}, CaseNo: l.Text("case_no"),
		ValidFrom: typed(l.Cells["valid_from"], true), ValidTo: typed(l.Cells["valid_to"], true)}
	for i := range roles(k) {
		h := "h" + strconv.Itoa(i) + "."
		r.Holders = append(r.Holders, catalogue.Holder{
			Type:   chosen(k.Holders.Types, l.Text(h+"type"), func(t string) string { return typeNames[t] }),
			IDType: chosen(k.Holders.IDTypes, l.Text(h+"id_type"), catalogue.IDTypeName),
			Name:   l.Text(h + "name"), ID: strings.ToUpper(l.Text(h + "id")),
		})
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		if v := typed(l.Cells["f."+f.Key], f.Type == catalogue.DateType); v != "" {
			b, _ := json.Marshal(v) // a string has a JSON form
			r.Fields[f.Key] = b
		}
	}
	return r
}

// chosen is the code of what was chosen by its name, or the only one.
func chosen(codes []string, value string, name func(string) string) string {
	if len(codes) == 1 {
		return codes[0]
	}
	for _, c := range codes {
		if value == name(c) || value == c {
			return c
		}
	}
	return value
}

// keyOf is the column of a field of a request.
func keyOf(field string) string {
	if key, ok := strings.CutPrefix(field, "fields."); ok {
		return "f." + key
	}
	if rest, ok := strings.CutPrefix(field, "holders["); ok {
		n, part, _ := strings.Cut(rest, "].")
		return "h" + n + "." + part
	}
	return field
}

// problemsOf tells of a refusal at the cells of a line. No message of a refusal
// repeats what stands in a cell.
func problemsOf(t *table.Table, line int, err error) (list []table.Problem) {
	f := fault.As(err)
	if f == nil {
		return nil
	}
	fix := f.Hint
	if fix == "" {
		fix = "请更正后用一张新表重新上传"
	}
	for _, field := range f.Fields {
		list = append(list, problem(t, line, keyOf(field.Name), field.Code, field.Message, fix))
	}
	if len(list) == 0 {
		code := f.Code
		if code == "" {
			code = string(f.Kind)
		}
		list = append(list, problem(t, line, "", code, f.Msg, fix))
	}
	return list
}

// problem is about a cell of a line; an empty key is about the line.
func problem(t *table.Table, line int, key, code, rule, fix string) table.Problem {
	p := table.Problem{Line: line, Code: code, Rule: rule, Fix: fix}
	if c := t.Column(key); c != nil {
		p.Column, p.Cell = c.Title, t.At(key, line)
	}
	return p
}
