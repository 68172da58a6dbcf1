package iam_test

import (
	"context"
	"slices"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// Every pair of role and permission is either written in roles.yaml or
// refused, for the organisation, one below it, and one beside it.
func TestAllowEveryPair(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		for _, role := range c.InForce().Roles() {
			if role.Holder || role.Temporary {
				continue
			}
			ctx, org := c.Ctx(t, role.Code), iamtest.Market
			if role.Admin != "" || role.Code == "supervisor" {
				org = iamtest.Root
			}
			for _, other := range c.InForce().Roles() {
				for _, permission := range other.May {
					want := slices.Contains(role.May, permission)
					allow := func(org string) bool {
						q := iam.Question{Permission: permission, Org: org}
						if permission == "cert.reveal" && len(role.Purposes) > 0 { // never without a purpose
							q.Purpose = role.Purposes[0]
						}
						return iam.Ask(ctx, q) == nil
					}
					if got := allow(org); got != want {
						t.Errorf("%s, %s for its own organisation: %v, want %v", role.Code, permission, got, want)
					}
					beside := want && org == iamtest.Root // Land stands below Root, beside Market
					if got := allow(iamtest.Land); got != beside {
						t.Errorf("%s, %s for another organisation: %v, want %v", role.Code, permission, got, beside)
					}
					if allow("nowhere") {
						t.Errorf("%s, %s for an organisation that does not exist: allowed", role.Code, permission)
					}
				}
			}
		}
	})
}

func TestAllowRefusalsSayWhy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		for name, tc := range map[string]struct {
			ctx             context.Context
			permission, org string
			code            string
		}{
			"stranger":           {t.Context(), "cert.issue", iamtest.Market, "auth.required"},
			"wrong role":         {c.Ctx(t, "clerk"), "cert.issue", iamtest.Market, "auth.permission"},
			"wrong unit":         {c.Ctx(t, "outsider"), "cert.issue", iamtest.Market, "auth.org"},
			"client, no scope":   {c.AppCtx(t), "audit.read", iamtest.Root, "auth.scope"},
			"client, no unit":    {c.AppCtx(t), "cert.issue", "nowhere", "auth.org"},
			"unknown permission": {c.Ctx(t, "system"), "everything", "", "auth.permission"},
			"holder":             {c.Ctx(t, "holder"), "cert.read", "", "auth.permission"},
			"holder, any unit":   {c.Ctx(t, "holder"), "cert.read.own", iamtest.Market, "auth.org"},
		} {
			t.Run(name, func(t *testing.T) {
				err := iam.Allow(tc.ctx, tc.permission, tc.org)
				wantCode(t, err, tc.code)
				if fault.As(err).Hint == "" {
					t.Error("the refusal does not say who can help")
				}
			})
		}
		if err := iam.Allow(c.AppCtx(t), "cert.issue", iamtest.Land); err != nil {
			t.Errorf("the program acts for all below the county: %v", err)
		}
		if err := iam.Allow(c.Ctx(t, "holder"), "cert.read.own", ""); err != nil {
			t.Errorf("a holder reads their own: %v", err)
		}
	})
}

func TestOrgsAgreesWithAllow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		ctxs := map[string]context.Context{"app": c.AppCtx(t), "stranger": t.Context()}
		for who := range c.People {
			ctxs[who] = c.Ctx(t, who)
		}
		for who, ctx := range ctxs {
			for _, permission := range []string{"cert.issue", "cert.read", "org.manage", "supervise.read"} {
				orgs := iam.Orgs(ctx, permission)
				for _, org := range []string{iamtest.Root, iamtest.Market, iamtest.Land} {
					if slices.Contains(orgs, org) != (iam.Allow(ctx, permission, org) == nil) {
						t.Errorf("%s, %s, %s: the list's scope and the check differ", who, permission, org)
					}
				}
			}
		}
	})
}

