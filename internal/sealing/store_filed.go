package sealing

import (
	"sidian/internal/db"
)

// requestsSealed pages through requests that are done, by when they became so.
func requestsSealed(tx *db.Tx, at int64, id string, n int) ([]*Request, error) {
	return queryRequests(tx, `(closed_at, id) > ($1, $2) and state = 'done' order by closed_at, id limit $3`, at, id, n)
}

// itemsSealed does so for documents of batches. Rows of one time are told apart
// by batch and line.
func itemsSealed(tx *db.Tx, at int64, batch string, line int64, n int) (out []*Sealed, err error) {
	err = tx.All(`
		select b.id, b.title, b.purpose, b.org, b.asker, i.line, i.name, i.original, i.document, i.at
		  from sealing_item i join sealing_batch b on b.id = i.batch
		 where (i.at, i.batch, i.line) > ($1, $2, $3) and i.state = 'done'
		 order by i.at, i.batch, i.line limit $4`, []any{at, batch, line, n}, func(scan func(...any) error) error {
		b, it := &Batch{}, &Item{}
		var original, document []byte
		var when int64
		if err := scan(&b.ID, &b.Title, &b.Purpose, &b.Org, &b.Asker, &it.Line, &it.Name, &original, &document, &when); err != nil {
			return err
		}
		copy(it.original[:], original)
		copy(it.document[:], document)
		it.At = ms(when)
		out = append(out, b.sealed(it))
		return nil
	})
	return out, err
}
