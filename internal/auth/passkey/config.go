package passkey

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ErrNoName: the site is reached under an address of numbers, to which no
// browser binds a passkey. Such a site runs without them.
var ErrNoName = errors.New("passkey: the site has no host name: use http://localhost instead of an address of numbers")

// Config says who asks: the relying party.
type Config struct {
	ID      string   // the host name, without scheme and port; passkeys are bound to it for good
	Origins []string // scheme://host[:port] of the pages that may ask: ID, or names below it
	Name    string   // shown by the authenticator: 四电
}

// A Relying asks for proofs on behalf of one site. Safe for concurrent use.
type Relying struct {
	w *webauthn.WebAuthn
}

// FromBase returns the Config of the site at a base URL, https://host[:port] or
// http://localhost[:port]. An address of numbers is ErrNoName.
func FromBase(base, name string) (Config, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil {
		return Config{}, fmt.Errorf("passkey: the base URL is not of the form https://host")
	}
	host := strings.ToLower(u.Hostname())
	if _, err := netip.ParseAddr(host); err == nil {
		return Config{}, ErrNoName
	}
	c := Config{ID: host, Origins: []string{strings.ToLower(u.Scheme + "://" + u.Host)}, Name: name}
	return c, c.check()
}

// check holds the configuration to what browsers accept (Web Authentication
// Level 3 §5.1.3: a secure context, and an ID that the origin ends in).
func (c Config) check() error {
	if c.Name == "" || len(c.Origins) == 0 {
		return fmt.Errorf("passkey: the relying party needs a name and an origin")
	}
	if err := protocol.ValidateRPID(c.ID); err != nil {
		return fmt.Errorf("passkey: the relying party's identifier %q: %w", c.ID, err)
	}
	for _, o := range c.Origins {
		u, err := url.Parse(o)
		if err != nil || u.Scheme+"://"+u.Host != o || u.Host == "" {
			return fmt.Errorf("passkey: origin %q is not of the form https://host[:port]", o)
		}
		if h := u.Hostname(); h != c.ID && !strings.HasSuffix(h, "."+c.ID) {
			return fmt.Errorf("passkey: origin %q is not of %s", o, c.ID)
		} else if u.Scheme != "https" && (u.Scheme != "http" || h != "localhost" && !strings.HasSuffix(h, ".localhost")) {
			return fmt.Errorf("passkey: origin %q is not secure: browsers offer passkeys on https and on http://localhost", o)
		}
	}
	return nil
}

// New returns a Relying, or what is wrong with c.
func New(c Config) (*Relying, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: c.ID, RPDisplayName: c.Name, RPOrigins: c.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationRequired,
		},
		// What a browser returns unasked is no reason to refuse a person: we use none of it.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkey: configuring the relying party: %w", err)
	}
	return &Relying{w: w}, nil
}

// algorithms in order of preference. None else is accepted.
func algorithms() []protocol.CredentialParameter {
	var out []protocol.CredentialParameter
	for _, a := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		out = append(out, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: a})
	}
	return out
}
