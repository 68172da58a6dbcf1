package sealing

import (
	"context"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// standing are the seals of the reader's own unit that may stamp for a purpose
// without a person at each document, and those that could be asked for but have
// no standing policy (常备用印授权) for it, each with the page where its
// custodian gives one. With seal.Any any purpose will do.
func (s *Service) standing(ctx context.Context, purpose string) (offered []page.Option, absent []page.Link, err error) {
	list, err := s.Askable(ctx, purpose, "")
	if err != nil {
		return nil, nil, err
	}
	home := homeOf(ctx)
	for _, c := range list {
		if c.Org != home {
			continue
		}
		label := c.Name
		if k := seal.Label(c.Kind); k != "" {
			label += "（" + k + "）"
		}
		policies, err := s.Seal.Policies(ctx, c.ID)
		switch e := fault.As(err); {
		case err == nil:
			purposes := s.purposesOf(policies, purpose)
			if len(purposes) == 0 {
				absent = append(absent, page.Link{Label: c.Name, Href: page.At("/console/seals", c.ID, "rules")})
				continue
			}
			if purpose == seal.Any && !slices.Contains(purposes, seal.Any) {
				label += "：限" + strings.Join(purposes, "、")
			}
		case e != nil && (e.Kind == fault.NotFound || e.Kind == fault.Forbidden): // not theirs to know: package sealing tells
		default:
			return nil, nil, err
		}
		offered = append(offered, page.Option{Value: c.ID, Label: label})
	}
	return offered, absent, nil
}

// purposesOf are the purposes for which staff may use a seal now, without a
// person at each document.
func (s *Service) purposesOf(policies []seal.Policy, purpose string) (out []string) {
	now := s.now()
	for _, p := range policies {
		fits := purpose == seal.Any || p.Purpose == seal.Any || p.Purpose == purpose
		if fits && p.App == "" && p.EndedAt.IsZero() && !p.Until.Before(now) && !slices.Contains(out, p.Purpose) {
			out = append(out, p.Purpose)
		}
	}
	slices.Sort(out)
	return out
}
