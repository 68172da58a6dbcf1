package annotation

import (
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// A row is a copy as it is stored; times are milliseconds.
type row struct {
	id, number, certificate, kind, issuer, status string
	content                                       []byte // sealed
	recipient                                     gm.Digest
	expires                                       int64
	planned                                       gm.Digest // of the document before it was sealed
	use                                           string
	original, sealed                              gm.Digest
	size                                          int64
	account, app                                  string
	repetition                                    string
	request                                       gm.Digest
	created                                       int64
	madeAt, endedAt                               *int64
	own                                           bool // a holder made it
}

const columns = `id, number, certificate, kind, issuer, status, content, recipient, expires_at, plan, use_id, original, document, size,
       account, app, coalesce(repetition, ''), request, created_at, made_at, ended_at, own`

func scanRow(scan func(...any) error) (*row, error) {
	r := &row{}
	var recipient, planned, original, document, request []byte
	err := scan(&r.id, &r.number, &r.certificate, &r.kind, &r.issuer, &r.status, &r.content, &recipient, &r.expires, &planned, &r.use, &original,
		&document, &r.size, &r.account, &r.app, &r.repetition, &request, &r.created, &r.madeAt, &r.endedAt, &r.own)
	for to, from := range map[*gm.Digest][]byte{&r.recipient: recipient, &r.planned: planned, &r.original: original, &r.sealed: document, &r.request: request} {
		copy(to[:], from)
	}
	return r, err
}

// insert returns errTaken if the repetition stands there already.
func insert(tx *db.Tx, r *row, lease time.Duration) error {
	var repetition any
	var request []byte
	if r.repetition != "" {
		repetition, request = r.repetition, r.request[:]
	}
	n, err := tx.Exec(`
		insert into annotation_copy
		       (id, number, certificate, kind, issuer, status, content, recipient, expires_at, plan, use_id, original,
		        account, app, repetition, request, lease_until, created_at, own)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		on conflict do nothing`,
		r.id, r.number, r.certificate, r.kind, r.issuer, r.status, r.content, r.recipient[:], r.expires, r.planned[:], r.use, r.original[:],
		r.account, r.app, repetition, request, tx.Now().Add(lease).UnixMilli(), r.created, r.own)
	if err == nil && n == 0 {
		return errTaken
	}
	return err
}

// markMade moves a copy from sealing to made, once: else errMoved.
func markMade(tx *db.Tx, id string, document gm.Digest, size int64) error {
	return moved(tx.Exec(`
		update annotation_copy set status = 'made', document = $2, size = $3, made_at = $4
		 where id = $1 and status = 'sealing'`, id, document[:], size, tx.Now().UnixMilli()))
}

// markWithdrawn moves a copy from sealing to withdrawn, once: else errMoved. The
// repetition is free: nothing was made for it.
func markWithdrawn(tx *db.Tx, id string) error {
	return moved(tx.Exec(`
		update annotation_copy set status = 'withdrawn', repetition = null, request = null
		 where id = $1 and status = 'sealing'`, id))
}

func stillSealing(tx *db.Tx, id string) error {
	var n int64
	err := tx.Get(`select count(*) from annotation_copy where id = $1 and status = 'sealing'`, []any{id}, &n)
	return moved(n, err)
}

func moved(n int64, err error) error {
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

// takeOver takes over a copy whose attempt has run out. It reports whether it did.
func takeOver(tx *db.Tx, id string, lease time.Duration) (bool, error) {
	n, err := tx.Exec(`update annotation_copy set lease_until = $2 where id = $1 and status = 'sealing' and lease_until <= $3`,
		id, tx.Now().Add(lease).UnixMilli(), tx.Now().UnixMilli())
	return n == 1, err
}

// left lists copies whose attempt has run out, longest first.
func left(tx *db.Tx, limit int) (ids []string, err error) {
	err = tx.All(`
		select id from annotation_copy
		 where status = 'sealing' and lease_until <= $1
		 order by lease_until, id
		 limit $2`, []any{tx.Now().UnixMilli(), limit}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

func query(tx *db.Tx, where string, args ...any) (out []*row, err error) {
	err = tx.All(`select `+columns+` from annotation_copy where `+where, args, func(scan func(...any) error) error {
		r, err := scanRow(scan)
		out = append(out, r)
		return err
	})
	return out, err
}

func unknown() error {
	return fault.NotFound.New("没有这份加注件").WithCode("annotation.not-found").WithHint("请核对加注件编号")
}

func byID(tx *db.Tx, id string) (*row, error) { return first(tx, `id = $1`, id) }

func first(tx *db.Tx, where string, args ...any) (*row, error) {
	rows, err := query(tx, where, args...)
	if err == nil && len(rows) == 0 {
		err = unknown()
	}
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

func byDocument(tx *db.Tx, d gm.Digest) (*row, error) {
	return first(tx, `document = $1 order by id limit 1`, d[:])
}

// byRepetition returns nil if nothing was made for it yet.
func byRepetition(tx *db.Tx, repetition string) (*row, error) {
	rows, err := query(tx, `repetition = $1`, repetition)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// ofCertificate pages through the copies of a certificate, newest first, and
// returns one more than the limit where there are more.
func ofCertificate(tx *db.Tx, id string, before int64, beforeID string, limit int) ([]*row, error) {
	return query(tx, `certificate = $1 and status = 'made' and (created_at, id) < ($2, $3)
		 order by created_at desc, id desc limit $4`, id, before, beforeID, limit+1)
}

// ofRecipient is ofCertificate for a recipient, among the certificates of issuers.
func ofRecipient(tx *db.Tx, recipient gm.Digest, issuers []string, before int64, beforeID string, limit int) ([]*row, error) {
	if len(issuers) == 0 {
		return nil, nil
	}
	marks, args := db.Marks([]any{recipient[:], before, beforeID, limit + 1}, issuers)
	return query(tx, fmt.Sprintf(`recipient = $1 and status = 'made' and own = false and (created_at, id) < ($2, $3) and issuer in (%s)
		 order by created_at desc, id desc limit $4`, marks), args...)
}

// documentsNamed tells which of these documents a copy names.
func documentsNamed(tx *db.Tx, digests []gm.Digest) (map[gm.Digest]bool, error) {
	return blob.NamedTx(tx, digests, `select document from annotation_copy where document in (`)
}

// plansAfter returns up to n plans after an id, in the order of ids.
func plansAfter(tx *db.Tx, after string, n int) (all []keys.Sealed, err error) {
	err = tx.All(`select id, content from annotation_copy where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var id string
		var content []byte
		err := scan(&id, &content)
		all = append(all, keys.Sealed{Cell: cellOf(id), Value: content})
		return err
	})
	return all, err
}

func replacePlan(tx *db.Tx, was keys.Sealed, again []byte) (int64, error) {
	return tx.Exec(`update annotation_copy set content = $3 where id = $1 and content = $2`, was.Cell.Row, was.Value, again)
}

func countPlans(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from annotation_copy`, nil, &n)
	return n, err
}
