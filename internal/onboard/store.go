package onboard

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// States of a line.
const (
	pending  = "pending"
	begun    = "begun"
	done     = "done"
	refused  = "refused"
	repeated = "repeated"
)

type runRow struct {
	id, kind, account, org string
	file                   []byte
	total                  int64
	state, reason, trouble string
	created                int64
	started, finished      *int64
	worked                 int64
	worker                 string
	lease                  int64
}

const runColumns = `id, kind, account, org, file, total, state, reason, trouble, created_at, started_at, finished_at, worked, worker, lease_at`

func (r *runRow) dest() []any {
	return []any{&r.id, &r.kind, &r.account, &r.org, &r.file, &r.total, &r.state, &r.reason, &r.trouble, &r.created, &r.started, &r.finished, &r.worked, &r.worker, &r.lease}
}

func insertRun(tx *db.Tx, r *runRow) error {
	_, err := tx.Exec(`
		insert into onboard_run (id, kind, account, org, file, total, state, reason, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.id, r.kind, r.account, r.org, r.file, r.total, r.state, r.reason, r.created)
	return err
}

// getRun returns a run, locked for who will change it, or nil.
func getRun(tx *db.Tx, id string, lock bool) (*runRow, error) {
	var r runRow
	q := `select ` + runColumns + ` from onboard_run where id = $1`
	if lock {
		q += ` for update`
	}
	err := tx.Get(q, []any{id}, r.dest()...)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	return &r, err
}

func saveRun(tx *db.Tx, r *runRow) error {
	_, err := tx.Exec(`
		update onboard_run
		   set state = $2, reason = $3, trouble = $4, started_at = $5, finished_at = $6, worked = $7, worker = $8, lease_at = $9
		 where id = $1`,
		r.id, r.state, r.reason, r.trouble, r.started, r.finished, r.worked, r.worker, r.lease)
	return err
}

func queryRuns(tx *db.Tx, rest string, args ...any) (list []*runRow, err error) {
	err = tx.All(`select `+runColumns+` from onboard_run `+rest, args, func(scan func(...any) error) error {
		var r runRow
		err := scan(r.dest()...)
		list = append(list, &r)
		return err
	})
	return list, err
}

// openRun is a run of the same table by the same account that has not ended, or nil.
func openRun(tx *db.Tx, account, kind string, file gm.Digest) (*runRow, error) {
	list, err := queryRuns(tx, `
		where account = $1 and kind = $2 and file = $3 and state in ('draft', 'running', 'paused')
		order by created_at desc, id desc limit 1`, account, kind, file)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// waitingRuns are those that nobody works on.
func waitingRuns(tx *db.Tx, now int64) ([]*runRow, error) {
	return queryRuns(tx, `where state = 'running' and lease_at < $1 order by created_at, id limit 5`, now)
}

// listRuns pages through runs, newest first.
func listRuns(tx *db.Tx, before int64, id string, limit int) ([]*runRow, error) {
	return queryRuns(tx, `
		where (created_at, id) < ($1, $2) and state <> 'reading'
		order by created_at desc, id desc limit $3`, before, id, limit)
}

// staleRuns are those that were made before a time and have not ended.
func staleRuns(tx *db.Tx, before int64) ([]*runRow, error) {
	return queryRuns(tx, `where state in ('reading', 'draft', 'paused') and created_at < $1 order by created_at, id limit 20`, before)
}

type rowRow struct {
	line, seq      int64
	digest         []byte
	state          string
	sealed         []byte
	object, grants string
	problems       string
}

func insertRow(tx *db.Tx, run string, r *rowRow) error {
	_, err := tx.Exec(`
		insert into onboard_row (run, line, seq, digest, state, sealed, problems)
		values ($1, $2, $3, $4, $5, $6, $7)`, run, r.line, r.seq, r.digest, r.state, r.sealed, r.problems)
	return err
}

func queryRows(tx *db.Tx, rest string, args ...any) (list []*rowRow, err error) {
	err = tx.All(`select line, seq, digest, state, sealed, object, grants, problems from onboard_row `+rest, args, func(scan func(...any) error) error {
		var r rowRow
		err := scan(&r.line, &r.seq, &r.digest, &r.state, &r.sealed, &r.object, &r.grants, &r.problems)
		list = append(list, &r)
		return err
	})
	return list, err
}

// nextRows are the lines that are to be done next. Those begun before come first.
func nextRows(tx *db.Tx, run string, n int) ([]*rowRow, error) {
	return queryRows(tx, `where run = $1 and state in ('begun', 'pending') order by case when state = 'begun' then 0 else 1 end, seq, line limit $2`, run, n)
}

func beginRow(tx *db.Tx, run string, line int64) error {
	_, err := tx.Exec(`update onboard_row set state = 'begun' where run = $1 and line = $2 and state = 'pending'`, run, line)
	return err
}

// endRow writes what became of a line, and wipes what it said.
func endRow(tx *db.Tx, run string, r *rowRow) error {
	_, err := tx.Exec(`
		update onboard_row set state = $3, object = $4, grants = $5, problems = $6, sealed = null
		 where run = $1 and line = $2 and state = 'begun'`, run, r.line, r.state, r.object, r.grants, r.problems)
	return err
}

func wipeRows(tx *db.Tx, run string) error {
	_, err := tx.Exec(`update onboard_row set sealed = null where run = $1 and sealed is not null`, run)
	return err
}

func countRows(tx *db.Tx, run string) (map[string]int, error) {
	counts := map[string]int{}
	err := tx.All(`select state, count(*) from onboard_row where run = $1 group by state order by state`, []any{run}, func(scan func(...any) error) error {
		var state string
		var n int64
		err := scan(&state, &n)
		counts[state] = int(n)
		return err
	})
	return counts, err
}

// rowsIn are lines in a state, by number.
func rowsIn(tx *db.Tx, run, state string, after, limit int) ([]*rowRow, error) {
	return queryRows(tx, `where run = $1 and state = $2 and line > $3 order by line limit $4`, run, state, after, limit)
}

// madeRows are the lines that made something, by number.
func madeRows(tx *db.Tx, run string, after, limit int) ([]*rowRow, error) {
	return queryRows(tx, `where run = $1 and object <> '' and line > $2 order by line limit $3`, run, after, limit)
}

// grantRows are the lines that proposed roles, by number.
func grantRows(tx *db.Tx, run string, after, limit int) ([]*rowRow, error) {
	return queryRows(tx, `where run = $1 and grants <> '' and line > $2 order by line limit $3`, run, after, limit)
}

func doneDigests(tx *db.Tx, digests [][]byte) (map[gm.Digest]bool, error) {
	found := map[gm.Digest]bool{}
	marks, args := db.Marks(nil, digests)
	err := tx.All(`select distinct digest from onboard_row where state = 'done' and digest in (`+marks+`) order by digest`, args, func(scan func(...any) error) error {
		var b []byte
		if err := scan(&b); err != nil {
			return err
		}
		if len(b) == len(gm.Digest{}) {
			found[gm.Digest(b)] = true
		}
		return nil
	})
	return found, err
}

// sealedRows are lines that wait, after one: run and line.
func sealedRows(tx *db.Tx, after string, n int) (list []keys.Sealed, err error) {
	run, line := placeOf(after)
	err = tx.All(`
		select run, line, sealed from onboard_row
		 where sealed is not null and (run, line) > ($1, $2)
		 order by run, line limit $3`, []any{run, line, n}, func(scan func(...any) error) error {
		var run string
		var line int64
		var sealed []byte
		err := scan(&run, &line, &sealed)
		list = append(list, keys.Sealed{Cell: cellOf(run, line), Value: sealed})
		return err
	})
	return list, err
}

// placeOf reads the row of a cell; "" is before all.
func placeOf(key string) (run string, line int64) {
	run, at, _ := strings.Cut(key, "/")
	line, _ = strconv.ParseInt(at, 10, 64)
	return run, line
}

func replaceSealed(tx *db.Tx, was keys.Sealed, again []byte) (int64, error) {
	run, line := placeOf(was.Cell.Row)
	return tx.Exec(`update onboard_row set sealed = $4 where run = $1 and line = $2 and sealed = $3`, run, line, was.Value, again)
}

func countSealed(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from onboard_row where sealed is not null`, nil, &n)
	return n, err
}

// encode writes problems for the row that they are of.
func encode(list []Problem) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func decode(s string) (list []Problem, err error) {
	if s != "" {
		err = json.Unmarshal([]byte(s), &list)
	}
	return list, err
}

func moment(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return time.UnixMilli(*ms).UTC()
}
