package records

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"sidian/internal/auditor"
	"sidian/internal/web/page"
)

type entryView struct {
	page.Frame
	Word, Sentence string
	Chips          []page.Chip
	Facts          []page.Fact
	Digests        []page.Fact
	Chain          page.Notice
	Links          []page.Fact
	Head           []page.Fact
	Commands       *page.Copy
	Canonical      page.Copy
	Object         string
}

// getEntry shows one entry with all it says, and where it stands in the chain.
func (s *Service) getEntry(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	e, err := s.Auditor.Entry(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	n := s.namer(ctx)
	word := s.words.word(e.Action)
	p := entryView{Frame: s.Kit.Frame(r, word+"：审计记录", "audit", ""), Word: word, Chips: resultChips(&e.Entry), Object: e.Object}
	sort, id := objectWord(e.Object)
	p.Facts = []page.Fact{
		{Label: "时间", At: e.At},
		{Label: "谁", Text: who(&e.Entry), Href: personPage(e.Account)},
		{Label: "账号编号", Text: e.Account, Code: true},
		{Label: "代表的单位", Text: n.org(e.Org)},
		{Label: "网络地址", Text: e.Address, Code: true, Href: addressOf("address", e.Address)},
		{Label: "接入应用", Text: e.App, Code: true, Href: addressOf("app", e.App)},
		{Label: "会话", Text: e.Session, Code: true, Href: addressOf("session", e.Session)},
		{Label: "请求编号", Text: e.Request, Code: true, Href: addressOf("request", e.Request)},
		{Label: "事项", Text: word + "（" + e.Action + "）"},
		{Label: "对象", Text: strings.TrimSpace(sort + " " + id), Href: objectPage(e.Object)},
		{Label: "结果", Text: labelOf(results, e.Result)},
		{Label: "用途", Text: labelOf(purposes, e.Purpose)},
		{Label: "理由", Text: e.Reason},
		{Label: "依据的规则", Text: e.Rule, Code: true},
		{Label: "记录编号", Text: e.ID, Code: true},
	}
	p.Digests = []page.Fact{{Label: "变更前", Text: e.Before, Code: true}, {Label: "变更后", Text: e.After, Code: true}}
	p.Canonical = page.Copy{ID: "canonical", Label: "规范字节（base64）", Text: base64.StdEncoding.EncodeToString(e.Canonical), Hint: "链值按这些字节计算，各字段依次排列，每个字段前是其长度"}
	p.proof(e)
	if n.err != nil {
		return n.err
	}
	return s.set.Show(w, http.StatusOK, "entry", p)
}

// addressOf leads to the entries that share a value.
func addressOf(name, value string) string {
	if value == "" {
		return ""
	}
	return address("/console/audit", name, value)
}

func (p *entryView) proof(e *auditor.Proof) {
	switch {
	case e.Seq == 0:
		p.Chain = page.Notice{Class: page.Care, Title: "刚刚写入，尚未入链", Text: "平台每隔几秒把新记录链接起来。稍候刷新本页。"}
		return
	case !e.Intact:
		p.Chain = page.Notice{Class: page.Bad, Title: "与审计链不符", Text: "这条记录的内容与当时入链的不同，可能被改动过。请立即保全数据库和备份，并请平台运维人员运行 sidian doctor。"}
	default:
		p.Chain = page.Notice{Class: page.Good, Title: "与审计链一致", Text: fmt.Sprintf("刚刚按各字段重新计算，与链上第 %d 环一致。", e.Seq)}
	}
	p.Links = []page.Fact{{Label: "链上位置", Text: fmt.Sprintf("第 %d 环", e.Seq)}, {Label: "链值", Text: e.Digest, Code: true}}
	h := e.Head
	if h == nil {
		p.Links = append(p.Links, page.Fact{Label: "链首签名", Text: "还没有覆盖这一环的链首；平台定时签名，导出时也会签名"})
		return
	}
	p.Head = []page.Fact{{Label: "链首位置", Text: fmt.Sprintf("第 %d 环，覆盖它之前的每一环", h.Seq)}, {Label: "链首的链值", Text: h.Digest, Code: true}, {Label: "签名时间", At: h.At}}
	p.Commands = &page.Copy{ID: "commands", Label: "独立核验链首（OpenSSL 3）", Text: commandsOf(h), Hint: "在装有 OpenSSL 的电脑上执行，显示 Verified OK 即签名有效"}
}

// commandsOf writes the head's files and verifies them, with nothing of ours.
func commandsOf(h *auditor.Head) string {
	return strings.Join([]string{
		"echo " + base64.StdEncoding.EncodeToString([]byte(h.Message)) + " | openssl base64 -d -A > head.txt",
		"echo " + base64.StdEncoding.EncodeToString(h.Signature) + " | openssl base64 -d -A > head.sig",
		"echo " + base64.StdEncoding.EncodeToString([]byte(h.Key)) + " | openssl base64 -d -A > head.pem",
		"openssl dgst -sm3 -verify head.pem -sigopt distid:1234567812345678 -signature head.sig head.txt",
	}, "\n")
}
