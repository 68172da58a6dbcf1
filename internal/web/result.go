package web

import (
	"cmp"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/cert"
	"sidian/internal/seal"
	"sidian/internal/verify"
	"sidian/internal/web/page"
	"sidian/ofd/sign"
)

// A result is a verdict as a page shows it: one big word first, then by which
// signatures, who answered for each, and what is on record.
type result struct {
	Class, Headline, Effect string
	Reasons, Warnings       []string
	Type                    []page.Fact // what kind of thing was shown
	Register                *verify.Register
	Signatures              []signature
	Sources                 []source
	Records                 []page.Step
	Members                 []member // of a composite permit
	Pictures                []template.URL
	Hidden                  bool // the face is not shown to who only holds the code
}

// A signature is one seal or signature on the document.
type signature struct {
	Title, Name string
	Chip        page.Chip
	Facts       []page.Fact
	Look        []check // what is to be looked at, or all where that is short
	Rest        []check // shown when it is asked for
	RestName    string
}

type check struct{ Class, Word, Name, Message string }

var headlines = map[sign.Verdict][2]string{
	sign.Valid:        {"good", "签章有效"},
	sign.Invalid:      {"bad", "签章无效"},
	sign.Undetermined: {"care", "不能确认"},
	sign.Unsigned:     {"care", "没有签章"},
	sign.Refused:      {"bad", "不能打开"},
}

// verdictChips are the words for one signature of several.
var verdictChips = map[sign.Verdict]page.Chip{
	sign.Valid: {Class: page.Good, Word: "有效"}, sign.Invalid: {Class: page.Bad, Word: "无效"}, sign.Undetermined: {Class: page.Care, Word: "不能确认"},
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
	out := &result{Class: h[0], Headline: h[1], Effect: v.LegalEffect, Register: v.Register}
	switch {
	case v.Stands():
		out.Headline = "真实有效"
	case v.Copy != nil && v.Report.Verdict == sign.Valid:
		out.Class, out.Headline = copyHeadline(v)
	case v.Report.Verdict == sign.Valid && v.Register != nil && !v.Register.SameDocument:
		out.Class, out.Headline = page.Care, genuine+"与登记不一致"
	case v.Report.Verdict == sign.Valid && v.Register != nil:
		out.Class, out.Headline = page.Care, genuine+notInForce("证照", v.Register)
	case v.Report.Verdict == sign.Refused && foreign(v.DocumentType):
		out.Class, out.Headline = page.Care, "不能核验"
		out.Effect = "本平台只核验 OFD 文件上的签章，没有对这份文件作出结论：它可能真实，也可能不真实。"
	}
	out.Reasons, out.Warnings = messages(v)
	if t := v.DocumentType; t != nil {
		out.Type = []page.Fact{{Label: "种类", Text: t.Name}, {Label: "判断依据", Text: t.How + "；种类不说明真伪"}}
	}
	if x := v.Copy; x != nil {
		out.Type = append(out.Type, page.Fact{Label: "加注编号", Text: x.Number}, page.Fact{Label: "加注件有效期至", At: x.ExpiresAt})
	}
	for i := range v.Signatures {
		out.Signatures = append(out.Signatures, signatureOf(v, i))
	}
	for i := range v.Members {
		out.Members = append(out.Members, memberOf(&v.Members[i]))
	}
	for _, x := range v.Sources {
		out.Sources = append(out.Sources, sourceOf(x, v))
	}
	for _, r := range v.Records {
		out.Records = append(out.Records, recordOf(r))
	}
	return out
}

// genuine begins the big word of every document whose seals are, and which is
// nevertheless not to be relied on; what follows says why.
const genuine = "签章真实，"

// notInForce is why not: the status of the certificate, whichever it is.
func notInForce(what string, r *verify.Register) string {
	if r.Status == cert.Altered {
		return r.StatusName // it is the registration's, not the certificate's
	}
	return what + r.StatusName
}

// copyHeadline is the big word for an annotated copy whose seal is genuine.
func copyHeadline(v *verify.Verdict) (class, headline string) {
	switch {
	case v.CopyStands():
		return page.Good, "加注件有效"
	case v.Copy.Ended():
		return page.Care, genuine + "加注件已撤回"
	case v.Copy.Expired:
		return page.Care, genuine + "加注件已过期"
	}
	return page.Care, genuine + notInForce("原件", v.Register)
}

// foreign tells a file of another format, which is no trouble of the file.
func foreign(t *verify.DocumentType) bool {
	return t != nil && slices.Contains([]string{"pdf", "xml", "image", "office", "signature"}, t.Code)
}

