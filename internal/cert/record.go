package cert

import (
	"context"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/iam"
)

// record makes the shown record of a row: what is personal is masked.
func (s *Service) record(ctx context.Context, r *row) (*Certificate, error) {
	kind, err := s.Catalogue.Version(ctx, r.Kind, r.KindVersion)
	if err != nil {
		return nil, err
	}
	_, d, err := s.drafted(r, kind)
	if err != nil {
		return nil, err
	}
	org, err := s.IAM.Org(ctx, r.Issuer)
	if err != nil {
		return nil, err
	}
	c := s.recordOf(r, kind, &org, d)
	if c.Keeper != "" {
		keeper, err := s.IAM.Org(ctx, c.Keeper)
		if err != nil {
			return nil, err
		}
		c.KeeperName = keeper.Name
	}
	return c, nil
}

func (s *Service) recordOf(r *row, kind *catalogue.Kind, org *iam.Org, d *catalogue.Draft) *Certificate {
	c := r.Certificate
	c.KindName, c.KindCode, c.IssuerName = kind.Title, kind.Code.String(), org.Name
	c.Status = c.At(s.DB.Now())
	c.StatusName = Label(c.Status)
	c.VerifyURL = s.BaseURL + "/v/" + c.Code
	c.Holders = nil
	for _, h := range d.Holders {
		c.Holders = append(c.Holders, Holder(catalogue.MaskHolder(h)))
	}
	c.Fields = map[string]string{}
	for i := range kind.Fields {
		f := &kind.Fields[i]
		if v, ok := d.Fields[f.Key]; ok && v.Text != "" {
			shown := hide(f.Masked(v.Text), d.Holders)
			c.Fields[f.Key] = shown
			c.Shown = append(c.Shown, Field{Key: f.Key, Label: f.Label, Value: shown, Class: f.ClassOf(), Masked: shown != v.Text})
		}
	}
	if e := kind.Effect; e.Excepted() {
		c.Effect = &e
	}
	c.class = classOf(kind)
	return &c
}

// hide masks the persons who hold a certificate wherever a field names them:
// a kind's own rules may have forgotten one.
func hide(text string, holders []catalogue.Holder) string {
	for _, h := range holders {
		if h.Type != "person" {
			continue
		}
		masked := catalogue.MaskHolder(h)
		if h.ID != "" {
			text = strings.ReplaceAll(text, h.ID, masked.ID)
		}
		text = strings.ReplaceAll(text, h.Name, masked.Name)
	}
	return text
}

// records makes the records of rows.
func (s *Service) records(ctx context.Context, rows []*row) ([]*Certificate, error) {
	out := make([]*Certificate, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = s.record(ctx, r); err != nil {
			return nil, err
		}
		out[i].Shown = nil // a page of them says enough by Fields
	}
	return out, nil
}
