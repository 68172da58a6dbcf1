package pki

import (
	"errors"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// An outsideRow is a revocation list of an outside authority, as it is stored.
type outsideRow struct {
	url                        string
	der                        []byte
	this, next, fetched, tried time.Time
	trouble                    string
}

const outsideFrom = `select url, list, this_at, next_at, fetched_at, tried_at, trouble from pki_outside_list `

func scanOutside(scan func(...any) error) (r outsideRow, err error) {
	var this, next, fetched, tried int64
	err = scan(&r.url, &r.der, &this, &next, &fetched, &tried, &r.trouble)
	r.this, r.next, r.fetched, r.tried = moment(this), moment(next), moment(fetched), moment(tried)
	return r, err
}

// moment is a time as it is stored; 0 is none.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func outsideLists(tx *db.Tx) (all []outsideRow, err error) {
	err = tx.All(outsideFrom+`order by url`, nil, func(scan func(...any) error) error {
		r, err := scanOutside(scan)
		all = append(all, r)
		return err
	})
	return all, err
}

// putOutside keeps a list that was fetched, unless a newer one stands there.
func putOutside(tx *db.Tx, r outsideRow) error {
	_, err := tx.Exec(`
		insert into pki_outside_list (url, list, this_at, next_at, fetched_at, tried_at, trouble)
		values ($1, $2, $3, $4, $5, $5, '')
		on conflict (url) do update
		   set list = excluded.list, this_at = excluded.this_at, next_at = excluded.next_at, fetched_at = excluded.fetched_at,
		       tried_at = excluded.tried_at, trouble = ''
		 where pki_outside_list.this_at <= excluded.this_at`, r.url, r.der, millis(r.this), millis(r.next), tx.Now().UnixMilli())
	return err
}

// putTrouble notes why a list could not be fetched; what stands there stays.
func putTrouble(tx *db.Tx, url, trouble string) error {
	_, err := tx.Exec(`
		insert into pki_outside_list (url, list, this_at, next_at, fetched_at, tried_at, trouble)
		values ($1, $2, 0, 0, 0, $3, $4)
		on conflict (url) do update
		   set tried_at = excluded.tried_at, trouble = excluded.trouble`, url, []byte{}, tx.Now().UnixMilli(), trouble)
	return err
}

func outsideList(tx *db.Tx, url string) (*outsideRow, error) {
	var r outsideRow
	var this, next, fetched, tried int64
	err := tx.Get(outsideFrom+`where url = $1`, []any{url}, &r.url, &r.der, &this, &next, &fetched, &tried, &r.trouble)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	r.this, r.next, r.fetched, r.tried = moment(this), moment(next), moment(fetched), moment(tried)
	return &r, err
}
