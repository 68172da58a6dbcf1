package web

import (
	"context"

	"sidian/internal/cert/state"
	"sidian/internal/composite"
	"sidian/internal/verify"
	"sidian/internal/web/page"
)

// A member is one of the permits that a certificate folds in (行业综合许可证), as the
// verdict shows it: what is permitted today, and what is not.
type member struct {
	composite.Member
	Chip page.Chip
}

// members are the permits that the certificate of a verdict folds in; of a document
// that is not the registered one nothing is said.
func (s *Service) members(ctx context.Context, r *verify.Register) (out []member, err error) {
	if s.Members == nil || r == nil || !r.SameDocument {
		return nil, nil
	}
	c, err := s.Cert.ByIdentifier(ctx, r.Identifier)
	if err != nil {
		return nil, err
	}
	list, err := s.Members(ctx, c.ID)
	for _, m := range list {
		chip := page.Chip{Class: page.Good, Word: "准许经营"}
		if !m.Permitted {
			chip = page.Chip{Class: page.Bad, Word: "不准经营"}
			if i, ok := state.Of(state.Status(m.Status)); ok && i.Passes {
				chip.Class = page.Care
			}
		}
		out = append(out, member{m, chip})
	}
	return out, err
}
