package due

import (
	"time"

	"sidian/internal/db"
)

// taken is a promise with a moment that has come, or why it cannot be read.
type taken struct {
	id      string
	promise Promise
	err     error
}

const nextQuery = `
	select ` + columns + `
	  from due_promise
	 where next_at <= $1 and next_at is not null
	 order by next_at, id
	 limit $2
	   for update skip locked`

// takeNext takes promises whose next moment has come, and holds their rows.
func takeNext(tx *db.Tx, limit int) ([]taken, error) {
	return take(tx, nextQuery, tx.Now().UnixMilli(), limit)
}

func take(tx *db.Tx, q string, args ...any) (all []taken, err error) {
	err = tx.All(q, args, func(scan func(...any) error) error {
		x := taken{}
		scanned := false
		x.promise, x.err = scanPromise(func(dest ...any) error {
			err := scan(dest...)
			scanned = err == nil
			return err
		})
		x.id = x.promise.ID
		all = append(all, x)
		if !scanned {
			return x.err
		}
		return nil
	})
	return all, err
}

// advance notes how far a promise was announced.
func advance(tx *db.Tx, p *Promise) error {
	_, err := tx.Exec(`
		update due_promise set step = $2, next_at = $3
		 where id = $1`, p.ID, p.step, orNull(p.nextAt()))
	return err
}

func putOff(tx *db.Tx, id string, until time.Time) error {
	_, err := tx.Exec(`
		update due_promise set next_at = $2
		 where id = $1`, id, until.UnixMilli())
	return err
}

func anyMissing(tx *db.Tx, years []int) (found bool, err error) {
	if len(years) == 0 {
		return false, nil
	}
	marks, args := db.Marks(nil, years)
	err = tx.All(`
		select id
		  from due_promise
		 where missing_year > 0 and missing_year in (`+marks+`)
		 order by missing_year, id
		 limit 1`, args, func(func(...any) error) error {
		found = true
		return nil
	})
	return found, err
}

// takeMissing takes promises that wait for the notice of one of these years.
func takeMissing(tx *db.Tx, years []int, limit int) ([]taken, error) {
	if len(years) == 0 {
		return nil, nil
	}
	marks, args := db.Marks([]any{limit}, years)
	return take(tx, `
		select `+columns+`
		  from due_promise
		 where missing_year > 0 and missing_year in (`+marks+`)
		 order by missing_year, id
		 limit $1
		   for update skip locked`, args...)
}

// setAside takes a promise that cannot be read out of those that wait; the year
// stays to be seen.
func setAside(tx *db.Tx, id string) error {
	_, err := tx.Exec(`
		update due_promise set missing_year = -missing_year
		 where id = $1 and missing_year > 0`, id)
	return err
}

const untalliedQuery = `
	select id, rule, org, since_at, closed_at, state, late
	  from due_promise
	 where closed_at is not null and not tallied
	 order by closed_at, id
	 limit $1
	   for update skip locked`

// takeUntallied takes promises that ended and are in no tally yet.
func takeUntallied(tx *db.Tx, limit int) (all []ending, err error) {
	err = tx.All(untalliedQuery, []any{limit}, func(scan func(...any) error) error {
		var e ending
		err := scan(&e.id, &e.rule, &e.org, &e.since, &e.closed, &e.state, &e.late)
		all = append(all, e)
		return err
	})
	return all, err
}

func markTallied(tx *db.Tx, ended []ending) error {
	for _, e := range ended {
		if _, err := tx.Exec(`
			update due_promise set tallied = true
			 where id = $1`, e.id); err != nil {
			return err
		}
	}
	return nil
}

func addTally(tx *db.Tx, t Tally) error {
	_, err := tx.Exec(`
		insert into due_tally (rule, org, month, kept, late, dropped, minutes)
		values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (rule, org, month) do update
		   set kept = due_tally.kept + excluded.kept, late = due_tally.late + excluded.late,
		       dropped = due_tally.dropped + excluded.dropped, minutes = due_tally.minutes + excluded.minutes`,
		t.Rule, t.Org, t.Month, t.Kept, t.Late, t.Dropped, t.Minutes)
	return err
}

// tallies lists the tallies of some organisations, newest month first.
func tallies(tx *db.Tx, q HistoryQuery, orgs []string, limit int) (all []Tally, err error) {
	to := q.To
	if to == "" {
		to = "9999-12"
	}
	marks, args := db.Marks([]any{q.From, to, q.Rule, q.Rule == "", limit}, orgs)
	err = tx.All(`
		select rule, org, month, kept, late, dropped, minutes
		  from due_tally
		 where month >= $1 and month <= $2 and (rule = $3 or $4) and org in (`+marks+`)
		 order by month desc, rule, org
		 limit $5`, args, func(scan func(...any) error) error {
		var t Tally
		err := scan(&t.Rule, &t.Org, &t.Month, &t.Kept, &t.Late, &t.Dropped, &t.Minutes)
		all = append(all, t)
		return err
	})
	return all, err
}
