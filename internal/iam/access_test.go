package iam_test

import (
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTemporaryGrant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := iamtest.New(t, d)
		system, security := c.Ctx(t, "system"), c.Ctx(t, "security")
		r := iam.GrantRequest{Account: c.People["clerk"].ID, Role: "reviewer", Org: iamtest.Market, Reason: "代班", Basis: "青市监〔2026〕1号", Until: clock.now.Add(time.Hour)}
		past := r
		past.Until = clock.now.Add(-time.Second)
		wantCode(t, errOf(c.ProposeGrant(system, past)), "grant.until")
		g, err := c.ProposeGrant(system, r)
		ok(t, err)
		ok(t, c.DecideGrant(security, g.ID, true, "同意"))
		ok(t, iam.Allow(c.Ctx(t, "clerk"), "cert.review", iamtest.Market))
		clock.add(time.Hour)
		if iam.Allow(c.Ctx(t, "clerk"), "cert.review", iamtest.Market) == nil {
			t.Error("a grant has effect after its time")
		}
		ok(t, c.Sweep(t.Context()))
		got, err := c.Grant(security, g.ID)
		if err != nil || got.State != iam.Revoked || got.Note != "授权到期" || got.Basis != r.Basis {
			t.Errorf("%+v, %v", got, err)
		}
		r.Until = clock.now.Add(time.Hour)
		late, err := c.ProposeGrant(system, r)
		ok(t, err)
		clock.add(time.Hour)
		wantCode(t, c.DecideGrant(security, late.ID, true, "太迟"), "grant.until")
		ok(t, c.DecideGrant(security, late.ID, false, "太迟"))
	})
}

// The last of each of the three cannot be taken away; a temporary one beside it
// does not count.
func TestLastAdministrator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := iamtest.New(t, d)
		system, security := c.Ctx(t, "system"), c.Ctx(t, "security")
		for _, role := range []string{"system", "security", "audit"} {
			page, err := c.GrantsPage(security, iam.GrantQuery{Role: role})
			if err != nil || len(page.Items) != 1 || page.Items[0].RoleName == "" || page.Items[0].AccountName == "" {
				t.Fatalf("%+v, %v", page, err)
			}
			wantCode(t, c.RevokeGrant(security, page.Items[0].ID, "试"), "grant.last")
			a, err := c.CreateAccount(system, iam.AccountRequest{Username: role + "2", Kind: iam.Staff, Name: "样例·二", Org: iamtest.Root})
			ok(t, err)
			g, err := c.ProposeGrant(system, iam.GrantRequest{Account: a.ID, Role: role, Org: iamtest.Root, Reason: "代班", Until: clock.now.Add(time.Hour)})
			ok(t, err)
			ok(t, c.DecideGrant(security, g.ID, true, "同意"))
			wantCode(t, c.RevokeGrant(security, page.Items[0].ID, "试"), "grant.last")
		}
	})
}

func TestGrantDecidedAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		g, err := c.ProposeGrant(c.Ctx(t, "system"), iam.GrantRequest{Account: c.People["clerk"].ID, Role: "reviewer", Org: iamtest.Market, Reason: "任职"})
		ok(t, err)
		security := c.Ctx(t, "security")
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { errs[i] = c.DecideGrant(security, g.ID, i%2 == 0, "同时") })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				wantCode(t, err, "grant.state")
			}
		}
		if won != 1 {
			t.Errorf("%d decisions", won)
		}
		if got := codes(t, c.Service); len(got) > 0 {
			t.Errorf("the guards do not add up: %v", got)
		}
	})
}

