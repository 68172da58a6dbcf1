package table

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"sidian/internal/fault"
)

// Limits of what a workbook unpacks to: a table of 20,000 lines has less than
// a fifth of it.
const (
	maxParts    = 200
	maxUnpacked = 80 << 20
	maxPart     = 60 << 20
	maxDepthXML = 32
)

// A book is an XLSX file (ISO/IEC 29500) of which one sheet is read, as a
// stream. It is read here and not by a library because what matters here is
// what a library hides: whether a cell was typed or computed, and how much a
// part unpacks to.
type book struct {
	Reader
	parts   map[string]*zip.File
	left    int64 // bytes that may still be unpacked
	strings []string
}

func (r Reader) errBook(err error) error {
	return fault.Invalid.Wrap(err, "表格文件已损坏").WithCode(r.code("format")).WithHint("请用表格软件打开后重新另存为 .xlsx")
}

func (r Reader) errForeign(what string) error {
	return fault.Invalid.New("表格中有%s，不予读取", what).WithCode(r.code("active")).WithHint("请把数据复制到新下载的模板中")
}

func (r Reader) errLarge() error {
	return fault.TooLarge.New("表格解压后过大").WithCode(r.code("unpacked")).WithHint("请把数据复制到新下载的模板中，每个文件不超过 20000 行")
}

// readXLSX reads the first sheet of a workbook that people see.
func (r Reader) readXLSX(data []byte, each take) error {
	b, err := r.openBook(data)
	if err != nil {
		return err
	}
	sheet, err := b.first()
	if err != nil {
		return err
	}
	if b.parts["xl/sharedstrings.xml"] != nil {
		if err := b.readStrings(); err != nil {
			return err
		}
	}
	return b.readSheet(sheet, each)
}

// openBook looks at what the file is made of before anything is unpacked.
func (r Reader) openBook(data []byte) (*book, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, r.errBook(err)
	}
	if len(z.File) > maxParts {
		return nil, r.errLarge()
	}
	b := &book{Reader: r, parts: map[string]*zip.File{}, left: maxUnpacked}
	var sum uint64
	for _, f := range z.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		switch {
		case b.parts[name] != nil:
			return nil, r.errBook(errors.New("table: two parts of one name"))
		case strings.HasPrefix(name, "xl/externallinks/"):
			return nil, r.errForeign("指向其他文件的链接")
		case strings.Contains(name, "vbaproject"), strings.HasPrefix(name, "xl/macrosheets/"), strings.HasPrefix(name, "xl/dialogsheets/"):
			return nil, r.errForeign("宏")
		case strings.HasPrefix(name, "xl/embeddings/"), strings.HasPrefix(name, "xl/activex/"), strings.HasPrefix(name, "xl/ctrlprops/"):
			return nil, r.errForeign("嵌入的对象")
		case name == "xl/connections.xml", strings.HasPrefix(name, "xl/querytables/"), strings.HasPrefix(name, "customui/"):
			return nil, r.errForeign("外部数据连接")
		}
		b.parts[name] = f
		sum += f.UncompressedSize64
		if f.UncompressedSize64 > maxPart || sum > maxUnpacked {
			return nil, r.errLarge() // what is told may be less than what is there: see open
		}
	}
	return b, nil
}

// open unpacks a part as it is read, and no more than is left.
func (b *book) open(name string) (io.ReadCloser, error) {
	f := b.parts[strings.ToLower(name)]
	if f == nil {
		return nil, b.errBook(errors.New("table: a part is missing"))
	}
	r, err := f.Open()
	if err != nil {
		return nil, b.errBook(err)
	}
	return &limited{r, b, maxPart}, nil
}

type limited struct {
	io.ReadCloser
	book *book
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	l.book.left -= int64(n)
	if l.left < 0 || l.book.left < 0 {
		return 0, l.book.errLarge()
	}
	return n, err
}

