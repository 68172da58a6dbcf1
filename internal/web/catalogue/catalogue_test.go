package catalogue

import (
	"context"
	"html"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/cataloguetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam/iamtest"
	"sidian/internal/web/page"
)

// desk makes the people of the county come by a browser.
type desk struct{ *iamtest.County }

func (d desk) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx, c, err := d.County.Identify(r)
	c.Browser = true
	return ctx, c, err
}

type site struct {
	*cataloguetest.World
	h http.Handler
	t *testing.T
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w := cataloguetest.NewWorld(t, d, "food_operation")
	kit, err := page.New(page.Options{})
	must(t, err)
	s := &Service{Kit: kit, IAM: w.Service, Catalogue: w.Catalogue, Designer: "/console/designer"}
	must(t, s.Load())
	r := httpx.New(httpx.Options{Title: "test", Version: "1", Authorizer: desk{w.County}, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler)})
	s.Routes(r)
	w.Catalogue.Routes(r)
	must(t, r.Err())
	return &site{w, r, t}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) do(who, method, path, media string, body io.Reader, from string, status int, words ...string) (string, string) {
	s.t.Helper()
	q := httptest.NewRequestWithContext(s.t.Context(), method, path, body)
	if who != "" {
		q.Header.Set(iamtest.Acting, who)
	}
	q.Header.Set("Accept", "text/html")
	if body != nil {
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
	return w.Header().Get("Location"), text
}

func (s *site) get(who, path string, status int, words ...string) string {
	s.t.Helper()
	_, text := s.do(who, http.MethodGet, path, "", nil, "", status, words...)
	return text
}

func (s *site) post(who, path string, status int, words []string, pairs ...string) string {
	s.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	to, _ := s.do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(v.Encode()), "same-origin", status, words...)
	return to
}

// From the kind in force to a new version, through the pages.
func TestPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.get("clerk", Home, 200, "食品经营许可证", "尚无国家代码", "会签条目")
		s.get("designer", Home+"/food_operation", 200, "平台导入", "现行", "起草新版本", "青禾县市场监督管理局")
		if text := s.get("clerk", Home+"/food_operation", 200); strings.Contains(text, `id="propose"`) {
			t.Error("a clerk is offered to draft")
		}
		s.post("clerk", Home+"/food_operation", 403, nil, "org", "market", "reason", "试")
		s.post("designer", Home+"/food_operation", 422, []string{"须填写理由", "有错误"}, "org", "market")
		s.post("designer", Home+"/food_operation", 403, nil, "org", "land", "reason", "换别的单位")
		to := s.post("designer", Home+"/food_operation", 303, nil, "org", "market", "reason", "换新标准")
		here := strings.TrimSuffix(to, "?done=propose")
		s.get("designer", to, 200, "条目已起草", "编辑草稿", "六个组成部分", "没有差异")
		s.get("designer", here+"/sample", 200, "<svg")
		s.get("landdesigner", here, 403)
		s.get("designer", Home+"/other/entries/"+here[strings.LastIndex(here, "/")+1:], 404)
		s.get("designer", here+"/explode", 404)
		s.get("rootmanager", here+"/agree", 200, "现在不能办理")
		s.post("designer", here+"/submit", 422, []string{"早于今天"}, "version", "1", "reason", "编制完毕", "starts", "2020-01-01")
		s.post("designer", here+"/submit", 409, []string{"他人修改"}, "version", "7", "reason", "编制完毕")
		s.do("designer", http.MethodPost, here+"/submit", "application/x-www-form-urlencoded", strings.NewReader("version=1&reason=x"), "cross-site", 403)
		s.post("designer", here+"/submit", 303, nil, "version", "1", "reason", "编制完毕")
		s.get("designer", here, 200, "代表签发单位同意", "会签中")
		s.post("manager", here+"/agree", 403, []string{"签发单位的人员"}, "version", "2", "reason", "同意")
		s.get("manager", here, 200, "不能同意")
		s.post("designer", here+"/agree", 303, nil, "version", "2", "reason", "符合")
		s.get("rootmanager", Entries, 200, "食品经营许可证", "签发单位", "会签中")
		s.get("rootmanager", here+"/agree", 200, "代表管理单位同意")
		s.post("rootmanager", here+"/agree", 422, []string{"须填写理由"}, "version", "2", "reason", "")
		s.post("rootmanager", here+"/agree", 303, nil, "version", "2", "reason", "同意")
		s.post("rootmanager", here+"/agree", 409, nil, "version", "2", "reason", "再点一次")
		s.get("rootmanager", here, 200, "已发布", "第 2 版", "管理单位同意")
		s.get("clerk", Home+"/food_operation", 200, "会签条目")
	})
}

