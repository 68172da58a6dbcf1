package cert

import "sidian/internal/db"

// ofNumber finds what was issued of a kind under a number, by whatever unit, newest
// first.
func ofNumber(tx *db.Tx, kind, number string, n int) ([]*row, error) {
	return query(tx, `number = $1 and kind = $2 and status = 'effective' order by created_at desc, id desc limit $3`, number, kind, n)
}
