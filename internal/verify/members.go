package verify

import (
	"context"

	"sidian/internal/cert/state"
)

// A Member is one of the permits that a composite permit folds in (行业综合许可证), as it
// stands today: what is permitted, and why not. Nothing in it is personal, and nothing
// tells where the permit itself is kept.
type Member struct {
	Kind       string `json:"kind"`
	Name       string `json:"name" doc:"许可的名称"`
	Number     string `json:"number" doc:"许可的编号"`
	Issuer     string `json:"issuer" doc:"签发单位"`
	Required   bool   `json:"required" doc:"必备；可选的不影响本证的状态"`
	Permitted  bool   `json:"permitted" doc:"此项业务今天准许经营"`
	Status     string `json:"status"`
	StatusName string `json:"status_name"`
	Reason     string `json:"reason,omitempty" doc:"不准许经营的理由"`
	ValidTo    string `json:"valid_to,omitempty" doc:"空：长期"`
	Followed   bool   `json:"followed,omitempty" doc:"组合以后换发了新版本，以新版本为准"`
}

// members fills in the permits that the certificate of a verdict folds in; of a
// document that is not the registered one nothing is said.
func (s *Service) members(ctx context.Context, v *Verdict) (err error) {
	if s.Members == nil || v.Register == nil || !v.Register.SameDocument {
		return nil
	}
	v.Members, err = s.Members(ctx, v.Register.id)
	for i := range v.Members {
		if m := &v.Members[i]; !m.Permitted {
			m.Reason = said(m.Status)
		}
	}
	return err
}

// Passes tells whether what is not permitted today may be again.
func (m *Member) Passes() bool {
	i, ok := state.Of(state.Status(m.Status))
	return ok && i.Passes
}
