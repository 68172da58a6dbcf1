package seal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/ofd"
)

// attack runs a statement as somebody who has the database and nothing else.
func attack(t testing.TB, d *db.DB, q string, args ...any) {
	t.Helper()
	must(t, d.Write(t.Context(), func(tx *db.Tx) error {
		n, err := tx.Exec(q, args...)
		if err == nil && n == 0 {
			t.Errorf("the attack changed nothing: %s", q)
		}
		return err
	}))
}

// findings are the tables and codes that are wrong, without repetitions.
func findings(t testing.TB, w *sealtest.World) string {
	t.Helper()
	found, err := w.Seal.Integrity(t.Context())
	must(t, err)
	var out []string
	for _, f := range found {
		out = append(out, f.Table+" "+f.Code)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ", ")
}

func rule(t testing.TB, w *sealtest.World, x *seal.Seal, purpose string) *seal.Rule {
	t.Helper()
	r, err := w.Seal.PutRule(w.Keeper, seal.Rule{Seal: x.ID, Purpose: purpose, Levels: []string{seal.ByLeader, seal.ByCustodian}, Max: 2,
		Until: w.DB.Now().AddDate(0, 1, 0), Reason: "测试"})
	must(t, err)
	return r
}

// asks asks by which rule the clerk may seal a purpose.
func asks(w *sealtest.World, x *seal.Seal, purpose string) error {
	return w.Seal.Refused(w.Clerk, "sealing.ask", "seal/"+x.ID, w.DB.Read(w.Clerk, func(tx *db.Tx) error {
		_, err := w.Seal.RuleTx(tx, x.ID, purpose, sealtest.Account(w.Clerk))
		return err
	}))
}

// Nobody may ask under a line that was written into the database.
func TestRuleForged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x, y := w.Make(t, sealtest.Market, seal.LegalName), w.Make(t, sealtest.Land, seal.LegalName)
		genuine := rule(t, w, x, "公文")
		must(t, asks(w, x, "公文"))
		wantCode(t, asks(w, x, "协议"), fault.Forbidden, "seal.rule")
		const copied = `insert into seal_rule (id, seal_id, purpose, asker, levels, max_documents, until, reason, account, created_at, mac)
			select $1, $2, $3, asker, levels, max_documents, until, reason, account, created_at, `
		attack(t, d, copied+`null from seal_rule where id = $4`, "forged-1", x.ID, "协议", genuine.ID)
		wantCode(t, asks(w, x, "协议"), fault.Conflict, "seal.altered")
		attack(t, d, copied+`mac from seal_rule where id = $4`, "forged-2", x.ID, "证明", genuine.ID)
		wantCode(t, asks(w, x, "证明"), fault.Conflict, "seal.altered")
		must(t, asks(w, x, "公文")) // the genuine one beside them grants
		for i, change := range []string{
			`max_documents = 100000`, `until = until + 86400000`, `levels = 'custodian'`, `asker = '*'`, `purpose = purpose || '2'`,
			`account = 'x'`, `created_at = created_at - 1`, `mac = null`,
		} {
			purpose := fmt.Sprint("种类", i)
			r := rule(t, w, x, purpose)
			attack(t, d, `update seal_rule set `+change+` where id = $1`, r.ID)
			if strings.HasPrefix(change, "purpose") {
				purpose += "2"
			}
			wantCode(t, asks(w, x, purpose), fault.Conflict, "seal.altered")
			wantCode(t, w.Seal.EndRule(w.Keeper, r.ID, "x"), fault.Conflict, "seal.altered")
		}
		ended := rule(t, w, x, "函")
		must(t, w.Seal.EndRule(w.Keeper, ended.ID, "测试"))
		attack(t, d, `update seal_rule set ended_at = null where id = $1`, ended.ID)
		wantCode(t, asks(w, x, "函"), fault.Conflict, "seal.altered")
		attack(t, d, `update seal_rule set seal_id = $2 where id = $1`, genuine.ID, y.ID)
		if list, err := w.Seal.Rules(w.Keeper, y.ID); err != nil || len(list) != 0 {
			t.Errorf("a line moved to another seal: %+v, %v", list, err)
		}
		if got := findings(t, w); got != "seal_rule row.altered, seal_rule rows.extra" {
			t.Errorf("doctor finds %q", got)
		}
	})
}

