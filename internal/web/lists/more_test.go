package lists

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/web/page"
	"sidian/internal/web/page/pagetest"
)

// send posts a form whose values may stand several times.
func (s *site) send(who, path string, status int, v url.Values, more ...string) pagetest.Answer {
	s.t.Helper()
	a := s.Do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(v.Encode()), more...)
	a.Is(status)
	return a
}

// upload posts a form with a file.
func (s *site) upload(who, path string, status int, name string, file []byte, pairs ...string) pagetest.Answer {
	s.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		pagetest.Must(s.t, m.WriteField(pairs[i], pairs[i+1]))
	}
	if name != "" {
		w, err := m.CreateFormFile("file", name)
		pagetest.Must(s.t, err)
		_, err = w.Write(file)
		pagetest.Must(s.t, err)
	}
	pagetest.Must(s.t, m.Close())
	a := s.Do(who, http.MethodPost, path, m.FormDataContentType(), &b)
	a.Is(status)
	return a
}

var useBox = regexp.MustCompile(`id="use-\d+" name="use" value="([^"]*)"`)

// boxes are the lines that a page carries.
func boxes(a pagetest.Answer) (list []string) {
	for _, m := range useBox.FindAllStringSubmatch(string(a.Raw), -1) {
		list = append(list, html.UnescapeString(m[1]))
	}
	return list
}

// A use list is drawn up by lines and by table, proposed, agreed to by the manager
// above, and changed.
func TestUses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		here := useAt(iamtest.Market)
		s.get("designer", Uses, 200, "青禾县市场监督管理局", "没有，不能用证", "调整")
		s.get("designer", here, 200, "还没有用证清单", "调整")
		s.get("designer", here+"/change", 200, "还没有内容", "增加一行", "上传表格")
		s.post("designer", here+"/change", 422, "as", "add", "kind", "")
		s.post("designer", here+"/change", 422, "as", "add", "kind", "approval", "fields", "没有的")
		a := s.post("designer", here+"/change", 200, "as", "add", "kind", "approval", "purpose", "window")
		a.Is(200, "用途：窗口服务")
		if len(boxes(a)) != 1 {
			t.Fatalf("%v", boxes(a))
		}
		b := s.send("designer", here+"/change", 200, url.Values{"as": {"add"}, "kind": {"business_license"}, "use": boxes(a)})
		if len(boxes(b)) != 2 {
			t.Fatalf("%v", boxes(b))
		}
		s.send("designer", here+"/change", 422, url.Values{"use": boxes(b), "reason": {""}})
		s.send("designer", here+"/change", 422, url.Values{"use": {"{"}, "reason": {"办事"}})
		s.send("designer", here+"/change", 422, url.Values{"use": {boxes(b)[0], boxes(b)[0]}, "reason": {"办事"}}).Is(422, "同一证照、事项和用途写了两行")
		s.send("designer", here+"/change", 422, url.Values{"use": {`{"kind":"<script>"}`}, "reason": {"办事"}}).Lacks("<script>\"")
		s.send("designer", here+"/change", 303, url.Values{"use": boxes(b), "reason": {"办事需要"}})
		s.get("designer", here, 200, "待同意的调整", "新增或改动", "撤回").Lacks(`id="decide"`)
		s.get("manager", here, 200, "待同意的调整").Lacks(`id="decide"`)
		s.get("chief", Uses, 200, "待同意", "核对")
		s.get("chief", here, 200, "待同意的调整", `id="decide"`)
		s.post("chief", here, 422, "state", "effective", "reason", "")
		s.post("manager", here, 403, "state", "effective", "reason", "同意")
		s.post("other", here, 403, "state", "withdrawn", "reason", "篡改")
		s.post("chief", here, 303, "state", "effective", "reason", "已核对")
		s.get("designer", here, 200, "现行的清单，第 1 版", "窗口服务").Lacks("待同意的调整")

		c := s.upload("designer", here+"/table", 200, "用证.csv", []byte("证照类型,用途\n食品经营许可证,\n"))
		if c.Is(200, "食品经营许可证"); len(boxes(c)) != 1 {
			t.Fatalf("%v", boxes(c))
		}
		s.send("designer", here+"/change", 303, url.Values{"use": boxes(c), "reason": {"只用这一种"}})
		s.get("chief", here, 200, "去掉", "新增或改动")
		s.post("designer", here, 303, "state", "withdrawn", "reason", "再想想")
		s.get("designer", here, 200, "已撤回", "现行的清单，第 1 版")
	})
}

