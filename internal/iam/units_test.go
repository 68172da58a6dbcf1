package iam_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

func TestEditOrganisation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		system := c.Ctx(t, "system")
		name, code, kind := "青禾县市场监督管理委员会", "91350100M000100Y43", "department"
		o, err := c.EditOrg(system, iamtest.Market, iam.OrgEdit{Name: &name, USCC: &code, Type: &kind, Reason: "机构改革"})
		if err != nil || o.Name != name || o.Type != kind {
			t.Fatalf("%+v, %v", o, err)
		}
		former, err := c.FormerNames(t.Context(), iamtest.Market)
		if err != nil || len(former) != 1 || former[0].Name != "青禾县市场监督管理局" {
			t.Errorf("%+v, %v", former, err)
		}
		_, err = c.EditOrg(system, iamtest.Land, iam.OrgEdit{USCC: &code, Reason: "重复"})
		wantCode(t, err, "org.exists")
		bad := "nonsense"
		_, err = c.EditOrg(system, iamtest.Land, iam.OrgEdit{Type: &bad, Reason: "x"})
		wantCode(t, err, "org.invalid")
		_, err = c.EditOrg(system, "nowhere", iam.OrgEdit{Reason: "x"})
		wantCode(t, err, "auth.org")
		_, err = c.CreateOrg(system, iam.OrgRequest{Parent: iamtest.Market, Name: "省局", Tier: "province"})
		wantCode(t, err, "org.tier")
		_, err = c.CreateOrg(system, iam.OrgRequest{Parent: iamtest.Market, Name: "省局", Tier: "nation"})
		wantCode(t, err, "org.invalid")
		if got := codes(t, c.Service); len(got) > 0 {
			t.Errorf("the guards do not add up: %v", got)
		}
	})
}

func TestPosts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		system := c.Ctx(t, "system")
		appoint := func(org, post, who string) error {
			_, err := c.Appoint(system, iam.PostRequest{Org: org, Post: post, Account: c.People[who].ID, Reason: "任命"})
			return err
		}
		gap, err := c.UnitsWithout(system, iam.PostContact, "", 2)
		if err != nil || len(gap.Items) != 2 || gap.Next == "" || gap.Total != 3 {
			t.Fatalf("%+v, %v", gap, err)
		}
		ok(t, appoint(iamtest.Market, iam.PostContact, "clerk"))
		ok(t, appoint(iamtest.Market, iam.PostCustodian, "custodian"))
		for name, tc := range map[string]struct{ org, post, who, code string }{
			"two posts":             {iamtest.Market, iam.PostReviewer, "custodian", "post.separation"},
			"the contact's as well": {iamtest.Market, iam.PostCustodian, "clerk", "post.separation"},
			"the same":              {iamtest.Market, iam.PostContact, "clerk", "post.same"},
			"of another unit":       {iamtest.Market, iam.PostReviewer, "outsider", "post.org"},
			"a holder":              {iamtest.Market, iam.PostReviewer, "holder", "post.kind"},
			"no post":               {iamtest.Market, "king", "reviewer", "post.unknown"},
			"no unit":               {"nowhere", iam.PostReviewer, "reviewer", "auth.org"},
		} {
			t.Run(name, func(t *testing.T) { wantCode(t, appoint(tc.org, tc.post, tc.who), tc.code) })
		}
		ok(t, appoint(iamtest.Market, iam.PostReviewer, "supervisor")) // of the unit above
		ok(t, appoint(iamtest.Market, iam.PostContact, "counter"))
		now, err := c.Posts(c.Ctx(t, "clerk"), iamtest.Market, false)
		if err != nil || len(now) != 3 {
			t.Fatalf("%+v, %v", now, err)
		}
		past, err := c.Posts(system, iamtest.Market, true)
		if err != nil || len(past) != 4 {
			t.Errorf("%+v, %v", past, err)
		}
		_, err = c.Posts(c.Ctx(t, "outsider"), iamtest.Market, false)
		wantCode(t, err, "auth.org")
		ok(t, c.Dismiss(system, iamtest.Market, iam.PostReviewer, "免去"))
		wantCode(t, c.Dismiss(system, iamtest.Market, iam.PostReviewer, "免去"), "post.empty")
		attack(t, d, `update iam_post set account = $1 where post = 'custodian'`, c.People["outsider"].ID)
		now, err = c.Posts(system, iamtest.Market, false)
		if err != nil || len(now) != 1 {
			t.Errorf("a post that was edited in the database is shown: %+v, %v", now, err)
		}
	})
}

