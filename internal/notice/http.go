package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"sidian/internal/fault"
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
	httpx.Handle(r, "GET /api/v1/notice-channels", in, s.getChannels, httpx.Doc(tag, "本人的接收方式"))
	httpx.Handle(r, "PUT /api/v1/notice-channels/{channel}", in, s.SetChannel, httpx.Doc(tag, "设置接收方式；新地址会收到验证码"), httpx.NoIdempotency())
	httpx.Handle(r, "POST /api/v1/notice-channels/{channel}/confirm", in, s.postConfirm, httpx.Doc(tag, "用验证码证明地址是本人的"), httpx.NoIdempotency())
	httpx.Handle(r, "DELETE /api/v1/notice-channels/{channel}", in, s.deleteChannel, httpx.Doc(tag, "不再用这种方式接收"))
	httpx.Handle(r, "GET /api/v1/notice-deliveries", in, s.getDeliveries, httpx.Doc(tag, "发到平台之外的消息及其送达状态"))
	httpx.HandleHTTP(r, "POST /open/v1/notice-receipts/{channel}", httpx.Public(), s.postReceipt, httpx.Doc(tag, "短信、应用通道的送达回执；以约定的密钥签名"),
		httpx.Costly(), httpx.MaxBody(4<<10), httpx.NoIdempotency(), httpx.Media("application/json"))
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

type channelsResponse struct {
	Items []Choice `json:"items"`
}

func (s *Service) getChannels(ctx context.Context, _ struct{}) (*channelsResponse, error) {
	all, err := s.Channels(ctx)
	return &channelsResponse{all}, err
}

type confirmRequest struct {
	Channel Channel `path:"channel" json:"-" maxLength:"8"`
	Code    string  `json:"code" minLength:"1" maxLength:"12" doc:"收到的 6 位数字"`
}

func (s *Service) postConfirm(ctx context.Context, r confirmRequest) (httpx.Empty, error) {
	return httpx.Empty{}, s.Confirm(ctx, r.Channel, r.Code)
}

type channelRequest struct {
	Channel Channel `path:"channel" maxLength:"8"`
}

func (s *Service) deleteChannel(ctx context.Context, r channelRequest) (httpx.Empty, error) {
	return httpx.Empty{}, s.EndChannel(ctx, r.Channel)
}

func (s *Service) getDeliveries(ctx context.Context, r inboxRequest) (*DeliveryPage, error) {
	return s.Deliveries(ctx, r.Limit, r.Cursor)
}

// postReceipt reads the body itself: what is signed is its octets.
func (s *Service) postReceipt(w http.ResponseWriter, r *http.Request) error {
	channel := Channel(r.PathValue("channel"))
	g, ok := s.Carriers[channel].(*Gateway)
	if !ok {
		return unknownChannel()
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fault.Invalid.Wrap(err, "没有读完请求").WithCode("notice.receipt").WithHint("请重新发送")
	}
	if err := g.believe(r.Header.Get, body, s.DB.Now()); err != nil {
		return err
	}
	var receipt Receipt
	if err := json.Unmarshal(body, &receipt); err != nil {
		return fault.Invalid.Wrap(err, "回执不是合法的 JSON").WithCode("notice.receipt").WithHint("请核对请求正文")
	}
	if err := s.Receipt(r.Context(), channel, receipt); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := io.WriteString(w, "{}\n"); err != nil {
		return fmt.Errorf("notice: answering a receipt: %w", err)
	}
	return nil
}