// Each administrator tries the work of the other two, and business that of all.
func TestAdministratorsKeepApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		id := c.People["clerk"].ID
		g, err := c.ProposeGrant(c.Ctx(t, "system"), iam.GrantRequest{Account: id, Role: "reviewer", Org: iamtest.Market, Reason: "任职"})
		ok(t, err)
		name := "改"
		for work, tc := range map[string]struct {
			do  func(who string) error
			may []string
		}{
			"propose": {func(who string) error {
				_, err := c.ProposeGrant(c.Ctx(t, who), iam.GrantRequest{Account: id, Role: "king", Org: iamtest.Market, Reason: "x"})
				return err
			}, []string{"system"}},
			"approve": {func(who string) error { return c.DecideGrant(c.Ctx(t, who), g.ID, true, "") }, []string{"security"}},
			"hire": {func(who string) error {
				_, err := c.CreateAccount(c.Ctx(t, who), iam.AccountRequest{Username: "newcomer", Kind: iam.Staff, Name: "x", Org: iamtest.Market})
				return err
			}, []string{"system"}},
			"edit": {func(who string) error {
				_, err := c.EditAccount(c.Ctx(t, who), id, iam.AccountEdit{Name: &name, Reason: "x"})
				return err
			}, []string{"system"}},
			"org": {func(who string) error {
				_, err := c.EditOrg(c.Ctx(t, who), iamtest.Market, iam.OrgEdit{Reason: "x"})
				return err
			}, []string{"system"}},
			"appoint": {func(who string) error { return c.Dismiss(c.Ctx(t, who), iamtest.Market, "contact", "x") }, []string{"system"}},
			"client":  {func(who string) error { return c.EndSecret(c.Ctx(t, who), c.App.ID, "x", "x") }, []string{"security"}},
			"handover": {func(who string) error {
				_, err := c.HandOver(c.Ctx(t, who), iam.HandOverRequest{From: id, To: c.People["reviewer"].ID, Items: []string{"x/y"}, Reason: "x"})
				return err
			}, []string{"system"}},
			"glass": {func(who string) error {
				_, err := c.OpenGlass(c.Ctx(t, who), iam.GlassRequest{Org: iamtest.Market, Object: "", Reason: "短"})
				return err
			}, []string{"system", "security", "audit", "clerk", "supervisor"}},
		} {
			for _, who := range []string{"system", "security", "audit", "clerk", "supervisor"} {
				err := tc.do(who)
				e := fault.As(err)
				refused := e != nil && e.Code == "auth.permission"
				mayDo := false
				for _, m := range tc.may {
					mayDo = mayDo || m == who
				}
				if work == "approve" && mayDo {
					continue
				}
				if work != "approve" && refused == mayDo {
					t.Errorf("%s by %s: %v", work, who, err)
				}
			}
		}
		if n := count(t, d, `select count(*) from audit_entry where result = 'refused' and action = 'grant.proposed'`); n != 4 {
			t.Errorf("%d refusals of a proposal are audited, want 4", n)
		}
	})
}

