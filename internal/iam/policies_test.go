package iam_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// texts are the shipped policy with a version and a change.
func texts(t *testing.T, c *iamtest.County, version int, old, now string) iam.PolicyRequest {
	t.Helper()
	roles, rules := c.InForce().Texts()
	text := strings.Replace(string(roles), fmt.Sprintf("\nversion: %d\n", c.InForce().Version()), fmt.Sprintf("\nversion: %d\n", version), 1)
	changed := strings.Replace(text, old, now, 1)
	if old != "" && changed == text {
		t.Fatalf("%q is not in the policy", old)
	}
	return iam.PolicyRequest{Roles: changed, Rules: string(rules), Reason: "测试"}
}

const (
	custodianMay = "may: [org.read, seal.apply,"
	more         = "may: [org.read, kind.read, seal.apply,"
)

func TestPolicyTakesTwo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		system, security, keeper := c.Ctx(t, "system"), c.Ctx(t, "security"), c.Ctx(t, "custodian")
		v := c.InForce().Version() + 1
		r := texts(t, c, v, custodianMay, more)
		for _, who := range []string{"security", "audit", "clerk", "supervisor", "holder"} {
			_, err := c.ProposePolicy(c.Ctx(t, who), r)
			wantCode(t, err, "auth.permission")
		}
		p, err := c.ProposePolicy(system, r)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Changes) != 2 || !p.Changes[1].Widens {
			t.Errorf("changes: %+v", p.Changes)
		}
		if iam.Allow(keeper, "kind.read", iamtest.Market) == nil {
			t.Error("a draft has effect")
		}
		_, err = c.ProposePolicy(system, texts(t, c, v+1, custodianMay, more))
		wantCode(t, err, "policy.draft")
		for _, who := range []string{"system", "audit", "clerk"} {
			wantCode(t, c.DecidePolicy(c.Ctx(t, who), v, true, "自己批"), "auth.permission")
		}
		wantCode(t, c.DecidePolicy(security, v, true, " "), "reason.required")
		wantCode(t, c.DecidePolicy(security, v+5, true, "x"), "policy.unknown")
		if err := c.DecidePolicy(security, v, true, "同意"); err != nil {
			t.Fatal(err)
		}
		if err := iam.Allow(keeper, "kind.read", iamtest.Market); err != nil {
			t.Errorf("an approved policy has effect at once, also for who is signed in: %v", err)
		}
		wantCode(t, c.DecidePolicy(security, v, true, "再批"), "policy.state")
		_, err = c.ProposePolicy(system, texts(t, c, v, "", ""))
		wantCode(t, err, "policy.version")
		another(t, c, d)
		if c.InForce().Version() != v {
			t.Error("another process has another policy")
		}
		page, err := c.Policies(c.Ctx(t, "audit"), "", 10)
		if err != nil || len(page.Items) != 1 || !page.Items[0].InForce || page.Items[0].Roles != "" || page.Items[0].DecName == "" {
			t.Errorf("%+v, %v", page, err)
		}
		one, err := c.Policy(security, 0)
		if err != nil || one.Version != v || one.Roles != r.Roles {
			t.Errorf("the one in force: %v", err)
		}
		_, err = c.Policies(c.Ctx(t, "clerk"), "", 10)
		wantCode(t, err, "auth.permission")
	})
}

func TestRefusedPolicy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		system, security := c.Ctx(t, "system"), c.Ctx(t, "security")
		v := c.InForce().Version() + 1
		if _, err := c.ProposePolicy(system, texts(t, c, v, custodianMay, more)); err != nil {
			t.Fatal(err)
		}
		if err := c.DecidePolicy(security, v, false, "不需要"); err != nil {
			t.Fatal(err)
		}
		if iam.Allow(c.Ctx(t, "custodian"), "kind.read", iamtest.Market) == nil || c.InForce().Version() == v {
			t.Error("a refused policy has effect")
		}
		p, err := c.Policy(security, v)
		if err != nil || p.State != iam.Refused || p.Note != "不需要" || len(p.Changes) != 2 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// Nobody can shut everybody out, nor leave the floor.