// Nothing is stamped under a policy that was written into the database.
func TestPolicyForged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x, y := w.Make(t, sealtest.Market, seal.LegalName), w.Make(t, sealtest.Land, seal.LegalName)
		grant := func(on *seal.Seal) *seal.Policy {
			p, err := w.Seal.Grant(w.Keeper, seal.Policy{Seal: on.ID, App: w.App.ID, Purpose: "license", Until: d.Now().AddDate(0, 1, 0), Reason: "测试", Max: 1})
			must(t, err)
			return p
		}
		uses := func(on *seal.Seal) error {
			_, err := intend(t, w, w.Client, on, document(t, "a"))
			return w.Seal.Refused(w.Client, "seal.stamp", "seal/"+on.ID, err)
		}
		genuine := grant(x)
		const copied = `insert into seal_policy (id, seal_id, app, purpose, until, reason, max_uses, max_daily, created_at, mac)
			select $1, $2, app, purpose, until, reason, max_uses, max_daily, created_at, `
		attack(t, d, copied+`null from seal_policy where id = $3`, "forged-1", y.ID, genuine.ID)
		wantCode(t, uses(y), fault.Conflict, "seal.altered")
		attack(t, d, copied+`mac from seal_policy where id = $3`, "forged-2", y.ID, genuine.ID)
		wantCode(t, uses(y), fault.Conflict, "seal.altered")
		attack(t, d, `delete from seal_policy where seal_id = $1`, y.ID)
		wantCode(t, uses(y), fault.Forbidden, "seal.policy")
		must(t, uses(x))
		wantCode(t, uses(x), fault.Forbidden, "seal.policy-limit")
		attack(t, d, copied+`mac from seal_policy where id = $3`, "forged-3", x.ID, genuine.ID)
		wantCode(t, uses(x), fault.Conflict, "seal.altered")
		attack(t, d, `delete from seal_policy where id = 'forged-3'`)
		for _, change := range []string{`max_uses = 0`, `max_uses = max_uses + 1`, `until = until + 86400000`, `purpose = '*'`, `reason = 'x'`, `mac = null`} {
			p := grant(y)
			attack(t, d, `update seal_policy set `+change+` where id = $1`, p.ID)
			wantCode(t, uses(y), fault.Conflict, "seal.altered")
			wantCode(t, w.Seal.EndGrant(w.Keeper, p.ID, "x"), fault.Conflict, "seal.altered")
		}
		p := grant(y)
		must(t, w.Seal.EndGrant(w.Keeper, p.ID, "测试"))
		attack(t, d, `update seal_policy set ended_at = null where id = $1`, p.ID)
		wantCode(t, uses(y), fault.Conflict, "seal.altered")
		if list, err := w.Seal.Policies(w.Keeper, y.ID); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
		if got := findings(t, w); got != "seal_policy row.altered, seal_policy rows.replaced" {
			t.Errorf("doctor finds %q", got)
		}
		alarms := func() (n int64) {
			must(t, d.Read(t.Context(), func(tx *db.Tx) error {
				return tx.Get(`select count(*) from outbox_event where topic = 'iam.tampered'`, nil, &n)
			}))
			return n
		}
		if alarms() == 0 {
			t.Error("no alarm of what was refused")
		}
		must(t, w.Seal.Patrol(t.Context()))
		refusals(t, w, "seal_policy/"+p.ID, 1)
		told := alarms()
		wantCode(t, uses(y), fault.Conflict, "seal.altered")
		if n := alarms(); n != told {
			t.Errorf("%d alarms, then %d: the same row is told once an hour", told, n)
		}
	})
}

