package transfers

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web/page"
	"sidian/internal/web/page/pagetest"
)

const kind = "road_transport"

type world struct {
	*certtest.World
	*pagetest.Site
	soon string
}

// newWorld has who gives away, who takes, who manages both, and who manages one.
func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	c := certtest.New(t, d, kind)
	_, err := c.IAM.CreateOrg(c.System, iam.OrgRequest{ID: "school", Parent: pkitest.Root, Name: "青禾县教育局", Region: "999999", Tier: "county"})
	pagetest.Must(t, err)
	people := map[string]context.Context{
		"old": c.Hire(t, "old", "issuer", sealtest.Market), "heir": c.Hire(t, "heir", "issuer", sealtest.Land), "low": c.Hire(t, "low", "manager", sealtest.Market),
		"manager": c.Hire(t, "manager", "manager", pkitest.Root), "second": c.Hire(t, "second", "manager", pkitest.Root), "clerk": c.Hire(t, "filer", "clerk", sealtest.Market),
		"stranger": c.Hire(t, "stranger", "issuer", "school"), "elsewhere": c.Hire(t, "elsewhere", "manager", "school"),
	}
	kit := pagetest.Kit(t)
	site := pagetest.Serve(t, kit, pagetest.People{Service: c.IAM, By: people}, &Service{Kit: kit, IAM: c.IAM, Catalogue: c.Catalogue, Cert: c.Cert})
	return &world{World: c, Site: site, soon: page.Day(d.Now().AddDate(0, 0, 5))}
}

func (w *world) form(pairs ...string) url.Values {
	v := url.Values{"kind": {kind}, "issuer": {sealtest.Market}, "successor": {"青禾县自然资源局"}, "from": {w.soon}, "basis": {"机构改革方案第三条"}, "reason": {"道路运输许可职责划转"}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// propose proposes as somebody, and is where the transfer then stands.
func (w *world) propose(t *testing.T, who string) string {
	t.Helper()
	to := w.Send(who, New, w.form()).LeadsLike(Home + "/[a-z2-7]+.done=propose")
	here, _, _ := strings.Cut(to, "?")
	return here
}

// From the proposal to the day on which the other unit takes over.
func TestStory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for range 3 {
			w.Issue(t, kind)
		}
		w.Get("old", Home).Is(200, "没有移交", "提出移交", "共同上级同意")
		w.Get("old", New).Is(200, "道路运输", "下一步")
		w.Get("old", New+"?kind="+kind).Is(200, `id="propose"`, "青禾县市场监督管理局", "法定名称")
		for field, bad := range map[string]string{"successor": "没有的单位", "from": "2020-01-01", "basis": "", "reason": ""} {
			w.Send("old", New, w.form(field, bad)).Is(422, `href="#`+field+`"`, "有错误", "机构改革")
		}
		w.Send("old", New, w.form("successor", sealtest.Market)).Is(422, `href="#successor"`, "不能是移交单位自己")
		w.Send("old", New, w.form("kind", "")).Is(422, "下一步")
		here := w.propose(t, "old")
		w.Send("old", New, w.form()).Is(409, "已有一项移交待同意", "撤回")
		w.Get("old", here+"?done=propose").Is(200, "移交已提出", "等青禾县人民政府决定", "不能再签发", "持证人不需要办理", `id="withdraw"`).Lacks(`id="decide"`)
		w.Get("heir", here).Is(200, "青禾县市场监督管理局").Lacks(`id="withdraw"`, `id="decide"`)
		w.Get("manager", Home+"?state=proposed").Is(200, `id="transfer-`+here[len(Home)+1:], "待管理单位同意")
		w.Get("manager", Home+"?state=agreed").Is(200, "没有移交")

		w.Get("manager", here).Is(200, `id="decide"`, "不能自己决定", "现在共 3 份：有效 3 份")
		w.Post("manager", here+"/decision", "reason", "同意划转").Is(422, `href="#decision"`)
		w.Post("manager", here+"/decision", "decision", "agree").Is(422, `href="#reason"`).Lacks(`href="#why"`)
		w.Post("manager", here+"/decision", "decision", "agree", "reason", "同意划转").Leads(here + "?done=agree")
		w.Post("manager", here+"/decision", "decision", "refuse", "reason", "不同意划转").Is(409, "已有决定", "刷新")
		w.Post("old", here+"/withdrawal", "why", "不再移交").Is(409, "已有决定")
		w.Get("heir", here).Is(200, "同意划转", w.soon+" 起改由青禾县自然资源局办理", "未到移交之日").Lacks("现在共", `id="withdraw"`, `id="decide"`)
		w.Get("heir", Home+"?state=agreed").Is(200, here)
	})
}

