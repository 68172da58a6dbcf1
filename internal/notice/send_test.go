package notice

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam/iamtest"
	"sidian/internal/keys/keystest"
	"sidian/internal/outbox"
)

// From a choice to a message that arrived: only to who asked, in the words of the
// notice, and without the address anywhere but in the message.
func TestSent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.choose("holder", ChannelRequest{Channel: Mail, Address: mailbox})
		w.choose("holder", ChannelRequest{Channel: SMS, Address: "+86 138-0013-8000"})
		w.choose("clerk", ChannelRequest{Channel: Mail, Address: "clerk@example.cn"})
		before := len(w.mail.taken())
		me := w.People["holder"].ID
		w.happen(Notice{ID: "once", Account: me, Title: "您的证照将到期\u3000，请办理", Text: "第一行\n第二行", Link: "/console/notices"})
		w.happen(Notice{ID: "once", Account: me, Title: "您的证照将到期"}) // is not told again
		w.work()
		w.work()
		w.wantStates("holder", "mail:sent sms:sent")
		w.wantStates("clerk", "")
		mails := w.mail.taken()[before:]
		if len(mails) != 1 {
			t.Fatalf("%d mails", len(mails))
		}
		m, subject, text := opened(t, mails[0])
		if subject != "您的证照将到期\u3000，请办理" || m.Header.Get("To") != mailbox || m.Header.Get("Auto-Submitted") != "auto-generated" ||
			!strings.Contains(text, "第一行\r\n第二行") || !strings.Contains(text, "https://zz.example.cn/console/notices") {
			t.Errorf("the mail says %q %v\n%s", subject, m.Header, text)
		}
		if got := w.sms.got(); len(got) != 2 || got[1].To != phone || got[1].Title == "" || w.sms.wrong != 0 {
			t.Errorf("the gateway got %+v", got)
		}
		list, err := w.Channels(w.Ctx(t, "holder"))
		ok(t, err)
		b, err := json.Marshal(list)
		ok(t, err)
		if strings.Contains(string(b), phone) || strings.Contains(string(b), mailbox) {
			t.Errorf("an address is shown whole: %s", b)
		}
	})
}

// What a carrier answers decides what becomes of a delivery.
func TestAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.choose("holder", ChannelRequest{Channel: Mail, Address: mailbox})
		w.choose("clerk", ChannelRequest{Channel: SMS, Address: phone})
		for _, c := range []struct {
			name, who  string
			set        func()
			state      string
			trouble    string
			afterwards string // when all is well again, an hour later
		}{
			{"mailbox unknown", "holder", func() { w.mail.set("550 no such user "+mailbox, "", false) }, Failed, "550", Failed},
			{"mail refused", "holder", func() { w.mail.set("", "554 spam", false) }, Failed, "554", Failed},
			{"mailbox full for now", "holder", func() { w.mail.set("451 later "+mailbox, "", false) }, Waiting, "451", Sent},
			{"mail not taken now", "holder", func() { w.mail.set("", "421 later", false) }, Waiting, "421", Sent},
			{"gateway down", "clerk", func() { w.sms.set(503, "") }, Waiting, "不可用", Sent},
			{"gateway busy", "clerk", func() { w.sms.set(429, "") }, Waiting, "不可用", Sent},
			{"gateway knows us no more", "clerk", func() { w.sms.set(401, "") }, Waiting, "不可用", Sent},
			{"gateway refuses the form", "clerk", func() { w.sms.set(422, "") }, Failed, "422", Failed},
			{"gateway refuses the number", "clerk", func() { w.sms.set(200, `{"state":"refused","reason":"blocked"}`) }, Failed, "blocked", Failed},
			{"gateway says the number", "clerk", func() { w.sms.set(200, `{"state":"refused","reason":"to `+phone+`"}`) }, Failed, "不能送达", Failed},
			{"gateway talks nonsense", "clerk", func() { w.sms.set(200, `<html>`) }, Waiting, "看不懂", Sent},
			{"gateway invents states", "clerk", func() { w.sms.set(200, `{"state":"maybe"}`) }, Waiting, "看不懂", Sent},
			{"delivered at once", "clerk", func() { w.sms.set(200, `{"state":"delivered"}`) }, Delivered, "", Delivered},
			{"taken without a word", "clerk", func() { w.sms.set(204, ``) }, Sent, "", Sent},
		} {
			w.pass(25 * time.Hour)
			c.set()
			w.happen(Notice{Account: w.People[c.who].ID, Title: c.name})
			w.work()
			newest := func() Delivery {
				p, err := w.Deliveries(w.Ctx(t, c.who), 1, "")
				ok(t, err)
				return p.Items[0]
			}
			one := newest()
			if one.State != c.state || !strings.Contains(one.Trouble, c.trouble) || strings.Contains(one.Trouble, mailbox) || strings.Contains(one.Trouble, phone) {
				t.Errorf("%s: %+v", c.name, one)
			}
			w.mail.set("", "", false)
			w.sms.set(200, "")
			w.pass(time.Hour)
			w.work()
			if one := newest(); one.State != c.afterwards {
				t.Errorf("%s, afterwards: %+v", c.name, one)
			}
		}
	})
}

