package items

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

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam/iamtest"
	"sidian/internal/item"
	"sidian/internal/item/itemtest"
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
	*itemtest.World
	h http.Handler
	t *testing.T
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w := itemtest.New(t, d)
	kit, err := page.New(page.Options{})
	must(t, err)
	s := &Service{Kit: kit, Items: w.Items}
	must(t, s.Load())
	r := httpx.New(httpx.Options{Title: "test", Version: "1", Authorizer: desk{w.County}, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler)})
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
	if who != "" {
		q.Header.Set(iamtest.Acting, who)
	}
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
	return w.Header().Get("Location")
}

func (s *site) get(who, path string, status int, words ...string) {
	s.t.Helper()
	s.do(who, http.MethodGet, path, "", nil, "", status, words...)
}

func (s *site) post(who, path, form string, status int, words ...string) string {
	s.t.Helper()
	return s.do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form), "same-origin", status, words...)
}

func (s *site) send(who, data, from string, status int, words ...string) string {
	s.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	f, err := m.CreateFormFile("file", "清单.csv")
	must(s.t, err)
	_, err = io.WriteString(f, data)
	must(s.t, err)
	must(s.t, m.Close())
	return s.do(who, http.MethodPost, Import, m.FormDataContentType(), &b, from, status, words...)
}

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

// From the first item to its guide.
func TestPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.get("designer", Home, 200, "还没有事项", "登记事项", "批量导入")
		s.get("designer", Home+"/new", 200, "青禾县市场监督管理局")
		s.post("designer", Home+"/new", form("org", "market", "code", "x", "name", ""), 422, "须写事项名称", "有错误")
		s.post("designer", Home+"/new", form("org", "market", "code", itemtest.Food, "name", "食品经营许可", "days", "十"), 422, "写工作日数")
		to := s.post("designer", Home+"/new", form("org", "market", "code", itemtest.Food, "name", "食品经营许可", "days", "10", "way", "promise", "starts", "2026-01-01", "materials", "申请书\n营业执照（可容缺）"), 303)
		s.get("designer", to, 200, "事项已登记", "还没有关联证照类型", "营业执照（可容缺）")
		here := at(itemtest.Food)
		s.get("designer", here+"/bind", 200, "食品经营许可证")
		s.post("designer", here+"/bind", form("role", "input", "kind", "business_license", "terms", "exempt", "material", "营业执照"), 422, "须填写理由")
		s.post("designer", here+"/bind", form("role", "input", "kind", "business_license", "terms", "exempt", "material", "营业执照", "reason", "免提交清单"), 303)
		s.post("designer", here+"/bind", form("role", "result", "kind", "food_operation", "reason", "目录"), 303)
		s.post("designer", here+"/bind", form("role", "result", "kind", "food_operation", "reason", "目录"), 409, "已经关联")
		s.get("", page.At(Guides, itemtest.Food), 200, "免交", "食品经营许可证", "营业执照")
		s.get("", Guides+"?kind=business_license", 200, "与“营业执照”有关的事项", "食品经营许可")
		s.get("clerk", here, 200, "免提交", "代替“营业执照”")
		s.get("designer", here+"/edit", 200, "第 2 版", "营业执照（可容缺）")
		s.post("designer", here+"/edit", form("name", "食品经营许可（新）", "starts", "2026-02-01", "reason", ""), 422, "须填写理由", "食品经营许可（新）")
		s.post("designer", here+"/edit", form("name", "食品经营许可（新）", "starts", "2026-02-01", "materials", "申请书", "reason", "新目录"), 303)
		s.post("designer", here+"/need", form("name", "用地证明", "provider", "land"), 303)
		i, err := s.Items.Get(s.Market, itemtest.Food)
		must(t, err)
		s.get("other", Needs, 200, "用地证明", "答复")
		s.get("other", Needs+"?need="+i.Needs[0].ID, 200, "不能提供", "答复“用地证明”")
		s.post("other", page.At(Needs, i.Needs[0].ID), form("state", "declined"), 422, "须填写理由")
		s.post("other", page.At(Needs, i.Needs[0].ID), form("state", "declined", "reason", "没有这种证明"), 303)
		s.get("clerk", Coverage, 200, "没有遗漏", "没有事项办出的证照类型")
		b := i.Bindings[0]
		s.get("designer", page.At(here, "unbind", b.ID), 200, "解除")
		s.post("designer", page.At(here, "unbind", b.ID), "reason=", 422, "须填写理由")
		s.post("designer", page.At(here, "unbind", b.ID), form("reason", "目录调整"), 303)
		s.get("designer", page.At(here, "unbind", b.ID), 404)
	})
}

