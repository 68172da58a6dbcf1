package auditor

import (
	"math"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

func insertAlarm(tx *db.Tx, a Alarm) error {
	_, err := tx.Exec(`
		insert into auditor_alarm (id, kind, org, account, object, reason, at) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict do nothing`, a.ID, a.Kind, a.Org, a.Account, a.Object, a.Reason, a.At.UnixMilli())
	return err
}

const alarmColumns = `id, kind, org, account, object, reason, at, state, acknowledged_by, coalesce(acknowledged_at, 0), note`

// alarms returns up to n alarms before a place, newest first, in a state or all.
func alarms(tx *db.Tx, state string, after audit.Cursor, n int) (out []Alarm, err error) {
	q := `select ` + alarmColumns + ` from auditor_alarm where (at, id) < ($1, $2) order by at desc, id desc limit $3`
	switch state {
	case Open:
		q = `select ` + alarmColumns + ` from auditor_alarm where state = 'open' and (at, id) < ($1, $2) order by at desc, id desc limit $3`
	case Acknowledged:
		q = `select ` + alarmColumns + ` from auditor_alarm where state = 'acknowledged' and (at, id) < ($1, $2) order by at desc, id desc limit $3`
	}
	at := int64(math.MaxInt64)
	if after != (audit.Cursor{}) {
		at = after.At.UnixMilli()
	}
	err = tx.All(q, []any{at, after.ID, n}, func(scan func(...any) error) error {
		a, err := scanAlarm(scan)
		out = append(out, a)
		return err
	})
	return out, err
}

func alarmTx(tx *db.Tx, id string) (a Alarm, err error) {
	found := false
	err = tx.All(`select `+alarmColumns+` from auditor_alarm where id = $1 order by id for update`, []any{id}, func(scan func(...any) error) error {
		found = true
		a, err = scanAlarm(scan)
		return err
	})
	if err == nil && !found {
		err = errNoAlarm()
	}
	return a, err
}

func scanAlarm(scan func(...any) error) (a Alarm, err error) {
	var at, seen int64
	err = scan(&a.ID, &a.Kind, &a.Org, &a.Account, &a.Object, &a.Reason, &at, &a.State, &a.By, &seen, &a.Note)
	a.At, a.Name = time.UnixMilli(at).UTC(), kinds[a.Kind]
	if seen > 0 {
		a.Seen = time.UnixMilli(seen).UTC()
	}
	return a, err
}

func acknowledge(tx *db.Tx, a Alarm) error {
	n, err := tx.Exec(`
		update auditor_alarm set state = $1, acknowledged_by = $2, acknowledged_at = $3, note = $4
		 where id = $5 and state = 'open'`, a.State, a.By, a.Seen.UnixMilli(), a.Note, a.ID)
	if err == nil && n == 0 {
		err = fault.Conflict.New("该告警已经处置").WithCode("alarm.state").WithHint("请刷新后查看处置说明")
	}
	return err
}