// An approval that was written into the database, or put back after it was
// taken, gives no token.
func TestApprovalForged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x, y := w.Make(t, sealtest.Market, seal.LegalName), w.Make(t, sealtest.Land, seal.LegalName)
		content, other := gm.Sum([]byte("a")), gm.Sum([]byte("b"))
		takes := func(id string, content gm.Digest) error {
			_, err := intendApproved(w, w.Clerk, id, "sealing/1", content)
			return err
		}
		genuine := w.Approve(t, x, "sealing/1", content, w.Clerk)
		const copied = `insert into seal_approval (id, seal_id, object, content, operator, approver, device, factor, basis, until, created_at, mac)
			select $1, seal_id, object, content, operator, approver, device, factor, basis, until, created_at, `
		attack(t, d, copied+`null from seal_approval where id = $2`, "forged-1", genuine)
		wantCode(t, takes("forged-1", content), fault.Conflict, "seal.altered")
		attack(t, d, copied+`mac from seal_approval where id = $2`, "forged-2", genuine)
		wantCode(t, takes("forged-2", content), fault.Conflict, "seal.altered")
		for change, arg := range map[string]any{
			`content = $2`: other[:], `seal_id = $2`: y.ID, `until = $2`: d.Now().AddDate(1, 0, 0).UnixMilli(), `approver = $2`: "x",
			`factor = $2`: "passkey", `basis = $2`: "x", `device = $2`: "x", `mac = $2`: make([]byte, 32),
		} {
			id := w.Approve(t, x, "sealing/1", content, w.Clerk)
			attack(t, d, `update seal_approval set `+change+` where id = $1`, id, arg)
			with := content
			if strings.HasPrefix(change, "content") {
				with = other
			}
			wantCode(t, takes(id, with), fault.Conflict, "seal.altered")
		}
		id := w.Approve(t, x, "sealing/2", content, w.Admin)
		attack(t, d, `update seal_approval set operator = $2, object = $3 where id = $1`, id, sealtest.Account(w.Clerk), "sealing/1")
		wantCode(t, takes(id, content), fault.Conflict, "seal.altered")
		if got := findings(t, w); got != "seal_approval row.altered" {
			t.Errorf("doctor finds %q", got)
		}

		var before []byte
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Get(`select mac from seal_approval where id = $1`, []any{genuine}, &before)
		}))
		must(t, takes(genuine, content))
		wantCode(t, takes(genuine, content), fault.Conflict, "seal.approval-used")
		attack(t, d, `update seal_approval set used_by = null, used_at = null where id = $1`, genuine)
		wantCode(t, takes(genuine, content), fault.Conflict, "seal.altered")
		attack(t, d, `update seal_approval set mac = $2 where id = $1`, genuine, before) // the row as it was before
		wantCode(t, takes(genuine, content), fault.Conflict, "seal.approval-used")
		uses, err := w.Seal.UsesOf(t.Context(), "sealing/1")
		must(t, err)
		if len(uses) != 1 {
			t.Errorf("%d uses of one approval", len(uses))
		}
		refusals(t, w, "seal_approval/"+genuine, 1)
	})
}

// Nothing is stamped by a use that was written into the database, or opened
// again.
func TestUseForged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		y := w.Make(t, sealtest.Land, seal.LegalName)
		w.Permit(t, x)
		doc, another := document(t, "a"), document(t, "b")
		plan, err := seal.Content(another)
		must(t, err)
		content, err := seal.Content(doc)
		must(t, err)
		stamps := func(use string, content gm.Digest) error {
			var token *seal.Token
			err := d.Write(w.Client, func(tx *db.Tx) (err error) { token, err = seal.AgainTx(tx, use, content); return err })
			if err == nil {
				_, err = w.Seal.Stamp(w.Client, token, map[bool]*ofd.Document{true: doc, false: another}[content != plan], place)
			}
			return err
		}
		begin := func() string {
			token, err := intend(t, w, w.Client, x, doc)
			must(t, err)
			return token.Use()
		}
		must(t, stamps(begin(), content))
		genuine := begin()
		const copied = `insert into seal_use (id, seal_id, policy_id, object, plan, state, attempts, account, app, created_at, mac)
			select $1, seal_id, policy_id, object, plan, state, attempts, account, app, created_at, `
		attack(t, d, copied+`null from seal_use where id = $2`, "forged-1", genuine)
		wantCode(t, stamps("forged-1", content), fault.Conflict, "seal.altered")
		attack(t, d, copied+`mac from seal_use where id = $2`, "forged-2", genuine)
		wantCode(t, stamps("forged-2", content), fault.Conflict, "seal.altered")
		must(t, stamps(genuine, content))
		attack(t, d, `update seal_use set plan = $2 where id = $1`, genuine, plan[:])
		wantCode(t, stamps(genuine, plan), fault.Conflict, "seal.altered")
		moved := begin()
		attack(t, d, `update seal_use set seal_id = $2 where id = $1`, moved, y.ID)
		wantCode(t, stamps(moved, content), fault.Conflict, "seal.altered")
		for _, close := range []func(tx *db.Tx, use string) error{
			seal.WithdrawTx, func(tx *db.Tx, use string) error { return w.Seal.DoneTx(tx, use, content) },
		} {
			closed := begin()
			must(t, d.Write(w.Client, func(tx *db.Tx) error { return close(tx, closed) }))
			attack(t, d, `update seal_use set state = 'intended', document = null, closed_at = null where id = $1`, closed)
			wantCode(t, stamps(closed, content), fault.Conflict, "seal.altered")
		}
		if got := findings(t, w); got != "seal_use row.altered" {
			t.Errorf("doctor finds %q", got)
		}
		refusals(t, w, "seal_use/"+moved, 1)
	})
}

