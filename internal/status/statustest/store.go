package statustest

import (
	"sidian/internal/db"
	"sidian/internal/status"
)

// fullPage is how many entries a page has when the next begins, about.
const fullPage = status.PageSize * 4 / 5

// bulk writes the entries from one to before another, about one in thirty of them
// changed, without a pattern, as object names them.
func bulk(tx *db.Tx, list string, from, to int) error {
	_, err := tx.Exec(`
		insert into status_entry (list, object, page, idx, value, created_at, changed_at)
		with recursive n (i, odd) as (
			select cast($2 as bigint), false
			 union all
			select i + 1, (i * 1103515245 + 12345) % 2147483648 / 65536 % 30 = 0 from n where i < $3)
		select $1, 'object/' || substr('0000000' || cast(i as text), length(cast(i as text))), i / $4, (i % $4) * 40503 % $5,
		       case when odd then cast($6 as bigint) else cast($7 as bigint) end, cast($8 as bigint), case when odd then cast($8 as bigint) end
		  from n`, list, from, to-1, fullPage, status.PageSize, int64(status.Invalid), int64(status.Valid), tx.Now().UnixMilli())
	return err
}

// analyze tells the planner, as PostgreSQL does by itself within minutes.
func analyze(tx *db.Tx) error {
	_, err := tx.Exec(`analyze status_entry`)
	return err
}
