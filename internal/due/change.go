package due

import (
	"errors"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// Keep notes that what was promised is done, in time or late. A promise that
// was kept already is returned as it is. fault.NotFound "due.unknown" says that
// nothing was promised, which a caller may be content with;
// fault.Conflict "due.dropped" that it was dropped.
func (s *Service) Keep(tx *db.Tx, topic, object string) (Promise, error) {
	return s.change(tx, topic, object, func(p *Promise) error {
		if p.closed() {
			return p.was(Kept)
		}
		if p.State == Paused {
			if err := s.resume(tx, p); err != nil {
				return err
			}
		}
		p.Late, p.State, p.ClosedAt = tx.Now().After(p.Due), Kept, tx.Now()
		return nil
	})
}

// Drop notes that nothing is left to do, and why: what was promised about went
// away. A promise that was dropped already is returned as it is.
func (s *Service) Drop(tx *db.Tx, topic, object, reason string) (Promise, error) {
	return s.change(tx, topic, object, func(p *Promise) error {
		if p.closed() {
			return p.was(Dropped)
		}
		var err error
		if p.Reason, err = checkReason(reason); err != nil {
			return err
		}
		p.State, p.ClosedAt = Dropped, tx.Now()
		return nil
	})
}

// Pause stops the clock, because somebody else is asked: an applicant who has
// to supply something. What is overdue is not paused any more, neither is a
// fixed day.
func (s *Service) Pause(tx *db.Tx, topic, object, reason string) (Promise, error) {
	return s.change(tx, topic, object, func(p *Promise) error {
		switch {
		case p.State == Paused:
			return errUnchanged
		case p.closed():
			return p.was(Paused)
		case p.terms.Backward || p.terms.Unit == Date:
			return fault.Conflict.New("到期日固定的时限不能中止").WithCode("due.fixed")
		case tx.Now().After(p.Due):
			return fault.Conflict.New("已超期的时限不能中止").WithCode("due.late").WithHint("请尽快办结")
		case len(p.pauses) >= maxPauses:
			return fault.TooMany.New("中止次数过多").WithCode("due.pauses").WithHint("请办结或撤销该事项")
		}
		var err error
		if p.Reason, err = checkReason(reason); err != nil {
			return err
		}
		p.State = Paused
		p.pauses = append(p.pauses, span{from: tx.Now()})
		return nil
	})
}

// Resume lets the clock run again. The days after the one on which it stopped,
// up to this one, do not count.
func (s *Service) Resume(tx *db.Tx, topic, object string) (Promise, error) {
	return s.change(tx, topic, object, func(p *Promise) error {
		switch {
		case p.State == Open:
			return errUnchanged
		case p.closed():
			return p.was(Open)
		}
		return s.resume(tx, p)
	})
}

func (s *Service) resume(tx *db.Tx, p *Promise) error {
	calendar, err := s.Calendar(tx)
	if err != nil {
		return err
	}
	last := &p.pauses[len(p.pauses)-1]
	last.to = tx.Now()
	if last.to.Before(last.from) {
		last.to = last.from // the clock was set back
	}
	p.State, p.Reason = Open, ""
	p.recount(p.terms.planned(calendar, p.Since, p.Until, p.pauses), tx.Now())
	return nil
}

// Assign gives one open promise to an account, or with "" back to the unit. A
// personal promise is nobody else's: fault.Conflict "due.personal".
func (s *Service) Assign(tx *db.Tx, topic, object, account string) (Promise, error) {
	return s.change(tx, topic, object, func(p *Promise) error {
		switch {
		case p.closed():
			return fault.Conflict.New("该时限已办结或撤销").WithCode("due.closed")
		case p.Account == account:
			return errUnchanged
		case p.Permission == "":
			return errPersonal
		case len(account) > maxName:
			return errAccount
		case account == "" && p.Org == "":
			return errAccount
		}
		p.Account = account
		return nil
	})
}

var (
	errPersonal = fault.Conflict.New("该时限只能由本人办理").WithCode("due.personal")
	errAccount  = fault.Invalid.New("责任人不正确").WithCode("due.account").WithHint("请选择另一名工作人员")
)

// Reassign gives what an account still owes to another, or with "" back to its
// units, and tells how many promises that were. Personal ones stay: DropOf ends
// them when the account closes.
func (s *Service) Reassign(tx *db.Tx, from, to string) (int64, error) {
	if from == "" || from == to || len(from) > maxName || len(to) > maxName {
		return 0, errAccount
	}
	return reassign(tx, from, to)
}

// DropOf drops the personal promises of an account that is closed, and tells
// how many they were.
func (s *Service) DropOf(tx *db.Tx, account, reason string) (int64, error) {
	if account == "" {
		return 0, errAccount
	}
	reason, err := checkReason(reason)
	if err != nil {
		return 0, err
	}
	return dropOf(tx, account, reason)
}

// errUnchanged says that a promise is already as it should be.
var errUnchanged = errors.New("due: unchanged")

// change loads the open promise about an object, or the one closed last, and
// saves what fn makes of it.
func (s *Service) change(tx *db.Tx, topic, object string, fn func(*Promise) error) (Promise, error) {
	p, err := takeOpen(tx, topic, object)
	if errors.Is(err, fault.NotFound) {
		p, err = lastOf(tx, topic, object)
	}
	if err != nil {
		return p, err
	}
	switch err := fn(&p); {
	case errors.Is(err, errUnchanged):
	case err != nil:
		return p, err
	default:
		if err := save(tx, &p); err != nil {
			return p, err
		}
	}
	return s.shown(tx, p)
}

// was answers who wants a closed promise in a state: it is so, or it cannot.
func (p *Promise) was(want State) error {
	switch p.State {
	case want:
		return errUnchanged
	case Kept:
		return fault.Conflict.New("该时限已办结").WithCode("due.kept")
	}
	return fault.Conflict.New("该时限已撤销").WithCode("due.dropped")
}

// recount takes a plan that was counted anew. An end that lies ahead again is
// announced again; reminders are not repeated.
func (p *Promise) recount(n plan, now time.Time) {
	p.take(n)
	if over := overdueAt(p.moments); p.step > over && p.moments[over].at.After(now) {
		p.step = over
	}
}

func checkReason(s string) (string, error) {
	s = strings.TrimSpace(s)
	if n := len([]rune(s)); n == 0 || n > maxReason {
		return s, fault.Invalid.New("请写明理由").WithCode("due.reason").WithHint("不超过 %d 字", maxReason)
	}
	return s, nil
}
