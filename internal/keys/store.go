package keys

import (
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A row is a stored key.
type row struct {
	id      string
	purpose Purpose
	kind    string
	public  []byte
	wrapped []byte
	master  string
	created time.Time
	retired time.Time
}

// destroyed tells that only the record of a key is left.
func (r row) destroyed() bool { return len(r.wrapped) == 0 && !r.retired.IsZero() }

const keyColumns = `id, purpose, kind, public, wrapped, master, created_at, retired_at`

func scanKey(scan func(...any) error) (r row, err error) {
	var created int64
	var retired *int64
	err = scan(&r.id, &r.purpose, &r.kind, &r.public, &r.wrapped, &r.master, &created, &retired)
	r.created = time.UnixMilli(created).UTC()
	if retired != nil {
		r.retired = time.UnixMilli(*retired).UTC()
	}
	return r, err
}

func insertKey(tx *db.Tx, r row) error {
	_, err := tx.Exec(`
		insert into keys_key (id, purpose, kind, public, wrapped, master, created_at)
		values ($1, $2, $3, $4, $5, $6, $7)`,
		r.id, string(r.purpose), r.kind, r.public, r.wrapped, r.master, r.created.UnixMilli())
	return err
}

func keyByID(tx *db.Tx, id string) (row, error) {
	found, err := many(tx, `select `+keyColumns+` from keys_key where id = $1`, id)
	if err != nil {
		return row{}, err
	}
	if len(found) == 0 {
		return row{}, fault.NotFound.New("没有这个密钥").WithCode("key.unknown")
	}
	return found[0], nil
}

func keysUnder(tx *db.Tx, master string) ([]row, error) {
	return many(tx, `select `+keyColumns+` from keys_key where master = $1 order by id`, master)
}

// rootKeys returns the secrets, oldest first.
func rootKeys(tx *db.Tx) ([]row, error) {
	return many(tx, `select `+keyColumns+` from keys_key where kind = 'secret' order by created_at, id`)
}

// newestRoot is when the current root of a purpose was made; zero for none.
func newestRoot(tx *db.Tx, p Purpose) (time.Time, error) {
	var ms int64
	err := tx.Get(`select coalesce(max(created_at), 0) from keys_key where kind = 'secret' and purpose = $1`, []any{string(p)}, &ms)
	return time.UnixMilli(ms).UTC(), err
}

func many(tx *db.Tx, q string, args ...any) (all []row, err error) {
	err = tx.All(q, args, func(scan func(...any) error) error {
		r, err := scanKey(scan)
		all = append(all, r)
		return err
	})
	return all, err
}

func updateWrapped(tx *db.Tx, r row, master string) error {
	_, err := tx.Exec(`update keys_key set wrapped = $2, master = $3 where id = $1`, r.id, r.wrapped, master)
	return err
}

// retireKey notes the end of a key, once.
func retireKey(tx *db.Tx, id string) error {
	n, err := tx.Exec(`update keys_key set retired_at = $2 where id = $1 and kind = 'sm2' and retired_at is null`, id, tx.Now().UnixMilli())
	if err != nil || n == 1 {
		return err
	}
	if _, err := keyByID(tx, id); err != nil {
		return err
	}
	return fault.Conflict.New("密钥已停用，或不是签名密钥").WithCode("key.retired")
}

func onlyMaster(tx *db.Tx) (*master, error) {
	m := &master{}
	var check []byte
	if err := tx.Get(`select id, check_value from keys_master order by id`, nil, &m.id, &check); err != nil {
		return nil, err
	}
	copy(m.check[:], check)
	return m, nil
}

func insertMaster(tx *db.Tx, m *master) error {
	_, err := tx.Exec(`insert into keys_master (id, check_value, created_at) values ($1, $2, $3)`,
		m.id, m.check, tx.Now().UnixMilli())
	return err
}

func deleteMaster(tx *db.Tx, id string) error {
	_, err := tx.Exec(`delete from keys_master where id = $1`, id)
	return err
}
