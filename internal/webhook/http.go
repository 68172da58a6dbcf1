package webhook

import (
	"context"

	"sidian/internal/httpx"
)

// Routes mounts what a program does with its own subscriptions.
func (s *Service) Routes(r *httpx.Router) {
	const tag = "事件通知"
	own := httpx.Needs(Manage)
	httpx.Handle(r, "GET /api/v1/webhooks/topics", own, s.getTopics, httpx.Doc(tag, "可以订阅的事件"))
	httpx.Handle(r, "GET /api/v1/webhooks", own, s.getList, httpx.Doc(tag, "本应用的订阅"))
	httpx.Handle(r, "POST /api/v1/webhooks", own, s.Subscribe, httpx.Doc(tag, "订阅事件"), httpx.Status(201))
	httpx.Handle(r, "DELETE /api/v1/webhooks/{id}", own, s.delete, httpx.Doc(tag, "终止订阅"))
	httpx.Handle(r, "POST /api/v1/webhooks/{id}/pause", own, s.postPause, httpx.Doc(tag, "暂停订阅"))
	httpx.Handle(r, "POST /api/v1/webhooks/{id}/resume", own, s.postResume, httpx.Doc(tag, "恢复订阅"))
	httpx.Handle(r, "POST /api/v1/webhooks/{id}/secret", own, s.postSecret, httpx.Doc(tag, "更换签名密钥"), httpx.NoIdempotency())
	httpx.Handle(r, "POST /api/v1/webhooks/{id}/test", own, s.postTest, httpx.Doc(tag, "试推一次"))
	httpx.Handle(r, "GET /api/v1/webhooks/{id}/deliveries", own, s.getDeliveries, httpx.Doc(tag, "推送记录"))
	httpx.Handle(r, "POST /api/v1/webhook-deliveries/{id}/replay", own, s.postReplay, httpx.Doc(tag, "重推"))
}

type topics struct {
	Items []Topic `json:"items"`
}

func (s *Service) getTopics(context.Context, struct{}) (topics, error) { return topics{s.Topics}, nil }

type subscriptions struct {
	Items []*Subscription `json:"items"`
}

func (s *Service) getList(ctx context.Context, _ struct{}) (subscriptions, error) {
	list, err := s.List(ctx)
	if list == nil {
		list = []*Subscription{}
	}
	return subscriptions{list}, err
}

type byID struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) delete(ctx context.Context, r byID) (httpx.Empty, error) {
	return httpx.Empty{}, s.End(ctx, r.ID)
}

func (s *Service) postPause(ctx context.Context, r byID) (httpx.Empty, error) {
	return httpx.Empty{}, s.Pause(ctx, r.ID)
}

func (s *Service) postResume(ctx context.Context, r byID) (httpx.Empty, error) {
	return httpx.Empty{}, s.Resume(ctx, r.ID)
}

func (s *Service) postSecret(ctx context.Context, r byID) (*Subscription, error) {
	return s.Rotate(ctx, r.ID)
}

func (s *Service) postTest(ctx context.Context, r byID) (*Delivery, error) { return s.Try(ctx, r.ID) }

func (s *Service) postReplay(ctx context.Context, r byID) (httpx.Empty, error) {
	return httpx.Empty{}, s.Replay(ctx, r.ID)
}

type deliveriesRequest struct {
	ID     string `path:"id" maxLength:"64"`
	State  string `query:"state" enum:"pending,delivered,dead,dropped,"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"200"`
}

type deliveryPage struct {
	Items []*Delivery `json:"items"`
	Next  string      `json:"next,omitempty"`
}

func (s *Service) getDeliveries(ctx context.Context, r deliveriesRequest) (deliveryPage, error) {
	list, next, err := s.Deliveries(ctx, r.ID, r.State, r.Limit, r.Cursor)
	if list == nil {
		list = []*Delivery{}
	}
	return deliveryPage{list, next}, err
}
