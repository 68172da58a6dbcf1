package policy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"sidian/internal/iam/policy"
)

func staff(roles ...string) policy.Subject {
	s := policy.Subject{Kind: policy.Staff, ID: "account", Level: 2}
	for _, r := range roles {
		role, org, _ := strings.Cut(r, "@")
		s.Roles = append(s.Roles, policy.Held{Role: role, Org: org})
	}
	return s
}

func TestDecideSaysWhy(t *testing.T) {
	t.Parallel()
	s := shipped(t)
	strict := staff("clerk@market")
	strict.Strict = true
	client := policy.Subject{Kind: policy.Client, Scopes: []string{"cert.read", "grant.approve", "cert.reveal"}, ScopeOrgs: []string{"market"}}
	for name, tc := range map[string]struct {
		sub             policy.Subject
		q               policy.Question
		code, say, hint string
	}{
		"no role":                        {staff(), policy.Question{Permission: "cert.issue", Org: "market"}, "auth.permission", "您没有“签发证照”的权限（cert.issue）", "需要签发人角色；请联系本单位系统管理员申请授权，由安全管理员批准"},
		"wrong role":                     {staff("clerk@market"), policy.Question{Permission: "cert.issue"}, "auth.permission", "您没有“签发证照”的权限（cert.issue）", "签发人"},
		"wrong unit":                     {staff("issuer@land"), policy.Question{Permission: "cert.issue", Org: "market"}, "auth.org", "您的“签发证照”权限（cert.issue）不包括该单位", "签发人"},
		"unit above":                     {staff("issuer@market"), policy.Question{Permission: "cert.issue", Org: "county"}, "auth.org", "不包括该单位", ""},
		"unit of another name":           {staff("issuer@market"), policy.Question{Permission: "cert.issue", Org: "market "}, "auth.org", "不包括该单位", ""},
		"unknown permission":             {staff("system@county"), policy.Question{Permission: "everything"}, "auth.permission", "everything", "系统管理员"},
		"empty permission":               {staff("system@county"), policy.Question{}, "auth.permission", "没有", ""},
		"role that is not":               {staff("king@county"), policy.Question{Permission: "cert.read"}, "auth.permission", "没有", ""},
		"the program's inner role":       {staff("/client@county"), policy.Question{Permission: "cert.read"}, "auth.permission", "没有", ""},
		"holder's role for staff":        {staff("holder@county"), policy.Question{Permission: "cert.read.own", Owner: true}, "auth.permission", "没有", ""},
		"kind that is not":               {policy.Subject{Kind: "root", Roles: staff("clerk@market").Roles}, policy.Question{Permission: "cert.read", Org: "market"}, "auth.permission", "没有", ""},
		"nobody":                         {policy.Subject{}, policy.Question{Permission: "cert.read"}, "auth.permission", "没有", ""},
		"holder with a business role":    {policy.Subject{Kind: policy.Holder, Level: 3, Roles: staff("clerk@market").Roles}, policy.Question{Permission: "cert.read", Org: "market"}, "auth.permission", "没有", ""},
		"holder, any unit":               {policy.Subject{Kind: policy.Holder, Level: 3}, policy.Question{Permission: "cert.read.own", Org: "market"}, "auth.org", "不包括", ""},
		"holder, self-declared":          {policy.Subject{Kind: policy.Holder, Level: 1}, policy.Question{Permission: "cert.read.own", Org: "market", Owner: true}, "auth.level", "实名认证", "实名"},
		"client, no scope":               {client, policy.Question{Permission: "cert.issue", Org: "market"}, "auth.scope", "本应用没有“签发证照”的权限（cert.issue）", "请联系平台安全管理员，为应用增加授权范围"},
		"client, other unit":             {client, policy.Question{Permission: "cert.read", Org: "land"}, "auth.org", "本应用不能代表该单位行使“查阅本单位证照”（cert.read）", "安全管理员"},
		"client as administrator":        {client, policy.Question{Permission: "grant.approve", Org: "market"}, "auth.scope", "没有", ""},
		"client, no purpose":             {client, policy.Question{Permission: "cert.reveal", Org: "market"}, "auth.purpose", "用途", ""},
		"client, no unit":                {policy.Subject{Kind: policy.Client, Scopes: []string{"cert.read"}}, policy.Question{Permission: "cert.read"}, "auth.org", "不能代表", ""},
		"client with an account's roles": {policy.Subject{Kind: policy.Client, Roles: staff("clerk@market").Roles}, policy.Question{Permission: "cert.read", Org: "market"}, "auth.scope", "没有", ""},
		"account with a client's scopes": {policy.Subject{Kind: policy.Staff, Scopes: []string{"cert.read"}, ScopeOrgs: []string{"market"}}, policy.Question{Permission: "cert.read", Org: "market"}, "auth.permission", "没有", ""},
		"no purpose":                     {staff("clerk@market"), policy.Question{Permission: "cert.reveal", Org: "market"}, "auth.purpose", "须先说明用途", "请选择用途"},
		"purpose of another post":        {staff("clerk@market"), policy.Question{Permission: "cert.reveal", Org: "market", Purpose: "inspect"}, "auth.purpose", "岗位", ""},
		"purpose that is not":            {staff("clerk@market"), policy.Question{Permission: "cert.reveal", Org: "market", Purpose: "fun"}, "auth.purpose", "没有这种用途", ""},
		"emergency without glass":        {staff("clerk@market"), policy.Question{Permission: "cert.reveal", Org: "market", Purpose: "emergency"}, "auth.purpose", "应急查阅", "事由"},
		"glass, another purpose":         {staff("system@county", "glass@county"), policy.Question{Permission: "cert.reveal", Org: "market", Purpose: "issue"}, "auth.purpose", "岗位", ""},
		"one factor":                     {strict, policy.Question{Permission: "cert.reveal", Org: "market", Purpose: "issue", Class: policy.Sensitive}, "auth.second", "双因素", ""},
		"one factor, nearest role":       {policy.Subject{Kind: policy.Staff, Strict: true, Roles: staff("clerk@market", "counter@market").Roles}, policy.Question{Permission: "cert.reveal", Org: "market", Purpose: "window", Class: policy.Sensitive}, "auth.second", "双因素", ""},
		"class that is not":              {staff("clerk@market"), policy.Question{Permission: "cert.read", Org: "market", Class: "秘密"}, "policy.error", "按拒绝处理", ""},
		"only by breaking the glass":     {staff("clerk@market"), policy.Question{Permission: "person.read", Org: "market", Purpose: "issue"}, "auth.permission", "没有", "须由系统管理员发起应急查阅"},
		"glass is not to be asked for":   {staff("custodian@market"), policy.Question{Permission: "cert.reveal"}, "auth.permission", "没有", "需要经办人、审核人、签发人、窗口人员角色；"},
		"a level that is none":           {policy.Subject{Kind: policy.Holder, Level: 4}, policy.Question{Permission: "cert.read.own"}, "auth.level", "实名", ""},
		"a level below none":             {policy.Subject{Kind: policy.Holder, Level: -1}, policy.Question{Permission: "cert.read.own"}, "auth.level", "实名", ""},
		"gate, never":                    {staff("custodian@market"), policy.Question{Permission: "cert.reveal", Gate: true}, "auth.permission", "没有", ""},
		"gate, unverified holder":        {policy.Subject{Kind: policy.Holder}, policy.Question{Permission: "cert.read.own", Gate: true}, "auth.level", "实名", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := s.Decide(tc.sub, tc.q, county)
			if d.Allowed || d.Code != tc.code || !strings.Contains(d.Say, tc.say) || !strings.Contains(d.Hint, tc.hint) {
				t.Errorf("%+v", d)
			}
			if e := s.Explain(tc.sub, tc.q, county); e.Code != d.Code || e.Say != d.Say || e.Allowed {
				t.Errorf("explained otherwise: %+v", e)
			}
		})
	}
}

