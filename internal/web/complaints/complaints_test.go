package complaints

import (
	"bytes"
	"context"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/complaint/complainttest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

const acting = "Acting"

// desk makes the people of a world come by a browser: who asks is told by a header.
type desk struct {
	*iam.Service
	people map[string]context.Context
}

func (d desk) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	who, ok := d.people[r.Header.Get(acting)]
	if !ok {
		return r.Context(), httpx.Caller{}, nil
	}
	p, _ := iam.From(who)
	return iam.With(r.Context(), p), httpx.Caller{ID: "account/" + p.Account, Browser: true}, nil
}

type site struct {
	*complainttest.World
	h http.Handler
	t *testing.T
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w := complainttest.New(t, d)
	kit, err := page.New(page.Options{})
	must(t, err)
	s := &Service{Kit: kit, Complaints: w.Complaint}
	must(t, s.Load())
	people := map[string]context.Context{"holder": w.Holder, "neighbour": w.Neighbour, "unverified": w.Stranger, "clerk": w.Clerk, "other": w.Other, "county": w.OfCounty, "city": w.OfCity, "supervisor": w.Supervisor}
	r := httpx.New(httpx.Options{Title: "test", Version: "1", Authorizer: desk{w.IAM, people}, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler)})
	s.Routes(r)
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	return &site{w, r, t}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) do(who, method, path, media string, body io.Reader, from string, status int, words ...string) string {
	s.t.Helper()
	q := httptest.NewRequestWithContext(s.t.Context(), method, path, body)
	q.Header.Set(acting, who)
	q.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		q.Header.Set("Content-Type", media)
		q.Header.Set("Sec-Fetch-Site", from)
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, q)
	text := html.UnescapeString(w.Body.String())
	if w.Code != status {
		s.t.Errorf("%s %s by %s: %d, want %d\n%.1500s", method, path, who, w.Code, status, text)
	}
	for _, x := range words {
		if !strings.Contains(text, x) {
			s.t.Errorf("%s %s by %s does not say %q:\n%.3000s", method, path, who, x, text)
		}
	}
	return text + w.Header().Get("Location")
}

func (s *site) get(who, path string, status int, words ...string) string {
	s.t.Helper()
	return s.do(who, http.MethodGet, path, "", nil, "", status, words...)
}

func (s *site) post(who, path string, form url.Values, status int, words ...string) string {
	s.t.Helper()
	return s.do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), "same-origin", status, words...)
}

// filing is the form of a filing, as a browser sends it.
func (s *site) filing(change map[string]string, document []byte) (media string, body *bytes.Buffer) {
	f := s.Filing(complainttest.Market)
	fields := map[string]string{"org": f.Org, "what": f.What, "way": f.Way, "happened": f.Happened, "text": f.Text, "item": f.Item, "number": f.Number}
	for k, v := range change {
		fields[k] = v
	}
	body = &bytes.Buffer{}
	m := multipart.NewWriter(body)
	for k, v := range fields {
		must(s.t, m.WriteField(k, v))
	}
	if document != nil {
		p, err := m.CreateFormFile("document", "文件.ofd")
		must(s.t, err)
		_, err = p.Write(document)
		must(s.t, err)
	}
	must(s.t, m.Close())
	return m.FormDataContentType(), body
}

func (s *site) file(who, from string, change map[string]string, document []byte, status int, words ...string) string {
	s.t.Helper()
	media, body := s.filing(change, document)
	return s.do(who, http.MethodPost, Wallet+"/new", media, body, from, status, words...)
}

