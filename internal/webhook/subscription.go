package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// States of a subscription.
const (
	Active = "active"
	Paused = "paused"
	Ended  = "ended"
)

// A Subscription is what a program asked to be told. Secret is told once, by
// whoever made it; it begins with whsec_.
type Subscription struct {
	ID      string    `json:"id"`
	Client  string    `json:"client"`
	URL     string    `json:"url"`
	Topics  []string  `json:"topics"`
	State   string    `json:"state" enum:"active,paused,ended"`
	Reason  string    `json:"reason,omitempty" doc:"暂停的原因"`
	Failing time.Time `json:"failing_since,omitzero" doc:"从何时起没有一次成功"`
	Created time.Time `json:"created_at"`
	Secret  string    `json:"secret,omitempty" doc:"签名密钥，只在建立和更换时给出一次"`
}

// A Request asks to be told.
type Request struct {
	URL    string   `json:"url" minLength:"1" maxLength:"500" doc:"接收地址（https）"`
	Topics []string `json:"topics" minItems:"1" maxItems:"50" doc:"事件"`
}

// Limits on what one program may have.
const (
	maxSubscriptions = 20
	formerFor        = 24 * time.Hour // a replaced secret signs beside the new one
)

// caller is the program that asks; people have no subscriptions.
func caller(ctx context.Context) (string, error) {
	p, ok := iam.From(ctx)
	if !ok || p.Client == "" {
		return "", fault.Forbidden.New("事件通知由接入应用自己订阅").WithCode("webhook.client").WithHint("请用接入应用的访问令牌调用")
	}
	if !slices.Contains(p.Scopes, Manage) {
		return "", fault.Forbidden.New("本应用没有订阅事件通知的授权范围（%s）", Manage).WithCode("auth.scope").WithHint("请安全管理员为应用增加授权范围")
	}
	return p.Client, nil
}

// Subscribe makes a subscription of the calling program.
func (s *Service) Subscribe(ctx context.Context, r Request) (*Subscription, error) {
	client, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.check(r); err != nil {
		return nil, err
	}
	x := &Subscription{ID: strings.ToLower(rand.Text()[:20]), Client: client, URL: r.URL, Topics: slices.Clone(r.Topics), State: Active}
	secret, sealed, err := s.newSecret(x.ID)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := countLive(tx, client)
		if err != nil {
			return err
		}
		if n >= maxSubscriptions {
			return fault.Conflict.New("一个应用最多有 %d 个订阅", maxSubscriptions).WithCode("webhook.many").WithHint("请先终止不用的订阅")
		}
		x.Created = tx.Now()
		if err := insertSubscription(tx, x, sealed); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "webhook.subscribe", Object: object(x.ID)})
	})
	if err != nil {
		return nil, err
	}
	x.Secret = secret
	return x, nil
}

func (s *Service) check(r Request) error {
	f := fault.Invalid.New("订阅不完整或不能接受").WithCode("webhook.request").WithHint("请按每一项的说明更正")
	u, err := url.Parse(r.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(r.URL) > 500:
		f = f.WithField("url", "format", "须是完整的网址，不带用户名和 #")
	case u.Scheme != "https" && !(s.Plain && u.Scheme == "http"):
		f = f.WithField("url", "https", "须是 https 网址")
	case !s.Call.Lists(r.URL):
		f = f.WithField("url", "host", "这个主机不在平台可访问的主机之列，请系统管理员在配置 outgoing.hosts 中加入")
	}
	seen := map[string]bool{}
	for _, t := range r.Topics {
		if seen[t] || s.topic(t) == nil {
			f = f.WithField("topics", "unknown", "没有这种事件，或者重复")
			break
		}
		seen[t] = true
	}
	if len(r.Topics) == 0 || len(r.Topics) > 50 {
		f = f.WithField("topics", "required", "请选 1 到 50 种事件")
	}
	return f.OrNil()
}

func (s *Service) topic(name string) *Topic {
	if i := slices.IndexFunc(s.Topics, func(t Topic) bool { return t.Name == name }); i >= 0 {
		return &s.Topics[i]
	}
	return nil
}

func (s *Service) newSecret(id string) (told string, sealed []byte, err error) {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand
	sealed, err = s.Box.Seal(cell(id), b)
	return "whsec_" + base64.StdEncoding.EncodeToString(b), sealed, err
}

func cell(id string) keys.Cell {
	return keys.Cell{Table: "webhook_subscription", Column: "secret", Row: id}
}

// List returns the calling program's subscriptions, oldest first.
func (s *Service) List(ctx context.Context) (out []*Subscription, err error) {
	client, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = subscriptionsOf(tx, client); return err })
	return out, err
}

// change runs f on a live subscription of the calling program.
func (s *Service) change(ctx context.Context, id, action string, f func(tx *db.Tx, x *Subscription) error) error {
	client, err := caller(ctx)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		x, err := subscriptionByID(tx, id)
		if err != nil {
			return err
		}
		if x.Client != client || x.State == Ended {
			return errUnknown()
		}
		if err := f(tx, x); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: object(id)})
	})
}

// Pause stops deliveries; what happens meanwhile waits.
func (s *Service) Pause(ctx context.Context, id string) error {
	return s.change(ctx, id, "webhook.pause", func(tx *db.Tx, x *Subscription) error { return setState(tx, id, Paused, "由应用暂停") })
}

// Resume goes on with a paused subscription, and with what waited.
func (s *Service) Resume(ctx context.Context, id string) error {
	return s.change(ctx, id, "webhook.resume", func(tx *db.Tx, x *Subscription) error { return setState(tx, id, Active, "") })
}

// End ends a subscription for good. What was not told is not told any more.
func (s *Service) End(ctx context.Context, id string) error {
	return s.change(ctx, id, "webhook.end", func(tx *db.Tx, x *Subscription) error {
		if err := dropPending(tx, id, "订阅已终止"); err != nil {
			return err
		}
		return setState(tx, id, Ended, "由应用终止")
	})
}

// Rotate gives a new secret. The former one signs beside it for a day.
func (s *Service) Rotate(ctx context.Context, id string) (*Subscription, error) {
	secret, sealed, err := s.newSecret(id)
	if err != nil {
		return nil, err
	}
	var out *Subscription
	err = s.change(ctx, id, "webhook.rotate", func(tx *db.Tx, x *Subscription) error {
		out = x
		return replaceSecret(tx, id, sealed, tx.Now().Add(formerFor))
	})
	if err != nil {
		return nil, err
	}
	out.Secret = secret
	return out, nil
}

func object(id string) string { return "webhook/" + id }

func errUnknown() error {
	return fault.NotFound.New("没有这个订阅").WithCode("webhook.unknown").WithHint("请核对编号；已终止的订阅不能再用")
}
