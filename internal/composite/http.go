package composite

import (
	"context"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// The needs of routes and pages.
var (
	NeedSchemes = iam.Needs(permKinds, permDesign, permAgree)
	NeedDesign  = iam.Needs(permDesign)
	NeedAgree   = iam.Needs(permDesign, permAgree)
	NeedSee     = iam.Needs(permDraft, permIssue, permStatus, permRead)
	NeedDraft   = iam.Needs(permDraft)
	NeedDecide  = iam.Needs(permDraft, permIssue)
)

// Routes mounts the interface of composite permits.
func (s *Service) Routes(r *httpx.Router) {
	const schemes, base = "/api/v1/composite-schemes", "/api/v1/composites"
	doc := func(summary string) httpx.Option { return httpx.Doc("行业综合许可", summary) }
	httpx.Handle(r, "GET "+schemes, NeedSchemes, s.listSchemes, doc("行业综合许可方案"))
	httpx.Handle(r, "POST "+schemes, NeedDesign, s.Define, doc("起草一版方案"), httpx.Status(201))
	httpx.Handle(r, "GET "+schemes+"/{id}", NeedSchemes, s.getScheme, doc("一版方案"))
	httpx.Handle(r, "POST "+schemes+"/{id}/actions/{action}", NeedAgree, s.DecideScheme, doc("提交、同意发布、退回、撤回"), httpx.NoIdempotency())
	httpx.Handle(r, "POST "+base+"/preview", NeedDraft, s.Preview, doc("预览：归集哪些、缺什么"), httpx.NoIdempotency())
	httpx.Handle(r, "POST "+base, NeedDraft, s.Propose, doc("提出一份综合许可"), httpx.Status(201))
	httpx.Handle(r, "GET "+base, NeedSee, s.listComposites, doc("综合许可"))
	httpx.Handle(r, "GET "+base+"/{id}", NeedSee, s.getComposite, doc("综合许可及其成员今天的状态；编号可以是综合许可证的证照"))
	httpx.Handle(r, "POST "+base+"/{id}/actions/{action}", NeedDecide, s.Decide, doc("签发、退回、撤回"), httpx.NoIdempotency())
}

type schemesRequest struct {
	State string `query:"state" enum:"draft,submitted,published,superseded,withdrawn"`
}

type schemeList struct {
	Items []*Scheme `json:"items"`
}

func (s *Service) listSchemes(ctx context.Context, q schemesRequest) (schemeList, error) {
	list, err := s.Schemes(ctx, q.State)
	return schemeList{list}, err
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getScheme(ctx context.Context, q idRequest) (*Scheme, error) {
	return s.Scheme(ctx, q.ID)
}

func (s *Service) getComposite(ctx context.Context, q idRequest) (*Composite, error) {
	return s.Get(ctx, q.ID)
}

type listRequest struct {
	State    string `query:"state" enum:"proposed,issuing,issued,ended,refused,withdrawn"`
	Standing string `query:"standing" enum:"in_force,suspended,broken"`
	Unit     string `query:"unit" maxLength:"64" doc:"牵头单位"`
	Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor   string `query:"cursor" maxLength:"200"`
}

func (s *Service) listComposites(ctx context.Context, q listRequest) (*Page, error) {
	return s.List(ctx, Query(q))
}