// messages are the reasons, and the warnings that say more than these.
func messages(v *verify.Verdict) (reasons, warnings []string) {
	if v.Report.Verdict == sign.Refused && foreign(v.DocumentType) && len(v.Reasons) > 0 {
		return []string{sentence(v.Reasons[len(v.Reasons)-1])}, nil // that it is no OFD is not what is wrong with it
	}
	for _, reason := range v.Reasons {
		if said := sentence(reason); !slices.Contains(reasons, said) {
			reasons = append(reasons, said)
		}
	}
	for _, w := range v.Warnings {
		if said := sentence(w.Message); !slices.Contains(reasons, said) && !slices.Contains(warnings, said) {
			warnings = append(warnings, said)
		}
	}
	return reasons, warnings
}

// sentence is a message without a colon after which nothing comes.
func sentence(message string) string { return strings.TrimRight(message, "：: ") }

// signatureOf is one signature of a verdict: whose it is, when it was made, what
// has become of the seal, and who answered for it.
func signatureOf(v *verify.Verdict, i int) signature {
	s := &v.Signatures[i]
	out := signature{Title: "电子签名", Name: s.Signer, Chip: verdictChips[s.Verdict]}
	if s.Seal != nil {
		out.Title, out.Name = "电子签章", s.Seal.Name
	}
	if out.Name == "" {
		out.Name = "签章人不明"
	}
	if n := len(v.Signatures); n > 1 { // messages call it by its number in the file
		out.Title += " " + strconv.Itoa(i+1) + "/" + strconv.Itoa(n) + "，编号 " + s.ID
	}
	if s.Seal != nil {
		signer := s.Signer
		if signer == "" {
			signer = "不明"
		}
		out.Facts = append(out.Facts, page.Fact{Label: "签章人", Text: signer})
	}
	out.Facts = append(out.Facts, timeFact(s))
	if f, ok := stateFact(v, s); ok {
		out.Facts = append(out.Facts, f)
	}
	if f, ok := sourceFact(v, i); ok {
		out.Facts = append(out.Facts, f)
	}
	out.checks(s, len(v.Signatures) == 1)
	return out
}

// checks shows all checks of the one good signature; of several, and of one that
// is not good, first those that did not pass.
func (out *signature) checks(s *sign.SignatureReport, only bool) {
	for _, c := range s.Checks {
		w := resultWords[c.Result]
		shown := check{w[0], w[1], checkNames[c.Code], c.Message}
		if only && s.Verdict == sign.Valid || c.Result == sign.Fail || c.Result == sign.Unknown || c.Result == sign.Warn {
			out.Look = append(out.Look, shown)
		} else {
			out.Rest = append(out.Rest, shown)
		}
	}
	if s.Verdict == sign.Valid && len(out.Rest) > 0 { // a hint or two are no reason to open the list
		out.Look, out.Rest = nil, append(out.Look, out.Rest...)
		out.RestName = "逐项检查"
		return
	}
	out.RestName = "已通过和不适用的 " + strconv.Itoa(len(out.Rest)) + " 项"
}

// timeFact is when a signature was made, and how that is known.
func timeFact(s *sign.SignatureReport) page.Fact {
	f := page.Fact{Label: "签章时间", At: s.Time}
	switch {
	case s.TimeSource == sign.TimeStamped:
		f.Chips = []page.Chip{{Class: page.Good, Word: "时间戳证明"}}
	case s.Time.IsZero():
		f.Text = "没有写明"
	default:
		f.Chips = []page.Chip{{Class: page.Plain, Word: "签章人声称"}}
	}
	return f
}

// stateFact is what has become of a seal of ours.
func stateFact(v *verify.Verdict, s *sign.SignatureReport) (page.Fact, bool) {
	i := slices.IndexFunc(v.Seals, func(x verify.SealState) bool { return x.Signature == s.ID && s.Seal != nil && x.ID == s.Seal.ID })
	if i < 0 {
		return page.Fact{}, false
	}
	x := v.Seals[i]
	class := map[string]string{seal.Effective: page.Good, seal.Expired: page.Care, seal.Replaced: page.Care}[x.State]
	f := page.Fact{Label: "印章现状", Chips: []page.Chip{{Class: cmp.Or(class, page.Bad), Word: x.StateName}}}
	if !x.Since.IsZero() {
		f.Text = "自 " + page.Moment(x.Since) + " 起"
	}
	return f, true
}
