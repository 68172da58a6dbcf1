package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/app"
	"sidian/internal/auth"
	"sidian/internal/signature/ink/inktest"
	"sidian/ofd"
	"sidian/ofd/draw"
)

var update = flag.Bool("update", false, "write agreement.ofd anew")

// TestAgreement: the sample document is what this says.
func TestAgreement(t *testing.T) {
	t.Parallel()
	want := agreement(t)
	if *update {
		must(t, os.WriteFile("agreement.ofd", want, 0o600))
	}
	got, err := os.ReadFile("agreement.ofd")
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Error("agreement.ofd is another; run with -update")
	}
}

func agreement(t *testing.T) []byte {
	t.Helper()
	fonts, err := draw.Embedded()
	must(t, err)
	b := ofd.New(ofd.DocInfo{DocID: "5a3d1a2e0c6b4f7f9a1be2d3c4f5a6b7", Title: "样例协议", CreationDate: "2026-11-22", Creator: "sidian"})
	page := b.AddPage(210, 297)
	d := draw.New(b)
	c := d.Page(page)
	for _, x := range []struct {
		y    float64
		text string
		draw.Style
	}{
		{30, "样例协议", draw.Style{Font: fonts.Sans, Size: 9, Align: draw.Center}},
		{60, "双方约定如下：本协议为样例，不具有任何实际内容。", draw.Style{Font: fonts.Serif, Size: 5}},
		{180, "甲方（签字）：", draw.Style{Font: fonts.Serif, Size: 5}},
		{220, "乙方（签字）：", draw.Style{Font: fonts.Serif, Size: 5}},
	} {
		_, err := c.Text(ofd.Box{X: 25, Y: x.y, W: 160, H: 20}, x.text, x.Style)
		must(t, err)
	}
	must(t, d.Finish())
	made, err := b.Build()
	must(t, err)
	data, err := made.Bytes()
	must(t, err)
	return data
}

// TestSigning runs the example against a county.
func TestSigning(t *testing.T) {
	t.Parallel()
	w := county(t)
	t.Run("two sign", w.twoSign)
	t.Run("may not be called", w.mayNotBeCalled)
}

// twoSign: two people sign in order, the webhooks tell of it, and what was signed
// verifies with its evidence.
func (w *world) twoSign(t *testing.T) {
	out, printed := t.TempDir(), &told{}
	ended := make(chan error, 1)
	go func() {
		ended <- sign(t.Context(), options{
			Credentials: w.credentials, File: "agreement.ofd", Signers: "signers.json", Title: "样例协议",
			Listen: w.listen, URL: w.between.URL, Out: out, Poll: time.Hour, // only a webhook wakes it
		}, printed)
	}()
	for i, username := range []string{"zhang", "li"} {
		m := printed.next(t, fmt.Sprintf(`(?m)^%d .*: (.*/s/sign/\S+)$`, i+1), ended)
		w.signs(t, username, m[1], i+1)
	}
	select {
	case err := <-ended:
		must(t, err)
	case <-time.After(2 * time.Minute):
		t.Fatalf("it did not come to its end:\n%s", printed)
	}
	for _, want := range []string{": 2 of 2 have signed", "signed.ofd: valid", "evidence.ofd: valid"} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("it did not say %q:\n%s", want, printed)
		}
	}
	data, err := os.ReadFile(filepath.Join(out, "signed.ofd"))
	must(t, err)
	if d, err := ofd.Open(data); err != nil || len(d.Signatures()) != 2 {
		t.Errorf("the document has not two signatures: %v", err)
	}
	w.replays(t)
}

