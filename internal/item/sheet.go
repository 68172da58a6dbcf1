package item

import (
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/table"
)

// lists reads lists of items.
var lists = table.Reader{Code: "table", Columns: 40, Cell: 2000}

// columns of a list of items. The titles are those of the national list of
// implementation (事项实施清单), as far as it has them.
func tableColumns() []table.Column {
	return []table.Column{
		{Key: "code", Title: "实施编码", Must: true, Note: "31 位；本级旧编码照写", Width: 36, Example: "1199999900000000014990117001000"},
		{Key: "name", Title: "事项名称", Must: true, Note: "至多 200 个字", Width: 36, Example: "（示例）食品经营许可"},
		{Key: "org", Title: "实施机构", Note: "单位全称或统一社会信用代码；31 位编码中已有的可不填", Width: 30},
		{Key: "base", Title: "基本编码", Note: "12 位；31 位编码中已有的可不填", Width: 16},
		{Key: "type", Title: "事项类型", Note: "名称或代码：" + wordList(Types()), Width: 14, Example: "行政许可"},
		{Key: "tier", Title: "行使层级", Note: wordList(Tiers()), Width: 12, Example: "县级"},
		{Key: "audience", Title: "服务对象", Note: wordList(Audiences()), Width: 14, Example: "法人"},
		{Key: "way", Title: "办件类型", Note: wordList(Ways()), Width: 12, Example: "承诺件"},
		{Key: "days", Title: "承诺时限", Note: "工作日数", Width: 10, Example: "10"},
		{Key: "basis", Title: "设定依据", Width: 36},
		{Key: "materials", Title: "申请材料", Note: "用、隔开", Width: 36, Example: "申请书、营业执照"},
		{Key: "result", Title: "结果证照", Note: "证照类型的名称或代码，用、隔开；没有写“无”", Width: 24},
		{Key: "input", Title: "所需证照", Note: "证照类型的名称或代码，用、隔开", Width: 24},
		{Key: "exempt", Title: "免提交证照", Note: "所需证照中不再要求提交的", Width: 24},
		{Key: "starts", Title: "生效日期", Note: "2026-01-31；不填则为导入当天", Width: 14},
		{Key: "ends", Title: "失效日期", Note: "不填则长期", Width: 14},
	}
}

func wordList(words []Word) string {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = w.Name
	}
	return strings.Join(names, "、")
}

// Template is an empty list: headings, and a line that explains each column, which
// is refused if it is left in.
func (s *Service) Template() ([]byte, error) {
	columns := tableColumns()
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = c.Note
		if c.Key == "code" {
			row[i] = explains + c.Note
		}
	}
	return table.Write("事项清单", columns, [][]string{row})
}

// explains begins the line of the template that is no item.
const explains = "说明："

// A plan is what a line asks for.
type plan struct {
	Code    string   `json:"code"`
	Org     string   `json:"org"`
	Content Content  `json:"content"`
	Results []string `json:"results,omitempty"`
	Inputs  []string `json:"inputs,omitempty"`
	Exempt  []string `json:"exempt,omitempty"`
}

// A Problem is what is wrong with a cell of a line.
type Problem struct {
	Line   int    `json:"row" doc:"行号，标题行是第 1 行"`
	Column string `json:"column,omitempty" doc:"列标题；整行的问题没有"`
	Cell   string `json:"cell,omitempty" doc:"单元格，如 C12"`
	Value  string `json:"value,omitempty" doc:"原值"`
	Code   string `json:"code" doc:"稳定的错误代码"`
	Rule   string `json:"rule" doc:"违反的规则"`
}

// A register is what lines name: units and kinds, by all their names.
type register struct {
	orgs  map[string]string // by name and by credit code; "" for a name of several
	kinds map[string]string // by title, code and name
	names kindsByName
	may   map[string]bool // units whose items the sender manages
	day   string
}

func newRegister(orgs []iam.Org, managed []string, kinds []*catalogue.Kind, day string) *register {
	g := &register{orgs: map[string]string{}, kinds: map[string]string{}, names: kindsByName{}, may: map[string]bool{}, day: day}
	for _, id := range managed {
		g.may[id] = true
	}
	for _, o := range orgs {
		if o.Closed {
			continue
		}
		if other, twice := g.orgs[o.Name]; twice && other != o.ID {
			g.orgs[o.Name] = ""
		} else {
			g.orgs[o.Name] = o.ID
		}
		if o.USCC != "" {
			g.orgs[o.USCC] = o.ID
		}
	}
	for _, k := range kinds {
		g.kinds[k.Title], g.kinds[k.Code.String()], g.kinds[k.Name], g.names[k.Name] = k.Name, k.Name, k.Name, k
	}
	return g
}

// A reader makes plans of lines.
type reader struct {
	*register
	t    *table.Table
	line *table.Line
	bad  []Problem
}

