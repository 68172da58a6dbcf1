package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/policy"
	"sidian/internal/web/page"
	"sidian/ofd"
)

// A shownField is an entry of the face with its class; Plainly is set once it is
// shown in full.
type shownField struct {
	cert.Field
	Chip    page.Chip
	Plainly bool
}

// classChip is a class of data (数据分级).
func classChip(class string) page.Chip {
	switch class {
	case catalogue.Sensitive:
		return page.Chip{Class: page.Bad, Word: class}
	case catalogue.Internal:
		return page.Chip{Class: page.Care, Word: class}
	}
	return page.Chip{Class: page.Plain, Word: class}
}

// A revealForm asks what for, and which of the masked fields.
type revealForm struct {
	Action  string
	Fields  []revealBox
	Purpose page.Field
	Reason  page.Field
	Wrong   string // with the choice
	Second  *page.Notice
	Open    bool
}

type revealBox struct {
	Key, Label string
	Chip       page.Chip
	Chosen     bool
}

// revealOf is nil for who may not reveal, or where nothing is masked.
func revealOf(ctx context.Context, p *certificatePage) *revealForm {
	q := iam.Question{Permission: "cert.reveal", Org: p.C.ReadIn(ctx), Gate: true}
	if iam.Ask(ctx, q) != nil {
		return nil
	}
	f := &revealForm{Action: "/console/certificates/" + p.C.ID + "/reveal"}
	for _, h := range p.C.Holders {
		if h.Type == "person" {
			f.Fields = append(f.Fields, revealBox{Key: cert.RevealHolder, Label: "持证主体的姓名和证件号码", Chip: classChip(catalogue.Sensitive)})
			break
		}
	}
	for _, x := range p.Fields {
		if x.Masked {
			f.Fields = append(f.Fields, revealBox{Key: x.Key, Label: x.Label, Chip: x.Chip})
		}
	}
	if len(f.Fields) == 0 {
		return nil
	}
	q.Gate = false
	purposes := iam.PurposesFor(ctx, q)
	f.Purpose = page.Field{ID: "reveal-purpose", Name: "purpose", Label: "用途", Required: true, Options: options(purposes)}
	f.Reason = page.Field{ID: "reveal-reason", Name: "reason", Label: "事由", Required: true, Max: 200, Autocomplete: "off", Hint: "如办件编号；请勿写个人信息。与您的姓名、时间一起记入审计"}
	f.Second = secondOf(ctx, q, purposes)
	return f
}

func options(purposes []policy.Purpose) (out []page.Option) {
	for _, p := range purposes {
		out = append(out, page.Option{Value: p.Code, Label: p.Name})
	}
	return out
}

// secondOf says beforehand that sensitive data needs a second factor, to who
// signed in without.
func secondOf(ctx context.Context, q iam.Question, purposes []policy.Purpose) *page.Notice {
	if len(purposes) == 0 {
		return nil
	}
	q.Purpose, q.Class = purposes[0].Code, catalogue.Sensitive
	if d := iam.Decide(ctx, q); d.Code == "auth.second" {
		return stepUp(d.Say, d.Hint)
	}
	return nil
}

func stepUp(say, hint string) *page.Notice {
	return &page.Notice{Class: page.Care, Title: say, Text: hint, Href: "/me", Action: "我的安全：登记第二因素"}
}

// lockedOf says that the face cannot be shown to who signed in without a second
// factor, where the platform demands one.
func lockedOf(ctx context.Context, c *cert.Certificate, k *catalogue.Kind) *page.Notice {
	for i := range k.Fields {
		d := iam.Decide(ctx, iam.Question{Permission: "cert.read", Org: c.ReadIn(ctx), Class: k.Fields[i].ClassOf()})
		if d.Code == "auth.second" {
			return stepUp(d.Say, d.Hint)
		}
	}
	return nil
}

// postReveal shows the chosen fields in full, on this page and no longer.
func (s *Service) postReveal(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Invalid.Wrap(err, "表单读不出")
	}
	p, err := s.certificate(r)
	if err != nil {
		return err
	}
	req := cert.RevealRequest{ID: p.C.ID, Keys: r.PostForm["key"], Purpose: r.PostFormValue("purpose"), Reason: r.PostFormValue("reason")}
	got, err := s.Cert.Reveal(r.Context(), req)
	if err != nil {
		return s.refuseReveal(w, p, req, err)
	}
	p.plainly(got)
	p.Title = p.C.KindName + "：已显示未脱敏信息"
	// What is shown in full is not to stay on an unattended screen.
	w.Header().Set("Refresh", "300; url=/console/certificates/"+p.C.ID)
	return s.show(w, http.StatusOK, "certificate", p)
}

// plainly puts what was revealed where it was masked.
func (p *certificatePage) plainly(got *cert.Revealed) {
	var labels []string
	for _, f := range got.Fields {
		for i := range p.Fields {
			if p.Fields[i].Key == f.Key {
				p.Fields[i].Value, p.Fields[i].Masked, p.Fields[i].Plainly = f.Value, false, true
				labels = append(labels, f.Label)
			}
		}
	}
	if len(got.Holders) > 0 {
		p.Holders = got.Holders
		labels = append(labels, "持证主体")
	}
	p.Revealed = &page.Notice{Class: page.Care, Title: "已显示，并已记入审计", Text: "显示了：" + strings.Join(labels, "、") + "。只在本页显示；离开、刷新或五分钟后重新遮蔽。"}
}

