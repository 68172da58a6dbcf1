package complaint

import (
	"bytes"
	"encoding/csv"
	"strconv"

	"github.com/xuri/excelize/v2"

	"sidian/internal/fault"
	"sidian/internal/table"
)

// Formats of a report.
const (
	CSV  = "csv"
	XLSX = "xlsx"
)

// Media types of reports.
const (
	MediaCSV  = "text/csv; charset=utf-8"
	MediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

var unitHeading = []string{"单位", "收到", "尚未处理", "属实", "不属实", "法定不适用情形", "已撤回", "尚未改正办结", "处理用时中位数（工作日）", "多次属实"}

var eachHeading = []string{"单位", "月份", "收到", "尚未处理", "属实", "不属实", "法定不适用情形", "已撤回", "尚未改正办结"}

func (s *Sums) cells() []any {
	return []any{s.Filed, s.Open, s.Upheld, s.Dismissed, s.Exempt, s.Withdrawn, s.Mending}
}

func (u *UnitRow) cells() []any {
	repeat := ""
	if u.Repeat {
		repeat = "是"
	}
	return append(append([]any{table.Inert(u.OrgName)}, u.Sums.cells()...), u.Median, repeat)
}

func (u *UnitMonth) cells() []any {
	return append([]any{table.Inert(u.OrgName), u.Month}, u.Sums.cells()...)
}

// file writes a report: as CSV a line for each unit and month, as XLSX that and a
// sheet of units.
func (r *Report) file(format string) (*Copy, error) {
	name := "拒收电子印章统计 " + r.From + " 至 " + r.To + "."
	switch format {
	case CSV:
		data, err := r.csv()
		return &Copy{Name: name + CSV, Media: MediaCSV, Data: data}, err
	case XLSX:
		data, err := r.xlsx()
		return &Copy{Name: name + XLSX, Media: MediaXLSX, Data: data}, err
	}
	return nil, fault.Invalid.New("没有这种格式").WithCode("complaint.format").WithHint("可用 csv、xlsx").WithField("format", "unknown", "可用 csv、xlsx")
}

// csv begins with the mark by which spreadsheets know UTF-8.
func (r *Report) csv() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true // RFC 4180
	if err := w.Write(eachHeading); err != nil {
		return nil, err
	}
	for i := range r.Each {
		var line []string
		for _, c := range r.Each[i].cells() {
			if n, ok := c.(int64); ok {
				c = strconv.FormatInt(n, 10)
			}
			line = append(line, c.(string))
		}
		if err := w.Write(line); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func (r *Report) xlsx() ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", "按单位"); err != nil {
		return nil, err
	}
	if _, err := f.NewSheet("按单位和月份"); err != nil {
		return nil, err
	}
	units, each := make([][]any, 0, len(r.Units)), make([][]any, 0, len(r.Each))
	for i := range r.Units {
		units = append(units, r.Units[i].cells())
	}
	for i := range r.Each {
		each = append(each, r.Each[i].cells())
	}
	if err := sheet(f, "按单位", unitHeading, units); err != nil {
		return nil, err
	}
	if err := sheet(f, "按单位和月份", eachHeading, each); err != nil {
		return nil, err
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func sheet(f *excelize.File, name string, heading []string, rows [][]any) error {
	w, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := w.SetColWidth(1, 1, 32); err != nil {
		return err
	}
	first := make([]any, len(heading))
	for i, h := range heading {
		first[i] = h
	}
	for i, line := range append([][]any{first}, rows...) {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := w.SetRow(at, line); err != nil {
			return err
		}
	}
	return w.Flush()
}