// From the filing to the report, and what each page leaves out.
func TestPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.get("holder", Wallet, 200, "还没有投诉")
		s.get("holder", Wallet+"/new?q=市场", 200, "青禾县市场监督管理局")
		s.get("holder", Wallet+"/new?org=nowhere", 200, "哪个单位")
		to := s.file("holder", "same-origin", nil, complainttest.OFD(t, "x"), 303)
		to = to[strings.LastIndex(to, Wallet):]
		if again := s.file("holder", "same-origin", nil, nil, 303); !strings.Contains(again, "done=already") {
			t.Errorf("the same again leads to %s", again)
		}
		own, _, _ := strings.Cut(to, "?")
		id := strings.TrimPrefix(own, Wallet+"/")
		s.get("holder", to, 200, "投诉已提交", complainttest.HolderCitizen, "您不用再做什么", "不告诉被投诉单位")
		at := Home + "/" + id
		text := s.get("clerk", at, 200, "轮到您", "说明情况", "未公开") + s.get("clerk", Home, 200, "待我单位办理")
		for _, x := range []string{complainttest.HolderName, complainttest.HolderCitizen, "青禾证"} {
			if strings.Contains(text, x) {
				t.Errorf("the unit reads %s", x)
			}
		}
		s.post("clerk", at+"/explanation", url.Values{"text": {""}}, 422, "须填写情况说明")
		s.post("clerk", at+"/explanation", url.Values{"text": {"说明"}}, 303)
		s.post("clerk", at+"/explanation", url.Values{"text": {"再来"}}, 409, "现在是")
		s.post("county", at+"/decision", url.Values{"outcome": {"exempt"}, "opinion": {"不适用"}}, 422, "依据")
		s.post("county", at+"/decision", url.Values{"outcome": {"upheld"}, "opinion": {"属实"}}, 303)
		s.post("clerk", at+"/rectification", url.Values{"text": {"已改正"}}, 303)
		s.post("county", at+"/confirmation", url.Values{"decision": {"return"}}, 422, "须填写理由")
		s.post("county", at+"/confirmation", url.Values{"decision": {"what"}}, 422)
		s.post("county", at+"/confirmation", url.Values{"decision": {"accept"}}, 303)
		s.get("county", at+"?done=confirmed", 200, "已确认改正", "张**")
		s.get("supervisor", Report, 200, "青禾县市场监督管理局", "导出 XLSX", "<svg class=\"bars\"")
		s.get("supervisor", Report+"?from=x", 422, "月份不正确")
		s.get("supervisor", Report+"/file?format=csv", 200, "单位,月份")
	})
}

// Who may not, from elsewhere, twice, and with what is no document.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.file("holder", "cross-site", nil, nil, 403)
		s.file("clerk", "same-origin", nil, nil, 403)
		s.file("unverified", "same-origin", nil, nil, 403)
		s.file("holder", "same-origin", map[string]string{"text": "", "what": ""}, nil, 422, "请写明经过", "请选择发生了什么")
		s.file("holder", "same-origin", nil, []byte("MZ hostile"), 422, "只能上传 OFD")
		s.file("holder", "same-origin", map[string]string{"text": ""}, complainttest.OFD(t, "x"), 422, "刚才选的文件没有保存")
		s.do("holder", http.MethodPost, Wallet+"/new?org="+complainttest.Market, "multipart/form-data; boundary=b", strings.NewReader("--b\r\ncut off"), "same-origin", 422, "没有传完", "第 2 步")
		s.file("holder", "same-origin", map[string]string{"text": `<script>alert(1)</script>`, "what": ""}, nil, 422)
		c := s.File(t, complainttest.Market)
		own, at := Wallet+"/"+c.ID, Home+"/"+c.ID
		for who, path := range map[string]string{"neighbour": own, "other": at, "city": at + "/document", "supervisor": at, "clerk": at + "/document", "unverified": own} {
			text := s.get(who, path, map[string]int{"neighbour": 404, "other": 404, "city": 404, "supervisor": 403, "clerk": 404, "unverified": 403}[who])
			if strings.Contains(text, "只认盖红章") {
				t.Errorf("%s reads it at %s", who, path)
			}
		}
		s.post("neighbour", own+"/withdraw", nil, 404)
		s.do("holder", http.MethodPost, own+"/withdraw", "application/x-www-form-urlencoded", strings.NewReader(""), "cross-site", 403)
		s.post("clerk", at+"/decision", url.Values{"outcome": {"dismissed"}, "opinion": {"x"}}, 403)
		s.post("county", at+"/decision", url.Values{"outcome": {"dismissed"}, "opinion": {"x"}}, 409, "说明期限还没有到")
		s.post("county", at+"/explanation", url.Values{"text": {"x"}}, 403)
		s.get("clerk", Home+"?unit="+complainttest.Land, 403)
		s.get("clerk", Report, 403)
		s.get("supervisor", Report+"?unit="+complainttest.CityAuth, 403)
		s.post("holder", own+"/withdraw", nil, 303)
		s.post("holder", own+"/withdraw", nil, 409)
	})
}
