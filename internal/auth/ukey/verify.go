package ukey

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
)

// Trust says which digital certificates are accepted.
type Trust struct {
	Anchors       *gm.Pool
	Intermediates *gm.Pool // those in the answer serve beside them
	CRLs          []*gm.RevocationList
	Now           time.Time
	// AllowUnknown accepts a digital certificate of which no current list tells whether it is revoked. Off, such a one
	// is refused as ukey.revocation-unknown.
	AllowUnknown bool
}

// Verify checks an answer — SignedData of GB/T 35275 (or PKCS#7), DER, base64
// or PEM, with the content or without — and returns the signer's digital
// certificate. Whose account it is, is the caller's question (Fingerprint).
// Every refusal is a fault and names nobody.
func Verify(c Challenge, answer []byte, trust Trust) (*gm.Certificate, error) {
	if !isChallenge(c.Text) || c.At.IsZero() {
		return nil, errChallenge
	}
	if age := trust.Now.Sub(c.At); age < 0 || age > Lifetime {
		return nil, errExpired
	}
	if len(answer) > MaxAnswer {
		return nil, errTooLarge
	}
	der, err := decode(answer)
	if err != nil {
		return nil, err
	}
	message, err := gm.ParseSignedData(der)
	switch {
	case errors.Is(err, gm.ErrNoCertificate):
		return nil, because(errBare, err)
	case err != nil:
		return nil, because(errForm, err)
	case message.Content != nil && !bytes.Equal(message.Content, c.Bytes()):
		return nil, errContent // gm would also read a digest of it
	}
	found, err := message.VerifyWith(c.Bytes(), trust.Intermediates)
	if err != nil {
		return nil, because(refusal(err), err)
	}
	if slices.ContainsFunc(found.Notes, func(n gm.Note) bool { return n.Code == gm.NoteSignerID }) {
		return nil, errSigner // gm took the only certificate there is; who signs in is to be said, not guessed
	}
	if err := usable(found.Certificate); err != nil {
		return nil, err
	}
	if err := trusted(found.Certificate, message.Certificates, trust); err != nil {
		return nil, err
	}
	return found.Certificate, nil
}

// refusal turns gm's answers into ours.
func refusal(err error) *fault.Error {
	switch {
	case errors.Is(err, gm.ErrNoCertificate):
		return errBare
	case errors.Is(err, gm.ErrDigestMismatch):
		return errContent
	case errors.Is(err, gm.ErrInvalidSignature):
		return errSignature
	case errors.Is(err, gm.ErrUnsupported):
		return errAlgorithm
	}
	return errForm
}

var (
	oidAnyUsage   = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
	oidEmail      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}
	oidSmartLogon = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 2}
)

// usable holds the certificate to what it says about itself: an end entity's, SM2,
// keyUsage with digitalSignature (GB/T 20518-2018 wants the extension in every
// one), and no extended usage that leaves people out. Makers write
// emailProtection beside clientAuth for persons; either is enough.
func usable(c *gm.Certificate) error {
	if _, err := c.PublicKey(); err != nil {
		return errAlgorithm
	}
	if c.IsCA || !c.HasKeyUsage || c.KeyUsage&x509.KeyUsageDigitalSignature == 0 || len(c.CheckSigningUsage()) > 0 {
		return errUsage
	}
	if len(c.ExtKeyUsage) > 0 && !slices.ContainsFunc([]asn1.ObjectIdentifier{gm.OIDClientAuth, oidEmail, oidAnyUsage, oidSmartLogon}, c.HasExtKeyUsage) {
		return errUsage
	}
	return nil
}

// trusted looks for the chain, and asks each link whether it is valid now and
// not revoked. Certificates that come with the answer help to find the way;
// only an anchor ends it.
func trusted(c *gm.Certificate, sent []*gm.Certificate, t Trust) error {
	chain := c.BuildChain(gm.NewPool(append(slices.Clone(t.Intermediates.Certificates()), sent...)...), t.Anchors)
	if !chain.Reached {
		return errUntrusted
	}
	if p := chain.CheckValidity(t.Now); len(p) > 0 {
		if p[0].Code == "not_yet_valid" {
			return errNotYet
		}
		return errEnded
	}
	for i := range len(chain.Chain) - 1 {
		switch revocation(chain.Chain[i], chain.Chain[i+1], t) {
		case revoked:
			return errRevoked
		case unknown:
			if !t.AllowUnknown {
				return errUnknown
			}
		}
	}
	return nil
}

type standing int

const (
	unknown standing = iota
	good
	revoked
)

// revocation asks the newest authentic list that covers c. What it revokes is
// revoked, even after its time; that c does not stand in it is known only while
// it is the current one (RFC 5280 §6.3.3).
func revocation(c, issuer *gm.Certificate, t Trust) standing {
	var newest *gm.RevocationList
	for _, l := range t.CRLs {
		if l == nil || !l.Covers(c) || l.ThisUpdate.After(t.Now) || newest != nil && !l.ThisUpdate.After(newest.ThisUpdate) {
			continue
		}
		if _, err := l.CheckFrom(issuer); err == nil {
			newest = l
		}
	}
	if newest == nil {
		return unknown
	}
	if _, _, is := newest.Status(c.SerialNumber); is {
		return revoked
	}
	if newest.CurrentAt(t.Now) {
		return good
	}
	return unknown
}

// decode undoes PEM or base64. What begins as a DER SEQUENCE is left as it is.
func decode(answer []byte) ([]byte, error) {
	trimmed := bytes.TrimSpace(answer)
	switch {
	case len(trimmed) == 0:
		return nil, errForm
	case bytes.HasPrefix(trimmed, []byte("-----BEGIN ")):
		block, rest := pem.Decode(trimmed)
		if block == nil || len(bytes.TrimSpace(rest)) > 0 {
			return nil, errForm
		}
		return block.Bytes, nil
	case answer[0] == 0x30 && !isBase64(trimmed):
		return answer, nil
	}
	text := strings.Join(strings.Fields(string(trimmed)), "")
	der, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, errForm
	}
	return der, nil
}

// isBase64 tells text from octets: base64 may begin with the character whose
// octet also begins a SEQUENCE.
func isBase64(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r > 0x7e || r < 0x20 && r != '\n' && r != '\r' && r != '\t' })
}
