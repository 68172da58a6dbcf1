package table

import (
	"bytes"
	"strconv"
	"strings"

	"sidian/internal/fault"
)

// Limits of any table.
const (
	MaxFile  = 5 << 20 // bytes
	MaxLines = 20_000  // beside the heading
)

// A Reader reads tables of one purpose.
type Reader struct {
	Code    string // what the codes of refusals begin with: "onboard" for "onboard.format"
	Columns int    // how many a line may have
	Cell    int    // characters that a cell may have: more than eight times as many are not kept
	Title   string // of the template that a refused heading points to; "" where there is one only
	// Show is a title that is no column of the table, as a refusal may repeat it:
	// where the heading is missing it is somebody's data. Without it nothing is
	// repeated.
	Show func(title string) string
}

func (r Reader) code(what string) string { return r.Code + "." + what }

// A Cell is what stands in one place of a table.
type Cell struct {
	Text    string
	Formula bool // it is computed: what is seen is not what is there
	Bad     bool // it holds the error of a computation
	Number  bool // the sheet holds a number, not what was typed
}

// A Column is a column of a table.
type Column struct {
	Key      string
	Title    string   // the heading, by which it is found
	Must     bool     // a table without it is refused
	Personal bool     // it is shown masked
	Note     string   // what to write, for people
	Allowed  []string // values to choose from
	Several  bool     // several values of Allowed, with 、 between them
	Example  string
	Width    float64 // in characters, when written; 10 when zero
}

// A Line is one line of a table, by the keys of columns.
type Line struct {
	Number int // in the file; the heading is 1
	Cells  map[string]Cell
}

// Text is the text of a column without the blanks around it.
func (l *Line) Text(key string) string { return Trim(l.Cells[key].Text) }

// A Table is what was read, with where its columns stand.
type Table struct {
	Columns []Column
	Lines   []Line
	Place   map[string]int // of a column in the file, by its key
}

// At names the cell of a column in a line, "C12"; "" for a column that the file
// does not have.
func (t *Table) At(key string, line int) string {
	if i, ok := t.Place[key]; ok {
		return Name(i, line)
	}
	return ""
}

// Column is one of the table's, by its key; nil where it has none of it.
func (t *Table) Column(key string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Key == key {
			return &t.Columns[i]
		}
	}
	return nil
}

// Read reads a file. What is wrong with the file as a whole is a fault.Invalid or
// a fault.TooLarge whose code begins with the reader's.
func (r Reader) Read(data []byte, columns []Column) (*Table, error) {
	t := &Table{Columns: columns}
	err := r.read(data, func(at int, cells []Cell) error {
		if t.Place == nil {
			return r.heading(t, cells)
		}
		return r.line(t, at, cells)
	})
	switch {
	case err != nil:
		return nil, err
	case t.Place == nil:
		return nil, fault.Invalid.New("文件是空的").WithCode(r.code("empty")).WithHint("请下载模板填写").WithField("file", "empty", "文件是空的")
	case len(t.Lines) == 0:
		return nil, fault.Invalid.New("只有标题，没有数据").WithCode(r.code("empty")).WithHint("请从第 2 行起填写").WithField("file", "empty", "只有标题，没有数据")
	}
	return t, nil
}

// take gets one line of a table. Its cells begin with column A; those at the end
// may be missing.
type take func(at int, cells []Cell) error

// read goes through a file, its heading included, and leaves out empty lines.
func (r Reader) read(data []byte, each take) error {
	if len(data) > MaxFile {
		return r.TooLarge()
	}
	lines := 0
	count := func(at int, cells []Cell) error {
		for len(cells) > 0 && blank(cells[len(cells)-1]) {
			cells = cells[:len(cells)-1]
		}
		if len(cells) == 0 {
			return nil
		}
		if len(cells) > r.Columns {
			return fault.Invalid.New("第 %d 行超过 %d 列", at, r.Columns).WithCode(r.code("columns")).WithHint("请使用平台的模板，不增加列")
		}
		if lines++; lines > MaxLines+1 { // the heading
			return fault.TooLarge.New("超过 20000 行").WithCode(r.code("lines")).WithHint("请分成几个文件")
		}
		return each(at, cells)
	}
	switch {
	case len(data) == 0:
		return fault.Invalid.New("文件是空的").WithCode(r.code("empty")).WithHint("请下载模板填写").WithField("file", "required", "请选择文件")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return r.readXLSX(data, count)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return fault.Invalid.New("这是旧格式（.xls）或加了密码的表格").WithCode(r.code("format")).WithHint("请在表格软件中去掉密码，另存为 .xlsx")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return fault.Invalid.New("文本的编码是 UTF-16").WithCode(r.code("encoding")).WithHint("请另存为 .xlsx，或 UTF-8、GB 18030 编码的 CSV")
	}
	return r.readCSV(data, count)
}

// TooLarge refuses a file of more than MaxFile, for who knows its size before it
// is read.
func (r Reader) TooLarge() error {
	return fault.TooLarge.New("文件超过 5 MB").WithCode(r.code("size")).WithHint("请分成几个文件，每个不超过 20000 行").WithField("file", "too-large", "不超过 5 MB")
}

func blank(c Cell) bool { return !c.Formula && !c.Bad && Trim(c.Text) == "" }

// Trim takes away what spreadsheets leave around a text and nobody sees.
func Trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("\u00a0\u3000\u200b\u200c\u200d\ufeff", r)
	})
}

// Name is the name of a cell: 2, 12 → "C12".
func Name(column, line int) string { return letters(column) + strconv.Itoa(line) }

// letters is the name of a column: 2 → "C".
func letters(column int) (name string) {
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}

// heading finds the columns by their titles, in any order.
func (r Reader) heading(t *Table, cells []Cell) error {
	hint := "请下载模板，不改标题"
	if r.Title != "" {
		hint = "请下载“" + r.Title + "”的模板，不改标题"
	}
	code := r.code("heading")
	bad := fault.Invalid.New("标题行与模板不一致").WithCode(code).WithHint("%s", hint)
	t.Place = map[string]int{}
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
		_, twice := t.Place[key]
		switch {
		case (c.Formula || key == "") && r.Show != nil:
			bad = bad.WithField(Name(i, 1), code, "没有这一列："+r.Show(title))
		case c.Formula || key == "":
			bad = bad.WithField("file", code, "单元格 "+Name(i, 1)+" 不是模板中的列")
		case twice && r.Show != nil:
			bad = bad.WithField(Name(i, 1), code, "重复的列："+title)
		case twice:
			bad = bad.WithField("file", code, "重复的列："+title)
		default:
			t.Place[key] = i
		}
		if r.Show == nil && len(bad.Fields) > 10 {
			return bad
		}
	}
	for _, col := range t.Columns {
		if _, ok := t.Place[col.Key]; !ok && col.Must {
			bad = bad.WithField("file", code, "缺少列："+col.Title)
		}
	}
	return bad.OrNil()
}

func (r Reader) line(t *Table, at int, cells []Cell) error {
	l := Line{Number: at, Cells: make(map[string]Cell, len(t.Place))}
	taken := 0
	for key, i := range t.Place {
		if i < len(cells) {
			l.Cells[key] = cells[i]
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
		return fault.Invalid.New("第 %d 行有内容写在没有标题的列", at).WithCode(r.code("heading")).WithHint("请把内容放到有标题的列，或清空")
	}
	t.Lines = append(t.Lines, l)
	return nil
}
