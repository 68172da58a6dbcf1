package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// A Form is the controls of a kind with what was given and what is wrong, for
// other packages of pages that collect what a certificate says. The part
// "input" of the kit draws a control.
type Form struct{ *form }

// NewForm builds the form for a kind out of the values given, by name.
func NewForm(k *catalogue.Kind, values map[string]string) Form { return Form{formOf(k, values)} }

// Refuse puts what is wrong at its control, and lists it for the summary.
func (f Form) Refuse(fields []fault.Field) []page.FieldProblem { return f.refuse(fields) }

// LabelOf is what the control of a field is called; "" where there is none.
func (f Form) LabelOf(name string) string {
	if in := f.find(name); in != nil {
		return in.full()
	}
	return ""
}

// ReadForm gathers what the form of a kind gave, by name.
func ReadForm(r *http.Request, k *catalogue.Kind) (map[string]string, error) { return read(r, k) }

// RequestOf turns what a form gave into a request for a certificate.
func RequestOf(k *catalogue.Kind, values map[string]string) cert.IssueRequest {
	return request(k, values)
}

// MaxForm bounds the body of a form with pictures.
const MaxForm = maxForm

// ValuesOf is a request as its form gives it: what [RequestOf] reads.
func ValuesOf(k *catalogue.Kind, q cert.IssueRequest) map[string]string {
	values := map[string]string{"issuer": q.Issuer, "valid_from": q.ValidFrom, "valid_to": q.ValidTo, "case_no": q.CaseNo}
	for i, h := range q.Holders {
		for key, v := range map[string]string{"type": h.Type, "name": h.Name, "id_type": h.IDType, "id": h.ID} {
			values[fmt.Sprintf("holders[%d].%s", i, key)] = v
		}
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		raw, given := q.Fields[f.Key]
		if !given || f.Source != "" {
			continue
		}
		giveValue(values, f, raw)
	}
	return values
}

// giveValue puts a field's JSON where its controls read it; what is not of the
// field's type is left to be told by the rules.
func giveValue(values map[string]string, f *catalogue.Field, raw json.RawMessage) {
	name := "fields." + f.Key
	switch f.Type {
	case catalogue.Pict:
		var picture struct {
			Media string `json:"media_type"`
			Data  string `json:"data"`
		}
		if json.Unmarshal(raw, &picture) == nil && picture.Data != "" {
			if _, err := base64.StdEncoding.DecodeString(picture.Data); err == nil {
				values[name+".kept"] = picture.Media + ";" + picture.Data
			}
		}
	case catalogue.Table:
		var rows []map[string]string
		if json.Unmarshal(raw, &rows) == nil {
			for r, row := range rows {
				for column, v := range row {
					values[cellName(f, r, column)] = v
				}
			}
		}
	default:
		var text string
		if json.Unmarshal(raw, &text) == nil {
			values[name] = text
		}
	}
}

// A Face is the face as far as it can be drawn out of what was given.
type Face struct {
	Pages []template.URL // pictures; none when nothing can be drawn
	Note  string         // how far it is, in one line
}

// Face draws what a request would give an issuer today, also when it is not
// complete. Who may see it is the caller's to decide.
func (s *Service) Face(k *catalogue.Kind, q cert.IssueRequest, issuer iam.Org) (Face, error) {
	p, err := s.previewFor(k, q, issuer)
	return Face{p.Pages, p.Note}, err
}
