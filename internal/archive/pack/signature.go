package pack

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/gm"
)

// A packageSigner is who signed the list of digests, as far as it is known.
type packageSigner struct {
	err         error // why the signature is not valid
	certificate *gm.Certificate
	chain       *gm.Pool // certificates to build chains with
	at          time.Time
	stamped     bool // at is proven by a time stamp
	stampErr    error
	stamp       *gm.Timestamp // nil without one
	notes       []gm.Note
}

var errNoSignature = errors.New("no signature")

// readSigner verifies the signature over the list; nil when there is none to read.
func (p *parcel) readSigner() *packageSigner {
	list, value := p.at[listName], p.at[listSignature]
	if list == nil && value == nil || p.lost(listName) || p.lost(listSignature) {
		return nil
	}
	s := &packageSigner{err: errNoSignature}
	if list == nil || value == nil || list.data == nil || value.data == nil {
		return s
	}
	sd, err := gm.ParseSignedData(value.data)
	if err != nil {
		s.err = err
		return s
	}
	s.chain = gm.NewPool(slices.Concat(sd.Certificates, p.evidence)...)
	result, err := sd.VerifyWith(list.data, s.chain)
	if err != nil {
		s.err = err
		return s
	}
	s.err, s.certificate, s.at, s.notes = nil, result.Certificate, result.SigningTime, result.Notes
	if token := sd.Timestamp(); token != nil {
		s.readStamp(token, sd.Signer.Signature)
	}
	return s
}

func (s *packageSigner) readStamp(token, value []byte) {
	stamp, err := gm.ParseTimestamp(token)
	if err == nil {
		stamp.UseCertificate(s.chain.Certificates()...)
		_, _, err = stamp.Verify(gm.Candidate{Name: "签名值", Message: value})
	}
	if err != nil {
		s.stampErr = err
		return
	}
	s.stamp, s.stamped, s.at = stamp, true, stamp.Time
}

// untraced says why a certificate does not lead to a root of the caller at a
// time, "" when it does.
func (p *parcel) untraced(c *gm.Certificate, between *gm.Pool, at time.Time) string {
	chain := c.BuildChain(between, gm.NewPool(p.o.Roots...))
	if !chain.Reached {
		return "证书链不能到达所信任的根证书"
	}
	if !at.IsZero() {
		if bad := chain.CheckValidity(at); len(bad) > 0 {
			return "签名时证书链中有证书不在有效期内"
		}
	}
	for i := 0; i+1 < len(chain.Chain); i++ {
		if p.revoked(chain.Chain[i], chain.Chain[i+1], at) {
			return "签名时证书链中有证书已被撤销"
		}
	}
	return ""
}

// revoked asks the lists that the package brings.
func (p *parcel) revoked(c, issuer *gm.Certificate, at time.Time) bool {
	for _, list := range p.crls {
		if !list.Covers(c) {
			continue
		}
		if _, err := list.CheckFrom(issuer); err != nil {
			continue
		}
		if since, _, revoked := list.Status(c.SerialNumber); revoked && (at.IsZero() || !at.Before(since)) {
			return true
		}
	}
	return false
}

// digests reads the list: "<hex> *<path>" or "<hex>  <path>" a line.
func digests(text string) (map[string]string, error) {
	list := map[string]string{}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		sum, path, ok := strings.Cut(line, " ")
		raw, err := hex.DecodeString(sum)
		if !ok || err != nil || len(raw) != len(gm.Digest{}) || len(path) < 2 || path[0] != '*' && path[0] != ' ' {
			return nil, fmt.Errorf("line %d", i+1)
		}
		if _, twice := list[path[1:]]; twice {
			return nil, fmt.Errorf("line %d names a file again", i+1)
		}
		list[path[1:]] = strings.ToLower(sum)
	}
	return list, nil
}
