package audit

import (
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

func insert(tx *db.Tx, e Entry) error {
	_, err := tx.Exec(`
		insert into audit_entry (id, at, account, name, org, app, address, action, object, reason, result,
		                         before_digest, after_digest, canonical)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		e.ID, e.At.UnixMilli(), e.Actor.Account, e.Actor.Name, e.Actor.Org, e.Actor.App, e.Actor.Address,
		e.Action, e.Object, e.Reason, e.Result, digest(e.Before), digest(e.After), e.Canonical())
	return err
}

// A Query says which entries are wanted. Empty fields ask for nothing.
type Query struct {
	Object  string
	Account string
	From    time.Time // inclusive
	To      time.Time // exclusive
	After   Cursor    // continue after this one
	Limit   int       // at most; 100 when zero, 1,000 at most
}

// A Cursor is where a page ended. The zero Cursor is before the newest entry.
type Cursor struct {
	At time.Time
	ID string
}

// List returns entries, newest first, and the cursor to continue from: the
// zero Cursor when there are no more.
func List(tx *db.Tx, q Query) ([]Entry, Cursor, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	limit = min(limit, 1000)
	where, args := conditions(q)
	args = append(args, limit+1)
	var out []Entry
	err := tx.All(`
		select id, at, account, name, org, app, address, action, object, reason, result, before_digest, after_digest
		  from audit_entry`+where+`
		 order by at desc, id desc
		 limit $`+fmt.Sprint(len(args)), args,
		func(scan func(...any) error) error {
			e, err := scanEntry(scan)
			out = append(out, e)
			return err
		})
	if err != nil || len(out) <= limit {
		return out, Cursor{}, err
	}
	out = out[:limit]
	return out, Cursor{out[limit-1].At, out[limit-1].ID}, nil
}

// conditions writes the where clause of q. It has few shapes, so that the
// statements stay few.
func conditions(q Query) (string, []any) {
	var parts []string
	var args []any
	add := func(cond string, values ...any) {
		for i := range values {
			cond = strings.Replace(cond, "?", fmt.Sprint("$", len(args)+i+1), 1)
		}
		parts, args = append(parts, cond), append(args, values...)
	}
	if q.Object != "" {
		add("object = ?", q.Object)
	}
	if q.Account != "" {
		add("account = ?", q.Account)
	}
	if !q.From.IsZero() {
		add("at >= ?", q.From.UnixMilli())
	}
	if !q.To.IsZero() {
		add("at < ?", q.To.UnixMilli())
	}
	if q.After != (Cursor{}) {
		add("(at, id) < (?, ?)", q.After.At.UnixMilli(), q.After.ID)
	}
	if len(parts) == 0 {
		return "", nil
	}
	return " where " + strings.Join(parts, " and "), args
}

func scanEntry(scan func(...any) error) (e Entry, err error) {
	var at int64
	var before, after []byte
	err = scan(&e.ID, &at, &e.Actor.Account, &e.Actor.Name, &e.Actor.Org, &e.Actor.App, &e.Actor.Address,
		&e.Action, &e.Object, &e.Reason, &e.Result, &before, &after)
	e.At = time.UnixMilli(at).UTC()
	e.Before, e.After = toDigest(before), toDigest(after)
	return e, err
}

func toDigest(b []byte) (d gm.Digest) {
	copy(d[:], b)
	return d
}