// Who agrees sees what is changed thing by thing, on the page where they agree.
func TestAgreeShowsChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		e, err := s.Catalogue.Propose(s.Designer, catalogue.Proposal{Org: iamtest.Market, Name: "food_operation", Reason: "改版"})
		must(t, err)
		files, version, err := s.Catalogue.DraftFiles(s.Designer, e.ID)
		must(t, err)
		files = maps.Clone(files)
		files["template.yaml"] = []byte(strings.Replace(string(files["template.yaml"]), "row: jycs, at: [26, 124,", "row: jycs, at: [27.5, 124,", 1))
		e, err = s.Catalogue.SaveDraft(s.Designer, e.ID, version, files)
		must(t, err)
		here := At(e.Name, e.ID)
		s.post("designer", here+"/submit", 303, nil, "version", strconv.Itoa(e.Version), "reason", "编制完毕")
		for _, at := range []string{here, here + "/agree"} {
			s.get("rootmanager", at, 200, "与第 1 版的差异：1 处", "照面第 1 页 照面项 “经营场所”", "左 26、上 124 毫米", "左 27.5、上 124 毫米")
		}
	})
}

// A unit's own number rule, through the pages.
func TestNumberPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		const here = Home + "/food_operation"
		s.get("designer", here, 200, "证照编号规则", "提出本级的编号规则", "JY{code:ztyt}{region}{seq:6}{check:1110}", `id="number"`)
		if text := s.get("clerk", here, 200, "证照编号规则"); strings.Contains(text, `id="number-form"`) {
			t.Error("a clerk is offered to number")
		}
		s.post("clerk", here+"/numbers", 403, nil, "org", "market", "pattern", "x{seq:4}", "reason", "试")
		s.post("designer", here+"/numbers", 422, []string{"须含 {seq:位数}", "有错误", `value="JY"`}, "org", "market", "pattern", "JY", "reason", "试")
		s.post("designer", here+"/numbers", 409, []string{"未通过"}, "org", "market", "pattern", "JY{seq:14}", "reason", "试")
		s.do("designer", http.MethodPost, here+"/numbers", "application/x-www-form-urlencoded", strings.NewReader("org=market&pattern=x{seq:4}&reason=x"), "cross-site", 403)
		to := s.post("designer", here+"/numbers", 303, nil, "org", "market", "pattern", "JY{code:ztyt}{region}9{seq:5}{check:1110}", "scope", "region", "reason", "按本局号段")
		one := strings.TrimSuffix(to, "?done=number")
		s.get("designer", to, 200, "编号规则已提出", "JY1", "每个行政区划", "撤回")
		s.get("landdesigner", one, 403)
		s.get("designer", strings.Replace(one, "food_operation", "other", 1), 404)
		s.post("manager", one+"/agree", 403, nil, "reason", "同意")
		s.post("rootmanager", one+"/agree", 422, []string{"须填写理由"}, "reason", "")
		s.post("rootmanager", one+"/explode", 404, nil, "reason", "同意")
		to = s.post("rootmanager", one+"/agree", 303, nil, "reason", "同意")
		s.get("rootmanager", to, 200, "现行", "即日起按这个规则编号")
		s.post("rootmanager", one+"/return", 409, nil, "reason", "晚了")
		s.get("designer", here, 200, "第 1 号规则", "现行")
	})
}

func TestTheDirectoryIsOpen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.get("", Open, 200, "食品经营许可证", "下载表格", "国家市场监督管理总局")
		s.get("", Open+"/food_operation", 200, "样例", "/open/v1/kinds/food_operation/sample", "5年", "看有关的办事指南")
		s.get("", Open+"/nothing", 404)
		s.get("", "/open/v1/kinds", 200, `"certificate_define_authority_code":"11999999000000000Q"`, `"validity_range":"5年"`)
		s.get("", "/open/v1/kinds/11999999000000000Q001", 200, `"name":"food_operation"`)
		s.get("", "/open/v1/kinds.csv", 200, "证照类型名称,证照类型代码,证照定义机构", "11999999000000000Q001")
		if text := s.get("", "/open/v1/kinds/food_operation/sample", 200, "<svg"); len(text) < 1000 {
			t.Error("an empty picture")
		}
		s.get("", "/open/v1/kinds/food_operation/sample?page=3", 404)
		s.get("", Home, 303)
	})
}

