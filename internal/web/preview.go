package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"sidian/gbcode"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
	"sidian/ofd"
	"sidian/ofd/render"
	"sidian/workday"
)

// A preview is the face as far as it can be drawn out of what was given so far.
type preview struct {
	Pages   []template.URL // pictures; none when nothing can be drawn
	Note    string
	refusal *fault.Error
}

// preview draws what was given, also when it is not complete: fields that are
// missing or wrong stay empty. The number on it is only shown.
func (s *Service) preview(r *http.Request, k *catalogue.Kind, values map[string]string) (preview, error) {
	issuers, err := s.issuersOf(r, k.Name)
	if err != nil {
		return preview{}, err
	}
	issuer, ok := chosen(issuers, values["issuer"])
	if !ok {
		return preview{}, errNotIssuer(k)
	}
	return s.previewFor(k, request(k, values), issuer)
}

// previewFor draws a request for an issuer that was chosen.
func (s *Service) previewFor(k *catalogue.Kind, q cert.IssueRequest, issuer iam.Org) (preview, error) {
	content, refusal := k.Validate(catalogue.Request{Holders: q.Holders, Fields: q.Fields, ValidFrom: q.ValidFrom, ValidTo: q.ValidTo})
	p := preview{refusal: fault.As(refusal)}
	d, err := s.sketch(k, content, issuer)
	if e := fault.As(err); e != nil { // it does not fit, or cannot be numbered
		if p.refusal == nil {
			p.refusal = e
		}
		p.Note = p.note(k)
		return p, nil
	}
	if err != nil && p.refusal == nil {
		return p, err
	}
	if err == nil {
		if p.Pages, err = svgPages(d, len(d.Pages()), render.Options{}); err != nil {
			return p, err
		}
	}
	p.Note = p.note(k)
	return p, nil
}

func chosen(issuers []iam.Org, id string) (iam.Org, bool) {
	for _, o := range issuers {
		if o.ID == id || id == "" {
			return o, true
		}
	}
	return iam.Org{}, false
}

// sketch makes the document that content would give today. An error without a
// kind means that too little is known yet.
func (s *Service) sketch(k *catalogue.Kind, content *catalogue.Content, issuer iam.Org) (*ofd.Document, error) {
	if content.Holders == nil {
		content.Holders = make([]catalogue.Holder, max(len(k.Holders.Roles), 1))
	}
	i, err := s.sketchIssuance(issuer)
	if err != nil {
		return nil, err
	}
	draft, err := k.Draft(content, i)
	if err != nil { // the number needs what is not given yet
		i.Number = "签发时编号"
		if draft, err = k.Draft(content, i); err != nil {
			return nil, err
		}
	}
	f, err := s.Catalogue.Face(k)
	if err != nil {
		return nil, err
	}
	d, err := f.Fill(draft.Face)
	return d, catalogue.Refusal(err)
}

func (s *Service) sketchIssuance(issuer iam.Org) (catalogue.Issuance, error) {
	code, err := gbcode.ParseCreditCode(issuer.USCC)
	if err != nil {
		return catalogue.Issuance{}, fault.Conflict.New("签发单位没有有效的统一社会信用代码").WithHint("请系统管理员补全单位信息")
	}
	region, err := gbcode.ParseDivision(issuer.Region)
	if err != nil {
		return catalogue.Issuance{}, fault.Conflict.New("签发单位没有有效的行政区划代码").WithHint("请系统管理员补全单位信息")
	}
	return catalogue.Issuance{
		Issuer:   catalogue.Issuer{Name: issuer.Name, Code: code, Region: region},
		Issued:   workday.DateOf(page.In(s.Cert.DB.Now())),
		Sequence: 1, Version: 1, DocID: strings.Repeat("0", 32), Code: s.Cert.BaseURL + "/v/" + strings.Repeat("0", 26), Mark: s.Mark,
	}, nil
}

// note says how far the form is, in one line.
func (p preview) note(k *catalogue.Kind) string {
	if p.refusal == nil {
		return "照面已更新。编号和二维码为示意，签发时生成；电子印章在签发时加盖"
	}
	f := formOf(k, nil)
	var missing, wrong []string
	for _, e := range p.refusal.Fields {
		in := f.find(e.Name)
		switch {
		case e.Code == "required" && in != nil:
			missing = append(missing, in.full())
		default:
			wrong = append(wrong, e.Message)
		}
	}
	switch {
	case len(wrong) > 0:
		return wrong[0]
	case len(missing) > 3:
		return fmt.Sprintf("还差 %d 项：%s等", len(missing), strings.Join(missing[:3], "、"))
	case len(missing) > 0:
		return fmt.Sprintf("还差 %d 项：%s", len(missing), strings.Join(missing, "、"))
	}
	return p.refusal.Msg
}

// problem is what a look without scripts shows above the form.
func (p preview) problem(f *form) *page.Problem {
	if p.refusal == nil {
		return nil
	}
	return &page.Problem{Msg: "这样还不能签发", Hint: p.refusal.Hint, Fields: f.refuse(p.refusal.Fields)}
}

// postPreview answers the script of the form.
func (s *Service) postPreview(w http.ResponseWriter, r *http.Request) error {
	k, err := s.kindOf(r)
	if err != nil {
		return err
	}
	values, err := read(r, k)
	if err != nil {
		return err
	}
	p, err := s.preview(r, k, values)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(struct { // the client went away: nobody is left to tell
		Pages []template.URL `json:"pages"`
		Note  string         `json:"note"`
	}{p.Pages, p.Note})
	return nil
}

// svgPages draws the first pages of a document, each as a picture that a page
// can hold: what stands in an <img> runs no script and loads nothing, whatever
// the document is.
func svgPages(d *ofd.Document, most int, o render.Options) (out []template.URL, err error) {
	for i := range min(len(d.Pages()), most) {
		var b strings.Builder
		if _, err := render.SVG(d, i, &b, o); err != nil {
			return out, err
		}
		out = append(out, template.URL("data:image/svg+xml;base64,"+base64.StdEncoding.EncodeToString([]byte(b.String()))))
	}
	return out, nil
}