// The education bureau acts for its schools (GEN-08), a page at a time.
func TestParentActsForManyUnits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		system := c.Ctx(t, "system")
		_, err := c.CreateOrg(system, iam.OrgRequest{ID: "edu", Parent: iamtest.Root, Name: "青禾县教育局", Tier: "county", Type: "department"})
		ok(t, err)
		n := 500
		if testing.Short() {
			n = 60
		}
		for i := range n {
			_, err := c.CreateOrg(system, iam.OrgRequest{ID: fmt.Sprintf("school-%03d", i), Parent: "edu", Name: fmt.Sprintf("青禾县第%d小学", i), Tier: "town", Type: "school"})
			ok(t, err)
		}
		c.Hire(t, "eduissuer", "issuer", "edu")
		bureau := c.Ctx(t, "eduissuer")
		app, err := c.CreateClient(c.Ctx(t, "security"), iam.ClientRequest{Name: "教育发证", Org: "edu", Scopes: []string{"cert.issue"}})
		ok(t, err)
		program, err := c.AsClient(t.Context(), app.ID)
		ok(t, err)
		for _, school := range []string{"school-000", fmt.Sprintf("school-%03d", n-1)} {
			ok(t, iam.Allow(bureau, "cert.issue", school))
			ok(t, iam.Allow(program, "cert.issue", school))
			wantCode(t, iam.Allow(c.Ctx(t, "issuer"), "cert.issue", school), "auth.org")
		}
		wantCode(t, iam.Allow(bureau, "cert.issue", iamtest.Market), "auth.org")
		wantCode(t, iam.Allow(program, "cert.issue", iamtest.Root), "auth.org")
		if got := iam.ScopeRoots(bureau, "cert.issue"); !slices.Equal(got, []string{"edu"}) {
			t.Errorf("roots %v", got)
		}
		if got := iam.Orgs(program, "cert.issue"); len(got) != n+1 {
			t.Errorf("%d organisations, want %d", len(got), n+1)
		}
		seen, cursor := 0, ""
		for {
			page, err := c.OrgsPage(bureau, iam.OrgQuery{Parent: "edu", Cursor: cursor, Limit: 200})
			ok(t, err)
			if page.Total != int64(n) {
				t.Fatalf("total %d", page.Total)
			}
			seen += len(page.Items)
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if seen != n {
			t.Errorf("%d children in pages, want %d", seen, n)
		}
		found, err := c.OrgsPage(bureau, iam.OrgQuery{Text: "第7小学"})
		if err != nil || len(found.Items) != 1 || len(found.Items[0].Above) != 2 || found.Items[0].Above[1] != "青禾县教育局" {
			t.Errorf("by name: %+v, %v", found, err)
		}
		for name, q := range map[string]iam.OrgQuery{"wildcard": {Text: "%"}, "of others": {Text: "市场监督"}} {
			if page, err := c.OrgsPage(bureau, q); err != nil || len(page.Items) > 0 {
				t.Errorf("%s: %+v, %v", name, page, err)
			}
		}
		top, err := c.OrgsPage(bureau, iam.OrgQuery{})
		if err != nil || len(top.Items) != 1 || top.Items[0].ID != "edu" || top.Items[0].Children != int64(n) || top.Items[0].People != 1 {
			t.Errorf("what the bureau begins with: %+v, %v", top, err)
		}
		_, err = c.OrgsPage(bureau, iam.OrgQuery{Parent: iamtest.Market})
		wantCode(t, err, "auth.org")
		_, err = c.OrgsPage(bureau, iam.OrgQuery{Cursor: "!"})
		wantCode(t, err, "cursor")
	})
}

func TestPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		system := c.Ctx(t, "system")
		id := c.People["clerk"].ID
		name, phone := "样例·改名", "13912345678"
		a, err := c.EditAccount(system, id, iam.AccountEdit{Name: &name, Phone: &phone, Reason: "更正"})
		if err != nil || a.Name != name || a.Phone != "139****5678" {
			t.Fatalf("%+v, %v", a, err)
		}
		bad := "123"
		wantCode(t, errOf(c.EditAccount(system, id, iam.AccountEdit{Phone: &bad, Reason: "x"})), "account.invalid")
		for by, q := range map[string]iam.AccountQuery{
			"name": {Name: name}, "phone": {Phone: phone}, "username": {Username: "CLE"}, "unit": {Org: iamtest.Market, Username: "clerk"}, "below": {Org: iamtest.Root, Below: true, Phone: phone},
		} {
			page, err := c.FindAccounts(system, q)
			if err != nil || len(page.Items) != 1 || page.Items[0].ID != id || page.Items[0].OrgName == "" || len(page.Items[0].Roles) != 1 {
				t.Errorf("by %s: %+v, %v", by, page, err)
			}
		}
		for by, q := range map[string]iam.AccountQuery{"half a name": {Name: "样例"}, "another unit": {Org: iamtest.Land, Phone: phone}, "the unit above alone": {Org: iamtest.Root, Phone: phone}} {
			if page, err := c.FindAccounts(system, q); err != nil || len(page.Items) > 0 {
				t.Errorf("by %s: %+v, %v", by, page, err)
			}
		}
		page, err := c.FindAccounts(system, iam.AccountQuery{Citizen: iamtest.HolderCitizen})
		if err != nil || len(page.Items) != 1 || page.Items[0].Citizen != "999999********0116" {
			t.Errorf("by citizen ID: %+v, %v", page, err)
		}
		for by, q := range map[string]iam.AccountQuery{"nothing": {}, "kind": {Kind: iam.Holder}} {
			page, err := c.FindAccounts(system, q)
			if err != nil || slices.ContainsFunc(page.Items, func(a iam.Account) bool { return a.Kind == iam.Holder }) {
				t.Errorf("holders are listed by %s: %v", by, err)
			}
		}
		wantCode(t, errOf(c.FindAccounts(c.Ctx(t, "clerk"), iam.AccountQuery{})), "auth.permission")
		_, err = c.MoveAccount(system, id, iam.MoveRequest{Org: iamtest.Land, Reason: "调动", End: true})
		ok(t, err)
		if iam.Allow(c.Ctx(t, "clerk"), "cert.draft", iamtest.Market) == nil {
			t.Error("who moved away keeps their role")
		}
		wantCode(t, errOf(c.MoveAccount(system, c.People["audit"].ID, iam.MoveRequest{Org: iamtest.Land, Reason: "调动", End: true})), "grant.last")
		wantCode(t, errOf(c.MoveAccount(system, id, iam.MoveRequest{Org: "nowhere", Reason: "调动"})), "auth.org")
		if got := codes(t, c.Service); len(got) > 0 {
			t.Errorf("the guards do not add up: %v", got)
		}
	})
}

// Personal data is sealed again under a new root, and still opens.
func TestReseal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		var _ keys.Counter = c.Service
		ok(t, c.Keys.Rotate(t.Context(), keys.Field))
		done, after := 0, ""
		for more := true; more; {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				next, n, err := c.Reseal(tx, after, 5)
				more, after, done = next != "", next, done+n
				return err
			})
			ok(t, err)
		}
		if want := len(c.People); done != want {
			t.Errorf("%d accounts were sealed again, want %d", done, want)
		}
		p, err := c.Self(c.Ctx(t, "holder"))
		if err != nil || p.Citizen != iamtest.HolderCitizen {
			t.Errorf("after it: %v", err)
		}
		if found, err := c.HolderOf(t.Context(), iamtest.HolderCitizen); err != nil || found != c.People["holder"].ID {
			t.Errorf("looked up after it: %v", err)
		}
	})
}

