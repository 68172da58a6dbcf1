package listing

import (
	"sidian/internal/db"
	"sidian/internal/fault"
)

// An exemptRow is a kind of the list of what need not be handed in.
type exemptRow struct {
	id, org, path, kind, starts, basis, account string
	at                                          int64
	ended                                       *int64
	endedBy, endedWhy                           string
}

func exempts(tx *db.Tx, rest string, args ...any) (list []*exemptRow, err error) {
	err = tx.All(`
		select e.id, e.org, e.path, e.kind, e.starts, e.basis, e.account, e.at, e.ended_at, e.ended_by, e.ended_why
		  from listing_exempt e `+rest, args, func(scan func(...any) error) error {
		r := &exemptRow{}
		list = append(list, r)
		return scan(&r.id, &r.org, &r.path, &r.kind, &r.starts, &r.basis, &r.account, &r.at, &r.ended, &r.endedBy, &r.endedWhy)
	})
	return list, err
}

// insertExempt writes a kind, and tells whether it did not stand on the list.
func insertExempt(tx *db.Tx, r *exemptRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into listing_exempt (id, org, path, kind, starts, basis, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict do nothing`, r.id, r.org, r.path, r.kind, r.starts, r.basis, r.account, r.at)
	return n == 1, err
}

func exemptByID(tx *db.Tx, id string) (*exemptRow, error) {
	r, err := first(exempts(tx, `where e.id = $1`, id))
	if err == nil && r == nil {
		err = fault.NotFound.New("免提交清单上没有这一项").WithCode("listing.exempt").WithHint("请从清单中选择")
	}
	return r, err
}

func endExempt(tx *db.Tx, r *exemptRow, by, why string) error {
	now := tx.Now().UnixMilli()
	n, err := tx.Exec(`
		update listing_exempt set ended_at = $2, ended_by = $3, ended_why = $4
		 where id = $1 and ended_at is null`, r.id, now, by, why)
	if err == nil && n == 0 {
		return fault.Conflict.New("这一项已从免提交清单移出").WithCode("listing.exempt-state").WithHint("请刷新后查看")
	}
	r.ended, r.endedBy, r.endedWhy = &now, by, why
	return err
}

func listExempts(tx *db.Tx, org string, ended bool, limit int) ([]*exemptRow, error) {
	args := []any{limit}
	q := `where 1 = 1`
	if !ended {
		q += ` and e.ended_at is null`
	}
	if org != "" {
		args = append(args, org)
		q += ` and e.org = ` + mark(len(args))
	}
	return exempts(tx, q+` order by e.at desc, e.id desc limit $1`, args...)
}

// exemptKinds are the kinds that some units published, in force on a day.
func exemptKinds(tx *db.Tx, orgs []string, day string) (kinds []string, err error) {
	if len(orgs) == 0 {
		return nil, nil
	}
	marks, args := db.Marks([]any{day}, orgs)
	err = tx.All(`
		select kind from listing_exempt
		 where ended_at is null and starts <= $1 and org in (`+marks+`)
		 order by kind, id`, args, func(scan func(...any) error) error {
		var kind string
		err := scan(&kind)
		kinds = append(kinds, kind)
		return err
	})
	return kinds, err
}

// toldIn are the units that were told in a quarter.
func toldIn(tx *db.Tx, quarter string) (told map[string]bool, err error) {
	told = map[string]bool{}
	err = tx.All(`select unit from listing_told where quarter = $1 order by unit`, []any{quarter}, func(scan func(...any) error) error {
		var unit string
		err := scan(&unit)
		told[unit] = true
		return err
	})
	return told, err
}

// insertTold notes that a unit is told, and tells whether it was not.
func insertTold(tx *db.Tx, unit, quarter string, findings int) (made bool, err error) {
	n, err := tx.Exec(`insert into listing_told (unit, quarter, findings, at) values ($1, $2, $3, $4) on conflict do nothing`, unit, quarter, findings, tx.Now().UnixMilli())
	return n == 1, err
}
