package webhook

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/keys"
	"sidian/internal/outbox"
)

// A receiver is somebody else's program: it keeps what it was told, refuses
// what it does not believe, and can be told to answer otherwise.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	secret  string
	answer  int
	now     func() time.Time
	seen    map[string]int
	refused []error
	bodies  []string
	headers []http.Header
}

func newReceiver(t *testing.T, now func() time.Time) *receiver {
	r := &receiver{answer: 200, now: now, seen: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		body, _ := io.ReadAll(q.Body)
		id, err := Check(r.secret, q.Header.Get, body, r.now())
		if err != nil {
			r.refused = append(r.refused, err)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.answer == 200 {
			r.seen[id]++
		}
		r.bodies, r.headers = append(r.bodies, string(body)), append(r.headers, q.Header.Clone())
		w.WriteHeader(r.answer)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) told() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

func (r *receiver) set(answer int, secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
	if secret != "" {
		r.secret = secret
	}
}

type world struct {
	*iamtest.County
	*Service
	recv   *receiver
	client context.Context
	id     string
	clock  *clock
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

var told = []Topic{{"cert.issued", "证照已签发", "cert.read"}, {"signature.done", "签署完成", "signature.read"}}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{County: iamtest.New(t, d), clock: &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}}
	d.Now = w.clock.now
	box, err := w.Keys.Box(t.Context())
	must(t, err)
	w.recv = newReceiver(t, w.clock.now)
	u, err := url.Parse(w.recv.URL)
	must(t, err)
	w.Service = &Service{
		DB: d, IAM: w.County.Service, Box: box, Topics: told, Plain: true,
		Call: httpx.NewClient(httpx.ClientOptions{Hosts: []string{u.Host}, Private: []string{u.Host}, Timeout: 2 * time.Second}),
	}
	w.client, w.id = w.program(t, iamtest.Market, Manage, "cert.read")
	return w
}

func (w *world) program(t *testing.T, org string, scopes ...string) (context.Context, string) {
	t.Helper()
	c, err := w.County.CreateClient(w.Ctx(t, "security"), iam.ClientRequest{Name: "样例业务系统", Org: org, Scopes: scopes})
	must(t, err)
	ctx, err := w.County.AsClient(context.Background(), c.ID)
	must(t, err)
	return ctx, c.ID
}

// happen hands an event about a unit to the consumer, as the outbox does, and
// returns its id.
func (w *world) happen(t *testing.T, topic, org string) (id string) {
	t.Helper()
	id = newID()
	body, err := json.Marshal(map[string]string{"id": "x", "org": org})
	must(t, err)
	must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error {
		return w.take(tx, []outbox.Event{{ID: id, Topic: topic, Key: "x", Body: json.RawMessage(body), At: tx.Now()}})
	}))
	return id
}

func (w *world) subscribe(t *testing.T, ctx context.Context, topics ...string) *Subscription {
	t.Helper()
	x, err := w.Subscribe(ctx, Request{URL: w.recv.URL + "/hook", Topics: topics})
	must(t, err)
	w.recv.set(200, x.Secret)
	return x
}

func TestTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		x := w.subscribe(t, w.client, "cert.issued")
		w.happen(t, "cert.issued", iamtest.Market)
		w.happen(t, "cert.issued", iamtest.Land)      // another unit's
		w.happen(t, "signature.done", iamtest.Market) // not asked for
		must(t, w.Work(t.Context()))
		must(t, w.Work(t.Context()))
		if w.recv.told() != 1 || len(w.recv.refused) != 0 {
			t.Fatalf("told %d times, refused %v", w.recv.told(), w.recv.refused)
		}
		var m message
		must(t, json.Unmarshal([]byte(w.recv.bodies[0]), &m))
		if m.Type != "cert.issued" || string(m.Data) != `{"id":"x","org":"market"}` {
			t.Errorf("told %s", w.recv.bodies[0])
		}
		list, _, err := w.Deliveries(w.client, x.ID, "", 10, "")
		must(t, err)
		states := map[string]int{}
		for _, d := range list {
			states[d.State]++
		}
		if states[Delivered] != 1 || states[Dropped] != 1 || len(list) != 2 {
			t.Errorf("deliveries: %v", states)
		}
	})
}

