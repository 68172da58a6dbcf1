package bound

import (
	"encoding/json"
	"fmt"
	"time"

	"sidian/internal/db"
	"sidian/internal/keys"
)

func insertRule(tx *db.Tx, r *Rule, fields string) error {
	_, err := tx.Exec(`
		insert into bound_rule (id, kind, org, path, sort, days, follows, fields, basis, reason, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.ID, r.Kind, r.Org, r.path, r.Sort, int64(r.Days), r.Follows, fields, r.Basis, r.Reason, r.Account, milli(r.At))
	return err
}

// rules are those that units put, of one kind or all, oldest first.
func rules(tx *db.Tx, kind string) (list []Rule, err error) {
	list = []Rule{}
	q, args := `select id, kind, org, path, sort, days, follows, fields, basis, reason, account, at from bound_rule order by at, id`, []any(nil)
	if kind != "" {
		q, args = `select id, kind, org, path, sort, days, follows, fields, basis, reason, account, at from bound_rule where kind = $1 order by at, id`, []any{kind}
	}
	err = tx.All(q, args, func(scan func(...any) error) error {
		var r Rule
		var days, at int64
		var fields string
		if err := scan(&r.ID, &r.Kind, &r.Org, &r.path, &r.Sort, &days, &r.Follows, &fields, &r.Basis, &r.Reason, &r.Account, &at); err != nil {
			return err
		}
		r.Days, r.At, r.SortName = int(days), time.UnixMilli(at).UTC(), sortName(r.Sort)
		if err := json.Unmarshal([]byte(fields), &r.Fields); err != nil {
			return fmt.Errorf("bound: reading rule %s: %w", r.ID, err)
		}
		list = append(list, r)
		return nil
	})
	return list, err
}

// A wishRow is a wish as it is stored.
type wishRow struct {
	draft, kind, unit, sort string
	holder, agent           []byte
	agentAccount            string
	content                 []byte
	account, state          string
	created                 int64
}

// putWish writes a wish, or changes the one of its draft.
func putWish(tx *db.Tx, w *wishRow) error {
	_, err := tx.Exec(`
		insert into bound_wish (draft, kind, unit, sort, holder, agent, agent_account, content, account, state, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		on conflict (draft) do update
		   set holder = excluded.holder, agent = excluded.agent, agent_account = excluded.agent_account, content = excluded.content,
		       account = excluded.account, state = excluded.state`,
		w.draft, w.kind, w.unit, w.sort, w.holder, w.agent, w.agentAccount, w.content, w.account, w.state, w.created)
	return err
}

func queryWishes(tx *db.Tx, rest string, args ...any) (list []*wishRow, err error) {
	err = tx.All(`select draft, kind, unit, sort, holder, agent, agent_account, content, account, state, created_at from bound_wish `+rest, args, func(scan func(...any) error) error {
		w := &wishRow{}
		err := scan(&w.draft, &w.kind, &w.unit, &w.sort, &w.holder, &w.agent, &w.agentAccount, &w.content, &w.account, &w.state, &w.created)
		list = append(list, w)
		return err
	})
	return list, err
}

// wishByDraft returns nil where there is none.
func wishByDraft(tx *db.Tx, draft string) (*wishRow, error) {
	list, err := queryWishes(tx, `where draft = $1`, draft)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func wishesWaiting(tx *db.Tx, holder []byte, kind string) ([]*wishRow, error) {
	return queryWishes(tx, `where holder = $1 and kind = $2 and state = 'waiting' order by draft limit 50`, holder, kind)
}

// namesWaiting are those of names, as wishes have them, of which a wish waits.
func namesWaiting(tx *db.Tx, names [][]byte) (map[string]bool, error) {
	out := map[string]bool{}
	marks, args := db.Marks(nil, db.Padded(names))
	err := tx.All(`select holder from bound_wish where holder in (`+marks+`) and state = 'waiting'`, args, func(scan func(...any) error) error {
		var name []byte
		err := scan(&name)
		out[string(name)] = true
		return err
	})
	return out, err
}

func endWish(tx *db.Tx, draft, state string) (int64, error) {
	return tx.Exec(`update bound_wish set state = $2 where draft = $1 and state = 'waiting'`, draft, state)
}

// A followRow is a follow as it is stored.
type followRow struct {
	id, offer, seal, status, state string
	froze                          bool
	reason                         string
	created                        int64
	ended                          *int64
	endedBy                        string
}

func queryFollows(tx *db.Tx, rest string, args ...any) (list []*followRow, err error) {
	err = tx.All(`select id, offer, seal, status, state, froze, reason, created_at, ended_at, ended_by from bound_follow `+rest, args, func(scan func(...any) error) error {
		f := &followRow{}
		err := scan(&f.id, &f.offer, &f.seal, &f.status, &f.state, &f.froze, &f.reason, &f.created, &f.ended, &f.endedBy)
		list = append(list, f)
		return err
	})
	return list, err
}

// followOpen is what is still to be done for an offer, or nil.
func followOpen(tx *db.Tx, offer string) (*followRow, error) {
	list, err := queryFollows(tx, `where offer = $1 and state <> 'ended' order by id`, offer)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func insertFollow(tx *db.Tx, f *followRow) error {
	_, err := tx.Exec(`
		insert into bound_follow (id, offer, seal, status, state, froze, reason, created_at, ended_at, ended_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		f.id, f.offer, f.seal, f.status, f.state, f.froze, f.reason, f.created, f.ended, f.endedBy)
	return err
}

func saveFollow(tx *db.Tx, f *followRow) error {
	_, err := tx.Exec(`update bound_follow set status = $2, state = $3, froze = $4, reason = $5, ended_at = $6, ended_by = $7 where id = $1`,
		f.id, f.status, f.state, f.froze, f.reason, f.ended, f.endedBy)
	return err
}

func sealedIn(tx *db.Tx, q, after string, n int, cell func(string) keys.Cell) (out []keys.Sealed, err error) {
	err = tx.All(q, []any{after, n}, func(scan func(...any) error) error {
		var key string
		var content []byte
		err := scan(&key, &content)
		out = append(out, keys.Sealed{Cell: cell(key), Value: content})
		return err
	})
	return out, err
}

func sealedOffers(tx *db.Tx, after string, n int) ([]keys.Sealed, error) {
	return sealedIn(tx, `select id, content from bound_offer where id > $1 order by id limit $2`, after, n, offerCell)
}

func sealedWishes(tx *db.Tx, after string, n int) ([]keys.Sealed, error) {
	return sealedIn(tx, `select draft, content from bound_wish where draft > $1 and content is not null order by draft limit $2`, after, n, wishCell)
}

func replaceOffer(tx *db.Tx, was keys.Sealed, again []byte) (int64, error) {
	return tx.Exec(`update bound_offer set content = $3 where id = $1 and content = $2`, was.Cell.Row, was.Value, again)
}

func replaceWish(tx *db.Tx, was keys.Sealed, again []byte) (int64, error) {
	return tx.Exec(`update bound_wish set content = $3 where draft = $1 and content = $2`, was.Cell.Row, was.Value, again)
}

func countSealed(tx *db.Tx) (n int64, err error) {
	var m int64
	if err := tx.Get(`select count(*) from bound_offer`, nil, &n); err != nil {
		return 0, err
	}
	err = tx.Get(`select count(*) from bound_wish where content is not null`, nil, &m)
	return n + m, err
}
