package issuing

import (
	"sidian/internal/db"
	"sidian/internal/fault"
)

// An incidentRow is an incident as it is stored.
type incidentRow struct {
	id, unit, path, region, manager string
	state                           IncidentState
	what, measures                  string
	began                           int64
	cleared                         *int64
	due                             int64
	late                            bool
	declaredBy                      string
	created                         int64
	closed                          *int64
}

const incidentColumns = `id, unit, path, region, manager, state, what, measures, began_at, cleared_at, due_at, late, declared_by, created_at, closed_at`

func (r *incidentRow) dest() []any {
	return []any{&r.id, &r.unit, &r.path, &r.region, &r.manager, &r.state, &r.what, &r.measures, &r.began, &r.cleared, &r.due, &r.late, &r.declaredBy, &r.created, &r.closed}
}

func insertIncident(tx *db.Tx, r *incidentRow) error {
	_, err := tx.Exec(`
		insert into issuing_incident (`+incidentColumns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		r.id, r.unit, r.path, r.region, r.manager, string(r.state), r.what, r.measures, r.began, r.cleared, r.due, r.late, r.declaredBy, r.created, r.closed)
	return err
}

// saveIncident writes what may change of an incident that was read locked.
func saveIncident(tx *db.Tx, r *incidentRow) error {
	_, err := tx.Exec(`update issuing_incident set state = $2, cleared_at = $3, due_at = $4, late = $5, closed_at = $6 where id = $1`,
		r.id, string(r.state), r.cleared, r.due, r.late, r.closed)
	return err
}

func incidents(tx *db.Tx, rest string, args ...any) (list []*incidentRow, err error) {
	err = tx.All(`select `+incidentColumns+` from issuing_incident `+rest, args, func(scan func(...any) error) error {
		r := &incidentRow{}
		err := scan(r.dest()...)
		list = append(list, r)
		return err
	})
	return list, err
}

func incidentByID(tx *db.Tx, id string, lock bool) (*incidentRow, error) {
	q := `where id = $1`
	if lock {
		q += ` for update`
	}
	list, err := incidents(tx, q, id)
	if err == nil && len(list) == 0 {
		err = errNoIncident()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func errNoIncident() error {
	return fault.NotFound.New("没有这件突发情况").WithCode("issuing.incident").WithHint("请从突发情况列表中选择")
}

// openIncident is the incident of a unit that lasts, or nil.
func openIncident(tx *db.Tx, unit string) (*incidentRow, error) {
	list, err := incidents(tx, `where unit = $1 and state = 'open' order by created_at, id limit 1`, unit)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// listIncidents pages through incidents below paths, newest first.
func listIncidents(tx *db.Tx, paths []string, before int64, id string, limit int) ([]*incidentRow, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	below, args := db.Below([]any{before, id, limit}, "path", paths)
	return incidents(tx, `where (created_at, id) < ($1, $2) and `+below+` order by created_at desc, id desc limit $3`, args...)
}

// An owedRow is what has to be made up for.
type owedRow struct {
	id, incident           string
	seq                    int64
	operation, kind, about string
	note, draft            string
	addedBy                string
	added                  int64
	doneBy                 string
	done                   *int64
}

const owedColumns = `id, incident, seq, operation, kind, about, note, draft, added_by, added_at, done_by, done_at`

func insertOwed(tx *db.Tx, r *owedRow) error {
	_, err := tx.Exec(`insert into issuing_owed (`+owedColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.id, r.incident, r.seq, r.operation, r.kind, r.about, r.note, r.draft, r.addedBy, r.added, r.doneBy, r.done)
	return err
}

func saveOwed(tx *db.Tx, r *owedRow) error {
	_, err := tx.Exec(`update issuing_owed set note = $2, draft = $3, done_by = $4, done_at = $5 where id = $1`, r.id, r.note, r.draft, r.doneBy, r.done)
	return err
}

func owed(tx *db.Tx, rest string, args ...any) (list []*owedRow, err error) {
	err = tx.All(`select `+owedColumns+` from issuing_owed `+rest, args, func(scan func(...any) error) error {
		r := &owedRow{}
		err := scan(&r.id, &r.incident, &r.seq, &r.operation, &r.kind, &r.about, &r.note, &r.draft, &r.addedBy, &r.added, &r.doneBy, &r.done)
		list = append(list, r)
		return err
	})
	return list, err
}

func owedOf(tx *db.Tx, incident string) ([]*owedRow, error) {
	return owed(tx, `where incident = $1 order by seq, id`, incident)
}

func owedByID(tx *db.Tx, id string) (*owedRow, error) {
	list, err := owed(tx, `where id = $1`, id)
	if err == nil && len(list) == 0 {
		err = fault.NotFound.New("待办清单中没有这一项").WithCode("issuing.owed").WithHint("请从突发情况的待办清单中选择")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// leftOwed counts what of an incident is not made up for yet.
func leftOwed(tx *db.Tx, incident string) (n int64, err error) {
	err = tx.Get(`select count(*) from issuing_owed where incident = $1 and done_at is null`, []any{incident}, &n)
	return n, err
}
