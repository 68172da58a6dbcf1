package remind

import (
	"fmt"
	"time"

	"sidian/internal/db"
)

func reminders(tx *db.Tx, q Query, before int64, beforeID string, limit int) (out []Reminder, err error) {
	args := []any{q.Issuer, before, beforeID, limit}
	where := ``
	if q.Kind != "" {
		args = append(args, q.Kind)
		where += fmt.Sprintf(` and kind = $%d`, len(args))
	}
	if q.To != "" {
		args = append(args, q.To)
		where += fmt.Sprintf(` and valid_to = $%d`, len(args))
	}
	err = tx.All(`
		select id, certificate, valid_to, lead, kind, issuer, rule, holder, unit, at
		  from remind_reminder
		 where issuer = $1 and (at, id) < ($2, $3)`+where+`
		 order by at desc, id desc
		 limit $4`, args, func(scan func(...any) error) error {
		var r Reminder
		var at int64
		err := scan(&r.ID, &r.Certificate, &r.To, &r.Lead, &r.Kind, &r.Issuer, &r.Rule, &r.Holder, &r.Unit, &at)
		r.At, r.HolderName = time.UnixMilli(at).UTC(), holderNames[r.Holder]
		out = append(out, r)
		return err
	})
	return out, err
}

func counts(tx *db.Tx, issuer string, since int64) (map[string]int, error) {
	out := map[string]int{}
	err := tx.All(`
		select holder, count(*)
		  from remind_reminder
		 where issuer = $1 and at > $2
		 group by holder
		 order by holder`, []any{issuer, since}, func(scan func(...any) error) error {
		var word string
		var n int
		err := scan(&word, &n)
		out[word] = n
		return err
	})
	return out, err
}

func coming(tx *db.Tx, issuer, from, to string) ([]Coming, error) {
	out := []Coming{}
	err := tx.All(`
		select substr(valid_to, 1, 7), kind, count(*)
		  from remind_watch
		 where issuer = $1 and valid_to >= $2 and valid_to <= $3 and state = 'watching'
		 group by substr(valid_to, 1, 7), kind
		 order by substr(valid_to, 1, 7), kind`, []any{issuer, from, to}, func(scan func(...any) error) error {
		var c Coming
		err := scan(&c.Month, &c.Kind, &c.Count)
		out = append(out, c)
		return err
	})
	return out, err
}

// A toldRow is whom a reminder was told to.
type toldRow struct{ reminder, account, notice string }

func toldOf(tx *db.Tx, list []Reminder) (out []toldRow, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	marks, args := db.Marks(nil, ids)
	err = tx.All(`select reminder, account, notice from remind_told where reminder in (`+marks+`) order by reminder, account`, args, func(scan func(...any) error) error {
		var r toldRow
		err := scan(&r.reminder, &r.account, &r.notice)
		out = append(out, r)
		return err
	})
	return out, err
}