func (r *reader) wrong(key, code, rule string) {
	p := Problem{Line: r.line.Number, Code: code, Rule: rule, Cell: r.t.At(key, r.line.Number), Value: clip(r.line.Text(key), 40)}
	for _, c := range r.t.Columns {
		if c.Key == key {
			p.Column = c.Title
		}
	}
	for _, old := range r.bad {
		if old.Column == p.Column && old.Code == p.Code {
			return
		}
	}
	r.bad = append(r.bad, p)
}

// plan reads a line; what is wrong with it stands in bad afterwards.
func (r *reader) plan() *plan {
	p := &plan{}
	if r.cells(); len(r.bad) > 0 {
		return p
	}
	text := r.line.Text
	if strings.HasPrefix(text("code"), explains) {
		r.wrong("code", "item.example", "这是模板的说明行，请删去")
		return p
	}
	var err error
	if p.Code, err = Code(text("code")); err != nil {
		r.wrong("code", "item.code", fault.As(err).Fields[0].Message)
	}
	p.Org = r.org(p.Code)
	p.Content = r.content()
	for _, w := range p.Content.check(p.Code, r.day) {
		r.wrong(columnOf(w.field), w.code, w.message)
	}
	if text("starts") == "" {
		p.Content.Starts = "" // the day it comes in, unless nothing else changed
	}
	if result := text("result"); result == "无" {
		p.Content.NoResult = true
	} else {
		p.Results = r.kindsIn("result")
	}
	p.Inputs, p.Exempt = r.kindsIn("input"), r.kindsIn("exempt")
	for _, k := range p.Exempt {
		if !contains(p.Inputs, k) {
			p.Inputs = append(p.Inputs, k)
		}
	}
	return p
}

// columnOf is the column of a part of a content.
func columnOf(field string) string {
	if field == "note" {
		return "name"
	}
	return field
}

// cells refuses what was computed, and numbers that lost their end.
func (r *reader) cells() {
	for _, c := range r.t.Columns {
		switch cell := r.line.Cells[c.Key]; {
		case cell.Formula:
			r.wrong(c.Key, "item.formula", "单元格是公式，请粘贴为数值")
		case cell.Bad:
			r.wrong(c.Key, "item.formula", "单元格的计算有错误")
		case cell.Number && len(table.Trim(cell.Text)) > 15:
			r.wrong(c.Key, "item.number", "编码被表格软件当作数字，末尾已丢失，请设为文本后重填")
		}
	}
}

func (r *reader) org(code string) string {
	name := r.line.Text("org")
	if _, _, ok := partsOf(code); ok && name == "" {
		name = code[:18]
	}
	id, known := r.orgs[name]
	switch {
	case name == "":
		r.wrong("org", "item.required", "请填写实施机构")
	case !known:
		r.wrong("org", "item.org", "没有这个单位，或已停用")
	case id == "":
		r.wrong("org", "item.org", "有多个单位同名，请填统一社会信用代码")
	case !r.may[id]:
		r.wrong("org", "item.foreign", "您不能管理这个单位的事项")
	}
	return id
}

func (r *reader) content() Content {
	text := r.line.Text
	c := Content{Name: text("name"), Base: text("base"), Basis: text("basis"), Starts: text("starts"), Ends: text("ends")}
	for _, one := range []struct {
		key, message string
		words        []Word
		to           *string
	}{
		{"type", "没有这个事项类型", Types(), &c.Type}, {"tier", "没有这个行使层级", Tiers(), &c.Tier},
		{"audience", "服务对象不正确", Audiences(), &c.Audience}, {"way", "办件类型不正确", Ways(), &c.Way},
	} {
		value, ok := codeOf(one.words, text(one.key))
		if *one.to = value; !ok {
			r.wrong(one.key, "item."+one.key, one.message)
		}
	}
	if d := text("days"); d != "" {
		n, ok := number(d)
		if c.Days = n; !ok {
			r.wrong("days", "item.days", "承诺时限是 0 至 365 个工作日")
		}
	}
	for _, name := range split(text("materials")) {
		c.Materials = append(c.Materials, Material{Name: name})
	}
	return c
}

func number(s string) (n int, ok bool) {
	for _, d := range s {
		if d < '0' || d > '9' || n > 1000 {
			return 0, false
		}
		n = n*10 + int(d-'0')
	}
	return n, n <= 365
}

func (r *reader) kindsIn(key string) (names []string) {
	for _, one := range split(r.line.Text(key)) {
		name := r.kinds[one]
		switch {
		case name == "":
			r.wrong(key, "item.kind", "目录中没有这个证照类型："+clip(one, 40))
		case !contains(names, name):
			names = append(names, name)
		}
	}
	return names
}

func split(s string) (list []string) {
	for _, one := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("、；;\n\r", r) }) {
		if one = table.Trim(one); one != "" {
			list = append(list, one)
		}
	}
	return list
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
