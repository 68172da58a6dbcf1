package signing

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/seal/sealtest"
	"sidian/internal/signature"
	"sidian/internal/signature/ink/inktest"
	"sidian/internal/signature/signaturetest"
	"sidian/internal/web/page"
)

// site is the pages over an instance in which people sign; who asks is told by a
// header.
type site struct {
	*signaturetest.World
	*httptest.Server
	t      *testing.T
	people map[string]context.Context
	pages  *Service
}

// acting is the header that tells who asks.
const acting = "Acting"

// Identify makes people come by a browser.
func (s *site) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx := r.Context()
	who, ok := s.people[r.Header.Get(acting)]
	if !ok {
		return ctx, httpx.Caller{}, nil
	}
	p, _ := iam.From(who)
	return iam.With(ctx, p), httpx.Caller{ID: "account/" + p.Account, Browser: true}, nil
}

func (s *site) Permit(ctx context.Context, permissions []string) error {
	return s.IAM.Permit(ctx, permissions)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	s := &site{World: signaturetest.New(t, d), t: t, people: map[string]context.Context{}}
	kit, err := page.New(page.Options{})
	must(t, err)
	s.pages = &Service{Signature: s.Signature, IAM: s.IAM, Kit: kit, Demo: true, Find: s.find}
	must(t, s.pages.Load())
	r := httpx.New(httpx.Options{Title: "test", Authorizer: s, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler), SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	s.pages.Routes(r)
	s.Signature.Routes(r)
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	s.people["clerk"] = s.Clerk
	s.people["land"] = s.Hire(t, "landclerk", "clerk", sealtest.Land)
	s.people["keeper"] = s.Keeper
	s.Server = httptest.NewServer(r)
	t.Cleanup(s.Close)
	return s
}

// find knows one colleague.
func (s *site) find(_ context.Context, username string) (string, error) {
	if username == "signclerk" {
		return sealtest.Account(s.Clerk), nil
	}
	return "", fault.NotFound.New("没有这个用户名的工作人员").WithCode("account.unknown")
}

// person lets a holder come to the pages, by the name given.
func (s *site) person(as, name string) signaturetest.Person {
	s.t.Helper()
	p := s.Enrolled(s.t, name)
	s.people[as] = p.Ctx
	return p
}

// An answer is what a page said.
type answer struct {
	t      *testing.T
	status int
	to     string
	header http.Header
	body   string // as text: entities are resolved
}

func (s *site) do(who, method, path, media string, body io.Reader, header ...string) answer {
	s.t.Helper()
	q, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, body)
	must(s.t, err)
	q.Header.Set(acting, who)
	q.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		q.Header.Set("Content-Type", media)
		q.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Do(q)
	must(s.t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	must(s.t, err)
	return answer{s.t, r.StatusCode, r.Header.Get("Location"), r.Header, html.UnescapeString(string(b))}
}

func (s *site) get(who, path string, header ...string) answer {
	s.t.Helper()
	return s.do(who, http.MethodGet, path, "", nil, header...)
}

// post sends a form: pairs of names and values.
func (s *site) post(who, path string, pairs ...string) answer {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return s.do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// upload sends the form to begin a task with a document.
func (s *site) upload(who, path string, data []byte, fields map[string]string) answer {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		must(s.t, w.WriteField(k, v))
	}
	if data != nil {
		f, err := w.CreateFormFile("file", "协议.ofd")
		must(s.t, err)
		_, err = f.Write(data)
		must(s.t, err)
	}
	must(s.t, w.Close())
	return s.do(who, http.MethodPost, path, w.FormDataContentType(), &b)
}

var pictures = regexp.MustCompile(`data:image/[^"]*|d="M[^"]*"`)

// is fails unless the answer has the status and says the words.
func (a answer) is(status int, words ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d to %q, want %d\n%s", a.status, a.to, status, a.main())
	}
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			a.t.Fatalf("does not say %q:\n%s", w, a.main())
		}
	}
	return a
}

func (a answer) main() string {
	_, main, _ := strings.Cut(a.body, "<main")
	return pictures.ReplaceAllString(main, "…")
}

// lacks fails if the answer says one of the words.
func (a answer) lacks(words ...string) answer {
	a.t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			a.t.Fatalf("says %q:\n%s", w, a.main())
		}
	}
	return a
}

// leads fails unless the answer is done and leads to the address.
func (a answer) leads(to string) answer {
	a.t.Helper()
	if a.status != http.StatusSeeOther || a.to != to {
		a.t.Fatalf("status %d to %q, want 303 to %s\n%s", a.status, a.to, to, a.main())
	}
	return a
}

// twoSign is a form for two people behind the words of the document.
func twoSign(a, b signaturetest.Person) map[string]string {
	return map[string]string{
		"org": sealtest.Market, "title": "样例协议", "order": "sequence", "once": "1",
		"signers[0].name": a.Name, "signers[0].citizen": a.Citizen, "signers[0].role": "甲方", "signers[0].way": signature.Handwritten, "signers[0].where": "keyword", "signers[0].keyword": signaturetest.First,
		"signers[1].name": b.Name, "signers[1].citizen": b.Citizen, "signers[1].role": "乙方", "signers[1].way": signature.Handwritten, "signers[1].where": "keyword", "signers[1].keyword": signaturetest.Second,
	}
}

func with(form map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for k, v := range form {
		out[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// begun begins a task by the page, and returns its id.
func (s *site) begun(form map[string]string) string {
	s.t.Helper()
	a := s.upload("clerk", Home+"/new", signaturetest.Document(s.t), form)
	a.is(http.StatusSeeOther)
	return strings.TrimSuffix(strings.TrimPrefix(a.to, Home+"/"), "?done=new")
}

// written is a name as the page's script sends it.
func written() string { return string(inktest.Drawing(1).JSON()) }

// scene is what a signer is shown, as the page's script asks for it.
func (s *site) scene(who, id, number string) (out signature.Scene) {
	s.t.Helper()
	a := s.get(who, "/api/v1/signature-tasks/"+id+"/signers/"+number, "Accept", "application/json").is(http.StatusOK)
	must(s.t, json.Unmarshal([]byte(a.body), &out))
	return out
}

// signs goes the whole way by the pages.
func (s *site) signs(who, id, number string) answer {
	s.t.Helper()
	at := Sign + "/" + id + "/" + number
	s.get(who, at).is(http.StatusOK, "下一步：手写签名", "拒绝签署")
	s.post(who, at+"/write", "drawing", written()).leads(at + "/confirm")
	s.get(who, at+"/confirm").is(http.StatusOK, "自愿以本人的电子签名签署", "一次性口令", "/login/dev/codes")
	scene := s.scene(who, id, number)
	s.post(who, at+"/confirm", "agree", "1", "code", " １２３ 456", "original", scene.Task.Original, "intent", scene.Intent.Version).leads(at + "/done")
	return s.get(who, at+"/done").is(http.StatusOK, "全程未打印", "下载文件")
}
