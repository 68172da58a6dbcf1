package auth

import (
	"context"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// attempt is one try to sign in, counted before it is judged, so that many at
// once do not slip past the limit together.
type attempt struct {
	who     iam.Subject // zero for an unknown user
	cred    credential  // zero for who has none
	account gm.Digest   // key of the counter by username
	address gm.Digest   // key of the counter by network address; zero: none known
}

func (s *Service) begin(ctx context.Context, username string, meta httpx.Meta) (attempt, error) {
	a := attempt{account: s.names.Of("user:" + username)}
	if meta.Address.IsValid() {
		a.address = s.names.Of("address:" + meta.Address.String())
	}
	var until time.Time
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		until, a.who, a.cred = time.Time{}, iam.Subject{}, credential{}
		byName, err := s.count(tx, a.account, s.opts.Failures)
		if err != nil {
			return err
		}
		var byAddress time.Time
		if a.address != (gm.Digest{}) {
			if byAddress, err = s.count(tx, a.address, s.opts.AddrFails); err != nil {
				return err
			}
		}
		if until = later(byName, byAddress); until.After(tx.Now()) {
			return nil
		}
		who, err := iam.SubjectNamedTx(tx, username)
		if err != nil {
			return unlessNotFound(err)
		}
		a.who = who
		a.cred, err = getCredential(tx, who.ID)
		return unlessNotFound(err)
	})
	if err != nil {
		return a, err
	}
	if left := until.Sub(s.DB.Now()); left > 0 {
		return a, errLocked(left)
	}
	return a, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// count counts one attempt and tells until when attempts are refused. The
// attempt that reaches the limit is still judged; those after it are not.
func (s *Service) count(tx *db.Tx, key gm.Digest, limit int) (until time.Time, err error) {
	now := tx.Now()
	c, err := getAttempts(tx, key)
	if err != nil {
		return until, err
	}
	if c.until > now.UnixMilli() {
		return time.UnixMilli(c.until), nil
	}
	if c.since < now.Add(-s.opts.Window).UnixMilli() || c.until != 0 {
		c = attempts{since: now.UnixMilli()}
	}
	c.failures++
	if c.failures >= int64(limit) {
		c.until = now.Add(s.opts.Lock).UnixMilli()
	}
	return time.Time{}, putAttempts(tx, key, c)
}

// uncount forgets the failures of an account that signed in, and takes back
// the one attempt of its address: others may be trying from there.
func (s *Service) uncount(tx *db.Tx, a attempt) error {
	if err := clearAttempts(tx, a.account); err != nil {
		return err
	}
	if a.address == (gm.Digest{}) {
		return nil
	}
	c, err := getAttempts(tx, a.address)
	if err != nil {
		return err
	}
	c.failures = max(c.failures-1, 0)
	if c.failures < int64(s.opts.AddrFails) {
		c.until = 0
	}
	return putAttempts(tx, a.address, c)
}

// Unlock lets a locked account try again at once.
func (s *Service) Unlock(ctx context.Context, id, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := iam.SubjectTx(tx, id)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, "account.lock", who.Org); err != nil {
			return err
		}
		if err := clearAttempts(tx, s.names.Of("user:"+who.Username)); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "account.unlock", Object: "account/" + id, Reason: reason})
	})
}

// unlessNotFound drops the error that says that a row is not there.
func unlessNotFound(err error) error {
	if e := fault.As(err); e != nil && e.Kind == fault.NotFound {
		return nil
	}
	return err
}