func TestClientsStayWithinBounds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := iamtest.New(t, d)
		security := c.Ctx(t, "security")
		for _, scope := range []string{"audit.read", "grant.approve", "policy.approve", "client.manage", "org.manage", "person.read", "cert.read.own", "glass.open", "nothing"} {
			_, err := c.CreateClient(security, iam.ClientRequest{Name: "坏", Org: iamtest.Market, Scopes: []string{"cert.read", scope}})
			wantCode(t, err, "client.scope")
			_, err = c.EditClient(security, c.App.ID, iam.ClientEdit{Scopes: []string{scope}, Reason: "扩大"})
			wantCode(t, err, "client.scope")
		}
		_, err := c.EditClient(security, c.App.ID, iam.ClientEdit{Orgs: []string{"nowhere"}, Reason: "扩大"})
		wantCode(t, err, "auth.org")
		_, err = c.EditClient(c.AppCtx(t), c.App.ID, iam.ClientEdit{Scopes: []string{"cert.read"}, Reason: "自己改"})
		wantCode(t, err, "auth.scope")
		tok, err := c.Issue(t.Context(), c.App.ID, c.App.Secret, "")
		ok(t, err)
		until := clock.now.Add(time.Hour)
		_, err = c.EditClient(security, c.App.ID, iam.ClientEdit{Scopes: []string{"cert.read"}, Until: &until, Reason: "缩小"})
		ok(t, err)
		p, err := c.Bearer(t.Context(), tok.Access)
		if err != nil || !slices.Equal(p.Scopes, []string{"cert.read"}) {
			t.Errorf("a token keeps what its client lost: %v, %v", p, err)
		}
		page, err := c.ClientsPage(c.Ctx(t, "audit"), iam.ClientQuery{Text: "审批"})
		if err != nil || len(page.Items) != 1 || page.Items[0].Used.IsZero() || page.Items[0].OrgName == "" {
			t.Errorf("%+v, %v", page, err)
		}
		clock.add(time.Hour)
		if _, err := c.Bearer(t.Context(), tok.Access); err == nil {
			t.Error("a token outlives its client")
		}
		if _, err := c.Issue(t.Context(), c.App.ID, c.App.Secret, ""); err == nil {
			t.Error("a client outlives its end")
		}
	})
}