// parse goes through the elements of a part. enter gets the path of names down
// to an element; text what stands in it, once it ends.
func (b *book) parse(name string, enter func(names []string, e xml.StartElement) error, leave func(names []string, text string) error) error {
	r, err := b.open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	d := xml.NewDecoder(r)
	d.Strict = true
	d.Entity = map[string]string{}
	var names []string
	var text strings.Builder
	for {
		token, err := d.RawToken()
		switch {
		case errors.Is(err, io.EOF) && len(names) == 0:
			return nil
		case err != nil && fault.As(err) != nil:
			return err
		case err != nil:
			return b.errBook(err)
		}
		switch token := token.(type) {
		case xml.Directive:
			return b.errBook(errors.New("table: a part has a directive")) // no DTD, and so no entities
		case xml.StartElement:
			if len(names) >= maxDepthXML {
				return b.errBook(errors.New("table: a part is nested too deep"))
			}
			names = append(names, token.Name.Local)
			text.Reset()
			err = enter(names, token)
		case xml.CharData:
			if text.Len() < 64<<10 {
				text.Write(token)
			}
		case xml.EndElement:
			if len(names) == 0 || names[len(names)-1] != token.Name.Local {
				return b.errBook(errors.New("table: a part is not well-formed"))
			}
			err = leave(names, text.String())
			names = names[:len(names)-1]
			text.Reset()
		}
		if err != nil {
			return err
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func nothing([]string, string) error { return nil }

// first is the part of the first sheet that is not hidden.
func (b *book) first() (string, error) {
	var id string
	err := b.parse("xl/workbook.xml", func(names []string, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			if v := attribute(e, "date1904"); v == "1" || v == "true" {
				return fault.Invalid.New("表格的日期从 1904 年起算").WithCode(b.code("date1904")).WithHint("请把数据复制到新下载的模板中")
			}
		case "sheet":
			if state := attribute(e, "state"); id == "" && (state == "" || state == "visible") {
				for _, a := range e.Attr {
					if a.Name.Local == "id" && a.Name.Space != "" {
						id = a.Value
					}
				}
			}
		}
		return nil
	}, nothing)
	if err != nil {
		return "", err
	}
	target := ""
	err = b.parse("xl/_rels/workbook.xml.rels", func(names []string, e xml.StartElement) error {
		if e.Name.Local != "Relationship" {
			return nil
		}
		if strings.EqualFold(attribute(e, "TargetMode"), "external") {
			return b.errForeign("指向其他文件的链接")
		}
		if id != "" && attribute(e, "Id") == id {
			target = attribute(e, "Target")
		}
		return nil
	}, nothing)
	switch {
	case err != nil:
		return "", err
	case target == "":
		return "", b.errBook(errors.New("table: the workbook has no sheet"))
	case strings.HasPrefix(target, "/"):
		return strings.TrimPrefix(path.Clean(target), "/"), nil
	}
	return path.Join("xl", target), nil
}

// readStrings reads the texts that cells refer to. Phonetic guides (rPh) are not
// part of them.
func (b *book) readStrings() error {
	var one strings.Builder
	return b.parse("xl/sharedstrings.xml", func(names []string, e xml.StartElement) error {
		if e.Name.Local == "si" {
			one.Reset()
		}
		return nil
	}, func(names []string, text string) error {
		switch names[len(names)-1] {
		case "t":
			if !within(names, "rPh") {
				b.put(&one, text)
			}
		case "si":
			if len(b.strings) >= (MaxLines+1)*b.Columns {
				return b.errLarge()
			}
			b.strings = append(b.strings, one.String())
		}
		return nil
	})
}

// put gathers a text of which no more is kept than is looked at.
func (r Reader) put(to *strings.Builder, text string) {
	if to.Len() < 8*r.Cell {
		to.WriteString(text)
	}
}

func within(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// A rower gathers the cells of a row.
type rower struct {
	*book
	each  take
	line  int
	cells []Cell
	at    int // of the cell that is being read
	kind  string
	value string
	text  strings.Builder
	one   Cell
}

func (b *book) readSheet(name string, each take) error {
	r := &rower{book: b, each: each}
	return b.parse(name, r.enter, r.leave)
}

func (r *rower) enter(names []string, e xml.StartElement) error {
	switch e.Name.Local {
	case "row":
		r.cells, r.at = r.cells[:0], -1
		next := r.line + 1
		if v := attribute(e, "r"); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil || n < next || n > 1<<20 {
				return r.errBook(errors.New("table: rows are out of order"))
			}
			next = n
		}
		r.line = next
	case "c":
		r.kind, r.value, r.one = attribute(e, "t"), "", Cell{}
		r.text.Reset()
		next := r.at + 1
		if v := attribute(e, "r"); v != "" {
			n, ok := columnOf(v)
			if !ok || n < next {
				return r.errBook(errors.New("table: cells are out of order"))
			}
			next = n
		}
		if r.at = next; r.at > 1<<14 {
			return r.errBook(errors.New("table: a cell is beyond the last column"))
		}
	case "f":
		r.one.Formula = true
	}
	return nil
}

// columnOf reads the letters of "C12": 2.
func columnOf(name string) (n int, ok bool) {
	i := 0
	for ; i < len(name) && name[i] >= 'A' && name[i] <= 'Z' && i < 3; i++ {
		n = n*26 + int(name[i]-'A') + 1
	}
	return n - 1, i > 0
}

func (r *rower) leave(names []string, text string) error {
	switch names[len(names)-1] {
	case "v":
		r.value = text
	case "t":
		if within(names, "is") && !within(names, "rPh") {
			r.put(&r.text, text)
		}
	case "c":
		if err := r.finish(); err != nil {
			return err
		}
		if r.at >= r.Columns && blank(r.one) {
			return nil // a style far to the right is no content
		}
		if r.at > 4*r.Columns {
			r.at = 4 * r.Columns // it is refused for its number, not kept
		}
		for len(r.cells) <= r.at {
			r.cells = append(r.cells, Cell{})
		}
		r.cells[r.at] = r.one
	case "row":
		return r.each(r.line, r.cells)
	}
	return nil
}

// finish makes the text of a cell out of what the sheet says of it.
func (r *rower) finish() error {
	switch r.kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(r.value))
		if err != nil || n < 0 || n >= len(r.strings) {
			return r.errBook(errors.New("table: a cell refers to no text"))
		}
		r.one.Text = r.strings[n]
	case "inlineStr":
		r.one.Text = r.text.String()
	case "e":
		r.one.Bad = true
	case "b":
		r.one.Text = map[string]string{"1": "是", "0": "否"}[r.value]
	case "", "n":
		r.one.Text, r.one.Number = plainNumber(r.value), r.value != ""
	default:
		r.one.Text = r.value
	}
	return nil
}

// plainNumber writes a number as people typed it: 1.38E+10 is 13800000000.
func plainNumber(v string) string {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || f != float64(int64(f)) || f >= 1e15 || f <= -1e15 {
		return v
	}
	return strconv.FormatInt(int64(f), 10)
}
