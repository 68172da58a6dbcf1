package auth

import (
	"context"
	"errors"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

func errCurrent() error {
	return fault.Invalid.New("当前密码不正确").WithCode("password.current").WithField("current", "password.current", "不正确")
}

// checkOwn checks the password of who is signed in. A wrong one counts like a
// wrong sign-in: a stolen session is no place to guess from.
func (s *Service) checkOwn(ctx context.Context, account, password, action string) (attempt, error) {
	try, err := s.begin(ctx, known(account))
	if err != nil {
		return try, err
	}
	right, err := s.hasher.check(ctx, account, try.cred.password, password)
	if err != nil {
		return try, err
	}
	if !right {
		return try, s.fail(ctx, proof{try: try, action: action, wrong: errCurrent()})
	}
	return try, nil
}

// ChangePassword sets the caller's own password and ends their other sessions.
func (s *Service) ChangePassword(ctx context.Context, current, next string) error {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return errSession
	}
	try, err := s.checkOwn(ctx, p.Account, current, "account.password")
	if err != nil {
		return err
	}
	if try.cred.password, err = s.bind(ctx, p.Account, try.cred.password, current); err != nil {
		return err
	}
	hash, wrong := s.newPassword(ctx, try.who, try.cred, next)
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.uncount(tx, try); err != nil || wrong != nil {
			return err
		}
		return s.replace(ctx, tx, try.who, try.cred, hash, p.Session)
	})
	s.forget(p.Account)
	return errors.Join(err, wrong)
}

// newPassword checks a new password by the rules, and hashes it.
func (s *Service) newPassword(ctx context.Context, who iam.Subject, c credential, next string) (hash string, err error) {
	if err := s.checkPassword(who.Username, next); err != nil {
		return "", err
	}
	var earlier []string
	if s.opts.PasswordHistory > 0 {
		err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			earlier, err = earlierPasswords(tx, who.ID, s.opts.PasswordHistory)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	if c.password != "" {
		same, err := s.hasher.check(ctx, who.ID, c.password, next)
		if err != nil {
			return "", err
		}
		if same {
			return "", fault.Invalid.New("新密码不得与当前密码相同").WithCode("password.same").WithField("next", "password.same", "不得与当前密码相同")
		}
	}
	for _, old := range earlier {
		again, err := s.hasher.check(ctx, who.ID, old, next)
		if err != nil {
			return "", err
		}
		if again {
			return "", fault.Invalid.New("新密码不得与最近用过的密码相同").WithCode("password.history").
				WithField("next", "password.history", "不得与最近用过的密码相同")
		}
	}
	return s.hasher.hash(ctx, who.ID, next)
}

// replace sets a password, if the one that it replaces still is the one that
// was looked at, and ends all sessions but one.
func (s *Service) replace(ctx context.Context, tx *db.Tx, who iam.Subject, was credential, hash, but string) error {
	if was.altered {
		return errAltered()
	}
	done, err := s.setPassword(tx, who.ID, was.password, hash)
	if err != nil || !done {
		return orWorthless(err)
	}
	if was.password != "" && s.opts.PasswordHistory > 0 {
		if err := keepPassword(tx, who.ID, was.password, s.opts.PasswordHistory); err != nil {
			return err
		}
	}
	if err := endSessions(tx, who.ID, but); err != nil {
		return err
	}
	if err := s.promise(tx, who.ID, who.Org, who.Kind); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Actor: actorOf(ctx, who), Action: "account.password", Object: "account/" + who.ID})
}