// Hostile tables are refused by the page, and nobody else's list is touched.
func TestUsesRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	here := useAt(iamtest.Market)
	s.upload("designer", here+"/table", 422, "", nil).Is(422, `href="#file"`)
	s.upload("designer", here+"/table", 422, "a.csv", []byte("证照类型\n\"=HYPERLINK(\"\"http://evil\"\")\"\n")).Is(422, "A2")
	s.upload("designer", here+"/table", 422, "a.xlsx", []byte("PK\x03\x04 no book"))
	s.upload("designer", here+"/table", 422, "a.csv", []byte("甲\n<script>alert(1)</script>\n")).Lacks("<script>alert")
	s.upload("other", here+"/table", 403, "a.csv", []byte("证照类型\n营业执照\n"))
	s.upload("chief", here+"/table", 403, "a.csv", []byte("证照类型\n营业执照\n"))
	s.get("other", here, 403)
	s.get("other", here+"/change", 403)
	s.get("designer", useAt("none"), 403)
	for who, status := range map[string]int{"clerk": 403, "holder": 403, "": 303} {
		for _, at := range []string{Uses, here, Guides, Norms, Batches, Exempts} {
			s.get(who, at, status)
		}
	}
	for _, at := range []string{here, here + "/change", Guides + "/new", Norms, Batches, Exempts, Report} {
		s.Do("designer", http.MethodPost, at, "application/x-www-form-urlencoded", strings.NewReader("reason=x"), "Sec-Fetch-Site", "cross-site").Is(403)
	}
	s.get("designer", Home+"/use-template", 200)
}

// A scene is looked at, published, changed and withdrawn by its unit.
func TestGuides(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.get("designer", Guides, 200, "还没有应用场景", "写一个应用场景")
		s.get("designer", Guides+"/new?org="+iamtest.Market, 200, "营业执照", "预览")
		form := url.Values{"org": {iamtest.Market}, "name": {"酒店入住"}, "kinds": {"business_license", "approval"}, "guide": {"# 怎样用\n- 出示<b>\n- 扫码核验"}, "as": {"look"}}
		if a := s.send("designer", Guides+"/new", 200, form).Is(200, "预览，还没有公布", "扫码核验"); strings.Contains(string(a.Raw), "出示<b>") {
			t.Error("a guide is taken for more than text")
		}
		s.get("", Scenes, 200).Lacks("酒店入住")
		form.Del("as")
		bad := url.Values{"org": {iamtest.Market}, "name": {"酒店入住"}, "guide": {"找张三 13800138000 办理"}, "kinds": {"approval"}}
		s.send("designer", Guides+"/new", 422, bad).Is(422, "不得写证件号码")
		bad.Del("kinds")
		s.send("designer", Guides+"/new", 422, url.Values{"org": {iamtest.Market}, "name": {"酒店入住"}, "guide": {"出示电子证照即可办理"}}).Is(422, `href="#kinds"`)
		s.send("other", Guides+"/new", 403, form)
		to := s.send("designer", Guides+"/new", 303, form).To()
		here, _, _ := strings.Cut(to, "?")
		s.get("designer", to, 200, "已公布", "修改", "撤下")
		s.get("chief", here, 200, "酒店入住").Lacks("撤下后不再公开")
		s.get("other", here, 403)
		s.get("designer", page.At(Guides, "none"), 404)
		s.get("", Scenes, 200, "酒店入住", `href="/open/kinds/business_license"`)
		form.Set("name", "酒店入住登记")
		s.send("other", here, 403, form)
		s.send("designer", here, 303, form)
		s.get("designer", here, 200, "第 2 版", "酒店入住登记")
		s.post("designer", here+"/withdraw", 422, "reason", "")
		s.post("other", here+"/withdraw", 403, "reason", "篡改")
		s.post("designer", here+"/withdraw", 303, "reason", "不再办理")
		s.get("", Scenes, 200).Lacks("酒店入住")
		s.get("designer", here, 200, "不再办理").Lacks(`id="withdraw"`)
		s.send("designer", here, 409, form)
	})
}

