package cert

import (
	"sidian/gm"
	"sidian/internal/db"
)

// heldByPerson finds what was issued to a person, newest first, without what a newer
// version has taken the place of.
func heldByPerson(tx *db.Tx, person gm.Digest, n int) ([]*row, error) {
	return query(tx, `id in (select certificate_id from cert_holder where id_index = $1) and status = 'effective' and successor = ''
		 order by created_at desc, id desc limit $2`, person[:], n)
}
