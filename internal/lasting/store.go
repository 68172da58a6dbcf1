package lasting

import (
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A documentRow is a certificate's document as it is stored.
type documentRow struct {
	certificate, issuer, stamp string
	digest                     gm.Digest
}

// A batch is a time stamp with what it is over.
type batch struct {
	id, over        string
	members         int64
	material, token []byte
	hash, signature string
	stampedAt, ends time.Time
	next            string
}

func insertDocument(tx *db.Tx, certificate, issuer string, document []byte) error {
	_, err := tx.Exec(`
		insert into lasting_document (certificate, issuer, document, at) values ($1, $2, $3, $4)
		on conflict do nothing`, certificate, issuer, document, tx.Now().UnixMilli())
	return err
}

func documentOf(tx *db.Tx, certificate string) (d *documentRow, err error) {
	err = tx.All(`select certificate, issuer, document, stamp from lasting_document where certificate = $1 order by certificate`, []any{certificate},
		func(scan func(...any) error) error {
			d = &documentRow{}
			var digest []byte
			err := scan(&d.certificate, &d.issuer, &digest, &d.stamp)
			copy(d.digest[:], digest)
			return err
		})
	if err == nil && d == nil {
		err = fault.NotFound.New("没有这份电子证照的长期证明").WithCode("lasting.unknown").WithHint("请核对证照编号；刚签发的稍候再试")
	}
	return d, err
}

// certificatesOf are the certificates, and the units that issued them, whose document
// has a digest.
func certificatesOf(tx *db.Tx, digest gm.Digest) (out []*documentRow, err error) {
	err = tx.All(`select certificate, issuer, document, stamp from lasting_document where document = $1 order by certificate limit 10`, []any{digest[:]},
		func(scan func(...any) error) error {
			d := &documentRow{digest: digest}
			var same []byte
			err := scan(&d.certificate, &d.issuer, &same, &d.stamp)
			out = append(out, d)
			return err
		})
	return out, err
}

// backfilled tells when all events from before were noted for the first time, and
// whether that was seen to be enough.
func backfilled(tx *db.Tx) (first int64, done bool, err error) {
	err = tx.All(`select first_at, done from lasting_backfill where id = 'issued' order by id`, nil, func(scan func(...any) error) error { return scan(&first, &done) })
	return first, done, err
}

func putBackfill(tx *db.Tx, done bool) error {
	_, err := tx.Exec(`
		insert into lasting_backfill (id, first_at, done) values ('issued', $1, $2)
		on conflict (id) do update set done = excluded.done`, tx.Now().UnixMilli(), done)
	return err
}

// chooseDocuments puts what waited longest into a batch.
func chooseDocuments(tx *db.Tx, batch string, most int) (int64, error) {
	return tx.Exec(`
		update lasting_document set stamp = $1
		 where stamp = '' and certificate in (select certificate from lasting_document where stamp = '' order by at, certificate limit $2)`, batch, most)
}

// chooseStamps puts time stamps that end before a time, or rest on an algorithm
// that does, into a batch.
func chooseStamps(tx *db.Tx, batch string, ends int64, algorithms []string, most int) (int64, error) {
	marks, args := db.Marks([]any{batch, ends, most}, append([]string{""}, algorithms...))
	return tx.Exec(`
		update lasting_stamp set next = $1
		 where next = '' and id in (
		       select id from lasting_stamp
		        where state = 'done' and next = '' and (ends_at <= $2 or hash in (`+marks+`) or signature in (`+marks+`))
		        order by ends_at, id limit $3)`, args...)
}

func insertBatch(tx *db.Tx, b *batch, lease time.Duration) error {
	_, err := tx.Exec(`
		insert into lasting_stamp (id, over, state, members, lease_until, created_at) values ($1, $2, 'open', $3, $4, $5)`,
		b.id, b.over, b.members, tx.Now().Add(lease).UnixMilli(), tx.Now().UnixMilli())
	return err
}

// takeOver takes over the open batch whose lease ended first; nil: there is none.
func takeOver(tx *db.Tx, lease time.Duration) (b *batch, err error) {
	now := tx.Now()
	err = tx.All(`
		select id, over, members from lasting_stamp
		 where state = 'open' and lease_until <= $1
		 order by lease_until, id limit 1
		   for update skip locked`, []any{now.UnixMilli()}, func(scan func(...any) error) error {
		b = &batch{}
		return scan(&b.id, &b.over, &b.members)
	})
	if err != nil || b == nil {
		return nil, err
	}
	_, err = tx.Exec(`update lasting_stamp set lease_until = $2 where id = $1`, b.id, now.Add(lease).UnixMilli())
	return b, err
}

// finishBatch writes a time stamp down, once: else errLate.
func finishBatch(tx *db.Tx, b *batch, material gm.Digest, token []byte) error {
	n, err := tx.Exec(`
		update lasting_stamp
		   set state = 'done', material = $2, token = $3, hash = $4, signature = $5, stamped_at = $6, ends_at = $7
		 where id = $1 and state = 'open'`, b.id, material[:], token, b.hash, b.signature, b.stampedAt.UnixMilli(), b.ends.UnixMilli())
	if err == nil && n == 0 {
		return errLate
	}
	return err
}

func batchOf(tx *db.Tx, id string) (*batch, error) {
	b := &batch{id: id}
	var stamped, ends *int64
	err := tx.Get(`select over, members, material, token, hash, signature, stamped_at, ends_at, next from lasting_stamp where id = $1`, []any{id},
		&b.over, &b.members, &b.material, &b.token, &b.hash, &b.signature, &stamped, &ends, &b.next)
	if err == nil && stamped != nil && ends != nil {
		b.stampedAt, b.ends = time.UnixMilli(*stamped).UTC(), time.UnixMilli(*ends).UTC()
	}
	return b, err
}

// documentsOf are the digests in a batch, in their order.
func documentsOf(tx *db.Tx, batch string) (out []gm.Digest, err error) {
	err = tx.All(`select document from lasting_document where stamp = $1 and stamp <> '' order by at, certificate`, []any{batch}, func(scan func(...any) error) error {
		var b []byte
		err := scan(&b)
		var d gm.Digest
		copy(d[:], b)
		out = append(out, d)
		return err
	})
	return out, err
}

// stampsOf are the time stamps that a batch renews, in their order.
func stampsOf(tx *db.Tx, next string) (out []*batch, err error) {
	err = tx.All(`select id, token, hash, signature, ends_at from lasting_stamp where next = $1 and next <> '' order by id`, []any{next}, func(scan func(...any) error) error {
		b := &batch{}
		var ends int64
		err := scan(&b.id, &b.token, &b.hash, &b.signature, &ends)
		b.ends = time.UnixMilli(ends).UTC()
		out = append(out, b)
		return err
	})
	return out, err
}

func insertMaterial(tx *db.Tx, digest gm.Digest, data []byte) error {
	_, err := tx.Exec(`insert into lasting_material (digest, data, at) values ($1, $2, $3) on conflict do nothing`, digest[:], data, tx.Now().UnixMilli())
	return err
}

func materialOf(tx *db.Tx, digest []byte) (data []byte, err error) {
	err = tx.Get(`select data from lasting_material where digest = $1`, []any{digest}, &data)
	return data, err
}

// An anchorRow is a root that was trusted.
type anchorRow struct{ data, mac []byte }

func insertAnchor(tx *db.Tx, digest gm.Digest, data []byte, mac gm.Digest) error {
	_, err := tx.Exec(`insert into lasting_anchor (digest, data, mac, at) values ($1, $2, $3, $4) on conflict do nothing`, digest[:], data, mac[:], tx.Now().UnixMilli())
	return err
}

func anchors(tx *db.Tx) (out []anchorRow, err error) {
	err = tx.All(`select data, mac from lasting_anchor order by at, digest`, nil, func(scan func(...any) error) error {
		var a anchorRow
		err := scan(&a.data, &a.mac)
		out = append(out, a)
		return err
	})
	return out, err
}