// openssl agrees about the signature.
func TestSignatureByOpenssl(t *testing.T) {
	t.Parallel()
	secret, body := []byte("0123456789abcdef0123456789abcdef"), []byte(`{"id":"e1"}`)
	h := header("e1", time.Unix(1_790_000_000, 0), body, secret)
	for _, one := range strings.Fields(h["webhook-signature"]) {
		kind, value, _ := strings.Cut(one, ",")
		cmd := exec.Command("openssl", "dgst", "-"+map[string]string{"v1": "sha256", "sm3": "sm3"}[kind], "-mac", "HMAC", "-macopt", "hexkey:"+hex.EncodeToString(secret), "-binary")
		cmd.Stdin = strings.NewReader("e1.1790000000." + string(body))
		sum, err := cmd.Output()
		must(t, err)
		if got := base64.StdEncoding.EncodeToString(sum); got != value {
			t.Errorf("%s: openssl says %s, we %s", kind, got, value)
		}
	}
}

func TestNotBelieved(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	secret := "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="
	body := []byte(`{}`)
	good := func() map[string]string { return header("e1", now, body, []byte("0123456789abcdef")) }
	if id, err := Check(secret, lookUp(good()), body, now); err != nil || id != "e1" {
		t.Fatal(id, err)
	}
	for name, c := range map[string]struct {
		change func(map[string]string)
		body   string
		now    time.Time
		secret string
		code   string
	}{
		"replayed later":   {now: now.Add(6 * time.Minute), code: "webhook.old"},
		"from the future":  {now: now.Add(-6 * time.Minute), code: "webhook.old"},
		"time moved":       {change: func(h map[string]string) { h["webhook-timestamp"] = "1790000060" }, code: "webhook.signature"},
		"another id":       {change: func(h map[string]string) { h["webhook-id"] = "e2" }, code: "webhook.signature"},
		"another body":     {body: `{"a":1}`, code: "webhook.signature"},
		"no signature":     {change: func(h map[string]string) { delete(h, "webhook-signature") }, code: "webhook.signature"},
		"empty signature":  {change: func(h map[string]string) { h["webhook-signature"] = "v1, sm3, v9,x" }, code: "webhook.signature"},
		"nothing":          {change: func(h map[string]string) { clear(h) }, code: "webhook.unsigned"},
		"another's secret": {secret: "whsec_MDEyMzQ1Njc4OWFiY2RlZw==", code: "webhook.signature"},
		"no secret":        {secret: "whsec_!", code: "webhook.secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, b, at, key := good(), body, now, secret
			if c.change != nil {
				c.change(h)
			}
			if c.body != "" {
				b = []byte(c.body)
			}
			if !c.now.IsZero() {
				at = c.now
			}
			if c.secret != "" {
				key = c.secret
			}
			_, err := Check(key, lookUp(h), b, at)
			wantCode(t, err, c.code)
		})
	}
}

func lookUp(h map[string]string) func(string) string {
	return func(name string) string { return h[name] }
}

func TestTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		x := w.subscribe(t, w.client, "cert.issued")
		w.recv.set(503, "")
		w.happen(t, "cert.issued", iamtest.Market)
		for range len(waits) + 2 {
			must(t, w.Work(t.Context()))
			w.clock.add(25 * time.Hour)
		}
		list, _, err := w.Deliveries(w.client, x.ID, "", 10, "")
		must(t, err)
		if len(list) != 1 || list[0].State == Delivered || w.recv.told() != 0 {
			t.Fatalf("%+v", list[0])
		}
		all, err := w.List(w.client)
		must(t, err)
		if all[0].State != Paused || all[0].Reason == "" {
			t.Fatalf("a subscription that takes nothing for a week is %s", all[0].State)
		}
		w.recv.set(200, "")
		must(t, w.Resume(w.client, x.ID))
		if list[0].State == Dead {
			must(t, w.Replay(w.client, list[0].ID))
		}
		must(t, w.Work(t.Context()))
		if w.recv.told() != 1 {
			t.Fatalf("told %d times after it went on", w.recv.told())
		}
		must(t, w.Replay(w.client, list[0].ID))
		must(t, w.Work(t.Context()))
		if w.recv.told() != 1 || w.recv.seen[list[0].Event] != 2 {
			t.Errorf("a replay came under another id: %v", w.recv.seen)
		}
	})
}

