// Package account has the pages on which people sign in, step by step, and look
// after how they do: password, second factors, identities elsewhere, and where
// they are signed in.
//
// A step of signing in belongs to the sign-in under way that the browser's
// cookie names (auth.Pending). A page whose step is not due leads to the one
// that is, or to the beginning; what may be done is decided by package auth, at
// each step anew. Where the person wanted to go travels along as "back", which
// never leaves this site.
package account

import (
	"embed"
	"fmt"

	"sidian/internal/auth"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed assets/*
var assets embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Auth *auth.Service
	IAM  *iam.Service
	Kit  *page.Kit
	// Notices tells people outside the platform.
	Notices *notice.Service
	// Rules are what pages tell about new passwords; package auth enforces
	// them. Zero values as in auth.Options.
	Rules Rules
	// Demo tells strangers where the accounts of a demo are found.
	Demo bool

	set *page.Set
}

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	if err := s.Kit.AddAssets(assets); err != nil {
		return fmt.Errorf("account: %w", err)
	}
	s.Kit.Add(page.Item{Key: "me", Label: "我的安全", Href: "/me", Group: page.Account, Order: 90, For: httpx.SignedIn()})
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	public, signedIn := httpx.Public(), httpx.SignedIn()
	httpx.HandlePage(r, "GET /login", public, s.getLogin)
	httpx.HandlePage(r, "POST /login", public, s.postLogin, httpx.Costly())
	httpx.HandlePage(r, "POST /logout", public, s.postLogout)

	httpx.HandlePage(r, "GET /login/second", public, s.getSecond)
	httpx.HandlePage(r, "POST /login/second", public, s.postSecond, httpx.Costly())
	httpx.HandlePage(r, "GET /login/second/certificate", public, s.getSecondCertificate)
	httpx.HandlePage(r, "POST /login/second/certificate", public, s.postSecondCertificate, httpx.Costly())
	httpx.HandlePage(r, "POST /login/second/passkey", public, s.postSecondPasskey, httpx.Costly())
	httpx.HandlePage(r, "POST /login/second/passkey/options", public, s.postSecondOptions, httpx.Costly())
	httpx.HandlePage(r, "GET /login/password", public, s.getExpired)
	httpx.HandlePage(r, "POST /login/password", public, s.postExpired, httpx.Costly())

	httpx.HandlePage(r, "GET /login/enrol", public, s.getChoice(atLogin))
	httpx.HandlePage(r, "GET /login/enrol/{method}", public, s.getEnrol(atLogin))
	httpx.HandlePage(r, "POST /login/enrol/{method}", public, s.postEnrol(atLogin), httpx.Costly())
	httpx.HandlePage(r, "POST /login/enrol/passkey/options", public, s.postEnrolOptions, httpx.Costly())

	httpx.HandlePage(r, "GET /login/from/{platform}", public, s.getFrom, httpx.Costly())
	httpx.HandlePage(r, "GET /login/back/{platform}", public, s.getBack, httpx.Costly())
	httpx.HandlePage(r, "GET /s/{token}", public, s.getLink, httpx.Costly())
	httpx.HandlePage(r, "POST /s/{token}", public, s.postLink, httpx.Costly())

	httpx.HandlePage(r, "GET /me", signedIn, s.getMe)
	httpx.HandlePage(r, "GET /me/confirm", signedIn, s.getConfirm)
	httpx.HandlePage(r, "POST /me/confirm", signedIn, s.postConfirm, httpx.Costly())
	httpx.HandlePage(r, "GET /me/password", signedIn, s.getPassword)
	httpx.HandlePage(r, "POST /me/password", signedIn, s.postPassword, httpx.Costly())
	httpx.HandlePage(r, "GET /me/factors", signedIn, s.getChoice(atMe))
	httpx.HandlePage(r, "GET /me/factors/{method}", signedIn, s.getEnrol(atMe))
	httpx.HandlePage(r, "POST /me/factors/{method}", signedIn, s.postEnrol(atMe))
	httpx.HandlePage(r, "POST /me/factors/passkey/options", signedIn, s.postEnrolOptions)
	httpx.HandlePage(r, "GET /me/factors/{id}/remove", signedIn, s.getRemove)
	httpx.HandlePage(r, "POST /me/factors/{id}/remove", signedIn, s.postRemove, httpx.Costly())
	httpx.HandlePage(r, "GET /me/links/{platform}", signedIn, s.getJoin)
	httpx.HandlePage(r, "GET /me/links/{id}/remove", signedIn, s.getUnlink)
	httpx.HandlePage(r, "POST /me/links/{id}/remove", signedIn, s.postUnlink, httpx.Costly())
	httpx.HandlePage(r, "POST /me/sessions/{id}/end", signedIn, s.postEnd)
	httpx.HandlePage(r, "POST /me/sessions/end", signedIn, s.postEndAll)

	httpx.HandlePage(r, "GET /me/channels", signedIn, s.getChannels)
	httpx.HandlePage(r, "POST /me/channels/{channel}", signedIn, s.postChannel, httpx.Costly())
	httpx.HandlePage(r, "POST /me/channels/{channel}/confirm", signedIn, s.postChannelCode, httpx.Costly())
	httpx.HandlePage(r, "POST /me/channels/{channel}/end", signedIn, s.postChannelEnd)
}
