package table

import (
	"bytes"
	"encoding/csv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Media types of the sheets that are written.
const (
	Media    = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	MediaCSV = "text/csv; charset=utf-8"
)

// Inert keeps a spreadsheet from taking what someone typed for a formula.
func Inert(s string) string {
	if t := strings.TrimLeft(s, " \u3000"); t != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(t)[0]) {
		return "'" + s
	}
	return s
}

// Write makes a workbook of one sheet, all of it text: a code of 31 digits that a
// spreadsheet takes for a number loses its end.
func Write(sheet string, columns []Column, rows [][]string) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, err
	}
	st, err := stylesOf(f)
	if err != nil {
		return nil, err
	}
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return nil, err
	}
	cells := make([]any, len(columns))
	for i, c := range columns {
		width := c.Width
		if width == 0 {
			width = 10
		}
		if err := w.SetColWidth(i+1, i+1, width); err != nil {
			return nil, err
		}
		cells[i] = excelize.Cell{StyleID: st.head, Value: c.heading()}
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	if err := w.SetRow("A1", cells); err != nil {
		return nil, err
	}
	for i, row := range rows {
		cells := make([]any, len(row))
		for j, v := range row {
			cells[j] = excelize.Cell{StyleID: st.text, Value: Inert(v)}
		}
		if err := w.SetRow(Name(0, i+2), cells); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return bytesOf(f)
}

// WriteCSV makes the same sheet as CSV (RFC 4180). It begins with the mark by
// which spreadsheets know UTF-8.
func WriteCSV(columns []Column, rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = c.heading()
	}
	if err := w.Write(head); err != nil {
		return nil, err
	}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = Inert(v)
		}
		if err := w.Write(cells); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// heading is the title of a column as it is written; Read knows it.
func (c *Column) heading() string {
	if c.Must {
		return c.Title + " *"
	}
	return c.Title
}

func bytesOf(f *excelize.File) ([]byte, error) {
	var b bytes.Buffer
	_, err := f.WriteTo(&b)
	return b.Bytes(), err
}

// styles are how cells look. All are of text.
type styles struct{ head, must, text, example int }

func stylesOf(f *excelize.File) (st styles, err error) {
	const asText = 49 // ISO/IEC 29500-1 §18.8.30: @
	edge := []excelize.Border{{Type: "bottom", Color: "B8C2CC", Style: 1}}
	font := func(bold bool, colour string) *excelize.Font {
		return &excelize.Font{Bold: bold, Color: colour, Family: "宋体", Size: 11}
	}
	top := &excelize.Alignment{Vertical: "top", WrapText: true}
	for _, one := range []struct {
		to    *int
		style excelize.Style
	}{
		{&st.head, excelize.Style{NumFmt: asText, Border: edge, Font: font(true, "1F2D3D"), Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF4"}}}},
		{&st.must, excelize.Style{NumFmt: asText, Border: edge, Font: font(true, "B42318"), Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF4"}}}},
		{&st.text, excelize.Style{NumFmt: asText, Font: font(false, "1F2D3D"), Alignment: top}},
		{&st.example, excelize.Style{NumFmt: asText, Font: font(false, "7A8794")}},
	} {
		if *one.to, err = f.NewStyle(&one.style); err != nil {
			return st, err
		}
	}
	return st, nil
}