// A carrier that is down for days: each attempt later than the one before, and at
// last none.
func TestGivesUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.choose("holder", ChannelRequest{Channel: SMS, Address: phone})
		w.sms.set(500, "")
		w.happen(Notice{Account: w.People["holder"].ID, Title: "a"})
		for range 400 {
			w.work()
			w.pass(10 * time.Minute)
		}
		w.wantStates("holder", "sms:gave-up")
		if n := len(w.sms.got()) - 1; n != 10 {
			t.Errorf("tried %d times", n)
		}
		// News that could not be sent because its reader slept for days is no news.
		w.sms.set(200, "")
		w.happen(Notice{Account: w.People["holder"].ID, Title: "b"})
		w.pass(73 * time.Hour)
		w.work()
		w.wantStates("holder", "sms:gave-up sms:gave-up")
	})
}

func TestDown(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := &Post{Server: s.Addr().String(), From: "a@example.cn", Plain: true}
	m := Message{ID: "x", Title: "标题", At: time.Now()}
	s.set("", "", true)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var no *Refusal
	if _, err := p.Send(ctx, mailbox, m); err == nil || errors.As(err, &no) {
		t.Errorf("a server that says nothing: %v", err)
	}
	s.set("", "", false)
	strict := &Post{Server: s.Addr().String(), From: "a@example.cn"}
	if _, err := strict.Send(t.Context(), mailbox, m); err == nil || errors.As(err, &no) || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("a server without TLS: %v", err)
	}
	for _, to := range []string{"", "li", "a b@example.cn", "a@example.cn\r\nRCPT TO:<b@example.cn>", "\"a\"@example.cn", "<a@example.cn>", "a@-", "李@例子.中国"} {
		if _, err := p.Send(t.Context(), to, m); !errors.As(err, &no) {
			t.Errorf("to %q: %v", to, err)
		}
	}
	s.Close()
	if _, err := p.Send(t.Context(), mailbox, m); err == nil || errors.As(err, &no) {
		t.Errorf("a server that is down: %v", err)
	}
	if len(s.taken()) != 0 {
		t.Error("something was sent")
	}
}

// No title makes a header.
func TestCompose(t *testing.T) {
	t.Parallel()
	p := &Post{From: "a@example.cn"}
	_, subject, text := opened(t, string(p.compose(mailbox, Message{ID: "x", Title: "a\r\nBcc: b@example.cn", Text: strings.Repeat("长", 1000)})))
	if subject != "a\r\nBcc: b@example.cn" || !strings.Contains(text, strings.Repeat("长", 1000)) {
		t.Errorf("%q", subject)
	}
	m, _, _ := opened(t, string(p.compose(mailbox, Message{ID: "x", Title: "a\r\nBcc: b@example.cn"})))
	if m.Header.Get("Bcc") != "" {
		t.Error("a title became a header")
	}
}