func TestPolicyLockout(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		system := c.Ctx(t, "system")
		v := c.InForce().Version() + 1
		for name, tc := range map[string]struct{ old, now, code string }{
			"the security administrators' role gets another code": {"- code: security\n", "- code: guardian\n", "policy.lockout"},
			"the auditors' role gets another code":                {"- code: audit\n", "- code: watcher\n", "policy.lockout"},
			"nobody approves policies":                            {"policy.approve, policy.read, glass.review", "policy.read, glass.review", "policy.invalid"},
			"business administrates":                              {custodianMay, "may: [grant.approve, org.read, seal.apply,", "policy.invalid"},
			"no YAML":                                             {"purposes:\n", "purposes: [\n", "policy.invalid"},
			"an anchor":                                           {"purposes:\n", "purposes: &x\n", "policy.invalid"},
		} {
			t.Run(name, func(t *testing.T) {
				r := texts(t, c, v, tc.old, tc.now)
				_, err := c.ProposePolicy(system, r)
				wantCode(t, err, tc.code)
				if fault.As(err).Hint == "" {
					t.Error("no way out is told")
				}
				_, err = c.CheckPolicy(c.Ctx(t, "audit"), r)
				wantCode(t, err, tc.code)
			})
		}
	})
}

// A policy that was edited in the database allows nothing until an operator puts
// the shipped one in force.
func TestEditedPolicyRefusesEverything(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		v := c.InForce().Version() + 1
		if _, err := c.ProposePolicy(c.Ctx(t, "system"), texts(t, c, v, custodianMay, more)); err != nil {
			t.Fatal(err)
		}
		attack(t, d, `update iam_policy set reason = 'x', roles = roles || ' ' where version = $1`, v)
		wantCode(t, c.DecidePolicy(c.Ctx(t, "security"), v, true, "同意"), "iam.altered")
		attack(t, d, `update iam_policy set roles = substr(roles, 1, length(roles) - 1) where version = $1`, v)
		if err := c.DecidePolicy(c.Ctx(t, "security"), v, true, "同意"); err != nil {
			t.Fatal(err)
		}
		attack(t, d, `update iam_policy set roles = roles || ' ' where version = $1`, v)
		another(t, c, d)
		for who, permission := range map[string]string{"clerk": "cert.draft", "system": "org.manage", "audit": "audit.read"} {
			wantCode(t, iam.Allow(c.Ctx(t, who), permission, ""), "policy.error")
		}
		if err := c.RestorePolicy(t.Context(), "被改动"); err != nil {
			t.Fatal(err)
		}
		if err := iam.Allow(c.Ctx(t, "clerk"), "cert.draft", iamtest.Market); err != nil {
			t.Error(err)
		}
	})
}

func TestPolicyDecidedAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		v := c.InForce().Version() + 1
		if _, err := c.ProposePolicy(c.Ctx(t, "system"), texts(t, c, v, custodianMay, more)); err != nil {
			t.Fatal(err)
		}
		security := c.Ctx(t, "security")
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { errs[i] = c.DecidePolicy(security, v, i%2 == 0, "同时") })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				wantCode(t, err, "policy.state")
			}
		}
		if won != 1 {
			t.Errorf("%d decisions", won)
		}
	})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		own, err := c.Explain(c.Ctx(t, "clerk"), iam.ExplainRequest{Permission: "cert.issue", Org: iamtest.Market})
		if err != nil || own.Allowed || own.Code != "auth.permission" || len(own.Steps) == 0 {
			t.Errorf("%+v, %v", own, err)
		}
		asks := iam.ExplainRequest{Account: c.People["issuer"].ID, Permission: "cert.issue", Org: iamtest.Market}
		for who, code := range map[string]string{"clerk": "auth.permission", "holder": "auth.permission", "outsider": "auth.permission"} {
			_, err := c.Explain(c.Ctx(t, who), asks)
			wantCode(t, err, code)
		}
		for _, who := range []string{"system", "security", "audit"} {
			got, err := c.Explain(c.Ctx(t, who), asks)
			if err != nil || !got.Allowed {
				t.Errorf("%s: %+v, %v", who, got, err)
			}
		}
		got, err := c.Explain(c.Ctx(t, "audit"), iam.ExplainRequest{Client: c.App.ID, Permission: "seal.use", Org: iamtest.Land})
		if err != nil || got.Allowed || got.Code != "auth.scope" {
			t.Errorf("a client: %+v, %v", got, err)
		}
		_, err = c.Explain(t.Context(), asks)
		wantCode(t, err, "auth.required")
		_, err = c.Explain(c.Ctx(t, "audit"), iam.ExplainRequest{Permission: "everything"})
		wantCode(t, err, "permission.unknown")
	})
}
