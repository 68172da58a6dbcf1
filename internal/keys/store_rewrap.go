package keys

import (
	"sidian/internal/db"
)

// States of a wrapping key.
const (
	stateCurrent = "current"
	stateNext    = "next" // opens the same keys, and will take over
	stateOld     = "old"  // has been taken over from
)

// A masterRow is what the database knows of a wrapping key.
type masterRow struct {
	id, module, state string
	check             []byte
}

// masters returns the wrapping keys, the current one first.
func masters(tx *db.Tx) (all []masterRow, err error) {
	err = tx.All(`select id, module, state, check_value from keys_master order by state, id`, nil, func(scan func(...any) error) error {
		var r masterRow
		err := scan(&r.id, &r.module, &r.state, &r.check)
		all = append(all, r)
		return err
	})
	return all, err
}

func insertMaster(tx *db.Tx, r masterRow) error {
	_, err := tx.Exec(`insert into keys_master (id, module, state, check_value, created_at) values ($1, $2, $3, $4, $5)`,
		r.id, r.module, r.state, r.check, tx.Now().UnixMilli())
	return err
}

func setMasterState(tx *db.Tx, id, state string) error {
	_, err := tx.Exec(`update keys_master set state = $2 where id = $1`, id, state)
	return err
}

func deleteMaster(tx *db.Tx, id string) error {
	_, err := tx.Exec(`delete from keys_master where id = $1`, id)
	return err
}

func hasNext(tx *db.Tx) (bool, error) {
	var n int64
	err := tx.Get(`select count(*) from keys_master where state <> 'current'`, nil, &n)
	return n > 0, err
}

// unwrapped lists up to n keys under a wrapping key that the next one does not
// open yet. Of a destroyed root there is nothing to wrap.
func unwrapped(tx *db.Tx, master string, n int) ([]row, error) {
	return many(tx, keyFrom+`where k.master = $1 and w.id is null and length(k.wrapped) > 0 order by k.id limit $2`, master, n)
}

func countUnwrapped(tx *db.Tx, master string) (n int64, err error) {
	err = tx.Get(`
		select count(*)
		  from keys_key k
		 where k.master = $1 and length(k.wrapped) > 0 and not exists (select 1 from keys_rewrap w where w.id = k.id)`, []any{master}, &n)
	return n, err
}

// insertRewrap keeps the second wrapping of a key, unless the key was destroyed
// meanwhile.
func insertRewrap(tx *db.Tx, id, master string, wrapped []byte) error {
	_, err := tx.Exec(`
		insert into keys_rewrap (id, master, wrapped)
		select k.id, $2, $3
		  from keys_key k
		 where k.id = $1 and length(k.wrapped) > 0
		    on conflict do nothing`, id, master, wrapped)
	return err
}

// promote gives up to n keys their second wrapping as their only one, and
// reports how many there were.
func promote(tx *db.Tx, n int) (int, error) {
	some, err := many(tx, keyFrom+`where w.id is not null order by k.id limit $1`, n)
	if err != nil {
		return 0, err
	}
	for _, r := range some {
		if _, err := tx.Exec(`update keys_key set wrapped = $2, master = $3 where id = $1`, r.id, r.next, r.nextMaster); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(`delete from keys_rewrap where id = $1`, r.id); err != nil {
			return 0, err
		}
	}
	return len(some), nil
}

// bury gives the records of destroyed keys to the new wrapping key.
func bury(tx *db.Tx, old, next string) error {
	_, err := tx.Exec(`update keys_key set master = $2 where master = $1 and length(wrapped) = 0`, old, next)
	return err
}

func deleteRewraps(tx *db.Tx) error {
	_, err := tx.Exec(`delete from keys_rewrap`)
	return err
}
