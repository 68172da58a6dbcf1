package iam

import (
	"context"
	"fmt"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/outbox"
)

// guards make what was edited in the database give nothing (GB/T 39786-2021,
// integrity of access-control information). Accounts and tokens, which business
// writes, carry a MAC but no census.
type guards struct {
	orgs, posts, accounts, grants, glasses, policies, clients, secrets, tokens *keys.Rows

	alarms Alarms
}

// guarded is a row that gives somebody something.
type guarded interface {
	id() string
	fields() []any // in a fixed order: to change it is to make every row wrong
	had() []byte   // the MAC that it was read with
}

func newGuards(ctx context.Context, ks *keys.Store) (*guards, error) {
	g := &guards{}
	for table, to := range map[string]**keys.Rows{
		"iam_org": &g.orgs, "iam_post": &g.posts, "iam_account": &g.accounts, "iam_grant": &g.grants, "iam_glass": &g.glasses,
		"iam_policy": &g.policies, "iam_client": &g.clients, "iam_secret": &g.secrets, "iam_token": &g.tokens,
	} {
		var err error
		if *to, err = ks.Rows(ctx, table); err != nil {
			return nil, fmt.Errorf("iam: opening the guard of %s: %w", table, err)
		}
	}
	return g, nil
}

func macOf(r *keys.Rows, row guarded) []byte { return r.Mac(row.id(), row.fields()...) }

func intact(r *keys.Rows, row guarded) bool {
	return r.Check(row.had(), row.id(), row.fields()...) == nil
}

// add counts a new row in and returns the MAC to store with it.
func add(tx *db.Tx, r *keys.Rows, row guarded) ([]byte, error) {
	mac := macOf(r, row)
	return mac, r.Insert(tx, mac)
}

// change counts a changed row, whose former MAC is that with which it was read.
func change(tx *db.Tx, r *keys.Rows, row guarded) ([]byte, error) {
	mac := macOf(r, row)
	return mac, r.Update(tx, row.had(), mac)
}

// errAltered refuses to go on from a row that was edited in the database.
func errAltered() error {
	return fault.Conflict.New("该记录的完整性校验不符，已停止使用").WithCode("iam.altered").WithHint("请联系平台运维人员运行 sidian doctor，并核查数据库的访问记录")
}

// alarm tells of a row that gave nothing because it was edited. It is not the
// caller's fault and does not fail what they do.
func (s *Service) alarm(ctx context.Context, table, id string) {
	_ = s.guards.alarms.Raise(ctx, s.DB, s.Outbox, table, id, "iam.altered", table) // what cannot be written is told by the next look
}

// tell puts an event if there is somebody to tell.
func (s *Service) tell(tx *db.Tx, e outbox.Event) error {
	if s.Outbox == nil {
		return nil
	}
	return s.Outbox.Put(tx, e)
}
