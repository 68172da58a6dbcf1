package auth

import (
	"context"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// A Purpose is what a one-time link is for.
type Purpose string

// The purposes of one-time links.
const (
	First   Purpose = "first"   // the first password and second factor of an account that has none; 72 h
	Reset   Purpose = "reset"   // another password; second factors stay and are asked for; 1 h
	Recover Purpose = "recover" // password and second factors anew, for who lost them; security administrators; 1 h
)

// An Invitation is a one-time link, told once to who asked for it: they hand it
// to the person by a way that they trust.
type Invitation struct {
	Token string    `json:"token"`
	Path  string    `json:"path" doc:"/s/{token}"`
	Until time.Time `json:"until"`
}

// Welcome is what the page of a one-time link shows.
type Welcome struct {
	Purpose  Purpose    `json:"purpose" enum:"first,reset,recover"`
	Name     string     `json:"name" doc:"脱敏"`
	Username string     `json:"username"`
	Kind     iam.Kind   `json:"kind"`
	Until    time.Time  `json:"until"`
	TOTP     TOTPSecret `json:"totp,omitzero" doc:"first、recover：待登记的一次性口令密钥"`
	NeedCode bool       `json:"need_code" doc:"必须填写一次性口令"`
}

// CompleteRequest is what the person gives on that page.
type CompleteRequest struct {
	Password string `json:"password" maxLength:"512"`
	Code     string `json:"code,omitempty" maxLength:"8" doc:"一次性口令"`
}

// How long one-time links live, and how many wrong codes end one.
const (
	firstLife      = 72 * time.Hour
	resetLife      = time.Hour
	inviteFailures = 10
)

// Invite makes a one-time link for an account and ends its earlier ones. First
// asks for account.manage; Reset for account.manage or account.lock, and for
// account.lock alone when it is for an administrator; Recover for account.lock.
// Nobody makes one for themselves.
func (s *Service) Invite(ctx context.Context, account string, purpose Purpose, reason string) (Invitation, error) {
	if err := needReason(reason); err != nil {
		return Invitation{}, err
	}
	token, hash := newToken()
	r := invitationRow{hash: hash, id: newID(), account: account, purpose: purpose}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.mayInvite(ctx, tx, account, purpose); err != nil {
			return err
		}
		return s.invite(tx, &r, audit.ActorFrom(ctx), reason)
	})
	if err != nil {
		return Invitation{}, err
	}
	return invitation(token, r), nil
}

func (s *Service) mayInvite(ctx context.Context, tx *db.Tx, account string, purpose Purpose) error {
	who, err := iam.SubjectTx(tx, account)
	if err != nil {
		return err
	}
	admin, err := s.IAM.AdministratorTx(tx, account)
	if err != nil {
		return err
	}
	needs := map[Purpose][]string{First: {"account.manage"}, Reset: {"account.manage", "account.lock"}, Recover: {"account.lock"}}[purpose]
	if purpose == Reset && admin {
		needs = []string{"account.lock"}
	}
	if needs == nil {
		return fault.Invalid.New("不认识的用途").WithCode("link.purpose").WithField("purpose", "enum", "应为 first、reset 或 recover")
	}
	if err := allowAny(ctx, who.Org, needs); err != nil {
		return err
	}
	if p, ok := iam.From(ctx); ok && p.Account == account {
		return fault.Forbidden.New("不能为自己开一次性链接").WithCode("link.self").WithHint("请在“我的安全”中自行修改，或请另一位管理员办理")
	}
	c, err := s.credential(tx, account)
	switch {
	case unlessNotFound(err) != nil:
		return err
	case who.Closed:
		return fault.Conflict.New("账号已停用").WithCode("account.closed")
	case c.altered && purpose != Recover:
		return errAltered()
	case purpose == First && c.password != "":
		return fault.Conflict.New("账号已有登录凭据").WithCode("auth.equipped").WithHint("请用重设（reset），或由安全管理员恢复（recover）")
	case purpose == Reset && c.password == "":
		return fault.Conflict.New("账号还没有密码").WithCode("auth.unequipped").WithHint("请用首次登录（first）")
	}
	return nil
}

