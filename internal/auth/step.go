package auth

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/auth/passkey"
	"sidian/internal/auth/ukey"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A State is what a sign-in still waits for. Until it has none, the person is
// nobody: a pending sign-in grants nothing but its next step.
type State string

// The states of a pending sign-in.
const (
	Second  State = "second"  // a second factor: ProveTOTP, ProvePasskey, ProveCertificate
	Enrol   State = "enrol"   // the rule demands a second factor, and there is none: EnrolTOTP, EnrolPasskey, EnrolCertificate
	Expired State = "expired" // the password must be changed: ReplacePassword
	Away    State = "away"    // the person was sent to an identity platform: FinishIdentity
)

// A Method is a way to prove oneself beside the password.
type Method string

// The methods.
const (
	TOTP        Method = "totp"        // one-time codes of an app, RFC 6238
	Passkey     Method = "passkey"     // Web Authentication
	Certificate Method = "certificate" // an SM2 digital certificate, as a UKey holds
)

// Pending is a sign-in under way.
type Pending struct {
	State   State     `json:"state" enum:"second,enrol,expired,away"`
	Methods []Method  `json:"methods" doc:"可用的第二因素；enrol 时为可登记的"`
	Until   time.Time `json:"until" doc:"逾期须重新登录"`

	row pendingRow
}

// PendingFrom returns the sign-in that a request goes on with, if it does.
func PendingFrom(ctx context.Context) (Pending, bool) {
	p, ok := ctx.Value(pendingKey{}).(Pending)
	return p, ok
}

type pendingKey struct{}

// pendingIn is the sign-in under way in ctx, if it is in that state.
func pendingIn(ctx context.Context, state State) (Pending, error) {
	p, ok := PendingFrom(ctx)
	if !ok || p.State != state {
		return Pending{}, errPending()
	}
	return p, nil
}

// pendingOf returns the sign-in under way that a token belongs to.
func (s *Service) pendingOf(ctx context.Context, token string) (p Pending, found bool, err error) {
	if len(token) != tokenLen {
		return p, false, nil
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if p.row, err = s.livePending(tx, gm.Sum([]byte(token))); err != nil || p.row.account == "" {
			return err
		}
		c, err := s.credential(tx, p.row.account)
		if unlessNotFound(err) != nil {
			return err
		}
		has, err := s.factorsOf(tx, c)
		p.Methods = has.methods()
		return err
	})
	if err != nil {
		return p, false, unlessNotFound(err)
	}
	p.State, p.Until = p.row.state, time.UnixMilli(p.row.until).UTC()
	switch p.State {
	case Enrol:
		p.Methods = s.offered()
	case Expired, Away:
		p.Methods = []Method{}
	}
	return p, true, nil
}

func errSecond() error {
	return fault.Unauthorized.New("第二因素不正确").WithCode("auth.second").WithHint("请核对后重试；多次失败将暂时锁定")
}

// answer begins the answer to a step: it is counted before it is judged.
func (s *Service) answer(ctx context.Context, state State) (proof, error) {
	p, err := pendingIn(ctx, state)
	if err != nil {
		return proof{}, err
	}
	try, err := s.begin(ctx, known(p.row.account))
	if err != nil {
		return proof{}, err
	}
	return proof{try: try, from: &p.row, how: p.row.how, second: p.row.second, level: p.row.level, action: "auth." + string(state), wrong: errSecond()}, nil
}

// ProveTOTP goes on with a one-time code. A code is good once.
func (s *Service) ProveTOTP(ctx context.Context, code string) (SignedIn, error) {
	p, err := s.answer(ctx, Second)
	if err != nil {
		return SignedIn{}, err
	}
	var right bool
	if p.step, right, err = s.checkCode(p.try, code); err != nil {
		return SignedIn{}, err
	}
	if !right {
		return SignedIn{}, s.fail(ctx, p)
	}
	p.second = true
	return s.advance(ctx, p)
}