// An answer that is lost: the message is handed over again under its own id.
func TestDuplicate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.choose("holder", ChannelRequest{Channel: SMS, Address: phone})
		w.sms.mu.Lock()
		w.sms.lose = 1
		w.sms.mu.Unlock()
		w.happen(Notice{Account: w.People["holder"].ID, Title: "a"})
		w.work()
		w.wantStates("holder", "sms:waiting")
		w.pass(time.Minute)
		w.work()
		w.wantStates("holder", "sms:sent")
		if got := w.sms.got()[1:]; len(got) != 2 || got[0].ID != got[1].ID {
			t.Errorf("handed over as %+v", got)
		}
		// So it is when the program dies between handing over and noting it.
		w.step = func(s string) {
			if s == "handed" {
				panic(s)
			}
		}
		w.happen(Notice{Account: w.People["holder"].ID, Title: "b"})
		jobs, _, err := []*job(nil), 0, error(nil)
		ok(t, w.DB.Write(t.Context(), func(tx *db.Tx) error { jobs, _, err = w.take(tx); return err }))
		func() {
			defer func() { _ = recover() }()
			_ = w.one(t.Context(), jobs[0])
		}()
		w.step = nil
		w.work() // the lease still runs
		if n := len(w.sms.got()); n != 4 {
			t.Errorf("%d calls under the lease", n)
		}
		w.pass(lease + time.Second)
		w.work()
		got := w.sms.got()
		if len(got) != 5 || got[3].ID != got[4].ID {
			t.Errorf("after a crash: %+v", got)
		}
		w.wantStates("holder", "sms:sent sms:sent")
	})
}

// At night a short message waits for the morning; over the day's limit for the
// next day. Neither counts as an attempt.
func TestWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.choose("holder", ChannelRequest{Channel: SMS, Address: phone, QuietFrom: "21:00", QuietTo: "08:00"})
		me := w.People["holder"].ID
		w.pass(12 * time.Hour) // ten at night
		w.happen(Notice{Account: me, Title: "a"})
		w.work()
		p, err := w.Deliveries(w.Ctx(t, "holder"), 1, "")
		ok(t, err)
		if one := p.Items[0]; one.State != Waiting || one.Attempts != 0 || one.Next.In(beijing).Format("02 15:04") != "24 08:00" {
			t.Errorf("at night: %+v", one)
		}
		w.pass(10*time.Hour + time.Minute)
		w.work()
		w.wantStates("holder", "sms:sent")
		for range 12 {
			w.happen(Notice{Account: me, Title: "b"})
		}
		w.work()
		if n := strings.Count(w.states("holder"), "sms:sent"); n != manners[SMS].daily {
			t.Errorf("%d in a day", n)
		}
		w.pass(25 * time.Hour)
		w.work()
		if n := strings.Count(w.states("holder"), "sms:sent"); n != 13 {
			t.Errorf("%d after a day", n)
		}
	})
}

func TestWakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at       string
		from, to int
		want     string
	}{
		{"23 20:59", 1260, 480, "23 20:59"}, {"23 21:00", 1260, 480, "24 08:00"}, {"23 00:00", 1260, 480, "23 08:00"}, {"23 07:59", 1260, 480, "23 08:00"},
		{"23 08:00", 1260, 480, "23 08:00"}, {"23 12:30", 720, 840, "23 14:00"}, {"23 14:00", 720, 840, "23 14:00"}, {"23 03:00", 0, 0, "23 03:00"}, {"30 22:00", 1260, 480, "01 08:00"},
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", "2026-11-"+c.at, beijing)
		ok(t, err)
		if got := wakes(now.UTC(), c.from, c.to).In(beijing).Format("02 15:04"); got != c.want {
			t.Errorf("%s, quiet %d to %d: %s, want %s", c.at, c.from, c.to, got, c.want)
		}
	}
}