// A list from its template to the end.
func TestImportPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.get("designer", Import, 200, "还没有导入过")
		s.get("designer", Import+"/template", 200)
		s.send("designer", "x,y\n1,2\n", "same-origin", 422, "标题行与模板不一致")
		s.send("designer", "", "same-origin", 422, "文件是空的")
		to := s.send("designer", "实施编码,事项名称,事项类型,行使层级,实施机构\nLOCAL-1,食品经营许可,行政许可,县级,青禾县市场监督管理局\nLOCAL-2,x,无,县级,某局\n", "same-origin", 303)
		s.get("designer", to, 200, "导入 1 行", "没有这个事项类型", "第 3 行")
		s.post("designer", to+"/start", "reason=", 422, "须填写理由")
		s.get("other", to, 404)
		s.post("other", to+"/start", form("reason", "别人的"), 404)
		s.post("designer", to+"/start", form("reason", "清单"), 303)
		s.get("designer", to, 200, "已完成")
		s.post("designer", to+"/start", form("reason", "清单"), 409, "已结束")
		s.post("designer", to+"/discard", "x=1", 409)
		s.get("designer", Home, 200, "LOCAL-1")
	})
}

// An inspection's fields are ticked.
func TestInspectionPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	s.Enter(t, itemtest.Inspect, "食品经营检查")
	k, err := s.Items.Catalogue.Get(t.Context(), "food_operation")
	must(t, err)
	here := at(itemtest.Inspect, "bind")
	s.get("designer", here, 200, "选照面项")
	s.get("designer", here+"?kind=food_operation", 200, k.Fields[0].Label, "只看到勾选的照面项")
	s.post("designer", here, form("role", item.Inspect, "kind", "food_operation", "reason", "清单"), 422, "至少一项")
	s.post("designer", here, form("role", item.Inspect, "kind", "food_operation", "reason", "清单", "fields", k.Fields[0].Key), 303)
	s.get("clerk", at(itemtest.Inspect), 200, "可以看到："+k.Fields[0].Label)
}

// Who may not, from elsewhere, and what is not there.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.Enter(t, itemtest.Food, "食品经营许可")
		here := at(itemtest.Food)
		s.get("other", here, 403)
		s.get("clerk", here+"/edit", 403)
		s.get("holder", Home, 403)
		s.get("clerk", Home+"?org=land", 403)
		s.get("clerk", at("NONE"), 404)
		s.get("", page.At(Guides, "NONE"), 404)
		for _, path := range []string{here + "/edit", here + "/bind", here + "/need"} {
			s.post("other", path, form("role", "input", "kind", "approval", "reason", "篡改", "name", "篡改了", "provider", "land"), 403)
			s.post("clerk", path, form("reason", "篡改"), 403)
			s.do("designer", http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader("reason=x"), "cross-site", 403)
		}
		s.post("other", Home+"/new", form("org", "market", "code", "LOCAL-1", "name", "食品许可", "type", "01", "tier", "4"), 403)
		s.send("clerk", "x", "same-origin", 403)
		s.send("designer", "x", "cross-site", 403)
		s.post("designer", here+"/bind", form("role", "input", "kind", `"><script>`, "reason", "x"), 422)
	})
}
