package table

import (
	"bytes"
	"strconv"
	"strings"

	"sidian/internal/fault"
)

// Limits of a table.
const (
	MaxFile    = 5 << 20 // bytes
	maxLines   = 20_000
	maxColumns = 40
	maxCell    = 2000 // characters
)

// A Cell is what stands in one place of a table.
type Cell struct {
	Text    string
	Formula bool // it is computed: what is seen is not what is there
	Bad     bool // it holds the error of a computation
	Number  bool // the sheet holds a number, not what was typed
}

// A Column is a column of a table.
type Column struct {
	Key     string
	Title   string // the heading, by which it is found
	Must    bool   // a table without it is refused
	Note    string // what to write, for people
	Example string
	Width   float64 // in characters, when written
}

// A Line is one line of a table, by the keys of columns.
type Line struct {
	Number int // in the file; the heading is 1
	cells  map[string]Cell
}

// Cell is what stands in a column; the zero Cell where nothing does.
func (l *Line) Cell(key string) Cell { return l.cells[key] }

// Text is the text of a column without the blanks around it.
func (l *Line) Text(key string) string { return Trim(l.cells[key].Text) }

// A Table is what was read, with where its columns stand.
type Table struct {
	Columns []Column
	Lines   []Line

	place map[string]int // of a column in the file, by its key
}

// At names the cell of a column in a line, "C12"; "" for a column that the file
// does not have.
func (t *Table) At(key string, line int) string {
	if i, ok := t.place[key]; ok {
		return name(i, line)
	}
	return ""
}

// Read reads a file. What is wrong with the file as a whole is a fault.Invalid or
// a fault.TooLarge whose code begins with "table.".
func Read(data []byte, columns []Column) (*Table, error) {
	t := &Table{Columns: columns}
	err := read(data, func(at int, cells []Cell) error {
		if t.place == nil {
			return t.heading(cells)
		}
		return t.line(at, cells)
	})
	switch {
	case err != nil:
		return nil, err
	case t.place == nil:
		return nil, fault.Invalid.New("文件是空的").WithCode("table.empty").WithHint("请下载模板填写").WithField("file", "empty", "文件是空的")
	case len(t.Lines) == 0:
		return nil, fault.Invalid.New("只有标题，没有数据").WithCode("table.empty").WithHint("请从第 2 行起填写").WithField("file", "empty", "只有标题，没有数据")
	}
	return t, nil
}

// take gets one line of a table. Its cells begin with column A; those at the end
// may be missing.
type take func(at int, cells []Cell) error

// read goes through a file, its heading included, and leaves out empty lines.
func read(data []byte, each take) error {
	if len(data) > MaxFile {
		return fault.TooLarge.New("文件超过 5 MB").WithCode("table.size").WithHint("请分成几个文件，每个不超过 20000 行").WithField("file", "too-large", "不超过 5 MB")
	}
	lines := 0
	count := func(at int, cells []Cell) error {
		for len(cells) > 0 && blank(cells[len(cells)-1]) {
			cells = cells[:len(cells)-1]
		}
		if len(cells) == 0 {
			return nil
		}
		if len(cells) > maxColumns {
			return fault.Invalid.New("第 %d 行超过 %d 列", at, maxColumns).WithCode("table.columns").WithHint("请使用平台的模板，不增加列")
		}
		if lines++; lines > maxLines+1 { // the heading
			return fault.TooLarge.New("超过 20000 行").WithCode("table.lines").WithHint("请分成几个文件")
		}
		return each(at, cells)
	}
	switch {
	case len(data) == 0:
		return fault.Invalid.New("文件是空的").WithCode("table.empty").WithHint("请下载模板填写").WithField("file", "required", "请选择文件")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return readXLSX(data, count)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return fault.Invalid.New("这是旧格式（.xls）或加了密码的表格").WithCode("table.format").WithHint("请在表格软件中去掉密码，另存为 .xlsx")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return fault.Invalid.New("文本的编码是 UTF-16").WithCode("table.encoding").WithHint("请另存为 .xlsx，或 UTF-8、GB 18030 编码的 CSV")
	}
	return readCSV(data, count)
}

func blank(c Cell) bool { return !c.Formula && !c.Bad && Trim(c.Text) == "" }

// Trim takes away what spreadsheets leave around a text and nobody sees.
func Trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("\u00a0\u3000\u200b\u200c\u200d\ufeff", r)
	})
}

// name is the name of a cell: 2, 12 → "C12".
func name(column, line int) string {
	letters := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		letters = string(rune('A'+(n-1)%26)) + letters
	}
	return letters + strconv.Itoa(line)
}

// heading finds the columns by their titles. What stands there instead is not
// repeated: where the heading is missing it is somebody's data.
func (t *Table) heading(cells []Cell) error {
	bad := fault.Invalid.New("标题行与模板不一致").WithCode("table.heading").WithHint("请下载模板，不改标题")
	t.place = map[string]int{}
	for i, c := range cells {
		title := strings.TrimRight(Trim(c.Text), "*＊ ")
		if title == "" {
			continue
		}
		key := ""
		for _, col := range t.Columns {
			if col.Title == title {
				key = col.Key
			}
		}
		_, twice := t.place[key]
		switch {
		case c.Formula || key == "":
			bad = bad.WithField("file", "table.heading", "单元格 "+name(i, 1)+" 不是模板中的列")
		case twice:
			bad = bad.WithField("file", "table.heading", "重复的列："+title)
		default:
			t.place[key] = i
		}
		if len(bad.Fields) > 10 {
			return bad
		}
	}
	for _, col := range t.Columns {
		if _, ok := t.place[col.Key]; !ok && col.Must {
			bad = bad.WithField("file", "table.heading", "缺少列："+col.Title)
		}
	}
	return bad.OrNil()
}

func (t *Table) line(at int, cells []Cell) error {
	l := Line{Number: at, cells: make(map[string]Cell, len(t.place))}
	taken := 0
	for key, i := range t.place {
		if i < len(cells) {
			l.cells[key] = cells[i]
			if !blank(cells[i]) {
				taken++
			}
		}
	}
	for _, c := range cells {
		if !blank(c) {
			taken--
		}
	}
	if taken < 0 {
		return fault.Invalid.New("第 %d 行有内容写在没有标题的列", at).WithCode("table.heading").WithHint("请把内容放到有标题的列，或清空")
	}
	t.Lines = append(t.Lines, l)
	return nil
}
