package sign

import (
	"time"

	"sidian/gm"
)

// checkSigner checks the signer's and the maker's digital certificates: chain,
// use, and the signing time in their validity (GB/T 38540-2020 §7.3 steps 4, 5).
func (e *examination) checkSigner() {
	if e.signer == nil {
		e.set(CheckChain, Unknown, "没有签名人的数字证书，无法确认签名人身份")
		e.set(CheckSignerValidity, Unknown, "没有签名人的数字证书")
		return
	}
	e.out.Chain = e.checkChain(e.signer, e.at, "签名人")
	e.checkUsage(e.signer, "签名人")
	e.checkSignerValidity()
	if e.ses != nil && e.ses.Seal.Maker != nil {
		e.checkMaker(e.ses.Seal.Maker)
	}
	e.set(CheckChain, Pass, "数字证书链到达所给的信任根")
}

func (e *examination) checkUsage(c *gm.Certificate, who string) {
	for _, p := range c.CheckSigningUsage() {
		e.set(CheckChain, Fail, who+"的"+p.Message)
	}
}

// faultyChain are the reasons for which a chain is wrong, rather than unknown.
var faultyChain = map[string]bool{"issuer_not_ca": true, "issuer_key_usage": true, "path_length": true}

// checkChain builds the path of a certificate and checks the authorities on it
// at a time. An anchor is trusted for itself: its own validity only warns.
func (e *examination) checkChain(c *gm.Certificate, at time.Time, who string) []*gm.Certificate {
	found := e.cache.chain(&e.opts, c, e.embedded)
	e.notes(CheckChain, found.Notes)
	if !found.Reached {
		result, message := Unknown, who+"的数字证书链未到达所给的信任根"
		for _, p := range found.Problems {
			message += "：" + p.Message
			if faultyChain[p.Code] {
				result = Fail
			}
		}
		e.set(CheckChain, result, message)
		return found.Chain
	}
	for i, ca := range found.Chain {
		if i == 0 || at.IsZero() {
			continue
		}
		for _, p := range ca.CheckValidity(at) {
			if i == len(found.Chain)-1 {
				e.warn(CheckChain, "anchor_validity", "信任根在签名时间不在有效期内："+p.Message)
			} else {
				e.set(CheckChain, Fail, who+"的签发机构在签名时间不在有效期内："+p.Message)
			}
		}
	}
	return found.Chain
}

// checkSignerValidity holds the signing time against the certificate.
func (e *examination) checkSignerValidity() {
	if e.at.IsZero() {
		e.set(CheckSignerValidity, Unknown, "签名时间未知，不能判断数字证书当时是否有效")
		return
	}
	for _, p := range e.signer.CheckValidity(e.at) {
		e.set(CheckSignerValidity, Fail, "签名时间不在签名人数字证书的有效期内："+p.Message)
	}
	e.set(CheckSignerValidity, Pass, "签名时签名人的数字证书在有效期内")
	if now := e.present(); !e.proven && !now.IsZero() && now.After(e.signer.NotAfter) && !e.at.After(e.signer.NotAfter) {
		e.remark("expired_since", "签名人的数字证书现已过期，而签名时间没有时间戳证明")
	}
}

// checkMaker checks the maker's certificate. It must have been valid when the
// seal was made; one that became valid later, but before signing, is a warning.
func (e *examination) checkMaker(maker *gm.Certificate) {
	made := e.ses.Seal.Created
	e.checkChain(maker, made, "制章者")
	e.checkUsage(maker, "制章者")
	problems := maker.CheckValidity(made)
	if len(problems) == 0 {
		return
	}
	if !e.at.IsZero() && len(maker.CheckValidity(e.at)) == 0 {
		e.warn(CheckChain, "maker_validity", "制章时间不在制章者数字证书的有效期内，但签章时在有效期内")
		return
	}
	e.set(CheckChain, Fail, "制章时间不在制章者数字证书的有效期内："+problems[0].Message)
}
