package remind

import (
	"fmt"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/workday"
)

// watchesBy are those of some certificates, or of some series, and holds their rows.
func watchesBy(tx *db.Tx, column string, values []string) (out []*watch, err error) {
	if len(values) == 0 {
		return nil, nil
	}
	marks, args := db.Marks(nil, db.Padded(values))
	err = tx.All(`
		select certificate, series, version, valid_to, state, why, seq
		  from remind_watch
		 where `+column+` in (`+marks+`)
		 order by certificate
		   for update`, args, func(scan func(...any) error) error {
		w := &watch{stored: true}
		err := scan(&w.certificate, &w.series, &w.version, &w.to, &w.state, &w.why, &w.seq)
		out = append(out, w)
		return err
	})
	return out, err
}

// insertWatches writes new ones, and tells of how many nothing was known. They are
// written 64, 32, 16 … at a time, so that the statements come in few shapes.
func insertWatches(tx *db.Tx, all []*watch) (made int64, err error) {
	for n := 64; len(all) > 0; {
		if n > len(all) {
			n /= 2
			continue
		}
		some, err := insertSome(tx, all[:n])
		if err != nil {
			return 0, err
		}
		made, all = made+some, all[n:]
	}
	return made, nil
}

func insertSome(tx *db.Tx, all []*watch) (int64, error) {
	rows, args := make([]string, len(all)), []any{tx.Now().UnixMilli()}
	for i, w := range all {
		var marks string
		marks, args = db.Marks(args, []any{w.certificate, w.series, w.version, w.kind, w.issuer, w.document, w.to, w.state, w.why, w.seq})
		rows[i] = `(` + marks + `, $1)`
	}
	return tx.Exec(`
		insert into remind_watch (certificate, series, version, kind, issuer, document, valid_to, state, why, seq, created_at)
		values `+strings.Join(rows, ", ")+`
		on conflict do nothing`, args...)
}

// saveWatch writes what may change of one whose row is held.
func saveWatch(tx *db.Tx, w *watch) error {
	_, err := tx.Exec(`update remind_watch set state = $2, why = $3, valid_to = $4, seq = $5 where certificate = $1`, w.certificate, w.state, w.why, w.to, w.seq)
	return err
}

// isWatched tells whether a certificate is watched, and no later version of it is
// known.
func isWatched(tx *db.Tx, certificate string) (bool, error) {
	var n int64
	err := tx.Get(`
		select count(*)
		  from remind_watch w
		 where w.certificate = $1 and w.state = 'watching'
		   and not exists (select 1 from remind_watch n where n.series = w.series and n.version > w.version)`, []any{certificate}, &n)
	return n > 0, err
}

const endingQuery = `
	select certificate, kind, issuer, document, valid_to
	  from remind_watch
	 where valid_to = $1 and certificate > $2 and state = 'watching'
	 order by valid_to, certificate
	 limit $3`

// endingOn are those that end on a day, after a certificate.
func endingOn(tx *db.Tx, day workday.Date, after string, n int) (out []watch, err error) {
	err = tx.All(endingQuery, []any{day.String(), after, n}, func(scan func(...any) error) error {
		w := watch{state: watching}
		err := scan(&w.certificate, &w.kind, &w.issuer, &w.document, &w.to)
		out = append(out, w)
		return err
	})
	return out, err
}

func cursors(tx *db.Tx) (map[int]cursor, error) {
	out := map[int]cursor{}
	err := tx.All(`select lead, day, up_to from remind_cursor order by lead`, nil, func(scan func(...any) error) error {
		var c cursor
		var day string
		if err := scan(&c.lead, &day, &c.upTo); err != nil {
			return err
		}
		var err error
		if c.day, err = workday.ParseDate(day); err != nil {
			return fmt.Errorf("remind: the cursor of %d: %w", c.lead, err)
		}
		out[c.lead] = c
		return nil
	})
	return out, err
}

// moveCursor moves a cursor that still stands where it was read.
func moveCursor(tx *db.Tx, from, to cursor) (bool, error) {
	_, err := tx.Exec(`insert into remind_cursor (lead, day, up_to) values ($1, $2, '') on conflict do nothing`, from.lead, from.day.String())
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(`update remind_cursor set day = $4, up_to = $5 where lead = $1 and day = $2 and up_to = $3`,
		from.lead, from.day.String(), from.upTo, to.day.String(), to.upTo)
	return n == 1, err
}

// insertReminder notes one reminder; id is "" where it was noted before.
func insertReminder(tx *db.Tx, t telling, lead int, unit bool) (id string, err error) {
	id = newID()
	n, err := tx.Exec(`
		insert into remind_reminder (id, certificate, valid_to, lead, kind, issuer, rule, holder, unit, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict do nothing`, id, t.certificate, t.to, lead, t.kind, t.issuer, t.rule.ID, t.holder, unit, tx.Now().UnixMilli())
	if err != nil || n == 0 {
		return "", err
	}
	return id, nil
}

// insertTold notes to whom a reminder was told, and by which notice. Two holders of a
// certificate may share an account.
func insertTold(tx *db.Tx, reminder, account, notice string) error {
	_, err := tx.Exec(`insert into remind_told (reminder, account, notice) values ($1, $2, $3) on conflict do nothing`, reminder, account, notice)
	return err
}

func insertRule(tx *db.Tx, r Rule) error {
	_, err := tx.Exec(`
		insert into remind_rule (id, kind, region, from_day, leads, holder, unit, basis, reason, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.ID, r.Kind, r.Region, r.From.String(), joinLeads(r.Leads), r.Holder, r.Unit, r.Basis, r.Reason, r.Account, r.At.UnixMilli())
	return err
}

func storedRules(tx *db.Tx) (all []Rule, err error) {
	err = tx.All(`
		select id, kind, region, from_day, leads, holder, unit, basis, reason, account, at
		  from remind_rule
		 order by kind, from_day, id`, nil, func(scan func(...any) error) error {
		var r Rule
		var from, leads string
		var at int64
		if err := scan(&r.ID, &r.Kind, &r.Region, &from, &leads, &r.Holder, &r.Unit, &r.Basis, &r.Reason, &r.Account, &at); err != nil {
			return err
		}
		var err error
		if r.From, err = workday.ParseDate(from); err != nil {
			return fmt.Errorf("remind: the day of rule %s: %w", r.ID, err)
		}
		if r.Leads, err = splitLeads(leads); err != nil {
			return fmt.Errorf("remind: the lead times of rule %s: %w", r.ID, err)
		}
		r.At = time.UnixMilli(at).UTC()
		all = append(all, r)
		return nil
	})
	return all, err
}
