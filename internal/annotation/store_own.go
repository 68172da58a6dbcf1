package annotation

import (
	"time"

	"sidian/internal/db"
)

// countOwn counts what a holder made or began since a time.
func countOwn(tx *db.Tx, account string, since time.Time) (n int64, err error) {
	err = tx.Get(`select count(*) from annotation_copy where own = true and account = $1 and created_at >= $2 and status <> 'withdrawn'`,
		[]any{account, since.UnixMilli()}, &n)
	return n, err
}

// ofHolder is ofCertificate for what a holder made.
func ofHolder(tx *db.Tx, account string, before int64, beforeID string, limit int) ([]*row, error) {
	return query(tx, `own = true and account = $1 and status = 'made' and (created_at, id) < ($2, $3)
		 order by created_at desc, id desc limit $4`, account, before, beforeID, limit+1)
}

// markEnded takes a copy back, once; it reports whether this was the time.
func markEnded(tx *db.Tx, id string, at int64) (bool, error) {
	n, err := tx.Exec(`update annotation_copy set ended_at = $2 where id = $1 and own = true and status = 'made' and ended_at is null`, id, at)
	return n == 1, err
}
