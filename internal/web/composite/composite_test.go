package composite

import (
	"context"
	"html"
	"strings"
	"testing"

	"sidian/internal/composite"
	"sidian/internal/composite/compositetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web/page/pagetest"
)

type site struct {
	*compositetest.World
	*pagetest.Site
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w, kit := compositetest.New(t, d), pagetest.Kit(t)
	s := &Service{Kit: kit, IAM: w.IAM, Catalogue: w.Catalogue, Composite: w.Composite}
	people := pagetest.People{Service: w.IAM, By: map[string]context.Context{"designer": w.Designer, "manager": w.Manager, "clerk": w.Clerk, "issuer": w.Issuer, "stranger": w.Stranger, "foreign": w.Foreign, "system": w.System}}
	return &site{World: w, Site: pagetest.Serve(t, kit, people, s, w.Composite.Routes)}
}

// TestPages goes the whole way, at the desks of four people.
func TestPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		food := s.Permit(t, compositetest.Food)
		s.Get("designer", Schemes).Is(200, "还没有方案", "起草方案")
		s.Get("clerk", Home+"/new").Is(200, "还没有现行的方案")
		form := []string{"unit", pkitest.Root, "code", "CY-01", "title", "餐饮服务", "industry", "餐饮服务", "kind", compositetest.Kind, "basis", "样例县改革方案", "parts[0].kind", compositetest.Food, "parts[0].need", "must", "parts[0].basis", "食品安全法"}
		s.Post("designer", Schemes+"/new", form...).Is(422, "归集 2 到 9 种许可")
		s.Get("designer", Schemes+"/new").Is(200, `name="parts[2].kind"`, "添加一项").Lacks(`name="parts[3].kind"`)
		s.Post("designer", Schemes+"/new", append(form, "add", "parts")...).Is(200, `name="parts[3].kind"`, `value="食品安全法"`, "许可 4").Lacks(`name="parts[4].kind"`, `class="summary"`)
		form = append(form, "parts[1].kind", compositetest.Road, "parts[1].need", "must", "parts[1].basis", "道路运输条例", "parts[4].kind", compositetest.Build, "parts[4].need", "may", "parts[4].basis", "建筑法")
		s.Post("designer", Schemes+"/new", append(form, "parts[8].kind", "", "add", "parts")...).Is(200, `name="parts[8].kind"`).Lacks(`name="parts[9].kind"`, "添加一项")
		at := s.Post("designer", Schemes+"/new", form...).Is(303).To()
		at, _, _ = strings.Cut(at, "?")
		s.Get("designer", at).Is(200, "起草", "必备", "可选", `id="submit"`).Lacks("同意并发布")
		s.Get("clerk", at).Is(404)
		s.Post("designer", at+"/submit", "revision", "0").Is(303)
		s.Get("manager", at).Is(200, "待同意", "同意并发布")
		s.Post("manager", at+"/return", "revision", "1").Is(422, "理由")
		s.Post("manager", at+"/publish", "revision", "7").Is(409)
		s.Post("manager", at+"/publish", "revision", "1").Is(303)
		s.Get("clerk", at).Is(200, "现行").Lacks(`id="withdraw"`)
		scheme := strings.TrimPrefix(at, Schemes+"/")

		s.Get("clerk", Home).Is(200, "这里还没有综合许可", "组合一份")
		ask := []string{"scheme", scheme, "unit", sealtest.Market, "holder", food.Identifier, "members", ""}
		s.Post("clerk", Home+"/new", "scheme", scheme, "unit", sealtest.Market, "holder", "1.2.156.3005.2.none").Is(422)
		s.Post("clerk", Home+"/new", ask...).Is(200, "还不能提出", "道路运输经营许可证", "没有查到", "没有，不归集").Lacks("提出，由签发人签发")
		s.Post("clerk", Home+"/new", append(ask, "as", "propose")...).Is(409, "不能组合")
		road := s.Permit(t, compositetest.Road)
		ready := s.Post("clerk", Home+"/new", ask...).Is(200, "提出，由签发人签发", road.Number, compositetest.Enterprise.Name, "修改").Lacks(`id="compose-form"`, "查看归集哪些", `id="holder"`)
		change := html.UnescapeString(ready.Between(`id="edit" class="button" href="`, `"`))
		s.Get("clerk", change).Is(200, `id="compose-form"`, `value="`+food.Identifier+`"`, `value="`+scheme+`" selected`).Lacks("提出，由签发人签发")
		one := s.Post("clerk", Home+"/new", append(ask, "as", "propose")...).Is(303).To()
		one, _, _ = strings.Cut(one, "?")
		s.Get("clerk", one).Is(200, "待签发", `id="withdraw"`).Lacks(`id="issue"`)
		s.Get("issuer", Home+"?state=proposed").Is(200, compositetest.Enterprise.Name)
		s.Get("issuer", one).Is(200, `id="issue"`, `id="refuse"`)
		s.Post("issuer", one+"/refuse", "revision", "0").Is(422, "理由")
		s.Post("issuer", one+"/issue", "revision", "0").Is(303)
		s.Get("clerk", one).Is(200, "有效", "综合许可证", "归集 2 项许可", "已签发，证照编号")
		s.Act(t, food.ID, "suspend")
		s.Settle(t)
		s.Get("clerk", one).Is(200, "必备许可暂停", "暂扣", "此项不准经营", "平台")
		s.Get("issuer", Home+"?standing=suspended").Is(200, compositetest.Enterprise.Name)
		s.Get("issuer", Home+"?standing=broken").Is(200).Lacks(compositetest.Enterprise.Name)
	})
}

