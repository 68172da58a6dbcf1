package sealapply

import (
	"encoding/json"
	"fmt"
	"strconv"

	"sidian/internal/db"
)

func mark(n int) string { return "$" + strconv.Itoa(n) }

type stepRow struct {
	object              string
	round, seq          int64
	tier, org           string
	state               string
	account             string
	opinion             string
	since, due, decided *int64
}

func insertStep(tx *db.Tx, r *stepRow) error {
	_, err := tx.Exec(`
		insert into sealapply_step (object, round, seq, tier, org, state, account, opinion, since, due_at, decided_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.object, r.round, r.seq, r.tier, r.org, r.state, r.account, r.opinion, r.since, r.due, r.decided)
	return err
}

func saveStep(tx *db.Tx, r *stepRow) error {
	_, err := tx.Exec(`
		update sealapply_step set state = $4, account = $5, opinion = $6, since = $7, due_at = $8, decided_at = $9
		 where object = $1 and round = $2 and seq = $3`,
		r.object, r.round, r.seq, r.state, r.account, r.opinion, r.since, r.due, r.decided)
	return err
}

// stepsOf are all steps of an object, by round and sequence.
func stepsOf(tx *db.Tx, object string) (list []*stepRow, err error) {
	err = tx.All(`
		select object, round, seq, tier, org, state, account, opinion, since, due_at, decided_at
		  from sealapply_step where object = $1 order by object, round, seq`, []any{object}, func(scan func(...any) error) error {
		r := &stepRow{}
		err := scan(&r.object, &r.round, &r.seq, &r.tier, &r.org, &r.state, &r.account, &r.opinion, &r.since, &r.due, &r.decided)
		list = append(list, r)
		return err
	})
	return list, err
}

type historyRow struct {
	seq, at int64
	account string
	action  string
	state   string
	round   int64
	tier    string
	reason  string
	checks  string
}

// putHistory adds to the history of an object, whose row the caller has locked.
func putHistory(tx *db.Tx, object string, r *historyRow) error {
	var last *int64
	if err := tx.Get(`select max(seq) from sealapply_history where object = $1`, []any{object}, &last); err != nil {
		return err
	}
	r.seq = 1
	if last != nil {
		r.seq = *last + 1
	}
	if r.checks == "" {
		r.checks = "[]"
	}
	_, err := tx.Exec(`
		insert into sealapply_history (object, seq, at, account, action, state, round, tier, reason, checks)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		object, r.seq, r.at, r.account, r.action, r.state, r.round, r.tier, r.reason, r.checks)
	return err
}

func historyOf(tx *db.Tx, object string) (list []*historyRow, err error) {
	err = tx.All(`
		select seq, at, account, action, state, round, tier, reason, checks
		  from sealapply_history where object = $1 order by seq, object`, []any{object}, func(scan func(...any) error) error {
		r := &historyRow{}
		var checks []byte
		err := scan(&r.seq, &r.at, &r.account, &r.action, &r.state, &r.round, &r.tier, &r.reason, &checks)
		r.checks = string(checks)
		list = append(list, r)
		return err
	})
	return list, err
}

// hands are the accounts that had a hand in what an applicant does.
func hands(tx *db.Tx, object string) (accounts []string, err error) {
	err = tx.All(`
		select distinct account from sealapply_history
		 where object = $1 and action in ('edit', 'submit') and account <> ''
		 order by account`, []any{object}, func(scan func(...any) error) error {
		var a string
		err := scan(&a)
		accounts = append(accounts, a)
		return err
	})
	return accounts, err
}

func encodeChecks(list []Check) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func decodeChecks(s string) (list []Check, err error) {
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return nil, fmt.Errorf("sealapply: reading checks: %w", err)
	}
	return list, nil
}

type attachmentRow struct {
	id, object, code string
	sealedName       []byte
	media            string
	size             int64
	digest           []byte
	account          string
	created          int64
}

func insertAttachment(tx *db.Tx, r *attachmentRow) error {
	_, err := tx.Exec(`
		insert into sealapply_attachment (id, object, code, name, media, size, digest, account, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.id, r.object, r.code, r.sealedName, r.media, r.size, r.digest, r.account, r.created)
	return err
}

// attachmentsOf are those that were not removed, oldest first.
func attachmentsOf(tx *db.Tx, object string) (list []*attachmentRow, err error) {
	err = tx.All(`
		select id, object, code, name, media, size, digest, account, created_at
		  from sealapply_attachment where object = $1 and removed_at is null order by created_at, id`, []any{object}, func(scan func(...any) error) error {
		r := &attachmentRow{}
		err := scan(&r.id, &r.object, &r.code, &r.sealedName, &r.media, &r.size, &r.digest, &r.account, &r.created)
		list = append(list, r)
		return err
	})
	return list, err
}

func removeAttachment(tx *db.Tx, object, id string) (int64, error) {
	return tx.Exec(`update sealapply_attachment set removed_at = $3 where object = $1 and id = $2 and removed_at is null`, object, id, milli(tx.Now()))
}
