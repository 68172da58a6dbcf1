package web

import (
	"html/template"
	"slices"
	"strings"

	"sidian/internal/verify"
	"sidian/internal/web/page"
	"sidian/ofd/sign"
)

// A result is a verdict as a page shows it.
type result struct {
	Class, Headline, Effect string
	Reasons, Warnings       []string
	Register                *verify.Register
	Signatures              []signature
	Pictures                []template.URL
	Hidden                  bool // the face is not shown to who only holds the code
}

type signature struct {
	Title, Seal, Signer, Time string
	Checks                    []check
}

type check struct{ Class, Word, Name, Message string }

var headlines = map[sign.Verdict][2]string{
	sign.Valid:        {"good", "签章有效"},
	sign.Invalid:      {"bad", "签章无效"},
	sign.Undetermined: {"care", "不能确认"},
	sign.Unsigned:     {"care", "没有签章"},
	sign.Refused:      {"bad", "不能打开"},
}

var checkNames = map[string]string{
	sign.CheckFormat: "格式", sign.CheckDigest: "内容完整", sign.CheckValue: "签名值", sign.CheckSealSignature: "制章人签名",
	sign.CheckSignerInSeal: "签章人在印章名单内", sign.CheckSealValidity: "印章有效期", sign.CheckChain: "签发机构", sign.CheckSignerValidity: "证书有效期",
	sign.CheckRevocation: "吊销状态", sign.CheckTimestamp: "时间戳", sign.CheckESLEqual: "印章一致", sign.CheckCoverage: "保护范围",
}

var resultWords = map[sign.Result][2]string{
	sign.Pass: {"good", "通过"}, sign.Warn: {"care", "提示"}, sign.Fail: {"bad", "未通过"}, sign.Unknown: {"care", "不明"}, sign.Skipped: {"plain", "不适用"},
}

func resultOf(v *verify.Verdict) *result {
	h := headlines[v.Report.Verdict]
	out := &result{Class: h[0], Headline: h[1], Effect: v.LegalEffect, Reasons: make([]string, len(v.Reasons)), Register: v.Register}
	if v.Report.Verdict == sign.Valid {
		switch {
		case v.Stands():
			out.Headline = "真实有效"
		case v.Register != nil:
			out.Class, out.Headline = "care", "签章真实，证照"+v.Register.StatusName
			if !v.Register.SameDocument {
				out.Headline = "签章真实，与登记不一致"
			}
		}
	}
	for i, reason := range v.Reasons {
		out.Reasons[i] = sentence(reason)
	}
	for _, w := range v.Warnings {
		if said := sentence(w.Message); !slices.Contains(out.Reasons, said) {
			out.Warnings = append(out.Warnings, said)
		}
	}
	for _, s := range v.Signatures {
		out.Signatures = append(out.Signatures, signatureOf(s))
	}
	return out
}

// sentence is a message without a colon after which nothing comes.
func sentence(message string) string { return strings.TrimRight(message, "：: ") }

func signatureOf(s sign.SignatureReport) signature {
	out := signature{Title: "电子签名", Signer: s.Signer, Time: page.Moment(s.Time)}
	if s.Seal != nil {
		out.Title, out.Seal = "电子签章", s.Seal.Name
	}
	if out.Signer == "" {
		out.Signer = "不明"
	}
	if s.TimeSource == sign.TimeStamped {
		out.Time += "（时间戳证明）"
	} else if !s.Time.IsZero() {
		out.Time += "（签章人声称）"
	}
	for _, c := range s.Checks {
		w := resultWords[c.Result]
		out.Checks = append(out.Checks, check{w[0], w[1], checkNames[c.Code], c.Message})
	}
	return out
}
