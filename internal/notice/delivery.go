package notice

import (
	"context"
	"regexp"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Delivery is one telling of one notice outside the platform.
type Delivery struct {
	ID        string    `json:"id"`
	Channel   Channel   `json:"channel" enum:"mail,sms,app"`
	Title     string    `json:"title"`
	State     string    `json:"state" enum:"waiting,sent,delivered,failed,gave-up,dropped"`
	StateName string    `json:"state_name"`
	Attempts  int       `json:"attempts"`
	Next      time.Time `json:"next_at,omitzero" doc:"下次发送的时间"`
	Trouble   string    `json:"trouble,omitempty" doc:"最近一次没有发出的原因"`
	Created   time.Time `json:"created_at"`
	Closed    time.Time `json:"closed_at,omitzero"`
}

// A DeliveryPage is a page of them, newest first.
type DeliveryPage struct {
	Items []Delivery `json:"items"`
	Next  string     `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// Deliveries lists what left the platform, or is to, for whoever acts.
func (s *Service) Deliveries(ctx context.Context, limit int, cursor string) (*DeliveryPage, error) {
	me, err := reader(ctx)
	if err != nil {
		return nil, err
	}
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = pageLimit
	}
	limit = min(limit, maxLimit)
	p := &DeliveryPage{Items: []Delivery{}}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list, err := deliveriesOf(tx, me.Account, before, id, limit+1)
		if err != nil {
			return err
		}
		p.Items = append([]Delivery{}, list...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(p.Items) > limit {
		p.Items = p.Items[:limit]
		last := p.Items[limit-1]
		p.Next = db.Cursor(last.Created.UnixMilli(), last.ID)
	}
	return p, nil
}

// A Receipt is what a gateway tells later of what it took.
type Receipt struct {
	ID     string `json:"id"`
	State  string `json:"state"` // delivered or failed
	Reason string `json:"reason"`
}

var reasonForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,39}$`)

// reasonWords repeats a gateway's reason only where it is a code: words might
// name the address.
func reasonWords(reason string) string {
	if !reasonForm.MatchString(reason) {
		return "通道答复不能送达"
	}
	return "通道答复不能送达（" + reason + "）"
}

// Receipt takes what the gateway of a channel tells of a message that it took.
// Told again, it changes nothing. Whoever calls it has made sure that it is the
// gateway.
func (s *Service) Receipt(ctx context.Context, c Channel, r Receipt) error {
	words := ""
	switch r.State {
	case Delivered:
	case Failed:
		words = reasonWords(r.Reason)
	default:
		return fault.Invalid.New("回执的状态应为 delivered 或 failed").WithCode("notice.receipt").WithField("state", "unknown", "应为 delivered 或 failed")
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := closeReceipt(tx, r.ID, c, r.State, words)
		if err != nil || n > 0 {
			return err
		}
		there, err := isDelivery(tx, r.ID, c)
		if err == nil && !there {
			err = fault.NotFound.New("没有发过这条消息").WithCode("notice.receipt")
		}
		return err
	})
}
