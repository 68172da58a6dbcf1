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
	// holder is the module that keeps the key itself, found by handle; empty: it
	// is wrapped here.
	holder, handle string
	// next is the key wrapped a second time, while nextMaster is to come.
	next       []byte
	nextMaster string
}

// destroyed tells that only the record of a key is left.
func (r row) destroyed() bool { return len(r.wrapped) == 0 && !r.retired.IsZero() }

const keyFrom = `
	select k.id, k.purpose, k.kind, k.public, k.wrapped, k.master, k.created_at, k.retired_at, k.holder, k.handle, coalesce(w.master, ''), w.wrapped
	  from keys_key k
	  left join keys_rewrap w on w.id = k.id `

func scanKey(scan func(...any) error) (r row, err error) {
	var created int64
	var retired *int64
	err = scan(&r.id, &r.purpose, &r.kind, &r.public, &r.wrapped, &r.master, &created, &retired, &r.holder, &r.handle, &r.nextMaster, &r.next)
	r.created = time.UnixMilli(created).UTC()
	if retired != nil {
		r.retired = time.UnixMilli(*retired).UTC()
	}
	return r, err
}

func insertKey(tx *db.Tx, r row) error {
	n, err := tx.Exec(`
		insert into keys_key (id, purpose, kind, public, wrapped, master, created_at, holder, handle)
		select $1, $2, $3, $4, $5, m.id, $7, $8, $9
		  from keys_master m
		 where m.id = $6 and m.state = 'current'`,
		r.id, string(r.purpose), r.kind, r.public, r.wrapped, r.master, r.created.UnixMilli(), r.holder, r.handle)
	if err == nil && n == 0 {
		err = fault.Conflict.New("主密钥正在更换或已更换，本程序不能用原来的主密钥新建密钥").WithCode("key.master").
			WithHint("请完成主密钥的更换，并以新的配置重新启动所有进程")
	}
	return err
}

func keyByID(tx *db.Tx, id string) (row, error) {
	found, err := many(tx, keyFrom+`where k.id = $1`, id)
	if err != nil {
		return row{}, err
	}
	if len(found) == 0 {
		return row{}, fault.NotFound.New("没有这个密钥").WithCode("key.unknown")
	}
	return found[0], nil
}

// handles lists what a module keeps for us, retired or not.
func handles(tx *db.Tx, holder string) (all []string, err error) {
	err = tx.All(`select handle from keys_key where holder = $1 order by handle`, []any{holder}, func(scan func(...any) error) error {
		var h string
		err := scan(&h)
		all = append(all, h)
		return err
	})
	return all, err
}

// rootKeys returns the secrets, oldest first.
func rootKeys(tx *db.Tx) ([]row, error) {
	return many(tx, keyFrom+`where k.kind = 'secret' order by k.created_at, k.id`)
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
