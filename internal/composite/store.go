package composite

import (
	"strconv"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A row is a composite as it is stored; times are milliseconds.
type row struct {
	id, scheme, code, unit, path, kind string
	title, industry                    string
	holder                             []byte
	holderName                         string
	state, standing, because           string
	held                               int64 // 1: the platform suspended its certificate, or is about to
	certificate, number                string
	prior, successor                   string
	revision, due, tries               int64
	trouble                            string
	proposedBy                         string
	proposedAt                         int64
	decidedBy                          string
	decidedAt                          *int64
	decidedOn                          string // the day from which it is valid
	endedAt                            *int64
	folds                              int64 // how many members it has
	mac                                []byte
}

// A memberRow is a member as it is stored.
type memberRow struct {
	place                int64
	kind, title          string
	required             bool
	certificate, named   string
	number, issuer, till string
	status               string
	mac                  []byte
}

const columns = `id, scheme, code, unit, path, kind, title, industry, holder, holder_name, state, standing, because, held, certificate, number, prior, successor,
       revision, due, tries, trouble, proposed_by, proposed_at, decided_by, decided_at, decided_on, ended_at, folds, mac`

// insert tells whether no other composite of the holder is on its way.
func insert(tx *db.Tx, r *row, members []memberRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into composite_composite
		       (id, scheme, code, unit, path, kind, title, industry, holder, holder_name, state, prior, proposed_by, proposed_at, folds, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		on conflict do nothing`,
		r.id, r.scheme, r.code, r.unit, r.path, r.kind, r.title, r.industry, r.holder, r.holderName, r.state, r.prior, r.proposedBy, r.proposedAt, r.folds, r.mac)
	if err != nil || n == 0 {
		return false, err
	}
	for _, m := range members {
		_, err := tx.Exec(`
			insert into composite_member (composite, place, kind, title, required, certificate, named, number, issuer_name, valid_to, status, mac)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			r.id, m.place, m.kind, m.title, m.required, m.certificate, m.named, m.number, m.issuer, m.till, m.status, m.mac)
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// save writes what changes of a composite, if nobody was faster; due is apart.
func save(tx *db.Tx, r *row) error {
	n, err := tx.Exec(`
		update composite_composite
		   set state = $3, standing = $4, because = $5, held = $6, certificate = $7, number = $8, successor = $9, trouble = $10,
		       decided_by = $11, decided_at = $12, decided_on = $13, ended_at = $14, folds = $15, mac = $16, revision = revision + 1
		 where id = $1 and revision = $2`,
		r.id, r.revision, r.state, r.standing, r.because, r.held, r.certificate, r.number, r.successor, r.trouble, r.decidedBy, r.decidedAt, r.decidedOn, r.endedAt, r.folds, r.mac)
	if err == nil && n == 0 {
		return errMoved()
	}
	r.revision++
	return err
}

func errMoved() error {
	return fault.Conflict.New("此件刚刚由他人办理，或状态刚刚随成员变化").WithCode("composite.moved").WithHint("请刷新后查看")
}

func errUnknown() error {
	return fault.NotFound.New("没有这份行业综合许可").WithCode("composite.unknown").WithHint("请从列表中选择")
}

func query(tx *db.Tx, rest string, args ...any) (list []*row, err error) {
	err = tx.All(`select `+columns+` from composite_composite c `+rest, args, func(scan func(...any) error) error {
		r := &row{}
		err := scan(&r.id, &r.scheme, &r.code, &r.unit, &r.path, &r.kind, &r.title, &r.industry, &r.holder, &r.holderName, &r.state, &r.standing, &r.because, &r.held,
			&r.certificate, &r.number, &r.prior, &r.successor, &r.revision, &r.due, &r.tries, &r.trouble, &r.proposedBy, &r.proposedAt, &r.decidedBy, &r.decidedAt, &r.decidedOn, &r.endedAt, &r.folds, &r.mac)
		list = append(list, r)
		return err
	})
	return list, err
}

func first(list []*row, err error) (*row, error) {
	if err == nil && len(list) == 0 {
		err = errUnknown()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// byID returns a composite, locked for who will change it.
func byID(tx *db.Tx, id string, lock bool) (*row, error) {
	if lock {
		return first(query(tx, `where id = $1 for update`, id))
	}
	return first(query(tx, `where id = $1`, id))
}

// byCertificate is the composite that a certificate is of.
func byCertificate(tx *db.Tx, certificate string) (*row, error) {
	return first(query(tx, `where certificate = $1 and certificate <> ''`, certificate))
}

// issuedOf is the composite that a holder has; nil: none.
func issuedOf(tx *db.Tx, code, unit string, holder gm.Digest) (*row, error) {
	list, err := query(tx, `where code = $1 and unit = $2 and holder = $3 and state = 'issued'`, code, unit, holder[:])
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// list pages through composites below paths, newest first.
func list(tx *db.Tx, paths []string, q Query, before int64, id string, limit int) ([]*row, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	below, args := db.Below([]any{before, id, limit}, "c.path", paths)
	where := `where (c.proposed_at, c.id) < ($1, $2) and ` + below
	for _, c := range []struct{ column, value string }{{"state", q.State}, {"standing", q.Standing}, {"unit", q.Unit}} {
		if c.value != "" {
			args = append(args, c.value)
			where += ` and c.` + c.column + ` = ` + mark(len(args))
		}
	}
	return query(tx, where+` order by c.proposed_at desc, c.id desc limit $3`, args...)
}

func mark(n int) string { return "$" + strconv.Itoa(n) }

func membersOf(tx *db.Tx, composite string) (all []memberRow, err error) {
	err = tx.All(`
		select place, kind, title, required, certificate, named, number, issuer_name, valid_to, status, mac
		  from composite_member where composite = $1 order by composite, place`, []any{composite}, func(scan func(...any) error) error {
		var m memberRow
		err := scan(&m.place, &m.kind, &m.title, &m.required, &m.certificate, &m.named, &m.number, &m.issuer, &m.till, &m.status, &m.mac)
		all = append(all, m)
		return err
	})
	return all, err
}

// keepMember writes what a member is today, if it is still the one that was looked
// at.
func keepMember(tx *db.Tx, composite string, was string, m *memberRow) error {
	_, err := tx.Exec(`
		update composite_member set certificate = $4, number = $5, valid_to = $6, status = $7, issuer_name = $8, mac = $9
		 where composite = $1 and place = $2 and certificate = $3`, composite, m.place, was, m.certificate, m.number, m.till, m.status, m.issuer, m.mac)
	return err
}
