package seal

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/outbox"
)

// guards make rows that let a seal be used worthless when they were written by
// somebody who has the database alone (GB/T 39786-2021, integrity of
// access-control information). Rules and policies, which are few and change by
// administrative acts, are counted as well; approvals and uses, which business
// writes, carry a MAC and no census.
type guards struct {
	rules, policies, approvals, uses *keys.Rows
	begun                            *keys.Rows // has one row once old rows were adopted
}

// alarms is what was told of altered rows, and when.
type alarms struct {
	mu   sync.Mutex
	told map[string]time.Time
}

// guard returns the guards, which are made once: their keys outlive rotation.
func (s *Service) guard(ctx context.Context) (*guards, error) {
	if g := s.guarded.Load(); g != nil {
		return g, nil
	}
	g := &guards{}
	for table, to := range map[string]**keys.Rows{
		"seal_rule": &g.rules, "seal_policy": &g.policies, "seal_approval": &g.approvals, "seal_use": &g.uses, "seal_guarded": &g.begun,
	} {
		var err error
		if *to, err = s.Keys.Rows(ctx, table); err != nil {
			return nil, fmt.Errorf("seal: opening the guard of %s: %w", table, err)
		}
	}
	s.guarded.Store(g)
	return g, nil
}

// A guardedRow is a row that lets a seal be used.
type guardedRow interface {
	key() string
	fields() []any // in a fixed order: to change it is to make every row wrong
	had() []byte   // the MAC that it was read with
}

func macOf(g *keys.Rows, r guardedRow) []byte { return g.Mac(r.key(), r.fields()...) }

func intact(g *keys.Rows, r guardedRow) bool { return g.Check(r.had(), r.key(), r.fields()...) == nil }

// An alteredError names the row that was edited.
type alteredError struct{ table, id string }

func (e *alteredError) Error() string { return "seal: a guarded row was altered: " + e.table }

// errAltered refuses to use a seal by a row that this program did not write.
func errAltered(table, id string) error {
	return fault.Conflict.Wrap(&alteredError{table, id}, "%s的完整性校验不符，可能在数据库中被改动，拒绝用印", rowNames[table]).WithCode("seal.altered").
		WithHint("请勿再次办理，联系平台运维人员运行 sidian doctor 并核查数据库的访问记录；核查后重新审批")
}

var rowNames = map[string]string{
	"seal_rule": "用印审批规则", "seal_policy": "常备用印授权", "seal_approval": "用印审批", "seal_use": "用印记录",
}

var rowID = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// alarm tells of an altered row, once an hour, in tx.
func (s *Service) alarm(tx *db.Tx, table, id string) error {
	switch {
	case id == "":
		id = "all"
	case !rowID.MatchString(id):
		id = "unknown" // whoever wrote it chose it
	}
	key := table + "/" + id
	if !s.alarmed.due(key, tx.Now()) {
		return nil
	}
	if err := audit.Put(tx, audit.Entry{Action: "seal.altered", Object: key, Result: audit.Refused}); err != nil {
		return err
	}
	if s.Outbox != nil {
		if err := s.Outbox.Put(tx, outbox.Event{Topic: iam.TopicAlarm, Key: id, Body: iam.Alarm{Table: table, ID: id, At: tx.Now()}}); err != nil {
			return err
		}
	}
	now := tx.Now()
	tx.AfterCommit(func() { s.alarmed.tell(key, now) })
	return nil
}

func (w *alarms) due(key string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	last, told := w.told[key]
	return !told || now.Sub(last) >= time.Hour
}

func (w *alarms) tell(key string, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told == nil {
		w.told = map[string]time.Time{}
	}
	w.told[key] = now
}

// alarmOf tells of the altered row that is the cause of err, if one is.
func (s *Service) alarmOf(tx *db.Tx, err error) error {
	var e *alteredError
	if !errors.As(err, &e) {
		return nil
	}
	return s.alarm(tx, e.table, e.id)
}
