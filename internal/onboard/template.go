package onboard

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"sidian/internal/iam"
)

// notes is the name of the sheet that explains.
const notes = "说明"

// Template is an empty table of a kind: headings, drop-downs, an example line
// that is refused if it is left in, and a sheet that explains each column.
func (s *Service) Template(ctx context.Context, k Kind) (*Sheet, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, Permission, ""); err != nil {
		return nil, err
	}
	f := excelize.NewFile()
	defer f.Close()
	columns := s.Columns(k)
	st, err := stylesOf(f)
	if err == nil {
		err = f.SetSheetName("Sheet1", k.Title())
	}
	if err == nil {
		err = fillTable(f, k.Title(), columns, st)
	}
	if err == nil {
		err = fillNotes(f, k, columns, st)
	}
	if err == nil {
		err = choices(f, k.Title(), columns)
	}
	if err != nil {
		return nil, fmt.Errorf("onboard: making a template: %w", err)
	}
	data, err := bytesOf(f)
	return &Sheet{Name: "批量导入模板-" + k.Title() + ".xlsx", Data: data}, err
}

func fillTable(f *excelize.File, sheet string, columns []Column, st styles) error {
	for i, c := range columns {
		name := strings.TrimRight(at(i, 1), "1")
		if err := f.SetColStyle(sheet, name, st.text); err != nil {
			return err
		}
		width := 6 + 2.2*float64(max(utf8.RuneCountInString(c.Title), utf8.RuneCountInString(c.Example)))
		if err := f.SetColWidth(sheet, name, name, width); err != nil {
			return err
		}
		title, style := c.Title, st.head
		if c.Must {
			title, style = title+" *", st.must
		}
		for _, v := range []struct {
			at, text string
			style    int
		}{{at(i, 1), title, style}, {at(i, 2), c.Example, st.example}} {
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
func fillNotes(f *excelize.File, k Kind, columns []Column, st styles) error {
	if _, err := f.NewSheet(notes); err != nil {
		return err
	}
	row := 1
	put := func(style int, cells ...string) error {
		for i, v := range cells {
			if err := f.SetCellStr(notes, at(i, row), v); err != nil {
				return err
			}
			if err := f.SetCellStyle(notes, at(i, row), at(i, row), style); err != nil {
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
	for _, line := range []string{
		"一个文件至多 20000 行、5 MB；每个单元格至多 500 个字。不要改动标题，不要填写公式。",
		"上传后先预检，逐个单元格列出错误，此时什么都不导入。开始导入后，没有错误的行逐行导入，有错误的行跳过并写入错误报告，改好后可以再次上传：导入过的行不会重复导入。",
		map[Kind]string{Units: "先导入单位，再导入人员。上级单位可以在本表中，行的先后不限。",
			People: "导入后账号还不能登录：请下载一次性链接，交给本人设置密码和第二因素，72 小时内有效。角色由安全管理员批准后生效。"}[k],
	} {
		if err := put(st.text, line); err != nil {
			return err
		}
		if err := f.MergeCell(notes, at(0, row-1), at(3, row-1)); err != nil {
			return err
		}
		if err := f.SetRowHeight(notes, row-1, 34); err != nil {
			return err
		}
	}
	for i, width := range []float64{20, 10, 60, 60} {
		name := strings.TrimRight(at(i, 1), "1")
		if err := f.SetColWidth(notes, name, name, width); err != nil {
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
		name := strings.TrimRight(at(next, 1), "1")
		for j, v := range append([]string{c.Title}, c.Allowed...) {
			if err := f.SetCellStr(notes, at(next, j+1), v); err != nil {
				return err
			}
		}
		if err := f.SetColVisible(notes, name, false); err != nil {
			return err
		}
		column := strings.TrimRight(at(i, 1), "1")
		dv := excelize.NewDataValidation(true)
		dv.SetSqref(fmt.Sprintf("%s2:%s%d", column, column, MaxLines+1))
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
