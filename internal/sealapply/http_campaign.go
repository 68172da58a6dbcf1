package sealapply

import (
	"context"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
)

func (s *Service) campaignRoutes(r *httpx.Router) {
	const base = "/api/v1/seal-campaigns"
	apply, run := httpx.Needs(permissions[Applicant]), httpx.Needs(permissions[Maker])
	see := httpx.Needs(permissions[Applicant], permissions[Reviewer], permissions[Maker])
	doc := func(summary string) httpx.Option { return httpx.Doc("印章集中制发", summary) }
	httpx.Handle(r, "POST "+base, apply, s.postCampaign, doc("新建集中制发"), httpx.Status(201))
	httpx.Handle(r, "GET "+base, see, s.getCampaigns, doc("集中制发列表"))
	httpx.Handle(r, "GET "+base+"/{id}", see, s.getCampaign, doc("集中制发及其进度"))
	httpx.Handle(r, "POST "+base+"/{id}/rows", apply, s.postRows, doc("上传清单和印模（CSV、XLSX 或 ZIP）"), httpx.MaxBody(maxZip+1<<20), httpx.Costly(), httpx.NoIdempotency(), httpx.Timeout(10*time.Minute))
	httpx.Handle(r, "GET "+base+"/{id}/rows", see, s.getRows, doc("逐行报告"))
	httpx.Handle(r, "GET "+base+"/{id}/checks", see, s.getCampaignChecks, doc("逐行核验，不制作"), httpx.Timeout(5*time.Minute))
	httpx.Handle(r, "POST "+base+"/{id}/submit", apply, s.postCampaignSubmit, doc("签署声明并提交审核"), httpx.Timeout(5*time.Minute))
	httpx.Handle(r, "POST "+base+"/{id}/review", httpx.Needs(permissions[Reviewer]), s.postCampaignReview, doc("审核：通过或不通过"))
	httpx.Handle(r, "POST "+base+"/{id}/withdraw", apply, s.postCampaignWithdraw, doc("撤回"))
	httpx.Handle(r, "POST "+base+"/{id}/actions/{action}", run, s.postCampaignAction, doc("开始、暂停、继续或终止制作"), httpx.NoIdempotency())
}

type campaignBody struct {
	Title    string    `json:"title" minLength:"1" maxLength:"200"`
	Org      string    `json:"org" minLength:"1" maxLength:"64" doc:"统一申请的主管部门；各行的单位须由其可以申请"`
	SealKind string    `json:"seal_kind" enum:"legal-name,internal,branch,special,enterprise"`
	Until    time.Time `json:"until"`
	Basis    string    `json:"basis" minLength:"1" maxLength:"2000"`
}

func (s *Service) postCampaign(ctx context.Context, b campaignBody) (*Campaign, error) {
	return s.CreateCampaign(ctx, CampaignRequest(b))
}

type campaignsQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) getCampaigns(ctx context.Context, q campaignsQuery) (*CampaignPage, error) {
	return s.Campaigns(ctx, q.Limit, q.Cursor)
}

func (s *Service) getCampaign(ctx context.Context, r byID) (*Campaign, error) {
	return s.Campaign(ctx, r.ID)
}

func (s *Service) postRows(ctx context.Context, r uploadForm) (*Campaign, error) {
	u, err := uploadOf(r.Form, maxZip)
	if err != nil {
		return nil, err
	}
	return s.Load(ctx, r.ID, u.Data)
}

type rowsQuery struct {
	ID    string `path:"id" maxLength:"64"`
	State string `query:"state" enum:"pending,begun,done,refused"`
	After int64  `query:"after" minimum:"0"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

func (s *Service) getRows(ctx context.Context, q rowsQuery) (*RowPage, error) {
	return s.Rows(ctx, q.ID, q.State, q.After, q.Limit)
}

func (s *Service) getCampaignChecks(ctx context.Context, r byID) (*CampaignReport, error) {
	return s.CheckCampaign(ctx, r.ID)
}

type campaignSubmitBody struct {
	ID      string `path:"id" maxLength:"64"`
	Version string `json:"version" minLength:"1" maxLength:"40" doc:"所阅读的印模真实性声明的版本"`
}

func (s *Service) postCampaignSubmit(ctx context.Context, b campaignSubmitBody) (*Campaign, error) {
	return s.SubmitCampaign(ctx, b.ID, b.Version)
}

func (s *Service) postCampaignReview(ctx context.Context, b reviewBody) (*Campaign, error) {
	return s.ReviewCampaign(ctx, b.ID, ReviewRequest{Tier: b.Tier, Round: b.Round, Approve: b.Approve, Opinion: b.Opinion})
}

func (s *Service) postCampaignWithdraw(ctx context.Context, b reasonBody) (*Campaign, error) {
	return s.WithdrawCampaign(ctx, b.ID, b.Reason)
}

type campaignAction struct {
	ID     string `path:"id" maxLength:"64"`
	Action string `path:"action" enum:"start,pause,resume,end"`
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"终止时必填"`
}

func (s *Service) postCampaignAction(ctx context.Context, b campaignAction) (*Campaign, error) {
	switch b.Action {
	case "start":
		return s.StartCampaign(ctx, b.ID)
	case "pause":
		return s.PauseCampaign(ctx, b.ID)
	case "resume":
		return s.ResumeCampaign(ctx, b.ID)
	case "end":
		return s.EndCampaign(ctx, b.ID, b.Reason)
	}
	return nil, fault.NotFound.New("没有这个操作").WithCode("sealapply.action").WithHint("可用 start、pause、resume、end")
}
