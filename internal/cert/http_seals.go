package cert

import "context"

func (s *Service) getSeals(ctx context.Context, r idRequest) (*Sealings, error) {
	return s.Sealings(ctx, r.ID)
}

func (s *Service) postSeals(ctx context.Context, r idRequest) (*Certificate, error) {
	return s.AskSeals(ctx, r.ID)
}

type withdrawalRequest struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"200"`
}

func (s *Service) postWithdrawal(ctx context.Context, r withdrawalRequest) (*Certificate, error) {
	return s.WithdrawSeals(ctx, r.ID, r.Reason)
}