// replays sends what came in again, to the receiver that came to its end with
// its program: what it makes of it is asked of one that has the same secret.
func (w *world) replays(t *testing.T) {
	t.Helper()
	calls := w.recorded()
	if len(calls) == 0 {
		t.Fatal("no webhook came in")
	}
	if n := w.subscriptions(t); n != 0 {
		t.Errorf("%d subscriptions are left behind", n)
	}
	r, err := newReceiver(w.secret(t))
	must(t, err)
	one := calls[0]
	one.sign(r.secret, one.stamp)
	for _, tc := range []struct {
		name string
		call func(c *recorded)
		want int
	}{
		{"as it came", func(*recorded) {}, 204},
		{"again", func(*recorded) {}, 204},
		{"with another body", func(c *recorded) { c.body = append(bytes.Clone(c.body), ' ') }, 401},
		{"under another id", func(c *recorded) { c.id += "x" }, 401},
		{"with the time set right", func(c *recorded) { c.stamp = fmt.Sprint(time.Now().Add(time.Minute).Unix()) }, 401},
		{"an hour later", func(c *recorded) { c.sign(r.secret, fmt.Sprint(time.Now().Add(-time.Hour).Unix())) }, 401},
		{"from tomorrow", func(c *recorded) { c.sign(r.secret, fmt.Sprint(time.Now().Add(time.Hour).Unix())) }, 401},
		{"without a signature", func(c *recorded) { c.signature = "" }, 401},
		{"signed by somebody else", func(c *recorded) { c.sign([]byte("another secret"), c.stamp) }, 401},
		{"of another form", func(c *recorded) { c.body = []byte("[]"); c.sign(r.secret, c.stamp) }, 400},
		{"large", func(c *recorded) { c.body = bytes.Repeat([]byte(" "), maxBody+1) }, 400},
	} {
		c := one
		tc.call(&c)
		if got := c.to(r); got != tc.want {
			t.Errorf("a call %s is answered with %d, want %d", tc.name, got, tc.want)
		}
	}
	if len(r.events) != 1 {
		t.Errorf("%d events were taken, want the one", len(r.events))
	}
}

// TestReceiverIsFull: what there is no room for is asked for again.
func TestReceiverIsFull(t *testing.T) {
	t.Parallel()
	r, err := newReceiver("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0")
	must(t, err)
	call := func(i int) int {
		c := recorded{id: fmt.Sprint(i), body: fmt.Appendf(nil, `{"id":"%d","type":"signature.signed"}`, i)}
		c.sign(r.secret, fmt.Sprint(time.Now().Unix()))
		return c.to(r)
	}
	for i := range cap(r.events) {
		if got := call(i); got != 204 {
			t.Fatalf("call %d: %d", i, got)
		}
	}
	if got := call(1000); got != 503 {
		t.Errorf("one too many is answered with %d", got)
	}
	<-r.events
	if got := call(1000); got != 204 {
		t.Errorf("and then with %d", got)
	}
}

// mayNotBeCalled: where the platform may not call this machine, the state is asked
// for; and what is wrong with a request is told by field.
func (w *world) mayNotBeCalled(t *testing.T) {
	var printed bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	a := w.api(t)
	must(t, a.authorise(ctx))
	events, end, err := a.listen(ctx, options{Listen: "127.0.0.1:0", URL: "http://elsewhere.example/"}, &printed)
	must(t, err)
	end()
	if events != nil || !strings.Contains(printed.String(), "outgoing.hosts") {
		t.Errorf("it said %s", &printed)
	}
	bad := filepath.Join(t.TempDir(), "signers.json")
	must(t, os.WriteFile(bad, []byte(`[{"name":"张样例","citizen":"1"}]`), 0o600))
	_, err = a.begin(ctx, options{File: "agreement.ofd", Signers: bad, Title: "样例协议"})
	if err == nil || !strings.Contains(err.Error(), "422 signature.request") || !strings.Contains(err.Error(), "signers[0].citizen") {
		t.Errorf("a wrong request: %v", err)
	}
}

// A world is a county that is served, with something between it and the
// receiver that writes down what it calls.
type world struct {
	base, credentials, listen string
	creds                     *app.Credentials
	between                   *httptest.Server

	mu    sync.Mutex
	calls []recorded
}

func county(t *testing.T) *world {
	t.Helper()
	w := &world{listen: free(t)}
	w.between = httptest.NewServer(http.HandlerFunc(w.pass))
	t.Cleanup(w.between.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w.base = "http://" + l.Addr().String()
	c := app.CountyConf(filepath.Join(t.TempDir(), "county"), w.base, "")
	c.Outgoing.Hosts, c.Outgoing.Private = []string{"127.0.0.1"}, []string{"127.0.0.1"}
	a, creds, err := app.CreateCounty(t.Context(), c, app.Options{Log: io.Discard})
	must(t, err)
	must(t, a.Close())
	a, err = app.Open(t.Context(), c, app.Options{Mark: app.Mark, Log: io.Discard})
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- a.Run(ctx, l) }()
	t.Cleanup(func() { stop(); must(t, <-served) })
	w.creds, creds.Base = creds, w.base
	b, err := json.Marshal(creds)
	must(t, err)
	w.credentials = filepath.Join(t.TempDir(), "credentials.json")
	must(t, os.WriteFile(w.credentials, b, 0o600))
	return w
}

