package table_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"sidian/internal/fault"
	"sidian/internal/table"
)

// readers are one of few, short cells, and one of more.
var readers = []table.Reader{{Code: "onboard", Columns: 30, Cell: 500, Show: strings.ToUpper}, {Code: "table", Columns: 40, Cell: 2000}}

var columns = []table.Column{{Key: "parent", Title: "上级单位", Must: true, Example: "county"}, {Key: "name", Title: "单位全称", Must: true, Note: "全称"},
	{Key: "tier", Title: "层级", Allowed: []string{"县级", "市级"}}, {Key: "kind", Title: "类别", Allowed: []string{"甲", "乙"}, Several: true}}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Code != code {
		t.Fatalf("got %v, want a refusal with code %s", err, code)
	}
	if !strings.ContainsFunc(e.Msg, func(r rune) bool { return r >= 0x4e00 }) || e.Hint == "" && len(e.Fields) == 0 {
		t.Fatalf("the refusal %q does not say the rule and the way out: %q", e.Msg, e.Hint)
	}
}

func xlsxOf(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		must(t, f.SetSheetRow("Sheet1", table.Name(0, i+1), &row))
	}
	var b bytes.Buffer
	_, err := f.WriteTo(&b)
	must(t, err)
	return b.Bytes()
}

// TestRead finds the same in each encoding, wherever the columns stand.
func TestRead(t *testing.T) {
	t.Parallel()
	const text = "层级,单位全称,上级单位 *\r\n县级, 𫖯教育局　,county\r\n,,\r\n,=1+1,county\r\n"
	inGB, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	must(t, err)
	for name, data := range map[string][]byte{
		"plain": []byte(text), "marked": []byte("\ufeff" + text), "GB 18030": []byte(inGB), "tabs": []byte(strings.ReplaceAll(text, ",", "\t")),
		"semicolons": []byte(strings.ReplaceAll(text, ",", ";")),
		"workbook":   xlsxOf(t, []any{"层级", "单位全称", "上级单位"}, []any{"县级", " 𫖯教育局　", "county"}, []any{"", "", ""}, []any{"", "=1+1", "county"}),
	} {
		got, err := readers[0].Read(data, columns)
		if err != nil || len(got.Lines) != 2 {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		l := got.Lines[0]
		if l.Number != 2 || l.Text("name") != "𫖯教育局" || l.Text("parent") != "county" || got.At("name", 2) != "B2" || got.At("kind", 2) != "" || got.Column("kind").Title != "类别" || got.Column("x") != nil {
			t.Errorf("%s: %+v", name, l)
		}
		if l = got.Lines[1]; l.Number != 4 || l.Cells["name"].Formula != (name != "workbook") {
			t.Errorf("%s: %+v", name, l) // typed as text in the workbook
		}
	}
}

// TestLimits: each reader has its own, to the column, line and code.
func TestLimits(t *testing.T) {
	t.Parallel()
	head := "上级单位,单位全称"
	for _, r := range readers {
		for name, c := range map[string]struct{ data, code string }{
			"columns":        {head + strings.Repeat(",", r.Columns) + "x\n", ".columns"},
			"lines":          {head + strings.Repeat("\na,b", table.MaxLines+1), ".lines"},
			"size":           {strings.Repeat("x", table.MaxFile+1), ".size"},
			"empty":          {"", ".empty"},
			"blank":          {"\n\n", ".empty"},
			"heading alone":  {head, ".empty"},
			"other heading":  {"a,b\n1,2", ".heading"},
			"column twice":   {head + ",单位全称\n1,2,3", ".heading"},
			"no such column": {"上级单位\n1", ".heading"},
			"no title":       {head + "\n1,2,3", ".heading"},
			"quotes":         {head + "\n\"1,2", ".format"},
			"a program":      {"MZ\x00\x01", ".format"},
			"old format":     {"\xd0\xcf\x11\xe0xx", ".format"},
			"UTF-16":         {"\xff\xfea\x00", ".encoding"},
			"no encoding":    {"\xff\xff\xff", ".encoding"},
		} {
			_, err := r.Read([]byte(c.data), columns)
			t.Run(r.Code+" "+name, func(t *testing.T) { wantCode(t, err, r.Code+c.code) })
		}
		got, err := r.Read([]byte(head+strings.Repeat("\na,b", table.MaxLines)), columns)
		if err != nil || len(got.Lines) != table.MaxLines {
			t.Errorf("%s: the last line that may be: %v", r.Code, err)
		}
	}
	// Only who says how gets back what stands in a heading.
	for i, want := range []bool{true, false} {
		_, err := readers[i].Read([]byte("zhang san,单位全称\n1,2"), columns)
		if got := strings.Contains(fmt.Sprintf("%+v", fault.As(err).Fields), "ZHANG SAN"); got != want {
			t.Errorf("%s: %+v", readers[i].Code, fault.As(err).Fields)
		}
	}
}

// TestWrite: what is written is read again, and is nothing that a spreadsheet
// would compute.
func TestWrite(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"=1+1", "教育局", "县级", ""}, {"011010519491231002", "+x", "", "甲、乙"}}
	book, err := table.Write("单位", columns, rows)
	must(t, err)
	text, err := table.WriteCSV(columns, rows)
	must(t, err)
	for name, data := range map[string][]byte{"workbook": book, "text": text} {
		got, err := readers[1].Read(data, columns)
		must(t, err)
		for i, row := range rows {
			for j, c := range columns {
				if cell := got.Lines[i].Cells[c.Key]; cell.Text != table.Inert(row[j]) || cell.Formula || cell.Number {
					t.Errorf("%s: %s is %+v, want %q", name, table.Name(j, i+2), cell, table.Inert(row[j]))
				}
			}
		}
	}
	template, err := table.Template("单位", columns, []string{"请填写"})
	must(t, err)
	got, err := readers[0].Read(template, columns)
	if err != nil || len(got.Lines) != 1 || got.Lines[0].Text("parent") != "county" {
		t.Errorf("the template: %+v, %v", got, err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(template))
	must(t, err)
	defer f.Close()
	if rules, err := f.GetDataValidations("单位"); err != nil || len(rules) != 2 {
		t.Errorf("%d drop-downs, %v", len(rules), err)
	}
	if explained, err := f.GetRows("说明"); err != nil || len(explained) < len(columns)+2 {
		t.Errorf("columns are not explained: %v, %v", explained, err)
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for column, want := range map[int]string{0: "A1", 25: "Z1", 26: "AA1", 701: "ZZ1", 702: "AAA1"} {
		if got := table.Name(column, 1); got != want {
			t.Errorf("%d is %s, want %s", column, got, want)
		}
	}
}

// edited is a workbook with parts put in, or in place of others.
func edited(t testing.TB, book []byte, parts map[string]string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	must(t, err)
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	put := func(name string, r io.Reader) {
		to, err := out.Create(name)
		must(t, err)
		_, err = io.Copy(to, r)
		must(t, err)
	}
	for _, f := range z.File {
		if _, other := parts[f.Name]; other {
			continue
		}
		in, err := f.Open()
		must(t, err)
		put(f.Name, in)
		must(t, in.Close())
	}
	for name, text := range parts {
		put(name, strings.NewReader(text))
	}
	must(t, out.Close())
	return b.Bytes()
}

const sheetXML = `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` +
	`<row r="1"><c r="A1" t="inlineStr"><is><t>上级单位</t></is></c><c r="B1" t="inlineStr"><is><t>单位全称</t></is></c><c r="C1" t="inlineStr"><is><t>层级</t></is></c></row>%s</sheetData></worksheet>`

func goodBook(t testing.TB) []byte {
	return xlsxOf(t, []any{"上级单位", "单位全称", "层级"}, []any{"county", "教育局", "县级"})
}

// TestHostile sends workbooks that want something else than to be read.
func TestHostile(t *testing.T) {
	t.Parallel()
	good := goodBook(t)
	const sheet = "xl/worksheets/sheet1.xml"
	many := map[string]string{}
	for i := range 300 {
		many[fmt.Sprintf("xl/media/%d.bin", i)] = "x"
	}
	bomb := strings.Repeat("<row></row>", 8<<20)
	for name, c := range map[string]struct {
		data []byte
		code string
	}{
		"macro":               {edited(t, good, map[string]string{"xl/vbaProject.bin": "x"}), ".active"},
		"old macro":           {edited(t, good, map[string]string{"xl/macrosheets/sheet1.xml": "x"}), ".active"},
		"link to a file":      {edited(t, good, map[string]string{"xl/externalLinks/externalLink1.xml": "x"}), ".active"},
		"link in other case":  {edited(t, good, map[string]string{`XL\ExternalLinks\1.xml`: "x"}), ".active"},
		"object":              {edited(t, good, map[string]string{"xl/embeddings/oleObject1.bin": "x"}), ".active"},
		"connection":          {edited(t, good, map[string]string{"xl/connections.xml": "x"}), ".active"},
		"bomb":                {edited(t, good, map[string]string{sheet: bomb}), ".unpacked"},
		"many parts":          {edited(t, good, many), ".unpacked"},
		"entities":            {edited(t, good, map[string]string{sheet: `<!DOCTYPE x [<!ENTITY a "aaaa">]>` + fmt.Sprintf(sheetXML, "")}), ".format"},
		"unknown entity":      {edited(t, good, map[string]string{sheet: fmt.Sprintf(sheetXML, `<row r="2"><c t="inlineStr"><is><t>&a;</t></is></c></row>`)}), ".format"},
		"deep":                {edited(t, good, map[string]string{sheet: strings.Repeat("<a>", 100)}), ".format"},
		"not closed":          {edited(t, good, map[string]string{sheet: "<worksheet><sheetData>"}), ".format"},
		"no sheet":            {edited(t, good, map[string]string{"xl/workbook.xml": "<workbook/>"}), ".format"},
		"no such text":        {edited(t, good, map[string]string{sheet: fmt.Sprintf(sheetXML, `<row r="2"><c t="s"><v>99999</v></c></row>`)}), ".format"},
		"rows out of order":   {edited(t, good, map[string]string{sheet: fmt.Sprintf(sheetXML, `<row r="9"/><row r="2"/>`)}), ".format"},
		"cells out of order":  {edited(t, good, map[string]string{sheet: fmt.Sprintf(sheetXML, `<row r="2"><c r="B2"/><c r="A2"/></row>`)}), ".format"},
		"far to the right":    {edited(t, good, map[string]string{sheet: fmt.Sprintf(sheetXML, `<row r="2"><c r="ZZ2" t="str"><v>x</v></c></row>`)}), ".columns"},
		"beyond all columns":  {edited(t, good, map[string]string{sheet: fmt.Sprintf(sheetXML, `<row r="2"><c r="ZZZ2" t="str"><v>x</v></c></row>`)}), ".format"},
		"dates of 1904":       {edited(t, good, map[string]string{"xl/workbook.xml": `<workbook><workbookPr date1904="1"/></workbook>`}), ".date1904"},
		"cut off":             {good[:len(good)/2], ".format"},
		"an archive of other": {edited(t, xlsxOf(t), map[string]string{"xl/workbook.xml": "", "word/document.xml": "x"}), ".format"},
	} {
		for _, r := range readers {
			_, err := r.Read(c.data, columns)
			t.Run(r.Code+" "+name, func(t *testing.T) { wantCode(t, err, r.Code+c.code) })
		}
	}
}

// TestLyingSize unpacks what says that it is small.
func TestLyingSize(t *testing.T) {
	t.Parallel()
	book := edited(t, goodBook(t), map[string]string{"xl/worksheets/sheet1.xml": strings.Repeat(" ", 70<<20)})
	// The size stands in the central directory, which zip writes last.
	for at := bytes.Index(book, []byte("PK\x01\x02")); at >= 0; {
		copy(book[at+24:at+28], []byte{16, 0, 0, 0})
		next := bytes.Index(book[at+4:], []byte("PK\x01\x02"))
		if next < 0 {
			break
		}
		at += 4 + next
	}
	_, err := readers[0].Read(book, columns)
	if err == nil || !strings.Contains(err.Error(), "损坏") && !strings.Contains(err.Error(), "过大") {
		t.Errorf("got %v", err)
	}
}

// FuzzRead looks at any bytes as a table: they are refused or read, in Chinese.
func FuzzRead(f *testing.F) {
	f.Add(goodBook(f))
	f.Add([]byte("上级单位,单位全称,层级\r\ncounty,教育局,县级\r\n"))
	f.Add([]byte("\ufeff上级单位,单位全称,层级\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, r := range readers {
			got, err := r.Read(data, columns)
			if err == nil && (len(got.Lines) == 0 || len(got.Lines) > table.MaxLines) {
				t.Errorf("%d lines", len(got.Lines))
			}
			if err != nil && !strings.ContainsFunc(err.Error(), func(r rune) bool { return r >= 0x4e00 }) {
				t.Errorf("a refusal that nobody understands: %v", err)
			}
		}
	})
}

// No cell begins as a formula does, and none loses what was typed.
func FuzzInert(f *testing.F) {
	for _, s := range []string{"=1+2", "+1", "-1", "@x", "\t=1", " =1", "＝1", "引\"号,逗\r\n行", "</row>\x01", "寻常"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := table.Inert(s)
		if strings.TrimPrefix(got, "'") != strings.TrimPrefix(s, "'") {
			t.Errorf("%q became %q", s, got)
		}
		if t1 := strings.TrimSpace(got); t1 != "" && strings.ContainsRune("=+-@", rune(t1[0])) {
			t.Errorf("%q is a formula", got)
		}
	})
}
