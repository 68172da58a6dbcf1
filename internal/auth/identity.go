package auth

import (
	"context"
	"net/http"
	"net/url"
	"time"
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

// IdentityPlatforms lists the platforms that are set up.
func (s *Service) IdentityPlatforms() []IdentityPlatform { return nil }

// StartIdentity sends a stranger to a platform to sign in; and who is signed in
// already, to link the identity that they come back with.
func (s *Service) StartIdentity(ctx context.Context, platform string) (Going, error) {
	return Going{}, errSkeleton
}

// FinishIdentity takes what the browser came back with: the query of its
// request. For who was signed in it links; the SignedIn carries no cookie then.
func (s *Service) FinishIdentity(ctx context.Context, platform string, query url.Values) (SignedIn, error) {
	return SignedIn{}, errSkeleton
}

// Links lists the caller's own links.
func (s *Service) Links(ctx context.Context) ([]Link, error) { return nil, errSkeleton }

// Unlink ends one of the caller's own links.
func (s *Service) Unlink(ctx context.Context, id string) error { return errSkeleton }