// What is deleted or put back to an earlier day is found by the count, and told
// once an hour; a recount takes it as it stands and makes no altered row right.
func TestPatrol(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		must(t, w.Seal.Patrol(t.Context()))
		if got := findings(t, w); got != "" {
			t.Fatalf("before anything happened: %s", got)
		}
		p := w.Permit(t, x)
		var mac []byte
		must(t, d.Read(t.Context(), func(tx *db.Tx) error { return tx.Get(`select mac from seal_policy where id = $1`, []any{p.ID}, &mac) }))
		must(t, w.Seal.EndGrant(w.Keeper, p.ID, "测试"))
		attack(t, d, `update seal_policy set ended_at = null, mac = $2 where id = $1`, p.ID, mac)
		if got := findings(t, w); got != "seal_policy rows.replaced" {
			t.Errorf("a policy that was put back: %q", got)
		}
		r := w.Rule(t, x)
		attack(t, d, `delete from seal_rule where id = $1`, r.ID)
		for range 3 {
			must(t, w.Seal.Patrol(t.Context()))
		}
		refusals(t, w, "seal_rule/all", 1)
		refusals(t, w, "seal_policy/all", 1)
		now = now.Add(time.Hour)
		must(t, w.Seal.Patrol(t.Context()))
		refusals(t, w, "seal_rule/all", 2)

		forged := w.Rule(t, x)
		attack(t, d, `update seal_rule set max_documents = 50 where id = $1`, forged.ID)
		if err := w.Seal.Recount(t.Context(), ""); fault.As(err) == nil {
			t.Errorf("a recount without a reason: %v", err)
		}
		must(t, w.Seal.Recount(t.Context(), "已核查"))
		if got := findings(t, w); got != "seal_rule row.altered" {
			t.Errorf("after the recount: %q", got)
		}
		wantCode(t, asks(w, x, "公文"), fault.Conflict, "seal.altered")
	})
}

// Rows of an instance from before there were MACs grant nothing until they are
// adopted, once.
func TestAdopt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		w.Rule(t, x)
		w.Permit(t, x)
		doc := document(t, "a")
		content, err := seal.Content(doc)
		must(t, err)
		open, taken := w.Approve(t, x, "sealing/1", content, w.Clerk), w.Approve(t, x, "sealing/1", content, w.Clerk)
		_, err = intendApproved(w, w.Clerk, taken, "sealing/1", content)
		must(t, err)
		begun, err := intend(t, w, w.Client, x, doc)
		must(t, err)
		if n, err := w.Seal.Adopt(t.Context()); err != nil || n != 0 {
			t.Fatalf("a new instance adopts %d rows: %v", n, err)
		}
		for _, table := range []string{"seal_rule", "seal_policy", "seal_approval", "seal_use"} {
			attack(t, d, `update `+table+` set mac = null`)
		}
		if n, err := w.Seal.Adopt(t.Context()); err != nil || n != 0 {
			t.Fatalf("rows that lost their MAC: %d adopted, %v", n, err)
		}
		attack(t, d, `delete from keys_census where table_name = 'seal_guarded'`)
		if n, err := w.Seal.Adopt(t.Context()); err != nil || n != 0 {
			t.Fatalf("where the mark was deleted: %d adopted, %v", n, err)
		}
		wantCode(t, asks(w, x, "公文"), fault.Conflict, "seal.altered")
		_, err = intend(t, w, w.Client, x, doc)
		wantCode(t, err, fault.Conflict, "seal.altered")
		_, err = intendApproved(w, w.Clerk, open, "sealing/1", content)
		wantCode(t, err, fault.Conflict, "seal.altered")
		_, err = intendApproved(w, w.Clerk, taken, "sealing/1", content)
		wantCode(t, err, fault.Conflict, "seal.approval-used") // no alarm for what is long over

		attack(t, d, `delete from keys_census`) // as if there never had been any
		wantCode(t, w.Seal.Recount(t.Context(), "x"), fault.Conflict, "seal.adopt")
		n, err := w.Seal.Adopt(t.Context())
		if err != nil || n != 5 { // a rule, a policy, an approval, two uses
			t.Fatalf("%d adopted, %v", n, err)
		}
		if n, err := w.Seal.Adopt(t.Context()); err != nil || n != 0 {
			t.Errorf("%d adopted again, %v", n, err)
		}
		if got := findings(t, w); got != "" {
			t.Errorf("after adoption: %s", got)
		}
		must(t, asks(w, x, "公文"))
		_, err = intend(t, w, w.Client, x, doc)
		must(t, err)
		_, err = intendApproved(w, w.Clerk, open, "sealing/1", content)
		must(t, err)
		var token *seal.Token
		must(t, d.Write(w.Client, func(tx *db.Tx) (err error) { token, err = seal.AgainTx(tx, begun.Use(), content); return err }))
		_, err = w.Seal.Stamp(w.Client, token, doc, place)
		must(t, err)
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			list, _, err := audit.List(tx, audit.Query{Object: "seal/tables", Limit: 10})
			if len(list) != 1 || list[0].Action != "seal.adopt" {
				t.Errorf("audit: %+v", list)
			}
			return err
		}))
	})
}