// Norms, batches, exemptions and periods, with what is public of them.
func TestRegisters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		e, err := blob.CreateDir(t.TempDir() + "/blobs")
		pagetest.Must(t, err)
		s.s.Blob, err = blob.New(t.Context(), e, s.Keys)
		pagetest.Must(t, err)
		norm := []string{"org", iamtest.Market, "kind", "food_operation", "title", "食品经营许可证使用规范", "edition", "V1.0", "issued", "2026-01-31"}
		s.get("designer", Norms, 200, "还没有公布规范", "公布一个规范")
		s.upload("designer", Norms, 422, "", nil, norm...)
		s.upload("designer", Norms, 422, "a.pdf", []byte("<html>"), norm...).Is(422, `href="#file"`)
		s.upload("other", Norms, 403, "", nil, append(norm, "link", "https://example.invalid/a.pdf")...)
		s.upload("designer", Norms, 422, "", nil, append(norm, "link", "javascript:alert(1)")...).Is(422, `href="#link"`)
		s.upload("designer", Norms, 303, "", nil, append(norm, "link", "https://example.invalid/a.pdf")...)
		s.upload("designer", Norms, 409, "", nil, append(norm, "link", "https://example.invalid/a.pdf")...)
		s.get("", PublicNorms, 200, "食品经营许可证使用规范", "V1.0", "https://example.invalid/a.pdf")
		all, err := s.s.Norms(t.Context(), "", "", "", 10)
		pagetest.Must(t, err)
		id := all.Items[0].ID
		s.get("designer", page.Asking(Norms, "withdraw", id), 200, "撤下后不再公开")
		s.post("designer", page.At(Norms, id, "withdraw"), 422, "withdraw", id, "reason", "").Is(422, `href="#reason"`)
		s.post("other", page.At(Norms, id, "withdraw"), 403, "reason", "篡改")
		s.post("designer", page.At(Norms, id, "withdraw"), 303, "reason", "换新版")
		s.get("", PublicNorms, 200).Lacks("V1.0")

		s.get("chief", page.Asking(Batches, "org", iamtest.Root), 200, "还没有标为成熟", "标记一种证照")
		s.get("designer", page.Asking(Batches, "org", iamtest.Market), 200).Lacks("标记一种证照")
		s.post("designer", Batches, 403, "org", iamtest.Root, "kind", "approval", "mature", "1", "reason", "稳定")
		s.post("chief", Batches, 422, "org", iamtest.Root, "kind", "approval", "mature", "1", "reason", "")
		s.post("chief", Batches, 303, "org", iamtest.Root, "kind", "approval", "mature", "1", "reason", "稳定一年")
		s.get("second", page.Asking(Batches, "org", iamtest.Root), 200, "稳定一年", "等待公布", "公布这一批")
		s.post("chief", Batches+"/launch", 403, "org", iamtest.Root, "kinds", "approval", "title", "第一批", "reason", "文号")
		s.post("second", Batches+"/launch", 422, "org", iamtest.Root, "title", "第一批", "reason", "文号").Is(422, `href="#kinds"`)
		s.post("second", Batches+"/launch", 303, "org", iamtest.Root, "kinds", "approval", "title", "第一批推广", "reason", "文号")
		s.get("chief", page.Asking(Batches, "org", iamtest.Root), 200, "第一批推广", "第 1 批").Lacks("等待公布")
		s.get("", Public, 200, "第一批推广")

		s.get("designer", Exempts, 200, "清单上还没有证照").Lacks("列入一种证照")
		s.post("designer", Exempts, 403, "org", iamtest.Market, "kind", "business_license", "basis", "文号")
		s.post("manager", Exempts, 403, "org", iamtest.Root, "kind", "business_license", "basis", "文号")
		s.post("chief", Exempts, 422, "org", iamtest.Root, "kind", "business_license", "basis", "")
		s.post("chief", Exempts, 303, "org", iamtest.Root, "kind", "business_license", "basis", "青政办〔2026〕3 号")
		s.post("chief", Exempts, 409, "org", iamtest.Root, "kind", "business_license", "basis", "再来").Is(409, `href="#kind"`)
		s.get("", PublicExempts, 200, "营业执照", "青政办〔2026〕3 号", "/open/items?kind=business_license", "/open/v1/exempts.csv", `href="/open/kinds/business_license"`)
		x, err := s.s.Exempts(t.Context(), "", false)
		pagetest.Must(t, err)
		end := page.At(Exempts, x.Items[0].ID, "end")
		s.get("chief", page.Asking(Exempts, "end", x.Items[0].ID), 200, "移出后")
		s.get("manager", page.Asking(Exempts, "end", x.Items[0].ID), 200).Lacks("移出后")
		s.post("manager", end, 403, "reason", "篡改")
		s.post("chief", end, 422, "end", x.Items[0].ID, "reason", "")
		s.post("second", end, 303, "reason", "改判")
		s.get("", PublicExempts, 200, "还没有公布免提交的证照")

		s.get("designer", Report, 200, "更新和复核的期限").Lacks(`id="period" data`)
		s.post("chief", Report, 422, "org", iamtest.Root, "topic", "norm", "months", "很多", "starts", "2026-12-01", "basis", "通知")
		s.post("manager", Report, 403, "org", iamtest.Root, "topic", "norm", "months", "6", "starts", "2026-12-01", "basis", "通知")
		s.post("chief", Report, 303, "org", iamtest.Root, "topic", "norm", "months", "6", "starts", "2026-12-01", "basis", "通知")
		s.get("designer", Report, 200, "6 个月", "通知")
	})
}
