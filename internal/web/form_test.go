package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime/multipart"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/kinds"
)

func loadKind(t *testing.T, name string) *catalogue.Kind {
	t.Helper()
	folder, err := fs.Sub(kinds.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	k, err := catalogue.Load(name, folder)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func exampleOf(t *testing.T, k *catalogue.Kind) cert.IssueRequest {
	t.Helper()
	var q cert.IssueRequest
	if err := json.Unmarshal(k.Example, &q); err != nil {
		t.Fatal(err)
	}
	return q
}

// typed fills the form of a kind by hand with what a request says, and sends it.
func typed(t *testing.T, k *catalogue.Kind, q cert.IssueRequest, more map[string]string) map[string]string {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	put := func(name, value string) {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for i, h := range q.Holders {
		name := fmt.Sprintf("holders[%d].", i)
		put(name+"type", h.Type)
		put(name+"id_type", h.IDType)
		put(name+"id", h.ID)
		put(name+"name", h.Name)
	}
	for key, raw := range q.Fields {
		typeField(t, form, k.Field(key), raw)
	}
	put("valid_from", q.ValidFrom)
	put("valid_to", q.ValidTo)
	put("case_no", q.CaseNo)
	for name, value := range more {
		put(name, value)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/console/new", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	values, err := read(r, k)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func typeField(t *testing.T, form *multipart.Writer, f *catalogue.Field, raw json.RawMessage) {
	t.Helper()
	name := "fields." + f.Key
	switch f.Type {
	case catalogue.Pict:
		var p struct{ Data []byte }
		if err := json.Unmarshal(raw, &p); err != nil {
			t.Fatal(err)
		}
		w, err := form.CreateFormFile(name, "photo.png")
		if err == nil {
			_, err = w.Write(p.Data)
		}
		if err != nil {
			t.Fatal(err)
		}
	case catalogue.Table:
		var rows []map[string]string
		if err := json.Unmarshal(raw, &rows); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for column, v := range row {
				if err := form.WriteField(cellName(f, i, column), v); err != nil {
					t.Fatal(err)
				}
			}
		}
	default:
		text := strings.Trim(string(raw), `"`)
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &text); err != nil {
				t.Fatal(err)
			}
		}
		if err := form.WriteField(name, strings.ReplaceAll(text, "\n", "\r\n")); err != nil { // as browsers send it
			t.Fatal(err)
		}
	}
}

func contentOf(t *testing.T, k *catalogue.Kind, q cert.IssueRequest) *catalogue.Content {
	t.Helper()
	c, err := k.Validate(catalogue.Request{Holders: q.Holders, Fields: q.Fields, ValidFrom: q.ValidFrom, ValidTo: q.ValidTo})
	if err != nil {
		t.Fatalf("%v %+v", err, fault.As(err).Fields)
	}
	return c
}

// The example of every kind that we ship goes through its form unchanged, and
// the form shows again what was given.
func TestFormOfEveryKind(t *testing.T) {
	t.Parallel()
	folders, err := fs.ReadDir(kinds.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		n++
		t.Run(folder.Name(), func(t *testing.T) {
			t.Parallel()
			k := loadKind(t, folder.Name())
			q := exampleOf(t, k)
			values := typed(t, k, q, nil)
			again := request(k, values)
			if again.Kind != k.Name || again.ValidFrom != q.ValidFrom || again.ValidTo != q.ValidTo {
				t.Errorf("the request is for %s, %s to %s", again.Kind, again.ValidFrom, again.ValidTo)
			}
			if want, got := contentOf(t, k, q), contentOf(t, k, again); !reflect.DeepEqual(got, want) {
				t.Errorf("the form gives\n%+v\nnot\n%+v", got, want)
			}
			shown := map[string]string{}
			for in := range formOf(k, values).controls() {
				shown[in.Name] = in.Value
				if in.Kept != "" {
					shown[in.Name+".kept"] = in.Kept
				}
			}
			for name, v := range values {
				if shown[name] != v {
					t.Errorf("%s is shown as %.40q, not %.40q", name, shown[name], v)
				}
			}
		})
	}
	if n < 10 {
		t.Errorf("%d kinds", n)
	}
}

// What a kind refuses is named by a control of its form, or a part of one.
func TestFormRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, kind string
		change     func(values map[string]string)
		field      string // whose control says it
		word       string
	}{
		{"missing", "business_license", func(v map[string]string) { delete(v, "fields.dom") }, "fields.dom", "必填"},
		{"wrong check digit", "marriage", func(v map[string]string) { v["holders[1].id"] = "999999199208090149" }, "holders[1].id", "校验码"},
		{"order of dates", "approval", func(v map[string]string) { v["valid_to"] = "2025-01-01" }, "valid_to", "早于"},
		{"too long", "business_license", func(v map[string]string) { v["fields.name"] = strings.Repeat("长", 41) }, "fields.name", "最多 40 个字"},
		{"no date", "birth", func(v map[string]string) { v["fields.birthTime"] = "2026-02-30T08:00" }, "fields.birthTime", "存在的时刻"},
		{"cell of a table", "construction", func(v map[string]string) { v["fields.cjdw[1].xmfzr"] = "" }, "fields.cjdw[1].xmfzr", "必填"},
		{"empty table", "construction", func(v map[string]string) {
			for name := range v {
				if strings.HasPrefix(name, "fields.cjdw") {
					delete(v, name)
				}
			}
		}, "fields.cjdw", "必填"},
		{"broken picture", "physician", func(v map[string]string) {
			v["fields.photo.kept"] = "image/png;" + base64.StdEncoding.EncodeToString([]byte("no picture"))
		}, "fields.photo", "不是完好的"},
		{"picture of another type", "physician", func(v map[string]string) {
			_, data, _ := strings.Cut(v["fields.photo.kept"], ";")
			v["fields.photo.kept"] = "image/jpeg;" + data
		}, "fields.photo", "PNG"},
		{"id type of a person for a firm", "food_operation", func(v map[string]string) { v["holders[0].id_type"] = "111" }, "holders[0].id_type", "不符"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := loadKind(t, c.kind)
			values := typed(t, k, exampleOf(t, k), nil)
			c.change(values)
			q := request(k, values)
			_, err := k.Validate(catalogue.Request{Holders: q.Holders, Fields: q.Fields, ValidFrom: q.ValidFrom, ValidTo: q.ValidTo})
			e := fault.As(err)
			if e == nil {
				t.Fatal("not refused")
			}
			f := formOf(k, values)
			summary := f.refuse(e.Fields)
			if len(summary) != 1 || !strings.Contains(summary[0].Text(), c.word) || summary[0].ID != controlID(c.field) {
				t.Errorf("the summary is %+v", summary)
			}
			if in := f.find(c.field); in == nil || !strings.Contains(in.Error, c.word) {
				t.Errorf("the control %s says %+v", c.field, in)
			}
		})
	}
}

