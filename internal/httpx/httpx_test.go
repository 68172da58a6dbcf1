package httpx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
)

// badge is an Authorizer for tests: the header Badge names the caller and what
// they may do, "li:thing.make,thing.read"; the header Cookie makes a browser.
type badge struct{}

type badgeKey struct{}

func (badge) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	name, may, ok := strings.Cut(r.Header.Get("Badge"), ":")
	if !ok {
		return r.Context(), httpx.Caller{}, nil
	}
	if name == "forged" {
		return r.Context(), httpx.Caller{}, fault.Unauthorized.New("证件无效").WithCode("badge")
	}
	return context.WithValue(r.Context(), badgeKey{}, may), httpx.Caller{ID: "account/" + name, Browser: r.Header.Get("Cookie") != ""}, nil
}

func (badge) Permit(ctx context.Context, permissions []string) error {
	may, _ := ctx.Value(badgeKey{}).(string)
	for _, p := range permissions {
		for _, has := range strings.Split(may, ",") {
			if p == has {
				return nil
			}
		}
	}
	return fault.Forbidden.New("没有权限").WithCode("permission").WithHint("请联系管理员")
}

type part struct {
	ID   string `json:"id" pattern:"^[0-9]{3}$" patternDescription:"三位数字"`
	Kind string `json:"kind" enum:"person,legal"`
}

type makeThing struct {
	Box    string    `path:"box" maxLength:"5"`
	Dry    bool      `query:"dry"`
	Limit  int       `query:"limit" default:"7" minimum:"1" maximum:"9"`
	Since  time.Time `query:"since"`
	Tags   []string  `query:"tags"`
	Name   string    `json:"name" minLength:"2"`
	Parts  []part    `json:"parts,omitempty" maxItems:"2"`
	Amount int8      `json:"amount,omitempty"`
	Mail   string    `json:"mail,omitempty" format:"email"`
}

func (r makeThing) Validate() error {
	if r.Name == "forbidden" {
		return fault.Invalid.New("名称不可用").WithCode("thing.name").WithField("name", "thing.name", "不可用")
	}
	return nil
}

type thing struct {
	ID    string   `json:"id"`
	Limit int      `json:"limit"`
	Tags  []string `json:"tags"`
	Count int64    `json:"count"`
}

func (thing) StatusCode() int    { return http.StatusCreated }
func (t thing) Location() string { return "/things/" + t.ID }

type shop struct {
	*httpx.Router
	log bytes.Buffer
}

