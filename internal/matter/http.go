package matter

import (
	"context"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// Routes mounts the interface of cases.
func (s *Service) Routes(r *httpx.Router) {
	const base = "/api/v1/matters"
	manage, see := iam.Needs(permManage), iam.Needs(permManage, permRead)
	doc := func(summary string) httpx.Option { return httpx.Doc("办件", summary) }
	httpx.Handle(r, "POST "+base, manage, s.Open, doc("受理：建立办件"), httpx.Status(201))
	httpx.Handle(r, "GET "+base, see, s.listMatters, doc("查询办件"))
	httpx.Handle(r, "GET "+base+"/{id}", see, s.getMatter, doc("办件及其结果证照"))
	httpx.Handle(r, "POST "+base+"/{id}/certificates", manage, s.Attach, doc("关联为本件签发、未写办件编号的证照"))
	httpx.Handle(r, "POST "+base+"/{id}/close", manage, s.Close, doc("办结：结果证照齐全方可办结"))
	httpx.Handle(r, "POST "+base+"/{id}/withdraw", manage, s.Withdraw, doc("申请人撤回，不出证办结"))
	httpx.Handle(r, "POST "+base+"/{id}/refuse", manage, s.Refuse, doc("不予许可，不出证办结"))
}

type listRequest struct {
	State  string `query:"state" enum:"open,closed"`
	Unit   string `query:"unit" maxLength:"64" doc:"受理单位"`
	CaseNo string `query:"case_no" maxLength:"64" doc:"办件编号"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listMatters(ctx context.Context, q listRequest) (*Page, error) {
	return s.List(ctx, Query(q))
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getMatter(ctx context.Context, r idRequest) (*Matter, error) {
	return s.Get(ctx, r.ID)
}
