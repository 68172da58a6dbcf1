package todo

import (
	"context"

	"sidian/internal/due"
	"sidian/internal/httpx"
)

// Routes mounts what is due, and the values of deadlines.
func (s *Service) Routes(r *httpx.Router) {
	const tag = "待办"
	httpx.Handle(r, "GET /api/v1/due", httpx.SignedIn(), s.getDue, httpx.Doc(tag, "待办和时限"))
	httpx.Handle(r, "GET /api/v1/due/rules", httpx.SignedIn(), s.getRules, httpx.Doc(tag, "各地区的时限规则"))
}

type dueRequest struct {
	View   string `query:"view" enum:"mine,unit,all" default:"mine" doc:"我的、本单位的、全部"`
	Org    string `query:"org" maxLength:"64" doc:"某一单位的"`
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type dueResponse struct {
	List
	Counts due.Counts `json:"counts" doc:"未完成的件数，至多数到 1000"`
}

func (s *Service) getDue(ctx context.Context, r dueRequest) (*dueResponse, error) {
	l, err := s.List(ctx, Query(r))
	if err != nil {
		return nil, err
	}
	c, err := s.Counts(ctx)
	return &dueResponse{*l, c}, err
}

type rulesRequest struct {
	Code string `query:"code" maxLength:"64" doc:"时限代码；不填则为全部"`
}

type rulesResponse struct {
	Values []Value `json:"values"`
}

func (s *Service) getRules(ctx context.Context, r rulesRequest) (*rulesResponse, error) {
	v, err := s.Values(ctx, r.Code)
	return &rulesResponse{v}, err
}
