package gm

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Reasons of revocation (RFC 5280 §5.3.1).
const (
	ReasonUnspecified          = 0
	ReasonKeyCompromise        = 1
	ReasonCACompromise         = 2
	ReasonAffiliationChanged   = 3
	ReasonSuperseded           = 4
	ReasonCessationOfOperation = 5
	ReasonCertificateHold      = 6
	ReasonRemoveFromCRL        = 8
	ReasonPrivilegeWithdrawn   = 9
	ReasonAACompromise         = 10
)

// Revoked is one revoked certificate.
type Revoked struct {
	Serial *big.Int
	At     time.Time
	Reason int // RFC 5280 §5.3.1
}

// RevocationList is a CRL, version 1 or 2. Its fields are read-only after parsing.
type RevocationList struct {
	Raw                []byte
	RawTBS             []byte
	RawIssuer          []byte
	Issuer             pkix.Name
	Number             *big.Int // nil when absent
	ThisUpdate         time.Time
	NextUpdate         time.Time // zero when absent
	AuthorityKeyID     []byte
	Revoked            []Revoked
	SignatureAlgorithm asn1.ObjectIdentifier
	Signature          []byte

	points     []string // addresses in the issuing distribution point: the list is one part of several
	usersOnly  bool
	casOnly    bool
	unhandled  []asn1.ObjectIdentifier
	issuerName string
	bySerial   map[string]int
}

const pemCRL = "CRL"

// ParseCRL reads a revocation list from PEM or DER.
func ParseCRL(pemOrDER []byte) (*RevocationList, error) {
	all := splitPEMOrDER(pemOrDER, pemCRL)
	if len(all) != 1 {
		return nil, malformed("a revocation list: not exactly one found")
	}
	der := bytes.Clone(all[0])
	parts, ok := unseal(der)
	if !ok {
		return nil, malformed("a revocation list")
	}
	l := &RevocationList{Raw: der, RawTBS: parts.tbs, SignatureAlgorithm: parts.algorithm, Signature: parts.signature}
	if err := l.parseTBS(parts); err != nil {
		return nil, err
	}
	l.bySerial = make(map[string]int, len(l.Revoked))
	for i, r := range l.Revoked {
		l.bySerial[r.Serial.String()] = i
	}
	return l, nil
}

// CheckFrom checks that issuer issued and signed the list and may do so (cRLSign), and that the list means what a plain
// list means: one with a critical extension that is not understood (indirect, delta) is ErrUnsupported.
func (l *RevocationList) CheckFrom(issuer *Certificate) ([]Note, error) {
	switch {
	case len(l.unhandled) > 0:
		return nil, fmt.Errorf("gm: revocation list with critical extension %s: %w", l.unhandled[0], ErrUnsupported)
	case l.issuerName != issuer.subjectName:
		return nil, fmt.Errorf("gm: revocation list: %w", ErrWrongIssuer)
	case issuer.HasKeyUsage && issuer.KeyUsage&x509.KeyUsageCRLSign == 0: // RFC 5280 §6.3.3 f
		return nil, fmt.Errorf("gm: revocation list: %w", ErrKeyUsage)
	}
	return issuer.checkSignature(l.SignatureAlgorithm, l.RawTBS, l.Signature)
}

// Covers tells whether c, if it were revoked, would stand in this list: same issuer, and, for a list that is one part
// of several, the part that c names.
func (l *RevocationList) Covers(c *Certificate) bool {
	if l.issuerName != c.issuerName || (l.usersOnly && c.IsCA) || (l.casOnly && !c.IsCA) {
		return false
	}
	if len(l.points) == 0 || len(c.CRLURLs) == 0 {
		return true
	}
	return slices.ContainsFunc(l.points, func(url string) bool { return slices.Contains(c.CRLURLs, url) })
}

// Status tells whether the list revokes a serial number, when and why.
func (l *RevocationList) Status(serial *big.Int) (revokedAt time.Time, reason int, revoked bool) {
	i, ok := l.bySerial[serial.String()]
	if !ok || l.Revoked[i].Reason == ReasonRemoveFromCRL {
		return time.Time{}, 0, false
	}
	return l.Revoked[i].At, l.Revoked[i].Reason, true
}

// CurrentAt tells whether the list is the current one at a time: thisUpdate <= at < nextUpdate. A list without
// nextUpdate never ends.
func (l *RevocationList) CurrentAt(at time.Time) bool {
	return !at.Before(l.ThisUpdate) && (l.NextUpdate.IsZero() || at.Before(l.NextUpdate))
}

