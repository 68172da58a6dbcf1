package complaint

import (
	"sidian/internal/db"
)

// A tally is how the complaints about a unit of a month stand.
type tally struct {
	org, month                                           string
	filed, open, upheld, dismissed, exempt, withdrawn, n int64
}

// within is the condition of a report: months, and units below paths or one unit.
func within(from, to, unit string, paths []string) (where string, args []any) {
	args = []any{from, to}
	where = ` where c.month >= $1 and c.month <= $2`
	if unit != "" {
		args = append(args, unit)
		where += ` and c.org = ` + mark(len(args))
	}
	below, args := db.Below(args, "c.path", paths)
	return where + ` and ` + below, args
}

func tallies(tx *db.Tx, from, to, unit string, paths []string) (out []tally, err error) {
	if len(paths) == 0 {
		return nil, nil
	}
	where, args := within(from, to, unit, paths)
	err = tx.All(`
		select c.org, c.month, count(*),
		       count(*) filter (where c.state in ('filed', 'explained')),
		       count(*) filter (where c.outcome = 'upheld'),
		       count(*) filter (where c.outcome = 'dismissed'),
		       count(*) filter (where c.outcome = 'exempt'),
		       count(*) filter (where c.state = 'withdrawn'),
		       count(*) filter (where c.state in ('upheld', 'rectified'))
		  from complaint_complaint c`+where+`
		 group by c.org, c.month
		 order by c.org, c.month`, args, func(scan func(...any) error) error {
		var t tally
		err := scan(&t.org, &t.month, &t.filed, &t.open, &t.upheld, &t.dismissed, &t.exempt, &t.withdrawn, &t.n)
		out = append(out, t)
		return err
	})
	return out, err
}

// A span is how many complaints about a unit took so many working days.
type span struct {
	org     string
	days, n int64
}

func spans(tx *db.Tx, from, to, unit string, paths []string) (out []span, err error) {
	if len(paths) == 0 {
		return nil, nil
	}
	where, args := within(from, to, unit, paths)
	err = tx.All(`
		select c.org, c.days, count(*) from complaint_complaint c`+where+` and c.outcome <> ''
		 group by c.org, c.days
		 order by c.org, c.days`, args, func(scan func(...any) error) error {
		var x span
		err := scan(&x.org, &x.days, &x.n)
		out = append(out, x)
		return err
	})
	return out, err
}

// A sealedCell is an encrypted value with where it stands.
type sealedCell struct {
	complaint string
	seq       int64
	sealed    []byte
}

func sealedContents(tx *db.Tx, after string, n int) (out []sealedCell, err error) {
	err = tx.All(`select id, content from complaint_complaint where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var c sealedCell
		err := scan(&c.complaint, &c.sealed)
		out = append(out, c)
		return err
	})
	return out, err
}

func replaceContent(tx *db.Tx, c sealedCell, again []byte) (int64, error) {
	return tx.Exec(`update complaint_complaint set content = $3 where id = $1 and content = $2`, c.complaint, c.sealed, again)
}

func sealedNotes(tx *db.Tx, after string, seq int64, n int) (out []sealedCell, err error) {
	err = tx.All(`
		select complaint, seq, note from complaint_history
		 where (complaint, seq) > ($1, $2) and note is not null
		 order by complaint, seq limit $3`, []any{after, seq, n}, func(scan func(...any) error) error {
		var c sealedCell
		err := scan(&c.complaint, &c.seq, &c.sealed)
		out = append(out, c)
		return err
	})
	return out, err
}

func replaceNote(tx *db.Tx, c sealedCell, again []byte) (int64, error) {
	return tx.Exec(`update complaint_history set note = $4 where complaint = $1 and seq = $2 and note = $3`, c.complaint, c.seq, c.sealed, again)
}

func countSealed(tx *db.Tx) (n, notes int64, err error) {
	if err = tx.Get(`select count(*) from complaint_complaint`, nil, &n); err == nil {
		err = tx.Get(`select count(*) from complaint_history where note is not null`, nil, &notes)
	}
	return n, notes, err
}