// What is told to a post goes to those who hold it and asked for it.
func TestPosts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.choose("issuer", ChannelRequest{Channel: Mail, Address: "issuer@example.cn", Posts: true})
		w.choose("clerk", ChannelRequest{Channel: Mail, Address: "clerk@example.cn", Posts: true})       // does not hold it
		w.choose("outsider", ChannelRequest{Channel: Mail, Address: "outsider@example.cn", Posts: true}) // holds it elsewhere
		w.happen(Notice{Org: iamtest.Market, Permission: "cert.issue", Title: "a"})
		w.work()
		w.wantStates("issuer", "mail:sent")
		w.wantStates("clerk", "")
		w.wantStates("outsider", "")
		_, err := w.SetChannel(w.Ctx(t, "issuer"), ChannelRequest{Channel: Mail}) // only what is their own
		ok(t, err)
		w.happen(Notice{Org: iamtest.Market, Permission: "cert.issue", Title: "b"})
		w.happen(Notice{Account: w.People["issuer"].ID, Title: "c"})
		w.work()
		w.wantStates("issuer", "mail:sent mail:sent")
		// Who ended the channel meanwhile is not told.
		w.happen(Notice{Account: w.People["issuer"].ID, Title: "d"})
		ok(t, w.EndChannel(w.Ctx(t, "issuer"), Mail))
		w.work()
		w.wantStates("issuer", "mail:dropped mail:sent mail:sent")
		refused(t, w.EndChannel(w.Ctx(t, "issuer"), Mail), fault.NotFound, "notice.channel")
	})
}

func TestChoiceRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx := w.Ctx(t, "holder")
		for name, c := range map[string]struct {
			r    ChannelRequest
			kind fault.Kind
			code string
		}{
			"no such channel": {ChannelRequest{Channel: "fax", Address: "1"}, fault.NotFound, "notice.channel"},
			"not connected":   {ChannelRequest{Channel: App, Address: "abcd"}, fault.Conflict, "notice.no-carrier"},
			"no address":      {ChannelRequest{Channel: Mail}, fault.Invalid, "notice.choice"},
			"no mailbox":      {ChannelRequest{Channel: Mail, Address: "a@b\r\nc.cn"}, fault.Invalid, "notice.choice"},
			"no mobile":       {ChannelRequest{Channel: SMS, Address: "12345"}, fault.Invalid, "notice.choice"},
			"no time":         {ChannelRequest{Channel: SMS, Address: phone, QuietFrom: "25:00", QuietTo: "08:00"}, fault.Invalid, "notice.choice"},
			"half a quiet":    {ChannelRequest{Channel: SMS, Address: phone, QuietFrom: "21:00"}, fault.Invalid, "notice.choice"},
		} {
			_, err := w.SetChannel(ctx, c.r)
			if f := fault.As(err); f == nil || f.Kind != c.kind || f.Code != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := w.SetChannel(w.AppCtx(t), ChannelRequest{Channel: Mail, Address: mailbox})
		refused(t, err, fault.Forbidden, "notice.person")
		_, err = w.SetChannel(t.Context(), ChannelRequest{Channel: Mail, Address: mailbox})
		refused(t, err, fault.Unauthorized, "auth.required")

		// A code is for one account, one channel, ten minutes and five tries.
		refused(t, w.Confirm(ctx, SMS, "000000"), fault.Conflict, "notice.confirmed")
		_, err = w.SetChannel(ctx, ChannelRequest{Channel: SMS, Address: phone})
		ok(t, err)
		w.happen(Notice{Account: w.People["holder"].ID, Title: "a"})
		w.wantStates("holder", "") // to an address that may be another's nothing is sent
		refused(t, w.Confirm(w.Ctx(t, "clerk"), SMS, w.code(SMS)), fault.Conflict, "notice.confirmed")
		wrong := "000000"
		if w.code(SMS) == wrong {
			wrong = "000001"
		}
		for range codeTries {
			refused(t, w.Confirm(ctx, SMS, wrong), fault.Invalid, "notice.code")
		}
		refused(t, w.Confirm(ctx, SMS, w.code(SMS)), fault.Conflict, "notice.code-over")
		_, err = w.SetChannel(ctx, ChannelRequest{Channel: SMS, Address: phone})
		ok(t, err)
		w.pass(codeFor + time.Second)
		refused(t, w.Confirm(ctx, SMS, w.code(SMS)), fault.Conflict, "notice.code-over")
		for range codesHour - 2 {
			_, err = w.SetChannel(ctx, ChannelRequest{Channel: SMS, Address: phone})
			ok(t, err)
		}
		_, err = w.SetChannel(ctx, ChannelRequest{Channel: SMS, Address: phone})
		refused(t, err, fault.TooMany, "notice.codes")
		ok(t, w.Confirm(ctx, SMS, w.code(SMS)))
		refused(t, w.Confirm(ctx, SMS, w.code(SMS)), fault.Conflict, "notice.confirmed")

		// The carrier will not, or cannot.
		w.mail.set("550 no", "", false)
		_, err = w.SetChannel(ctx, ChannelRequest{Channel: Mail, Address: mailbox})
		refused(t, err, fault.Invalid, "notice.address")
		w.mail.set("451 no", "", false)
		_, err = w.SetChannel(ctx, ChannelRequest{Channel: Mail, Address: mailbox})
		refused(t, err, fault.Unavailable, "notice.carrier")
	})
}

