package lasting

import (
	"fmt"
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
	digest          string // of its tree
	origin, covers  string // of a further chain: see 0067
	material, token []byte
	hash, signature string
	rests           []string // all algorithms; none for time stamps of before
	stampedAt, ends time.Time
	next, again     string
}

// algorithms are those that the time stamp rests on.
func (b *batch) algorithms() []string {
	if len(b.rests) == 0 {
		return []string{b.hash, b.signature}
	}
	return b.rests
}

func insertDocument(tx *db.Tx, certificate, issuer string, document []byte) error {
	return tx.Send(`
		insert into lasting_document (certificate, issuer, document, at) values ($1, $2, $3, $4)
		on conflict do nothing`, certificate, issuer, document, tx.Now().UnixMilli())
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

// chooseStamps puts time stamps under a digest that end before a time, or rest on an
// algorithm that does, into a batch.
func chooseStamps(tx *db.Tx, batch, digest string, ends int64, algorithms []string, most int) (int64, error) {
	marks, args := db.Marks([]any{batch, digest, ends, most}, append([]string{""}, algorithms...))
	rests := ""
	for _, a := range algorithms {
		args = append(args, "%"+list([]string{a})+"%")
		rests += fmt.Sprintf(" or rests like $%d", len(args))
	}
	return tx.Exec(`
		update lasting_stamp set next = $1
		 where next = '' and id in (
		       select id from lasting_stamp
		        where state = 'done' and next = '' and digest = $2 and (ends_at <= $3 or signature in (`+marks+`)`+rests+`)
		        order by ends_at, id limit $4)`, args...)
}

// chooseChain is a chain under one of some digests that none follows; nil: there is
// none, or another is at it.
func chooseChain(tx *db.Tx, digests []string) (b *batch, err error) {
	marks, args := db.Marks([]any{}, digests)
	err = tx.All(`
		select id, members, origin from lasting_stamp
		 where over = 'documents' and state = 'done' and again = '' and digest in (`+marks+`)
		 order by digest, id limit 1
		   for update skip locked`, args, func(scan func(...any) error) error {
		b = &batch{}
		return scan(&b.id, &b.members, &b.origin)
	})
	return b, err
}

// followChain says with which batch the chain begins that follows another.
func followChain(tx *db.Tx, first, next string) error {
	_, err := tx.Exec(`update lasting_stamp set again = $2 where id = $1`, first, next)
	return err
}

func insertBatch(tx *db.Tx, b *batch, lease time.Duration) error {
	_, err := tx.Exec(`
		insert into lasting_stamp (id, over, state, members, digest, origin, covers, lease_until, created_at) values ($1, $2, 'open', $3, $4, $5, $6, $7, $8)`,
		b.id, b.over, b.members, b.digest, b.origin, b.covers, tx.Now().Add(lease).UnixMilli(), tx.Now().UnixMilli())
	return err
}

// deleteBatch gives an open batch over time stamps up.
func deleteBatch(tx *db.Tx, id string) error {
	n, err := tx.Exec(`delete from lasting_stamp where id = $1 and state = 'open' and over = 'stamps'`, id)
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.Exec(`update lasting_stamp set next = '' where next = $1`, id)
	return err
}

// extend lengthens the lease of an open batch: somebody is at it.
func extend(tx *db.Tx, batch string, lease time.Duration) error {
	_, err := tx.Exec(`update lasting_stamp set lease_until = $2 where id = $1 and state = 'open'`, batch, tx.Now().Add(lease).UnixMilli())
	return err
}

// A leafRow is what a batch under another digest is over, for one document.
type leafRow struct {
	leaf []byte
	gone bool
}

func insertLeaf(tx *db.Tx, batch string, place int, l leafRow) error {
	_, err := tx.Exec(`insert into lasting_leaf (stamp, place, leaf, gone) values ($1, $2, $3, $4) on conflict do nothing`, batch, place, l.leaf, l.gone)
	return err
}

func leavesOf(tx *db.Tx, batch string) (out []leafRow, err error) {
	err = tx.All(`select leaf, gone from lasting_leaf where stamp = $1 order by stamp, place`, []any{batch}, func(scan func(...any) error) error {
		var l leafRow
		err := scan(&l.leaf, &l.gone)
		out = append(out, l)
		return err
	})
	return out, err
}

// countLeaves is how many documents of a batch were read.
func countLeaves(tx *db.Tx, batch string) (n int, err error) {
	err = tx.Get(`select count(*) from lasting_leaf where stamp = $1`, []any{batch}, &n)
	return n, err
}

// takeOver takes over the open batch whose lease ended first; nil: there is none.
func takeOver(tx *db.Tx, lease time.Duration) (b *batch, err error) {
	now := tx.Now()
	err = tx.All(`
		select id, over, members, digest, origin, covers from lasting_stamp
		 where state = 'open' and lease_until <= $1
		 order by lease_until, id limit 1
		   for update skip locked`, []any{now.UnixMilli()}, func(scan func(...any) error) error {
		b = &batch{}
		return scan(&b.id, &b.over, &b.members, &b.digest, &b.origin, &b.covers)
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
		   set state = 'done', material = $2, token = $3, hash = $4, signature = $5, stamped_at = $6, ends_at = $7, rests = $8
		 where id = $1 and state = 'open'`, b.id, material[:], token, b.hash, b.signature, b.stampedAt.UnixMilli(), b.ends.UnixMilli(), list(b.rests))
	if err == nil && n == 0 {
		return errLate
	}
	return err
}

func batchOf(tx *db.Tx, id string) (*batch, error) {
	b := &batch{id: id}
	var stamped, ends *int64
	var rests string
	err := tx.Get(`select over, members, digest, origin, covers, material, token, hash, signature, rests, stamped_at, ends_at, next, again from lasting_stamp where id = $1`, []any{id},
		&b.over, &b.members, &b.digest, &b.origin, &b.covers, &b.material, &b.token, &b.hash, &b.signature, &rests, &stamped, &ends, &b.next, &b.again)
	b.rests = unlist(rests)
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
	err = tx.All(`select id, token, hash, signature, rests, ends_at from lasting_stamp where next = $1 and next <> '' order by id`, []any{next}, func(scan func(...any) error) error {
		b := &batch{}
		var ends int64
		var rests string
		err := scan(&b.id, &b.token, &b.hash, &b.signature, &rests, &ends)
		b.rests = unlist(rests)
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
