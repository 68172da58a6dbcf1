package lists

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/item"
	"sidian/internal/item/itemtest"
	"sidian/internal/listing"
	"sidian/internal/web/page"
	"sidian/internal/web/page/pagetest"
)

type site struct {
	*itemtest.World
	*pagetest.Site
	s *listing.Service
	t *testing.T
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	d.Now = func() time.Time { return time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC) }
	w := itemtest.New(t, d)
	for _, name := range []string{"chief", "second"} {
		w.Hire(t, name, "manager", iamtest.Root)
	}
	s := &listing.Service{DB: d, IAM: w.County.Service, Catalogue: w.Items.Catalogue, Items: w.Items, Notices: w.Notice}
	kit := pagetest.Kit(t)
	return &site{w, pagetest.Serve(t, kit, w.County, &Service{Kit: kit, Listing: s}), s, t}
}

func (s *site) get(who, path string, status int, words ...string) pagetest.Answer {
	s.t.Helper()
	a := s.Do(who, http.MethodGet, path, "", nil)
	a.Is(status, words...)
	return a
}

func (s *site) post(who, path string, status int, pairs ...string) pagetest.Answer {
	s.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	a := s.Do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(v.Encode()))
	a.Is(status)
	return a
}

var rowID = regexp.MustCompile(`id="row-([a-z2-7]+)"`)

// From the opening of a round to what the public reads, by three people.
func TestPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.Enter(t, itemtest.Food, "食品经营许可")
		_, err := s.Items.Bind(s.Market, itemtest.Food, item.Bound{Role: item.Result, Kind: "food_operation", Reason: "目录"})
		pagetest.Must(t, err)
		s.get("chief", Home, 200, "还没有编制过清单", "开始一轮编制", "青禾县人民政府")
		s.get("designer", Home, 200, "还没有编制过清单")
		s.post("chief", Home, 422, "list", "issue", "org", iamtest.Root, "title", "", "report_by", "2026-12-10", "review_by", "2026-12-20")
		to := s.post("chief", Home, 303, "list", "issue", "org", iamtest.Root, "title", "2026 年发证清单", "report_by", "2026-12-10", "review_by", "2026-12-20").Header.Get("Location")
		here, _, _ := strings.Cut(to, "?")
		s.get("chief", to, 200, "已开始编制", "还有 2 个单位没有审核通过", "不再等待")
		mine := here + "/units/" + iamtest.Market
		s.get("designer", mine, 200, "还没有内容", "预填", "报送")
		s.post("designer", mine+"/prefill", 303)
		s.post("designer", mine+"/add", 422, "name", "张三 13800138000")
		s.post("designer", mine+"/add", 303, "name", "小作坊登记证", "note", "<b>本县</b>")
		a := s.get("designer", mine, 200, "食品经营许可证", "小作坊登记证", "修改", "删除")
		id := rowID.FindAllStringSubmatch(a.Body, -1)
		if len(id) != 2 || strings.Contains(string(a.Raw), "<b>本县</b>") {
			t.Fatalf("%v\n%s", id, a.Body)
		}
		if strings.Index(a.Body, "小作坊登记证") > strings.Index(a.Body, "食品经营许可证") { // the one that is dropped later
			id[0], id[1] = id[1], id[0]
		}
		s.get("designer", page.Asking(mine, "row", id[0][1]), 200, "保存修改")
		s.post("designer", mine+"/submit", 303)
		s.get("manager", mine, 200, "待审核") // the unit's own manager has no buttons
		s.post("manager", mine+"/review", 403, "row", id[0][1])
		s.get("chief", mine, 200, "通过", "退回", "其余全部通过")
		s.get("chief", page.Asking(mine, "row", id[0][1]), 200, "退回后由报送单位修改")
		s.post("chief", mine+"/return", 422, "row", id[0][1], "reason", "")
		s.post("chief", mine+"/return", 303, "row", id[0][1], "reason", "写全称")
		s.post("chief", mine+"/review", 303, "row", id[1][1])
		s.get("designer", page.Asking(mine, "row", id[0][1]), 200, "退回的理由：写全称")
		s.post("designer", mine+"/drop", 303, "row", id[0][1])
		s.post("designer", mine+"/submit", 303, "submit_note", "其余没有")
		s.post("chief", mine+"/accept", 303)
		s.post("second", here+"/publish", 409, "reason", "公布")
		s.get("second", page.Asking(here, "excuse", iamtest.Land), 200, "不再等待“青禾县自然资源局”")
		s.post("second", here+"/excuse", 303, "unit", iamtest.Land, "reason", "下轮补报")
		s.get("second", here, 200, "统一编制并公布")
		s.post("chief", here+"/publish", 403, "reason", "自己审核自己公布")
		s.post("second", here+"/publish", 422, "reason", "")
		s.post("second", here+"/publish", 303, "reason", "青政办〔2026〕1 号")
		s.get("designer", here, 200, "看公布的清单")
		all, err := s.s.Published(t.Context())
		pagetest.Must(t, err)
		s.get("", Public, 200, "2026 年发证清单", "青禾县人民政府")
		s.get("", page.At(Public, all.Items[0].ID), 200, "第 1 版", "青政办〔2026〕1 号", "下轮补报", "现行")
		s.get("chief", Report, 200, "没有公布技术和使用规范")
		s.get("chief", page.Asking(Report, "org", iamtest.Market), 200, "有效事项")
		_, err = s.s.AddScene(s.Market, iamtest.Market, listing.Scenery{Name: "亮照", Kinds: []string{"business_license"}, Guide: "# 怎么用\n- 打开 <script>\n- 出示"})
		pagetest.Must(t, err)
		s.get("", Scenes, 200, "亮照", "怎么用", "营业执照")
	})
}

