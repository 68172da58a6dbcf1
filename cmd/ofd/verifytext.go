package main

import (
	"sidian/ofd/sign"
)

var verdictWords = map[sign.Verdict][2]string{
	sign.Valid:        {"有效", "VALID"},
	sign.Invalid:      {"无效", "INVALID"},
	sign.Undetermined: {"无法判定", "UNDETERMINED"},
	sign.Unsigned:     {"未签名", "UNSIGNED"},
	sign.Refused:      {"拒绝打开或无法读取", "REFUSED OR UNREADABLE"},
}

var resultWords = map[sign.Result][2]string{
	sign.Pass:    {"通过", "pass"},
	sign.Warn:    {"警告", "WARN"},
	sign.Fail:    {"不通过", "FAIL"},
	sign.Unknown: {"未知", "UNKNOWN"},
	sign.Skipped: {"不适用", "skipped"},
}

var checkWords = map[string][2]string{
	sign.CheckFormat:         {"结构", "structure"},
	sign.CheckDigest:         {"文件摘要", "digests"},
	sign.CheckValue:          {"签名值", "signature value"},
	sign.CheckSealSignature:  {"制章人签名", "seal maker's signature"},
	sign.CheckSignerInSeal:   {"签章人在印章授权列表中", "signer listed in the seal"},
	sign.CheckSealValidity:   {"印章有效期", "seal validity"},
	sign.CheckChain:          {"证书链", "certificate chain"},
	sign.CheckSignerValidity: {"签章人证书有效期", "signer's certificate validity"},
	sign.CheckRevocation:     {"撤销状态", "revocation"},
	sign.CheckTimestamp:      {"时间戳", "time stamp"},
	sign.CheckESLEqual:       {"Seal.esl 与签名中的印章一致", "Seal.esl equals the signed seal"},
	sign.CheckCoverage:       {"保护范围", "coverage"},
}

func (p *program) word(w [2]string, fallback string) string {
	if w[0] == "" {
		return fallback
	}
	return p.lang.pick(w[0], w[1])
}

// printReport tells a report to people. The libraries' messages are Chinese; in English mode the words of checks and
// results are translated and the message follows only where something is not in order.
func (p *program) printReport(r *sign.Report) {
	p.tell("%s：%s", "%s: %s", r.File, p.word(verdictWords[r.Verdict], string(r.Verdict)))
	for _, w := range r.Warnings {
		p.tell("  警告 [%s] %s", "  warning [%s] %s", w.Code, w.Message)
	}
	for i := range r.Signatures {
		p.printSignature(&r.Signatures[i])
	}
	p.printParts(r.Uncovered, "  未受任何签名保护：%s", "  covered by no signature: %s")
	p.printParts(r.Unreferenced, "  文件包中未被引用：%s", "  referenced by nothing: %s")
}

func (p *program) printParts(names []string, zh, en string) {
	for _, n := range names {
		p.tell(zh, en, n)
	}
}

func (p *program) printSignature(s *sign.SignatureReport) {
	p.tell("  签名 %s（%s，%s）：%s", "  signature %s (%s, %s): %s", s.ID, s.Type, s.Form, p.word(verdictWords[s.Verdict], string(s.Verdict)))
	if s.Seal != nil {
		p.tell("    印章：%s（%s），制章人：%s", "    seal: %s (%s), made by %s", s.Seal.Name, s.Seal.ID, s.Seal.Maker)
	}
	if s.Signer != "" {
		p.tell("    签章人：%s", "    signer: %s", s.Signer)
	}
	if s.SigningTime != "" {
		p.tell("    签章时间：%s（%s）", "    signing time: %s (%s)", s.SigningTime, s.TimeSource)
	}
	for _, c := range s.Checks {
		label := p.word(checkWords[c.Code], c.Code)
		result := p.word(resultWords[c.Result], string(c.Result))
		message := c.Message
		if p.lang != chinese && (c.Result == sign.Pass || c.Result == sign.Skipped) {
			message = ""
		}
		if message != "" {
			message = p.lang.pick("：", ": ") + message
		}
		p.printf("    [%s] %s%s\n", result, label, message)
	}
}
