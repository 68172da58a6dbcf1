package auditor

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"sidian/internal/table"
)

func newSheet(format string, w io.Writer) (sheet, error) {
	switch format {
	case CSV:
		return newCSV(w)
	case XLSX:
		return newXLSX(w)
	default:
		b := bufio.NewWriterSize(w, 64<<10)
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		return &ndjson{b, e}, nil
	}
}

type ndjson struct {
	buffer *bufio.Writer
	to     *json.Encoder
}

func (n *ndjson) row(e *Entry) error { return n.to.Encode(e) }
func (n *ndjson) end() error         { return n.buffer.Flush() }

var heading = []string{
	"链序", "记录编号", "时间", "账号", "姓名", "代表单位", "接入应用", "网络地址", "会话", "请求", "事项", "对象", "用途", "规则", "理由", "结果", "变更前摘要", "变更后摘要",
}

// results are the Chinese words for results.
var results = map[string]string{"done": "成功", "refused": "拒绝", "failed": "失败"}

// beijing is the zone of every office that reads these.
var beijing = time.FixedZone("", 8*60*60)

func cells(e *Entry) []string {
	seq := ""
	if e.Seq > 0 {
		seq = strconv.FormatInt(e.Seq, 10)
	}
	return []string{
		seq, e.ID, e.At.In(beijing).Format("2006-01-02T15:04:05.000-07:00"), e.Account, e.Name, e.Org, e.App, e.Address, e.Session, e.Request,
		e.Action, e.Object, e.Purpose, e.Rule, e.Reason, results[e.Result], e.Before, e.After,
	}
}

type csvSheet struct{ to *csv.Writer }

// newCSV begins with the mark by which spreadsheets know UTF-8.
func newCSV(w io.Writer) (*csvSheet, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	c := &csvSheet{csv.NewWriter(w)}
	c.to.UseCRLF = true // RFC 4180
	return c, c.to.Write(heading)
}

func (c *csvSheet) row(e *Entry) error {
	row := cells(e)
	for i, s := range row {
		row[i] = table.Inert(s)
	}
	return c.to.Write(row)
}

func (c *csvSheet) end() error { c.to.Flush(); return c.to.Error() }

type xlsxSheet struct {
	file *excelize.File
	to   *excelize.StreamWriter
	w    io.Writer
	next int
}

func newXLSX(w io.Writer) (*xlsxSheet, error) {
	f := excelize.NewFile()
	x := &xlsxSheet{file: f, w: w, next: 1}
	const name = "审计记录"
	err := f.SetSheetName("Sheet1", name)
	if err == nil {
		x.to, err = f.NewStreamWriter(name)
	}
	if err == nil {
		err = x.put(heading)
	}
	return x, err
}

func (x *xlsxSheet) row(e *Entry) error { return x.put(cells(e)) }

// put writes texts: a cell of text is never a formula, but it becomes one when
// the sheet is saved as CSV.
func (x *xlsxSheet) put(row []string) error {
	values := make([]any, len(row))
	for i, s := range row {
		values[i] = table.Inert(s)
	}
	at, err := excelize.CoordinatesToCellName(1, x.next)
	if err != nil {
		return err
	}
	x.next++
	return x.to.SetRow(at, values)
}

func (x *xlsxSheet) end() error {
	defer x.file.Close()
	if err := x.to.Flush(); err != nil {
		return err
	}
	_, err := x.file.WriteTo(x.w)
	return err
}
