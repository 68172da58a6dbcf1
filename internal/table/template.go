package table

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// notes is the name of the sheet that explains.
const notes = "说明"

// Template makes an empty table: headings, drop-downs, a line of examples where
// columns have them, and a sheet that explains each column and says remarks.
func Template(sheet string, columns []Column, remarks []string) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	st, err := stylesOf(f)
	if err == nil {
		err = f.SetSheetName("Sheet1", sheet)
	}
	if err == nil {
		err = fillTable(f, sheet, columns, st)
	}
	if err == nil {
		err = fillNotes(f, columns, remarks, st)
	}
	if err == nil {
		err = choices(f, sheet, columns)
	}
	if err != nil {
		return nil, fmt.Errorf("table: making a template: %w", err)
	}
	return bytesOf(f)
}

func fillTable(f *excelize.File, sheet string, columns []Column, st styles) error {
	for i, c := range columns {
		name := letters(i)
		if err := f.SetColStyle(sheet, name, st.text); err != nil {
			return err
		}
		width := 6 + 2.2*float64(max(utf8.RuneCountInString(c.Title), utf8.RuneCountInString(c.Example)))
		if err := f.SetColWidth(sheet, name, name, width); err != nil {
			return err
		}
		style := st.head
		if c.Must {
			style = st.must
		}
		for _, v := range []struct {
			at, text string
			style    int
		}{{Name(i, 1), c.heading(), style}, {Name(i, 2), c.Example, st.example}} {
			if err := f.SetCellStr(sheet, v.at, v.text); err != nil {
				return err
			}
			if err := f.SetCellStyle(sheet, v.at, v.at, v.style); err != nil {
				return err
			}
		}
	}
	return f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// fillNotes writes the sheet of explanations. What may be chosen stands below
// each other, so that drop-downs refer to it.
func fillNotes(f *excelize.File, columns []Column, remarks []string, st styles) error {
	if _, err := f.NewSheet(notes); err != nil {
		return err
	}
	row := 1
	put := func(style int, cells ...string) error {
		for i, v := range cells {
			if err := f.SetCellStr(notes, Name(i, row), v); err != nil {
				return err
			}
			if err := f.SetCellStyle(notes, Name(i, row), Name(i, row), style); err != nil {
				return err
			}
		}
		row++
		return nil
	}
	if err := put(st.head, "列", "是否必填", "怎么填", "可选的值"); err != nil {
		return err
	}
	for _, c := range columns {
		must := ""
		if c.Must {
			must = "必填"
		}
		if err := put(st.text, c.Title, must, c.Note, strings.Join(c.Allowed, "、")); err != nil {
			return err
		}
	}
	row++
	for _, line := range remarks {
		if err := put(st.text, line); err != nil {
			return err
		}
		if err := f.MergeCell(notes, Name(0, row-1), Name(3, row-1)); err != nil {
			return err
		}
		if err := f.SetRowHeight(notes, row-1, 34); err != nil {
			return err
		}
	}
	for i, width := range []float64{20, 10, 60, 60} {
		if err := f.SetColWidth(notes, letters(i), letters(i), width); err != nil {
			return err
		}
	}
	return nil
}

// choices puts drop-downs on the columns that have values to choose from. They
// stand in columns of their own to the right of the explanations: a list that
// is written into the rule itself must be short.
func choices(f *excelize.File, sheet string, columns []Column) error {
	next := 6
	for i, c := range columns {
		if len(c.Allowed) == 0 {
			continue
		}
		name := letters(next)
		for j, v := range append([]string{c.Title}, c.Allowed...) {
			if err := f.SetCellStr(notes, Name(next, j+1), v); err != nil {
				return err
			}
		}
		if err := f.SetColVisible(notes, name, false); err != nil {
			return err
		}
		dv := excelize.NewDataValidation(true)
		dv.SetSqref(fmt.Sprintf("%s2:%s%d", letters(i), letters(i), MaxLines+1))
		dv.SetSqrefDropList(fmt.Sprintf("%s!$%s$2:$%s$%d", notes, name, name, len(c.Allowed)+1))
		if !c.Several { // several are typed, with 、 between them
			dv.SetError(excelize.DataValidationErrorStyleStop, c.Title, "请从下拉列表中选择")
		} else {
			dv.ShowErrorMessage = false
		}
		if err := f.AddDataValidation(sheet, dv); err != nil {
			return err
		}
		next++
	}
	return nil
}
