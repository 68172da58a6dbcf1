package auth_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/auth/oidc"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// elsewhere is a platform at which tests sign in: it knows one person.
type elsewhere struct {
	kind oidc.Kind

	mu sync.Mutex
	is oidc.Identity
	n  int
}

func (e *elsewhere) Provider() oidc.Provider {
	return oidc.Provider{Name: "province-" + string(e.kind), Title: "省统一身份认证", Kind: e.kind}
}

func (e *elsewhere) Start(_ context.Context, now time.Time) (oidc.Attempt, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.n++
	return oidc.Attempt{URL: "https://id.example/", State: "state" + string(rune('0'+e.n)), At: now}, nil
}

func (e *elsewhere) Finish(_ context.Context, a oidc.Attempt, query url.Values, now time.Time) (oidc.Identity, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if query.Get("state") != a.State {
		return oidc.Identity{}, fault.Unauthorized.New("登录状态不符").WithCode("oidc.state")
	}
	is := e.is
	is.Provider, is.Kind, is.Issuer, is.At = "province-"+string(e.kind), e.kind, "https://id.example", now
	return is, nil
}

func (e *elsewhere) becomes(is oidc.Identity) { e.mu.Lock(); defer e.mu.Unlock(); e.is = is }

func (e *elsewhere) query() url.Values {
	e.mu.Lock()
	defer e.mu.Unlock()
	return url.Values{"state": {"state" + string(rune('0'+e.n))}, "code": {"x"}}
}

// goes sends a browser away and lets it come back.
func (e *elsewhere) goes(t *testing.T, s *auth.Service) (auth.SignedIn, error) {
	t.Helper()
	going, err := s.StartIdentity(from(t, "192.0.2.30"), e.Provider().Name)
	if err != nil {
		t.Fatal(err)
	}
	return s.FinishIdentity(with(t, s, going.Cookies()[0].Value), e.Provider().Name, e.query())
}

func TestHolderComesFromElsewhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e := &elsewhere{kind: oidc.Holder}
		c := authtest.NewWith(t, d, auth.Options{Platforms: []auth.Platform{e}})
		e.becomes(oidc.Identity{Subject: "s-1", Name: "张样例", Citizen: iamtest.HolderCitizen, Level: 1})
		_, err := e.goes(t, c.Auth)
		wantCode(t, err, "auth.unverified")
		e.becomes(oidc.Identity{Subject: "s-1", Name: "张样例", Citizen: iamtest.HolderCitizen, Level: 3})
		in, err := e.goes(t, c.Auth)
		if err != nil || in.Account != c.People["holder"].ID {
			t.Fatalf("%+v, %v", in, err)
		}
		p, _ := iam.From(with(t, c.Auth, in.Token()))
		if p == nil || p.Level != 3 {
			t.Fatalf("the session's principal: %+v", p)
		}
		e.becomes(oidc.Identity{Subject: "s-1", Level: 1}) // the link is enough, and the level is today's
		if in, err = e.goes(t, c.Auth); err != nil || in.Account != c.People["holder"].ID {
			t.Fatalf("%+v, %v", in, err)
		}
		if p, _ := iam.From(with(t, c.Auth, in.Token())); p.Level != 1 {
			t.Errorf("level %d", p.Level)
		}
		e.becomes(oidc.Identity{Subject: "s-2", Name: "李样例", Citizen: "999999199003070020", Level: 2})
		fresh, err := e.goes(t, c.Auth)
		if err != nil || fresh.Kind != iam.Holder || fresh.Account == in.Account || fresh.Name != "李样例" {
			t.Fatalf("somebody new: %+v, %v", fresh, err)
		}
		ctx := with(t, c.Auth, fresh.Token())
		links, err := c.Auth.Links(ctx)
		if err != nil || len(links) != 1 {
			t.Fatalf("%v, %v", links, err)
		}
		wantCode(t, c.Auth.Unlink(ctx, links[0].ID), "auth.last")
		wantCode(t, c.Auth.Unlink(with(t, c.Auth, in.Token()), links[0].ID), "auth.link") // another's
	})
}

func TestStaffComeByALinkAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		e := &elsewhere{kind: oidc.Staff}
		c := authtest.NewWith(t, d, auth.Options{Platforms: []auth.Platform{e}})
		e.becomes(oidc.Identity{Subject: "w-1", Name: "样例·clerk", Citizen: iamtest.HolderCitizen, Level: 3})
		_, err := e.goes(t, c.Auth)
		wantCode(t, err, "auth.unlinked")
		own := func(who string) context.Context {
			return with(t, c.Auth, signIn(t, c.Auth, who, c.Passwords[who].Password).Token())
		}
		tie := func(ctx context.Context) error {
			if _, err := c.Auth.StartIdentity(ctx, "province-staff"); err != nil {
				return err
			}
			_, err := c.Auth.FinishIdentity(ctx, "province-staff", e.query())
			return err
		}
		clerk := own("clerk")
		if err := tie(clerk); err != nil {
			t.Fatal(err)
		}
		wantCode(t, tie(own("issuer")), "auth.linked")
		wantCode(t, tie(own("holder")), "auth.kind")
		in, err := e.goes(t, c.Auth)
		if err != nil || in.Account != c.People["clerk"].ID {
			t.Fatalf("%+v, %v", in, err)
		}
		clock.add(16 * time.Minute)
		wantCode(t, tie(clerk), "auth.confirm")
		c.Release(t, "clerk")
		if err := c.CloseAccount(c.Ctx(t, "system"), c.People["clerk"].ID, "离职"); err != nil {
			t.Fatal(err)
		}
		_, err = e.goes(t, c.Auth)
		wantCode(t, err, "auth.failed")
	})
}

// What a browser brings back is good once, in the browser that was sent.
func TestStateIsGoodOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		e := &elsewhere{kind: oidc.Holder}
		c := authtest.NewWith(t, d, auth.Options{Platforms: []auth.Platform{e}})
		e.becomes(oidc.Identity{Subject: "s-1", Name: "张样例", Citizen: iamtest.HolderCitizen, Level: 2})
		start := func() string {
			going, err := c.Auth.StartIdentity(from(t, "192.0.2.30"), "province-holder")
			if err != nil || going.URL == "" {
				t.Fatal(err)
			}
			return going.Cookies()[0].Value
		}
		finish := func(ctx context.Context, q url.Values) error {
			_, err := c.Auth.FinishIdentity(ctx, "province-holder", q)
			return err
		}
		mine := start()
		wantCode(t, finish(from(t, "192.0.2.31"), e.query()), "auth.pending") // another browser
		theirs := start()
		wantCode(t, finish(with(t, c.Auth, mine), e.query()), "oidc.state") // another's state
		wantCode(t, finish(with(t, c.Auth, mine), e.query()), "auth.ceremony")
		ctx := with(t, c.Auth, theirs)
		if err := finish(ctx, e.query()); err != nil {
			t.Fatal(err)
		}
		wantCode(t, finish(ctx, e.query()), "auth.ceremony") // again
		late := with(t, c.Auth, start())
		clock.add(11 * time.Minute)
		wantCode(t, finish(late, e.query()), "auth.ceremony")
		_, err := c.Auth.StartIdentity(from(t, "192.0.2.30"), "nowhere")
		wantCode(t, err, "auth.platform")
	})
}