// Above the compiling unit nobody reviews: the pages do not call it its own reviewer,
// and say who goes on.
func TestOwnReviewer(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	s.Hire(t, "reporter", "designer", iamtest.Root)
	v, err := s.s.OpenRound(s.Ctx(t, "chief"), listing.Opening{List: listing.Issue, Org: iamtest.Root, Title: "清单", ReportBy: "2026-12-10", ReviewBy: "2026-12-20", Units: []string{iamtest.Root}})
	pagetest.Must(t, err)
	here := roundAt(v.ID)
	mine := here + "/units/" + iamtest.Root
	const alone, other = "本级没有其他审核单位", "由本单位另一名目录管理员"
	s.get("chief", here, 200, alone, other, "报送、审核、公布由不同的人办理").Lacks("由同级主管部门审核")
	s.get("reporter", mine, 200, alone+"，"+other+"逐行审核").Lacks("由青禾县人民政府逐行审核")
	s.post("reporter", mine+"/add", 303, "name", "小作坊登记证")
	to := s.post("reporter", mine+"/submit", 303).To()
	s.get("reporter", to, 200, "已报送", alone).Lacks("同级主管部门")
	s.post("chief", mine+"/accept", 303)
	s.get("second", here, 200, "各单位都已审核通过")
	s.get("reporter", useAt(iamtest.Root), 200, alone+"，"+other+"同意后生效").Lacks("同级主管部门")
	s.get("reporter", useAt(iamtest.Root, "change"), 200, alone)
	s.post("reporter", useAt(iamtest.Root, "change"), 303, "reason", "不再使用")
	s.get("chief", useAt(iamtest.Root), 200, other+"答复，提出的人不能同意").Lacks("提出单位的人不能同意")
	s.get("designer", useAt(iamtest.Market), 200, "同级主管部门的目录管理员同意").Lacks(alone)
	box, err := s.Notice.Inbox(s.Ctx(t, "second"), 10, "")
	pagetest.Must(t, err)
	said := ""
	for _, n := range box.Items {
		said += n.Text
	}
	if !strings.Contains(said, "本单位已报送") || !strings.Contains(said, "本单位提出调整") || strings.Contains(said, "下级单位") {
		t.Errorf("the inbox says %q", said)
	}
}

// Who may not, from elsewhere, and what is not there.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	v, err := s.s.OpenRound(s.Ctx(t, "chief"), listing.Opening{List: listing.Issue, Org: iamtest.Root, Title: "清单", ReportBy: "2026-12-10", ReviewBy: "2026-12-20"})
	pagetest.Must(t, err)
	here := roundAt(v.ID)
	for who, status := range map[string]int{"clerk": 403, "holder": 403, "": 303} {
		s.get(who, Home, status)
		s.get(who, here, status)
	}
	s.get("other", here+"/units/"+iamtest.Market, 403)
	s.get("other", page.Asking(Report, "org", iamtest.Market), 403)
	s.get("chief", roundAt("none"), 404)
	s.get("", page.At(Public, "none"), 404)
	s.post("chief", here+"/nothing", 404)
	s.post("other", here+"/units/"+iamtest.Market+"/add", 403, "name", "篡改")
	s.post("manager", here+"/abandon", 403, "reason", "篡改")
	s.Do("chief", http.MethodPost, here+"/abandon", "application/x-www-form-urlencoded", strings.NewReader("reason=x"), "Sec-Fetch-Site", "cross-site").Is(403)
}
