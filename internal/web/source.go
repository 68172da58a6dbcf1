package web

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/provider"
	"sidian/internal/verify"
	"sidian/internal/web/page"
	"sidian/ofd/sign"
)

// A source is who was asked about some signatures (谁签章、谁核验), and what came of it.
type source struct {
	Name, Message string
	Chip          page.Chip
	Which         string // of several signatures
	Took          string
	Remarks       []string
}

// sourceWords are what came of asking.
var sourceWords = map[provider.Result]page.Chip{
	provider.Down: {Class: page.Care, Word: "未答复"}, provider.Slow: {Class: page.Care, Word: "未按时答复"},
	provider.Lying: {Class: page.Bad, Word: "答复不可信"}, provider.Foreign: {Class: page.Bad, Word: "答复不可信"}, provider.Rejected: {Class: page.Bad, Word: "答复不可信"},
	provider.Nobody: {Class: page.Plain, Word: "没有登记服务商"},
}

// answers are what was answered.
var answers = map[sign.Verdict]page.Chip{
	sign.Valid: {Class: page.Good, Word: "答复：有效"}, sign.Invalid: {Class: page.Bad, Word: "答复：无效"}, sign.Undetermined: {Class: page.Care, Word: "答复：不能确认"},
}

func sourceOf(x provider.Source, v *verify.Verdict) source {
	out := source{Name: x.Name, Message: sentence(x.Message), Chip: sourceChip(x), Remarks: x.Remarks}
	if x.Result == provider.Ours {
		out.Name = "本平台"
	}
	if len(v.Signatures) > 1 {
		var which []string
		for _, i := range x.Indexes {
			which = append(which, strconv.Itoa(i+1))
		}
		out.Which = "签章 " + strings.Join(which, "、")
	}
	var said []string
	if x.Result == provider.Answered {
		said = append(said, "答复于 "+page.Moment(x.AnsweredAt))
	}
	if x.Result != provider.Ours && x.Result != provider.Nobody && x.Millis > 0 { // what was answered a moment ago took nothing
		said = append(said, "用时 "+took(x.Millis))
	}
	out.Took = strings.Join(said, "，")
	return out
}

func sourceChip(x provider.Source) page.Chip {
	if c, ok := sourceWords[x.Result]; ok {
		return c
	}
	if c, ok := answers[x.Verdict]; ok {
		return c
	}
	return page.Chip{Class: page.Plain, Word: "已答复"}
}

// took is a time in milliseconds as people read it.
func took(ms int64) string {
	if ms < 1000 {
		return strconv.FormatInt(ms, 10) + " 毫秒"
	}
	return fmt.Sprintf("%.1f 秒", float64(ms)/1000)
}

// sourceFact is who answered for a signature.
func sourceFact(v *verify.Verdict, i int) (page.Fact, bool) {
	at := slices.IndexFunc(v.Sources, func(x provider.Source) bool { return slices.Contains(x.Indexes, i) })
	if at < 0 {
		return page.Fact{}, false
	}
	x := sourceOf(v.Sources[at], v)
	f := page.Fact{Label: "由谁核验", Text: x.Name, Chips: []page.Chip{x.Chip}}
	if v.Sources[at].Result == provider.Nobody {
		f.Text = "制章者：" + x.Name
	}
	return f, true
}

// factors are the Chinese words for how somebody proved who they are.
var factors = map[string]string{
	"totp": "一次性口令", "password": "登录密码", "recent": "重新登录", "passkey": "通行密钥", "certificate": "数字证书", "session": "双因素登录",
}

// recordOf is what our own register says of somebody's signing.
func recordOf(r verify.Record) page.Step {
	what := "签署"
	if r.Way == "seal" {
		what = "手写签名"
	}
	s := page.Step{Title: r.Name + " " + what, At: r.At}
	if r.Factor != "" {
		s.Text = "以" + cmp.Or(factors[r.Factor], r.Factor) + "确认签署意愿"
	}
	return s
}
