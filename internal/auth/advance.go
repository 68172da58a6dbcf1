package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// pendingLife is how long a person may take for one step.
const pendingLife = 5 * time.Minute

// pendingFailures are how many wrong answers end a sign-in under way.
const pendingFailures = 5

// factors is what an account could prove itself with beside its password.
type factors struct {
	totp      bool // there is a secret of one-time codes
	confirmed bool // and the person has shown that they have it
	passkeys  int
	digital   int // digital certificates
	lost      int // enrolled, and deleted or edited in the database
}

func (s *Service) factorsOf(tx *db.Tx, c credential) (f factors, err error) {
	f = factors{totp: c.totp != nil, confirmed: c.totp != nil && c.totpAt > 0}
	keys, err := s.passkeysOf(tx, c)
	if err != nil {
		return f, err
	}
	digital, err := s.certificatesOf(tx, c)
	f.passkeys, f.digital = len(keys), len(digital)
	f.lost = c.factors() - f.passkeys - f.digital
	if c.altered {
		f.lost = 1 // nobody knows
	}
	return f, err
}

// enrolled counts the factors that the person has enrolled. One that is lost is
// asked for still: nobody comes in by deleting it.
func (f factors) enrolled() int { return f.usable() + f.lost }

func (f factors) usable() int {
	n := f.passkeys + f.digital
	if f.confirmed {
		n++
	}
	return n
}

// usesTOTP: a secret that was told, and never confirmed, is as good as none
// once the person has enrolled a factor of their own.
func (f factors) usesTOTP() bool { return f.totp && (f.confirmed || f.enrolled() == 0) }

func (f factors) methods() (list []Method) {
	for m, has := range map[Method]bool{TOTP: f.usesTOTP(), Passkey: f.passkeys > 0, Certificate: f.digital > 0} {
		if has {
			list = append(list, m)
		}
	}
	slices.Sort(list)
	return list
}

// offered lists what can be enrolled here.
func (s *Service) offered() []Method {
	list := []Method{}
	if s.opts.Trust != nil {
		list = append(list, Certificate)
	}
	if s.opts.Passkeys != nil {
		list = append(list, Passkey)
	}
	return append(list, TOTP)
}

// demanded: the rule asks this person for a second factor.
func (s *Service) demanded(who iam.Subject) bool { return s.opts.SecondStep && who.Kind == iam.Staff }

// proof is something that was right, on its way to a session.
type proof struct {
	try      attempt
	from     *pendingRow // the step that it answers; nil: the first
	how      string      // byPassword, byPlatform
	second   bool        // a second factor was proved
	level    int64       // assurance of who the person is
	password string      // the hash that was right; empty: none was asked for
	step     int64       // of the one-time code; 0: none
	action   string      // for the audit
	wrong    error       // what is answered when it turns out to be worth nothing
	also     func(tx *db.Tx) error
}

// errWorthless: what was right when it was judged is not any more, or was used
// by another meanwhile.
var errWorthless = fault.Unauthorized.New("登录凭据已被使用或已变更").WithCode("auth.worthless")

func errPending() error {
	return fault.Unauthorized.New("登录步骤已失效").WithCode("auth.pending").WithHint("请重新登录")
}

// fail records a wrong answer.
func (s *Service) fail(ctx context.Context, p proof) error {
	err := s.refused(ctx, p.try, p.action, func(tx *db.Tx) error {
		if p.from == nil {
			return nil
		}
		return failPending(tx, p.from.hash, pendingFailures)
	})
	if err != nil {
		return err
	}
	return p.wrong
}

// advance goes on to the next step of a sign-in, or opens the session, under a
// new token each time.
func (s *Service) advance(ctx context.Context, p proof) (SignedIn, error) {
	out := SignedIn{Account: p.try.who.ID, Kind: p.try.who.Kind, Second: p.second, secure: httpx.MetaFrom(ctx).Secure}
	var hash gm.Digest
	out.token, hash = newToken()
	id, old := newID(), oldSession(ctx)
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		cred, has, err := s.used(tx, p)
		if err != nil {
			return err
		}
		if err := s.leave(ctx, tx); err != nil {
			return err
		}
		out.Next, out.Methods = s.next(tx.Now(), p, cred, has)
		if out.Next == Second && len(out.Methods) == 0 {
			return errAltered()
		}
		if out.Next == "" {
			return s.open(ctx, tx, p, sessionRow{hash: hash, id: id, account: out.Account, second: p.second, level: p.level})
		}
		return s.wait(ctx, tx, p, pendingRow{hash: hash, id: id, account: out.Account, state: out.Next, how: p.how, second: p.second, level: p.level})
	})
	s.forget(out.Account)
	s.forget(old)
	s.tellSuspects(ctx)
	if errors.Is(err, errWorthless) {
		return SignedIn{}, s.fail(ctx, p)
	}
	if err != nil {
		return SignedIn{}, err
	}
	if out.Next == "" {
		acts, err := s.IAM.Principal(ctx, out.Account, iam.Proof{})
		if err != nil {
			return SignedIn{}, err
		}
		out.Name = acts.Name
	}
	return out, nil
}