func TestSeparationOfDuties(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		system := c.Ctx(t, "system")
		propose := func(who, role string) error {
			_, err := c.ProposeGrant(system, iam.GrantRequest{Account: c.People[who].ID, Role: role, Org: iamtest.Root, Reason: "测试"})
			return err
		}
		for name, tc := range map[string]struct{ who, role, code string }{
			"security beside audit":     {"audit", "security", "grant.separation"},
			"audit beside security":     {"security", "audit", "grant.separation"},
			"administrator in business": {"security", "issuer", "grant.separation"},
			"business administrates":    {"issuer", "audit", "grant.separation"},
			"for oneself":               {"system", "system", "grant.self"},
			"holder gets a role":        {"holder", "issuer", "grant.kind"},
			"holder's role":             {"clerk", "holder", "grant.holder"},
			"unknown role":              {"clerk", "king", "role.unknown"},
		} {
			t.Run(name, func(t *testing.T) { wantCode(t, propose(tc.who, tc.role), tc.code) })
		}
		wantCode(t, errOf(c.ProposeGrant(c.Ctx(t, "security"), iam.GrantRequest{Account: c.People["clerk"].ID, Role: "issuer", Org: iamtest.Root, Reason: "x"})), "auth.permission")
		fresh := c.Hire(t, "fresh", "clerk", iamtest.Market)
		g, err := c.ProposeGrant(system, iam.GrantRequest{Account: fresh.ID, Role: "reviewer", Org: iamtest.Market, Reason: "测试"})
		if err != nil {
			t.Fatal(err)
		}
		if iam.Allow(c.Ctx(t, "fresh"), "cert.review", iamtest.Market) == nil {
			t.Error("a grant had effect before it was approved")
		}
		wantCode(t, c.DecideGrant(system, g.ID, true, "自己批"), "auth.permission")
		if err := c.DecideGrant(c.Ctx(t, "security"), g.ID, true, "同意"); err != nil {
			t.Fatal(err)
		}
		if err := iam.Allow(c.Ctx(t, "fresh"), "cert.review", iamtest.Market); err != nil {
			t.Error(err)
		}
		wantCode(t, c.DecideGrant(c.Ctx(t, "security"), g.ID, true, "再批"), "grant.state")
		if err := c.RevokeGrant(c.Ctx(t, "security"), g.ID, "调岗"); err != nil {
			t.Fatal(err)
		}
		if iam.Allow(c.Ctx(t, "fresh"), "cert.review", iamtest.Market) == nil {
			t.Error("a revoked grant still has effect")
		}
	})
}

func errOf[T any](_ T, err error) error { return err }

func TestBootstrapOnlyOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		_, err := c.Bootstrap(t.Context(), iam.BootstrapRequest{
			Root:   iam.OrgRequest{Name: "另一个", Tier: "county"},
			System: iam.AccountRequest{Username: "s1", Name: "一"}, Security: iam.AccountRequest{Username: "s2", Name: "二"}, Audit: iam.AccountRequest{Username: "s3", Name: "三"},
		})
		wantCode(t, err, "iam.bootstrapped")
	})
}

func TestPersonalDataIsEncryptedAndMasked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		id := c.People["holder"].ID
		a, err := c.Account(c.Ctx(t, "system"), id)
		if err == nil && (a.Citizen != "999999********0116" || a.Phone != "138****8000") {
			t.Errorf("shown as %s, %s", a.Citizen, a.Phone)
		}
		if err != nil {
			t.Fatal(err)
		}
		err = d.Read(t.Context(), func(tx *db.Tx) error {
			var n int64
			return tx.Get(`select count(*) from iam_account where id = $1 and length(citizen) > 18 and length(name) > 9`, []any{id}, &n)
		})
		if err != nil {
			t.Fatal(err)
		}
		self, err := c.Self(c.Ctx(t, "holder"))
		if err != nil || self.Citizen != iamtest.HolderCitizen || self.Name != "张样例" {
			t.Errorf("oneself: %v", err)
		}
		found, err := c.HolderOf(t.Context(), iamtest.HolderCitizen)
		if err != nil || found != id {
			t.Errorf("by citizen ID: %v", err)
		}
		_, err = c.Unmask(c.Ctx(t, "clerk"), id, "issue", "好奇")
		wantCode(t, err, "auth.permission")
		_, err = c.CreateAccount(c.Ctx(t, "system"), iam.AccountRequest{Username: "again", Kind: iam.Holder, Name: "张样例", Citizen: iamtest.HolderCitizen})
		wantCode(t, err, "account.exists")
	})
}

func TestOrganisations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		system := c.Ctx(t, "system")
		_, err := c.CreateOrg(system, iam.OrgRequest{ID: "x", Parent: iamtest.Root, Name: "x", Tier: "county", USCC: "91350100M000100Y44", Region: "35"})
		wantCode(t, err, "org.invalid")
		sub, err := c.CreateOrg(system, iam.OrgRequest{Parent: iamtest.Market, Name: "市场监管所", Tier: "town", USCC: "91350100M000100Y43"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.CreateOrg(system, iam.OrgRequest{Parent: iamtest.Market, Name: "重复", Tier: "town", USCC: "91350100M000100Y43"})
		wantCode(t, err, "org.exists")
		if err := iam.Allow(c.Ctx(t, "issuer"), "cert.issue", sub.ID); err != nil {
			t.Errorf("a role reaches below its organisation: %v", err)
		}
		wantCode(t, c.CloseOrg(system, iamtest.Market, "撤并"), "org.children")
		wantCode(t, c.CloseOrg(system, sub.ID, " "), "reason.required")
		if err := c.CloseOrg(system, sub.ID, "撤并"); err != nil {
			t.Fatal(err)
		}
		_, err = c.CreateAccount(system, iam.AccountRequest{Username: "late", Kind: iam.Staff, Name: "迟到", Org: sub.ID})
		wantCode(t, err, "org.closed")
	})
}
