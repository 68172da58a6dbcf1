package auth

import (
	"context"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/auth/event"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/outbox"
)

// attempt is one try to prove something, counted before it is judged, so that
// many at once do not slip past the limit together.
type attempt struct {
	who     iam.Subject // zero for an unknown user
	cred    credential  // zero for who has none
	has     factors
	account gm.Digest // key of the counter by username
	address gm.Digest // key of the counter by network address; zero: none known
	locks   bool      // it is the last one before the account's lock
	stops   bool      // it is the last one before the address's lock
}

// subjectFinder finds whom an attempt is about; also tells the username to
// count by, which may be nobody's.
type subjectFinder func(*db.Tx) (username string, who iam.Subject, err error)

func named(username string) subjectFinder {
	return func(tx *db.Tx) (string, iam.Subject, error) {
		who, err := iam.SubjectNamedTx(tx, username)
		return iam.FoldUsername(username), who, unlessNotFound(err)
	}
}

func known(account string) subjectFinder {
	return func(tx *db.Tx) (string, iam.Subject, error) {
		who, err := iam.SubjectTx(tx, account)
		return who.Username, who, err
	}
}

func (s *Service) begin(ctx context.Context, find subjectFinder) (attempt, error) {
	var a attempt
	var until time.Time
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		a, until = attempt{}, time.Time{}
		username, who, err := find(tx)
		if err != nil {
			return err
		}
		a.account = s.names.Of("user:" + username)
		if until, err = s.counted(tx, httpx.MetaFrom(ctx), &a); err != nil || until.After(tx.Now()) || who.ID == "" {
			return err
		}
		a.who = who
		if a.cred, err = s.credential(tx, who.ID); unlessNotFound(err) != nil {
			return err
		}
		a.has, err = s.factorsOf(tx, a.cred)
		return err
	})
	s.tellSuspects(ctx)
	if err != nil {
		return a, err
	}
	if left := until.Sub(s.DB.Now()); left > 0 {
		return a, errLocked(left)
	}
	return a, nil
}

// counted counts a by account and by address.
func (s *Service) counted(tx *db.Tx, meta httpx.Meta, a *attempt) (until time.Time, err error) {
	byName, last, err := s.count(tx, a.account, s.opts.Failures)
	if err != nil {
		return until, err
	}
	a.locks = last
	var byAddress time.Time
	if meta.Address.IsValid() {
		a.address = s.names.Of("address:" + meta.Address.String())
		if byAddress, a.stops, err = s.count(tx, a.address, s.opts.AddrFails); err != nil {
			return until, err
		}
	}
	if byAddress.After(byName) {
		return byAddress, nil
	}
	return byName, nil
}

// count counts one attempt and tells until when attempts are refused. The
// attempt that reaches the limit is still judged; those after it are not.
func (s *Service) count(tx *db.Tx, key gm.Digest, limit int) (until time.Time, last bool, err error) {
	now := tx.Now()
	c, err := getAttempts(tx, key)
	if err != nil {
		return until, false, err
	}
	if c.until > now.UnixMilli() {
		return time.UnixMilli(c.until), false, nil
	}
	if c.since < now.Add(-s.opts.Window).UnixMilli() || c.until != 0 {
		c = attempts{since: now.UnixMilli()}
	}
	c.failures++
	if c.failures >= int64(limit) {
		c.until = now.Add(s.opts.Lock).UnixMilli()
	}
	return time.Time{}, c.until != 0, putAttempts(tx, key, c)
}

// uncount forgets the failures of an account that signed in, and takes back
// the one attempt of its address: others may be trying from there.
func (s *Service) uncount(tx *db.Tx, a attempt) error {
	if err := clearAttempts(tx, a.account); err != nil {
		return err
	}
	return takeBack(tx, a.address, s.opts.AddrFails)
}

// takeBack takes back one attempt that was right, and no more: whoever knows
// the password must not get fresh guesses at the second factor by it.
func (s *Service) takeBack(tx *db.Tx, a attempt) error {
	if err := takeBack(tx, a.account, s.opts.Failures); err != nil {
		return err
	}
	return takeBack(tx, a.address, s.opts.AddrFails)
}

func takeBack(tx *db.Tx, key gm.Digest, limit int) error {
	if key == (gm.Digest{}) {
		return nil
	}
	c, err := getAttempts(tx, key)
	if err != nil {
		return err
	}
	c.failures = max(c.failures-1, 0)
	if c.failures < int64(limit) {
		c.until = 0
	}
	return putAttempts(tx, key, c)
}

// refused records an attempt that was wrong, and the lock that it led to. also
// runs in the same transaction, unless it is nil.
func (s *Service) refused(ctx context.Context, a attempt, action string, also func(*db.Tx) error) error {
	object := "account/unknown" // never what was typed: it may be a password
	if a.who.ID != "" {
		object = "account/" + a.who.ID
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := audit.Put(tx, audit.Entry{Action: action, Object: object, Result: audit.Refused}); err != nil {
			return err
		}
		if a.stops {
			if err := audit.Put(tx, audit.Entry{Action: "auth.lock-address", Object: "address/" + addressText(httpx.MetaFrom(ctx))}); err != nil {
				return err
			}
		}
		if a.locks {
			if err := s.locked(tx, object, a.who); err != nil {
				return err
			}
		}
		if also == nil {
			return nil
		}
		return also(tx)
	})
}

// locked records a lock, and raises the alarm when it is an administrator's.
func (s *Service) locked(tx *db.Tx, object string, who iam.Subject) error {
	if err := audit.Put(tx, audit.Entry{Action: "auth.lock", Object: object}); err != nil || who.ID == "" {
		return err
	}
	return s.alarm(tx, event.Locked, event.Account{Account: who.ID, Until: tx.Now().Add(s.opts.Lock).UnixMilli()})
}

// alarm tells what happened to an account, if it is one of an administrator.
func (s *Service) alarm(tx *db.Tx, topic string, body event.Account) error {
	if s.opts.Outbox == nil {
		return nil
	}
	if yes, err := s.IAM.AdministratorTx(tx, body.Account); err != nil || !yes {
		return err
	}
	return s.opts.Outbox.Put(tx, outbox.Event{Topic: topic, Key: body.Account, Body: body})
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