func oldSession(ctx context.Context) (account string) {
	if old, ok := iam.From(ctx); ok {
		return old.Account
	}
	return ""
}

// used uses what the proof stands on, if it still is what it was.
func (s *Service) used(tx *db.Tx, p proof) (c credential, has factors, err error) {
	who, err := iam.SubjectTx(tx, p.try.who.ID)
	if err != nil {
		return c, has, err
	}
	if c, err = s.credential(tx, who.ID); unlessNotFound(err) != nil {
		return c, has, err
	}
	if who.Closed || c.altered || p.password != "" && c.password != p.password {
		return c, has, errWorthless
	}
	if p.from != nil {
		if fresh, err := takePending(tx, p.from.hash); err != nil || !fresh {
			return c, has, orWorthless(err)
		}
	}
	if p.step > 0 {
		if fresh, err := s.takeStep(tx, who.ID, p.step, s.demanded(who)); err != nil || !fresh {
			return c, has, orWorthless(err)
		}
	}
	if p.also != nil {
		if err := p.also(tx); err != nil {
			return c, has, err
		}
		if c, err = s.credential(tx, who.ID); unlessNotFound(err) != nil {
			return c, has, err
		}
	}
	has, err = s.factorsOf(tx, c)
	return c, has, err
}

func orWorthless(err error) error {
	if err != nil {
		return err
	}
	return errWorthless
}

// leave ends what the request came with.
func (s *Service) leave(ctx context.Context, tx *db.Tx) error {
	if old, ok := iam.From(ctx); ok && old.Session != "" {
		return endSession(tx, old.Session)
	}
	if p, ok := PendingFrom(ctx); ok {
		_, err := takePending(tx, p.row.hash)
		return err
	}
	return nil
}

// next is what the sign-in still waits for.
func (s *Service) next(now time.Time, p proof, c credential, has factors) (State, []Method) {
	demanded := s.demanded(p.try.who)
	switch {
	case p.second:
	case has.enrolled() > 0, demanded && has.usesTOTP():
		return Second, has.methods()
	case demanded:
		return Enrol, s.offered()
	}
	if p.how == byPassword && s.overdue(now, p.try.who, c) {
		return Expired, nil
	}
	return "", nil
}

// overdue: the password must be changed before anything else.
func (s *Service) overdue(now time.Time, who iam.Subject, c credential) bool {
	days := time.Duration(s.opts.PasswordDays) * 24 * time.Hour
	return c.mustChange || days > 0 && who.Kind == iam.Staff && now.Sub(time.UnixMilli(c.passwordAt)) > days
}

// wait keeps a sign-in for its next step.
func (s *Service) wait(ctx context.Context, tx *db.Tx, p proof, r pendingRow) error {
	if err := s.takeBack(tx, p.try); err != nil {
		return err
	}
	r.until = tx.Now().Add(pendingLife).UnixMilli()
	if err := s.addPending(tx, r); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Actor: actorOf(ctx, p.try.who), Action: p.action, Object: "account/" + p.try.who.ID, Reason: "待" + string(r.state)})
}

// open opens the session. An administrator has one: those before it end.
func (s *Service) open(ctx context.Context, tx *db.Tx, p proof, r sessionRow) error {
	if err := s.uncount(tx, p.try); err != nil {
		return err
	}
	if err := s.alone(ctx, tx, p.try.who); err != nil {
		return err
	}
	meta := httpx.MetaFrom(ctx)
	r.agent, r.address = meta.UserAgent, addressText(meta)
	if err := s.addSession(tx, r); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Actor: actorOf(ctx, p.try.who), Action: "auth.sign-in", Object: "session/" + r.id})
}

func (s *Service) alone(ctx context.Context, tx *db.Tx, who iam.Subject) error {
	admin, err := s.IAM.AdministratorTx(tx, who.ID)
	if err != nil || !admin {
		return err
	}
	n, err := countSessions(tx, who.ID, tx.Now().Add(-s.opts.Idle), tx.Now().Add(-s.opts.Absolute))
	if err != nil || n == 0 {
		return err
	}
	if err := endSessions(tx, who.ID, ""); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Actor: actorOf(ctx, who), Action: "auth.superseded", Object: "account/" + who.ID})
}

// actorOf is the audit's actor of a request in which nobody acts yet.
func actorOf(ctx context.Context, who iam.Subject) audit.Actor {
	a := audit.ActorFrom(ctx)
	a.Account, a.Org, a.Name = who.ID, who.Org, ""
	return a
}
