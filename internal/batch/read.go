package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/table"
)

// A ProblemPage is a page of what is wrong with rows, by line.
type ProblemPage struct {
	Items []table.Problem `json:"items"`
	Next  int             `json:"after,omitempty" doc:"还有时返回：从这一行之后继续"`
}

// seen returns a batch that the caller may look at.
func seen(tx *db.Tx, id string) (*runRow, error) {
	r, err := getRun(tx, id, false)
	if err == nil && !sees(tx.Context(), r) {
		return nil, errUnknown()
	}
	return r, err
}

// Problems pages through what is wrong with rows: what the check refused, and
// what was refused at issue.
func (s *Service) Problems(ctx context.Context, id string, after, limit int) (*ProblemPage, error) {
	if limit <= 0 || limit > 1000 {
		limit = 100
	}
	page := &ProblemPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []table.Problem{}, 0
		if _, err := seen(tx, id); err != nil {
			return err
		}
		rows, err := wrongRows(tx, id, after, limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = int(rows[limit-1].line)
		}
		for _, r := range rows {
			list, err := decode(r.problems)
			if err != nil {
				return err
			}
			page.Items = append(page.Items, list...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// Formats of a report.
const (
	CSV  = "csv"
	XLSX = "xlsx"
)

// words of what became of a row.
var words = map[string]string{pending: "待签发", begun: "签发中", issued: "已签发", refused: "检查未通过", failed: "签发未通过", repeated: "内容相同的已签发过", cancelled: "已取消"}

// Report is a sheet with one row for each row of the batch: what became of it,
// the certificate, or what is wrong and how to put it right. It repeats nothing
// that stood in the table.
func (s *Service) Report(ctx context.Context, id, format string) (name, media string, data []byte, err error) {
	if format != CSV && format != XLSX {
		return "", "", nil, fault.Invalid.New("没有这种格式").WithCode("batch.format").WithHint("可用 xlsx、csv").WithField("format", "unknown", "可用 xlsx、csv")
	}
	columns := []table.Column{{Title: "行号", Width: 8}, {Title: "结果", Width: 20}, {Title: "证照", Width: 34}, {Title: "单元格", Width: 12}, {Title: "列", Width: 20},
		{Title: "违反的规则", Width: 50}, {Title: "怎么改", Width: 50}, {Title: "代码", Width: 24}}
	var rows [][]string
	for after := 0; ; {
		some, last, err := s.reportRows(ctx, id, after)
		if err != nil {
			return "", "", nil, err
		}
		if rows = append(rows, some...); len(some) == 0 {
			break
		}
		after = last
	}
	if format == CSV {
		data, err = table.WriteCSV(columns, rows)
		return "批量签发结果-" + id[:6] + ".csv", table.MediaCSV, data, err
	}
	data, err = table.Write("批量签发结果", columns, rows)
	return "批量签发结果-" + id[:6] + ".xlsx", table.Media, data, err
}

func (s *Service) reportRows(ctx context.Context, id string, after int) (out [][]string, last int, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		out = nil
		if _, err := seen(tx, id); err != nil {
			return err
		}
		rows, err := allRows(tx, id, after, 1000)
		for _, r := range rows {
			line := []string{strconv.FormatInt(r.line, 10), words[r.state], r.certificate, "", "", "", "", ""}
			list, err := decode(r.problems)
			if err != nil {
				return err
			}
			for _, told := range table.ByLine(list) { // row, cell, column, value, rule, fix, code
				line[3], line[4], line[5], line[6], line[7] = told[1], told[2], told[4], told[5], told[6]
			}
			out, last = append(out, line), int(r.line)
		}
		return err
	})
	return out, last, err
}

// A Sample is a row as who approves sees it: personal data masked.
type Sample struct {
	Line  int          `json:"row"`
	Shown []SampleCell `json:"shown"`
}

// A SampleCell is one entry of a sample.
type SampleCell struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// SampleSize is how many rows who approves sees, spread over the batch.
const SampleSize = 10

// Samples shows some of the rows that wait, masked. That they were looked at
// stands in the audit.
func (s *Service) Samples(ctx context.Context, id string) (out []Sample, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		out = []Sample{}
		r, err := seen(tx, id)
		if err != nil {
			return err
		}
		k, err := s.Catalogue.VersionTx(tx, r.kind, int(r.version))
		if err != nil {
			return err
		}
		rows, err := pendingRows(tx, id, SampleSize)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			one, err := s.sample(k, id, row)
			if err != nil {
				return err
			}
			out = append(out, *one)
		}
		return audit.Put(tx, audit.Entry{Action: "batch.sample", Object: objectOf(id), Reason: fmt.Sprintf("抽看 %d 行，已遮蔽", len(rows)), After: gm.Digest(r.file)})
	})
	return out, err
}

func (s *Service) sample(k *catalogue.Kind, run string, row *rowRow) (*Sample, error) {
	b, err := s.box.Open(cellOf(run, row.line), row.sealed)
	if err != nil {
		return nil, fmt.Errorf("batch: opening a row: %w", err)
	}
	var req cert.IssueRequest
	if err := json.Unmarshal(b, &req); err != nil {
		return nil, fmt.Errorf("batch: reading a row: %w", err)
	}
	one := &Sample{Line: int(row.line)}
	add := func(label, value string) {
		if value != "" {
			one.Shown = append(one.Shown, SampleCell{label, value})
		}
	}
	names := roles(k)
	for i, h := range req.Holders {
		m := catalogue.MaskHolder(h)
		add(names[i]+"名称", m.Name)
		add(names[i]+"代码", m.ID)
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		var v string
		if raw, ok := req.Fields[f.Key]; ok && json.Unmarshal(raw, &v) == nil {
			add(f.Label, hide(f.Masked(v), req.Holders))
		}
	}
	add("有效期", strings.Trim(req.ValidFrom+" 至 "+req.ValidTo, " 至"))
	add("办件编号", req.CaseNo)
	return one, nil
}

// hide masks the persons who hold wherever a field names them.
func hide(text string, holders []catalogue.Holder) string {
	for _, h := range holders {
		if m := catalogue.MaskHolder(h); h.Type == "person" {
			for _, pair := range [][2]string{{h.Name, m.Name}, {h.ID, m.ID}} {
				if pair[0] != "" {
					text = strings.ReplaceAll(text, pair[0], pair[1])
				}
			}
		}
	}
	return text
}
