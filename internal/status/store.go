package status

import (
	"errors"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// insertEntry reports false where the place is taken, or the object has one.
func insertEntry(tx *db.Tx, object string, e Entry) (bool, error) {
	var changed *int64
	at := e.At.UnixMilli()
	if e.Value != Valid {
		changed = &at
	}
	n, err := tx.Exec(`
		insert into status_entry (list, object, page, idx, value, created_at, changed_at)
		values ($1, $2, $3, $4, $5, $6, $7)
		on conflict do nothing`, e.List, object, e.Page, e.Index, int64(e.Value), at, changed)
	return n == 1, err
}

// changeEntry reports false where there is no such entry, it has that value, or
// it is invalid for ever.
func changeEntry(tx *db.Tx, list, object string, v Value) (bool, error) {
	n, err := tx.Exec(`
		update status_entry set value = $3, changed_at = $4
		 where list = $1 and object = $2 and value <> $3 and value <> $5`, list, object, int64(v), tx.Now().UnixMilli(), int64(Invalid))
	return n == 1, err
}

func entryOf(tx *db.Tx, list, object string) (e Entry, err error) {
	var value, at int64
	err = tx.Get(`
		select page, idx, value, coalesce(changed_at, created_at)
		  from status_entry
		 where list = $1 and object = $2`, []any{list, object}, &e.Page, &e.Index, &value, &at)
	e.List, e.Value, e.At = list, Value(value), time.UnixMilli(at).UTC()
	return e, err
}

// lastPage is the highest page that holds an entry, or 0.
func lastPage(tx *db.Tx, list string) (page int64, err error) {
	err = tx.Get(`
		select page
		  from status_entry
		 where list = $1
		 order by page desc, idx desc
		 limit 1`, []any{list}, &page)
	if errors.Is(err, fault.NotFound) {
		return 0, nil
	}
	return page, err
}

// lastChange is when an entry of a list changed last, in milliseconds, or 0.
func lastChange(tx *db.Tx, list string) (at int64, err error) {
	var found *int64
	err = tx.Get(`select max(changed_at) from status_entry where list = $1 and changed_at is not null`, []any{list}, &found)
	if found != nil {
		at = *found
	}
	return at, err
}

// A mark is what a page differs by from one where all is valid.
type mark struct{ page, index, value, at int64 }

// marksOf lists the marks of one page.
func marksOf(tx *db.Tx, list string, page int64) ([]mark, error) {
	return marks(tx, `
		select page, idx, value, changed_at
		  from status_entry
		 where list = $1 and page = $2 and changed_at is not null`, list, page)
}

// marksSince lists the marks of all pages that were made since a time.
func marksSince(tx *db.Tx, list string, since int64) ([]mark, error) {
	return marks(tx, `
		select page, idx, value, changed_at
		  from status_entry
		 where list = $1 and changed_at >= $2`, list, since)
}

func marks(tx *db.Tx, q string, args ...any) (all []mark, err error) {
	err = tx.All(q, args, func(scan func(...any) error) error {
		var m mark
		err := scan(&m.page, &m.index, &m.value, &m.at)
		all = append(all, m)
		return err
	})
	return all, err
}

// A keyRow is a key that signs, wrapped.
type keyRow struct {
	id, alg        string
	public, sealed []byte
	retired        bool
}

// insertKey adds no row where there is a current key for the algorithm.
func insertKey(tx *db.Tx, k keyRow) (int64, error) {
	return tx.Exec(`
		insert into status_key (id, alg, public, sealed, created_at)
		values ($1, $2, $3, $4, $5)
		on conflict do nothing`, k.id, k.alg, k.public, k.sealed, tx.Now().UnixMilli())
}

// keyRows lists all keys, the current ones first.
func keyRows(tx *db.Tx) (all []keyRow, err error) {
	err = tx.All(`
		select id, alg, public, sealed, retired_at is not null
		  from status_key
		 order by retired_at is not null, alg, created_at desc, id`, nil, func(scan func(...any) error) error {
		var k keyRow
		err := scan(&k.id, &k.alg, &k.public, &k.sealed, &k.retired)
		all = append(all, k)
		return err
	})
	return all, err
}

// keysAfter lists up to n keys after an id, in the order of ids.
func keysAfter(tx *db.Tx, after string, n int) (all []keys.Sealed, err error) {
	err = tx.All(`select id, sealed from status_key where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var id string
		var sealed []byte
		err := scan(&id, &sealed)
		all = append(all, keys.Sealed{Cell: keyCell(id), Value: sealed})
		return err
	})
	return all, err
}

func replaceKey(tx *db.Tx, was keys.Sealed, again []byte) (int64, error) {
	return tx.Exec(`update status_key set sealed = $3 where id = $1 and sealed = $2`, was.Cell.Row, was.Value, again)
}

func retireKeys(tx *db.Tx) error {
	_, err := tx.Exec(`update status_key set retired_at = $1 where retired_at is null`, tx.Now().UnixMilli())
	return err
}

func countKeys(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from status_key`, nil, &n)
	return n, err
}
