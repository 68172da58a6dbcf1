package auth

import (
	"context"
	"net/http"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// SignInRequest is what a person proves themselves with.
type SignInRequest struct {
	Username string `json:"username" maxLength:"80"`
	Password string `json:"password" maxLength:"512"`
	Code     string `json:"code,omitempty" maxLength:"8" doc:"一次性口令；要求第二因素时必填"`
}

// SignedIn is an opened session. The token is told once, as a cookie.
type SignedIn struct {
	Account string   `json:"account"`
	Name    string   `json:"name"`
	Kind    iam.Kind `json:"kind"`
	Second  bool     `json:"second" doc:"使用了第二因素"`

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
	username, meta := iam.FoldUsername(r.Username), httpx.MetaFrom(ctx)
	try, err := s.begin(ctx, username, meta)
	if err != nil {
		return SignedIn{}, err
	}
	right, err := s.hasher.check(ctx, try.cred.password, r.Password)
	if err != nil {
		return SignedIn{}, err
	}
	step, code, err := s.checkCode(try, r.Code)
	if err != nil {
		return SignedIn{}, err
	}
	if !right || !code || try.who.Closed {
		return SignedIn{}, s.fail(ctx, try)
	}
	p, err := s.IAM.Principal(ctx, try.who.ID, iam.Proof{})
	if err != nil {
		return SignedIn{}, err
	}
	out := SignedIn{Account: p.Account, Name: p.Name, Kind: p.Kind, Second: r.Code != "", secure: meta.Secure}
	var hash gm.Digest
	out.token, hash = newToken()
	err = s.succeed(ctx, try, sessionRow{hash: hash, id: newID(), account: out.Account, second: out.Second, agent: meta.UserAgent, address: addressText(meta), level: try.cred.level}, step)
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

func (s *Service) checkCode(a attempt, code string) (step int64, right bool, err error) {
	if code == "" {
		return 0, !s.opts.SecondStep || a.who.Kind == iam.Holder, nil
	}
	if a.cred.totp == nil {
		return 0, false, nil
	}
	secret, err := s.box.Open(totpCell(a.who.ID), a.cred.totp)
	if err != nil {
		return 0, false, err
	}
	step, right = totpFind(secret, code, s.DB.Now())
	return step, right && step > a.cred.step, nil
}

func (s *Service) fail(ctx context.Context, a attempt) error {
	object := "account/unknown" // never what was typed: it may be a password
	if a.who.ID != "" {
		object = "account/" + a.who.ID
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
	old, _ := iam.From(ctx)
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := iam.SubjectTx(tx, row.account)
		if err != nil {
			return err
		}
		cred, err := getCredential(tx, row.account)
		if err != nil {
			return err
		}
		if now.Closed || cred.password != a.cred.password {
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
		actor.Account, actor.Org, actor.Name = row.account, now.Org, now.Username
		return audit.Put(tx, audit.Entry{Actor: actor, Action: "auth.sign-in", Object: "session/" + row.id})
	})
	if old != nil {
		s.forget(old.Account)
	}
	return err
}
