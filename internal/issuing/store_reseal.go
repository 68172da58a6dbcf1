package issuing

import "sidian/internal/db"

// A sealedCell is an encrypted value with where it stands: n is the version of a
// content, or the place of a step.
type sealedCell struct {
	draft  string
	n      int64
	sealed []byte
}

func sealedContents(tx *db.Tx, after string, n int) (out []sealedCell, err error) {
	return cells(tx, `
		select id, version, content from issuing_draft
		 where id > $1 and content is not null order by id limit $2`, after, n)
}

func sealedNotes(tx *db.Tx, after string, seq int64, n int) (out []sealedCell, err error) {
	return cells(tx, `
		select draft, seq, note from issuing_step
		 where (draft, seq) > ($1, $2) and note is not null
		 order by draft, seq limit $3`, after, seq, n)
}

func cells(tx *db.Tx, query string, args ...any) (out []sealedCell, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var c sealedCell
		err := scan(&c.draft, &c.n, &c.sealed)
		out = append(out, c)
		return err
	})
	return out, err
}

func replaceContent(tx *db.Tx, c sealedCell, again []byte) (int64, error) {
	return tx.Exec(`update issuing_draft set content = $4 where id = $1 and version = $2 and content = $3`, c.draft, c.n, c.sealed, again)
}

func replaceNote(tx *db.Tx, c sealedCell, again []byte) (int64, error) {
	return tx.Exec(`update issuing_step set note = $4 where draft = $1 and seq = $2 and note = $3`, c.draft, c.n, c.sealed, again)
}

func sealedBefores(tx *db.Tx, after string, n int) (out []sealedCell, err error) {
	return cells(tx, `
		select draft, 0, before from issuing_correction
		 where draft > $1 and before is not null order by draft limit $2`, after, n)
}

func replaceBefore(tx *db.Tx, c sealedCell, again []byte) (int64, error) {
	return tx.Exec(`update issuing_correction set before = $3 where draft = $1 and before = $2`, c.draft, c.sealed, again)
}

func countSealed(tx *db.Tx) (n, notes, befores int64, err error) {
	if err = tx.Get(`select count(*) from issuing_correction where before is not null`, nil, &befores); err != nil {
		return 0, 0, 0, err
	}
	if err = tx.Get(`select count(*) from issuing_draft where content is not null`, nil, &n); err == nil {
		err = tx.Get(`select count(*) from issuing_step where note is not null`, nil, &notes)
	}
	return n, notes, befores, err
}
