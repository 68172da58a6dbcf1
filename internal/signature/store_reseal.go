package signature

import "sidian/internal/db"

func countSealed(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`
		select (select count(*) from signature_identity) + (select count(*) from signature_signer) + (select count(*) from signature_task)`, nil, &n)
	return n, err
}

func sealedIdentities(tx *db.Tx, after string, n int) (out []sealedRow, err error) {
	err = tx.All(`select id, certificate from signature_identity where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		r := sealedRow{table: "signature_identity"}
		var certificate []byte
		err := scan(&r.key, &certificate)
		r.values = map[string][]byte{"certificate": certificate}
		out = append(out, r)
		return err
	})
	return out, err
}

func sealedTasks(tx *db.Tx, after string, n int) (out []sealedRow, err error) {
	err = tx.All(`select id, title, message from signature_task where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		r := sealedRow{table: "signature_task"}
		var title, message []byte
		err := scan(&r.key, &title, &message)
		r.values = map[string][]byte{"title": title, "message": message}
		out = append(out, r)
		return err
	})
	return out, err
}

func sealedSigners(tx *db.Tx, task string, number, n int) (out []sealedRow, err error) {
	err = tx.All(`
		select task, number, name, citizen, drawing, picture, reason from signature_signer
		 where (task, number) > ($1, $2)
		 order by task, number
		 limit $3`, []any{task, number, n}, func(scan func(...any) error) error {
		r := sealedRow{table: "signature_signer"}
		var id string
		var no int64
		var name, citizen, drawing, picture, reason []byte
		err := scan(&id, &no, &name, &citizen, &drawing, &picture, &reason)
		r.key = signerKey(id, int(no))
		r.values = map[string][]byte{"name": name, "citizen": citizen, "drawing": drawing, "picture": picture, "reason": reason}
		out = append(out, r)
		return err
	})
	return out, err
}

// replacements write a value that was sealed again where it still is the one that
// was read.
var replacements = map[string]string{
	"signature_identity.certificate": `update signature_identity set certificate = $3 where id = $1 and certificate = $2`,
	"signature_task.title":           `update signature_task set title = $3 where id = $1 and title = $2`,
	"signature_task.message":         `update signature_task set message = $3 where id = $1 and message = $2`,
	"signature_signer.name":          `update signature_signer set name = $3 where task = $1 and name = $2 and number = $4`,
	"signature_signer.citizen":       `update signature_signer set citizen = $3 where task = $1 and citizen = $2 and number = $4`,
	"signature_signer.drawing":       `update signature_signer set drawing = $3 where task = $1 and drawing = $2 and number = $4`,
	"signature_signer.picture":       `update signature_signer set picture = $3 where task = $1 and picture = $2 and number = $4`,
	"signature_signer.reason":        `update signature_signer set reason = $3 where task = $1 and reason = $2 and number = $4`,
}

func replaceSealed(tx *db.Tx, table, column, key string, before, after []byte) (int64, error) {
	args := []any{key, before, after}
	if table == "signature_signer" {
		task, number := splitKey(key)
		args = []any{task, before, after, number}
	}
	return tx.Exec(replacements[table+"."+column], args...)
}
