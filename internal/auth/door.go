package auth

import (
	"context"
	"errors"
	"sync"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// doors are the refusals at routes that were just recorded: whoever knocks all
// day long leaves a row a minute, not a full disk.
type doors struct {
	mu   sync.Mutex
	last map[door]time.Time
}

type door struct{ caller, pattern string }

const (
	oneRefusal = time.Minute
	mostDoors  = 10_000
	longestWay = 200 // of a pattern, in bytes: what an audit row takes
)

// Permit is iam.Allow for one of the permissions, for any organisation. A
// refusal of somebody known is audited, once a minute for the same caller and
// route; what happens to strangers is not.
func (s *Service) Permit(ctx context.Context, permissions []string) error {
	err := s.IAM.Permit(ctx, permissions)
	if !errors.Is(err, fault.Forbidden) {
		return err
	}
	return errors.Join(err, s.refusedAt(ctx, permissions))
}

func (s *Service) refusedAt(ctx context.Context, permissions []string) error {
	meta, p, now := httpx.MetaFrom(ctx), iam.Principal{}, s.DB.Now()
	if known, ok := iam.From(ctx); ok {
		p = *known
	}
	at := door{caller: "account/" + p.Account, pattern: meta.Pattern}
	if p.Client != "" {
		at.caller = "client/" + p.Client
	}
	if !s.doors.claim(at, now) {
		return nil
	}
	entry := audit.Entry{Action: "access.refused", Object: "route/" + at.pattern, Result: audit.Refused}
	if len(entry.Object) > longestWay {
		entry.Object = entry.Object[:longestWay]
	}
	if len(permissions) > 0 { // the refusal names the first
		entry.Rule = iam.Grounds(iam.Decide(ctx, iam.Question{Permission: permissions[0], Gate: true}))
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error { return audit.Put(tx, entry) })
	if err != nil {
		s.doors.forget(at)
	}
	return err
}

// claim tells whether a refusal is the first in its minute.
func (x *doors) claim(at door, now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if last, ok := x.last[at]; ok && !now.Before(last) && now.Sub(last) < oneRefusal {
		return false
	}
	if x.last == nil || len(x.last) >= mostDoors {
		x.last = map[door]time.Time{} // at worst a row more
	}
	x.last[at] = now
	return true
}

func (x *doors) forget(at door) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.last, at)
}
