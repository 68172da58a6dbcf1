package batch

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
	"sidian/internal/table"
)

// States of a row.
const (
	pending   = "pending"
	begun     = "begun"
	issued    = "issued"
	refused   = "refused"
	failed    = "failed"
	repeated  = "repeated"
	cancelled = "cancelled"
)

type runRow struct {
	id, unit, path, kind        string
	version                     int64
	corrects, state, title      string
	uploader, approver, starter string
	note, trouble               string
	file                        []byte
	total, created              int64
	submitted, decided, started *int64
	ended                       *int64
	worked                      int64
	worker                      string
	lease                       int64
}

const runColumns = `id, unit, path, kind, kind_version, corrects, state, title, uploader, approver, starter, note, trouble, file, total, created_at, submitted_at, decided_at, started_at, ended_at, worked, worker, lease_at`

func (r *runRow) dest() []any {
	return []any{&r.id, &r.unit, &r.path, &r.kind, &r.version, &r.corrects, &r.state, &r.title, &r.uploader, &r.approver, &r.starter, &r.note, &r.trouble, &r.file, &r.total,
		&r.created, &r.submitted, &r.decided, &r.started, &r.ended, &r.worked, &r.worker, &r.lease}
}

func insertRun(tx *db.Tx, r *runRow) error {
	_, err := tx.Exec(`
		insert into batch_run (id, unit, path, kind, kind_version, corrects, state, title, uploader, note, file, total, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.id, r.unit, r.path, r.kind, r.version, r.corrects, r.state, r.title, r.uploader, r.note, r.file, r.total, r.created)
	return err
}

func errUnknown() error {
	return fault.NotFound.New("没有这个批次").WithCode("batch.unknown").WithHint("请从“批量签发”的列表中选择")
}

// getRun returns a batch, locked for who will change it.
func getRun(tx *db.Tx, id string, lock bool) (*runRow, error) {
	var r runRow
	q := `select ` + runColumns + ` from batch_run where id = $1`
	if lock {
		q += ` for update`
	}
	err := tx.Get(q, []any{id}, r.dest()...)
	if errors.Is(err, fault.NotFound) {
		return nil, errUnknown()
	}
	return &r, err
}

func saveRun(tx *db.Tx, r *runRow) error {
	_, err := tx.Exec(`
		update batch_run
		   set state = $2, approver = $3, starter = $4, note = $5, trouble = $6, submitted_at = $7, decided_at = $8, started_at = $9, ended_at = $10,
		       worked = $11, worker = $12, lease_at = $13
		 where id = $1`,
		r.id, r.state, r.approver, r.starter, r.note, r.trouble, r.submitted, r.decided, r.started, r.ended, r.worked, r.worker, r.lease)
	return err
}

func queryRuns(tx *db.Tx, rest string, args ...any) (list []*runRow, err error) {
	err = tx.All(`select `+runColumns+` from batch_run `+rest, args, func(scan func(...any) error) error {
		var r runRow
		err := scan(r.dest()...)
		list = append(list, &r)
		return err
	})
	return list, err
}

// sameFile is a batch of the same table by the same person that has not ended, or
// nil.
func sameFile(tx *db.Tx, r *runRow) (*runRow, error) {
	list, err := queryRuns(tx, `
		where uploader = $1 and unit = $2 and kind = $3 and file = $4 and ended_at is null and state <> 'reading'
		order by created_at desc, id desc limit 1`, r.uploader, r.unit, r.kind, r.file)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// waitingRuns are those that nobody works on.
func waitingRuns(tx *db.Tx, now int64) ([]*runRow, error) {
	return queryRuns(tx, `where state = 'running' and ended_at is null and lease_at < $1 order by created_at, id limit 5`, now)
}

// listRuns pages through batches, newest first.
func listRuns(tx *db.Tx, before int64, id string, limit int) ([]*runRow, error) {
	return queryRuns(tx, `where (created_at, id) < ($1, $2) and state <> 'reading' order by created_at desc, id desc limit $3`, before, id, limit)
}

// staleRuns are those that were made before a time and wait for people.
func staleRuns(tx *db.Tx, before int64) ([]*runRow, error) {
	return queryRuns(tx, `
		where state in ('reading', 'checked', 'submitted', 'approved') and ended_at is null and created_at < $1
		order by created_at, id limit 20`, before)
}

type rowRow struct {
	line              int64
	digest            []byte
	state             string
	sealed            []byte
	certificate, code string
	problems          string
}

func insertRow(tx *db.Tx, run string, r *rowRow) error {
	_, err := tx.Exec(`
		insert into batch_row (run, line, digest, state, sealed, code, problems)
		values ($1, $2, $3, $4, $5, $6, $7)`, run, r.line, r.digest, r.state, r.sealed, r.code, r.problems)
	return err
}

func queryRows(tx *db.Tx, rest string, args ...any) (list []*rowRow, err error) {
	err = tx.All(`select line, digest, state, sealed, certificate, code, problems from batch_row `+rest, args, func(scan func(...any) error) error {
		var r rowRow
		err := scan(&r.line, &r.digest, &r.state, &r.sealed, &r.certificate, &r.code, &r.problems)
		list = append(list, &r)
		return err
	})
	return list, err
}

// nextRows are the rows that are to be issued next. Those begun before come first.
func nextRows(tx *db.Tx, run string, n int) ([]*rowRow, error) {
	list, err := queryRows(tx, `where run = $1 and state = 'begun' order by line limit $2`, run, n)
	if err != nil || len(list) == n {
		return list, err
	}
	more, err := queryRows(tx, `where run = $1 and state = 'pending' order by line limit $2`, run, n-len(list))
	return append(list, more...), err
}

// pendingRows are some that wait, spread over the batch.
func pendingRows(tx *db.Tx, run string, n int) ([]*rowRow, error) {
	return queryRows(tx, `
		where run = $1 and line in (
		      select line from (
		             select line, row_number() over (order by line) as at, count(*) over () as total
		               from batch_row where run = $1 and state = 'pending') spread
		       where total <= $2 or (at - 1) % (total / $2) = 0)
		order by line limit $2`, run, n)
}

// moveRow puts a row that is in a state into another. Who leaves what waits is
// emptied.
func moveRow(tx *db.Tx, run string, r *rowRow, from string) (int64, error) {
	return tx.Exec(`
		update batch_row set state = $3, certificate = $4, code = $5, problems = $6,
		       sealed = case when $3 = 'pending' or $3 = 'begun' then sealed end
		 where run = $1 and line = $2 and state = $7`, run, r.line, r.state, r.certificate, r.code, r.problems, from)
}

// cancelRows empties what waits.
func cancelRows(tx *db.Tx, run string) error {
	_, err := tx.Exec(`update batch_row set state = 'cancelled', sealed = null where run = $1 and state = 'pending'`, run)
	return err
}

func countRows(tx *db.Tx, run string) (map[string]int, error) {
	counts := map[string]int{}
	err := tx.All(`select state, count(*) from batch_row where run = $1 group by state order by state`, []any{run}, func(scan func(...any) error) error {
		var state string
		var n int64
		err := scan(&state, &n)
		counts[state] = int(n)
		return err
	})
	return counts, err
}

// wrongRows are those that were refused or failed, by line.
func wrongRows(tx *db.Tx, run string, after, limit int) ([]*rowRow, error) {
	return queryRows(tx, `where run = $1 and state in ('refused', 'failed') and line > $2 order by line limit $3`, run, after, limit)
}

// allRows are the rows of a batch, by line.
func allRows(tx *db.Tx, run string, after, limit int) ([]*rowRow, error) {
	return queryRows(tx, `where run = $1 and line > $2 order by line limit $3`, run, after, limit)
}

// issuedDigests are those of rows that were issued, or are on their way.
func issuedDigests(tx *db.Tx, digests [][]byte) (map[gm.Digest]bool, error) {
	found := map[gm.Digest]bool{}
	if len(digests) == 0 {
		return found, nil
	}
	marks, args := db.Marks(nil, digests)
	err := tx.All(`select digest from batch_row where state in ('begun', 'issued') and digest in (`+marks+`) order by digest`, args, func(scan func(...any) error) error {
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

// sealedRows are rows that wait, after one: run and line.
func sealedRows(tx *db.Tx, after string, n int) (list []keys.Sealed, err error) {
	run, line := placeOf(after)
	err = tx.All(`
		select run, line, sealed from batch_row
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
	return tx.Exec(`update batch_row set sealed = $4 where run = $1 and line = $2 and sealed = $3`, run, line, was.Value, again)
}

func countSealed(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from batch_row where sealed is not null`, nil, &n)
	return n, err
}

// encode writes problems for the row that they are of.
func encode(list []table.Problem) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func decode(s string) (list []table.Problem, err error) {
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