// BeginPasskey returns the options for navigator.credentials.get.
func (s *Service) BeginPasskey(ctx context.Context) (options json.RawMessage, err error) {
	p, err := pendingIn(ctx, Second)
	if err != nil {
		return nil, err
	}
	if s.opts.Passkeys == nil {
		return nil, errNotOffered()
	}
	user, creds, _, err := s.passkeyUser(ctx, p.row.account)
	if err != nil {
		return nil, err
	}
	options, state, err := s.opts.Passkeys.BeginProve(user, creds, s.DB.Now())
	if err != nil {
		return nil, err
	}
	return options, s.keepCeremony(ctx, p.row.id, "passkey", state, passkey.Lifetime)
}

// ProvePasskey goes on with the browser's response.
func (s *Service) ProvePasskey(ctx context.Context, response []byte) (SignedIn, error) {
	if s.opts.Passkeys == nil {
		return SignedIn{}, errNotOffered()
	}
	p, err := s.answer(ctx, Second)
	if err != nil {
		return SignedIn{}, err
	}
	state, err := s.useCeremony(ctx, p.from.id, "passkey")
	if err != nil {
		return SignedIn{}, err
	}
	user, creds, rows, err := s.passkeyUser(ctx, p.try.who.ID)
	if err != nil {
		return SignedIn{}, err
	}
	used, err := s.opts.Passkeys.FinishProve(user, creds, state, response, s.DB.Now())
	if err != nil {
		return SignedIn{}, s.failWith(ctx, p, err)
	}
	body, err := used.MarshalBinary()
	if err != nil {
		return SignedIn{}, err
	}
	p.second = true
	p.also = func(tx *db.Tx) error {
		fresh, err := usePasskey(tx, p.try.who.ID, used.ID, rows[string(used.ID)], body)
		if err != nil || !fresh {
			return orWorthless(err)
		}
		return nil
	}
	return s.advance(ctx, p)
}

// failWith records a wrong answer whose refusal says more than that.
func (s *Service) failWith(ctx context.Context, p proof, why error) error {
	if fault.As(why) == nil {
		return why
	}
	p.wrong = why
	return s.fail(ctx, p)
}

// BeginCertificate returns the text to be signed with the digital certificate.
func (s *Service) BeginCertificate(ctx context.Context) (challenge string, err error) {
	p, err := pendingIn(ctx, Second)
	if err != nil {
		return "", err
	}
	return s.challenge(ctx, p.row.id)
}

// ProveCertificate goes on with the signed challenge: see ukey.Verify.
func (s *Service) ProveCertificate(ctx context.Context, answer []byte) (SignedIn, error) {
	p, err := s.answer(ctx, Second)
	if err != nil {
		return SignedIn{}, err
	}
	c, err := s.signer(ctx, p.from.id, answer)
	if err != nil {
		return SignedIn{}, s.failWith(ctx, p, err)
	}
	p.second = true
	p.also = func(tx *db.Tx) error {
		return s.useCertificate(tx, p.try.who.ID, ukey.Fingerprint(c))
	}
	return s.advance(ctx, p)
}

// useCertificate uses an account's own digital certificate.
func (s *Service) useCertificate(tx *db.Tx, account, fingerprint string) error {
	c, err := s.credential(tx, account)
	if unlessNotFound(err) != nil {
		return err
	}
	rows, err := s.certificatesOf(tx, c)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.fingerprint == fingerprint {
			used, err := useCertificate(tx, r.id)
			if err != nil || used {
				return err
			}
		}
	}
	return errWorthless
}

// ReplacePassword sets a password in place of one that expired or that somebody
// else chose, and goes on.
func (s *Service) ReplacePassword(ctx context.Context, next string) (SignedIn, error) {
	p, err := s.answer(ctx, Expired)
	if err != nil {
		return SignedIn{}, err
	}
	hash, err := s.newPassword(ctx, p.try.who, p.try.cred, next)
	if err != nil {
		return SignedIn{}, errors.Join(s.DB.Write(ctx, func(tx *db.Tx) error { return s.takeBack(tx, p.try) }), err)
	}
	p.also = func(tx *db.Tx) error { return s.replace(ctx, tx, p.try.who, p.try.cred, hash, "") }
	return s.advance(ctx, p)
}
