package web

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// An input is one control of a form, or a table of them.
type input struct {
	ID, Name, Label, Type, Value, Hint, Unit, Error, Kept, Mode string
	Within                                                      string // whose it is, where several have the same label
	Required, Code                                              bool
	Max                                                         int // characters; KiB of a picture
	Options                                                     []option
	Rows                                                        [][]input // of a table
	MaxRows                                                     int
}

type option struct{ Value, Label, For string }

// full is what the control is called apart from its place.
func (in *input) full() string { return in.Within + in.Label }

// holderInputs are the controls for one holder.
type holderInputs struct {
	Legend string
	Inputs []input
}

// A form is the controls of a kind with what was given and what is wrong.
type form struct {
	Holders     []holderInputs
	MoreHolders bool // there may be one more
	Inputs      []input
	Dates       []input
}

// id makes the id of a control out of the name of a field, as problems name it.
var notID = regexp.MustCompile(`[^A-Za-z0-9_]+`)

func controlID(name string) string {
	return "f-" + strings.Trim(notID.ReplaceAllString(name, "-"), "-")
}

// formOf builds the form for a kind out of the values given, by name.
func formOf(k *catalogue.Kind, values map[string]string) *form {
	f := &form{}
	n := holderCount(k, values)
	for i := range n {
		f.Holders = append(f.Holders, holderOf(k, i, n))
	}
	f.MoreHolders = k.Holders.More && n < maxHolders
	for i := range k.Fields {
		if k.Fields[i].Source == "" {
			f.Inputs = append(f.Inputs, fieldInput(&k.Fields[i], values))
		}
	}
	f.Dates = datesOf(k)
	for in := range f.controls() {
		in.ID = controlID(in.Name)
		if v, given := values[in.Name]; given {
			in.Value = v
		}
		if in.Type == "file" {
			in.Value, in.Kept = "", values[in.Name+".kept"]
		}
	}
	return f
}

// controls are all controls, in the order of the page; a table stands after
// its cells.
func (f *form) controls() iter.Seq[*input] {
	return func(yield func(*input) bool) {
		for h := range f.Holders {
			for i := range f.Holders[h].Inputs {
				if !yield(&f.Holders[h].Inputs[i]) {
					return
				}
			}
		}
		for _, list := range [][]input{f.Inputs, f.Dates} {
			for i := range list {
				for _, row := range list[i].Rows {
					for c := range row {
						if !yield(&row[c]) {
							return
						}
					}
				}
				if !yield(&list[i]) {
					return
				}
			}
		}
	}
}

// refuse puts what is wrong at its control, and lists it for the summary.
func (f *form) refuse(fields []fault.Field) (out []page.FieldProblem) {
	for _, wrong := range fields {
		p := page.FieldProblem{Message: wrong.Message}
		if in := f.find(wrong.Name); in != nil {
			p.ID, p.Label = in.ID, in.full()
			if in.Error == "" {
				in.Error = wrong.Message
			}
		}
		out = append(out, p)
	}
	return out
}

// find returns the control that a refused field belongs to: the one of that
// name, or of what it is a part of.
func (f *form) find(name string) *input {
	for name != "" {
		for in := range f.controls() {
			if in.Name == name {
				return in
			}
		}
		name = name[:max(strings.LastIndexAny(name, ".["), 0)]
	}
	return nil
}

func datesOf(k *catalogue.Kind) []input {
	dates := []input{{Name: "valid_from", Label: "有效期起", Type: "date", Required: true}}
	to := input{Name: "valid_to", Label: "有效期止", Type: "date"}
	switch k.Validity.Rule {
	case "given":
		to.Required = true
		dates = append(dates, to)
	case "open":
		to.Hint = "长期有效的，不填"
		dates = append(dates, to)
	case "years":
		to.Hint = fmt.Sprintf("最长 %d 年；不填即满 %d 年", k.Validity.Years, k.Validity.Years)
		dates = append(dates, to)
	}
	return append(dates, input{Name: "case_no", Label: "办件编号", Type: "text", Max: 64, Code: true, Hint: "没有办件的，不填"})
}

var holderTypes = map[string]string{"person": "自然人", "legal": "法人", "unincorporated": "非法人组织"}

// maxHolders is how many holders the form offers.
const maxHolders = 20