func TestDecideAllows(t *testing.T) {
	t.Parallel()
	s := shipped(t)
	for name, tc := range map[string]struct {
		sub policy.Subject
		q   policy.Question
		by  string
	}{
		"own":                     {staff("issuer@market"), policy.Question{Permission: "cert.issue", Org: "market"}, "role.issuer"},
		"below":                   {staff("issuer@county"), policy.Question{Permission: "cert.issue", Org: "booth"}, "role.issuer"},
		"any":                     {staff("issuer@market"), policy.Question{Permission: "cert.issue"}, "role.issuer"},
		"second role":             {staff("king@county", "clerk@land", "issuer@market"), policy.Question{Permission: "cert.read", Org: "market"}, "role.issuer"},
		"purpose":                 {staff("counter@market"), policy.Question{Permission: "cert.reveal", Org: "market", Purpose: "window", Class: policy.Sensitive}, "role.counter"},
		"second factor, strictly": {policy.Subject{Kind: policy.Staff, Roles: staff("counter@market").Roles, Strict: true, Second: true}, policy.Question{Permission: "cert.reveal", Org: "market", Purpose: "window", Class: policy.Sensitive}, "role.counter"},
		"glass":                   {staff("system@county", "glass@county"), policy.Question{Permission: "cert.reveal", Org: "market", Purpose: "emergency"}, "role.glass"},
		"own record of a holder":  {policy.Subject{Kind: policy.Holder, Level: 2}, policy.Question{Permission: "cert.read.own", Org: "market", Owner: true, Class: policy.Sensitive, Purpose: "self"}, "role.holder"},
		"holder, role named":      {policy.Subject{Kind: policy.Holder, Level: 2, Roles: []policy.Held{{Role: "holder"}}}, policy.Question{Permission: "cert.read.own"}, "role.holder"},
		"client":                  {policy.Subject{Kind: policy.Client, Scopes: []string{"cert.issue"}, ScopeOrgs: []string{"land", "market"}}, policy.Question{Permission: "cert.issue", Org: "booth"}, "client"},
		"gate, purpose to come":   {staff("counter@market"), policy.Question{Permission: "cert.reveal", Gate: true}, "role.counter"},
	} {
		t.Run(name, func(t *testing.T) {
			if d := s.Decide(tc.sub, tc.q, county); !d.Allowed || !slices.Equal(d.By, []string{tc.by}) || d.Code+d.Say+d.Hint != "" || d.Steps != nil {
				t.Errorf("%+v", d)
			}
		})
	}
	if s.Decide(staff("issuer@market"), policy.Question{Permission: "cert.issue", Org: "market"}, nil).Allowed {
		t.Error("without a tree, the organisation is not covered")
	}
}