// Lines that were emptied leave no gap, and one more can be asked for.
func TestFormLines(t *testing.T) {
	t.Parallel()
	k := loadKind(t, "construction")
	q := exampleOf(t, k)
	values := typed(t, k, q, map[string]string{"fields.cjdw[1].dwlx": "", "add": "fields.cjdw"})
	if rows := formOf(k, values).find("fields.cjdw").Rows; len(rows) != 5 || rows[4][0].Value != "" {
		t.Errorf("%d rows, the last %+v", len(rows), rows[len(rows)-1])
	}
	gap := typed(t, k, cert.IssueRequest{}, map[string]string{"fields.cjdw[0].dwlx": "甲", "fields.cjdw[3].dwlx": "乙"})
	if gap["fields.cjdw[1].dwlx"] != "乙" || gap["fields.cjdw[3].dwlx"] != "" {
		t.Errorf("a gap stays: %v", gap)
	}
	land := loadKind(t, "real_estate")
	values = typed(t, land, exampleOf(t, land), map[string]string{"add": "holders"})
	f := formOf(land, values)
	if len(f.Holders) != 3 || f.Holders[2].Legend != "持证主体 3" {
		t.Errorf("%d holders: %+v", len(f.Holders), f.Holders)
	}
	if n := len(request(land, values).Holders); n != 2 {
		t.Errorf("an empty holder is asked for: %d", n)
	}
	marriage := loadKind(t, "marriage")
	values = typed(t, marriage, exampleOf(t, marriage), map[string]string{"add": "holders"})
	if n := len(formOf(marriage, values).Holders); n != 2 {
		t.Errorf("a marriage of %d", n)
	}
}

// What need not be given is not called necessary, and is said how it is filled.
func TestFormHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, control, hint string }{
		{"business_license", "holders[0].id", "签发时赋码"},
		{"birth", "holders[0].id", "不填"},
		{"physician", "fields.csrq", "身份证号中的出生日期"},
		{"physician", "fields.photo", "不超过 60 KB"},
		{"food_operation", "valid_to", "最长 5 年"},
		{"approval", "valid_to", "长期"},
	} {
		in := formOf(loadKind(t, c.kind), nil).find(c.control)
		if in == nil || !strings.Contains(in.Hint, c.hint) {
			t.Errorf("%s %s: %+v", c.kind, c.control, in)
		}
		if in != nil && in.Type != "file" && in.Required {
			t.Errorf("%s %s is called necessary", c.kind, c.control)
		}
	}
}
