package listing

import (
	"context"
	"fmt"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/policy"
	"sidian/internal/table"
)

// useTables reads use lists.
var useTables = table.Reader{Code: "listing.table", Columns: 20, Cell: 2000, Title: "用证清单模板.xlsx"}

func (s *Service) useColumns() []table.Column {
	var names []string
	for _, p := range s.Purposes() {
		names = append(names, p.Name)
	}
	return []table.Column{
		{Key: "kind", Title: "证照类型", Must: true, Note: "证照类型的名称、目录名或代码", Width: 30, Example: "营业执照"},
		{Key: "item", Title: "事项实施编码", Note: "只用于这个事项；不填则用于本单位的各事项", Width: 36},
		{Key: "purpose", Title: "用途", Note: strings.Join(names, "、") + "；不填则不限", Width: 14},
		{Key: "fields", Title: "照面项", Note: "可以使用的照面项，用、隔开；不填则为全部", Width: 40},
	}
}

// Purposes are those that a use may be limited to.
func (s *Service) Purposes() []policy.Purpose { return s.IAM.InForce().Purposes() }

// UseTemplate is an empty table of a use list.
func (s *Service) UseTemplate() ([]byte, error) {
	return table.Template("用证清单", s.useColumns(), []string{"每行一种证照，上传后先核对，再提出调整；本单位的主管部门同意后生效。"})
}

// UseTable reads a use list from a table. Nothing is kept: what was read is to be
// looked at, and then proposed. Problems name their cells, in the field "file".
func (s *Service) UseTable(ctx context.Context, unit string, data []byte) ([]Use, error) {
	if err := iam.Allow(ctx, permReport, unit); err != nil {
		return nil, err
	}
	t, err := useTables.Read(data, s.useColumns())
	if err != nil {
		return nil, err
	}
	if len(t.Lines) > mostUses {
		return nil, errField("file", "listing.uses", "至多 500 行")
	}
	kinds, err := s.Catalogue.Published(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string]*catalogue.Kind{}
	for _, k := range kinds {
		byName[k.Title], byName[k.Name], byName[k.Code.String()] = k, k, k
	}
	bad := fault.Invalid.New("表格中有填写不正确的地方，没有采用").WithCode("listing.table").WithHint("请按提示改好表格，重新上传")
	uses, wrong := []Use{}, 0
	for i := range t.Lines {
		u, key, rule := s.useOf(&t.Lines[i], byName)
		if rule == "" {
			uses = append(uses, u)
			continue
		}
		if wrong++; wrong <= mostWrong {
			bad = bad.WithField("file", "listing.cell", fmt.Sprintf("%s：%s", t.At(key, t.Lines[i].Number), rule))
		}
	}
	if wrong > mostWrong {
		bad = bad.WithField("file", "listing.cell", fmt.Sprintf("还有 %d 处", wrong-mostWrong))
	}
	return uses, bad.OrNil()
}

const (
	mostUses  = 500 // lines of a use list
	mostWrong = 20  // cells that one answer names
)

// useOf is what a line says, or the column that is wrong and why.
func (s *Service) useOf(l *table.Line, kinds map[string]*catalogue.Kind) (u Use, key, rule string) {
	for _, name := range []string{"kind", "item", "purpose", "fields"} {
		if c := l.Cells[name]; c.Formula || c.Bad {
			return u, name, "不能是公式，请粘贴为值"
		}
	}
	if l.Cells["item"].Lossy() {
		return u, "item", "长编码存成了数字，末尾几位可能已丢失；请把单元格设为文本后重填"
	}
	k := kinds[l.Text("kind")]
	if k == nil {
		return u, "kind", "目录中没有这个证照类型"
	}
	u = Use{Kind: k.Name, Title: k.Title, Item: l.Text("item")}
	if p := l.Text("purpose"); p != "" {
		for _, one := range s.Purposes() {
			if p == one.Name || p == one.Code {
				u.Purpose = one.Code
			}
		}
		if u.Purpose == "" {
			return u, "purpose", "没有这种用途"
		}
	}
	for _, label := range strings.FieldsFunc(l.Text("fields"), func(r rune) bool { return strings.ContainsRune("、,，;；\n", r) }) {
		field := FieldKey(k, label)
		if field == "" {
			return u, "fields", "“" + clip(k.Title, 40) + "”没有所写的照面项"
		}
		u.Fields = append(u.Fields, field)
	}
	return u, "", ""
}

// FieldKey is the key of a field of a kind by its label or its key; "" where the kind
// has none of it.
func FieldKey(k *catalogue.Kind, label string) string {
	label = strings.TrimSpace(label)
	for i := range k.Fields {
		if k.Fields[i].Key == label || k.Fields[i].Label == label {
			return k.Fields[i].Key
		}
	}
	return ""
}
