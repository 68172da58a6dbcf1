package auth

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/auth/passkey"
	"sidian/internal/auth/ukey"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Factor is a second factor that a person has enrolled.
type Factor struct {
	ID      string    `json:"id"`
	Method  Method    `json:"method" enum:"totp,passkey,certificate"`
	Name    string    `json:"name" doc:"本人起的名称；数字证书为脱敏的主体"`
	Created time.Time `json:"created_at"`
	Used    time.Time `json:"used_at,omitzero" doc:"最近一次使用"`
	Until   time.Time `json:"until,omitzero" doc:"数字证书的到期日"`
}

// A TOTPSecret is a secret for one-time codes that is not confirmed yet.
type TOTPSecret struct {
	Secret string `json:"secret" doc:"base32"`
	URI    string `json:"uri" doc:"otpauth://，供二维码"`
}

// confirmFor is how long a proof lasts for what changes how a person signs in.
const confirmFor = 15 * time.Minute

// confirmed is the caller's account, signed in and proved lately.
func (s *Service) confirmed(ctx context.Context, tx *db.Tx) (*iam.Principal, error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return nil, errSession
	}
	at, err := provedAt(tx, p.Session)
	if unlessNotFound(err) != nil {
		return nil, err
	}
	if err != nil || tx.Now().Sub(time.UnixMilli(at)) > confirmFor {
		return nil, fault.Forbidden.New("修改登录方式前须再次证明是本人").WithCode("auth.confirm").WithHint("请输入密码确认；没有密码的请重新登录")
	}
	return p, nil
}

// An enroller is who enrols: somebody signed in, or a pending sign-in.
type enroller struct {
	account string
	owner   string   // of ceremonies
	session string   // that stays; empty: pending
	pending *Pending // nil: signed in
}

// The methods below are for who is signed in, and proved themselves in the last
// quarter of an hour (see Confirm); and for a pending sign-in in state Enrol,
// which goes on with the first factor. For who is signed in, the SignedIn that
// they return carries no cookie: the session stays, the others end.

func (s *Service) enroller(ctx context.Context) (e enroller, err error) {
	if p, ok := PendingFrom(ctx); ok {
		if p.State != Enrol {
			return e, errPending()
		}
		return enroller{account: p.row.account, owner: p.row.id, pending: &p}, nil
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p, err := s.confirmed(ctx, tx)
		if err == nil {
			e = enroller{account: p.Account, owner: p.Session, session: p.Session}
		}
		return err
	})
	return e, err
}

// enrol keeps a factor, ends the other sessions, and goes on if it was pending.
func (s *Service) enrol(ctx context.Context, e enroller, m Method, keep func(*db.Tx) error) (SignedIn, error) {
	all := func(tx *db.Tx) error {
		who, err := iam.SubjectTx(tx, e.account)
		if err != nil {
			return err
		}
		if err := keep(tx); err != nil {
			return err
		}
		if err := endSessions(tx, e.account, e.session); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Actor: actorOf(ctx, who), Action: "auth.enrol", Object: "account/" + e.account, Reason: string(m)})
	}
	if e.pending != nil {
		p, err := s.answer(ctx, Enrol)
		if err != nil {
			return SignedIn{}, err
		}
		p.second, p.also = true, all
		return s.advance(ctx, p)
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := s.confirmed(ctx, tx); err != nil {
			return err
		}
		return all(tx)
	})
	s.forget(e.account)
	return SignedIn{Account: e.account, Second: err == nil}, err
}

// Factors lists the caller's second factors.
func (s *Service) Factors(ctx context.Context) ([]Factor, error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return nil, errSession
	}
	list := []Factor{}
	at := func(ms int64) time.Time {
		if ms == 0 {
			return time.Time{}
		}
		return time.UnixMilli(ms).UTC()
	}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		list = list[:0]
		c, err := s.credential(tx, p.Account)
		if unlessNotFound(err) != nil {
			return err
		}
		if c.totp != nil && c.totpAt > 0 {
			list = append(list, Factor{ID: string(TOTP), Method: TOTP, Name: "一次性口令", Created: at(c.totpAt), Used: at(c.step * totpStep * 1000)})
		}
		keys, err := s.passkeysOf(tx, c)
		if err != nil {
			return err
		}
		for _, k := range keys {
			list = append(list, Factor{ID: k.id, Method: Passkey, Name: k.name, Created: at(k.created), Used: at(k.used)})
		}
		digital, err := s.certificatesOf(tx, c)
		for _, d := range digital {
			list = append(list, Factor{ID: d.id, Method: Certificate, Name: d.name + "（" + d.shown + "）", Created: at(d.created), Used: at(d.used), Until: at(d.until)})
		}
		return err
	})
	return list, err
}

