package composite

import "sidian/internal/db"

// laterDue is a time that differs from the one that stands: who looks at a composite
// tells by it that it became due again meanwhile.
const laterDue = `due = case when due >= $1 then due + 1 else $1 end, tries = 0`

// slack is how far in the future, in milliseconds, laterDue may have put what is due
// now; no wait after a failure is as short.
const slack = 1000

// touched are the composites that certificates are members of, and those whose own
// they are.
func touched(tx *db.Tx, certificates []string) ([]string, error) {
	if len(certificates) == 0 {
		return nil, nil
	}
	marks, args := db.Marks(nil, certificates)
	ids, err := idsOf(tx, `select distinct composite from composite_member where certificate in (`+marks+`) order by composite`, args...)
	if err != nil {
		return nil, err
	}
	own, err := idsOf(tx, `select id from composite_composite where certificate in (`+marks+`) and certificate <> '' order by id`, args...)
	return append(ids, own...), err
}

// wanted notes that one must be looked at.
func wanted(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update composite_composite set `+laterDue+` where id = $2`, tx.Now().UnixMilli(), id)
	return err
}

// dueOnes are those to be looked at now, the longest waiting first.
func dueOnes(tx *db.Tx, limit int) (ids []string, err error) {
	return idsOf(tx, `select id from composite_composite where due > 0 and due <= $1 and busy <= $2 order by due, id limit $3`, tx.Now().UnixMilli()+slack, tx.Now().UnixMilli(), limit)
}

// claim leaves one that is due to whoever looks at it, until a time, and counts the
// try. It returns what it was due for; 0: it is not due, or another looks at it.
func claim(tx *db.Tx, id string, until int64) (due, tries int64, err error) {
	err = tx.All(`
		update composite_composite set busy = $2, tries = tries + 1 where id = $1 and due > 0 and due <= $3 and busy <= $4 returning due, tries`,
		[]any{id, until, tx.Now().UnixMilli() + slack, tx.Now().UnixMilli()}, func(scan func(...any) error) error { return scan(&due, &tries) })
	return due, tries, err
}

// settled says that what was claimed is done, unless it became due again.
func settled(tx *db.Tx, id string, due int64) error {
	_, err := tx.Exec(`update composite_composite set busy = 0, trouble = '', due = case when due = $2 then 0 else due end where id = $1`, id, due)
	return err
}

// putOff says when to look again at what failed, and why it did.
func putOff(tx *db.Tx, id string, due, next int64, trouble string) error {
	_, err := tx.Exec(`update composite_composite set busy = 0, trouble = $4, due = case when due = $2 then $3 else due end where id = $1`, id, due, next, trouble)
	return err
}

// going are those that somebody began to issue before a time.
func going(tx *db.Tx, before int64, limit int) ([]*row, error) {
	return query(tx, `where state = 'issuing' and decided_at <= $1 order by decided_at, id limit $2`, before, limit)
}

// living pages through those that are issued.
func living(tx *db.Tx, after string, limit int) ([]*row, error) {
	return query(tx, `where state = 'issued' and id > $1 order by id limit $2`, after, limit)
}

func idsOf(tx *db.Tx, statement string, args ...any) (ids []string, err error) {
	err = tx.All(statement, args, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// A stepRow is a line of a composite's history.
type stepRow struct {
	seq, at               int64
	account, action, text string
}

// putStep adds a line. Who calls it has the composite locked, or writes it.
func putStep(tx *db.Tx, composite, account, action, text string) error {
	var last int64
	if err := tx.Get(`select coalesce(max(seq), 0) from composite_step where composite = $1`, []any{composite}, &last); err != nil {
		return err
	}
	_, err := tx.Exec(`insert into composite_step (composite, seq, at, account, action, words) values ($1, $2, $3, $4, $5, $6)`,
		composite, last+1, tx.Now().UnixMilli(), account, action, text)
	return err
}

// mostSteps bounds the history that is shown.
const mostSteps = 500

func stepsOf(tx *db.Tx, composite string) (all []stepRow, err error) {
	err = tx.All(`select seq, at, account, action, words from composite_step where composite = $1 order by composite, seq desc limit $2`, []any{composite, mostSteps}, func(scan func(...any) error) error {
		var x stepRow
		err := scan(&x.seq, &x.at, &x.account, &x.action, &x.text)
		all = append(all, x)
		return err
	})
	return all, err
}
