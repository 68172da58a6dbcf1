package remind

import (
	"context"

	"sidian/internal/httpx"
)

// Routes mounts the report and the rules.
func (s *Service) Routes(r *httpx.Router) {
	const tag = "到期提醒"
	httpx.Handle(r, "GET /api/v1/reminders", httpx.Needs(Read), s.Report, httpx.Doc(tag, "本单位证照的到期提醒"))
	httpx.Handle(r, "GET /api/v1/reminder-rules", httpx.Needs(Read, Manage), s.getRules, httpx.Doc(tag, "提醒规则"))
	httpx.Handle(r, "POST /api/v1/reminder-rules", httpx.Needs(Manage), s.PutRule, httpx.Doc(tag, "登记提醒规则"), httpx.Status(201))
}

type rulesResponse struct {
	Items []Rule `json:"items"`
}

func (s *Service) getRules(ctx context.Context, _ struct{}) (*rulesResponse, error) {
	all, err := s.Rules(ctx)
	return &rulesResponse{all}, err
}