// Requests say what they may and nothing else; others' records are not touched.
func TestAccessOverHTTP(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, iam.Options{})
		call := func(who, method, path, body string) reply {
			return s.send(http.DefaultClient, method, path, body, iamtest.Acting, who)
		}
		clerk := s.People["clerk"].ID
		for name, tc := range map[string]struct {
			who, method, path, body string
			status                  int
			part                    string
		}{
			"a grant with its state":      {"system", "POST", "/api/v1/grants", `{"account":"` + clerk + `","role":"issuer","org":"market","reason":"x","state":"effective"}`, 422, "state"},
			"a grant with who decided":    {"system", "POST", "/api/v1/grants", `{"account":"` + clerk + `","role":"issuer","org":"market","reason":"x","decided_by":"y"}`, 422, "decided_by"},
			"a grant for oneself":         {"system", "POST", "/api/v1/grants", `{"account":"` + s.People["system"].ID + `","role":"system","org":"county","reason":"x"}`, 403, "grant.self"},
			"an account with its roles":   {"system", "POST", "/api/v1/accounts", `{"username":"zz","kind":"staff","name":"z","org":"market","roles":["system"]}`, 422, "roles"},
			"an account's kind":           {"system", "PATCH", "/api/v1/accounts/" + clerk, `{"kind":"holder","reason":"x"}`, 422, "kind"},
			"an organisation's parent":    {"system", "PATCH", "/api/v1/orgs/land", `{"parent":"market","reason":"x"}`, 422, "parent"},
			"a policy with its state":     {"system", "POST", "/api/v1/policies", `{"roles":"x","rules":"","reason":"x","state":"effective"}`, 422, "state"},
			"a client with its id":        {"security", "PATCH", "/api/v1/clients/" + s.App.ID, `{"client_id":"x","reason":"x"}`, 422, "client_id"},
			"others' unit in the filter":  {"outsider", "GET", "/api/v1/orgs?parent=market", "", 403, "auth.org"},
			"others' unit in the path":    {"outsider", "GET", "/api/v1/orgs/market/posts", "", 403, "auth.org"},
			"a holder lists grants":       {"holder", "GET", "/api/v1/grants", "", 403, "auth.permission"},
			"an auditor approves":         {"audit", "POST", "/api/v1/policies/9/actions/approve", `{"reason":"x"}`, 403, "auth.permission"},
			"a stranger asks why":         {"", "POST", "/api/v1/explain", `{"permission":"cert.read"}`, 401, "auth.required"},
			"why was I refused":           {"clerk", "POST", "/api/v1/explain", `{"permission":"cert.issue","org":"market"}`, 200, `"allowed":false`},
			"others' holdings":            {"outsider", "GET", "/api/v1/accounts/" + clerk + "/holdings", "", 403, "auth.permission"},
			"one's own holdings":          {"clerk", "GET", "/api/v1/accounts/" + clerk + "/holdings", "", 200, "经办人"},
			"the policy in force":         {"audit", "GET", "/api/v1/policies/0", "", 200, "shipped"},
			"units without a contact":     {"system", "GET", "/api/v1/units-without/contact?limit=1", "", 200, `"cursor"`},
			"glasses":                     {"audit", "GET", "/api/v1/glasses?waiting=true", "", 200, `"items":[]`},
			"a glass without a reason":    {"system", "POST", "/api/v1/glasses", `{"org":"market","object":"cert/x","reason":"短"}`, 422, "reason"},
			"a person in the address":     {"system", "GET", "/api/v1/accounts?phone=13800138000", "", 422, "phone"},
			"a person in the body":        {"system", "POST", "/api/v1/accounts/find", `{"phone":"13800138000"}`, 200, "138****8000"},
			"too many":                    {"system", "GET", "/api/v1/grants?limit=1000", "", 422, "limit"},
			"a forged cursor":             {"system", "GET", "/api/v1/grants?cursor=zzz", "", 422, "cursor"},
			"clients read by the auditor": {"audit", "GET", "/api/v1/clients", "", 200, "样例审批系统"},
			"secrets by the clerk":        {"clerk", "GET", "/api/v1/clients/" + s.App.ID + "/secrets", "", 403, "auth.permission"},
		} {
			t.Run(name, func(t *testing.T) {
				r := call(tc.who, tc.method, tc.path, tc.body)
				if r.status != tc.status || !strings.Contains(r.body, tc.part) {
					t.Errorf("%d %s", r.status, r.body)
				}
			})
		}
		r := call("system", "GET", "/api/v1/grants?state=effective&limit=5", "")
		var page iam.GrantPage
		if err := json.Unmarshal([]byte(r.body), &page); err != nil || len(page.Items) != 5 || page.Next == "" {
			t.Fatalf("%d %s", r.status, r.body)
		}
		var next iam.GrantPage
		r = call("system", "GET", "/api/v1/grants?state=effective&limit=200&cursor="+page.Next, "")
		if err := json.Unmarshal([]byte(r.body), &next); err != nil || next.Items[0].ID == page.Items[4].ID || len(next.Items) != len(s.People)-1-5 {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
}

// A platform begins at any tier (GEN-07), and below it the tiers descend.
func TestRootOfAnyTier(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		tiers := []string{"province", "city", "county", "town", "village"}
		for i, tier := range tiers {
			d := dbtest.New(t, d.Engine())
			s, err := iam.New(t.Context(), d, keystest.New(t, d), iam.Options{CacheFor: 1})
			ok(t, err)
			person := func(name string) iam.AccountRequest {
				return iam.AccountRequest{Username: name, Name: "样例", Kind: iam.Staff}
			}
			made, err := s.Bootstrap(t.Context(), iam.BootstrapRequest{Root: iam.OrgRequest{ID: "root", Name: "样例", Tier: tier}, System: person("system"), Security: person("security"), Audit: person("audit")})
			ok(t, err)
			ctx, err := s.As(t.Context(), made[0].ID)
			ok(t, err)
			parent := "root"
			for _, below := range tiers[i:] {
				o, err := s.CreateOrg(ctx, iam.OrgRequest{Parent: parent, Name: "下级", Tier: below})
				ok(t, err)
				parent = o.ID
			}
			for _, above := range tiers[:i] {
				wantCode(t, errOf(s.CreateOrg(ctx, iam.OrgRequest{Parent: "root", Name: "上级", Tier: above})), "org.tier")
			}
		}
	})
}