func TestZeroSetRefusesEverything(t *testing.T) {
	t.Parallel()
	var zero policy.Set
	for _, sub := range []policy.Subject{staff("issuer@market"), {Kind: policy.Holder, Level: 3}, {Kind: policy.Client, Scopes: []string{"cert.issue"}, ScopeOrgs: []string{"market"}}} {
		for _, q := range []policy.Question{{Permission: "cert.issue", Org: "market"}, {Permission: "cert.reveal", Purpose: "issue"}, {Permission: "cert.read.own", Owner: true, Gate: true}} {
			for _, d := range []policy.Decision{zero.Decide(sub, q, county), zero.Explain(sub, q, county)} {
				if d.Allowed || d.Code != policy.CodeError || d.Say == "" {
					t.Errorf("%+v", d)
				}
			}
			if zero.Scopes(sub, q.Permission) != nil || zero.PurposesFor(sub, q, county) != nil {
				t.Error("the zero Set has scopes or purposes")
			}
		}
	}
	if _, ok := zero.Role("clerk"); ok || zero.Known("cert.read") || zero.ForClients("cert.read") || zero.Label("cert.read") != "cert.read" {
		t.Error("the zero Set knows something")
	}
}

// What a gate lets in is what some purpose lets in behind it.
func TestGateAgreesWithPurposes(t *testing.T) {
	t.Parallel()
	s := shipped(t)
	for _, r := range s.Roles() {
		for _, p := range s.Permissions() {
			sub := staff(r.Code + "@market")
			if r.Holder {
				sub.Kind = policy.Holder
			}
			want := s.Decide(sub, policy.Question{Permission: p.Name}, county).Allowed || len(s.PurposesFor(sub, policy.Question{Permission: p.Name}, county)) > 0
			if got := s.Decide(sub, policy.Question{Permission: p.Name, Gate: true}, county).Allowed; got != want {
				t.Errorf("%s at the gate of %s: %v, want %v", r.Code, p.Name, got, want)
			}
		}
	}
	list := s.PurposesFor(staff("clerk@market", "counter@land"), policy.Question{Permission: "cert.reveal", Org: "market"}, county)
	if len(list) != 2 || list[0].Name != "办理证照" || list[1].Name != "异议核查" {
		t.Errorf("purposes to offer: %v", list)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	s := shipped(t)
	d := s.Explain(staff("clerk@land", "counter@market", "custodian@market", "king@county"),
		policy.Question{Permission: "cert.reveal", Org: "booth", Purpose: "issue"}, county)
	if d.Allowed || d.Code != "auth.purpose" {
		t.Fatalf("%+v", d)
	}
	type key struct{ id, org string }
	steps := map[key]policy.Step{}
	for _, st := range d.Steps {
		steps[key{st.ID, st.Org}] = st
		if st.Why == "" || st.Name == "" || st.Effect == "" {
			t.Errorf("the step is not whole: %+v", st)
		}
	}
	for k, want := range map[key]struct {
		matched bool
		why     string
	}{
		{"role.clerk", "land"}:       {false, "授权单位不包括该单位"},
		{"role.counter", "market"}:   {true, "授权单位包括该单位"},
		{"role.custodian", "market"}: {false, "不含“显示证照中的敏感信息”"},
		{"role.king", "county"}:      {false, "没有这个角色"},
		{"purpose.role", "market"}:   {true, "拒绝"},
		{"purpose.needed", "market"}: {false, "条件不成立"},
		{"holder.level", "market"}:   {false, "无关"},
	} {
		if st, ok := steps[k]; !ok || st.Matched != want.matched || !strings.Contains(st.Why, want.why) {
			t.Errorf("%v: %+v, want %+v", k, st, want)
		}
	}
	for name, sub := range map[string]policy.Subject{"no role": staff(), "no unit": {Kind: policy.Client}, "nobody": {}} {
		if d := s.Explain(sub, policy.Question{Permission: "cert.read"}, county); len(d.Steps) != 1 || !strings.Contains(d.Steps[0].Why, "默认拒绝") {
			t.Errorf("%s: %+v", name, d.Steps)
		}
	}
	own := s.Explain(policy.Subject{Kind: policy.Holder, Level: 2}, policy.Question{Permission: "cert.read.own", Org: "market", Owner: true}, county)
	if !own.Allowed || !strings.Contains(own.Steps[0].Why, "本人") {
		t.Errorf("%+v", own)
	}
	client := s.Explain(policy.Subject{Kind: policy.Client, ScopeOrgs: []string{"market"}}, policy.Question{Permission: "cert.read"}, county)
	if client.Allowed || !strings.Contains(client.Steps[0].Why, "授权范围不含") {
		t.Errorf("%+v", client)
	}
}

// The scope of a list and the check of each record agree, on random trees.
func TestScopesAgreesWithDecide(t *testing.T) {
	t.Parallel()
	s := shipped(t)
	const n = 40
	inside, outside := 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 3))
		tr, orgs := tree{}, []string{""}
		for i := range n {
			org := fmt.Sprintf("o%d", i)
			tr[org] = orgs[r.IntN(len(orgs))]
			orgs = append(orgs, org)
		}
		if seed%10 == 0 { // a loop in the data
			tr["o1"], tr["o2"] = "o2", "o1"
		}
		orgs = append(orgs, "unknown")
		sub, q := random(r, s, orgs)
		roots := s.ScopesFor(sub, q)
		if !slices.IsSorted(roots) || slices.Contains(roots, "") {
			t.Fatalf("seed %d: not sorted, or the empty organisation: %v", seed, roots)
		}
		if q.Purpose == "" && q.Class == "" && !slices.Equal(roots, s.Scopes(sub, q.Permission)) {
			t.Fatalf("seed %d: Scopes and ScopesFor differ", seed)
		}
		for _, org := range orgs[1:] {
			q.Org = org
			in := slices.ContainsFunc(roots, func(root string) bool { return tr.Covers(root, org) })
			if got := s.Decide(sub, q, tr).Allowed; got != in {
				t.Fatalf("seed %d: %+v asks %+v: allowed %v, in the scope %v of %v", seed, sub, q, got, in, roots)
			}
			if in {
				inside++
			} else {
				outside++
			}
		}
	}
	if inside < 300 || outside < 300 {
		t.Errorf("%d inside, %d outside: these cases say little", inside, outside)
	}
}