func newShop(t *testing.T, opts httpx.Options, mount func(*httpx.Router)) *shop {
	t.Helper()
	s := &shop{}
	opts.Title, opts.Version, opts.Authorizer = "test", "1", badge{}
	opts.Log = slog.New(slog.NewTextHandler(&s.log, nil))
	s.Router = httpx.New(opts)
	mount(s.Router)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

func make1(ctx context.Context, r makeThing) (thing, error) {
	return thing{ID: r.Box + "-" + r.Name, Limit: r.Limit, Tags: r.Tags}, nil
}

func (s *shop) do(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		if header[i] == "remote" {
			r.RemoteAddr = header[i+1]
			continue
		}
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

const may = "li:thing.make"

func TestHandle(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{}, func(r *httpx.Router) {
		httpx.Handle(r, "POST /boxes/{box}/things", httpx.Needs("thing.make"), make1)
	})
	for name, tc := range map[string]struct {
		target, body string
		header       []string
		status       int
		want         []string
		never        string
	}{
		"made":              {"/boxes/b1/things?tags=x,y", `{"name":"ab"}`, []string{"Badge", may}, 201, []string{`"b1-ab"`, `"limit":7`, `["x","y"]`}, ""},
		"stranger":          {"/boxes/b1/things", `{"name":"ab"}`, nil, 401, []string{"auth.required"}, ""},
		"forged":            {"/boxes/b1/things", `{"name":"ab"}`, []string{"Badge", "forged:thing.make"}, 401, []string{`"badge"`}, ""},
		"wrong role":        {"/boxes/b1/things", `{`, []string{"Badge", "li:thing.read"}, 403, []string{`"permission"`, "请联系管理员"}, ""},
		"unknown field":     {"/boxes/b1/things", `{"name":"ab","nmae":"Geheim"}`, []string{"Badge", may}, 422, []string{`"field":"nmae"`, "是否想写 name", `"unknown"`}, "Geheim"},
		"unknown inner":     {"/boxes/b1/things", `{"name":"ab","parts":[{"id":"123","kind":"person","knid":"Geheim"}]}`, []string{"Badge", may}, 422, []string{`"field":"parts[0].knid"`, "是否想写 kind"}, "Geheim"},
		"other case":        {"/boxes/b1/things", `{"Name":"ab"}`, []string{"Badge", may}, 422, []string{`"field":"Name"`}, ""},
		"path in body":      {"/boxes/b1/things", `{"name":"ab","Box":"b2"}`, []string{"Badge", may}, 422, []string{`"field":"Box"`}, ""},
		"missing":           {"/boxes/b1/things", `{}`, []string{"Badge", may}, 422, []string{`"field":"name"`, "必填", `"required"`}, ""},
		"missing inner":     {"/boxes/b1/things", `{"name":"ab","parts":[{"id":"123"}]}`, []string{"Badge", may}, 422, []string{`"field":"parts[0].kind"`, `"required"`}, ""},
		"enum":              {"/boxes/b1/things", `{"name":"ab","parts":[{"id":"123","kind":"Geheim"}]}`, []string{"Badge", may}, 422, []string{`"enum"`, "person, legal"}, "Geheim"},
		"pattern":           {"/boxes/b1/things", `{"name":"ab","parts":[{"id":"Geheim","kind":"person"}]}`, []string{"Badge", may}, 422, []string{"三位数字"}, "Geheim"},
		"email":             {"/boxes/b1/things", `{"name":"ab","mail":"Geheim@@"}`, []string{"Badge", may}, 422, []string{"format.email", `"应为电子邮箱地址"`}, "Geheim"},
		"too many":          {"/boxes/b1/things", `{"name":"ab","parts":[{},{},{}]}`, []string{"Badge", may}, 422, []string{`"max-items"`}, ""},
		"wrong type":        {"/boxes/b1/things", `{"name":{"Geheim":1}}`, []string{"Badge", may}, 422, []string{`"type.string"`}, "Geheim"},
		"beyond its range":  {"/boxes/b1/things", `{"name":"ab","amount":4711}`, []string{"Badge", may}, 422, []string{`"amount"`}, "4711"},
		"not json":          {"/boxes/b1/things", `{"name":Geheim}`, []string{"Badge", may}, 400, []string{"json.syntax"}, "eheim"},
		"same name twice":   {"/boxes/b1/things", `{"name":"a","name":"b"}`, []string{"Badge", may}, 400, []string{"json.duplicate"}, ""},
		"not UTF-8":         {"/boxes/b1/things", "{\"name\":\"\xff\xfe\"}", []string{"Badge", may}, 400, []string{"json.encoding"}, ""},
		"empty":             {"/boxes/b1/things", ``, []string{"Badge", may}, 400, []string{"json.syntax"}, ""},
		"other media":       {"/boxes/b1/things", `name=ab`, []string{"Badge", may, "Content-Type", "application/x-www-form-urlencoded"}, 415, []string{"media-type"}, ""},
		"text hides a form": {"/boxes/b1/things", `{"name":"ab"}`, []string{"Badge", may, "Content-Type", "text/plain"}, 415, []string{"media-type"}, ""},
		"query number":      {"/boxes/b1/things?limit=Geheim", `{"name":"ab"}`, []string{"Badge", may}, 422, []string{`"field":"limit"`, "type.integer"}, "Geheim"},
		"query bound":       {"/boxes/b1/things?limit=10", `{"name":"ab"}`, []string{"Badge", may}, 422, []string{`"maximum"`}, ""},
		"query bool":        {"/boxes/b1/things?dry=maybe", `{"name":"ab"}`, []string{"Badge", may}, 422, []string{`"type.boolean"`}, ""},
		"query time":        {"/boxes/b1/things?since=gestern", `{"name":"ab"}`, []string{"Badge", may}, 422, []string{`"format.date-time"`}, "gestern"},
		"unknown query":     {"/boxes/b1/things?limt=2", `{"name":"ab"}`, []string{"Badge", may}, 422, []string{`"field":"limt"`, "是否想写 limit"}, ""},
		"path bound":        {"/boxes/toolong/things", `{"name":"ab"}`, []string{"Badge", may}, 422, []string{`"field":"box"`, `"max-length"`}, "toolong"},
		"several at once":   {"/boxes/b1/things?limit=0", `{"x":1}`, []string{"Badge", may}, 422, []string{`"limit"`, `"x"`, `"name"`}, ""},
		"own rule":          {"/boxes/b1/things", `{"name":"forbidden"}`, []string{"Badge", may}, 422, []string{"thing.name", "名称不可用"}, ""},
		"oversize":          {"/boxes/b1/things", `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, []string{"Badge", may}, 413, []string{"body.too-large"}, "xxxx"},
		"long address":      {"/boxes/" + strings.Repeat("x", 9000) + "/things", ``, []string{"Badge", may}, 414, []string{"url.too-long"}, "xxxx"},
		"no such route":     {"/nowhere", ``, nil, 404, []string{"route.unknown"}, ""},
		"forged write":      {"/boxes/b1/things", `{"name":"ab"}`, []string{"Badge", may, "Cookie", "x=y", "Sec-Fetch-Site", "cross-site"}, 403, []string{"cross-origin"}, ""},
		"program elsewhere": {"/boxes/b1/things", `{"name":"ab"}`, []string{"Badge", may, "Origin", "https://other.example"}, 201, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := s.do("POST", tc.target, tc.body, tc.header...)
			body := w.Body.String()
			if w.Code != tc.status {
				t.Fatalf("status %d, want %d: %s", w.Code, tc.status, body)
			}
			for _, want := range tc.want {
				if !strings.Contains(body, want) {
					t.Errorf("%q is missing: %s", want, body)
				}
			}
			if tc.never != "" && strings.Contains(body, tc.never) {
				t.Errorf("the answer repeats what was sent: %s", body)
			}
			if tc.status >= 400 {
				checkProblem(t, w)
			} else if w.Header().Get("Location") != "/things/b1-ab" {
				t.Errorf("Location %q", w.Header().Get("Location"))
			}
		})
	}
}

// checkProblem holds for every refusal: RFC 9457, Chinese, with a code.
func checkProblem(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("a problem of type %s", ct)
	}
	var p httpx.Problem
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if p.Status != w.Code || p.Code == "" || p.Title == "" || p.Detail == "" || p.RequestID == "" || p.Type != "/docs#status-"+strconv.Itoa(w.Code) {
		t.Errorf("an incomplete problem: %+v", p)
	}
	if w.Header().Get("X-Request-Id") != p.RequestID {
		t.Error("the problem and the header name different requests")
	}
}

func TestEveryAnswerIsSecured(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{}, func(r *httpx.Router) {
		httpx.HandlePage(r, "GET /page", httpx.Public(), func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.WriteString(w, "hello")
			return err
		})
	})
	for _, target := range []string{"/page", "/nowhere"} {
		h := s.do("GET", target, "").Header()
		csp := h.Get("Content-Security-Policy")
		for _, bad := range []string{"unsafe", "*", "http:", "https:"} {
			if strings.Contains(csp, bad) {
				t.Errorf("%s: the policy makes an exception: %s", target, csp)
			}
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", target, name, h.Get(name))
			}
		}
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: %s", target, csp)
		}
	}
	w := s.do("POST", "/page", "")
	if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("another method: %d, %q", w.Code, w.Header().Get("Allow"))
	}
	checkProblem(t, w)
}

func TestInternalErrorsStayInside(t *testing.T) {
	t.Parallel()
	type q struct {
		How string `path:"how"`
	}
	s := newShop(t, httpx.Options{}, func(r *httpx.Router) {
		httpx.Handle(r, "GET /fail/{how}", httpx.Public(), func(_ context.Context, r q) (thing, error) {
			switch r.How {
			case "panic":
				panic("张三 110101199003070011")
			case "index":
				var list []int
				return thing{Limit: list[len(r.How)]}, nil
			case "unavailable":
				return thing{}, fault.Unavailable.Wrap(errors.New("dial 10.0.0.7"), "时间戳服务不可用")
			}
			return thing{}, errors.New("sql: connection to 10.0.0.7 refused")
		})
	})
	for how, tc := range map[string]struct {
		status int
		logged string
	}{"error": {500, "10.0.0.7"}, "panic": {500, "panic"}, "index": {500, "index out of range"}, "unavailable": {503, "10.0.0.7"}} {
		w := s.do("GET", "/fail/"+how, "")
		if w.Code != tc.status {
			t.Errorf("%s: status %d", how, w.Code)
		}
		for _, secret := range []string{"10.0.0.7", "张三", "sql", "goroutine"} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%s: %q leaves the process: %s", how, secret, w.Body)
			}
		}
		if !strings.Contains(s.log.String(), tc.logged) {
			t.Errorf("%s: the log lacks %q", how, tc.logged)
		}
		checkProblem(t, w)
	}
	if strings.Contains(s.log.String(), "110101199003070011") {
		t.Error("a panic's text, with personal data, stands in the log")
	}
	if strings.Contains(s.log.String(), "/fail/error") {
		t.Error("the access log shows a path instead of a pattern")
	}
}

func TestHandlerRunsOutOfTime(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{}, func(r *httpx.Router) {
		httpx.Handle(r, "GET /slow", httpx.Public(), func(ctx context.Context, _ struct{}) (thing, error) {
			<-ctx.Done()
			return thing{}, ctx.Err()
		}, httpx.Timeout(time.Millisecond))
	})
	if w := s.do("GET", "/slow", ""); w.Code != 503 || !strings.Contains(w.Body.String(), `"timeout"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{RateLimit: httpx.Rate{PerSecond: 0.001, Burst: 2}}, func(r *httpx.Router) {
		httpx.Handle(r, "GET /x", httpx.Public(), func(context.Context, struct{}) (httpx.Empty, error) { return httpx.Empty{}, nil })
	})
	var codes []int
	for range 3 {
		codes = append(codes, s.do("GET", "/x", "", "remote", "192.0.2.1:1").Code)
	}
	if codes[0] != 204 || codes[1] != 204 || codes[2] != 429 {
		t.Errorf("got %v", codes)
	}
	if w := s.do("GET", "/x", "", "remote", "192.0.2.1:2"); w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if w := s.do("GET", "/x", "", "remote", "192.0.2.2:1"); w.Code != 204 {
		t.Errorf("another address: %d", w.Code)
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	var got httpx.Meta
	s := newShop(t, httpx.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, func(r *httpx.Router) {
		httpx.Handle(r, "GET /x", httpx.Public(), func(ctx context.Context, _ struct{}) (httpx.Empty, error) {
			got = httpx.MetaFrom(ctx)
			return httpx.Empty{}, nil
		})
	})
	for name, tc := range map[string]struct {
		remote, forwarded, proto, want string
		secure                         bool
	}{
		"direct":             {"192.0.2.1:9", "", "", "192.0.2.1", false},
		"direct that lies":   {"192.0.2.1:9", "203.0.113.5", "https", "192.0.2.1", false},
		"by proxy":           {"10.1.1.1:9", "203.0.113.5", "https", "203.0.113.5", true},
		"by proxies":         {"10.1.1.1:9", "203.0.113.5, 10.2.2.2", "", "203.0.113.5", false},
		"left part is a lie": {"10.1.1.1:9", "1.2.3.4, 203.0.113.5", "", "203.0.113.5", false},
		"rubbish":            {"10.1.1.1:9", "rubbish", "", "10.1.1.1", false},
		"mapped":             {"[::ffff:192.0.2.1]:9", "", "", "192.0.2.1", false},
	} {
		header := []string{"remote", tc.remote}
		if tc.forwarded != "" {
			header = append(header, "X-Forwarded-For", tc.forwarded, "X-Forwarded-Proto", tc.proto)
		}
		s.do("GET", "/x", "", header...)
		if got.Address.String() != tc.want || got.Secure != tc.secure {
			t.Errorf("%s: %s, secure %v", name, got.Address, got.Secure)
		}
	}
}

func TestFilesAndForms(t *testing.T) {
	t.Parallel()
	type upload struct{ Form *multipart.Form }
	type raw struct {
		RawBody []byte `contentType:"application/timestamp-query"`
	}
	s := newShop(t, httpx.Options{}, func(r *httpx.Router) {
		httpx.Handle(r, "GET /file", httpx.Public(), func(context.Context, struct{}) (httpx.File, error) {
			return httpx.File{Name: "证照.ofd", MediaType: "application/ofd", Data: []byte("0123456789"), ETag: "e1", MaxAge: time.Minute, Public: true}, nil
		})
		httpx.Handle(r, "POST /upload", httpx.Public(), func(_ context.Context, r upload) (thing, error) {
			return thing{ID: r.Form.File["file"][0].Filename}, nil
		}, httpx.MaxBody(1000))
		httpx.Handle(r, "POST /raw", httpx.Public(), func(_ context.Context, r raw) (httpx.File, error) {
			return httpx.File{MediaType: "application/x", Data: r.RawBody}, nil
		})
	})
	w := s.do("GET", "/file", "")
	if w.Body.String() != "0123456789" || w.Header().Get("Cache-Control") != "public, max-age=60" || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	if w := s.do("GET", "/file", "", "If-None-Match", `"e1"`); w.Code != 304 {
		t.Errorf("a known file: %d", w.Code)
	}
	if w := s.do("GET", "/file", "", "Range", "bytes=2-4"); w.Code != 206 || w.Body.String() != "234" {
		t.Errorf("a range: %d %s", w.Code, w.Body)
	}
	form := func(size int) (string, string) {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		f, err := m.CreateFormFile("file", "a.ofd")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String(), m.FormDataContentType()
	}
	body, ct := form(100)
	if w := s.do("POST", "/upload", body, "Content-Type", ct); w.Code != 201 || !strings.Contains(w.Body.String(), "a.ofd") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.do("POST", "/upload", body[:80], "Content-Type", ct); w.Code != 400 {
		t.Errorf("a torn form: %d %s", w.Code, w.Body)
	}
	body, ct = form(2000)
	if w := s.do("POST", "/upload", body, "Content-Type", ct); w.Code != 413 {
		t.Errorf("a large form: %d %s", w.Code, w.Body)
	}
	if w := s.do("POST", "/raw", "\x00\x01", "Content-Type", "application/timestamp-query"); w.Body.String() != "\x00\x01" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if w := s.do("POST", "/raw", "x", "Content-Type", "text/html"); w.Code != 415 {
		t.Errorf("other media: %d", w.Code)
	}
}
