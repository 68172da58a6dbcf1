package auth

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

var errSkeleton = errors.New("auth: being written")

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

// The methods below are for who is signed in, and proved themselves in the last
// quarter of an hour (see Confirm); and for a pending sign-in in state Enrol,
// which goes on with the first factor. For who is signed in, the SignedIn that
// they return carries no cookie: the session stays, the others end.

// Factors lists the caller's second factors.
func (s *Service) Factors(ctx context.Context) ([]Factor, error) { return nil, errSkeleton }

// BeginTOTP makes a new secret for one-time codes; the present one stays until
// EnrolTOTP.
func (s *Service) BeginTOTP(ctx context.Context) (TOTPSecret, error) {
	return TOTPSecret{}, errSkeleton
}

// EnrolTOTP confirms the secret of BeginTOTP by one of its codes.
func (s *Service) EnrolTOTP(ctx context.Context, code string) (SignedIn, error) {
	return SignedIn{}, errSkeleton
}

// BeginEnrolPasskey returns the options for navigator.credentials.create.
func (s *Service) BeginEnrolPasskey(ctx context.Context) (options json.RawMessage, err error) {
	return nil, errSkeleton
}

// EnrolPasskey keeps the passkey that the browser made, under a name that the
// person gives it.
func (s *Service) EnrolPasskey(ctx context.Context, name string, response []byte) (SignedIn, error) {
	return SignedIn{}, errSkeleton
}

// BeginEnrolCertificate returns the text to be signed with the digital
// certificate that is to be enrolled.
func (s *Service) BeginEnrolCertificate(ctx context.Context) (challenge string, err error) {
	return "", errSkeleton
}

// EnrolCertificate keeps the digital certificate that signed the challenge.
func (s *Service) EnrolCertificate(ctx context.Context, name string, answer []byte) (SignedIn, error) {
	return SignedIn{}, errSkeleton
}

// RemoveFactor ends one of the caller's second factors. The last one of an
// administrator, and of staff where the rule demands one, is refused.
func (s *Service) RemoveFactor(ctx context.Context, id string) error { return errSkeleton }

// Confirm proves once more, by the password, that it is the person who sits
// there: what changes how they sign in asks for it (auth.confirm).
func (s *Service) Confirm(ctx context.Context, password string) error { return errSkeleton }
