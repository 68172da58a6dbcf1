package auth

import (
	"context"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Session is where someone is signed in, as they may see it themselves.
type Session struct {
	ID      string    `json:"id"`
	Agent   string    `json:"agent" doc:"浏览器"`
	Device  string    `json:"device" doc:"浏览器和系统的名称"`
	Address string    `json:"address" doc:"网络地址"`
	Created time.Time `json:"created_at"`
	Seen    time.Time `json:"seen_at"`
	Second  bool      `json:"second"`
	Current bool      `json:"current" doc:"本次会话"`
}

// session is a session that was looked up, kept for CacheFor.
type session struct {
	row       sessionRow
	principal *iam.Principal
}

// touchEvery is how often the last use of a session is written down.
const touchEvery = time.Minute

var errSession = fault.Unauthorized.New("会话已结束").WithCode("auth.session").WithHint("请重新登录")

// principalOf returns who a session's token belongs to. A session that is
// unknown, ended, idle for too long or too old is refused alike.
func (s *Service) principalOf(ctx context.Context, token string) (*iam.Principal, error) {
	if len(token) != tokenLen {
		return nil, errSession
	}
	hash := gm.Sum([]byte(token))
	se, cached := s.sessions.GetIfPresent(hash)
	if !cached {
		var err error
		if se, err = s.loadSession(ctx, hash); err != nil {
			return nil, err
		}
	}
	now := s.DB.Now()
	if now.Sub(time.UnixMilli(se.row.seen)) > s.opts.Idle || now.Sub(time.UnixMilli(se.row.created)) > s.opts.Absolute {
		return nil, errSession
	}
	if !cached {
		if err := s.touch(ctx, se, now); err != nil {
			return nil, err
		}
		s.sessions.Set(hash, se)
	}
	return se.principal, nil
}

func (s *Service) loadSession(ctx context.Context, hash gm.Digest) (*session, error) {
	var se session
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { se.row, err = s.liveSession(tx, hash); return err })
	s.tellSuspects(ctx)
	if err != nil {
		if fault.As(err) != nil {
			return nil, errSession
		}
		return nil, err
	}
	se.principal, err = s.IAM.Principal(ctx, se.row.account, iam.Proof{Session: se.row.id, Second: se.row.second, Level: int(se.row.level)})
	return &se, err
}

func (s *Service) touch(ctx context.Context, se *session, now time.Time) error {
	if now.Sub(time.UnixMilli(se.row.seen)) < touchEvery {
		return nil
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error { return touchSession(tx, se.row.hash) })
	if err == nil {
		se.row.seen = now.UnixMilli()
	}
	return err
}

// forget drops what is cached of an account's sessions.
func (s *Service) forget(account string) {
	if account == "" {
		return
	}
	for hash, se := range s.sessions.All() {
		if se.row.account == account {
			s.sessions.Invalidate(hash)
		}
	}
}

// SignOut ends the session that the request came with.
func (s *Service) SignOut(ctx context.Context) error {
	p, ok := iam.From(ctx)
	if !ok || p.Session == "" {
		return nil
	}
	return s.EndSession(ctx, p.Session)
}

// EndSession ends one of the caller's own sessions.
func (s *Service) EndSession(ctx context.Context, id string) error {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return errSession
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		owner, err := sessionOwner(tx, id)
		if err != nil || owner != p.Account {
			if err != nil && fault.As(err) == nil {
				return err
			}
			return fault.NotFound.New("没有这个会话").WithCode("session.unknown")
		}
		if err := endSession(tx, id); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "auth.sign-out", Object: "session/" + id})
	})
	s.forget(p.Account)
	return err
}

// SignOutEverywhere ends all sessions of the caller, this one included.
func (s *Service) SignOutEverywhere(ctx context.Context) error {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return errSession
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := endSessions(tx, p.Account, ""); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "auth.sign-out-everywhere", Object: "account/" + p.Account})
	})
	s.forget(p.Account)
	return err
}

// Sessions lists where the caller is signed in, newest first.
func (s *Service) Sessions(ctx context.Context) ([]Session, error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return nil, errSession
	}
	var list []Session
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := sessionsOf(tx, p.Account, tx.Now().Add(-s.opts.Idle), tx.Now().Add(-s.opts.Absolute))
		for _, r := range rows {
			list = append(list, Session{ID: r.id, Agent: r.agent, Device: device(r.agent), Address: r.address, Created: time.UnixMilli(r.created).UTC(), Seen: time.UnixMilli(r.seen).UTC(), Second: r.second, Current: r.id == p.Session})
		}
		return err
	})
	return list, err
}
