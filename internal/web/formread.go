package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
)

// maxForm bounds a form: its pictures, and what was kept of them.
const maxForm = 6 << 20

// read gathers what a form gave, by name; pictures as base64 under name.kept.
func read(r *http.Request, k *catalogue.Kind) (map[string]string, error) {
	if err := r.ParseMultipartForm(maxForm); err != nil {
		if big := (*http.MaxBytesError)(nil); errors.As(err, &big) {
			return nil, fault.TooLarge.New("表单里的图片太大").WithHint("请按“返回”，换成更小的图片再提交；一份表单合计不超过 4 MB")
		}
		return nil, fault.Invalid.Wrap(err, "表单没有传完整").WithHint("请按“返回”重新提交")
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // temporary files
	values := map[string]string{}
	for name, v := range r.MultipartForm.Value {
		values[name] = strings.TrimSpace(strings.ReplaceAll(v[0], "\r\n", "\n"))
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
	if k != nil {
		compact(k, values)
		widen(k, values)
	}
	return values, nil
}

// keep turns an uploaded picture into text that the form can carry along, so
// that it is not lost when something else is wrong.
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

// addKey names the list to which the pressed button adds a line.
const addKey = "add"

// widen adds the line that was asked for, without scripts, to holders or to a
// table: the form counts as many lines as stand in .count.
func widen(k *catalogue.Kind, values map[string]string) {
	switch add := values[addKey]; add {
	case "":
	case "holders":
		values["holders.count"] = fmt.Sprint(holderCount(k, values) + 1)
	default:
		if f := k.Field(strings.TrimPrefix(add, "fields.")); f != nil && f.Type == catalogue.Table {
			values[add+".count"] = fmt.Sprint(rowCount(f, values) + 1)
		}
	}
}

// holderCount is how many holders the form shows: as many as the kind has at
// least, as were given, or one more where that was asked for.
func holderCount(k *catalogue.Kind, values map[string]string) int {
	n := max(len(k.Holders.Roles), 1)
	if !k.Holders.More {
		return n
	}
	for n < maxHolders && (anyHolder(values, n) || wants(values, "holders.count", n)) {
		n++
	}
	return n
}

func rowCount(f *catalogue.Field, values map[string]string) int {
	n := 1
	for n < max(f.Max, 1) && (anyRow(f, values, n) || wants(values, "fields."+f.Key+".count", n)) {
		n++
	}
	return n
}

func wants(values map[string]string, name string, n int) bool { return values[name] == fmt.Sprint(n+1) }

func anyHolder(values map[string]string, i int) bool {
	return values[fmt.Sprintf("holders[%d].name", i)] != "" || values[fmt.Sprintf("holders[%d].id", i)] != ""
}

func anyRow(f *catalogue.Field, values map[string]string, r int) bool {
	for _, c := range f.Columns {
		if values[cellName(f, r, c.Key)] != "" {
			return true
		}
	}
	return false
}

// compact closes the gaps that emptied lines leave, so that what is refused is
// named by the line in which it stands.
func compact(k *catalogue.Kind, values map[string]string) {
	least := max(len(k.Holders.Roles), 1)
	closeGaps(least, maxHolders, func(i int) bool { return anyHolder(values, i) }, func(from, to int) {
		for _, key := range []string{"type", "name", "id_type", "id"} {
			move(values, fmt.Sprintf("holders[%d].%s", from, key), fmt.Sprintf("holders[%d].%s", to, key))
		}
	})
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Type != catalogue.Table {
			continue
		}
		closeGaps(0, max(f.Max, 1), func(r int) bool { return anyRow(f, values, r) }, func(from, to int) {
			for _, c := range f.Columns {
				move(values, cellName(f, from, c.Key), cellName(f, to, c.Key))
			}
		})
	}
}

func closeGaps(first, end int, filled func(int) bool, shift func(from, to int)) {
	to := first
	for from := first; from < end; from++ {
		if !filled(from) {
			continue
		}
		if from != to {
			shift(from, to)
		}
		to++
	}
}

func move(values map[string]string, from, to string) {
	values[to] = values[from]
	delete(values, from)
}

// request turns what a form gave into a request for a certificate.
func request(k *catalogue.Kind, values map[string]string) cert.IssueRequest {
	q := cert.IssueRequest{
		Kind: k.Name, Issuer: values["issuer"], Fields: map[string]json.RawMessage{},
		ValidFrom: values["valid_from"], ValidTo: values["valid_to"], CaseNo: values["case_no"],
	}
	least := max(len(k.Holders.Roles), 1)
	for i := range holderCount(k, values) {
		if i >= least && !anyHolder(values, i) {
			break
		}
		name := fmt.Sprintf("holders[%d].", i)
		q.Holders = append(q.Holders, catalogue.Holder{Type: values[name+"type"], IDType: values[name+"id_type"], ID: values[name+"id"], Name: values[name+"name"]})
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Source != "" {
			continue
		}
		if v, given := fieldValue(f, values); given {
			b, err := json.Marshal(v)
			if err != nil {
				continue // strings and maps of strings always marshal
			}
			q.Fields[f.Key] = b
		}
	}
	return q
}

// fieldValue is a field's value as its JSON has it, if one was given.
func fieldValue(f *catalogue.Field, values map[string]string) (v any, given bool) {
	switch f.Type {
	case catalogue.Pict:
		media, data, ok := strings.Cut(values["fields."+f.Key+".kept"], ";")
		return map[string]string{"media_type": media, "data": data}, ok
	case catalogue.Table:
		var rows []map[string]string
		for r := range max(f.Max, 1) {
			if anyRow(f, values, r) {
				rows = append(rows, rowOf(f, values, r))
			}
		}
		return rows, rows != nil
	default:
		text := values["fields."+f.Key]
		return text, text != ""
	}
}

func rowOf(f *catalogue.Field, values map[string]string, r int) map[string]string {
	row := map[string]string{}
	for _, c := range f.Columns {
		if text := values[cellName(f, r, c.Key)]; text != "" {
			row[c.Key] = text
		}
	}
	return row
}
