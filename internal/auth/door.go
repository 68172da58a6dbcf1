package auth

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
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

// Permit is iam.Allow for one of the permissions, for any organisation.
func (s *Service) Permit(ctx context.Context, permissions []string) error {
	return s.IAM.Permit(ctx, permissions)
}

// Refused audits that somebody known was refused, once a minute for the same
// caller and route; what happens to strangers is not audited.
func (s *Service) Refused(ctx context.Context, err error) error {
	meta, now := httpx.MetaFrom(ctx), s.DB.Now()
	at := door{caller: meta.Caller.ID, pattern: meta.Pattern}
	if !s.doors.claim(at, now) {
		return nil
	}
	entry := audit.Entry{Action: "access.refused", Object: "route/" + at.pattern, Result: audit.Refused}
	if len(entry.Object) > longestWay {
		entry.Object = entry.Object[:longestWay]
	}
	if f := fault.As(err); f != nil {
		entry.Rule = fmt.Sprintf("%s@%d", f.Code, s.IAM.InForce().Version())
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return audit.Put(tx, entry) })
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