func TestStandards(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.post("clerk", Standards, 403, nil, "title", "x")
		s.post("rootmanager", Standards, 422, []string{"21 位"}, "title", "食品经营许可证", "code", "x", "standard", "C0190-2020", "since", "2026-01-05", "reason", "公告")
		code := "11100000MB0143028R002"
		to := s.post("rootmanager", Standards, 303, nil, "title", "食品经营许可证", "code", code, "standard", "C0190-2020", "since", "2026-01-05", "reason", "公告")
		s.get("clerk", to, 200, "应换新标准", code, "C0190-2020")
		s.post("rootmanager", Standards, 409, nil, "title", "食品经营许可证", "code", code, "standard", "C0190-2020", "since", "2026-01-05", "reason", "公告")
		list, err := s.Catalogue.Standings(s.Clerk)
		if err != nil || len(list) != 1 || list[0].State != catalogue.StandingNewer {
			t.Fatalf("%+v, %v", list, err)
		}
		const here = Home + "/food_operation"
		s.get("clerk", Standards, 200, `href="`+here+`#move"`)
		if text := s.get("clerk", here, 200, "换用新标准", code); strings.Contains(text, `id="move-form"`) {
			t.Error("a clerk is offered to move")
		}
		s.post("clerk", here+"/standard", 403, nil, "org", "market", "reason", "试")
		s.post("designer", here+"/standard", 422, []string{"须填写理由"}, "org", "market")
		s.post("designer", here+"/standard", 403, nil, "org", "land", "reason", "试")
		to = s.post("designer", here+"/standard", 303, nil, "org", "market", "reason", "换标准")
		s.get("designer", to, 200, "证照类型代码", code, "所依据的标准", "C0190-2020")
		s.post("designer", here+"/standard", 409, []string{"正在编制"}, "org", "market", "reason", "再换")
	})
}

// The same through the API, with its own refusals.
func TestAPI(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		const base = "/api/v1/kind-entries"
		send := func(who, method, path, body string, status int, words ...string) {
			t.Helper()
			s.do(who, method, path, "application/json", strings.NewReader(body), "same-origin", status, words...)
		}
		send("designer", "POST", base, `{"org":"market","name":"food_operation","reason":"换标准"}`, 201, `"state":"draft"`)
		send("designer", "POST", base, `{"org":"market","name":"x","reason":"换标准","files":{"../x":"eA=="}}`, 422, "file.unknown")
		send("landdesigner", "POST", base, `{"org":"market","name":"y","reason":"别的单位"}`, 403)
		p, err := s.Catalogue.Entries(s.Designer, catalogue.EntryQuery{})
		if err != nil || len(p.Items) != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		one := base + "/" + p.Items[0].ID
		s.get("landdesigner", base, 200, `"items":[]`)
		s.get("landdesigner", one+"/files", 403)
		s.get("landdesigner", one+"/sample", 403)
		s.get("designer", one+"/files", 200, "template.yaml")
		s.get("designer", one+"/diff", 200, `"items":[]`)
		s.get("designer", one+"/sample", 200, "<svg")
		send("designer", "PUT", one+"/files", `{"version":1,"files":{}}`, 200, `"complete":false`)
		send("designer", "POST", one+"/submit", `{"version":2,"reason":"提交"}`, 422, "catalogue.incomplete", "file.missing")
		send("rootmanager", "POST", one+"/agree", `{"version":2,"reason":"同意"}`, 409, "catalogue.entry-state")
		send("designer", "POST", one+"/withdraw", `{"version":`+strconv.Itoa(2)+`,"reason":"不改了"}`, 200, `"state":"withdrawn"`)
		s.get("clerk", "/api/v1/kinds/food_operation/versions", 200, `"version":1`)
		s.get("clerk", base+"?cursor=x", 422)
	})
}