// BeginTOTP makes a new secret for one-time codes; the present one stays until
// EnrolTOTP.
func (s *Service) BeginTOTP(ctx context.Context) (TOTPSecret, error) {
	e, err := s.enroller(ctx)
	if err != nil {
		return TOTPSecret{}, err
	}
	secret := newTOTP()
	username, err := s.username(ctx, e.account)
	if err != nil {
		return TOTPSecret{}, err
	}
	return s.tell(username, secret), s.keepCeremony(ctx, e.owner, "totp", secret, passkey.Lifetime)
}

// tell writes a secret as apps read it.
func (s *Service) tell(username string, secret []byte) TOTPSecret {
	issuer := "Sidian"
	if u, err := url.Parse(s.opts.BaseURL); err == nil && u.Host != "" {
		issuer = u.Hostname()
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	uri := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + username,
		RawQuery: url.Values{"secret": {text}, "issuer": {issuer}}.Encode()}
	return TOTPSecret{Secret: text, URI: uri.String()}
}

func (s *Service) username(ctx context.Context, account string) (name string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		who, err := iam.SubjectTx(tx, account)
		name = who.Username
		return err
	})
	return name, err
}

// EnrolTOTP confirms the secret of BeginTOTP by one of its codes. A wrong code
// may be corrected: the secret is the person's own.
func (s *Service) EnrolTOTP(ctx context.Context, code string) (SignedIn, error) {
	e, err := s.enroller(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	secret, err := s.seeCeremony(ctx, e.owner, "totp")
	if err != nil {
		return SignedIn{}, err
	}
	step, right := totpFind(secret, code, s.DB.Now())
	if !right {
		return SignedIn{}, errCode()
	}
	sealed, err := s.box.Seal(totpCell(e.account), secret)
	if err != nil {
		return SignedIn{}, err
	}
	return s.enrol(ctx, e, TOTP, func(tx *db.Tx) error {
		if _, err := takeCeremony(tx, e.owner, "totp"); err != nil {
			return overCeremony(err)
		}
		return s.setTOTP(tx, e.account, sealed, step)
	})
}

func errCode() error {
	return fault.Invalid.New("一次性口令不正确").WithCode("auth.code").WithField("code", "auth.code", "请核对应用中的六位数字和设备时间")
}

func errNotOffered() error {
	return fault.NotFound.New("本平台没有启用这种登录方式").WithCode("auth.method").WithHint("请改用其他第二因素")
}

// BeginEnrolPasskey returns the options for navigator.credentials.create.
func (s *Service) BeginEnrolPasskey(ctx context.Context) (options json.RawMessage, err error) {
	if s.opts.Passkeys == nil {
		return nil, errNotOffered()
	}
	e, err := s.enroller(ctx)
	if err != nil {
		return nil, err
	}
	user, creds, _, err := s.passkeyUser(ctx, e.account)
	if err != nil {
		return nil, err
	}
	options, state, err := s.opts.Passkeys.BeginEnrol(user, creds, s.DB.Now())
	if err != nil {
		return nil, err
	}
	return options, s.keepCeremony(ctx, e.owner, "enrol-passkey", state, passkey.Lifetime)
}

// EnrolPasskey keeps the passkey that the browser made, under a name that the
// person gives it.
func (s *Service) EnrolPasskey(ctx context.Context, name string, response []byte) (SignedIn, error) {
	if s.opts.Passkeys == nil {
		return SignedIn{}, errNotOffered()
	}
	e, err := s.enroller(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	state, err := s.useCeremony(ctx, e.owner, "enrol-passkey")
	if err != nil {
		return SignedIn{}, err
	}
	user, _, _, err := s.passkeyUser(ctx, e.account)
	if err != nil {
		return SignedIn{}, err
	}
	made, err := s.opts.Passkeys.FinishEnrol(user, state, response, s.DB.Now())
	if err != nil {
		return SignedIn{}, err
	}
	body, err := made.MarshalBinary()
	if err != nil {
		return SignedIn{}, err
	}
	row := passkeyRow{id: newID(), account: e.account, credential: made.ID, body: body, name: called(name, "通行密钥")}
	return s.enrol(ctx, e, Passkey, func(tx *db.Tx) error { return s.addPasskey(tx, row) })
}

// once refuses what somebody has enrolled already.
func once(n int64, err error) error {
	if err == nil && n == 0 {
		return fault.Conflict.New("这个第二因素已经登记").WithCode("factor.exists").WithHint("请换一个，或先在原账号中移除")
	}
	return err
}

func called(name, otherwise string) string {
	name = strings.TrimSpace(name)
	if r := []rune(name); len(r) > 40 {
		name = string(r[:40])
	}
	if name == "" {
		return otherwise
	}
	return name
}

// BeginEnrolCertificate returns the text to be signed with the digital
// certificate that is to be enrolled.
func (s *Service) BeginEnrolCertificate(ctx context.Context) (challenge string, err error) {
	e, err := s.enroller(ctx)
	if err != nil {
		return "", err
	}
	return s.challenge(ctx, e.owner)
}

// EnrolCertificate keeps the digital certificate that signed the challenge.
func (s *Service) EnrolCertificate(ctx context.Context, name string, answer []byte) (SignedIn, error) {
	e, err := s.enroller(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	c, err := s.signer(ctx, e.owner, answer)
	if err != nil {
		return SignedIn{}, err
	}
	row := certificateRow{id: newID(), account: e.account, fingerprint: ukey.Fingerprint(c), name: called(name, "数字证书"), shown: ukey.MaskedName(c), until: c.NotAfter.UnixMilli()}
	return s.enrol(ctx, e, Certificate, func(tx *db.Tx) error { return s.addCertificate(tx, row) })
}

// RemoveFactor ends one of the caller's second factors. The last one of an
// administrator, and of staff where the rule demands one, is refused.
func (s *Service) RemoveFactor(ctx context.Context, id string) error {
	return s.letGo(ctx, "auth.unenrol", id, func(tx *db.Tx, account string) error {
		found, err := s.remove(tx, account, id)
		if err != nil {
			return err
		}
		if !found {
			return fault.NotFound.New("没有登记这个第二因素").WithCode("factor.unknown")
		}
		return s.mayLack(tx, account)
	})
}

// letGo ends something that the caller signs in by, once they have proved
// themselves lately, and their other sessions.
func (s *Service) letGo(ctx context.Context, action, id string, end func(tx *db.Tx, account string) error) error {
	var account string
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := s.confirmed(ctx, tx)
		if err != nil {
			return err
		}
		account = p.Account
		if err := end(tx, account); err != nil {
			return err
		}
		if err := endSessions(tx, account, p.Session); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: "account/" + account, Reason: id})
	})
	s.forget(account)
	return err
}

