package auth

import (
	"context"
	"time"

	"sidian/internal/audit"
	"sidian/internal/auth/event"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Rescue makes a one-time link for one of the three administrators at the
// machine itself: where an instance begins, and where nobody is left who could
// make one. It asks for no permission, because whoever can call it holds the
// database and the master key already; it leaves an audit entry all the same,
// and where the administrator had credentials, an alarm.
func (s *Service) Rescue(ctx context.Context, username, reason string) (Invitation, error) {
	if err := needReason(reason); err != nil {
		return Invitation{}, err
	}
	token, hash := newToken()
	r := invitationRow{hash: hash, id: newID(), purpose: Recover}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := iam.SubjectNamedTx(tx, username)
		if err != nil && fault.As(err) == nil {
			return err
		}
		admin := false
		if err == nil && !who.Closed {
			if admin, err = s.IAM.AdministratorTx(tx, who.ID); err != nil {
				return err
			}
		}
		if !admin {
			return fault.NotFound.New("没有这位管理员").WithCode("account.unknown").WithHint("只能为系统管理员、安全管理员、审计管理员开链接；其他人员由管理员在页面上办理")
		}
		c, err := s.credential(tx, who.ID)
		if unlessNotFound(err) != nil {
			return err
		}
		r.account, r.purpose = who.ID, Recover
		if c.password == "" && !c.altered {
			r.purpose = First
		}
		return s.invite(tx, &r, audit.Actor{}, reason)
	})
	if err != nil {
		return Invitation{}, err
	}
	return invitation(token, r), nil
}

// invite makes the link in tx, and ends the account's earlier ones.
func (s *Service) invite(tx *db.Tx, r *invitationRow, by audit.Actor, reason string) error {
	life := resetLife
	if r.purpose == First {
		life = firstLife
	}
	r.until = tx.Now().Add(life).UnixMilli()
	if err := endInvitations(tx, r.account); err != nil {
		return err
	}
	if err := s.addInvitation(tx, *r); err != nil {
		return err
	}
	if r.purpose != First {
		if err := s.alarm(tx, event.Recovered, event.Account{Account: r.account, By: by.Account, Until: r.until}); err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Actor: by, Action: "account.invite-" + string(r.purpose), Object: "account/" + r.account, Reason: reason})
}

func invitation(token string, r invitationRow) Invitation {
	return Invitation{Token: token, Path: "/s/" + token, Until: time.UnixMilli(r.until).UTC()}
}