// PEM returns the list in PEM.
func (l *RevocationList) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: l.Raw})
}

// parseTBS reads TBSCertList (RFC 5280 §5.1).
func (l *RevocationList) parseTBS(parts sealedParts) error {
	input := cryptobyte.String(l.RawTBS)
	var tbs, issuer, entries, extensions cryptobyte.String
	version := 0
	if !input.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		(tbs.PeekASN1Tag(cbasn1.INTEGER) && !tbs.ReadASN1Integer(&version)) || version < 0 || version > 1 ||
		!parts.sameAlgorithm(&tbs) ||
		!tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !readTime(&tbs, &l.ThisUpdate) {
		return malformed("a revocation list")
	}
	l.RawIssuer, l.issuerName = issuer, nameKey(issuer)
	var ok, present bool
	if l.Issuer, ok = parseName(issuer); !ok {
		return malformed("the issuer of a revocation list")
	}
	if (tbs.PeekASN1Tag(cbasn1.UTCTime) || tbs.PeekASN1Tag(cbasn1.GeneralizedTime)) && !readTime(&tbs, &l.NextUpdate) {
		return malformed("the next update of a revocation list")
	}
	if !tbs.ReadOptionalASN1(&entries, &present, cbasn1.SEQUENCE) || !l.parseEntries(entries) {
		return malformed("the entries of a revocation list")
	}
	if !tbs.ReadOptionalASN1(&extensions, &present, explicitTag(0)) || !tbs.Empty() {
		return malformed("a revocation list")
	}
	if present && !l.parseExtensions(extensions) {
		return malformed("the extensions of a revocation list")
	}
	return nil
}

func (l *RevocationList) parseEntries(s cryptobyte.String) bool {
	for !s.Empty() {
		var entry cryptobyte.String
		var r Revoked
		if !s.ReadASN1(&entry, cbasn1.SEQUENCE) || !readInteger(&entry, &r.Serial) || !readTime(&entry, &r.At) {
			return false
		}
		if !entry.Empty() && !l.parseEntryExtensions(entry, &r) {
			return false
		}
		l.Revoked = append(l.Revoked, r)
	}
	return true
}

func (l *RevocationList) parseEntryExtensions(s cryptobyte.String, r *Revoked) bool {
	list, ok := readExtensions(s)
	if !ok {
		return false
	}
	for _, e := range list {
		value := cryptobyte.String(e.Value)
		switch {
		case e.Id.Equal(oidReasonCode):
			if !value.ReadASN1Enum(&r.Reason) || r.Reason < 0 || r.Reason > ReasonAACompromise {
				return false
			}
		case e.Critical: // certificateIssuer: the entry is of another authority's certificate
			l.unhandled = append(l.unhandled, e.Id)
		}
	}
	return true
}

func (l *RevocationList) parseExtensions(s cryptobyte.String) bool {
	list, ok := readExtensions(s)
	for _, e := range list {
		value := cryptobyte.String(e.Value)
		switch {
		case e.Id.Equal(oidCRLNumber):
			ok = ok && readInteger(&value, &l.Number)
		case e.Id.Equal(oidAuthorityKeyID):
			l.AuthorityKeyID, _ = readAuthorityKeyID(value)
		case e.Id.Equal(oidIssuingPoint) && l.parseIssuingPoint(value):
		case e.Critical:
			l.unhandled = append(l.unhandled, e.Id)
		}
	}
	return ok
}

// parseIssuingPoint reads issuingDistributionPoint (RFC 5280 §5.2.5); false when it says more than which part this is.
func (l *RevocationList) parseIssuingPoint(s cryptobyte.String) bool {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return false
	}
	for !seq.Empty() {
		var value, full cryptobyte.String
		var tag cbasn1.Tag
		var present bool
		if !seq.ReadAnyASN1(&value, &tag) {
			return false
		}
		switch tag {
		case explicitTag(0):
			if !value.ReadOptionalASN1(&full, &present, explicitTag(0)) || !present {
				return false
			}
			l.points = readURIs(full)
		case implicitTag(1):
			l.usersOnly = len(value) == 1 && value[0] != 0
		case implicitTag(2):
			l.casOnly = len(value) == 1 && value[0] != 0
		default:
			return false
		}
	}
	return true
}
