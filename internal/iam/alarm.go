package iam

import (
	"context"
	"errors"
	"regexp"
	"sync"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/outbox"
)

// TopicAlarm announces that a row was edited in the database; its body is an
// Alarm.
const TopicAlarm = "iam.tampered"

// An Alarm is the body of TopicAlarm.
type Alarm struct {
	Table string    `json:"table"`
	ID    string    `json:"id"` // of the row
	At    time.Time `json:"at"`
}

// An AlteredError names a row that is not what was written. Object is how the audit
// names what stands in such rows.
type AlteredError struct{ Table, ID, Object string }

func (e *AlteredError) Error() string { return "iam: a guarded row was altered: " + e.Table }

// Alarms tells of rows that are not what was written, each once an hour however
// often it is met: in the audit and by an event. The zero value is ready.
type Alarms struct {
	mu   sync.Mutex
	told map[string]time.Time // by table and row
}

// alarmEvery is how often one row is told of.
const alarmEvery = time.Hour

var plainID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// Raise tells of the row id of a table: the audit says that action was refused to
// the object of this name and id. The id may be the work of whoever edited the row:
// one that is not plain is told as unknown. An outbox that is nil tells nobody. It
// does not end with the request that met the row; what cannot be written is told
// by the next look.
func (a *Alarms) Raise(ctx context.Context, d *db.DB, o *outbox.Outbox, table, id, action, object string) error {
	if !plainID.MatchString(id) {
		id = "unknown"
	}
	key := table + "/" + id
	if !a.due(key, d.Now()) {
		return nil
	}
	err := d.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		err := audit.Put(tx, audit.Entry{Action: action, Object: object + "/" + id, Result: audit.Refused})
		if err != nil || o == nil {
			return err
		}
		return o.Put(tx, outbox.Event{Topic: TopicAlarm, Key: id, Body: Alarm{table, id, tx.Now()}})
	})
	if err != nil {
		a.mu.Lock()
		delete(a.told, key)
		a.mu.Unlock()
	}
	return err
}

// Heed raises an alarm where an AlteredError is the cause of err, which it returns.
func (a *Alarms) Heed(ctx context.Context, d *db.DB, o *outbox.Outbox, err error, action string) error {
	var e *AlteredError
	if errors.As(err, &e) {
		_ = a.Raise(ctx, d, o, e.Table, e.ID, action, e.Object) // told by the next look
	}
	return err
}

// due notes that a row is told of, unless that was done within the hour.
func (a *Alarms) due(key string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last, told := a.told[key]; told && now.Sub(last) < alarmEvery {
		return false
	}
	if a.told == nil {
		a.told = map[string]time.Time{}
	}
	a.told[key] = now
	return true
}
