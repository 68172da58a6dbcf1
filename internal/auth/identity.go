package auth

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/auth/oidc"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// An IdentityPlatform is a unified sign-in platform that people may come from.
type IdentityPlatform struct {
	Name  string `json:"name" doc:"用于地址"`
	Title string `json:"title" doc:"登录按钮上的名称"`
	Kind  string `json:"kind" enum:"staff,holder"`
}

// Going is where a browser is sent to sign in, with the cookie that it must
// bring back.
type Going struct {
	URL string

	token  string
	secure bool
}

// Cookies are what the browser is to keep.
func (g Going) Cookies() []*http.Cookie { return SignedIn{token: g.token, secure: g.secure}.Cookies() }

// A Link ties an identity of a platform to an account.
type Link struct {
	ID       string    `json:"id"`
	Platform string    `json:"platform" doc:"平台名称"`
	Created  time.Time `json:"created_at"`
	Used     time.Time `json:"used_at,omitzero"`
}

// attemptLife is how long a person may be away at a platform.
const attemptLife = 10 * time.Minute

// IdentityPlatforms lists the platforms that are set up.
func (s *Service) IdentityPlatforms() []IdentityPlatform {
	list := []IdentityPlatform{}
	for _, p := range s.opts.Platforms {
		is := p.Provider()
		list = append(list, IdentityPlatform{Name: is.Name, Title: is.Title, Kind: string(is.Kind)})
	}
	return list
}

func (s *Service) platform(name string) (Platform, error) {
	for _, p := range s.opts.Platforms {
		if p.Provider().Name == name {
			return p, nil
		}
	}
	return nil, fault.NotFound.New("没有这个身份认证平台").WithCode("auth.platform")
}

// StartIdentity sends a stranger to a platform to sign in; and who is signed in
// already, to link the identity that they come back with: lately proved, as
// for a factor.
func (s *Service) StartIdentity(ctx context.Context, platform string) (Going, error) {
	p, err := s.platform(platform)
	if err != nil {
		return Going{}, err
	}
	now := s.DB.Now()
	a, err := p.Start(ctx, now)
	if err != nil {
		return Going{}, err
	}
	body, err := json.Marshal(a)
	if err != nil {
		return Going{}, err
	}
	going := Going{URL: a.URL, secure: httpx.MetaFrom(ctx).Secure}
	if _, ok := iam.From(ctx); ok {
		var who *iam.Principal
		err := s.DB.Read(ctx, func(tx *db.Tx) error { who, err = s.confirmed(ctx, tx); return err })
		if err != nil {
			return Going{}, err
		}
		return going, s.keepCeremony(ctx, who.Session, "link:"+platform, body, attemptLife)
	}
	row := pendingRow{id: newID(), state: Away, how: byPlatform, until: now.Add(attemptLife).UnixMilli()}
	going.token, row.hash = newToken()
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.leave(ctx, tx); err != nil {
			return err
		}
		return s.addPending(tx, row)
	})
	if err != nil {
		return Going{}, err
	}
	return going, s.keepCeremony(ctx, row.id, "sign-in:"+platform, body, attemptLife)
}

// FinishIdentity takes what the browser came back with: the query of its
// request. For who was signed in it links; the SignedIn carries no cookie then.
// The state that the browser brings is that of its own StartIdentity, and is
// used once.
func (s *Service) FinishIdentity(ctx context.Context, platform string, query url.Values) (SignedIn, error) {
	p, err := s.platform(platform)
	if err != nil {
		return SignedIn{}, err
	}
	who, signedIn := iam.From(ctx)
	if signedIn && who.Session != "" {
		id, err := s.cameBack(ctx, p, who.Session, "link:"+platform, query)
		if err != nil {
			return SignedIn{}, err
		}
		return SignedIn{Account: who.Account, Name: who.Name, Kind: who.Kind}, s.link(ctx, who, p.Provider(), id)
	}
	away, err := pendingIn(ctx, Away)
	if err != nil {
		return SignedIn{}, err
	}
	id, err := s.cameBack(ctx, p, away.row.id, "sign-in:"+platform, query)
	if err != nil {
		return SignedIn{}, s.failIdentity(ctx, err)
	}
	account, err := s.accountOf(ctx, p.Provider(), id)
	if err != nil {
		return SignedIn{}, s.failIdentity(ctx, err)
	}
	return s.enter(ctx, away, id, account)
}

// cameBack uses the state of a sign-in elsewhere, whatever comes of it.
func (s *Service) cameBack(ctx context.Context, p Platform, owner, kind string, query url.Values) (oidc.Identity, error) {
	body, err := s.useCeremony(ctx, owner, kind)
	if err != nil {
		return oidc.Identity{}, err
	}
	var a oidc.Attempt
	if err := json.Unmarshal(body, &a); err != nil {
		return oidc.Identity{}, err
	}
	return p.Finish(ctx, a, query, s.DB.Now())
}

func (s *Service) failIdentity(ctx context.Context, why error) error {
	if fault.As(why) == nil {
		return why
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "auth.platform", Object: "account/unknown", Result: audit.Refused})
	})
	if err != nil {
		return err
	}
	return why
}

// enter goes on with the account of an identity.
func (s *Service) enter(ctx context.Context, away Pending, id oidc.Identity, account string) (SignedIn, error) {
	p := proof{from: &away.row, how: byPlatform, level: int64(id.Level), action: "auth.platform", wrong: errSignIn()}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		p.try.who, err = iam.SubjectTx(tx, account)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	index := s.subjectOf(id)
	p.also = func(tx *db.Tx) error {
		l, err := s.linked(tx, id.Issuer, index)
		if unlessNotFound(err) != nil {
			return err
		}
		if err != nil || l.account != account {
			return errWorthless
		}
		return useLink(tx, l.id)
	}
	return s.advance(ctx, p)
}

