package notice

import (
	"fmt"
	"time"

	"sidian/internal/db"
)

const columns = `n.id, n.account, n.org, n.permission, n.topic, n.title, n.body, n.link, n.at`

func scanNotice(scan func(...any) error) (n Notice, err error) {
	var at int64
	err = scan(&n.ID, &n.Account, &n.Org, &n.Permission, &n.Topic, &n.Title, &n.Text, &n.Link, &at)
	n.At = time.UnixMilli(at).UTC()
	return n, err
}

// insert reports how many it made: none if it was told already.
func insert(tx *db.Tx, n Notice) (int64, error) {
	return tx.Exec(`
		insert into notice_notice (id, account, org, permission, topic, title, body, link, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict do nothing`, n.ID, n.Account, n.Org, n.Permission, n.Topic, n.Title, n.Text, n.Link, n.At.UnixMilli())
}

func get(tx *db.Tx, id string) (Notice, error) {
	return scanNotice(func(dest ...any) error {
		return tx.Get(`select `+columns+` from notice_notice n where n.id = $1`, []any{id}, dest...)
	})
}

// where is the condition of a branch and its arguments. What is for an account has
// no permission: to say so again would offer the engines the wrong index. The
// empty text keeps them from gathering the rows of each organisation and sorting
// them all.
func (b branch) where() (string, []any) {
	if b.account != "" {
		return `n.account = $1`, []any{b.account}
	}
	held, args := db.Marks(nil, db.Padded(b.held))
	if len(b.orgs) == 1 {
		return fmt.Sprintf(`n.permission in (%s) and n.org = $%d`, held, len(args)+1), append(args, b.orgs[0])
	}
	orgs, args := db.Marks(args, db.Padded(b.orgs))
	return fmt.Sprintf(`n.permission in (%s) and n.org || '' in (%s)`, held, orgs), args
}

// list is a page of a branch, newest first.
func list(tx *db.Tx, b branch, before int64, id string, limit int) (all []Notice, err error) {
	where, args := b.where()
	n := len(args)
	err = tx.All(fmt.Sprintf(`
		select `+columns+`
		  from notice_notice n
		 where `+where+` and (n.at, n.id) < ($%d, $%d)
		 order by n.at desc, n.id desc
		 limit $%d`, n+1, n+2, n+3), append(args, before, id, limit), func(scan func(...any) error) error {
		n, err := scanNotice(scan)
		all = append(all, n)
		return err
	})
	return all, err
}

// countTold counts what a branch was told since a time.
func countTold(tx *db.Tx, b branch, since int64) (n int, err error) {
	where, args := b.where()
	err = tx.Get(fmt.Sprintf(`select count(*) from notice_notice n where `+where+` and n.at > $%d`, len(args)+1), append(args, since), &n)
	return n, err
}

// A tally is how many notices to a permission at an organisation an account has
// read; what it was told itself has no permission.
type tally struct {
	org, permission string
	n               int
}

func countRead(tx *db.Tx, account string, since int64) (all []tally, err error) {
	err = tx.All(`
		select org, permission, count(*)
		  from notice_read
		 where account = $1 and told_at > $2
		 group by org, permission
		 order by org, permission`, []any{account, since}, func(scan func(...any) error) error {
		var t tally
		err := scan(&t.org, &t.permission, &t.n)
		all = append(all, t)
		return err
	})
	return all, err
}

// readBranch keeps that account has read what a branch was told since a time.
func readBranch(tx *db.Tx, b branch, account string, since int64) error {
	where, args := b.where()
	n := len(args)
	_, err := tx.Exec(fmt.Sprintf(`
		insert into notice_read (account, notice, org, permission, told_at, at)
		select cast($%d as text), n.id, n.org, n.permission, n.at, cast($%d as bigint)
		  from notice_notice n
		 where `+where+` and n.at > $%d
		on conflict do nothing`, n+1, n+2, n+3), append(args, account, tx.Now().UnixMilli(), since)...)
	return err
}

// insertRead keeps the first time at which account read a notice.
func insertRead(tx *db.Tx, account string, n Notice) error {
	_, err := tx.Exec(`
		insert into notice_read (account, notice, org, permission, told_at, at)
		values ($1, $2, $3, $4, $5, $6)
		on conflict do nothing`, account, n.ID, n.Org, n.Permission, n.At.UnixMilli(), tx.Now().UnixMilli())
	return err
}

func readTimes(tx *db.Tx, account string, ids []string) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	marks, args := db.Marks([]any{account}, db.Padded(ids))
	err := tx.All(`select notice, at from notice_read where account = $1 and notice in (`+marks+`)`, args, func(scan func(...any) error) error {
		var id string
		var at int64
		err := scan(&id, &at)
		out[id] = time.UnixMilli(at).UTC()
		return err
	})
	return out, err
}

// deleteBefore deletes some of what was told before a time, with who read it.
func deleteBefore(tx *db.Tx, before int64) (int64, error) {
	var ids []string
	err := tx.All(`select id from notice_notice where at < $1 order by at, id limit 256`, []any{before}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	marks, args := db.Marks(nil, db.Padded(ids))
	if _, err := tx.Exec(`delete from notice_read where notice in (`+marks+`)`, args...); err != nil {
		return 0, err
	}
	return tx.Exec(`delete from notice_notice where id in (`+marks+`)`, args...)
}