func holderOf(k *catalogue.Kind, i, n int) holderInputs {
	legend, within := "持证主体", "持证主体"
	switch roles := k.Holders.Roles; {
	case i < len(roles):
		legend, within = legend+"（"+roles[i]+"）", roles[i]
	case n > 1:
		legend = fmt.Sprintf("持证主体 %d", i+1)
		within = legend
	}
	name := fmt.Sprintf("holders[%d].", i)
	kind := input{Name: name + "type", Label: "类别", Required: true}
	for _, t := range k.Holders.Types {
		kind.Options = append(kind.Options, option{Value: t, Label: holderTypes[t]})
	}
	id := input{Name: name + "id_type", Label: "证件类型", Required: true}
	for _, t := range k.Holders.IDTypes {
		id.Options = append(id.Options, option{Value: t, Label: catalogue.IDTypeName(t), For: holderOfID(t)})
	}
	number := input{Name: name + "id", Label: "证件号码", Type: "text", Max: 64, Code: true, Required: !k.Holders.MintID && !k.Holders.OptionalID}
	switch {
	case k.Holders.MintID:
		number.Hint = "新设立的不填，签发时赋码"
	case k.Holders.OptionalID:
		number.Hint = "还没有证件号码的，不填"
	}
	label := "姓名"
	if !slices.Contains(k.Holders.Types, "person") {
		label = "名称"
	} else if len(k.Holders.Types) > 1 {
		label = "名称或姓名"
	}
	h := holderInputs{legend, []input{
		preselect(kind), {Name: name + "name", Label: label, Type: "text", Max: 200, Required: true}, preselect(id), number,
	}}
	for n := range h.Inputs {
		h.Inputs[n].Within = within
	}
	return h
}

// holderOfID tells whose an id type is: GB/T 36903 appendix A numbers those of
// organisations from 0.
func holderOfID(idType string) string {
	if strings.HasPrefix(idType, "0") {
		return "organisation"
	}
	return "person"
}

// preselect chooses the only option there is.
func preselect(in input) input {
	if len(in.Options) == 1 {
		in.Value = in.Options[0].Value
	}
	return in
}

// defaults say what stands on the face when a field is left empty.
var defaults = map[string]string{
	"birth": "不填则取身份证号中的出生日期", "sex": "不填则取身份证号中的性别", "valid_from": "不填则同有效期起",
}

func fieldInput(f *catalogue.Field, values map[string]string) input {
	in := input{Name: "fields." + f.Key, Label: f.Label, Unit: f.Unit, Required: f.Required && f.Default == "", Type: "text", Max: f.Max}
	hints := []string{f.Hint}
	if f.Default != "" {
		word := defaults[f.Default[strings.LastIndexByte(f.Default, '.')+1:]]
		if word == "" {
			word = "不填则由系统填写"
		}
		hints = append(hints, word)
	}
	switch f.Type {
	case catalogue.Multiline:
		in.Type = "textarea"
	case catalogue.DateType:
		in.Type, in.Max = "date", 0
	case catalogue.DateTime:
		in.Type, in.Max = "datetime-local", 0
	case catalogue.NumberT, catalogue.Money:
		in.Mode = "decimal"
	case catalogue.CodeType, catalogue.USCC, catalogue.CitizenID:
		in.Code = true
	case catalogue.Pict:
		in.Type = "file"
		hints = append(hints, fmt.Sprintf("PNG 或 JPEG，不超过 %d KB", f.Max))
	case catalogue.Enum:
		for _, v := range f.Values {
			in.Options = append(in.Options, option{Value: v.Value, Label: v.Value})
		}
		in = preselect(in)
	case catalogue.Table:
		in.MaxRows, in.Rows = max(f.Max, 1), tableRows(f, values)
	}
	in.Hint = strings.Join(strings.FieldsFunc(strings.Join(hints, "\n"), func(r rune) bool { return r == '\n' }), "；")
	return in
}

func tableRows(f *catalogue.Field, values map[string]string) (rows [][]input) {
	for r := range rowCount(f, values) {
		var row []input
		for _, c := range f.Columns {
			row = append(row, input{Name: cellName(f, r, c.Key), Label: c.Label, Within: fmt.Sprintf("%s第 %d 行", f.Label, r+1), Max: c.Max, Required: c.Required})
		}
		rows = append(rows, row)
	}
	return rows
}

func cellName(f *catalogue.Field, row int, column string) string {
	return fmt.Sprintf("fields.%s[%d].%s", f.Key, row, column)
}
