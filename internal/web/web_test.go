package web

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/httpx"
	"sidian/internal/provider"
	"sidian/internal/seal"
	"sidian/internal/verify"
	"sidian/internal/web/page"
	"sidian/ofd/sign"
)

func TestTidy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, typed, want string }{
		{"identifier", "1.2.156.3005.2.11100000MB0143028R001.11.001.Z", "1.2.156.3005.2.11100000MB0143028R001.11.001.Z"},
		{"small letters and spaces", " 1.2.156.3005.2.11100000mb0143028r001 .11.001.z\n", "1.2.156.3005.2.11100000MB0143028R001.11.001.Z"},
		{"wide letters", "１．２．１５６。３００５", "1.2.156.3005"},
		{"code", "EHMR5JIJS3V6", "ehmr5jijs3v6"},
		{"address", "http://localhost:8080/v/ehmr5jijs3v6?from=scan", "ehmr5jijs3v6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := tidy(c.typed); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestFileName(t *testing.T) {
	t.Parallel()
	c := &cert.Certificate{KindName: "不动产权证书", Number: `样（2026）/第"1"号`}
	if got := fileName(c, "ofd"); got != "不动产权证书-样（2026）-第-1-号.ofd" {
		t.Error(got)
	}
	if got := fileName(c, "pdf"); got != "不动产权证书-样（2026）-第-1-号-复印件.pdf" {
		t.Error(got)
	}
}

// A page that does not parse is found here and not by who asks for it.
func TestLoad(t *testing.T) {
	t.Parallel()
	s := &Service{}
	if err := s.Load(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		if s.Kit.Asset(name) == "" {
			t.Errorf("%s has no address", name)
		}
	}
}

// Every entry of the navigation leads to a page, and is shown to those for whom
// the page is.
func TestNavigation(t *testing.T) {
	t.Parallel()
	s := &Service{}
	if err := s.Load(); err != nil {
		t.Fatal(err)
	}
	r := httpx.New(httpx.Options{})
	s.Routes(r)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Kit.Check(r.Routes()); err != nil {
		t.Error(err)
	}
}

// A refusal says the rule and the way out, in the form that was asked for.
func TestRefuse(t *testing.T) {
	t.Parallel()
	s := &Service{}
	if err := s.Load(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, method, target, accept string
		problem                      httpx.Problem
		status                       int
		says                         []string
	}{
		{"stranger", "GET", "/console?kind=marriage", "text/html", httpx.Problem{Status: 401}, 303, nil},
		{"session over while a form was filled in", "POST", "/console/new", "text/html", httpx.Problem{Status: 401}, 401, []string{"登录已超时", "还在", `target="_blank"`}},
		{"forbidden", "GET", "/console/new", "text/html", httpx.Problem{Status: 403, Title: "没有权限", Detail: "您没有“签发证照”的权限", Hint: "需要签发人角色"}, 403, []string{"<title>没有权限", "您没有“签发证照”的权限", "需要签发人角色"}},
		{"no page", "GET", "/nothing", "text/html", httpx.Problem{Status: 404, Code: "route.unknown"}, 404, []string{"没有这个页面"}},
		{"too often", "GET", "/verify", "text/html", httpx.Problem{Status: 429, Detail: "请求过于频繁", Hint: "请在 1 秒后重试"}, 429, []string{"请求过于频繁", "请在 1 秒后重试"}},
		{"internal", "GET", "/console", "text/html", httpx.Problem{Status: 500, Detail: "系统内部错误", RequestID: "abc123"}, 500, []string{"系统内部错误", "abc123"}},
		{"program", "GET", "/v/none", "application/json", httpx.Problem{Status: 404, Detail: "没有这份电子证照", Code: "cert.not-found"}, 404, []string{`"code":"cert.not-found"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(c.method, c.target, nil)
			r.Header.Set("Accept", c.accept)
			w := httptest.NewRecorder()
			s.Refuse(w, r, &c.problem)
			if w.Code != c.status {
				t.Errorf("status %d", w.Code)
			}
			if c.status == 303 && w.Header().Get("Location") != "/login?back=%2Fconsole%3Fkind%3Dmarriage" {
				t.Errorf("sent to %s", w.Header().Get("Location"))
			}
			for _, word := range c.says {
				if !strings.Contains(w.Body.String(), word) {
					t.Errorf("does not say %s:\n%s", word, w.Body)
				}
			}
		})
	}
}

// A verdict is shown with its word: what stands, what is true but no longer
// stands, and what is false, are told apart.
func TestResult(t *testing.T) {
	t.Parallel()
	register := func(status, name string, same bool) *verify.Register {
		return &verify.Register{Status: status, StatusName: name, SameDocument: same}
	}
	for _, c := range []struct {
		name            string
		verdict         sign.Verdict
		register        *verify.Register
		class, headline string
	}{
		{"stands", sign.Valid, register(cert.Effective, "有效", true), "good", "真实有效"},
		{"expired", sign.Valid, register(cert.Expired, "过期", true), "care", "签章真实，证照过期"},
		{"another version", sign.Valid, register(cert.Effective, "有效", false), "care", "签章真实，与登记不一致"},
		{"unknown here", sign.Valid, nil, "good", "签章有效"},
		{"tampered", sign.Invalid, register(cert.Effective, "有效", false), "bad", "签章无效"},
		{"unknown signer", sign.Undetermined, nil, "care", "不能确认"},
		{"unsigned", sign.Unsigned, nil, "care", "没有签章"},
		{"no document", sign.Refused, nil, "bad", "不能打开"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := &verify.Verdict{Report: &sign.Report{Verdict: c.verdict, Warnings: []sign.Warning{{Message: "文件已损坏："}, {Message: "另一件事"}}}, Register: c.register, Reasons: []string{"文件已损坏："}}
			got := resultOf(v)
			if got.Class != c.class || got.Headline != c.headline {
				t.Errorf("%s %s", got.Class, got.Headline)
			}
			if len(got.Warnings) != 1 || got.Warnings[0] != "另一件事" || got.Reasons[0] != "文件已损坏" {
				t.Errorf("reasons %q, warnings %q", got.Reasons, got.Warnings)
			}
		})
	}
}

// What is no OFD is told to be that, and neither good nor bad.
func TestForeignFormat(t *testing.T) {
	t.Parallel()
	for code, word := range map[string]string{"pdf": "不能核验", "image": "不能核验", "xml": "不能核验", "office": "不能核验", "ofd": "不能打开", "unknown": "不能打开"} {
		v := &verify.Verdict{Report: &sign.Report{Verdict: sign.Refused}, DocumentType: &verify.DocumentType{Code: code, Name: "PDF 文件", How: "文件开头的格式标记"},
			LegalEffect: "文件未通过核验", Reasons: []string{"不是 ZIP 文件", "这是PDF 文件。本平台不核验 PDF 的签名"}}
		got := resultOf(v)
		if got.Headline != word || (got.Class == "care") != (word == "不能核验") || len(got.Type) != 2 || got.Type[0].Text != "PDF 文件" {
			t.Errorf("%s: %+v", code, got)
		}
		if word == "不能核验" && (len(got.Reasons) != 1 || strings.Contains(got.Effect, "未通过") || !strings.Contains(got.Effect, "没有对这份文件作出结论")) {
			t.Errorf("%s: %q %q", code, got.Reasons, got.Effect)
		}
	}
}

// Whatever takes a certificate out of force, a genuine document is headed alike:
// that its seal is, and then the status. Only what stands is headed otherwise.
func TestNotInForce(t *testing.T) {
	t.Parallel()
	verdict := func(status, name string) *verify.Verdict {
		return &verify.Verdict{Report: &sign.Report{Verdict: sign.Valid}, Register: &verify.Register{Status: status, StatusName: name, SameDocument: true}}
	}
	for _, i := range state.Statuses() {
		v, want, class := verdict(string(i.Status), i.Name), "签章真实，证照"+i.Name, page.Care
		if i.Stands {
			want, class = "真实有效", page.Good
		}
		if got := resultOf(v); got.Headline != want || got.Class != class {
			t.Errorf("%s: %s %s, not %s", i.Status, got.Class, got.Headline, want)
		}
		v.Copy, v.Register.SameDocument = &verify.Copy{}, false
		if want = "签章真实，原件" + i.Name; i.Stands {
			want = "加注件有效"
		}
		if got := resultOf(v); got.Headline != want {
			t.Errorf("a copy of what is %s: %s", i.Status, got.Headline)
		}
	}
	if got := resultOf(verdict(cert.Altered, "登记数据异常")); got.Headline != "签章真实，登记数据异常" || got.Class != page.Care {
		t.Errorf("altered: %s", got.Headline)
	}
	for want, copied := range map[string]verify.Copy{"签章真实，加注件已撤回": {EndedAt: time.Unix(1, 0)}, "签章真实，加注件已过期": {Expired: true}} {
		v := verdict(cert.Effective, "有效")
		v.Copy, v.Register.SameDocument = &copied, false
		if got := resultOf(v); got.Headline != want {
			t.Errorf("%s: %s", want, got.Headline)
		}
	}
}

// Each signature has its seal, its time and how that is known, what became of the
// seal, and who answered for it.
func TestSignatures(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	v := &verify.Verdict{
		Report: &sign.Report{Verdict: sign.Undetermined, Signatures: []sign.SignatureReport{
			{ID: "1", Verdict: sign.Valid, Seal: &sign.SealReport{ID: "s1", Name: "青禾县样例局"}, Signer: "青禾县样例局", Time: at, TimeSource: sign.TimeStamped,
				Checks: []sign.CheckResult{{Code: sign.CheckFormat, Result: sign.Pass, Message: "结构正确"}, {Code: sign.CheckRevocation, Result: sign.Warn, Message: "没有列表"}}},
			{ID: "1", Verdict: sign.Undetermined, Seal: &sign.SealReport{ID: "s2", Name: "样例企业"}, Time: at, TimeSource: sign.TimeClaimed,
				Checks: []sign.CheckResult{{Code: sign.CheckFormat, Result: sign.Pass}, {Code: sign.CheckChain, Result: sign.Unknown, Message: "没有信任根"}}},
			{ID: "3", Verdict: sign.Invalid, Signer: "张*"},
		}},
		Sources: []provider.Source{
			{Name: "四电平台", Signatures: []string{"1"}, Indexes: []int{0}, Result: provider.Ours, Verdict: sign.Valid, Message: "由本平台核验"},
			{Name: "样例服务商", Signatures: []string{"1", "3"}, Indexes: []int{1, 2}, Result: provider.Slow, Millis: 5021, Message: "没有在规定时间内答复"},
		},
		Seals:   []verify.SealState{{Signature: "1", ID: "s1", Name: "青禾县样例局", State: seal.Frozen, StateName: "冻结", Since: at.Add(time.Hour)}},
		Records: []verify.Record{{Name: "王**", At: at, Factor: "totp", Way: "seal"}},
	}
	got := resultOf(v)
	text := fmt.Sprintf("%+v", got)
	for _, want := range []string{"电子签章 1/3", "时间戳证明", "自 2026-03-01 17:00:00 起", "冻结", "签章人声称", "未按时答复", "用时 5.0 秒", "签章 2、3", "没有写明", "王** 手写签名", "以一次性口令确认签署意愿", "电子签名 3/3"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %s:\n%s", want, text)
		}
	}
	first, second := got.Signatures[0], got.Signatures[1]
	if len(first.Look) != 0 || len(first.Rest) != 2 || len(second.Look) != 1 || second.Look[0].Message != "没有信任根" || len(second.Rest) != 1 {
		t.Errorf("checks: %+v %+v", first, second)
	}
	for _, f := range second.Facts {
		if f.Label == "印章现状" {
			t.Error("a seal of another has the state of ours, for its signature has the same number")
		}
	}
	if got.Sources[0].Name != "本平台" || got.Sources[0].Took != "" {
		t.Errorf("%+v", got.Sources[0])
	}
}

// A source is called what it did, in every case.
func TestSourceWords(t *testing.T) {
	t.Parallel()
	v := &verify.Verdict{Report: &sign.Report{}}
	for result, want := range map[provider.Result]page.Chip{
		provider.Answered: {Class: page.Good, Word: "答复：有效"}, provider.Ours: {Class: page.Good, Word: "答复：有效"}, provider.Down: {Class: page.Care, Word: "未答复"},
		provider.Slow: {Class: page.Care, Word: "未按时答复"}, provider.Lying: {Class: page.Bad, Word: "答复不可信"}, provider.Foreign: {Class: page.Bad, Word: "答复不可信"},
		provider.Rejected: {Class: page.Bad, Word: "答复不可信"}, provider.Nobody: {Class: page.Plain, Word: "没有登记服务商"},
	} {
		if got := sourceOf(provider.Source{Result: result, Verdict: sign.Valid}, v).Chip; got != want {
			t.Errorf("%s: %v", result, got)
		}
	}
}

// Who a certificate is about never stands in an address.
func TestSearchAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		q    cert.ListQuery
		want string
	}{
		{"all", cert.ListQuery{}, "/console#list"},
		{"some", cert.ListQuery{Kind: "marriage", Number: "样 1", Cursor: "a+b"}, "/console?cursor=a%2Bb&kind=marriage&number=%E6%A0%B7+1#list"},
		{"holder", cert.ListQuery{Holder: "张样例"}, "/console#list"},
	} {
		if got := listAddress(c.q); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	s := &Service{}
	if err := s.Load(); err != nil {
		t.Fatal(err)
	}
	p := consolePage{Frame: s.frame(httptest.NewRequest("POST", "/console", nil), "工作台", "console", ""), MayRead: true, Searched: true,
		Query: cert.ListQuery{Holder: "张样例"}, Page: &cert.Page{Items: []*cert.Certificate{{ID: "c1", KindName: "结婚证"}}, Next: "cur"}}
	w := httptest.NewRecorder()
	if err := s.show(w, 200, "console", p); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`method="post" action="/console#list"`, `type="hidden" name="holder" value="张样例"`, `type="hidden" name="cursor" value="cur"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("lacks %s", want)
		}
	}
	if strings.Contains(w.Body.String(), "holder=") {
		t.Error("an address holds the holder")
	}
}
