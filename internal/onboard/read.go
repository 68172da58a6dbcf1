package onboard

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"sidian/internal/fault"
)

// Limits of a table.
const (
	MaxFile    = 5 << 20 // bytes
	MaxLines   = 20_000
	maxColumns = 30
	maxCell    = 500 // characters
)

// A cell is what stands in one place of a table.
type cell struct {
	text    string
	formula bool // it is computed: what is seen is not what is there
	bad     bool // it holds the error of a computation
	number  bool // the sheet holds a number, not what was typed
}

// take gets one line of a table. Its cells begin with column A; those at the end
// may be missing.
type take func(at int, cells []cell) error

// read goes through a table, its heading included, and leaves out empty lines.
func read(data []byte, each take) error {
	if len(data) > MaxFile {
		return fault.TooLarge.New("文件超过 5 MB").WithCode("onboard.size").WithHint("请分成几个文件，每个不超过 20000 行").WithField("file", "too-large", "不超过 5 MB")
	}
	lines := 0
	count := func(at int, cells []cell) error {
		for len(cells) > 0 && blank(cells[len(cells)-1]) {
			cells = cells[:len(cells)-1]
		}
		if len(cells) == 0 {
			return nil
		}
		if len(cells) > maxColumns {
			return fault.Invalid.New("第 %d 行超过 30 列", at).WithCode("onboard.columns").WithHint("请使用平台的模板，不增加列")
		}
		if lines++; lines > MaxLines+1 { // the heading
			return fault.TooLarge.New("超过 20000 行").WithCode("onboard.lines").WithHint("请分成几个文件")
		}
		return each(at, cells)
	}
	switch {
	case len(data) == 0:
		return fault.Invalid.New("文件是空的").WithCode("onboard.empty").WithHint("请下载模板填写").WithField("file", "required", "请选择文件")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return readXLSX(data, count)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return fault.Invalid.New("这是旧格式（.xls）或加了密码的表格").WithCode("onboard.format").WithHint("请在表格软件中去掉密码，另存为 .xlsx")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return fault.Invalid.New("文本的编码是 UTF-16").WithCode("onboard.encoding").WithHint("请另存为 .xlsx，或 UTF-8、GB 18030 编码的 CSV")
	}
	return readCSV(data, count)
}

func blank(c cell) bool { return !c.formula && !c.bad && trim(c.text) == "" }

// at is the name of a cell: 2, 12 → "C12".
func at(column, line int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name + strconv.Itoa(line)
}

// A line is one unit or person, by the keys of columns.
type line struct {
	number int // in the file; the heading is 1
	cells  map[string]cell
}

func (l *line) text(key string) string { return trim(l.cells[key].text) }

// A table is what was read, with where its columns stand.
type table struct {
	kind    Kind
	columns []Column
	place   map[string]int // of a column in the file, by its key
	lines   []line
}

// readTable reads a file of a kind.
func (s *Service) readTable(f File) (*table, error) {
	if err := f.Kind.check(); err != nil {
		return nil, err
	}
	t := &table{kind: f.Kind, columns: s.Columns(f.Kind)}
	err := read(f.Data, func(at int, cells []cell) error {
		if t.place == nil {
			return t.heading(cells)
		}
		l := line{number: at, cells: make(map[string]cell, len(t.columns))}
		for key, i := range t.place {
			if i < len(cells) {
				l.cells[key] = cells[i]
			}
		}
		for i := range cells {
			if !blank(cells[i]) && !t.taken(i) {
				return fault.Invalid.New("第 %d 行有内容写在没有标题的列", at).WithCode("onboard.heading").WithHint("请把内容放到有标题的列，或清空")
			}
		}
		t.lines = append(t.lines, l)
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case t.place == nil:
		return nil, fault.Invalid.New("文件是空的").WithCode("onboard.empty").WithHint("请下载模板填写")
	case len(t.lines) == 0:
		return nil, fault.Invalid.New("只有标题，没有数据").WithCode("onboard.empty").WithHint("请从第 2 行起填写")
	}
	return t, nil
}

func (t *table) taken(i int) bool {
	for _, p := range t.place {
		if p == i {
			return true
		}
	}
	return false
}

// heading finds the columns by their titles, in any order.
func (t *table) heading(cells []cell) error {
	bad := fault.Invalid.New("标题行与模板不一致").WithCode("onboard.heading").WithHint("请下载“%s”的模板，不改标题", t.kind.Title())
	t.place = map[string]int{}
	for i, c := range cells {
		title := strings.TrimRight(trim(c.text), "*＊ ")
		if title == "" {
			continue
		}
		key := ""
		for _, col := range t.columns {
			if col.Title == title {
				key = col.Key
			}
		}
		_, twice := t.place[key]
		switch {
		case c.formula || key == "":
			bad = bad.WithField(at(i, 1), "onboard.heading", "没有这一列："+brief(title))
		case twice:
			bad = bad.WithField(at(i, 1), "onboard.heading", "重复的列："+title)
		default:
			t.place[key] = i
		}
	}
	for _, col := range t.columns {
		if _, ok := t.place[col.Key]; !ok && col.Must {
			bad = bad.WithField("file", "onboard.heading", "缺少列："+col.Title)
		}
	}
	return bad.OrNil()
}

func brief(s string) string {
	if utf8.RuneCountInString(s) > 20 {
		s = string([]rune(s)[:20]) + "…"
	}
	return personal.ReplaceAllStringFunc(s, maskNumber)
}

// column is one of the table's, by its key.
func (t *table) column(key string) *Column {
	for i := range t.columns {
		if t.columns[i].Key == key {
			return &t.columns[i]
		}
	}
	return nil
}

// problem is about a cell of a line; an empty key is about the line.
func (t *table) problem(l *line, key, code, rule, fix string) Problem {
	p := Problem{Line: l.number, Code: code, Rule: rule, Fix: fix}
	if c := t.column(key); c != nil {
		p.Column, p.Value = c.Title, show(c, l.text(key))
		if i, ok := t.place[key]; ok {
			p.Cell = at(i, l.number)
		}
	}
	return p
}
