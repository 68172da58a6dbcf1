package seal

import (
	"errors"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A making is a seal under way: what of it exists already.
type making struct {
	id      string
	request gm.Digest
	key     string // id; empty: not made yet
	serial  string // of the digital certificate; empty: not issued yet
	closed  bool
}

// makingOf returns nil where nothing was begun.
func makingOf(tx *db.Tx, id string) (*making, error) {
	m := &making{id: id}
	var request []byte
	var closed *int64
	err := tx.Get(`select request, key_id, serial, closed_at from seal_making where id = $1`, []any{id}, &request, &m.key, &m.serial, &closed)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	copy(m.request[:], request)
	m.closed = closed != nil
	return m, err
}

// insertMaking does nothing where another was faster: of two transactions that
// both found nothing, one is run again (serializable), and finds it.
func insertMaking(tx *db.Tx, m *making, org, account string) error {
	_, err := tx.Exec(`
		insert into seal_making (id, request, org_id, key_id, serial, account, created_at)
		values ($1, $2, $3, $4, $5, $6, $7)
		on conflict do nothing`, m.id, m.request, org, m.key, m.serial, account, tx.Now().UnixMilli())
	return err
}

func setMakingKey(tx *db.Tx, id, key string) error {
	_, err := tx.Exec(`update seal_making set key_id = $2 where id = $1`, id, key)
	return err
}

func setMakingSerial(tx *db.Tx, id, serial string) error {
	_, err := tx.Exec(`update seal_making set serial = $2 where id = $1`, id, serial)
	return err
}

func closeMaking(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update seal_making set closed_at = $2 where id = $1 and closed_at is null`, id, tx.Now().UnixMilli())
	return err
}
