package ferry

import (
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

type waitingRow struct {
	kind, object string
	at           int64
}

func wait(tx *db.Tx, kind, object string) error {
	_, err := tx.Exec(`
		insert into ferry_waiting (kind, object, changed_at) values ($1, $2, $3)
		on conflict (kind, object) do update set changed_at = excluded.changed_at`, kind, object, tx.Now().UnixMilli())
	return err
}

func firstWaiting(tx *db.Tx, n int) (out []waitingRow, err error) {
	err = tx.All(`select kind, object, changed_at from ferry_waiting order by kind, object limit $1`, []any{n}, func(scan func(...any) error) error {
		var w waitingRow
		err := scan(&w.kind, &w.object, &w.at)
		out = append(out, w)
		return err
	})
	return out, err
}

// told forgets what waits, unless it changed again meanwhile.
func told(tx *db.Tx, w waitingRow) error {
	_, err := tx.Exec(`delete from ferry_waiting where kind = $1 and object = $2 and changed_at = $3`, w.kind, w.object, w.at)
	return err
}

type outRow struct {
	seq    int64
	digest gm.Digest
}

func lastOut(tx *db.Tx) (outRow, error) {
	return lastOf(tx, `select seq, digest from ferry_out order by seq desc limit 1`)
}

func lastIn(tx *db.Tx) (outRow, error) {
	return lastOf(tx, `select seq, digest from ferry_in order by seq desc limit 1`)
}

func lastOf(tx *db.Tx, q string) (r outRow, err error) {
	var d []byte
	err = tx.Get(q, nil, &r.seq, &d)
	if errors.Is(err, fault.NotFound) {
		return outRow{}, nil
	}
	copy(r.digest[:], d)
	return r, err
}

func insertOut(tx *db.Tx, seq int64, digest gm.Digest, records int, file []byte) error {
	_, err := tx.Exec(`insert into ferry_out (seq, digest, records, file, made_at) values ($1, $2, $3, $4, $5)`, seq, digest, int64(records), file, tx.Now().UnixMilli())
	return err
}

func unwritten(tx *db.Tx) (out []int64, err error) {
	err = tx.All(`select seq from ferry_out where written_at is null order by seq`, nil, func(scan func(...any) error) error {
		var n int64
		err := scan(&n)
		out = append(out, n)
		return err
	})
	return out, err
}

func outFile(tx *db.Tx, seq int64) (records int64, file []byte, err error) {
	err = tx.Get(`select records, file from ferry_out where seq = $1`, []any{seq}, &records, &file)
	if errors.Is(err, fault.NotFound) {
		err = fault.NotFound.New("没有第 %d 号摆渡文件", seq).WithCode("ferry.unknown").WithHint("请核对编号")
	}
	return records, file, err
}

func markWritten(tx *db.Tx, seq int64) error {
	_, err := tx.Exec(`update ferry_out set written_at = $2 where seq = $1 and written_at is null`, seq, tx.Now().UnixMilli())
	return err
}

func digestIn(tx *db.Tx, seq int64) (d gm.Digest, err error) {
	var b []byte
	err = tx.Get(`select digest from ferry_in where seq = $1`, []any{seq}, &b)
	copy(d[:], b)
	return d, err
}

func insertIn(tx *db.Tx, seq int64, digest gm.Digest, records int, made time.Time) error {
	_, err := tx.Exec(`insert into ferry_in (seq, digest, records, made_at, taken_at) values ($1, $2, $3, $4, $5)`, seq, digest, int64(records), made.UnixMilli(), tx.Now().UnixMilli())
	return err
}

func putRecord(tx *db.Tx, seq int64, r Record) error {
	_, err := tx.Exec(`
		insert into ferry_record (kind, object, name, body, seq, taken_at) values ($1, $2, $3, $4, $5, $6)
		on conflict (kind, object) do update
		   set name = excluded.name, body = excluded.body, seq = excluded.seq, taken_at = excluded.taken_at`,
		r.Kind, r.Object, r.Name, string(r.Body), seq, tx.Now().UnixMilli())
	return err
}

func record(tx *db.Tx, kind, object string) (*Neighbour, error) {
	n, body, at := &Neighbour{Object: object}, "", int64(0)
	err := tx.Get(`select name, body, taken_at from ferry_record where kind = $1 and object = $2`, []any{kind, object}, &n.Name, &body, &at)
	if errors.Is(err, fault.NotFound) {
		err = fault.NotFound.New("另一区没有摆渡过这条记录").WithCode("ferry.record-unknown")
	}
	n.Body, n.Taken = []byte(body), time.UnixMilli(at).UTC()
	return n, err
}

func recordsNamed(tx *db.Tx, kind, name string, limit int) (out []*Neighbour, err error) {
	err = tx.All(`
		select object, name, body, taken_at from ferry_record
		 where kind = $1 and name >= $2 and name < $3
		 order by name, object
		 limit $4`, []any{kind, name, name + "\U0010FFFF", limit}, func(scan func(...any) error) error {
		n, body, at := &Neighbour{}, "", int64(0)
		err := scan(&n.Object, &n.Name, &body, &at)
		n.Body, n.Taken = []byte(body), time.UnixMilli(at).UTC()
		out = append(out, n)
		return err
	})
	return out, err
}

func insertKey(tx *db.Tx, k *ownKey) error {
	_, err := tx.Exec(`insert into ferry_key (id, secret, certificate, ends_at, created_at) values ($1, $2, $3, $4, $5)`,
		k.id, k.sealed, k.certificate.Raw, k.certificate.NotAfter.UnixMilli(), tx.Now().UnixMilli())
	return err
}

// keyAfter is the oldest key that ends after a time: of two that were made at
// once, the one that both processes use.
func keyAfter(tx *db.Tx, end time.Time) (k *ownKey, err error) {
	k = &ownKey{}
	var der []byte
	if err = tx.Get(`select id, secret, certificate from ferry_key where ends_at > $1 order by created_at, id limit 1`, []any{end.UnixMilli()}, &k.id, &k.sealed, &der); err != nil {
		return nil, err
	}
	k.certificate, err = gm.ParseCertificate(der)
	return k, err
}

func keysAfter(tx *db.Tx, after string, n int) (out []*ownKey, err error) {
	err = tx.All(`select id, secret from ferry_key where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		k := &ownKey{}
		err := scan(&k.id, &k.sealed)
		out = append(out, k)
		return err
	})
	return out, err
}

func swapKey(tx *db.Tx, id string, was, now []byte) (int64, error) {
	return tx.Exec(`update ferry_key set secret = $3 where id = $1 and secret = $2`, id, was, now)
}
