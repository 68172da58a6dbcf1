package cert

import (
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A row is a certificate as it is stored.
type row struct {
	Certificate
	sealedPlan []byte
	content    gm.Digest
	mac        []byte // of an issued row; nil for one of before
	life       string // as it is stored; Status is what it means
	marks      string
	actedOn    string // of the last act, a date
	expires    *int64 // in milliseconds; nil: never, or over

	desk, deskAccount, deskRequest string

	keptFrom string // the day from which Keeper answers for it
	asked
}

// asked is what tells repetitions of a request; zero for one that has no key.
type asked struct {
	repetition string
	request    gm.Digest
}

// insert returns errTaken if the number or the repetition stands there already.
func insert(tx *db.Tx, r *row, lease time.Duration) error {
	var repetition, finished any
	var request []byte
	if r.repetition != "" {
		repetition, request = r.repetition, r.request[:]
	}
	if r.FinishedAt != nil {
		finished = r.FinishedAt.UnixMilli()
	}
	until := tx.Now().Add(lease).UnixMilli()
	if r.desk == DeskOpen {
		until = never
	}
	return tx.SendOr(errTaken, `
		insert into cert_certificate
		       (id, identifier, kind, kind_version, issuer, number, version, status, code, plan, content, use_id,
		        valid_from, valid_to, case_no, finished_at, repetition, request, lease_until, created_at, desk, desk_account)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
		on conflict do nothing`,
		r.ID, r.Identifier, r.Kind, r.KindVersion, r.Issuer, r.Number, r.Version, Sealing, r.Code, r.sealedPlan, r.content[:], r.Use,
		r.ValidFrom, r.ValidTo, r.CaseNo, finished, repetition, request, until, tx.Now().UnixMilli(),
		r.desk, r.deskAccount)
}

// numbered tells whether the number is another's.
func numbered(tx *db.Tx, r *row) (bool, error) {
	var n int64
	err := tx.Get(`
		select count(*) from cert_certificate
		 where kind = $1 and issuer = $2 and number = $3 and version = $4 and status <> 'withdrawn'`,
		[]any{r.Kind, r.Issuer, r.Number, r.Version}, &n)
	return n > 0, err
}

func insertHolder(tx *db.Tx, id string, position int, idIndex, nameIndex gm.Digest) error {
	return tx.Send(`insert into cert_holder (certificate_id, position, id_index, name_index) values ($1, $2, $3, $4)`,
		id, position, idIndex[:], nameIndex[:])
}

// markIssued moves a certificate from sealing to effective, once: else errMoved.
func markIssued(tx *db.Tx, r *row) error {
	return tx.SendOr(errMoved, `
		update cert_certificate set status = 'effective', document = $2, size = $3, issued_at = $4, mac = $5
		 where id = $1 and status = 'sealing'`, r.ID, r.Digest[:], r.Size, tx.Now().UnixMilli(), r.mac)
}

// markBegun is markIssued of a certificate that takes nobody's place, with what its
// life begins with: one change of the row instead of two.
func markBegun(tx *db.Tx, r *row) error {
	return tx.SendOr(errMoved, `
		update cert_certificate set status = 'effective', document = $2, size = $3, issued_at = $4, mac = $5, expires_at = $6, listed = 1
		 where id = $1 and status = 'sealing'`, r.ID, r.Digest[:], r.Size, tx.Now().UnixMilli(), r.mac, r.expires)
}

// markWithdrawn moves a certificate from sealing to withdrawn, once: else
// errMoved. The repetition is free: nothing was issued for it.
func markWithdrawn(tx *db.Tx, id string) error {
	return moved(tx.Exec(`
		update cert_certificate set status = 'withdrawn', repetition = null, request = null
		 where id = $1 and status = 'sealing'`, id))
}

func stillSealing(tx *db.Tx, id string) error {
	var n int64
	err := tx.Get(`select count(*) from cert_certificate where id = $1 and status = 'sealing'`, []any{id}, &n)
	return moved(n, err)
}

func moved(n int64, err error) error {
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

// takeOver takes over a certificate whose attempt has run out. It reports whether
// it did: another may have been faster.
func takeOver(tx *db.Tx, id string, lease time.Duration) (bool, error) {
	n, err := tx.Exec(`update cert_certificate set lease_until = $2 where id = $1 and status = 'sealing' and lease_until <= $3`,
		id, tx.Now().Add(lease).UnixMilli(), tx.Now().UnixMilli())
	return n == 1, err
}

// left lists certificates whose attempt has run out, longest first.
func left(tx *db.Tx, limit int) (ids []string, err error) {
	err = tx.All(`
		select id from cert_certificate
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

const columns = `id, identifier, kind, kind_version, issuer, number, version, status, code, plan, content, use_id,
       document, size, valid_from, valid_to, case_no, finished_at, coalesce(repetition, ''), request, created_at, issued_at,
       life, life_on, life_basis, marks, acts, acted_on, prior, successor, expires_at, desk, desk_account, desk_request, mac`

func scanRow(scan func(...any) error) (*row, error) {
	r := &row{}
	var content, document, request []byte
	var created int64
	var finished, issued *int64
	err := scan(&r.ID, &r.Identifier, &r.Kind, &r.KindVersion, &r.Issuer, &r.Number, &r.Version, &r.Status, &r.Code, &r.sealedPlan, &content,
		&r.Use, &document, &r.Size, &r.ValidFrom, &r.ValidTo, &r.CaseNo, &finished, &r.repetition, &request, &created, &issued,
		&r.life, &r.Since, &r.Basis, &r.marks, &r.Acts, &r.actedOn, &r.Prior, &r.Successor, &r.expires,
		&r.desk, &r.deskAccount, &r.deskRequest, &r.mac)
	if err != nil {
		return nil, err
	}
	copy(r.content[:], content)
	copy(r.request[:], request)
	r.CreatedAt = time.UnixMilli(created).UTC()
	if finished != nil {
		at := time.UnixMilli(*finished).UTC()
		r.FinishedAt = &at
	}
	if r.Status == Sealing {
		r.Desk = r.desk
	}
	if r.Status == Effective {
		r.Status = r.life
	}
	r.Marks = marksOf(r.marks)
	if issued != nil {
		r.IssuedAt = time.UnixMilli(*issued).UTC()
		copy(r.Digest[:], document)
		r.Document = fmt.Sprintf("%x", document)
	}
	return r, nil
}

func query(tx *db.Tx, where string, args ...any) (out []*row, err error) {
	err = tx.All(`select `+columns+` from cert_certificate where `+where, args, func(scan func(...any) error) error {
		r, err := scanRow(scan)
		out = append(out, r)
		return err
	})
	return out, err
}

func first(tx *db.Tx, where string, args ...any) (*row, error) {
	rows, err := query(tx, where, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, unknown()
	}
	return rows[0], nil
}

func unknown() error {
	return fault.NotFound.New("没有这份电子证照").WithCode("cert.not-found").WithHint("请核对证照标识或查验码")
}

func byID(tx *db.Tx, id string) (*row, error)     { return first(tx, `id = $1`, id) }
func byCode(tx *db.Tx, code string) (*row, error) { return first(tx, `code = $1`, code) }
func byIdentifier(tx *db.Tx, identifier string) (*row, error) {
	return first(tx, `identifier = $1`, identifier)
}
func byDocument(tx *db.Tx, d gm.Digest) (*row, error) {
	return first(tx, `document = $1 order by id limit 1`, d[:])
}

// notRepeated returns errTaken if something was made for the repetition.
func notRepeated(tx *db.Tx, repetition string) error {
	if repetition == "" {
		return nil
	}
	var n int64
	err := tx.Get(`select count(*) from cert_certificate where repetition = $1`, []any{repetition}, &n)
	if err == nil && n > 0 {
		return errTaken
	}
	return err
}

// byRepetition returns nil if nothing was made for it yet.
func byRepetition(tx *db.Tx, repetition string) (*row, error) {
	r, err := first(tx, `repetition = $1`, repetition)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	return r, err
}

// listOf pages through the certificates of issuers, newest first: those before
// the one that was created at (ms) with id, and one more than the limit, which
// tells that there are more. A certificate that came to nothing is not listed.
func listOf(tx *db.Tx, q ListQuery, before int64, beforeID string) ([]*row, error) {
	if len(q.issuers) == 0 {
		return nil, nil
	}
	marks, args := db.Marks([]any{before, beforeID, q.Limit + 1}, q.issuers)
	mine := `issuer in (` + marks + `)`
	for _, pair := range q.taken {
		args = append(args, pair[0], pair[1])
		mine += fmt.Sprintf(` or kind = $%d and issuer = $%d`, len(args)-1, len(args))
	}
	where := `(created_at, id) < ($1, $2) and status <> 'withdrawn' and (` + mine + `)`
	if q.Kind != "" {
		args = append(args, q.Kind)
		where += fmt.Sprintf(` and kind = $%d`, len(args))
	}
	if q.Number != "" {
		args = append(args, q.Number)
		where += fmt.Sprintf(` and number = $%d`, len(args))
	}
	if q.holder != nil {
		args = append(args, q.holder[:])
		where += fmt.Sprintf(` and id in (select certificate_id from cert_holder where id_index = $%d or name_index = $%d)`, len(args), len(args))
	}
	return query(tx, where+` order by created_at desc, id desc limit $3`, args...)
}

// documentsNamed tells which of these documents a certificate names.
func documentsNamed(tx *db.Tx, digests []gm.Digest) (map[gm.Digest]bool, error) {
	out := map[gm.Digest]bool{}
	if len(digests) == 0 {
		return out, nil
	}
	values := make([][]byte, len(digests))
	for i := range digests {
		values[i] = digests[i][:]
	}
	marks, args := db.Marks(nil, values)
	err := tx.All(`select document from cert_certificate where document in (`+marks+`)`, args, func(scan func(...any) error) error {
		var b []byte
		if err := scan(&b); err != nil {
			return err
		}
		var d gm.Digest
		copy(d[:], b)
		out[d] = true
		return nil
	})
	return out, err
}