// Receipts are believed from the gateway alone, and move what was sent.
func TestReceipts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.choose("holder", ChannelRequest{Channel: SMS, Address: phone})
		w.happen(Notice{Account: w.People["holder"].ID, Title: "a"})
		w.work()
		id := w.sms.got()[1].ID
		r := httpx.New(httpx.Options{Authorizer: w.County, SlowPublic: httpx.Rate{PerSecond: -1}})
		w.Service.Routes(r)
		ok(t, r.Err())
		g := w.Carriers[SMS].(*Gateway)
		call := func(at, body string, change func(http.Header)) int {
			q := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/open/v1/notice-receipts/"+at, strings.NewReader(body))
			q.Header.Set("Content-Type", "application/json")
			for name, value := range g.sign(id, w.DB.Now(), []byte(body)) {
				q.Header.Set(name, value)
			}
			if change != nil {
				change(q.Header)
			}
			rec := httptest.NewRecorder()
			r.ServeHTTP(rec, q)
			return rec.Code
		}
		good := `{"id":"` + id + `","state":"delivered"}`
		for name, c := range map[string]struct {
			at, body string
			change   func(http.Header)
			want     int
		}{
			"no signature":    {"sms", good, func(h http.Header) { h.Del("webhook-signature") }, 401},
			"an old one":      {"sms", good, func(h http.Header) { h.Set("webhook-timestamp", "1700000000") }, 401},
			"another id":      {"sms", good, func(h http.Header) { h.Set("webhook-id", "x") }, 401},
			"not a gateway":   {"mail", good, nil, 404},
			"no channel":      {"fax", good, nil, 404},
			"not JSON":        {"sms", `{`, nil, 422},
			"unknown state":   {"sms", `{"id":"` + id + `","state":"waiting"}`, nil, 422},
			"unknown message": {"sms", `{"id":"none","state":"delivered"}`, nil, 404},
		} {
			if got := call(c.at, c.body, c.change); got != c.want {
				t.Errorf("%s: %d, want %d", name, got, c.want)
			}
		}
		w.wantStates("holder", "sms:sent")
		for range 2 {
			if got := call("sms", good, nil); got != 200 {
				t.Errorf("a receipt: %d", got)
			}
		}
		if got := call("sms", `{"id":"`+id+`","state":"failed","reason":"x"}`, nil); got != 200 {
			t.Errorf("a receipt that comes too late: %d", got)
		}
		w.wantStates("holder", "sms:delivered")
	})
}

// Addresses are encrypted, and go along when the keys of fields are exchanged.
func TestReseal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.choose("holder", ChannelRequest{Channel: SMS, Address: phone})
		w.choose("clerk", ChannelRequest{Channel: Mail, Address: mailbox})
		keystest.Reseals(t, d, w.Keys, w.Resealer(), 2)
	})
}

// Any number of processes route and send: each message goes out once.
func TestTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.choose("holder", ChannelRequest{Channel: Mail, Address: mailbox})
		before := len(w.mail.taken())
		for range 20 {
			w.happen(Notice{Account: w.People["holder"].ID, Title: "a"})
		}
		done := make(chan error, 4)
		for range 4 {
			go func() {
				_, err := outbox.Drain(t.Context(), w.DB, w.Consumer(), 100)
				done <- errors.Join(err, w.Work(t.Context()))
			}()
		}
		for range 4 {
			ok(t, <-done)
		}
		if n := len(w.mail.taken()) - before; n != 20 {
			t.Errorf("%d mails", n)
		}
	})
}
