package notice

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam/iamtest"
	"sidian/internal/outbox"
)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A server is a mail server, as far as RFC 5321 obliges one that takes mail.
type server struct {
	net.Listener
	mu     sync.Mutex
	rcpt   string // answer to a recipient; empty: 250
	data   string // answer to a mail; empty: 250
	slow   bool   // says nothing
	mails  []string
	rcpts  []string
	closed sync.WaitGroup
}

func newServer(t testing.TB) *server {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	ok(t, err)
	s := &server{Listener: l}
	s.closed.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.closed.Go(func() { s.talk(c) })
		}
	})
	t.Cleanup(func() { l.Close(); s.closed.Wait() })
	return s
}

func (s *server) set(rcpt, data string, slow bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rcpt, s.data, s.slow = rcpt, data, slow
}

func (s *server) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.mails...)
}

func (s *server) talk(c net.Conn) {
	defer c.Close()
	s.mu.Lock()
	rcpt, data, slow := s.rcpt, s.data, s.slow
	s.mu.Unlock()
	if slow {
		_, _ = io.Copy(io.Discard, c) // until the other side has had enough
		return
	}
	say := func(line string) { _, _ = io.WriteString(c, line+"\r\n") }
	say("220 mail.example ESMTP")
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " "); strings.ToUpper(verb) {
		case "EHLO":
			say("250-mail.example")
			say("250 8BITMIME")
		case "RCPT":
			if rcpt != "" {
				say(rcpt)
				continue
			}
			s.mu.Lock()
			s.rcpts = append(s.rcpts, rest)
			s.mu.Unlock()
			say("250 OK")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for line, err = in.ReadString('\n'); line != ".\r\n"; line, err = in.ReadString('\n') {
				if err != nil {
					return
				}
				text.WriteString(line)
			}
			if data != "" {
				say(data)
				continue
			}
			s.mu.Lock()
			s.mails = append(s.mails, text.String())
			s.mu.Unlock()
			say("250 queued")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 OK")
		}
	}
}

// opened is the subject and the text of a mail.
func opened(t testing.TB, raw string) (m *mail.Message, subject, text string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	ok(t, err)
	subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	ok(t, err)
	b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
	ok(t, err)
	return m, subject, string(b)
}

// A passer is a gateway's other side.
type passer struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	body   string
	lose   int // answers that are lost on their way
	seen   []gatewayMessage
	wrong  int // calls that were not signed
}

func newPasser(t testing.TB, g *Gateway) *passer {
	t.Helper()
	p := &passer{status: 200}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		var m gatewayMessage
		if err != nil || g.believe(r.Header.Get, body, g.Now()) != nil || json.Unmarshal(body, &m) != nil || r.Header.Get("webhook-id") != m.ID {
			p.wrong++
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		p.seen = append(p.seen, m)
		if p.lose > 0 {
			p.lose--
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(p.status)
		_, _ = io.WriteString(w, p.body)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *passer) set(status int, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.body = status, body
}

func (p *passer) got() []gatewayMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]gatewayMessage{}, p.seen...)
}

type world struct {
	*iamtest.County
	*Service
	t    testing.TB
	mu   sync.Mutex
	now  time.Time
	mail *server
	sms  *passer
}

const (
	mailbox = "li.ming@example.cn"
	phone   = "13800138000"
	stocked = "0123456789abcdef"
)

// newWorld is a county at ten in the morning whose platform has a mail server
// and a gateway for short messages.
func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 23, 10, 0, 0, 0, beijing)}
	d.Now = func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); w.now = w.now.Add(time.Millisecond); return w.now }
	w.County, w.mail = iamtest.New(t, d), newServer(t)
	g := &Gateway{Channel: SMS, Secret: []byte(stocked), Now: d.Now}
	w.sms = newPasser(t, g)
	u, err := url.Parse(w.sms.URL)
	ok(t, err)
	g.URL, g.Call = w.sms.URL+"/send", httpx.NewClient(httpx.ClientOptions{Hosts: []string{u.Host}, Private: []string{u.Host}, Timeout: 5 * time.Second})
	w.Service = &Service{DB: d, IAM: w.County.Service, BaseURL: "https://zz.example.cn", Carriers: map[Channel]Carrier{
		Mail: &Post{Server: w.mail.Addr().String(), From: "noreply@zz.example.cn", Plain: true}, SMS: g,
	}}
	w.Box, err = w.Keys.Box(t.Context())
	ok(t, err)
	w.Index, err = w.Keys.Index(t.Context(), "notice.code")
	ok(t, err)
	w.Outbox = outbox.New(w.Consumer())
	return w
}

func (w *world) pass(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.now = w.now.Add(d) }

var sixDigits = regexp.MustCompile(`[0-9]{6}`)

// choose sets and confirms a channel.
func (w *world) choose(who string, r ChannelRequest) {
	w.t.Helper()
	_, err := w.SetChannel(w.Ctx(w.t, who), r)
	ok(w.t, err)
	ok(w.t, w.Confirm(w.Ctx(w.t, who), r.Channel, w.code(r.Channel)))
}

// code is the one that was sent last.
func (w *world) code(c Channel) string {
	w.t.Helper()
	if c == SMS {
		list := w.sms.got()
		return sixDigits.FindString(list[len(list)-1].Text)
	}
	list := w.mail.taken()
	_, _, text := opened(w.t, list[len(list)-1])
	return sixDigits.FindString(text)
}

// happen tells a notice and finds who wants it outside.
func (w *world) happen(n Notice) {
	w.t.Helper()
	n.Topic = "seal.frozen"
	ok(w.t, w.DB.Write(w.t.Context(), func(tx *db.Tx) error { return w.PutTx(tx, n) }))
	_, err := outbox.Drain(w.t.Context(), w.DB, w.Consumer(), 100)
	ok(w.t, err)
}

func (w *world) work() { w.t.Helper(); ok(w.t, w.Work(w.t.Context())) }

// states are those of somebody's deliveries, newest first.
func (w *world) states(who string) string {
	w.t.Helper()
	p, err := w.Deliveries(w.Ctx(w.t, who), 100, "")
	ok(w.t, err)
	var out []string
	for _, d := range p.Items {
		out = append(out, string(d.Channel)+":"+d.State)
	}
	slices.Sort(out) // those of one moment are in no order
	return strings.Join(out, " ")
}

func (w *world) wantStates(who, want string) {
	w.t.Helper()
	if got := w.states(who); got != want {
		w.t.Errorf("%s: %q, want %q", who, got, want)
	}
}

func refused(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind || f.Code != code {
		t.Errorf("got %v, want %s %s", err, kind, code)
	}
}