// What is taken back or refused may be proposed again; who proposed does not decide.
func TestOtherEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	here := w.propose(t, "old")
	w.Post("old", here+"/withdrawal", "why", "").Is(422, `href="#why"`)
	w.Post("old", here+"/withdrawal", "why", "写错了日期").Leads(here + "?done=withdraw")
	w.Post("old", here+"/withdrawal", "why", "写错了日期").Is(409, "已有决定")
	w.Get("old", here).Is(200, "已撤回", "写错了日期").Lacks(`id="withdraw"`)
	here = w.propose(t, "manager")
	w.Post("manager", here+"/decision", "decision", "agree", "reason", "同意划转").Is(403, "不能决定自己提出的移交", "另一位目录管理员")
	w.Post("second", here+"/decision", "decision", "refuse", "reason", "依据不足").Leads(here + "?done=refuse")
	w.Get("manager", here).Is(200, "不同意", "依据不足", "仍由青禾县市场监督管理局办理")
	w.propose(t, "old")
}

// Who may not, from elsewhere, and what is not there.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	here := w.propose(t, "old")
	for who, status := range map[string]int{"clerk": 403, "": 303} {
		for _, path := range []string{Home, New, here} {
			w.Get(who, path).Is(status)
		}
	}
	w.Send("clerk", New, w.form()).Is(403)
	w.Send("heir", New, w.form()).Is(403)
	w.Get("heir", New+"?kind="+kind).Is(200, "您不能提出这类证照的移交", "签发单位提出").Lacks(`id="propose"`)
	w.Get("old", New+"?kind=none").Is(404)
	w.Get("old", Home+"/none").Is(404, "从“颁证职责移交”的列表进入")
	w.Get("low", here).Is(200).Lacks(`id="decide"`)
	good := pagetest.Form("decision", "agree", "reason", "同意划转", "why", "不再移交")
	for who, status := range map[string]int{"old": 403, "heir": 403, "low": 403, "clerk": 403} {
		w.Send(who, here+"/decision", good).Is(status)
	}
	w.Send("heir", here+"/withdrawal", good).Is(403)
	w.Send("manager", Home+"/none/decision", good).Is(404)
	w.Send("old", Home+"/none/withdrawal", good).Is(404)
	for _, act := range []string{"/decision", "/withdrawal"} {
		w.Send("manager", here+act, good, "Sec-Fetch-Site", "cross-site").Is(403)
	}
	w.Send("old", New, w.form(), "Sec-Fetch-Site", "cross-site").Is(403)
	w.Get("old", here).Is(200, "待管理单位同意")
}

// A unit that has nothing to do with a transfer does not see it.
func TestStranger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	here := w.propose(t, "old")
	for who := range map[string]bool{"stranger": true, "elsewhere": true} {
		w.Get(who, Home).Is(200, "没有移交").Lacks(here)
		w.Get(who, here).Is(404)
		w.Post(who, here+"/withdrawal", "why", "不再移交").Is(403)
		w.Send(who, New, w.form()).Is(403)
	}
	w.Post("elsewhere", here+"/decision", "decision", "agree", "reason", "同意划转").Is(403)
	w.Send("second", New, w.form("issuer", sealtest.Land, "successor", "青禾县市场监督管理局")).Is(422, `href="#issuer"`)
	w.Get("heir", Home).Is(200, here)
}