func random(r *rand.Rand, s *policy.Set, orgs []string) (policy.Subject, policy.Question) {
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	sub := policy.Subject{Kind: pick([]string{policy.Staff, policy.Staff, policy.Staff, policy.Client, policy.Holder}), ID: "x", Level: r.IntN(4), Second: r.IntN(2) > 0, Strict: r.IntN(2) > 0}
	popular := []string{"cert.read", "cert.read", "org.read", "kind.read", "cert.reveal", "share.query", "cert.read.own"}
	for range 2 + r.IntN(6) {
		sub.Roles = append(sub.Roles, policy.Held{Role: s.Roles()[r.IntN(len(s.Roles()))].Code, Org: pick(orgs)})
		sub.ScopeOrgs = append(sub.ScopeOrgs, pick(orgs))
		sub.Scopes = append(sub.Scopes, pick(popular))
	}
	return sub, policy.Question{Permission: pick(popular), Purpose: pick([]string{"", "", "issue", "window"}), Class: pick([]string{"", policy.Sensitive})}
}

func TestConcurrently(t *testing.T) {
	t.Parallel()
	s := shipped(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				q := policy.Question{Permission: "cert.reveal", Org: "booth", Purpose: []string{"issue", "window"}[(i+j)%2], Class: policy.Sensitive}
				if d := s.Decide(staff("clerk@market"), q, county); d.Allowed != (q.Purpose == "issue") {
					t.Errorf("%+v: %+v", q, d)
				}
			}
		})
	}
	wg.Wait()
}