func allowAny(ctx context.Context, org string, permissions []string) (err error) {
	for _, p := range permissions {
		if err = iam.Allow(ctx, p, org); err == nil {
			return nil
		}
	}
	return err
}

func errLink() error {
	return fault.NotFound.New("链接无效、已用过或已过期").WithCode("link.over").WithHint("请向为您开通账号的管理员索取新的链接")
}

// visit looks up a link. Wrong ones are counted by address, so that nobody
// tries them all.
func (s *Service) visit(ctx context.Context, token string) (r invitationRow, who iam.Subject, c credential, err error) {
	if len(token) != tokenLen {
		return r, who, c, errLink()
	}
	var until time.Time
	meta, found := httpx.MetaFrom(ctx), false
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		found, until = false, time.Time{}
		var a attempt
		if meta.Address.IsValid() {
			a.address = s.names.Of("link:" + meta.Address.String())
			if until, _, err = s.count(tx, a.address, s.opts.AddrFails); err != nil || until.After(tx.Now()) {
				return err
			}
		}
		if r, err = s.liveInvitation(tx, gm.Sum([]byte(token))); err != nil {
			return unlessNotFound(err)
		}
		found = true
		if who, err = iam.SubjectTx(tx, r.account); err != nil {
			return err
		}
		if c, err = s.credential(tx, r.account); unlessNotFound(err) != nil {
			return err
		}
		return takeBack(tx, a.address, s.opts.AddrFails)
	})
	s.tellSuspects(ctx)
	switch left := until.Sub(s.DB.Now()); {
	case err != nil:
		return r, who, c, err
	case found && c.altered && r.purpose != Recover:
		return r, who, c, errAltered()
	case left > 0:
		return r, who, c, errLocked(left)
	case !found || who.Closed:
		return r, who, c, errLink()
	}
	return r, who, c, nil
}

func inviteCell(id string) keys.Cell {
	return keys.Cell{Table: "auth_invitation", Column: "totp", Row: id}
}

// Redeem tells what a one-time link is for. It may be asked again until Complete.
func (s *Service) Redeem(ctx context.Context, token string) (Welcome, error) {
	r, who, c, err := s.visit(ctx, token)
	if err != nil {
		return Welcome{}, err
	}
	acts, err := s.IAM.Principal(ctx, who.ID, iam.Proof{})
	if err != nil {
		return Welcome{}, err
	}
	w := Welcome{Purpose: r.purpose, Name: maskName(acts.Name), Username: who.Username, Kind: who.Kind, Until: time.UnixMilli(r.until).UTC()}
	if r.purpose == Reset {
		has, err := s.factors(ctx, c)
		w.NeedCode = has.confirmed
		return w, err
	}
	w.NeedCode = s.demanded(who)
	secret, err := s.offer(ctx, r)
	w.TOTP = s.tell(who.Username, secret)
	return w, err
}

func (s *Service) factors(ctx context.Context, c credential) (has factors, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { has, err = s.factorsOf(tx, c); return err })
	return has, err
}

// offer is the secret that a link offers: one, however often its page is opened.
func (s *Service) offer(ctx context.Context, r invitationRow) ([]byte, error) {
	if r.totp != nil {
		return s.brief.Open(inviteCell(r.id), r.totp)
	}
	secret := newTOTP()
	sealed, err := s.brief.Seal(inviteCell(r.id), secret)
	if err != nil {
		return nil, err
	}
	var first bool
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if first, err = offerTOTP(tx, r.hash, sealed); err != nil || first {
			return err
		}
		r, err = s.liveInvitation(tx, r.hash) // another opened it meanwhile
		return err
	})
	if err != nil {
		return nil, overLink(err)
	}
	if first {
		return secret, nil
	}
	return s.brief.Open(inviteCell(r.id), r.totp)
}

func overLink(err error) error {
	if unlessNotFound(err) != nil {
		return err
	}
	return errLink()
}

