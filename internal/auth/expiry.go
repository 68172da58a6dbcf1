package auth

import (
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// topicExpire is the promise that a member of staff chooses another password in
// time; its rule has the same name. What is enforced is Options.PasswordDays.
const topicExpire = "password.expire"

// promise renews it with a new password, where passwords end.
func (s *Service) promise(tx *db.Tx, account, org string, kind iam.Kind) error {
	if s.opts.Due == nil || s.opts.PasswordDays == 0 || kind != iam.Staff {
		return nil
	}
	_, err := s.opts.Due.Keep(tx, topicExpire, account)
	if f := fault.As(err); err != nil && (f == nil || f.Code != "due.unknown") {
		return err
	}
	_, err = s.opts.Due.Put(tx, due.Promise{Topic: topicExpire, Object: account, Org: org, Account: account, Title: "更换登录密码", Link: "/me/password"})
	return err
}

// closing ends whatever an account that is closed could come back by, and what
// it alone owed.
func (s *Service) closing(tx *db.Tx, account string) error {
	for _, end := range []func(*db.Tx, string) error{
		func(tx *db.Tx, account string) error { return endSessions(tx, account, "") }, endPending, endInvitations,
	} {
		if err := end(tx, account); err != nil {
			return err
		}
	}
	if s.opts.Due == nil {
		return nil
	}
	_, err := s.opts.Due.DropOf(tx, account, "账号已停用")
	return err
}
