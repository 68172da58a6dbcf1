package sign

import (
	"bytes"
	"time"

	"sidian/gm"
)

// status is what the lists tell about a certificate.
type status struct {
	known   bool
	revoked bool
	at      time.Time
	reason  int
	stale   bool // from a list that has since been replaced
}

// checkRevocation checks the certificates of signer and maker, and the
// authorities above them, by the lists given. It never fetches any.
func (e *examination) checkRevocation() {
	if e.signer == nil {
		e.set(CheckRevocation, Unknown, "没有签名人的数字证书，不能检查吊销状态")
		return
	}
	e.revocationOf(e.signer, e.at, "签名人")
	if e.ses != nil && e.ses.Seal.Maker != nil {
		e.makerRevocation(e.ses.Seal.Maker)
	}
	e.set(CheckRevocation, Pass, "数字证书在签名时未被吊销")
}

// revocationOf checks a certificate and the authorities above it.
func (e *examination) revocationOf(c *gm.Certificate, at time.Time, who string) {
	chain := e.cache.chain(&e.opts, c, e.embedded)
	if !chain.Reached {
		e.noRevocationData(who)
		return
	}
	for i, one := range chain.Chain[:len(chain.Chain)-1] {
		name := who
		if i > 0 {
			name = who + "的签发机构"
		}
		e.judge(e.statusOf(one, chain.Chain[i+1], at), at, name)
	}
}

// judge sets what a status means for a signature made at a time: revoked
// before is invalid, after is not; only a time stamp proves which it was.
func (e *examination) judge(s status, at time.Time, who string) {
	switch {
	case !s.known:
		e.noRevocationData(who)
	case !s.revoked:
		if s.stale {
			e.remark("crl_stale", who+"的吊销列表已过更新时间，可能有更新的吊销记录")
		}
	case at.IsZero() || !s.at.After(at):
		e.set(CheckRevocation, Fail, who+"的数字证书已于 "+local(s.at)+" 吊销，签名在吊销之后")
	case !e.opts.At.IsZero() && s.at.After(e.opts.At): // not yet, as of the time asked about
	case e.proven:
		e.set(CheckRevocation, Pass, who+"的数字证书于 "+local(s.at)+" 吊销；时间戳证明签名在吊销之前，签名仍有效")
	default:
		e.warn(CheckRevocation, "revoked_after", who+"的数字证书已于 "+local(s.at)+" 吊销；声称的签名时间在吊销之前，但没有时间戳证明")
	}
}

// makerRevocation judges the maker's certificate at the time the seal was made.
// A key that was compromised later still casts doubt on every seal of it.
func (e *examination) makerRevocation(maker *gm.Certificate) {
	made := e.ses.Seal.Created
	chain := e.cache.chain(&e.opts, maker, e.embedded)
	if !chain.Reached {
		e.noRevocationData("制章者")
		return
	}
	if len(chain.Chain) < 2 { // the maker is an anchor itself
		return
	}
	s := e.statusOf(maker, chain.Chain[1], made)
	compromised := s.reason == gm.ReasonKeyCompromise || s.reason == gm.ReasonCACompromise
	switch {
	case s.known && s.revoked && s.at.After(made) && !s.at.After(e.at) && compromised:
		e.set(CheckRevocation, Fail, "制章者的密钥在签章之前已泄露，其数字证书于 "+local(s.at)+" 吊销")
	case s.known && s.revoked && s.at.After(made):
		e.warn(CheckRevocation, "maker_revoked_after", "制章者的数字证书在制章之后于 "+local(s.at)+" 吊销")
	default:
		e.judge(s, made, "制章者")
	}
}

// noRevocationData is a warning, and undetermined when strict.
func (e *examination) noRevocationData(who string) {
	message := "没有可用的吊销信息，" + who + "的数字证书是否被吊销未知"
	e.remark("no_revocation_data", message)
	if e.opts.Strict {
		e.set(CheckRevocation, Unknown, message)
		return
	}
	e.set(CheckRevocation, Warn, message)
}

// statusOf looks a certificate up in the lists and answers of its issuer.
// A list tells "not revoked" only for times before its next update; what it
// revokes stays revoked.
func (e *examination) statusOf(c, issuer *gm.Certificate, at time.Time) status {
	var out status
	for _, l := range e.lists() {
		if !bytes.Equal(l.RawIssuer, c.RawIssuer) || !e.fromIssuer(l, issuer) {
			continue
		}
		revokedAt, reason, revoked := l.Status(c.SerialNumber)
		switch {
		case revoked && reason != gm.ReasonRemoveFromCRL:
			if !out.revoked || revokedAt.Before(out.at) {
				out = status{known: true, revoked: true, at: revokedAt, reason: reason}
			}
		case !out.revoked && (l.NextUpdate.IsZero() || at.Before(l.NextUpdate) || !l.ThisUpdate.Before(at)):
			now := e.present()
			stale := !l.NextUpdate.IsZero() && !now.IsZero() && !now.Before(l.NextUpdate)
			out = status{known: true, stale: stale && (!out.known || out.stale)}
		}
	}
	if out.revoked {
		return out
	}
	return e.answerOf(c, issuer, at, out)
}

// answerOf looks a certificate up in the OCSP answers.
func (e *examination) answerOf(c, issuer *gm.Certificate, at time.Time, out status) status {
	for _, r := range e.opts.OCSP {
		one, ok := r.For(c, issuer)
		if !ok {
			continue
		}
		if _, err := r.Verify(issuer); err != nil {
			continue
		}
		switch {
		case one.Status == gm.OCSPRevoked:
			return status{known: true, revoked: true, at: one.RevokedAt, reason: one.Reason}
		case one.Status == gm.OCSPGood && (one.NextUpdate.IsZero() && !one.ThisUpdate.Before(at) || at.Before(one.NextUpdate)):
			out.known = true
		}
	}
	return out
}

// maxEmbeddedCRLs bounds the lists taken out of a signature.
const maxEmbeddedCRLs = 8

// lists are the lists given and those that came inside the signature: they are
// signed by their issuers, so where they come from does not matter.
func (e *examination) lists() []*gm.RevocationList {
	if e.signed == nil || len(e.signed.CRLs) == 0 {
		return e.opts.CRLs
	}
	if e.crls == nil {
		e.crls = append(e.crls, e.opts.CRLs...)
		for _, raw := range e.signed.CRLs[:min(len(e.signed.CRLs), maxEmbeddedCRLs)] {
			if l, err := gm.ParseCRL(raw); err == nil {
				e.crls = append(e.crls, l)
			}
		}
	}
	return e.crls
}

// fromIssuer tells whether the issuer signed the list; asked once for a document.
func (v *run) fromIssuer(l *gm.RevocationList, issuer *gm.Certificate) bool {
	key := listIssuer{l, issuer}
	ok, known := v.listChecked[key]
	if !known {
		_, err := l.CheckFrom(issuer)
		ok = err == nil
		if v.listChecked == nil {
			v.listChecked = map[listIssuer]bool{}
		}
		v.listChecked[key] = ok
	}
	return ok
}

type listIssuer struct {
	list   *gm.RevocationList
	issuer *gm.Certificate
}
