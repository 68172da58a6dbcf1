package auth

import (
	"context"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// What a person proves an act with (Way, StepUp).
const (
	WayCode     = "totp"     // a one-time code
	WayPassword = "password" // by whom who has no one-time codes
	WayRecent   = "recent"   // a sign-in of the last minutes, by who has neither
)

// Way is what StepUp asks the caller for.
func (s *Service) Way(ctx context.Context) (way string, err error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" || p.Session == "" {
		return "", errSession
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := s.credential(tx, p.Account)
		if unlessNotFound(err) != nil {
			return err
		}
		has, err := s.factorsOf(tx, c)
		way = wayOf(c, has)
		return err
	})
	return way, err
}

func wayOf(c credential, has factors) string {
	switch {
	case has.usesTOTP():
		return WayCode
	case c.password != "":
		return WayPassword
	}
	return WayRecent
}

// StepUp proves once more that it is the person who sits there who now
// approves or signs something, and returns by which way. A one-time code is
// good once. An attempt counts like one to sign in: a stolen session is no
// place to guess from. The proof is not kept: the next act needs its own.
func (s *Service) StepUp(ctx context.Context, answer string) (way string, err error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" || p.Session == "" {
		return "", errSession
	}
	try, err := s.begin(ctx, known(p.Account))
	if err != nil {
		return "", err
	}
	way = wayOf(try.cred, try.has)
	if answer == "" && way != WayRecent {
		if err := s.giveBack(ctx, try); err != nil {
			return "", err
		}
		return "", errAnswer(way)
	}
	step, right, err := s.stepUp(ctx, p, try, way, answer)
	if err != nil {
		return "", err
	}
	if !right {
		return "", s.fail(ctx, proof{try: try, action: "auth.stepup", wrong: errAnswer(way)})
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if way == WayCode {
			if fresh, err := s.takeStep(tx, p.Account, step, true); err != nil || !fresh {
				return orUsed(err)
			}
		}
		if err := s.uncount(tx, try); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "auth.stepup", Object: "session/" + p.Session, Reason: way})
	})
	return way, err
}

func (s *Service) giveBack(ctx context.Context, try attempt) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error { return s.uncount(tx, try) })
}

func (s *Service) stepUp(ctx context.Context, p *iam.Principal, try attempt, way, answer string) (step int64, right bool, err error) {
	switch way {
	case WayCode:
		return s.checkCode(try, answer)
	case WayPassword:
		right, err = s.hasher.check(ctx, p.Account, try.cred.password, answer)
		return 0, right, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		at, err := provedAt(tx, p.Session)
		right = err == nil && tx.Now().Sub(time.UnixMilli(at)) <= confirmFor
		return unlessNotFound(err)
	})
	return 0, right, err
}

func orUsed(err error) error {
	if err != nil {
		return err
	}
	return fault.Invalid.New("这个一次性口令已经用过").WithCode("confirm.used").WithHint("请等待下一个口令（最多 30 秒）后重试").
		WithField("code", "confirm.used", "已经用过，请用下一个")
}

func errAnswer(way string) error {
	f := fault.Forbidden.New("办理此事须再次证明是本人").WithCode("confirm.needed")
	switch way {
	case WayCode:
		return f.WithHint("请输入身份验证器现在显示的 6 位一次性口令").WithField("code", "confirm.needed", "请核对 6 位一次性口令")
	case WayPassword:
		return f.WithHint("请输入登录密码").WithField("code", "confirm.needed", "请核对登录密码")
	}
	return f.WithHint("请退出后重新登录，并在 15 分钟内办理")
}