var revealIDs = map[string]string{"purpose": "reveal-purpose", "reason": "reveal-reason", "keys": "reveal-keys"}

func (s *Service) refuseReveal(w http.ResponseWriter, p *certificatePage, req cert.RevealRequest, err error) error {
	f := fault.As(err)
	if f == nil || p.Reveal == nil || f.Kind != fault.Invalid && f.Code != "auth.second" {
		return err
	}
	p.Reveal.Open = true
	status := http.StatusUnprocessableEntity
	if f.Code == "auth.second" {
		p.Reveal.Second, status = stepUp(f.Msg, f.Hint), http.StatusForbidden
	}
	p.Problem, _ = page.ProblemOf(err, revealIDs)
	p.Title = "有错误：" + p.C.KindName
	for i, x := range p.Reveal.Fields {
		for _, key := range req.Keys {
			p.Reveal.Fields[i].Chosen = p.Reveal.Fields[i].Chosen || key == x.Key
		}
	}
	p.Reveal.Purpose.Value, p.Reveal.Purpose.Error = req.Purpose, p.Problem.At("reveal-purpose")
	p.Reveal.Reason.Value, p.Reveal.Reason.Error = req.Reason, p.Problem.At("reveal-reason")
	p.Reveal.Wrong = p.Problem.At("reveal-keys")
	return s.show(w, status, "certificate", p)
}

// A readForm asks what the document is read for.
type readForm struct {
	Action          string
	Purpose, Reason page.Field
}

// readOf is nil for who reads the document without saying what for: staff of the
// unit that issued it. Others, and whoever broke the glass, say it each time.
func readOf(ctx context.Context, c *cert.Certificate) *readForm {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" || p.Org == c.ReadIn(ctx) && !p.Has(policy.Glass) || c.Document == "" {
		return nil
	}
	return &readForm{
		Action:  "/console/certificates/" + c.ID + "/file",
		Purpose: page.Field{ID: "read-purpose", Name: "purpose", Label: "用途", Required: true, Options: options(iam.PurposesFor(ctx, iam.Question{Permission: "cert.read", Org: c.ReadIn(ctx)}))},
		Reason:  page.Field{ID: "read-reason", Name: "reason", Label: "事由", Required: true, Max: 200, Autocomplete: "off", Hint: "如办件编号；请勿写个人信息。与您的姓名、时间一起记入审计"},
	}
}

var readIDs = map[string]string{"purpose": "read-purpose", "reason": "read-reason"}

// postFile shows the face, or sends the document, to who says what for.
func (s *Service) postFile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	rd := cert.Reading{Purpose: r.PostFormValue("purpose"), Reason: r.PostFormValue("reason")}
	data, c, err := s.Cert.Read(ctx, r.PathValue("id"), rd)
	if f := fault.As(err); f != nil && (f.Kind == fault.Invalid || f.Code == "auth.second" || f.Code == "auth.purpose") {
		return s.refuseRead(w, r, rd, f)
	}
	if err != nil {
		return err
	}
	format := r.PostFormValue("as")
	if format == "ofd" || format == "pdf" {
		out, media, err := s.Cert.Export(ctx, data, c, format, 0)
		if err != nil {
			return err
		}
		return page.Send(w, page.File{Name: fileName(c, format), Media: media, Data: out})
	}
	p, err := s.certificate(r)
	if err != nil {
		return err
	}
	if p.Pictures, err = s.exported(ctx, data, c); err != nil {
		return err
	}
	p.Revealed = &page.Notice{Class: page.Care, Title: "已显示照面，并已记入审计", Text: "照面含未脱敏的内容。只在本页显示；离开、刷新或五分钟后不再显示。"}
	w.Header().Set("Refresh", "300; url=/console/certificates/"+p.C.ID)
	return s.show(w, http.StatusOK, "certificate", p)
}

// exported draws the first pages for the screen, each with a number of its own:
// what is on a screen can be kept.
func (s *Service) exported(ctx context.Context, data []byte, c *cert.Certificate) (out []template.URL, err error) {
	d, err := ofd.Open(data)
	if err != nil {
		return nil, fmt.Errorf("web: opening the document of %s: %w", c.ID, err)
	}
	for i := range min(len(d.Pages()), maxPictures) {
		b, _, err := s.Cert.Export(ctx, data, c, "svg", i)
		if err != nil {
			return nil, err
		}
		out = append(out, template.URL("data:image/svg+xml;base64,"+base64.StdEncoding.EncodeToString(b)))
	}
	return out, nil
}

func (s *Service) refuseRead(w http.ResponseWriter, r *http.Request, rd cert.Reading, f *fault.Error) error {
	p, err := s.certificate(r)
	if err != nil {
		return err
	}
	if p.Read == nil {
		return f
	}
	status := http.StatusUnprocessableEntity
	if f.Kind == fault.Forbidden {
		status = http.StatusForbidden
	}
	p.Problem, _ = page.ProblemOf(f, readIDs)
	p.Title = "有错误：" + p.C.KindName
	p.Read.Purpose.Value, p.Read.Purpose.Error = rd.Purpose, p.Problem.At("read-purpose")
	p.Read.Reason.Value, p.Read.Reason.Error = rd.Reason, p.Problem.At("read-reason")
	return s.show(w, status, "certificate", p)
}
