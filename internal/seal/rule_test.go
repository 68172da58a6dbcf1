package seal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

func ruleFor(w *sealtest.World, who context.Context, x *seal.Seal, purpose, account string) (r *seal.Rule, err error) {
	err = w.DB.Write(who, func(tx *db.Tx) (err error) { r, err = w.Seal.RuleTx(tx, x.ID, purpose, account); return err })
	return r, err
}

// The matrix says who may ask for what; nobody may for what it does not say.
func TestRules(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		issuer := w.Hire(t, "issuer", "issuer", sealtest.Market)
		land := w.Hire(t, "land", "clerk", sealtest.Land)
		officer := w.Hire(t, "officer", "officer", sealtest.Market)
		put := func(purpose, asker string, levels ...string) *seal.Rule {
			r, err := w.Seal.PutRule(w.Keeper, seal.Rule{
				Seal: x.ID, Purpose: purpose, Asker: asker, Levels: levels, Max: 10, Until: now.AddDate(1, 0, 0), Reason: "用印管理办法",
			})
			must(t, err)
			now = now.Add(time.Second)
			return r
		}
		ask := func(name string, who context.Context, purpose string, want *seal.Rule) {
			t.Helper()
			r, err := ruleFor(w, who, x, purpose, sealtest.Account(who))
			if want == nil {
				wantCode(t, err, fault.Forbidden, "seal.rule")
				return
			}
			if err != nil || r.ID != want.ID {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
		}
		ask("without a matrix", w.Clerk, "公文", nil)
		letter := put("公文", seal.AskHere, seal.ByCustodian)
		ask("staff of the unit", w.Clerk, "公文", letter)
		ask("for another purpose", w.Clerk, "协议", nil)
		ask("of another unit", land, "公文", nil)
		ask("without seal.ask", officer, "公文", nil)
		contract := put("协议", "issuer", seal.ByLeader, seal.ByCustodian)
		ask("another role", w.Clerk, "协议", nil)
		ask("the role", issuer, "协议", contract)
		joint := put("会签", seal.AskAny, seal.ByCustodian)
		ask("any unit", land, "会签", joint)
		all := put(seal.Any, "issuer", seal.ByCustodian)
		ask("the purpose counts first", issuer, "公文", letter)
		ask("all purposes", issuer, "证明", all)
		newer := put("公文", seal.AskHere, seal.ByLeader, seal.ByCustodian)
		ask("the latest counts", w.Clerk, "公文", newer)

		if _, err := ruleFor(w, w.Clerk, x, "公文", sealtest.Account(issuer)); !errors.Is(err, fault.Forbidden) {
			t.Errorf("for another account: %v", err)
		}
		if _, err := ruleFor(w, w.Client, x, "公文", ""); !errors.Is(err, fault.Forbidden) {
			t.Errorf("for a program: %v", err)
		}
		must(t, w.Seal.EndRule(w.Admin, newer.ID, "不再适用"))
		ask("after its end", w.Clerk, "公文", letter)
		wantCode(t, w.Seal.EndRule(w.Admin, newer.ID, "再次"), fault.NotFound, "seal.rule-unknown")
		if err := w.Seal.EndRule(w.Clerk, letter.ID, "x"); !errors.Is(err, fault.Forbidden) {
			t.Errorf("a clerk ends a rule: %v", err)
		}
		now = now.AddDate(1, 1, 0)
		ask("when it is over", w.Clerk, "公文", nil)
	})
}

func TestRulesRefused(t *testing.T) {
	t.Parallel()
	w := sealtest.New(t, dbtest.New(t, "sqlite"))
	x := w.Make(t, sealtest.Market, seal.LegalName)
	whole := seal.Rule{Seal: x.ID, Purpose: "公文", Levels: []string{seal.ByCustodian}, Max: 1, Until: w.DB.Now().AddDate(20, 0, 0), Reason: "依据"}
	r, err := w.Seal.PutRule(w.Keeper, whole)
	must(t, err)
	if r.Until.After(x.ValidTo) {
		t.Error("a rule outlives its seal")
	}
	for field, change := range map[string]func(*seal.Rule){
		"purpose": func(r *seal.Rule) { r.Purpose = "" },
		"asker":   func(r *seal.Rule) { r.Asker = "某人" },
		"max":     func(r *seal.Rule) { r.Max = 0 },
		"until":   func(r *seal.Rule) { r.Until = time.Time{} },
		"reason":  func(r *seal.Rule) { r.Reason = "" },
		"levels":  func(r *seal.Rule) { r.Levels = []string{seal.ByCustodian, seal.ByLeader} },
	} {
		bad := whole
		change(&bad)
		_, err := w.Seal.PutRule(w.Keeper, bad)
		if e := fault.As(err); e == nil || len(e.Fields) != 1 || e.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	past := whole
	past.Until = w.DB.Now().Add(-time.Hour)
	_, err = w.Seal.PutRule(w.Keeper, past)
	wantCode(t, err, fault.Invalid, "seal.rule")
	for name, who := range map[string]context.Context{"clerk": w.Clerk, "program": w.Client, "another custodian": w.Hire(t, "other", "custodian", sealtest.Market)} {
		if _, err := w.Seal.PutRule(who, whole); !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A policy with a limit allows so many uses, and so many a day; what was
// withdrawn does not count.
func TestPolicyLimits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 5, 4, 15, 0, 0, 0, time.UTC) // 23:00 in Beijing
		d.Now = func() time.Time { return now }
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		_, err := w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, App: w.App.ID, Purpose: seal.Any, Until: now.AddDate(1, 0, 0), Reason: "测试", Max: 4, Daily: 2})
		must(t, err)
		stamp := func() error { _, err := intend(t, w, w.Client, x, document(t, "a")); return err }
		token, err := intend(t, w, w.Client, x, document(t, "a"))
		must(t, err)
		must(t, stamp())
		wantCode(t, stamp(), fault.Forbidden, "seal.policy-limit")
		must(t, d.Write(w.Client, func(tx *db.Tx) error { return seal.WithdrawTx(tx, token.Use()) }))
		must(t, stamp())
		wantCode(t, stamp(), fault.Forbidden, "seal.policy-limit")
		now = now.Add(2 * time.Hour) // the next day in Beijing
		must(t, stamp())
		must(t, stamp())
		now = now.AddDate(0, 0, 1)
		wantCode(t, stamp(), fault.Forbidden, "seal.policy-limit") // four in all
		w.Permit(t, x)
		must(t, stamp()) // under another
		_, err = w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, Purpose: seal.Any, Until: now.AddDate(1, 0, 0), Reason: "测试", Max: -1})
		wantCode(t, err, fault.Invalid, "seal.policy-request")
	})
}
