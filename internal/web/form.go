package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
)

// maxForm bounds a form: its pictures, and what was kept of them.
const maxForm = 6 << 20

// An input is one control of a form.
type input struct {
	ID, Name, Label, Type, Value, Hint, Unit, Error, Kept string
	Required                                              bool
	Max, MaxRows                                          int
	Options                                               []option
	Rows                                                  [][]input
}

type option struct{ Value, Label string }

// holderInputs are the controls for one holder.
type holderInputs struct {
	Legend string
	Inputs []input
}

// A form is the controls of a kind with what was given and what is wrong.
type form struct {
	Holders []holderInputs
	Inputs  []input
	Dates   []input
}

// id makes the id of a control out of the name of a field, as problems name it.
var notID = regexp.MustCompile(`[^A-Za-z0-9_]+`)

func controlID(name string) string {
	return "f-" + strings.Trim(notID.ReplaceAllString(name, "-"), "-")
}

// formOf builds the form for a kind out of the values given, by name, and the
// refusals of its fields.
func formOf(k *catalogue.Kind, values map[string]string, wrong map[string]string) *form {
	f := &form{}
	get := func(in input) input {
		in.ID, in.Error = controlID(in.Name), wrong[in.Name]
		if in.Value == "" {
			in.Value = values[in.Name]
		}
		if in.Type == "file" {
			in.Kept = values[in.Name+".kept"]
		}
		return in
	}
	for i, role := range holderRoles(k) {
		f.Holders = append(f.Holders, holderOf(k, i, role, get))
	}
	for i := range k.Fields {
		if k.Fields[i].Source == "" {
			f.Inputs = append(f.Inputs, fieldInput(&k.Fields[i], values, get))
		}
	}
	f.Dates = append(f.Dates, get(input{Name: "valid_from", Label: "有效期起", Type: "date", Required: true}))
	switch k.Validity.Rule {
	case "given":
		f.Dates = append(f.Dates, get(input{Name: "valid_to", Label: "有效期止", Type: "date", Required: true}))
	case "open":
		f.Dates = append(f.Dates, get(input{Name: "valid_to", Label: "有效期止", Type: "date", Hint: "长期有效的，不填"}))
	case "years":
		f.Dates = append(f.Dates, get(input{Name: "valid_to", Label: "有效期止", Type: "date", Hint: fmt.Sprintf("不填即自有效期起 %d 年", k.Validity.Years)}))
	}
	f.Dates = append(f.Dates, get(input{Name: "case_no", Label: "办件编号", Type: "text", Max: 64, Hint: "没有办件的，不填"}))
	return f
}

func holderRoles(k *catalogue.Kind) []string {
	if len(k.Holders.Roles) == 0 {
		return []string{""}
	}
	return k.Holders.Roles
}

var holderTypes = map[string]string{"person": "自然人", "legal": "法人", "unincorporated": "非法人组织"}

func holderOf(k *catalogue.Kind, i int, role string, get func(input) input) holderInputs {
	legend := "持证主体"
	if role != "" {
		legend += "：" + role
	}
	name := fmt.Sprintf("holders[%d].", i)
	kind := input{Name: name + "type", Label: "类别", Required: true}
	for _, t := range k.Holders.Types {
		kind.Options = append(kind.Options, option{t, holderTypes[t]})
	}
	id := input{Name: name + "id_type", Label: "证件类型", Required: true}
	for _, t := range k.Holders.IDTypes {
		id.Options = append(id.Options, option{t, catalogue.IDTypeName(t)})
	}
	number := input{Name: name + "id", Label: "证件号码", Type: "text", Max: 64, Required: !k.Holders.MintID}
	if k.Holders.MintID {
		number.Hint = "新设立的主体不填，由平台赋码"
	}
	return holderInputs{legend, []input{
		get(input{Name: name + "name", Label: "名称或姓名", Type: "text", Max: 200, Required: true}),
		get(preselect(kind)), get(preselect(id)), get(number),
	}}
}

// preselect chooses the only option there is.
func preselect(in input) input {
	if len(in.Options) == 1 {
		in.Value = in.Options[0].Value
	}
	return in
}

