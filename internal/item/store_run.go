package item

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A lineRow is one line of a list.
type lineRow struct {
	line     int
	id       string // of the item while lines are compared
	plan     *plan
	problems []Problem
}

// openRun is the run of the same list by the same account that has not ended, or "".
func openRun(tx *db.Tx, account string, digest []byte) (id string, err error) {
	err = tx.All(`select id from item_run where account = $1 and digest = $2 and ended_at is null order by id`, []any{account, digest}, func(scan func(...any) error) error {
		return scan(&id)
	})
	return id, err
}

func insertRun(tx *db.Tx, id, account, org, path string, digest []byte) error {
	_, err := tx.Exec(`
		insert into item_run (id, account, org, path, digest, state, created_at)
		values ($1, $2, $3, $4, $5, 'draft', $6)`, id, account, org, path, digest, tx.Now().UnixMilli())
	return err
}

func insertLine(tx *db.Tx, run string, l *lineRow) error {
	content, problems, state := "", "", "pending"
	raw, err := json.Marshal(l.plan)
	if err != nil {
		return fmt.Errorf("item: writing a line: %w", err)
	}
	if len(l.problems) > 0 {
		bad, err := json.Marshal(l.problems)
		if err != nil {
			return fmt.Errorf("item: writing a line: %w", err)
		}
		state, problems = "refused", string(bad)
	} else {
		content = string(raw)
	}
	_, err = tx.Exec(`insert into item_line (run, line, code, state, content, problems) values ($1, $2, $3, $4, $5, $6)`, run, l.line, l.plan.Code, state, content, problems)
	return err
}

// endLine writes what became of a line, and forgets what it asked for.
func endLine(tx *db.Tx, run string, l *lineRow, state string) error {
	problems := ""
	if state == "refused" {
		bad, err := json.Marshal(l.problems)
		if err != nil {
			return fmt.Errorf("item: writing a line: %w", err)
		}
		problems = string(bad)
	}
	_, err := tx.Exec(`update item_line set state = $3, problems = $4, content = '' where run = $1 and line = $2`, run, l.line, state, problems)
	return err
}

// linesIn are lines of a run in a state, after a line.
func linesIn(tx *db.Tx, run, state string, after, limit int) (list []*lineRow, err error) {
	err = tx.All(`
		select line, content, problems from item_line
		 where run = $1 and state = $2 and line > $3
		 order by line limit $4`, []any{run, state, after, limit}, func(scan func(...any) error) error {
		l := &lineRow{plan: &plan{}}
		var content, problems string
		if err := scan(&l.line, &content, &problems); err != nil {
			return err
		}
		list = append(list, l)
		if content != "" {
			if err := json.Unmarshal([]byte(content), l.plan); err != nil {
				return fmt.Errorf("item: reading line %d of run %s: %w", l.line, run, err)
			}
		}
		if problems != "" {
			return json.Unmarshal([]byte(problems), &l.problems)
		}
		return nil
	})
	return list, err
}

// moveRun brings a run into another state.
func moveRun(tx *db.Tx, id, state, reason string) error {
	var ended *int64
	if state == Finished || state == Over {
		now := tx.Now().UnixMilli()
		ended = &now
	}
	_, err := tx.Exec(`update item_run set state = $2, reason = $3, ended_at = $4 where id = $1`, id, state, reason, ended)
	return err
}

func listRuns(tx *db.Tx, account string, before int64, id string, limit int) ([]*Run, error) {
	return runs(tx, `where account = $1 and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4`, account, before, id, limit)
}

func runs(tx *db.Tx, rest string, args ...any) (list []*Run, err error) {
	err = tx.All(`select id, digest, state, reason, created_at, ended_at from item_run `+rest, args, func(scan func(...any) error) error {
		r := &Run{}
		var digest []byte
		var created int64
		var ended *int64
		if err := scan(&r.ID, &digest, &r.State, &r.Reason, &created, &ended); err != nil {
			return err
		}
		r.Digest, r.Created = hex.EncodeToString(digest), moment(created)
		if ended != nil {
			r.Ended = moment(*ended)
		}
		list = append(list, r)
		return nil
	})
	return list, err
}

// runByID is a run of an account with the counts of its lines; locked without them.
func runByID(tx *db.Tx, id, account string, lock bool) (*Run, error) {
	q := `where id = $1 and account = $2`
	if lock {
		q += ` for update`
	}
	list, err := runs(tx, q, id, account)
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, fault.NotFound.New("没有这次导入").WithCode("item.run").WithHint("请从本人的导入记录中选择")
	case lock:
		return list[0], nil
	}
	return list[0], countLines(tx, list[0])
}

func countLines(tx *db.Tx, r *Run) error {
	return tx.All(`select state, count(*) from item_line where run = $1 group by state order by state`, []any{r.ID}, func(scan func(...any) error) error {
		var state string
		var n int
		if err := scan(&state, &n); err != nil {
			return err
		}
		r.Total += n
		switch state {
		case "pending":
			r.Pending = n
		case "done":
			r.Done = n
		case "refused":
			r.Refused = n
		case "repeated":
			r.Repeated = n
		}
		return nil
	})
}