func TestBreakGlass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := iamtest.New(t, d)
		system := c.Ctx(t, "system")
		r := iam.GlassRequest{Org: iamtest.Market, Object: "cert/x", Reason: "系统故障核查数据，事由编号二十六"}
		reveal := iam.Question{Permission: "cert.reveal", Org: iamtest.Market, Purpose: "emergency", Class: "敏感"}
		if iam.Ask(system, reveal) == nil {
			t.Fatal("an operator reads without breaking the glass")
		}
		for _, who := range []string{"security", "audit", "clerk", "holder"} {
			wantCode(t, errOf(c.OpenGlass(c.Ctx(t, who), r)), "auth.permission")
		}
		wantCode(t, errOf(c.OpenGlass(system, iam.GlassRequest{Org: iamtest.Market, Object: "cert/x", Reason: "太短"})), "glass.invalid")
		wantCode(t, errOf(c.OpenGlass(system, iam.GlassRequest{Org: iamtest.Market, Object: "张样例 " + iamtest.HolderCitizen, Reason: r.Reason})), "glass.invalid")
		g, err := c.OpenGlass(system, r)
		ok(t, err)
		wantCode(t, errOf(c.OpenGlass(system, r)), "glass.open")
		now := c.Ctx(t, "system")
		ok(t, iam.Ask(now, reveal))
		for name, q := range map[string]iam.Question{
			"another unit":    {Permission: "cert.reveal", Org: iamtest.Land, Purpose: "emergency"},
			"another purpose": {Permission: "cert.reveal", Org: iamtest.Market, Purpose: "issue"},
			"no purpose":      {Permission: "cert.reveal", Org: iamtest.Market},
			"to issue":        {Permission: "cert.issue", Org: iamtest.Market},
		} {
			if iam.Ask(now, q) == nil {
				t.Errorf("a broken glass is good for %s", name)
			}
		}
		clerk := c.People["clerk"].ID
		person, err := c.Unmask(now, clerk, "emergency", "核查")
		if err != nil || person.Name != "样例·clerk" {
			t.Errorf("reading a person in an emergency: %v", err)
		}
		wantCode(t, errOf(c.Unmask(now, clerk, "issue", "核查")), "auth.purpose")
		wantCode(t, errOf(c.Unmask(now, c.People["outsider"].ID, "emergency", "核查")), "auth.org")
		if n := count(t, d, `select count(*) from audit_entry where action = 'person.read' and purpose = 'emergency' and rule like 'role.glass@%'`); n != 1 {
			t.Errorf("%d audit rows say for which purpose and by which rule", n)
		}
		if n := count(t, d, `select count(*) from outbox_event where topic = 'iam.glass'`); n != 1 {
			t.Errorf("%d alarms", n)
		}
		if n := count(t, d, `select count(*) from due_promise where topic = 'glass.review' and state = 'open'`); n != 1 {
			t.Errorf("%d promises of a review", n)
		}
		wantCode(t, c.ReviewGlass(system, g.ID, iam.Proper, "自己看"), "glass.self")
		wantCode(t, c.ReviewGlass(c.Ctx(t, "clerk"), g.ID, iam.Proper, "x"), "auth.permission")
		wantCode(t, c.ReviewGlass(c.Ctx(t, "audit"), g.ID, "fine", "x"), "glass.verdict")
		clock.add(iam.GlassFor)
		if iam.Ask(c.Ctx(t, "system"), reveal) == nil {
			t.Error("a broken glass lasts longer than half an hour")
		}
		wantCode(t, c.CloseGlass(c.Ctx(t, "clerk"), g.ID), "auth.permission")
		ok(t, c.ReviewGlass(c.Ctx(t, "audit"), g.ID, iam.Improper, "事由不充分"))
		wantCode(t, c.ReviewGlass(c.Ctx(t, "security"), g.ID, iam.Proper, "再看"), "glass.reviewed")
		if n := count(t, d, `select count(*) from due_promise where topic = 'glass.review' and state = 'kept'`); n != 1 {
			t.Errorf("%d promises were kept", n)
		}
		page, err := c.Glasses(c.Ctx(t, "security"), false, "", 10)
		if err != nil || len(page.Items) != 1 || page.Items[0].Verdict != iam.Improper || page.Items[0].ReviewedName == "" {
			t.Errorf("%+v, %v", page, err)
		}
		again, err := c.OpenGlass(c.Ctx(t, "system"), r)
		ok(t, err)
		ok(t, c.CloseGlass(c.Ctx(t, "system"), again.ID))
		if iam.Ask(c.Ctx(t, "system"), reveal) == nil {
			t.Error("a closed glass still gives something")
		}
		if got := codes(t, c.Service); len(got) > 0 {
			t.Errorf("the guards do not add up: %v", got)
		}
	})
}

// A strict platform takes a second factor to break the glass.
func TestBreakGlassTakesASecondFactor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.NewWith(t, d, iam.Options{Strict: true})
		p, err := c.Principal(t.Context(), c.People["system"].ID, iam.Proof{Session: "s"})
		ok(t, err)
		_, err = c.OpenGlass(iam.With(t.Context(), p), iam.GlassRequest{Org: iamtest.Market, Object: "cert/x", Reason: "系统故障核查数据，事由编号二十六"})
		wantCode(t, err, "auth.second")
	})
}

