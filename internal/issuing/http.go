package issuing

import (
	"cmp"
	"context"
	"time"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

const (
	maxDraftBody = 4 << 20  // a few pictures of at most some hundred KB
	maxBatchBody = 32 << 20 // many of them
)

// Needs of the routes; pages have the same.
var (
	NeedWork    = iam.Needs(working...)
	NeedCollect = iam.Needs(permCollect)
	NeedReview  = iam.Needs(permReview)
	NeedSeal    = iam.Needs(permSeal)
	NeedReturn  = iam.Needs(permReview, permSeal)
	NeedApply   = iam.Needs(permApply)
	NeedLook    = iam.Needs(append([]string{permOversee}, working...)...)
)

// Routes mounts the interface of issuing step by step.
func (s *Service) Routes(r *httpx.Router) {
	const base = "/api/v1/issuing"
	doc := func(summary string) httpx.Option { return httpx.Doc("证照经办", summary) }
	body := httpx.MaxBody(maxDraftBody)
	httpx.Handle(r, "POST "+base+"/drafts", NeedCollect, s.Create, doc("采集：建立经办件"), httpx.Status(201), body)
	httpx.Handle(r, "GET "+base+"/drafts", NeedWork, s.listDrafts, doc("经办队列：轮到本人的，或按环节"))
	httpx.Handle(r, "GET "+base+"/drafts/{id}", NeedWork, s.getDraft, doc("经办件"))
	httpx.Handle(r, "PUT "+base+"/drafts/{id}", NeedCollect, s.Save, doc("保存为新版；他人已保存新版的，告知差异"), body)
	httpx.Handle(r, "POST "+base+"/drafts/{id}/submit", NeedCollect, s.Submit, doc("提交审核"))
	httpx.Handle(r, "POST "+base+"/drafts/{id}/pass", NeedReview, s.Pass, doc("审核通过"))
	httpx.Handle(r, "POST "+base+"/drafts/{id}/return", NeedReturn, s.Return, doc("退回补正，逐项说明"))
	httpx.Handle(r, "POST "+base+"/drafts/{id}/issue", NeedSeal, s.Issue, doc("制作签发；重复请求得到同一证照"))
	httpx.Handle(r, "POST "+base+"/drafts/{id}/drop", NeedCollect, s.Drop, doc("终止，说明理由"))
	httpx.Handle(r, "POST "+base+"/drafts/{id}/reveal", NeedWork, s.Reveal, doc("更正、变更、换证：显示改动的完整内容，说明用途和事由"))
	httpx.Handle(r, "POST "+base+"/corrections", NeedCollect, s.Correct, doc("更正、变更、换证：以现行证照为底稿建立经办件"), httpx.Status(201))
	httpx.Handle(r, "GET "+base+"/batches", NeedWork, s.listBatches, doc("离线批次"))
	httpx.Handle(r, "GET "+base+"/batches/{id}", NeedWork, s.getBatch, doc("离线批次：收到、超时、未收的件数"))
	httpx.Handle(r, "GET "+base+"/offers", NeedApply, s.getOffers, doc("可以网上申领的证照种类和签发单位"))
	httpx.Handle(r, "GET "+base+"/slots", NeedCollect, s.getSlots, doc("须指定用印单位的位置，和可以指定的单位"))
	httpx.Handle(r, "POST "+base+"/batches", NeedCollect, s.Push, doc("推送离线生成的证照"), httpx.MaxBody(maxBatchBody), httpx.Timeout(5*time.Minute))
	httpx.Handle(r, "POST "+base+"/incidents", NeedCollect, s.Declare, doc("报告突发情况"), httpx.Status(201))
	httpx.Handle(r, "GET "+base+"/incidents", NeedLook, s.listIncidents, doc("突发情况"))
	httpx.Handle(r, "GET "+base+"/incidents/{id}", NeedLook, s.getIncident, doc("突发情况及待办清单"))
	httpx.Handle(r, "POST "+base+"/incidents/{id}/owed", NeedCollect, s.Owe, doc("登记待办"))
	httpx.Handle(r, "POST "+base+"/incidents/{id}/clear", NeedCollect, s.postClear, doc("登记故障排除，补办期限开始"))
	httpx.Handle(r, "POST "+base+"/incidents/{id}/owed/{owed}/done", NeedCollect, s.Done, doc("登记补办完成"))
	httpx.Handle(r, "POST "+base+"/applications", NeedApply, s.Apply, doc("网上申领"), httpx.Status(201), body)
	httpx.Handle(r, "GET "+base+"/applications", NeedApply, s.listApplications, doc("本人的申领"))
	httpx.Handle(r, "GET "+base+"/applications/{id}", NeedApply, s.getApplication, doc("申领进度"))
	httpx.Handle(r, "POST "+base+"/applications/{id}/withdraw", NeedApply, s.postWithdraw, doc("撤回申领"))
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

type listRequest struct {
	View   string `query:"view" enum:"collect,review,seal,ended,all" doc:"环节；不填为轮到本人的"`
	Unit   string `query:"unit" maxLength:"64" doc:"签发单位"`
	Kind   string `query:"kind" maxLength:"64" doc:"证照种类"`
	Batch  string `query:"batch" maxLength:"64" doc:"离线推送的编号"`
	Only   string `query:"only" enum:"returned,late" doc:"只看已退回的、已超期的；按最迟时间排列"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listDrafts(ctx context.Context, q listRequest) (*Page, error) {
	return s.List(ctx, Query(q))
}

func (s *Service) getDraft(ctx context.Context, r idRequest) (*Draft, error) { return s.Get(ctx, r.ID) }

type pageRequest struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listIncidents(ctx context.Context, q pageRequest) (*IncidentPage, error) {
	return s.Incidents(ctx, q.Limit, q.Cursor)
}

func (s *Service) getIncident(ctx context.Context, r idRequest) (*Incident, error) {
	return s.Incident(ctx, r.ID)
}

func (s *Service) listBatches(ctx context.Context, q pageRequest) (*BatchPage, error) {
	return s.Batches(ctx, q.Limit, q.Cursor)
}

func (s *Service) getBatch(ctx context.Context, r idRequest) (*Batch, error) {
	return s.Batch(ctx, r.ID)
}

func (s *Service) getOffers(ctx context.Context, _ struct{}) (*OfferList, error) {
	return s.Offers(ctx)
}

type slotsRequest struct {
	Kind string `query:"kind" minLength:"1" maxLength:"64" doc:"证照种类"`
	Unit string `query:"unit" minLength:"1" maxLength:"64" doc:"签发单位编号"`
}

func (s *Service) getSlots(ctx context.Context, r slotsRequest) (*SlotList, error) {
	return s.Slots(ctx, r.Kind, r.Unit)
}

type clearRequest struct {
	ID        string     `path:"id" json:"-" maxLength:"64"`
	ClearedAt *time.Time `json:"cleared_at,omitempty" doc:"排除时间；省略为现在"`
}

func (s *Service) postClear(ctx context.Context, r clearRequest) (*Incident, error) {
	return s.Clear(ctx, r.ID, *cmp.Or(r.ClearedAt, &time.Time{}))
}

func (s *Service) listApplications(ctx context.Context, q pageRequest) (*ApplicationPage, error) {
	return s.Applications(ctx, q.Limit, q.Cursor)
}

func (s *Service) getApplication(ctx context.Context, r idRequest) (*Application, error) {
	return s.Application(ctx, r.ID)
}

func (s *Service) postWithdraw(ctx context.Context, r idRequest) (*Application, error) {
	return s.Withdraw(ctx, r.ID)
}
