package provider

import (
	"context"
	"time"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// Routes mounts the registry for those who keep it, and the list of trust for
// anybody.
func (s *Service) Routes(r *httpx.Router) {
	const tag, base = "签章服务商", "/api/v1/providers"
	read, manage := iam.Needs(Read), iam.Needs(Manage)
	doc := func(summary string) httpx.Option { return httpx.Doc(tag, summary) }
	body := httpx.MaxBody(2 * maxList)
	httpx.Handle(r, "GET "+base, read, s.listProviders, doc("查询签章服务商"))
	httpx.Handle(r, "GET "+base+"/{id}", read, s.getProvider, doc("签章服务商的各版本"))
	httpx.Handle(r, "POST "+base, manage, s.Propose, doc("提出登记或变更，待另一人批准"), httpx.Status(201), body)
	httpx.Handle(r, "POST "+base+"/import", manage, s.Import, doc("引入其他平台的信任列表，待另一人批准"), body)
	httpx.Handle(r, "POST "+base+"/{id}/approve", manage, by(s.Approve), doc("批准登记；提出人不能批准"))
	httpx.Handle(r, "POST "+base+"/{id}/reject", manage, by(s.Reject), doc("退回或撤回登记"))
	httpx.Handle(r, "POST "+base+"/{id}/suspend", manage, by(s.Suspend), doc("立即暂停"))
	httpx.Handle(r, "POST "+base+"/{id}/resume", manage, by(s.Resume), doc("提出恢复，待另一人批准"))
	httpx.Handle(r, "POST "+base+"/{id}/remove", manage, by(s.Remove), doc("移除已暂停的；暂停人不能移除"))
	httpx.Handle(r, "POST "+base+"/{id}/test", manage, s.postTest, doc("试问一次"), httpx.NoIdempotency(), httpx.Timeout(time.Minute))
	httpx.Handle(r, "GET /open/v1/providers", httpx.Public(), s.getList, doc("信任列表：本平台采信的签章服务商，已签名"), httpx.Costly())
}

type listRequest struct {
	Ended bool `query:"ended" doc:"也列出已结束的版本"`
}

// A Page is a list of entries. There are as many providers as a county has: a
// list is not cut.
type Page struct {
	Items []*Entry `json:"items"`
}

func (s *Service) listProviders(ctx context.Context, r listRequest) (*Page, error) {
	all, err := s.List(ctx, r.Ended)
	if err != nil {
		return nil, err
	}
	return &Page{Items: all}, nil
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getProvider(ctx context.Context, r idRequest) (*Page, error) {
	all, err := s.Get(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return &Page{Items: all}, nil
}

type reasonBody struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

// by makes a handler of a decision.
func by(do func(context.Context, string, string) (*Entry, error)) func(context.Context, reasonBody) (*Entry, error) {
	return func(ctx context.Context, b reasonBody) (*Entry, error) { return do(ctx, b.ID, b.Reason) }
}

func (s *Service) postTest(ctx context.Context, r idRequest) (*Source, error) {
	return s.Test(ctx, r.ID)
}

func (s *Service) getList(ctx context.Context, _ struct{}) (*SignedList, error) {
	return s.TrustList(ctx)
}
