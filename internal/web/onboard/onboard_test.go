package onboard

import (
	"net/url"
	"strings"
	"testing"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/onboard"
	"sidian/internal/web/page/pagetest"
)

// site is the pages over a county.
type site struct {
	*authtest.County
	*pagetest.Site
	t    *testing.T
	work *onboard.Service
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	c, kit := authtest.NewWith(t, d, auth.Options{}), pagetest.Kit(t)
	work, err := onboard.New(t.Context(), c.Service, c.Auth, c.Keys)
	pagetest.Must(t, err)
	s := &Service{Onboard: work, IAM: c.Service, Kit: kit, BaseURL: "https://zz.example"}
	return &site{County: c, Site: pagetest.Serve(t, kit, c.County, s, work.Routes), t: t, work: work}
}

// upload sends a table as the form does.
func (s *site) upload(who, path, kind, people string, fields ...string) pagetest.Answer {
	s.t.Helper()
	return s.Upload(who, path, pagetest.Form(append(fields, "kind", kind)...), pagetest.Chosen("file", "table.csv", []byte(people)))
}

const people = "用户名,姓名,所属单位,角色,手机号码\nli,李四,market,经办人,13800138001\nwang,王五,没有的局,经办人,1380013800\n"

// TestWizard goes the whole way, at the desks of two administrators.
func TestWizard(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.Get("system", Home).Is(200, "批量导入", "还没有导入过", "单位模板")
		got := s.Get("system", Home+"/template?kind=people").Is(200)
		if !strings.HasPrefix(got.Body, "PK") || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("the template: %v", got.Header)
		}
		s.upload("system", Home, "people", "用户名\n").Is(422, "标题行与模板不一致", "缺少列：姓名")
		s.upload("system", Home, "", people).Is(422, "请说明导入单位还是人员")
		run := s.upload("system", Home, "people", people).Is(303).To()
		if again := s.upload("system", Home, "people", people).Is(303).To(); again == run {
			t.Error("a draft that is looked at anew is another") // what was found before may be over
		} else {
			run = again
		}
		page := s.Get("system", run).Is(200, "待开始", "第 3 行", "没有这个单位", "应为 11 位手机号码", "导入 1 行人员")
		if strings.Contains(page.Body, "1380013800") {
			t.Error("personal data is shown")
		}
		s.Send("system", run+"/start", url.Values{}).Is(422, "须填写理由")
		s.Send("system", run+"/start", url.Values{"reason": {"青市监〔2026〕1号"}}).Is(303)
		s.Send("system", run+"/start", url.Values{"reason": {"再来一次"}}).Is(409)
		s.Get("system", run).Is(200, "导入中", "data-follow", "follow.")
		s.Send("system", run+"/pause", url.Values{}).Is(303)
		s.Get("system", run).Is(200, "已暂停", "继续导入")
		s.Send("system", run+"/resume", url.Values{}).Is(303)
		pagetest.Must(t, s.work.Work(t.Context()))
		s.Get("system", run).Is(200, "已完成", "一次性链接", "https://zz.example"+run+"/grants")
		s.Get("system", Home).Is(200, "已完成", "导入 1 行，未导入 1 行")
		for path, how := range map[string]func(string) pagetest.Answer{
			run + "/report": func(p string) pagetest.Answer { return s.Get("system", p) },
			run + "/links":  func(p string) pagetest.Answer { return s.Send("system", p, url.Values{"after": {"1"}}) },
		} {
			if got := how(path).Is(200); !strings.HasPrefix(got.Body, "PK") || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") {
				t.Errorf("%s: %v", path, got.Header)
			}
		}
		shown := s.Get("security", run+"/grants").Is(200, "李四", "经办人", "青禾县市场监督管理局")
		_, after, _ := strings.Cut(shown.Body, `name="grant" value="`)
		grant, _, _ := strings.Cut(after, `"`)
		s.Send("security", run+"/grants", url.Values{"grant": {grant}, "decision": {"approve"}}).Is(422, "须填写理由")
		s.Send("security", run+"/grants", url.Values{"grant": {grant}, "decision": {"approve"}, "reason": {"已核对"}}).Is(303)
		s.Get("security", run+"/grants?done=1&refused=0").Is(200, "已决定", "没有等您批准的角色")
	})
}

// TestRefused lets everybody else try every page and every route.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		run := s.upload("system", Home, "people", people).Is(303).To()
		id := strings.TrimPrefix(run, Home+"/")
		const base = "/api/v1/onboarding"
		for _, who := range []string{"security", "audit", "clerk", "holder"} {
			for _, path := range []string{Home, Home + "/template?kind=units", run, run + "/report", base + "/template?kind=units", base + "/runs", base + "/runs/" + id,
				base + "/runs/" + id + "/report", base + "/runs/" + id + "/problems"} {
				s.Get(who, path).Is(403)
			}
			for _, path := range []string{run + "/start", run + "/pause", run + "/discard", run + "/links", base + "/runs/" + id + "/links", base + "/runs/" + id + "/actions/pause"} {
				s.Send(who, path, url.Values{"reason": {"越权"}}).Is(403)
			}
			for _, path := range []string{Home, base + "/checks", base + "/runs"} {
				s.upload(who, path, "people", people, "reason", "越权").Is(403)
			}
		}
		s.Get("system", run+"/grants").Is(403)
		s.Send("system", run+"/grants", url.Values{"grant": {"x"}, "decision": {"approve"}, "reason": {"自己批准"}}).Is(403)
		s.Hire(t, "small", "system", iamtest.Land)
		s.Get("small", run).Is(404)
		s.Send("small", run+"/discard", url.Values{}).Is(404)
		s.Get("system", Home+"/none").Is(404)
		s.Send("system", run+"/explode", url.Values{}).Is(404)
		s.Send("system", run+"/discard", url.Values{}, "Sec-Fetch-Site", "cross-site").Is(403)
		s.Get("system", run).Is(200, "待开始")
		s.Send("system", run+"/discard", url.Values{}).Is(303)
		s.Get("system", run).Is(200, "已放弃")
	})
}

// TestRoutes goes the way of programs.
func TestRoutes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		const base = "/api/v1/onboarding"
		s.upload("system", base+"/checks", "people", people).Is(200, `"good":1`, `"bad":1`, `"cell":"C3"`, `"code":"org.unknown"`)
		s.Get("system", base+"/runs").Is(200, `"items":[]`)
		s.upload("system", base+"/runs", "people", people).Is(422, "reason.required")
		a := s.upload("system", base+"/runs", "people", people, "reason", "任职").Is(202, `"state":"running"`)
		_, after, _ := strings.Cut(a.Body, `"id":"`)
		id, _, _ := strings.Cut(after, `"`)
		pagetest.Must(t, s.work.Work(t.Context()))
		s.Get("system", base+"/runs/"+id).Is(200, `"state":"finished"`, `"done":1`, `"refused":1`)
		s.Get("system", base+"/runs/"+id+"/problems").Is(200, `"row":3`)
		s.Get("security", base+"/runs/"+id+"/grants").Is(200, `"role":"clerk"`)
		s.Get("system", base+"/template?kind=cats").Is(422)
	})
}
