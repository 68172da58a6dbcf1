package matter

import (
	"strconv"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// A row is a case as it is stored; times are milliseconds.
type row struct {
	id, unit, path, caseNo string
	item, itemName         string
	itemVersion            int64
	results                []string
	materials              string
	applicant, said        []byte
	state, outcome, reason string
	revision               int64
	openedBy, closedBy     string
	openedAt               int64
	closedAt               *int64
}

const columns = `id, unit, path, case_no, item, item_name, item_version, results, materials, applicant, said, state, outcome, reason, revision,
	opened_by, opened_at, closed_by, closed_at`

// insert writes a new case, and tells whether its number was free.
func insert(tx *db.Tx, r *row) (made bool, err error) {
	n, err := tx.Exec(`
		insert into matter_matter
		       (id, unit, path, case_no, item, item_name, item_version, results, materials, applicant, said, state, opened_by, opened_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		on conflict do nothing`,
		r.id, r.unit, r.path, r.caseNo, r.item, r.itemName, r.itemVersion, strings.Join(r.results, "\n"), r.materials, r.applicant, r.said, r.state, r.openedBy, r.openedAt)
	return n == 1, err
}

// end closes a case, once.
func end(tx *db.Tx, r *row) error {
	n, err := tx.Exec(`
		update matter_matter
		   set state = 'closed', outcome = $2, reason = $3, closed_by = $4, closed_at = $5, revision = revision + 1
		 where id = $1 and state = 'open' and revision = $6`, r.id, r.outcome, r.reason, r.closedBy, r.closedAt, r.revision)
	if err == nil && n == 0 {
		return fault.Conflict.New("此件刚刚被他人办理").WithCode("matter.moved").WithHint("请刷新后查看")
	}
	return err
}

func errUnknown() error {
	return fault.NotFound.New("没有这个办件").WithCode("matter.unknown").WithHint("请从办件列表中选择")
}

func query(tx *db.Tx, rest string, args ...any) (list []*row, err error) {
	err = tx.All(`select `+columns+` from matter_matter m `+rest, args, func(scan func(...any) error) error {
		r, results := &row{}, ""
		err := scan(&r.id, &r.unit, &r.path, &r.caseNo, &r.item, &r.itemName, &r.itemVersion, &results, &r.materials, &r.applicant, &r.said,
			&r.state, &r.outcome, &r.reason, &r.revision, &r.openedBy, &r.openedAt, &r.closedBy, &r.closedAt)
		if results != "" {
			r.results = strings.Split(results, "\n")
		}
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

// byID returns a case, locked for who will change it.
func byID(tx *db.Tx, id string, lock bool) (*row, error) {
	if lock {
		return first(query(tx, `where id = $1 for update`, id))
	}
	return first(query(tx, `where id = $1`, id))
}

// byCase returns nil where a unit has no such case.
func byCase(tx *db.Tx, unit, caseNo string) (*row, error) {
	list, err := query(tx, `where unit = $1 and case_no = $2`, unit, caseNo)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// list pages through cases below paths, newest first.
func list(tx *db.Tx, paths []string, q Query, before int64, id string, limit int) ([]*row, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	below, args := db.Below([]any{before, id, limit}, "m.path", paths)
	where := `where (m.opened_at, m.id) < ($1, $2) and ` + below
	for _, c := range []struct{ column, value string }{{"unit", q.Unit}, {"case_no", q.CaseNo}, {"state", q.State}} {
		if c.value != "" {
			args = append(args, c.value)
			where += ` and m.` + c.column + ` = ` + mark(len(args))
		}
	}
	return query(tx, where+` order by m.opened_at desc, m.id desc limit $3`, args...)
}

func mark(n int) string { return "$" + strconv.Itoa(n) }

// link notes that a certificate carries a case number, or was named for a case. It
// may be noted again.
func link(tx *db.Tx, certificate, unit, caseNo, kind string) error {
	_, err := tx.Exec(`
		insert into matter_link (certificate, unit, case_no, kind, at) values ($1, $2, $3, $4, $5)
		on conflict do nothing`, certificate, unit, caseNo, kind, tx.Now().UnixMilli())
	return err
}

// mostLinked bounds what is looked at of one case.
const mostLinked = 200

// linked are the certificates of a case number, in their order, with the case that
// each counts for.
func linked(tx *db.Tx, unit, caseNo string) (ids []string, counted map[string]string, err error) {
	counted = map[string]string{}
	err = tx.All(`
		select certificate, matter from matter_link
		 where unit = $1 and case_no = $2
		 order by at, certificate
		 limit $3`, []any{unit, caseNo, mostLinked}, func(scan func(...any) error) error {
		var id, matter string
		err := scan(&id, &matter)
		ids, counted[id] = append(ids, id), matter
		return err
	})
	return ids, counted, err
}

// linkOf is the number and the case that a certificate is linked to; both empty
// where it is to none.
func linkOf(tx *db.Tx, certificate string) (caseNo, matter string, err error) {
	err = tx.All(`select case_no, matter from matter_link where certificate = $1 order by certificate`, []any{certificate}, func(scan func(...any) error) error {
		return scan(&caseNo, &matter)
	})
	return caseNo, matter, err
}

// count says that a certificate counts for a case, once.
func count(tx *db.Tx, certificate, matter string) (now bool, err error) {
	n, err := tx.Exec(`update matter_link set matter = $2 where certificate = $1 and matter = ''`, certificate, matter)
	return n == 1, err
}

// A telling is an event by which programs were told of a case.
type telling struct{ event, topic string }

func insertTold(tx *db.Tx, event, matter, topic string, at time.Time) error {
	_, err := tx.Exec(`insert into matter_told (event, matter, topic, at) values ($1, $2, $3, $4) on conflict do nothing`, event, matter, topic, at.UnixMilli())
	return err
}

// toldOf are the first events of a case, in their order: there are few.
func toldOf(tx *db.Tx, matter string) (list []telling, err error) {
	err = tx.All(`select event, topic from matter_told where matter = $1 order by at, event limit 50`, []any{matter}, func(scan func(...any) error) error {
		var t telling
		err := scan(&t.event, &t.topic)
		list = append(list, t)
		return err
	})
	return list, err
}

func sealedAfter(tx *db.Tx, after string, n int) (out []keys.Sealed, err error) {
	err = tx.All(`select id, applicant from matter_matter where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var id string
		var applicant []byte
		err := scan(&id, &applicant)
		out = append(out, keys.Sealed{Cell: cell(id), Value: applicant})
		return err
	})
	return out, err
}

func replace(tx *db.Tx, was keys.Sealed, again []byte) (int64, error) {
	return tx.Exec(`update matter_matter set applicant = $3 where id = $1 and applicant = $2`, was.Cell.Row, was.Value, again)
}

func countSealed(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from matter_matter`, nil, &n)
	return n, err
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
