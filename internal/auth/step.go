package auth

import (
	"context"
	"encoding/json"
	"time"
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

type pendingRow struct{}

// ProveTOTP goes on with a one-time code. A code is good once.
func (s *Service) ProveTOTP(ctx context.Context, code string) (SignedIn, error) {
	return SignedIn{}, errSkeleton
}

// BeginPasskey returns the options for navigator.credentials.get.
func (s *Service) BeginPasskey(ctx context.Context) (options json.RawMessage, err error) {
	return nil, errSkeleton
}

// ProvePasskey goes on with the browser's response.
func (s *Service) ProvePasskey(ctx context.Context, response []byte) (SignedIn, error) {
	return SignedIn{}, errSkeleton
}

// BeginCertificate returns the text to be signed with the digital certificate.
func (s *Service) BeginCertificate(ctx context.Context) (challenge string, err error) {
	return "", errSkeleton
}

// ProveCertificate goes on with the signed challenge: see ukey.Verify.
func (s *Service) ProveCertificate(ctx context.Context, answer []byte) (SignedIn, error) {
	return SignedIn{}, errSkeleton
}

// ReplacePassword sets a password in place of one that expired or that somebody
// else chose, and goes on.
func (s *Service) ReplacePassword(ctx context.Context, next string) (SignedIn, error) {
	return SignedIn{}, errSkeleton
}
