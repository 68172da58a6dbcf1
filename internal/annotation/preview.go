package annotation

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/ofd/render"
)

// unnumbered is what stands in place of the number on a preview.
const unnumbered = "（预览：尚未编号、用印）"

// Preview draws the page of an annotated copy as it would be, as SVG: without a
// number and without a seal. Who may make the copy may see it; nothing is kept.
func (s *Service) Preview(ctx context.Context, req Request) ([]byte, error) {
	ctx, err := s.Cert.MayAnnotate(ctx, req.ID, cert.Reading{Purpose: req.PurposeCode, Reason: req.Purpose})
	if err != nil {
		return nil, err
	}
	return s.preview(ctx, req, false)
}

func (s *Service) preview(ctx context.Context, req Request, own bool) ([]byte, error) {
	until, err := s.check(&req)
	if err != nil {
		return nil, err
	}
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { return s.Cert.AnnotableTx(tx, req.ID, until) }); err != nil {
		return nil, err
	}
	base, err := s.Cert.Base(ctx, req.ID)
	if err != nil {
		return nil, err
	}
	maker, err := s.maker(ctx, audit.ActorFrom(ctx), own)
	if err != nil {
		return nil, err
	}
	p := &plan{DocID: newDocID(), Purpose: req.Purpose, Recipient: req.Recipient, Item: req.Item, CaseNo: req.CaseNo, Maker: maker, At: s.DB.Now().UTC().Truncate(time.Second), Until: until}
	d, err := s.draw(unnumbered, p, base)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := render.SVG(d, len(d.Pages())-1, &out, render.Options{}); err != nil {
		return nil, fmt.Errorf("annotation: drawing a preview: %w", err)
	}
	return out.Bytes(), nil
}