func (s *Service) subjectOf(id oidc.Identity) gm.Digest {
	return s.subjects.Of(id.Issuer + "\x00" + id.Subject)
}

// verifiedLevel is from when on a platform's word about a citizen ID is taken.
const verifiedLevel = 2

// accountOf finds the account of an identity. Staff come by a link that they
// made themselves. Holders come by a link too, or by a verified citizen ID,
// which makes one.
func (s *Service) accountOf(ctx context.Context, p oidc.Provider, id oidc.Identity) (account string, err error) {
	index := s.subjectOf(id)
	var who iam.Subject
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		l, err := s.linked(tx, id.Issuer, index)
		if err != nil {
			return err
		}
		account = l.account
		who, err = iam.SubjectTx(tx, account)
		return err
	})
	s.tellSuspects(ctx)
	switch {
	case err == nil && string(who.Kind) != string(p.Kind):
		return "", errKind()
	case err == nil:
		return account, nil
	case unlessNotFound(err) != nil:
		return "", err
	case p.Kind != oidc.Holder:
		return "", fault.Forbidden.New("这个身份没有绑定本平台的账号").WithCode("auth.unlinked").WithHint("请先用密码登录，在“我的安全”中绑定")
	case id.Citizen == "" || id.Level < verifiedLevel:
		return "", fault.Forbidden.New("这个身份没有经过实名核验").WithCode("auth.unverified").WithHint("请先在“%s”完成实名认证", p.Title)
	}
	if account, err = s.IAM.HolderFor(ctx, id.Name, id.Citizen); err != nil {
		return "", err
	}
	return account, s.DB.Write(ctx, func(tx *db.Tx) error { return s.tie(ctx, tx, p, id, account) })
}

func errKind() error {
	return fault.Forbidden.New("这个平台的身份不能用于这类账号").WithCode("auth.kind").WithHint("工作人员与持证人请使用各自的身份认证平台")
}

// link ties an identity to who is signed in.
func (s *Service) link(ctx context.Context, who *iam.Principal, p oidc.Provider, id oidc.Identity) error {
	if string(who.Kind) != string(p.Kind) {
		return errKind()
	}
	if who.Kind == iam.Holder {
		if err := s.sameHolder(ctx, who, id); err != nil {
			return err
		}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := s.confirmed(ctx, tx); err != nil {
			return err
		}
		return s.tie(ctx, tx, p, id, who.Account)
	})
}

// sameHolder: a holder's account is one person's. An identity that tells
// another citizen ID, or none that was verified, is not theirs.
func (s *Service) sameHolder(ctx context.Context, who *iam.Principal, id oidc.Identity) error {
	account, err := s.IAM.HolderOf(ctx, id.Citizen)
	if unlessNotFound(err) != nil {
		return err
	}
	if err != nil || id.Level < verifiedLevel || account != who.Account {
		return fault.Forbidden.New("这个身份与本账号的持证人不是同一人").WithCode("auth.other-person").WithHint("请用本人的身份绑定")
	}
	return nil
}

func (s *Service) tie(ctx context.Context, tx *db.Tx, p oidc.Provider, id oidc.Identity, account string) error {
	index := s.subjectOf(id)
	l, err := s.linked(tx, id.Issuer, index)
	switch {
	case err == nil && l.account == account:
		return nil
	case err == nil:
		return fault.Conflict.New("这个身份已绑定另一个账号").WithCode("auth.linked").WithHint("请先在那个账号中解除绑定")
	case unlessNotFound(err) != nil:
		return err
	case l.id != "": // one that was edited in the database is as good as none
		if _, err := s.end(tx, l.account, heldLink, l.id); err != nil {
			return err
		}
	}
	fresh, err := s.addLink(tx, linkRow{id: newID(), issuer: id.Issuer, subject: index[:], platform: p.Name, account: account})
	if err != nil {
		return err
	}
	if !fresh {
		return errAltered()
	}
	who, err := iam.SubjectTx(tx, account)
	if err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Actor: actorOf(ctx, who), Action: "auth.link", Object: "account/" + account, Reason: p.Name})
}

// Links lists the caller's own links.
func (s *Service) Links(ctx context.Context) ([]Link, error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return nil, errSession
	}
	list := []Link{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := s.credential(tx, p.Account)
		if unlessNotFound(err) != nil {
			return err
		}
		rows, err := s.linksOf(tx, c)
		list = list[:0]
		for _, r := range rows {
			l := Link{ID: r.id, Platform: r.platform, Created: time.UnixMilli(r.created).UTC()}
			if r.used > 0 {
				l.Used = time.UnixMilli(r.used).UTC()
			}
			list = append(list, l)
		}
		return err
	})
	return list, err
}

// Unlink ends one of the caller's own links, and their other sessions. The last
// way in is refused: an account without a password keeps a link.
func (s *Service) Unlink(ctx context.Context, id string) error {
	return s.letGo(ctx, "auth.unlink", id, func(tx *db.Tx, account string) error {
		done, err := s.end(tx, account, heldLink, id)
		if err != nil {
			return err
		}
		if !done {
			return fault.NotFound.New("没有这个绑定").WithCode("auth.link")
		}
		return s.wayIn(tx, account)
	})
}

func (s *Service) wayIn(tx *db.Tx, account string) error {
	c, err := s.credential(tx, account)
	if unlessNotFound(err) != nil || c.password != "" {
		return unlessNotFound(err)
	}
	rows, err := s.linksOf(tx, c)
	if err == nil && len(rows) == 0 {
		return fault.Conflict.New("这是唯一的登录方式，不得解除").WithCode("auth.last").WithHint("请先设置密码，或绑定另一个身份")
	}
	return err
}
