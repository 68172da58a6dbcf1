package table

import (
	"bytes"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Media is the media type of the sheets that are written.
const Media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// Write makes a workbook of one sheet, all of it text: a code of 31 digits that a
// spreadsheet takes for a number loses its end.
func Write(sheet string, columns []Column, rows [][]string) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, err
	}
	head, text, err := stylesOf(f)
	if err != nil {
		return nil, err
	}
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return nil, err
	}
	cells := make([]any, len(columns))
	for i, c := range columns {
		if err := w.SetColWidth(i+1, i+1, max(c.Width, 10)); err != nil {
			return nil, err
		}
		title := c.Title
		if c.Must {
			title += " *"
		}
		cells[i] = excelize.Cell{StyleID: head, Value: title}
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
			cells[j] = excelize.Cell{StyleID: text, Value: inert(v)}
		}
		if err := w.SetRow(name(0, i+2), cells); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = f.WriteTo(&b)
	return b.Bytes(), err
}

// inert keeps a spreadsheet from taking what someone typed for a formula.
func inert(s string) string {
	if t := strings.TrimLeft(s, " \u3000"); t != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(t)[0]) {
		return "'" + s
	}
	return s
}

func stylesOf(f *excelize.File) (head, text int, err error) {
	const asText = 49 // ISO/IEC 29500-1 §18.8.30: @
	head, err = f.NewStyle(&excelize.Style{NumFmt: asText, Font: &excelize.Font{Bold: true, Color: "1F2D3D", Family: "宋体", Size: 11}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF4"}}})
	if err != nil {
		return 0, 0, err
	}
	text, err = f.NewStyle(&excelize.Style{NumFmt: asText, Font: &excelize.Font{Color: "1F2D3D", Family: "宋体", Size: 11}, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	return head, text, err
}
