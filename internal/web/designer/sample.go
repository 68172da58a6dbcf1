package designer

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/web"
	"sidian/internal/web/page"
)

type samplePage struct {
	common
	Form     web.Form
	Pictures []any
	Found    []finding
	Broken   bool // the fields must be put right first
}

// exampleOf is the sample as the issuing form has it; empty where there is none.
func exampleOf(k *catalogue.Kind) cert.IssueRequest {
	r, err := k.ExampleRequest()
	if err != nil {
		return cert.IssueRequest{Kind: k.Name}
	}
	q := cert.IssueRequest{Kind: k.Name, Holders: r.Holders, Fields: map[string]json.RawMessage{}, ValidFrom: r.ValidFrom, ValidTo: r.ValidTo}
	for key, raw := range r.Fields {
		if n := json.Number(""); json.Unmarshal(raw, &n) == nil { // forms give numbers as text
			raw, _ = json.Marshal(n.String())
		}
		q.Fields[key] = raw
	}
	return q
}

func (s *Service) getSample(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	return s.showSample(w, r, http.StatusOK, o, nil, nil)
}

func (s *Service) showSample(w http.ResponseWriter, r *http.Request, code int, o *opened, given map[string]string, refusal error) error {
	p := &samplePage{common: s.common(r, o, "sample", refusal)}
	l, err := s.look(o.design)
	if err != nil {
		return err
	}
	for _, x := range l.Pages {
		p.Pictures = append(p.Pictures, x)
	}
	if l.kind == nil {
		p.Broken, p.Found = true, placed{}.findings(l.Found)
		return s.set.Show(w, code, "sample", p)
	}
	if given == nil {
		given = web.ValuesOf(l.kind, exampleOf(l.kind))
		if _, refusal := l.kind.Sample(); refusal != nil && len(o.design.files[exampleFile]) > 0 {
			p.Found = placed{}.findings(l.Found)
		}
	}
	p.Form = web.NewForm(l.kind, given)
	if e := fault.As(refusal); e != nil && !p.Clash {
		p.Problem = &page.Problem{Msg: e.Msg, Hint: e.Hint, Fields: p.Form.Refuse(e.Fields)}
	}
	return s.set.Show(w, code, "sample", p)
}

func (s *Service) postSample(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	l, err := s.look(o.design)
	if err != nil {
		return err
	}
	if l.kind == nil {
		return s.showSample(w, r, http.StatusConflict, o, nil, nil)
	}
	given, err := web.ReadForm(r, l.kind)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("look") == "1" {
		return s.showSample(w, r, http.StatusOK, o, given, nil)
	}
	v := values{r.PostForm, &wrongs{}}
	if r.MultipartForm != nil {
		v.Values = r.MultipartForm.Value
	}
	q := web.RequestOf(l.kind, given)
	if _, err := l.kind.Validate(catalogue.Request{Holders: q.Holders, Fields: q.Fields, ValidFrom: q.ValidFrom, ValidTo: q.ValidTo}); err != nil {
		if page.StatusOf(err) == 0 {
			return err
		}
		return s.showSample(w, r, page.StatusOf(err), o, given, err)
	}
	return s.change(w, r, v, "sample", func(d *design) string {
		if data, changed := exampleFrom(l.kind, q); changed {
			d.files = maps.Clone(d.files)
			d.files[exampleFile] = data
		}
		return ""
	}, func(code int, o *opened, refusal error) error { return s.showSample(w, r, code, o, given, refusal) })
}

// exampleFrom writes a sample, unless it says what the folder's says already.
func exampleFrom(k *catalogue.Kind, q cert.IssueRequest) ([]byte, bool) {
	write := func(q cert.IssueRequest) []byte {
		data, err := json.MarshalIndent(struct {
			Kind      string                     `json:"kind"`
			Holders   []catalogue.Holder         `json:"holders"`
			Fields    map[string]json.RawMessage `json:"fields"`
			ValidFrom string                     `json:"valid_from"`
			ValidTo   string                     `json:"valid_to,omitempty"`
		}{k.Name, q.Holders, q.Fields, q.ValidFrom, q.ValidTo}, "", "  ")
		if err != nil {
			return nil
		}
		return append(data, '\n')
	}
	data := write(q)
	same := write(web.RequestOf(k, web.ValuesOf(k, exampleOf(k))))
	return data, !bytes.Equal(data, same)
}
