package web

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

type certificatePage struct {
	page.Frame
	C       *cert.Certificate
	Trace   *cert.Trace
	Fields  []shownField
	Holders []cert.Holder
	Pages   []int // from 1; none while there is no document, or what for must be said first
	New     bool  // it was issued a moment ago
	Problem *page.Problem

	Reveal   *revealForm    // nil for who may not, or where nothing is masked
	Revealed *page.Notice   // what was shown, and that it is recorded
	Read     *readForm      // nil for who reads without saying what for
	Locked   *page.Notice   // why the face is not shown
	Pictures []template.URL // of the face, for who said what for
	Acts     []page.Action  // that may be done now; none for who may not
	Drafts   []page.Action  // to a next version, and to annotated copies
	Given    *page.Notice   // who acts instead of the reader, whose unit gave the authority away
	Fates    []page.Step    // what was done to it since it was issued
	Seals    *sealsView     // of several units; nil: the issuer's one seal
	Physical *physicalView  // of paper or plastic; nil: nothing to say or to do
	Done     *page.Notice   // what was done a moment ago
	History  []cert.Step    // what changed it
	Looks    []cert.Step    // who looked at it, the latest first
	More     int            // looks beyond those
}

// looksShown is how many lookings stand on the page.
const looksShown = 20

func (s *Service) getCertificate(w http.ResponseWriter, r *http.Request) error {
	p, err := s.certificate(r)
	if err != nil {
		return err
	}
	p.New = r.URL.Query().Get("new") == "1"
	if done := r.URL.Query().Get("done"); done != "" {
		p.Done = doneNotice(p.C, p.Trace, done)
	}
	return s.show(w, http.StatusOK, "certificate", p)
}

// certificate is the page of a certificate, masked.
func (s *Service) certificate(r *http.Request) (*certificatePage, error) {
	ctx := r.Context()
	t, err := s.Cert.Trace(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	c := t.Certificate
	k, err := s.Catalogue.Version(ctx, c.Kind, c.KindVersion)
	if err != nil {
		return nil, err
	}
	p := &certificatePage{Frame: s.frame(r, c.KindName, "console", ""), C: c, Trace: t, Holders: c.Holders}
	for _, f := range c.Shown {
		p.Fields = append(p.Fields, shownField{f, classChip(f.Class), false})
	}
	p.Reveal = revealOf(ctx, p)
	p.Read = readOf(ctx, c)
	p.Locked = lockedOf(ctx, c, k)
	if c.Document != "" && p.Read == nil && p.Locked == nil {
		for i := range k.Template.Pages {
			p.Pages = append(p.Pages, i+1)
		}
	}
	if p.Seals, err = s.sealsOf(ctx, c, len(t.Uses)); err != nil {
		return nil, err
	}
	if p.Physical, err = s.physicalsOf(ctx, c); err != nil {
		return nil, err
	}
	p.Acts, p.Drafts, p.Fates = actsOf(ctx, c), draftsOf(ctx, c), fates(t.Acts)
	if p.Given, err = s.givenOf(ctx, c); err != nil {
		return nil, err
	}
	p.history()
	return p, nil
}

// givenOf says who acts on a certificate instead of the reader; nil where the reader
// may, or never could.
func (s *Service) givenOf(ctx context.Context, c *cert.Certificate) (*page.Notice, error) {
	for _, permission := range []string{state.Permission, "cert.draft", "cert.issue", "cert.annotate"} {
		err := s.Cert.Given(ctx, c, permission)
		if f := fault.As(err); f != nil && f.Kind == fault.Forbidden {
			return &page.Notice{Title: f.Msg + "。", Text: "您仍可查阅。"}, nil
		} else if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// history tells what changed the certificate apart from who looked at it.
func (p *certificatePage) history() {
	for _, st := range p.Trace.Steps {
		if !isLook(st.Action) {
			p.History = append(p.History, st)
		} else {
			p.Looks = append(p.Looks, st)
		}
	}
	slices.Reverse(p.Looks)
	p.More = max(len(p.Looks)-looksShown, 0)
	p.Looks = p.Looks[:len(p.Looks)-p.More]
}

// isLook tells the actions of looking from those that change.
func isLook(action string) bool {
	switch action {
	case "cert.view", "cert.trace", "cert.read", "cert.reveal", "cert.verify", "glass.read":
		return true
	}
	return false
}

func (s *Service) getFile(w http.ResponseWriter, r *http.Request) error {
	format := r.URL.Query().Get("format")
	data, c, err := s.Cert.Document(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	out, media, err := s.Cert.Export(r.Context(), data, c, format, 0)
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: fileName(c, format), Media: media, Data: out})
}

// fileName is what a download is called: what it is and its number, and that a
// copy is one.
func fileName(c *cert.Certificate, format string) string {
	name := c.KindName + "-" + c.Number
	if format != "ofd" {
		name += "-复印件"
	}
	return page.FileName(name, "."+format)
}

// getFace is the picture of a page on the screen of those who may read it.
func (s *Service) getFace(w http.ResponseWriter, r *http.Request) error {
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		page = 1
	}
	data, c, err := s.Cert.Document(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	out, media, err := s.Cert.Export(r.Context(), data, c, "svg", page-1)
	if err != nil {
		return err
	}
	sendPicture(w, out, media, time.Minute)
	return nil
}