// Complete uses a one-time link, once: it sets the password, and for First and
// Recover the one-time codes that Code confirms. The person then signs in.
func (s *Service) Complete(ctx context.Context, token string, q CompleteRequest) error {
	r, who, c, err := s.visit(ctx, token)
	if err != nil {
		return err
	}
	set, err := s.secondOf(ctx, r, who, c, q.Code)
	if err != nil {
		return s.failLink(ctx, r, err)
	}
	hash, err := s.newPassword(ctx, who, c, q.Password)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if fresh, err := endInvitation(tx, r.hash); err != nil || !fresh {
			return orLink(err)
		}
		if now, err := iam.SubjectTx(tx, who.ID); err != nil || now.Closed {
			return orLink(err)
		}
		was := c
		if c.altered { // recovered: visit lets nobody else come here
			if err := s.renew(tx, who.ID); err != nil {
				return err
			}
			was = credential{account: who.ID}
		}
		if err := s.replace(ctx, tx, who, was, hash, ""); err != nil {
			return err
		}
		if err := set(tx); err != nil {
			return err
		}
		if err := endPending(tx, who.ID); err != nil {
			return err
		}
		if err := clearAttempts(tx, s.names.Of("user:"+who.Username)); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Actor: actorOf(ctx, who), Action: "account.complete-" + string(r.purpose), Object: "account/" + who.ID})
	})
	s.forget(who.ID)
	return err
}

func orLink(err error) error {
	if err != nil {
		return err
	}
	return errLink()
}

// secondOf checks the code that came with a link, and returns what it changes.
func (s *Service) secondOf(ctx context.Context, r invitationRow, who iam.Subject, c credential, code string) (func(*db.Tx) error, error) {
	if r.purpose == Reset {
		return s.oldSecond(ctx, who, c, code)
	}
	recover := func(tx *db.Tx) error { return nil }
	if r.purpose == Recover {
		recover = func(tx *db.Tx) error {
			if err := s.endFactors(tx, who.ID); err != nil {
				return err
			}
			return s.setTOTP(tx, who.ID, nil, 0)
		}
	}
	if code == "" && !s.demanded(who) {
		return recover, nil
	}
	if r.totp == nil {
		return nil, errCode() // its page was never opened
	}
	secret, err := s.brief.Open(inviteCell(r.id), r.totp)
	if err != nil {
		return nil, err
	}
	step, right := totpFind(secret, code, s.DB.Now())
	if !right {
		return nil, errCode()
	}
	sealed, err := s.box.Seal(totpCell(who.ID), secret)
	return func(tx *db.Tx) error {
		if err := recover(tx); err != nil {
			return err
		}
		if err := s.setTOTP(tx, who.ID, sealed, step); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Actor: actorOf(ctx, who), Action: "auth.enrol", Object: "account/" + who.ID, Reason: string(TOTP)})
	}, err
}

// oldSecond asks who resets a password for a code of the second factor that
// stays. Other factors are asked for by the sign-in that follows.
func (s *Service) oldSecond(ctx context.Context, who iam.Subject, c credential, code string) (func(*db.Tx) error, error) {
	has, err := s.factors(ctx, c)
	if err != nil || !has.confirmed {
		return func(*db.Tx) error { return nil }, err
	}
	step, right, err := s.checkCode(attempt{who: who, cred: c, has: has}, code)
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, errCode()
	}
	return func(tx *db.Tx) error {
		if fresh, err := s.takeStep(tx, who.ID, step, false); err != nil || !fresh {
			return orWorthless(err)
		}
		return nil
	}, nil
}

// failLink records a wrong code; too many end the link.
func (s *Service) failLink(ctx context.Context, r invitationRow, why error) error {
	if fault.As(why) == nil {
		return why
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := failInvitation(tx, r.hash, inviteFailures); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "account.complete-" + string(r.purpose), Object: "account/" + r.account, Result: audit.Refused})
	})
	if err != nil {
		return err
	}
	return why
}
