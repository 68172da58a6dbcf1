package auth

import (
	"context"
	"time"

	"sidian/internal/iam"
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

// Invite makes a one-time link for an account and ends its earlier ones.
func (s *Service) Invite(ctx context.Context, account string, purpose Purpose, reason string) (Invitation, error) {
	return Invitation{}, errSkeleton
}

// Redeem tells what a one-time link is for. It may be asked again until Complete.
func (s *Service) Redeem(ctx context.Context, token string) (Welcome, error) {
	return Welcome{}, errSkeleton
}

// Complete uses a one-time link, once: it sets the password, and for First and
// Recover the one-time codes that Code confirms. The person then signs in.
func (s *Service) Complete(ctx context.Context, token string, r CompleteRequest) error {
	return errSkeleton
}
