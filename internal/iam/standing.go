package iam

import (
	"context"
	"fmt"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam/policy"
)

// standing is the policy in force as it was read; never changed.
type standing struct {
	revision int64       // of the table
	version  int         // 0: the shipped one
	set      *policy.Set // nil: what stands in the database cannot be trusted or read, so nothing is allowed
}

// InForce is the policy in force. When what stands in the database cannot be
// trusted it is an empty one, that allows nothing.
func (s *Service) InForce() *policy.Set {
	if st := s.live.policy.Load(); st != nil && st.set != nil {
		return st.set
	}
	return &policy.Set{}
}

// role returns a role of the policy in force, or a refusal.
func (s *Service) role(code string) (policy.Role, error) {
	r, ok := s.InForce().Role(code)
	if !ok {
		return r, fault.NotFound.New("没有这个角色").WithCode("role.unknown").WithHint("请从列出的角色中选择")
	}
	return r, nil
}

// rereadAfter is how many times CacheFor the tables are read again although
// they did not change by the program's own hand.
const rereadAfter = 30

// mostAlarms are how many altered organisations one look alarms about.
const mostAlarms = 20

// refresh brings up to date what principals ask: at most CacheFor old, and not
// made stale by this process. What has not changed is not read again, so that
// tens of thousands of organisations cost nothing.
func (s *Service) refresh(ctx context.Context) error {
	t := s.live.orgs.Load()
	now := s.DB.Now() // before reading: what commits meanwhile is read next time
	if t != nil && now.Sub(t.at) < s.opts.CacheFor {
		return nil
	}
	if t != nil && !s.refreshing.TryLock() {
		return nil // somebody is at it, and what there is was right a moment ago
	} else if t == nil {
		s.refreshing.Lock()
	}
	defer s.refreshing.Unlock()
	return s.reread(ctx, t, now)
}

func (s *Service) reread(ctx context.Context, old *tree, now time.Time) error {
	var fresh *tree
	var st *standing
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		fresh, st = nil, nil
		revision, changed := revisionOf(s.guards.orgs.Census(tx))
		if old != nil && !changed && old.revision == revision && now.Sub(old.read) < rereadAfter*s.opts.CacheFor {
			again := *old
			again.at = now
			fresh = &again
		} else if fresh, err = s.readTree(tx, now, revision); err != nil {
			return err
		}
		st, err = s.readStanding(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("iam: reading organisations and policy: %w", err)
	}
	s.live.orgs.Store(fresh)
	s.live.policy.Store(st)
	for _, id := range fresh.altered[:min(len(fresh.altered), mostAlarms)] { // a table that was never adopted would alarm for each row
		s.alarm(ctx, "iam_org", id)
	}
	if st.set == nil {
		s.alarm(ctx, "iam_policy", fmt.Sprint(st.version))
	}
	return nil
}

// readTree reads the organisations. One that was edited in the database is left
// out, and with it all below it is covered by nothing.
func (s *Service) readTree(tx *db.Tx, now time.Time, revision int64) (*tree, error) {
	list, err := allOrgs(tx)
	if err != nil {
		return nil, err
	}
	var altered []string
	good := list[:0]
	for _, o := range list {
		if intact(s.guards.orgs, &o) {
			good = append(good, o)
		} else {
			altered = append(altered, o.ID)
		}
	}
	t := newTree(good, now, revision)
	t.altered = altered
	return t, nil
}

// grow adds a new organisation to what principals ask, without reading the
// whole table again: units come by the thousand. The table's revision stays
// that of the tree that was read, so that the next refresh reads it.
func (s *Service) grow(o Org) {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	if t := s.live.orgs.Load(); t != nil {
		s.live.orgs.Store(t.with(o))
	}
}

// reloadTree follows a change of organisations. The change has happened: that
// reading it back fails is told by the next who reads.
func (s *Service) reloadTree(ctx context.Context) {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	_ = s.reread(ctx, nil, s.DB.Now())
}

// readStanding reads the policy in force: that which was approved, or while
// there is none the shipped one.
func (s *Service) readStanding(tx *db.Tx) (*standing, error) {
	revision, changed := revisionOf(s.guards.policies.Census(tx))
	if now := s.live.policy.Load(); now != nil && !changed && now.set != nil && now.revision == revision && s.recent() {
		return now, nil
	}
	row, err := effectivePolicy(tx)
	if err != nil {
		return nil, err
	}
	if row == nil {
		set, err := policy.Shipped()
		if err != nil {
			return nil, fmt.Errorf("iam: reading the shipped policy: %w", err)
		}
		return &standing{revision: revision, set: set}, nil
	}
	st := &standing{revision: revision, version: row.version}
	if !intact(s.guards.policies, row) {
		return st, nil
	}
	set, err := policy.Parse([]byte(row.roles), []byte(row.rules))
	if err == nil && set.Digest() == row.digestOf() {
		st.set = set
	}
	return st, nil
}

// recent tells whether the tables were read, not only found unchanged, lately.
func (s *Service) recent() bool {
	t := s.live.orgs.Load()
	return t != nil && s.DB.Now().Sub(t.read) < rereadAfter*s.opts.CacheFor
}
