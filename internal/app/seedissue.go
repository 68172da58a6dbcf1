package app

import (
	"cmp"
	"context"
	"fmt"

	"sidian/internal/issuing"
	"sidian/internal/item"
)

// A serviceItem is an item of a unit with what is bound to it.
type serviceItem struct {
	Org, Code, Name, Basis, Note string
	Type                         string // 行政许可 where it says nothing
	Days                         int
	Materials                    []string
	Bound                        []item.Bound
}

// A journey is a certificate that stands at a step of its making.
type journey struct {
	To          string // the step that it came to: collect, review, return or seal
	Say         string // why it was sent back
	Certificate holding
}

// items enters what a unit does for people, and binds it to the kinds.
func (s *seeder) items(ctx context.Context) error {
	designer, err := s.IAM.As(ctx, s.accounts["designer"])
	if err != nil {
		return err
	}
	for _, x := range s.county.Items {
		c := item.Content{Name: x.Name, Type: cmp.Or(x.Type, "01"), Tier: "4", Audience: "both", Way: "promise", Days: x.Days, Basis: x.Basis, Note: x.Note}
		for _, m := range x.Materials {
			c.Materials = append(c.Materials, item.Material{Name: m})
		}
		if _, err := s.Item.Create(designer, x.Org, x.Code, c); err != nil {
			return fmt.Errorf("%s: %w", x.Code, err)
		}
		for _, b := range x.Bound {
			if _, err := s.Item.Bind(designer, x.Code, b); err != nil {
				return fmt.Errorf("%s, %s: %w", x.Code, b.Kind, err)
			}
		}
	}
	return nil
}

// drafts are certificates on everybody's desk: one is being collected, one waits
// for its reviewer, one was sent back, one waits to be sealed.
func (s *seeder) drafts(ctx context.Context) error {
	clerk, err := s.IAM.As(ctx, s.accounts["clerk"])
	if err != nil {
		return err
	}
	reviewer, err := s.IAM.As(ctx, s.accounts["reviewer"])
	if err != nil {
		return err
	}
	for i, j := range s.Drafts {
		k, err := s.Catalogue.Get(ctx, j.Certificate.Kind)
		if err != nil {
			return err
		}
		req, err := s.request(k, j.Certificate)
		if err != nil {
			return err
		}
		d, err := s.Issuing.Create(clerk, issuing.CreateRequest{
			Kind: k.Name, Unit: "market", CaseNo: fmt.Sprintf("YL%s9%03d", s.DB.Now().Format("20060102"), i+1),
			Content: issuing.Content{Holders: req.Holders, Fields: req.Fields, ValidFrom: req.ValidFrom, ValidTo: req.ValidTo},
		})
		if err != nil {
			return fmt.Errorf("draft %d: %w", i, err)
		}
		if j.To == "collect" {
			continue
		}
		if d, err = s.Issuing.Submit(clerk, issuing.Decision{ID: d.ID, Version: d.Version}); err != nil {
			return fmt.Errorf("draft %d: %w", i, err)
		}
		switch now := (issuing.Decision{ID: d.ID, Version: d.Version, Reason: j.Say}); j.To {
		case "return":
			_, err = s.Issuing.Return(reviewer, now)
		case "seal":
			_, err = s.Issuing.Pass(reviewer, now)
		}
		if err != nil {
			return fmt.Errorf("draft %d: %w", i, err)
		}
	}
	return nil
}