// Who dies after the call leaves the delivery to be made again, under its id.
func TestCrashAfterCall(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.subscribe(t, w.client, "cert.issued")
		w.happen(t, "cert.issued", iamtest.Market)
		ctx, kill := context.WithCancel(t.Context())
		w.step = func(at string) {
			if at == "called" {
				kill()
			}
		}
		if err := w.Work(ctx); err == nil {
			t.Fatal("it was not killed")
		}
		w.step = nil
		must(t, w.Work(t.Context()))
		if n := w.recv.seen; len(n) != 1 {
			t.Fatalf("before the lease ended: %v", n)
		}
		w.clock.add(2 * lease)
		must(t, w.Work(t.Context()))
		for id, n := range w.recv.seen {
			if n != 2 {
				t.Errorf("%s came %d times", id, n)
			}
		}
	})
}

func TestSubscribeRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		good := Request{URL: w.recv.URL, Topics: []string{"cert.issued"}}
		without, _ := w.program(t, iamtest.Market, "cert.read")
		for name, c := range map[string]struct {
			ctx  context.Context
			r    Request
			code string
		}{
			"a person":        {w.Ctx(t, "clerk"), good, "webhook.client"},
			"nobody":          {t.Context(), good, "webhook.client"},
			"without scope":   {without, good, "auth.scope"},
			"another host":    {w.client, Request{URL: "https://169.254.169.254/latest", Topics: good.Topics}, "webhook.request"},
			"with user":       {w.client, Request{URL: "https://u:p@example.com/", Topics: good.Topics}, "webhook.request"},
			"file":            {w.client, Request{URL: "file:///etc/passwd", Topics: good.Topics}, "webhook.request"},
			"no topic":        {w.client, Request{URL: good.URL}, "webhook.request"},
			"unknown topic":   {w.client, Request{URL: good.URL, Topics: []string{"iam.tampered"}}, "webhook.request"},
			"one topic twice": {w.client, Request{URL: good.URL, Topics: []string{"cert.issued", "cert.issued"}}, "webhook.request"},
		} {
			_, err := w.Subscribe(c.ctx, c.r)
			if e := fault.As(err); e == nil || e.Code != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		x := w.subscribe(t, w.client, "cert.issued")
		other, _ := w.program(t, iamtest.Land, Manage)
		for name, do := range map[string]func() error{
			"end":    func() error { return w.End(other, x.ID) },
			"pause":  func() error { return w.Pause(other, x.ID) },
			"rotate": func() error { _, err := w.Rotate(other, x.ID); return err },
			"try":    func() error { _, err := w.Try(other, x.ID); return err },
			"look":   func() error { _, _, err := w.Deliveries(other, x.ID, "", 10, ""); return err },
		} {
			if e := fault.As(do()); e == nil || e.Code != "webhook.unknown" {
				t.Errorf("another program may %s: %v", name, e)
			}
		}
		must(t, w.End(w.client, x.ID))
		if e := fault.As(w.Resume(w.client, x.ID)); e == nil || e.Code != "webhook.unknown" {
			t.Errorf("an ended subscription goes on: %v", e)
		}
	})
}

// A new secret signs at once, the former one for a day beside it; both survive
// a rotation of the platform's root.
func TestSecrets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		x := w.subscribe(t, w.client, "cert.issued")
		first := x.Secret
		y, err := w.Rotate(w.client, x.ID)
		must(t, err)
		must(t, w.Keys.Rotate(t.Context(), keys.Field))
		w.clock.add(time.Hour)
		var changed int
		must(t, d.Write(t.Context(), func(tx *db.Tx) (err error) { _, changed, err = w.Reseal(tx, "", 10); return err }))
		if changed != 1 {
			t.Fatalf("%d sealed again", changed)
		}
		call := func() int {
			w.happen(t, "cert.issued", iamtest.Market)
			must(t, w.Work(t.Context()))
			return w.recv.told()
		}
		w.recv.set(200, first)
		if call() != 1 {
			t.Fatal("the former secret does not sign any more", w.recv.refused)
		}
		w.recv.set(200, y.Secret)
		if call() != 2 {
			t.Fatal("the new secret does not sign", w.recv.refused)
		}
		w.clock.add(25 * time.Hour)
		w.recv.set(200, first)
		if call() != 2 {
			t.Fatal("a former secret signs after its day")
		}
		_, err = w.Try(w.client, x.ID)
		must(t, err)
	})
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if e := fault.As(err); e == nil || e.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
