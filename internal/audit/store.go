package audit

import (
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

func insert(tx *db.Tx, e Entry) error {
	err := tx.Send(`
		insert into audit_entry (id, version, at, account, name, org, app, address, session, request,
		                         action, object, purpose, rule, reason, result,
		                         before_digest, after_digest, canonical)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		e.ID, e.Version, e.At.UnixMilli(), e.Actor.Account, e.Actor.Name, e.Actor.Org, e.Actor.App, e.Actor.Address,
		e.Actor.Session, e.Request, e.Action, e.Object, e.Purpose, e.Rule, e.Reason, e.Result,
		digest(e.Before), digest(e.After), e.Canonical())
	if err != nil {
		return err
	}
	return tx.Send(`insert into audit_pending (entry) values ($1)`, e.ID)
}

// Columns are the columns of audit_entry, of a row called e, that Scan reads.
const Columns = `e.id, e.version, e.at, e.account, e.name, e.org, e.app, e.address, e.session, e.request,
	e.action, e.object, e.purpose, e.rule, e.reason, e.result, e.before_digest, e.after_digest`

// Scan reads one entry from a row of Columns, followed by what more stands in
// the row.
func Scan(scan func(...any) error, more ...any) (e Entry, err error) {
	var at int64
	var before, after []byte
	err = scan(append([]any{&e.ID, &e.Version, &at, &e.Actor.Account, &e.Actor.Name, &e.Actor.Org, &e.Actor.App, &e.Actor.Address,
		&e.Actor.Session, &e.Request, &e.Action, &e.Object, &e.Purpose, &e.Rule, &e.Reason, &e.Result, &before, &after}, more...)...)
	e.At = time.UnixMilli(at).UTC()
	e.Before, e.After = toDigest(before), toDigest(after)
	return e, err
}

func toDigest(b []byte) (d gm.Digest) {
	copy(d[:], b)
	return d
}

// A way is an index along which entries are read, newest first.
type way struct {
	column string // of the table below; "" for time alone
	value  string
}

// statements are one per way. A partial index serves only who repeats its
// condition.
var statements = map[string]string{
	"":        along(`e.at >= $1 and (e.at, e.id) < ($2, $3)`, "$4"),
	"object":  along(`e.object = $4 and e.at >= $1 and (e.at, e.id) < ($2, $3)`, "$5"),
	"account": along(`e.account = $4 and e.at >= $1 and (e.at, e.id) < ($2, $3)`, "$5"),
	"org":     along(`e.org = $4 and e.at >= $1 and (e.at, e.id) < ($2, $3)`, "$5"),
	"action":  along(`e.action = $4 and e.at >= $1 and (e.at, e.id) < ($2, $3)`, "$5"),
	"app":     along(`e.app = $4 and e.app <> '' and e.at >= $1 and (e.at, e.id) < ($2, $3)`, "$5"),
	"address": along(`e.address = $4 and e.address <> '' and e.at >= $1 and (e.at, e.id) < ($2, $3)`, "$5"),
	"result":  along(`e.result = $4 and e.result <> 'done' and e.at >= $1 and (e.at, e.id) < ($2, $3)`, "$5"),
}

func along(where, limit string) string {
	return `
		select ` + Columns + `
		  from audit_entry e
		 where ` + where + `
		 order by e.at desc, e.id desc
		 limit ` + limit
}

// walk reads at most n entries along w that are not older than from and older
// than the cursor, newest first.
func walk(tx *db.Tx, w way, from int64, before place, n int, each func(Entry)) error {
	args := []any{from, before.at, before.id}
	if w.column != "" {
		args = append(args, w.value)
	}
	return tx.All(statements[w.column], append(args, n), func(scan func(...any) error) error {
		e, err := Scan(scan)
		if err == nil {
			each(e)
		}
		return err
	})
}

// nextAction is the first action in the order of bytes from the given text on, at one step of the index however many entries there are; "" if none is.
func nextAction(tx *db.Tx, after string) (next string, err error) {
	err = tx.All(`select action from audit_entry where action >= $1 order by action, at, id limit 1`, []any{after},
		func(scan func(...any) error) error { return scan(&next) })
	return next, err
}

func one(tx *db.Tx, id string) (found []Entry, err error) {
	err = tx.All(`select `+Columns+` from audit_entry e where e.id = $1 order by e.id`, []any{id}, func(scan func(...any) error) error {
		e, err := Scan(scan)
		found = append(found, e)
		return err
	})
	return found, err
}
