package passkey

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// BeginEnrol starts the making of a new passkey. options is the JSON for
// navigator.credentials.create (PublicKeyCredentialCreationOptionsJSON under
// "publicKey"), state is for FinishEnrol. existing are all passkeys of the
// user: an authenticator is not enrolled twice.
func (r *Relying) BeginEnrol(u User, existing []Credential, now time.Time) (options, state []byte, err error) {
	if len(existing) >= MaxCredentials {
		return nil, nil, errTooMany
	}
	p := of(u, existing)
	creation, session, err := r.w.BeginRegistration(p,
		webauthn.WithCredentialParameters(algorithms()),
		webauthn.WithExclusions(webauthn.Credentials(p.creds).CredentialDescriptors()))
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: beginning to enrol: %w", err)
	}
	return begun(enrol, session, existing, creation, now)
}

// FinishEnrol checks the browser's response and returns the new passkey. Every
// refusal is a fault.
func (r *Relying) FinishEnrol(u User, state, response []byte, now time.Time) (Credential, error) {
	s, err := resume(enrol, u, state, now)
	if err != nil {
		return Credential{}, err
	}
	if len(response) > MaxResponse {
		return Credential{}, errTooLarge
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return Credential{}, because(errResponse, err)
	}
	made, err := r.w.CreateCredential(of(u, nil), s.Session, parsed)
	if err != nil {
		return Credential{}, r.refused(err, s, parsed.Response.CollectedClientData, parsed.Response.AttestationObject.AuthData)
	}
	// Level 3 §7.1: what the browser names and what the authenticator signed is one identifier.
	if !bytes.Equal(made.ID, parsed.RawID) {
		return Credential{}, errResponse
	}
	if slices.ContainsFunc(s.Known, func(id []byte) bool { return bytes.Equal(id, made.ID) }) {
		return Credential{}, errExists
	}
	return fromLibrary(made, now.UTC()), nil
}

// BeginProve asks for a proof by one of creds, all passkeys of the user.
// options is the JSON for navigator.credentials.get, state is for FinishProve.
func (r *Relying) BeginProve(u User, creds []Credential, now time.Time) (options, state []byte, err error) {
	if len(creds) == 0 {
		return nil, nil, errNone
	}
	assertion, session, err := r.w.BeginLogin(of(u, creds))
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: beginning to prove: %w", err)
	}
	return begun(prove, session, nil, assertion, now)
}

// FinishProve checks the browser's response and returns the passkey used, with
// its counter advanced: the caller stores it in the transaction that signs the
// user in, so that two responses of one counter cannot both win. A counter that
// did not rise is refused as passkey.cloned. A passkey removed since BeginProve
// is unknown. Every refusal is a fault.
func (r *Relying) FinishProve(u User, creds []Credential, state, response []byte, now time.Time) (Credential, error) {
	s, err := resume(prove, u, state, now)
	if err != nil {
		return Credential{}, err
	}
	if len(response) > MaxResponse {
		return Credential{}, errTooLarge
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return Credential{}, because(errResponse, err)
	}
	i := slices.IndexFunc(creds, func(c Credential) bool { return bytes.Equal(c.ID, parsed.RawID) })
	if i < 0 || len(s.Session.AllowedCredentialIDs) == 0 {
		return Credential{}, errUnknown
	}
	// A passkey that was removed meanwhile leaves the list with which the ceremony began; the others still serve.
	s.Session.AllowedCredentialIDs = slices.DeleteFunc(s.Session.AllowedCredentialIDs, func(id []byte) bool {
		return !slices.ContainsFunc(creds, func(c Credential) bool { return bytes.Equal(c.ID, id) })
	})
	if !slices.ContainsFunc(s.Session.AllowedCredentialIDs, func(id []byte) bool { return bytes.Equal(id, parsed.RawID) }) {
		return Credential{}, errUnknown // enrolled after this ceremony began
	}
	used, err := r.w.ValidateLogin(of(u, creds), s.Session, parsed)
	if err != nil {
		return Credential{}, r.refused(err, s, parsed.Response.CollectedClientData, parsed.Response.AuthenticatorData)
	}
	if used.Authenticator.CloneWarning {
		return Credential{}, errCloned
	}
	out := creds[i]
	out.Count, out.Synced, out.Used = used.Authenticator.SignCount, used.Flags.BackupState, now.UTC()
	return out, nil
}

func (r *Relying) refused(err error, s state, c protocol.CollectedClientData, a protocol.AuthenticatorData) error {
	return name(err, s.Session, r.w.Config.RPID, r.w.Config.RPOrigins, c, a)
}
