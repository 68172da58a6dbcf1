package due

import (
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/workday"
)

func insertRule(tx *db.Tx, r Rule) error {
	_, err := tx.Exec(`
		insert into due_rule (id, code, region, from_day, until_day, amount, unit, on_day, backward, closes, extends,
		                      remind, escalate, origin, basis, account, reason, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		r.ID, r.Code, r.Region, r.From.String(), day(r.Until), r.Amount, string(r.Unit), day(r.On), r.Backward, r.Closes, r.Extends,
		joinOffsets(r.Remind), joinOffsets(r.Escalate), string(r.Origin), r.Basis, r.Account, r.Reason, r.At.UnixMilli())
	return err
}

// day is a date as it is stored: empty for none.
func day(d workday.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

const ruleColumns = `id, code, region, from_day, until_day, amount, unit, on_day, backward, closes, extends,
	remind, escalate, origin, basis, account, reason, created_at`

func scanRule(scan func(...any) error) (r Rule, err error) {
	var from, until, on, remind, escalate string
	var at int64
	err = scan(&r.ID, &r.Code, &r.Region, &from, &until, &r.Amount, &r.Unit, &on, &r.Backward, &r.Closes, &r.Extends,
		&remind, &escalate, &r.Origin, &r.Basis, &r.Account, &r.Reason, &at)
	if err != nil {
		return r, err
	}
	r.At = time.UnixMilli(at).UTC()
	for _, x := range []struct {
		text string
		day  *workday.Date
	}{{from, &r.From}, {until, &r.Until}, {on, &r.On}} {
		if err := x.day.UnmarshalText([]byte(x.text)); err != nil {
			return r, err
		}
	}
	if r.Remind, err = splitOffsets(remind); err == nil {
		r.Escalate, err = splitOffsets(escalate)
	}
	return r, err
}

// putRules lists the values that were put for a code, or for all.
func putRules(tx *db.Tx, code string) (all []Rule, err error) {
	err = tx.All(`
		select `+ruleColumns+`
		  from due_rule
		 where code = $1 or $2
		 order by created_at, id`, []any{code, code == ""}, func(scan func(...any) error) error {
		r, err := scanRule(scan)
		all = append(all, r)
		return err
	})
	return all, err
}

func ruleByID(tx *db.Tx, id string) (r Rule, err error) {
	found := false
	err = tx.All(`select `+ruleColumns+` from due_rule where id = $1`, []any{id}, func(scan func(...any) error) error {
		found = true
		r, err = scanRule(scan)
		return err
	})
	if err == nil && !found {
		err = fault.NotFound.New("没有登记过这个取值").WithCode("due.rule-unknown").WithHint("平台自带的取值不能终止，请登记新的取值")
	}
	return r, err
}

func endRule(tx *db.Tx, id string, last workday.Date, account, reason string) error {
	_, err := tx.Exec(`
		update due_rule set until_day = $2, ended_by = $3, ended_reason = $4
		 where id = $1`, id, day(last), account, reason)
	return err
}

// newestYears are the newest revisions of the years that were put.
func newestYears(tx *db.Tx) (all []revision, err error) {
	err = tx.All(`
		select y.year, y.revision, y.days
		  from due_year y
		 where y.revision = (select max(m.revision) from due_year m where m.year = y.year)
		 order by y.year`, nil, func(scan func(...any) error) error {
		var r revision
		err := scan(&r.year, &r.number, &r.days)
		all = append(all, r)
		return err
	})
	return all, err
}

func insertYear(tx *db.Tx, r revision, account string) error {
	_, err := tx.Exec(`
		insert into due_year (year, revision, days, account, created_at)
		values ($1, $2, $3, $4, $5)`, r.year, r.number, r.days, account, tx.Now().UnixMilli())
	return err
}

// markYear marks what may have been counted over the days of a year, of what was
// made since a time.
func markYear(tx *db.Tx, year, from, to, made int64) error {
	_, err := tx.Exec(`
		update due_promise set missing_year = $1
		 where closed_at is null and since_at < $3 and due_at >= $2 and (missing_year = 0 or missing_year > $1) and created_at >= $4`, year, from, to, made)
	return err
}

// unsettledYears are the notices put before a time of which settle knows nothing.
func unsettledYears(tx *db.Tx, before int64) (all []putting, err error) {
	err = tx.All(`
		select year, revision, created_at
		  from due_year
		 where created_at <= $1 and not settled
		 order by year, revision`, []any{before}, func(scan func(...any) error) error {
		var p putting
		err := scan(&p.year, &p.number, &p.at)
		all = append(all, p)
		return err
	})
	return all, err
}

func setSettled(tx *db.Tx, p putting) error {
	_, err := tx.Exec(`
		update due_year set settled = true
		 where year = $1 and revision = $2`, p.year, p.number)
	return err
}
