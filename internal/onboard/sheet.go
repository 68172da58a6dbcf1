package onboard

import (
	"bytes"
	"strings"

	"github.com/xuri/excelize/v2"
)

// MediaXLSX is the media type of the sheets that are handed out.
const MediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// inert keeps a spreadsheet from taking what someone typed for a formula.
func inert(s string) string {
	if t := strings.TrimLeft(s, " \u3000"); t != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(t)[0]) {
		return "'" + s
	}
	return s
}

// heads is a heading with the width of its column.
type heads []struct {
	title string
	width float64
}

// newSheet writes a workbook of one sheet, all of it text.
func newSheet(name string, h heads, rows [][]string) (_ []byte, err error) {
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	st, err := stylesOf(f)
	if err != nil {
		return nil, err
	}
	w, err := f.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	head := make([]any, len(h))
	for i, c := range h {
		if err := w.SetColWidth(i+1, i+1, c.width); err != nil {
			return nil, err
		}
		head[i] = excelize.Cell{StyleID: st.head, Value: c.title}
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	if err := w.SetRow("A1", head); err != nil {
		return nil, err
	}
	for i, row := range rows {
		cells := make([]any, len(row))
		for j, v := range row {
			cells[j] = excelize.Cell{StyleID: st.text, Value: inert(v)}
		}
		if err := w.SetRow(at(0, i+2), cells); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return bytesOf(f)
}

func bytesOf(f *excelize.File) ([]byte, error) {
	var b bytes.Buffer
	_, err := f.WriteTo(&b)
	return b.Bytes(), err
}

// styles are how cells look. All are of text: a number of eighteen digits that
// a spreadsheet takes for a number loses its end.
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
