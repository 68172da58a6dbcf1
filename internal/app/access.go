package app

import (
	"context"
	"net"
	"net/url"
	"strings"
	"time"

	"sidian/internal/auditor"
	"sidian/internal/auth"
	"sidian/internal/auth/oidc"
	"sidian/internal/auth/passkey"
	"sidian/internal/auth/ukey"
	"sidian/internal/conf"
	"sidian/internal/due"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/remind"
	"sidian/internal/webhook"
)

// access makes what knows who people are, what they may do, by when, and what
// they did.
func (a *App) access(ctx context.Context) (err error) {
	c := a.Conf
	// Who is told of what happens outside is known from the beginning, and filled
	// in when what it needs is made.
	a.Webhook = &webhook.Service{DB: a.DB, Topics: topics(), Plain: a.mark != ""}
	a.Notice, a.Remind = &notice.Service{DB: a.DB}, &remind.Service{DB: a.DB}
	consumers := []outbox.Consumer{auditor.Alarms(), a.Webhook.Consumer(), a.distrust(), a.archives(), a.certSeals(), a.draftDues(), a.Notice.Consumer(), a.Remind.Consumer()}
	consumers = append(consumers, a.matterConsumers()...)
	consumers = append(consumers, a.boundConsumers()...)
	if a.Ferry, err = a.ferryOf(); err != nil {
		return err
	}
	if a.Ferry != nil {
		consumers = append(consumers, a.Ferry.Consumer())
	}
	a.Outbox = outbox.New(consumers...)
	a.Due = &due.Service{DB: a.DB, Outbox: a.Outbox}
	if a.IAM, err = iam.New(ctx, a.DB, a.Keys, iam.Options{Strict: c.Session.SecondStep}); err != nil {
		return err
	}
	a.IAM.Due, a.IAM.Outbox = a.Due, a.Outbox
	a.Auditor = &auditor.Service{DB: a.DB, Keys: a.Keys, Names: a.IAM.Names}
	platforms, err := a.platforms()
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(c.BaseURL, "/")
	a.Auth, err = auth.New(ctx, a.IAM, a.Keys, auth.Options{
		Idle: c.Session.Idle, Absolute: c.Session.Absolute, Failures: c.Session.LockAfter, SecondStep: c.Session.SecondStep,
		PasswordDays: c.Session.PasswordDays, PasswordHistory: c.Session.PasswordHistory,
		BaseURL: base, Outbox: a.Outbox, Due: a.Due, Passkeys: passkeys(base), Trust: a.trustInPeople, Platforms: platforms,
	})
	return err
}

// passkeys is nil where the platform has no name: a passkey belongs to one.
func passkeys(base string) *passkey.Relying {
	c, err := passkey.FromBase(base, "四电")
	if err != nil {
		return nil
	}
	r, err := passkey.New(c)
	if err != nil {
		return nil
	}
	return r
}

// trustInPeople is which digital certificates people may sign in with: those of
// the authorities that documents are trusted by. Authorities outside may
// publish no list that we have.
func (a *App) trustInPeople(ctx context.Context) (ukey.Trust, error) {
	t, err := a.PKI.Trust(ctx)
	if err != nil {
		return ukey.Trust{}, err
	}
	return ukey.Trust{Anchors: t.Anchors, Intermediates: t.Intermediates, CRLs: t.Lists, Now: a.DB.Now(), AllowUnknown: true}, nil
}

// platforms are the unified sign-in platforms of the configuration. One that
// does not answer now is asked again when somebody comes from it.
func (a *App) platforms() (list []auth.Platform, err error) {
	for _, p := range []struct {
		name string
		kind oidc.Kind
		conf conf.Provider
	}{{"staff", oidc.Staff, a.Conf.Identity.Staff}, {"holder", oidc.Holder, a.Conf.Identity.Holder}} {
		if p.conf.Issuer == "" {
			continue
		}
		levels, err := p.conf.LevelsOf()
		if err != nil {
			return nil, err
		}
		secret, err := secretFile("identity."+p.name+".secret_file", p.conf.SecretFile)
		if err != nil {
			return nil, err
		}
		r, err := a.platform(oidc.Provider{
			Name: p.name, Title: p.conf.Name, Issuer: p.conf.Issuer, ClientID: p.conf.ClientID, ClientSecret: secret, Kind: p.kind,
			Claims: oidc.Claims{Citizen: p.conf.CitizenClaim, Level: p.conf.LevelClaim, Levels: levels},
		}, a.Conf.Outgoing.Private)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	if a.identity == nil {
		return list, nil
	}
	for _, p := range a.identity.clients {
		r, err := a.platform(p, []string{hostOf(p.Issuer)})
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

func (a *App) platform(p oidc.Provider, private []string) (*oidc.Relying, error) {
	p.Redirect = strings.TrimSuffix(a.Conf.BaseURL, "/") + "/login/back/" + p.Name
	client := httpx.NewClient(httpx.ClientOptions{Hosts: append([]string{hostOf(p.Issuer)}, a.Conf.Outgoing.Hosts...), Private: private, Timeout: 10 * time.Second})
	r, err := oidc.New(p, oidc.Through(client))
	if err != nil {
		return nil, troubledPart("identity", Words{"统一身份认证的配置不能使用", "the configuration of the sign-in platform cannot be used"}, err)
	}
	return r, nil
}

// hostOf is the host and port of an address as the list of hosts writes it.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if _, _, err := net.SplitHostPort(u.Host); err != nil {
		return u.Hostname()
	}
	return u.Host
}
