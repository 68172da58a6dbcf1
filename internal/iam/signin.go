package iam

import (
	"context"
	"net/http"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
)

// SignInRequest is what a person proves themselves with.
type SignInRequest struct {
	Username string `json:"username" maxLength:"80"`
	Password string `json:"password" maxLength:"512"`
	Code     string `json:"code,omitempty" maxLength:"8" doc:"一次性口令；要求第二因素时必填"`
}

// SignedIn is an opened session. The token is told once, as a cookie.
type SignedIn struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	Kind    Kind   `json:"kind"`
	Second  bool   `json:"second" doc:"使用了第二因素"`

	token  string
	secure bool
}

// Cookies are what the browser is to keep.
func (s SignedIn) Cookies() []*http.Cookie {
	return []*http.Cookie{httpx.SessionCookie(s.token, s.secure)}
}

// Token is the session's token, for a caller that sets the cookie itself.
func (s SignedIn) Token() string { return s.token }

// errSignIn is the one answer to every wrong sign-in: whether the user exists,
// is closed, or gave a wrong password or code, is not told.
func errSignIn() error {
	return fault.Unauthorized.New("用户名、密码或一次性口令不正确").WithCode("auth.failed").WithHint("请核对后重试；多次失败将暂时锁定")
}

func errLocked(d time.Duration) error {
	return fault.TooMany.New("登录失败次数过多，已暂时锁定").WithCode("auth.locked").WithHint("请在约 %d 分钟后重试，或请安全管理员解锁", int(d/time.Minute)+1)
}

// SignIn opens a session. Whatever session the request came with ends, so that
// none can be planted before.
func (s *Service) SignIn(ctx context.Context, r SignInRequest) (SignedIn, error) {
	username, meta := foldUsername(r.Username), httpx.MetaFrom(ctx)
	try, err := s.begin(ctx, username, meta)
	if err != nil {
		return SignedIn{}, err
	}
	right, err := s.hasher.check(ctx, try.row.password, r.Password)
	if err != nil {
		return SignedIn{}, err
	}
	step, code, err := s.checkCode(try.row, r.Code)
	if err != nil {
		return SignedIn{}, err
	}
	if !right || !code || try.row.closed {
		return SignedIn{}, s.fail(ctx, try)
	}
	out := SignedIn{Account: try.row.id, Kind: try.row.kind, Second: r.Code != "", secure: meta.Secure}
	name, err := s.box.Open(cell("name", try.row.id), try.row.name)
	if err != nil {
		return SignedIn{}, err
	}
	out.Name = string(name)
	var hash gm.Digest
	out.token, hash = newToken()
	err = s.succeed(ctx, try, sessionRow{hash: hash, id: newID(), account: out.Account, second: out.Second, agent: meta.UserAgent, address: addressText(meta)}, step)
	if fault.As(err) != nil && fault.As(err).Kind == fault.Unauthorized {
		return SignedIn{}, s.fail(ctx, try) // a code that was used already
	}
	return out, err
}

func addressText(m httpx.Meta) string {
	if !m.Address.IsValid() {
		return ""
	}
	return m.Address.String()
}

// attempt is one try to sign in, counted before it is judged, so that many at
// once do not slip past the limit together.
type attempt struct {
	row     accountRow // zero for an unknown user
	account gm.Digest  // key of the counter by username
	address gm.Digest  // key of the counter by network address; zero: none known
}

func (s *Service) begin(ctx context.Context, username string, meta httpx.Meta) (attempt, error) {
	a := attempt{account: s.names.Of("user:" + username)}
	if meta.Address.IsValid() {
		a.address = s.names.Of("address:" + meta.Address.String())
	}
	var until time.Time
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		until, a.row = time.Time{}, accountRow{}
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
		row, err := accountNamed(tx, username)
		if err != nil && fault.As(err) == nil {
			return err
		}
		if err == nil {
			a.row = row
		}
		return nil
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

func (s *Service) checkCode(row accountRow, code string) (step int64, right bool, err error) {
	if code == "" {
		return 0, !s.opts.SecondStep || row.kind == Holder, nil
	}
	if row.id == "" {
		return 0, false, nil
	}
	secret, err := s.box.Open(cell("totp", row.id), row.totp)
	if err != nil {
		return 0, false, err
	}
	step, right = totpFind(secret, code, s.DB.Now())
	return step, right && step > row.step, nil
}

func (s *Service) fail(ctx context.Context, a attempt) error {
	object := "account/unknown" // never what was typed: it may be a password
	if a.row.id != "" {
		object = "account/" + a.row.id
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "auth.sign-in", Object: object, Result: audit.Refused})
	})
	if err != nil {
		return err
	}
	return errSignIn()
}

func (s *Service) succeed(ctx context.Context, a attempt, row sessionRow, step int64) error {
	old, _ := From(ctx)
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := getAccount(tx, row.account)
		if err != nil {
			return err
		}
		if now.closed || now.password != a.row.password {
			return errSignIn() // changed while the password was being checked
		}
		if step > 0 {
			if fresh, err := takeStep(tx, row.account, step); err != nil || !fresh {
				if err != nil {
					return err
				}
				return errSignIn()
			}
		}
		if err := s.uncount(tx, a); err != nil {
			return err
		}
		if old != nil && old.Session != "" {
			if err := endSession(tx, old.Session); err != nil {
				return err
			}
		}
		if err := insertSession(tx, row); err != nil {
			return err
		}
		actor := audit.ActorFrom(ctx)
		actor.Account, actor.Org, actor.Name = row.account, now.org, now.username
		return audit.Put(tx, audit.Entry{Actor: actor, Action: "auth.sign-in", Object: "session/" + row.id})
	})
	if old != nil {
		s.forget(old.Account)
	}
	return err
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
