package auth

import (
	"context"
	"net/http"
	"time"

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
	// Next is what the sign-in waits for; empty: the person is signed in.
	Next    State    `json:"next,omitempty" enum:"second,enrol,expired" doc:"登录还差的一步；没有则已登录"`
	Methods []Method `json:"methods,omitempty" doc:"可用于下一步的第二因素"`

	token  string
	secure bool
}

// Cookies are what the browser is to keep; none when its session stays.
func (s SignedIn) Cookies() []*http.Cookie {
	if s.token == "" {
		return nil
	}
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

// SignIn proves the password, and the one-time code when it is given. What then
// is open, if nothing else is asked for (SignedIn.Next), is a session. Whatever
// session the request came with ends, so that none can be planted before.
func (s *Service) SignIn(ctx context.Context, r SignInRequest) (SignedIn, error) {
	try, err := s.begin(ctx, named(r.Username))
	if err != nil {
		return SignedIn{}, err
	}
	right, err := s.hasher.check(ctx, try.who.ID, try.cred.password, r.Password)
	if err != nil {
		return SignedIn{}, err
	}
	p := proof{try: try, how: byPassword, level: try.cred.level, password: try.cred.password, action: "auth.sign-in", wrong: errSignIn()}
	if r.Code != "" {
		var code bool
		if p.step, code, err = s.checkCode(try, r.Code); err != nil {
			return SignedIn{}, err
		}
		right, p.second = right && code, true
	}
	if !right || try.who.Closed {
		return SignedIn{}, s.fail(ctx, p)
	}
	if p.password, err = s.bind(ctx, try.who.ID, p.password, r.Password); err != nil {
		return SignedIn{}, err
	}
	return s.advance(ctx, p)
}

// bind replaces a hash of version 1 whose password was right by one of version
// 2, and returns the one that now stands for the password. Of several at once
// one replaces it; the others find what it wrote.
func (s *Service) bind(ctx context.Context, account, stored, password string) (string, error) {
	if isBound(stored) {
		return stored, nil
	}
	hash, err := s.hasher.hash(ctx, account, password)
	if err != nil {
		return "", err
	}
	now := ""
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := s.credential(tx, account)
		if err != nil {
			return err
		}
		if now = c.password; now != stored {
			return nil
		}
		c.password, now = hash, hash
		return s.keep(tx, c)
	})
	if err != nil || now == hash {
		return now, err
	}
	if right, err := s.hasher.check(ctx, account, now, password); err != nil || !right {
		return stored, err // it was changed meanwhile: what was right is worth nothing
	}
	return now, nil
}

func addressText(m httpx.Meta) string {
	if !m.Address.IsValid() {
		return ""
	}
	return m.Address.String()
}

// checkCode finds the step of a one-time code of who tries.
func (s *Service) checkCode(a attempt, code string) (step int64, right bool, err error) {
	if !a.has.usesTOTP() {
		return 0, false, nil
	}
	secret, err := s.box.Open(totpCell(a.who.ID), a.cred.totp)
	if err != nil {
		return 0, false, err
	}
	step, right = totpFind(secret, code, s.DB.Now())
	return step, right && step > a.cred.step, nil
}