func (s *Service) remove(tx *db.Tx, account, id string) (found bool, err error) {
	if id == string(TOTP) {
		c, err := s.credential(tx, account)
		if err != nil || c.totpAt == 0 {
			return false, unlessNotFound(err)
		}
		return true, s.setTOTP(tx, account, nil, c.step)
	}
	if found, err = s.end(tx, account, heldPasskey, id); err != nil || found {
		return found, err
	}
	return s.end(tx, account, heldCertificate, id)
}

// mayLack refuses an account without a second factor that must have one.
func (s *Service) mayLack(tx *db.Tx, account string) error {
	c, err := s.credential(tx, account)
	if unlessNotFound(err) != nil {
		return err
	}
	has, err := s.factorsOf(tx, c)
	if err != nil || has.usable() > 0 {
		return err
	}
	who, err := iam.SubjectTx(tx, account)
	if err != nil {
		return err
	}
	admin, err := s.IAM.AdministratorTx(tx, account)
	if err != nil {
		return err
	}
	if admin || s.demanded(who) {
		return fault.Conflict.New("这是最后一个第二因素，不得移除").WithCode("factor.last").WithHint("请先登记另一个")
	}
	return nil
}

// Confirm proves once more, by the password, that it is the person who sits
// there: what changes how they sign in asks for it (auth.confirm).
func (s *Service) Confirm(ctx context.Context, password string) error {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" || p.Session == "" {
		return errSession
	}
	try, err := s.checkOwn(ctx, p.Account, password, "auth.confirm")
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.uncount(tx, try); err != nil {
			return err
		}
		if err := setProved(tx, p.Session); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "auth.confirm", Object: "session/" + p.Session})
	})
}
