package cert

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
)

// A Content is all that a certificate says, in full and in the form in which a
// request for its next version gives it: pictures and tables as they stood, and
// no field that issuing computes. Whoever keeps it keeps it encrypted.
type Content struct {
	ID        string
	Acts      int // that it had when it was read: see [ActRequest]
	Holders   []catalogue.Holder
	Fields    map[string]json.RawMessage
	ValidFrom string
	ValidTo   string // with extensions; empty: 长期
}

// Content returns all that an issued certificate says, to who holds cert.reveal
// for the unit that answers for it and says what for. As with [Service.Reveal],
// the audit knows of it first, and a refusal is audited.
func (s *Service) Content(ctx context.Context, id string, rd Reading) (*Content, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return nil, err
	}
	kind, err := s.Catalogue.Version(ctx, r.Kind, r.KindVersion)
	if err != nil {
		return nil, err
	}
	p, d, err := s.drafted(r, kind)
	if err != nil {
		return nil, err
	}
	ctx, err = s.mayRevealClass(ctx, r, d, catalogue.Sensitive, rd)
	if err != nil {
		return nil, err
	}
	if err := unissued(r); err != nil {
		return nil, err
	}
	out := &Content{ID: r.ID, Acts: r.Acts, Holders: p.Content.Holders, ValidFrom: dateText(p.Content.ValidFrom), ValidTo: r.ValidTo}
	if out.Fields, err = given(kind, p.Content); err != nil {
		return nil, fmt.Errorf("cert: writing the content of %s: %w", r.ID, err)
	}
	err = s.looked(ctx, audit.Entry{
		Action: actReveal, Object: object(r.ID), Purpose: rd.Purpose, Reason: strings.TrimSpace(rd.Reason) + "（显示：全部内容，含图片和表格）",
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// given are the fields that a request gave, or that stood for it by default.
func given(kind *catalogue.Kind, c *catalogue.Content) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	for key, v := range c.Fields {
		if f := kind.Field(key); f == nil || f.Source != "" || v.IsZero() {
			continue
		}
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		out[key] = b
	}
	return out, nil
}
