package issuing

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sidian/gbcode"
	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/table"
)

// sheetColumns is how many columns the table of a batch may have.
const sheetColumns = 80

// Keys of the columns that are not the face's.
const (
	colRef, colFinished, colCase            = "ref", "finished", "case"
	colHolder, colHolderID, colFrom, colTo  = "holder", "holder_id", "from", "to"
	sheetName                               = "离线批次"
	layoutMinute, layoutSecond, layoutPlain = "2006-01-02 15:04", "2006-01-02 15:04:05", "2006/1/2 15:04"
)

// columnsOf are the columns in which matters of a kind are listed that were
// finished offline: one holder a line. Pictures and tables have no place in one.
func columnsOf(k *catalogue.Kind) []table.Column {
	out := []table.Column{
		{Key: colRef, Title: "流水号", Must: true, Note: "离线系统中的编号；重推时不会重复", Example: "LX-001", Width: 16},
		{Key: colFinished, Title: "业务办结时间", Must: true, Note: "北京时间，如 2026-01-05 09:30", Example: "2026-01-05 09:30", Width: 20},
		{Key: colCase, Title: "办件编号", Width: 16},
		{Key: colHolder, Title: "持证主体名称", Must: true, Personal: true, Width: 24},
		{Key: colHolderID, Title: "持证主体代码", Personal: true, Note: "身份证号或统一社会信用代码", Width: 22},
		{Key: colFrom, Title: "有效期起", Must: true, Note: "如 2026-01-05", Example: "2026-01-05", Width: 12},
	}
	if k.Validity.Rule != "none" {
		out = append(out, table.Column{Key: colTo, Title: "有效期止", Note: "不填的按种类规则", Width: 12})
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Source != "" || f.Type == catalogue.Pict || f.Type == catalogue.Table {
			continue
		}
		c := table.Column{Key: "fields." + f.Key, Title: f.Label, Note: f.Hint, Personal: f.ClassOf() == catalogue.Sensitive, Width: 18}
		for _, v := range f.Values {
			c.Allowed = append(c.Allowed, v.Value)
		}
		out = append(out, c)
	}
	return out
}

// SheetTemplate makes the empty table in which offline matters of a kind are
// listed (.xlsx).
func (s *Service) SheetTemplate(ctx context.Context, kind string) ([]byte, error) {
	k, err := s.sheetKind(ctx, kind)
	if err != nil {
		return nil, err
	}
	return table.Template(sheetName, columnsOf(k), []string{
		fmt.Sprintf("一行一件，一次至多 %d 件。只填“%s”照面需要的信息。", maxBatch, k.Title),
		"收到以后逐件进入审核；超过推送时限的，仍然收下，计为超时。",
	})
}

// sheetKind is a kind whose matters fit into lines of a table.
func (s *Service) sheetKind(ctx context.Context, kind string) (*catalogue.Kind, error) {
	k, err := s.kindOf(ctx, kind)
	if err != nil {
		return nil, err
	}
	if len(k.Holders.Roles) > 1 {
		return nil, fault.Conflict.New("“%s”的持证主体不止一个，不能用表格登记", k.Title).WithCode("issuing.sheet").WithHint("请逐件登记，或由业务系统通过接口推送")
	}
	return k, nil
}

// ReadSheet reads a table of offline matters of a kind as the items of a batch.
// What a line says is judged when it is pushed.
func (s *Service) ReadSheet(ctx context.Context, kind string, data []byte) ([]BatchItem, error) {
	k, err := s.sheetKind(ctx, kind)
	if err != nil {
		return nil, err
	}
	columns := columnsOf(k)
	titles := map[string]bool{}
	for _, c := range columns {
		titles[c.Title] = true
	}
	r := table.Reader{Code: "issuing", Columns: sheetColumns, Cell: 2000, Title: k.Title, Show: func(title string) string {
		if titles[title] {
			return title
		}
		return ""
	}}
	t, err := r.Read(data, columns)
	if err != nil {
		return nil, err
	}
	if len(t.Lines) > maxBatch {
		return nil, fault.Invalid.New("一批至多 %d 件，这个文件有 %d 行", maxBatch, len(t.Lines)).WithCode("issuing.batch").WithHint("请分成几个文件").WithField("file", "count", "行数太多")
	}
	bad := fault.Invalid.New("表格中有填错的").WithCode("issuing.sheet").WithHint("请按列出的位置更正后整个文件重新上传；一件都没有收")
	var out []BatchItem
	for i := range t.Lines {
		l := &t.Lines[i]
		x := lineOf(k, l)
		if x.Ref == "" {
			bad = bad.WithField("file", "required", t.At(colRef, l.Number)+" 没有流水号")
		}
		if x.FinishedAt, err = finishedOf(l.Text(colFinished)); err != nil {
			bad = bad.WithField("file", "date", t.At(colFinished, l.Number)+" 业务办结时间应写作 2026-01-05 09:30")
		}
		for key, c := range l.Cells {
			if c.Formula || c.Bad {
				bad = bad.WithField("file", "formula", t.At(key, l.Number)+" 是公式，请改为数值")
			}
		}
		if len(bad.Fields) >= maxSheetFaults {
			break
		}
		out = append(out, x)
	}
	if err := bad.OrNil(); err != nil {
		return nil, err
	}
	return out, nil
}

// maxSheetFaults is how many places one refusal names.
const maxSheetFaults = 20

func lineOf(k *catalogue.Kind, l *table.Line) BatchItem {
	x := BatchItem{Ref: l.Text(colRef), CaseNo: l.Text(colCase), Content: Content{Fields: map[string]json.RawMessage{}, ValidFrom: l.Text(colFrom), ValidTo: l.Text(colTo)}}
	h := catalogue.Holder{Name: l.Text(colHolder), ID: l.Text(colHolderID)}
	h.Type, h.IDType = holderOf(k, h.ID)
	x.Holders = []catalogue.Holder{h}
	for i := range k.Fields {
		if text := l.Text("fields." + k.Fields[i].Key); text != "" {
			b, _ := json.Marshal(text) // a text always has one
			x.Fields[k.Fields[i].Key] = b
		}
	}
	return x
}

func citizenNumber(id string) bool {
	_, err := gbcode.ParseCitizenID(id)
	return err == nil
}

// holderOf tells what sort of holder a number is of: a citizen's where the kind
// has citizens and it looks like one, else the first that the kind allows.
func holderOf(k *catalogue.Kind, id string) (sort, idType string) {
	sort, idType = k.Holders.Types[0], k.Holders.IDTypes[0]
	person := slices.Contains(k.Holders.Types, "person") && slices.Contains(k.Holders.IDTypes, citizenType)
	if person && citizenNumber(id) {
		return "person", citizenType
	}
	if sort == "person" && person && len(k.Holders.Types) > 1 {
		sort = k.Holders.Types[1]
		for _, t := range k.Holders.IDTypes {
			if t != citizenType {
				return sort, t
			}
		}
	}
	return sort, idType
}

func finishedOf(text string) (time.Time, error) {
	var err error
	for _, layout := range []string{layoutMinute, layoutSecond, layoutPlain, time.RFC3339} {
		var at time.Time
		if at, err = time.ParseInLocation(layout, text, beijing); err == nil {
			return at, nil
		}
	}
	return time.Time{}, err
}

var beijing = time.FixedZone("CST", 8*3600)