// TestRefused lets everybody else try every page.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	x := s.Scheme(t)
	food := s.Permit(t, compositetest.Food)
	s.Permit(t, compositetest.Road)
	c := s.Proposed(t, x, food)
	at, scheme := Home+"/"+c.ID, Schemes+"/"+x.ID
	for _, path := range []string{at, Home + "/none"} {
		s.Get("stranger", path).Is(404)
		s.Get("system", path).Is(403)
		s.Get("designer", path).Is(403)
	}
	for _, action := range []string{"issue", "refuse"} {
		s.Post("stranger", at+"/"+action, "revision", "0", "reason", "越权").Is(404)
		s.Post("foreign", at+"/"+action, "revision", "0", "reason", "越权").Is(404)
		s.Post("clerk", at+"/"+action, "revision", "0", "reason", "越权").Is(403)
	}
	s.Post("issuer", at+"/withdraw", "revision", "0", "reason", "越权").Is(403)
	s.Post("issuer", at+"/explode", "revision", "0").Is(404)
	s.Post("issuer", at+"/issue").Is(409)
	s.Get("stranger", Home).Is(200).Lacks(compositetest.Enterprise.Name)
	s.Get("issuer", Home+"/new").Is(403)
	s.Get("clerk", Schemes+"/new").Is(403)
	s.Get("clerk", Schemes).Is(403)
	s.Post("clerk", scheme+"/withdraw", "revision", "2", "reason", "越权").Is(403)
	s.Do("issuer", "POST", at+"/issue", "application/x-www-form-urlencoded", strings.NewReader("revision=0"), "Sec-Fetch-Site", "cross-site").Is(403)
	if got, err := s.Composite.Get(s.Clerk, c.ID); err != nil || got.State != composite.Proposed {
		t.Errorf("%+v %v", got, err)
	}
}

// A registration that was edited in the database says so to everybody who may see it,
// offers nothing, and refuses what is sent all the same.
func TestAltered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Scheme(t)
		food := s.Permit(t, compositetest.Food)
		s.Permit(t, compositetest.Road)
		c := s.Proposed(t, x, food)
		compositetest.Must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(`update composite_scheme set basis = 'x' where id = $1`, x.ID); err != nil {
				return err
			}
			_, err := tx.Exec(`update composite_composite set decided_by = 'x', state = 'issuing', decided_at = 0 where id = $1`, c.ID)
			return err
		}))
		at, scheme := Home+"/"+c.ID, Schemes+"/"+x.ID
		s.Get("issuer", at).Is(200, "登记数据异常", "不可采信", "从备份恢复").Lacks(`id="issue"`, `id="refuse"`)
		s.Get("issuer", Home).Is(200, "登记数据异常")
		s.Post("issuer", at+"/issue", "revision", "0").Is(409, "登记数据异常", "联系平台运维人员")
		s.Get("designer", scheme).Is(200, "登记数据异常").Lacks(`id="do-withdraw"`)
		s.Post("designer", scheme+"/withdraw", "revision", "2", "reason", "样例撤回").Is(409, "登记数据异常")
		s.Get("stranger", at).Is(404)
		if n, err := s.Composite.Resume(t.Context()); n != 0 || err != nil {
			t.Errorf("%d gone on with, %v", n, err)
		}
	})
}
