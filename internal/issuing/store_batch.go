package issuing

import (
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A batchRow is a batch as it is stored, with what its drafts say of it.
type batchRow struct {
	id, unit, path, kind, pushedBy string
	pushed, items, refused, again  int64
	finished                       *int64
	taken, late                    int64 // of the drafts
}

func insertBatch(tx *db.Tx, r *batchRow) error {
	_, err := tx.Exec(`
		insert into issuing_batch (id, unit, path, kind, pushed_by, pushed_at, items)
		values ($1, $2, $3, $4, $5, $6, $7)`, r.id, r.unit, r.path, r.kind, r.pushedBy, r.pushed, r.items)
	return err
}

// endBatch notes that every item of a batch was looked at.
func endBatch(tx *db.Tx, id string, refused, again int64) error {
	_, err := tx.Exec(`update issuing_batch set refused = $2, again = $3, finished_at = $4 where id = $1`, id, refused, again, milli(tx.Now()))
	return err
}

func batches(tx *db.Tx, rest string, args ...any) (list []*batchRow, err error) {
	err = tx.All(`
		select b.id, b.unit, b.path, b.kind, b.pushed_by, b.pushed_at, b.items, b.refused, b.again, b.finished_at,
		       (select count(*) from issuing_draft d where d.batch <> '' and d.batch = b.id),
		       (select count(*) from issuing_draft d where d.batch <> '' and d.batch = b.id and d.late)
		  from issuing_batch b `+rest, args, func(scan func(...any) error) error {
		r := &batchRow{}
		err := scan(&r.id, &r.unit, &r.path, &r.kind, &r.pushedBy, &r.pushed, &r.items, &r.refused, &r.again, &r.finished, &r.taken, &r.late)
		list = append(list, r)
		return err
	})
	return list, err
}

func batchByID(tx *db.Tx, id string) (*batchRow, error) {
	list, err := batches(tx, `where b.id = $1`, id)
	if err == nil && len(list) == 0 {
		err = errNoBatch()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func errNoBatch() error {
	return fault.NotFound.New("没有这个离线批次").WithCode("issuing.batch").WithHint("请从离线批次列表中选择")
}

// listBatches pages through batches below paths, newest first.
func listBatches(tx *db.Tx, paths []string, before int64, id string, limit int) ([]*batchRow, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	below, args := db.Below([]any{before, id, limit}, "b.path", paths)
	return batches(tx, `where (b.pushed_at, b.id) < ($1, $2) and `+below+` order by b.pushed_at desc, b.id desc limit $3`, args...)
}