// An altered glass gives nothing.
func TestProlongedGlass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		_, err := c.OpenGlass(c.Ctx(t, "system"), iam.GlassRequest{Org: iamtest.Market, Object: "cert/x", Reason: "系统故障核查数据，事由编号二十六"})
		ok(t, err)
		attack(t, d, `update iam_glass set until_at = until_at + 1000000`)
		if iam.Ask(c.Ctx(t, "system"), iam.Question{Permission: "cert.reveal", Org: iamtest.Market, Purpose: "emergency"}) == nil {
			t.Error("a prolonged glass gives something")
		}
	})
}

func TestLeaver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		system, security := c.Ctx(t, "system"), c.Ctx(t, "security")
		from, to := c.People["custodian"].ID, c.People["designer"].ID
		_, err := c.Appoint(system, iam.PostRequest{Org: iamtest.Market, Post: iam.PostCustodian, Account: from, Reason: "任职"})
		ok(t, err)
		wantCode(t, c.CloseAccount(system, from, "离职"), "account.holds")
		_, err = c.MoveAccount(system, from, iam.MoveRequest{Org: iamtest.Land, Reason: "调动"})
		wantCode(t, err, "account.holds")
		list, err := c.Holdings(system, from)
		if err != nil || len(list) != 2 || list[0].How == "" || list[0].OrgName == "" {
			t.Fatalf("%+v, %v", list, err)
		}
		wantCode(t, errOf(c.Holdings(c.Ctx(t, "outsider"), from)), "auth.permission")
		hand := iam.HandOverRequest{From: from, To: to, Reason: "离职移交"}
		for name, tc := range map[string]struct {
			edit func(*iam.HandOverRequest)
			code string
		}{
			"to oneself":        {func(r *iam.HandOverRequest) { r.To = from }, "handover.to"},
			"to who hands over": {func(r *iam.HandOverRequest) { r.To = c.People["system"].ID }, "handover.to"},
			"to a holder":       {func(r *iam.HandOverRequest) { r.To = c.People["holder"].ID }, "handover.to"},
			"another's item":    {func(r *iam.HandOverRequest) { r.Items = []string{"grant/x"} }, "handover.item"},
			"to nobody":         {func(r *iam.HandOverRequest) { r.To = "nobody" }, "account.unknown"},
			"to an auditor":     {func(r *iam.HandOverRequest) { r.To = c.People["audit"].ID }, "grant.separation"},
			"without a reason":  {func(r *iam.HandOverRequest) { r.Reason = "" }, "reason.required"},
		} {
			t.Run(name, func(t *testing.T) {
				r := hand
				tc.edit(&r)
				_, err := c.HandOver(system, r)
				wantCode(t, err, tc.code)
			})
		}
		done, err := c.HandOver(system, hand)
		if err != nil || len(done) != 2 || !done[0].Done || !done[1].Done {
			t.Fatalf("%+v, %v", done, err)
		}
		posts, err := c.Posts(system, iamtest.Market, false)
		if err != nil || len(posts) != 1 || posts[0].Account != to {
			t.Errorf("%+v, %v", posts, err)
		}
		if iam.Allow(c.Ctx(t, "designer"), "seal.apply", iamtest.Market) == nil {
			t.Error("a role was handed over without its approval")
		}
		page, err := c.GrantsPage(security, iam.GrantQuery{State: iam.Proposed, Account: to})
		if err != nil || len(page.Items) != 1 || page.Items[0].Due == "" {
			t.Fatalf("%+v, %v", page, err)
		}
		ok(t, c.DecideGrant(security, page.Items[0].ID, true, "同意"))
		ok(t, iam.Allow(c.Ctx(t, "designer"), "seal.apply", iamtest.Market))
		ok(t, c.CloseAccount(system, from, "离职"))
		if _, err := c.Principal(t.Context(), from, iam.Proof{}); err == nil {
			t.Error("a closed account acts")
		}
		wantCode(t, c.CloseAccount(system, c.People["system"].ID, "自己"), "account.self")
		if got := codes(t, c.Service); len(got) > 0 {
			t.Errorf("the guards do not add up: %v", got)
		}
	})
}
