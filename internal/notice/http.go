package notice

import (
	"context"

	"sidian/internal/httpx"
)

// Routes mounts everybody's own inbox.
func (s *Service) Routes(r *httpx.Router) {
	const tag = "消息"
	in := httpx.SignedIn()
	httpx.Handle(r, "GET /api/v1/notices", in, s.getInbox, httpx.Doc(tag, "本人的消息，新的在前"))
	httpx.Handle(r, "GET /api/v1/notices/unread", in, s.getUnread, httpx.Doc(tag, "未读的件数"))
	httpx.Handle(r, "POST /api/v1/notices/{id}/read", in, s.postRead, httpx.Doc(tag, "标为已读"), httpx.NoIdempotency())
	httpx.Handle(r, "POST /api/v1/notices/read", in, s.postReadAll, httpx.Doc(tag, "全部标为已读"), httpx.NoIdempotency())
}

type inboxRequest struct {
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Service) getInbox(ctx context.Context, r inboxRequest) (*Page, error) {
	return s.Inbox(ctx, r.Limit, r.Cursor)
}

type unreadResponse struct {
	Unread int `json:"unread" doc:"近 90 天的，至多数到 1000"`
}

func (s *Service) getUnread(ctx context.Context, _ struct{}) (*unreadResponse, error) {
	n, err := s.Unread(ctx)
	return &unreadResponse{n}, err
}

type readRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) postRead(ctx context.Context, r readRequest) (httpx.Empty, error) {
	return httpx.Empty{}, s.Read(ctx, r.ID)
}

func (s *Service) postReadAll(ctx context.Context, _ struct{}) (httpx.Empty, error) {
	return httpx.Empty{}, s.ReadAll(ctx)
}