func fieldInput(f *catalogue.Field, values map[string]string, get func(input) input) input {
	in := input{Name: "fields." + f.Key, Label: f.Label, Hint: f.Hint, Unit: f.Unit, Required: f.Required, Type: "text", Max: f.Max}
	switch f.Type {
	case catalogue.Multiline:
		in.Type = "textarea"
	case catalogue.DateType:
		in.Type, in.Max = "date", 0
	case catalogue.DateTime:
		in.Type, in.Max = "datetime-local", 0
	case catalogue.Pict:
		in.Type, in.Max = "file", 0
		in.Hint = strings.TrimSpace(fmt.Sprintf("%s PNG 或 JPEG，不超过 %d KB", f.Hint, f.Max))
	case catalogue.Enum:
		for _, v := range f.Values {
			in.Options = append(in.Options, option{v.Value, v.Value})
		}
	case catalogue.Table:
		in.MaxRows, in.Rows = f.Max, tableRows(f, values)
	}
	return get(in)
}

func tableRows(f *catalogue.Field, values map[string]string) (rows [][]input) {
	n := 1
	for ; n < max(f.Max, 1); n++ {
		if !anyRow(f, values, n) {
			break
		}
	}
	for r := range n {
		var row []input
		for _, c := range f.Columns {
			name := fmt.Sprintf("fields.%s[%d].%s", f.Key, r, c.Key)
			row = append(row, input{ID: controlID(name), Name: name, Label: c.Label, Value: values[name], Max: max(c.Max, 1)})
		}
		rows = append(rows, row)
	}
	return rows
}

func anyRow(f *catalogue.Field, values map[string]string, r int) bool {
	for _, c := range f.Columns {
		if values[fmt.Sprintf("fields.%s[%d].%s", f.Key, r, c.Key)] != "" {
			return true
		}
	}
	return false
}

// read gathers what a form gave, by name; pictures as base64 under name.kept.
func read(r *http.Request) (map[string]string, error) {
	if err := r.ParseMultipartForm(maxForm); err != nil {
		return nil, fault.Invalid.Wrap(err, "表单没有传完整").WithHint("请重新提交；图片合计不超过 4 MB")
	}
	defer r.MultipartForm.RemoveAll()
	values := map[string]string{}
	for name, v := range r.MultipartForm.Value {
		values[name] = strings.TrimSpace(v[0])
	}
	for name, files := range r.MultipartForm.File {
		if len(files) == 1 && files[0].Size > 0 {
			kept, err := keep(files[0])
			if err != nil {
				return nil, err
			}
			values[name+".kept"] = kept
		}
	}
	return values, nil
}

func keep(h *multipart.FileHeader) (string, error) {
	f, err := h.Open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxForm))
	if err != nil {
		return "", err
	}
	return http.DetectContentType(b) + ";" + base64.StdEncoding.EncodeToString(b), nil
}

// request turns what a form gave into a request for a certificate.
func request(k *catalogue.Kind, values map[string]string) cert.IssueRequest {
	q := cert.IssueRequest{
		Kind: k.Name, Issuer: values["issuer"], Fields: map[string]json.RawMessage{},
		ValidFrom: values["valid_from"], ValidTo: values["valid_to"], CaseNo: values["case_no"],
	}
	for i := range holderRoles(k) {
		name := "holders[" + strconv.Itoa(i) + "]."
		q.Holders = append(q.Holders, catalogue.Holder{Type: values[name+"type"], IDType: values[name+"id_type"], ID: values[name+"id"], Name: values[name+"name"]})
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		if v, ok := fieldValue(f, values); ok && f.Source == "" {
			q.Fields[f.Key] = v
		}
	}
	return q
}

// fieldValue is the JSON of a field's value, if one was given.
func fieldValue(f *catalogue.Field, values map[string]string) (json.RawMessage, bool) {
	var v any
	switch f.Type {
	case catalogue.Pict:
		media, data, ok := strings.Cut(values["fields."+f.Key+".kept"], ";")
		if !ok {
			return nil, false
		}
		v = map[string]string{"media_type": media, "data": data}
	case catalogue.Table:
		var rows []map[string]string
		for r := range max(f.Max, 1) {
			if !anyRow(f, values, r) {
				continue
			}
			row := map[string]string{}
			for _, c := range f.Columns {
				if text := values[fmt.Sprintf("fields.%s[%d].%s", f.Key, r, c.Key)]; text != "" {
					row[c.Key] = text
				}
			}
			rows = append(rows, row)
		}
		if rows == nil {
			return nil, false
		}
		v = rows
	default:
		text := strings.ReplaceAll(values["fields."+f.Key], "\r\n", "\n")
		if text == "" {
			return nil, false
		}
		v = text
	}
	b, err := json.Marshal(v)
	return b, err == nil
}
