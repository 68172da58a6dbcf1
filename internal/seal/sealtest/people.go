package sealtest

import (
	"context"
	"sync"
	"testing"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/seal"
)

// Account is the id of the account that acts in a context.
func Account(ctx context.Context) string { return audit.ActorFrom(ctx).Account }

// Grant gives whoever acts in ctx a role beside those they have, and returns a
// context in which they act with it.
func (w *World) Grant(t testing.TB, ctx context.Context, role, org string) context.Context {
	t.Helper()
	g, err := w.IAM.ProposeGrant(w.System, iam.GrantRequest{Account: Account(ctx), Role: role, Org: org, Reason: "测试"})
	must(t, err)
	must(t, w.IAM.DecideGrant(w.Security, g.ID, true, "测试"))
	ctx, err = w.IAM.As(context.Background(), Account(ctx))
	must(t, err)
	return ctx
}

// known is who the platform knows, how well, and by which name.
type known struct {
	mu     sync.Mutex
	people map[string]person
}

type person struct {
	name  string
	level int
}

// Know says how well the platform knows whoever has an account (实名等级).
func (w *World) Know(account, name string, level int) {
	w.known.mu.Lock()
	defer w.known.mu.Unlock()
	if w.known.people == nil {
		w.known.people = map[string]person{}
	}
	w.known.people[account] = person{name, level}
}

func (k *known) check(_ *db.Tx, account, name string) (int, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.people[account]
	return p.level, p.name == name, nil
}

// Rule lets the clerks of a seal's unit ask for every purpose, a hundred
// documents at a time, for three years.
func (w *World) Rule(t testing.TB, x *seal.Seal) *seal.Rule {
	t.Helper()
	r, err := w.Seal.PutRule(w.Keeper, seal.Rule{
		Seal: x.ID, Purpose: seal.Any, Levels: []string{seal.ByCustodian}, Max: 100, Until: w.DB.Now().AddDate(3, 0, 0), Reason: "测试",
	})
	must(t, err)
	return r
}

// Approve lets operator use a seal once for object over content: the keeper
// approves.
func (w *World) Approve(t testing.TB, x *seal.Seal, object string, content gm.Digest, operator context.Context) (id string) {
	t.Helper()
	must(t, w.DB.Write(w.Keeper, func(tx *db.Tx) (err error) {
		id, err = w.Seal.ApproveTx(tx, seal.Approval{
			Seal: x.ID, Object: object, Content: content, Operator: Account(operator), Device: "测试终端", Factor: "totp", Basis: "测试",
		})
		return err
	}))
	return id
}