// free is an address where nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

func (w *world) api(t *testing.T) *api {
	t.Helper()
	return &api{base: w.base, id: w.creds.Apps[0].ClientID, secret: w.creds.Apps[0].ClientSecret, http: &http.Client{Timeout: time.Minute}}
}

func (w *world) subscriptions(t *testing.T) int {
	t.Helper()
	var list struct{ Items []subscription }
	must(t, w.api(t).json(t.Context(), "GET", "/api/v1/webhooks", nil, &list))
	return len(list.Items)
}

// secret is that of a subscription that nobody uses.
func (w *world) secret(t *testing.T) string {
	t.Helper()
	s, err := w.api(t).subscribe(t.Context(), w.between.URL)
	must(t, err)
	return s.Secret
}

// signs has a person sign in their browser, by what a page there sends.
func (w *world) signs(t *testing.T, username, link string, number int) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	p, secret := &person{base: w.base, http: &http.Client{Jar: jar}}, ""
	for _, u := range w.creds.Users {
		if u.Username == username {
			p.do(t, "POST", "/login/session", map[string]string{"username": u.Username, "password": u.Password}, nil)
			secret = u.TOTP
		}
	}
	var opened struct{ Task string }
	p.do(t, "GET", strings.TrimPrefix(link, w.base)+"/task", nil, &opened)
	at := fmt.Sprintf("/api/v1/signature-tasks/%s/signers/%d", opened.Task, number)
	p.do(t, "POST", "/api/v1/signature", nil, nil)
	var scene struct {
		Task   struct{ Original string }
		Intent struct{ Version string }
	}
	p.do(t, "POST", at+"/view", nil, &scene)
	p.do(t, "POST", at+"/drawing", json.RawMessage(inktest.Drawing(number).JSON()), nil)
	code, err := auth.Code(secret, time.Now())
	must(t, err)
	p.do(t, "POST", at+"/sign", map[string]string{"code": code, "original": scene.Task.Original, "intent": scene.Intent.Version}, nil)
}

type person struct {
	base string
	http *http.Client
}

func (p *person) do(t *testing.T, method, path string, in, into any) {
	t.Helper()
	body, err := json.Marshal(in)
	must(t, err)
	if in == nil {
		body = nil
	}
	q, err := http.NewRequestWithContext(t.Context(), method, p.base+path, bytes.NewReader(body))
	must(t, err)
	q.Header.Set("Origin", p.base)
	if in != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	res, err := p.http.Do(q)
	must(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode > 299 {
		t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, b)
	}
	if into != nil {
		must(t, json.Unmarshal(b, into))
	}
}

// recorded is a call of the platform.
type recorded struct {
	id, stamp, signature string
	body                 []byte
}

// sign gives the call a time, and the signature that fits.
func (c *recorded) sign(secret []byte, stamp string) {
	c.stamp = stamp
	c.signature = "v1," + mac(secret, c.id, stamp, c.body)
}

func (c *recorded) to(h http.Handler) int {
	q := httptest.NewRequest("POST", "/", bytes.NewReader(c.body))
	q.Header.Set("webhook-id", c.id)
	q.Header.Set("webhook-timestamp", c.stamp)
	q.Header.Set("webhook-signature", c.signature)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, q)
	return rec.Code
}

// pass hands a call on to the receiver, twice: the second must change nothing.
func (w *world) pass(rw http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	w.calls = append(w.calls, recorded{q.Header.Get("webhook-id"), q.Header.Get("webhook-timestamp"), q.Header.Get("webhook-signature"), body})
	w.mu.Unlock()
	status := http.StatusBadGateway
	for range 2 {
		out, err := http.NewRequestWithContext(q.Context(), "POST", "http://"+w.listen+"/", bytes.NewReader(body))
		if err != nil {
			break
		}
		out.Header = q.Header.Clone()
		res, err := http.DefaultClient.Do(out)
		if err != nil {
			break
		}
		res.Body.Close()
		status = res.StatusCode
	}
	rw.WriteHeader(status)
}

func (w *world) recorded() []recorded {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls
}

// told is what the program prints, read while it runs.
type told struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *told) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *told) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// next waits until the program has printed something.
func (l *told) next(t *testing.T, pattern string, ended chan error) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for range 6000 {
		if m := re.FindStringSubmatch(l.String()); m != nil {
			return m
		}
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v\n%s", err, l)
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("it did not print %s:\n%s", pattern, l)
	return nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
