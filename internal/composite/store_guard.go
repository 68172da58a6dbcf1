package composite

import "sidian/internal/db"

// unguardedSchemes are versions of before there were MACs, locked.
func unguardedSchemes(tx *db.Tx, limit int) ([]*schemeRow, error) {
	return querySchemes(tx, `where mac is null order by id limit $1 for update`, limit)
}

func setSchemeMac(tx *db.Tx, id string, mac []byte) error {
	_, err := tx.Exec(`update composite_scheme set mac = $2 where id = $1 and mac is null`, id, mac)
	return err
}

// unguarded are composites of before there were MACs, locked.
func unguarded(tx *db.Tx, limit int) ([]*row, error) {
	return query(tx, `where mac is null order by id limit $1 for update`, limit)
}

func setMac(tx *db.Tx, r *row, mac []byte) error {
	_, err := tx.Exec(`update composite_composite set mac = $2, folds = $3 where id = $1 and mac is null`, r.id, mac, r.folds)
	return err
}

func setMemberMac(tx *db.Tx, composite string, place int64, mac []byte) error {
	_, err := tx.Exec(`update composite_member set mac = $3 where composite = $1 and place = $2`, composite, place, mac)
	return err
}
