package sealapply

import (
	"net/http"

	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

// A checkLine is one automatic check, and where it is mended.
type checkLine struct {
	ID, Name, Message string
	Chip              page.Chip
	Sign              string
	Href, Fix         string
}

// linesOf are checks as people read them; at is the draft in which they are
// mended, empty for who only looks.
func linesOf(list []sealapply.Check, at string) (lines []checkLine, bad, waits int) {
	for _, c := range list {
		l := checkLine{ID: "check-" + c.Code, Name: c.Name, Message: c.Message}
		switch c.Result {
		case sealapply.Pass:
			l.Chip, l.Sign = page.Chip{Class: page.Good, Word: c.ResultName}, "✓"
		case sealapply.Wait:
			l.Chip, l.Sign = page.Chip{Class: page.Care, Word: c.ResultName}, "…"
			waits++
		default:
			l.Chip, l.Sign = page.Chip{Class: page.Bad, Word: c.ResultName}, "✗"
			bad++
			if at != "" {
				l.Href, l.Fix = at+"/"+stepOf(c.Code), "去“"+labelOf(stepOf(c.Code))+"”更正"
			}
		}
		lines = append(lines, l)
	}
	return lines, bad, waits
}

type checkPage struct {
	draft
	Lines   []checkLine
	Bad     int
	Waits   int
	Picture *picture
	Facts   []page.Fact
	Files   []sealapply.Attachment
	Again   bool // after a refusal
}

func (s *Service) checkStep(r *http.Request, d draft) (*checkPage, error) {
	p := &checkPage{draft: d, Picture: pictureOf(d.A, d.At), Files: d.A.Attachments, Again: d.A.State == sealapply.Refused}
	p.Lines, p.Bad, p.Waits = linesOf(d.Checks, d.At)
	form, err := s.formOf(r.Context(), d.A)
	if err != nil {
		return nil, err
	}
	p.Facts, err = s.facts(r.Context(), d.A, form)
	return p, err
}

func (p *checkPage) wrong(err error) {
	p.says(page.Mark(err, nil))
	for i := range p.Problem.Fields {
		p.Problem.Fields[i].ID = ""
	}
}

func (s *Service) postSubmit(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Apply.Submit(r.Context(), r.PathValue("id"))
	if err != nil {
		return s.show(w, r, "check", err)
	}
	return page.See(w, r, page.Asking(page.At(baseOf(r), a.ID), "done", "submitted"))
}
