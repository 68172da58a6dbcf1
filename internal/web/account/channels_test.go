package account_test

import (
	"context"
	"regexp"
	"sync"
	"testing"

	"sidian/internal/auth"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/notice"
)

// A pocket takes what is sent to it.
type pocket struct {
	mu   sync.Mutex
	seen []notice.Message
}

func (p *pocket) Send(_ context.Context, _ string, m notice.Message) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, m)
	return false, nil
}

var pockets sync.Map // by the service of a site

func (s *site) notices(t *testing.T) *notice.Service {
	t.Helper()
	p := &pocket{}
	pockets.Store(s, p)
	n := &notice.Service{DB: s.DB, IAM: s.Service, Carriers: map[notice.Channel]notice.Carrier{notice.SMS: p}}
	var err error
	n.Box, err = s.Keys.Box(t.Context())
	must(t, err)
	n.Index, err = s.Keys.Index(t.Context(), "notice.code")
	must(t, err)
	return n
}

// One sets a channel, is sent a code, gives it back, and ends the channel: all of
// it without scripts.
func TestChannels(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		b := s.browser(t).enter("clerk")
		b.get("/me").says(200, "/me/channels")
		b.get("/me/channels").says(200, "短信", "没有设置", "还没有发送过").lacks("电子邮件")
		b.post("/me/channels/sms", "address", "123", "posts", "own").says(422, "格式不对")
		b.post("/me/channels/sms", "address", "13800138000", "quiet_from", "9").says(422, "时刻应写作")
		b.post("/me/channels/fax", "address", "13800138000").says(404)
		b.post("/me/channels/mail", "address", "a@example.cn").says(422, "还没有接通")
		b.post("/me/channels/sms", "address", "13800138000", "posts", "posts", "quiet_from", "21:00", "quiet_to", "08:00").leads("/me/channels?done=sent")
		b.get("/me/channels?done=sent").says(200, "验证码已发送", "13*******00", "还没有验证").lacks("13800138000")
		b.post("/me/channels/sms/confirm", "code", "1").says(422, "验证码不对")
		v, _ := pockets.Load(s)
		p := v.(*pocket)
		b.post("/me/channels/sms/confirm", "code", regexp.MustCompile("[0-9]{6}").FindString(p.seen[0].Text)).leads("/me/channels?done=checked")
		b.get("/me/channels").says(200, "已验证").lacks("-code")
		b.post("/me/channels/sms/confirm", "code", "1").says(422, "没有等待验证的地址")
		other := s.browser(t).enter("issuer")
		other.get("/me/channels").says(200, "没有设置").lacks("13*******00")
		other.post("/me/channels/sms/end").says(404)
		b.from = "cross-site"
		if a := b.post("/me/channels/sms/end"); a.status != 403 {
			t.Errorf("from another site: %d", a.status)
		}
		b.from = "same-origin"
		b.post("/me/channels/sms/end").leads("/me/channels?done=ended")
		b.get("/me/channels").says(200, "没有设置")
		s.browser(t).get("/me/channels").leads("/login?back=%2Fme%2Fchannels")
	})
}
