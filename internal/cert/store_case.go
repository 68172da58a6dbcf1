package cert

import (
	"sidian/gm"
	"sidian/internal/db"
)

// heldBy tells whether a holder by this index is one of a certificate's.
func heldBy(tx *db.Tx, id string, index gm.Digest) (bool, error) {
	var n int64
	err := tx.Get(`select count(*) from cert_holder where certificate_id = $1 and id_index = $2`, []any{id, index[:]}, &n)
	return n > 0, err
}
