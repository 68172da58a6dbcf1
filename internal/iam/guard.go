package iam

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/outbox"
)

// guards make what was edited in the database give nothing (GB/T 39786-2021,
// integrity of access-control information). Accounts and tokens, which business
// writes, carry a MAC but no census.
type guards struct {
	orgs, posts, accounts, grants, glasses, policies, clients, secrets, tokens *keys.Rows

	mu   sync.Mutex
	told map[string]time.Time // what was alarmed about, so that a cache that expires does not alarm again
}

// guarded is a row that gives somebody something.
type guarded interface {
	id() string
	fields() []any // in a fixed order: to change it is to make every row wrong
	had() []byte   // the MAC that it was read with
}

func newGuards(ctx context.Context, ks *keys.Store) (*guards, error) {
	g := &guards{told: map[string]time.Time{}}
	for table, to := range map[string]**keys.Rows{
		"iam_org": &g.orgs, "iam_post": &g.posts, "iam_account": &g.accounts, "iam_grant": &g.grants, "iam_glass": &g.glasses,
		"iam_policy": &g.policies, "iam_client": &g.clients, "iam_secret": &g.secrets, "iam_token": &g.tokens,
	} {
		var err error
		if *to, err = ks.Rows(ctx, table); err != nil {
			return nil, fmt.Errorf("iam: opening the guard of %s: %w", table, err)
		}
	}
	return g, nil
}

func macOf(r *keys.Rows, row guarded) []byte { return r.Mac(row.id(), row.fields()...) }

func intact(r *keys.Rows, row guarded) bool {
	return r.Check(row.had(), row.id(), row.fields()...) == nil
}

// add counts a new row in and returns the MAC to store with it.
func add(tx *db.Tx, r *keys.Rows, row guarded) ([]byte, error) {
	mac := macOf(r, row)
	return mac, r.Insert(tx, mac)
}

// change counts a changed row, whose former MAC is that with which it was read.
func change(tx *db.Tx, r *keys.Rows, row guarded) ([]byte, error) {
	mac := macOf(r, row)
	return mac, r.Update(tx, row.had(), mac)
}

// errAltered refuses to go on from a row that was edited in the database.
func errAltered() error {
	return fault.Conflict.New("该记录的完整性校验不符，已停止使用").WithCode("iam.altered").WithHint("请联系平台运维人员运行 sidian doctor，并核查数据库的访问记录")
}

// TopicAlarm announces that a row was edited in the database; its body is an
// Alarm.
const TopicAlarm = "iam.tampered"

// An Alarm is the body of TopicAlarm.
type Alarm struct {
	Table string    `json:"table"`
	ID    string    `json:"id"` // of the row
	At    time.Time `json:"at"`
}

// alarm tells of a row that gave nothing because it was edited, once an hour.
// It is not the caller's fault and does not fail what they do; that the alarm
// itself cannot be written is told by the next look.
func (s *Service) alarm(ctx context.Context, table, id string) {
	key, now := table+"/"+id, s.DB.Now()
	s.guards.mu.Lock()
	last, told := s.guards.told[key]
	if told && now.Sub(last) < time.Hour {
		s.guards.mu.Unlock()
		return
	}
	s.guards.told[key] = now
	s.guards.mu.Unlock()
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := audit.Put(tx, audit.Entry{Action: "iam.altered", Object: key, Result: audit.Refused}); err != nil {
			return err
		}
		return s.tell(tx, outbox.Event{Topic: TopicAlarm, Key: id, Body: Alarm{table, id, tx.Now()}})
	})
	if err != nil {
		s.guards.mu.Lock()
		delete(s.guards.told, key)
		s.guards.mu.Unlock()
	}
}

// tell puts an event if there is somebody to tell.
func (s *Service) tell(tx *db.Tx, e outbox.Event) error {
	if s.Outbox == nil {
		return nil
	}
	return s.Outbox.Put(tx, e)
}
