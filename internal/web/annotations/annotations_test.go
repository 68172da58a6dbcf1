package annotations

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"sidian/internal/annotation"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web/page/pagetest"
	"sidian/ofd/draw"
)

// From the certificate to the copy in hand: previewed, made once, listed, found by
// its recipient, taken along; and who is kept out.
func TestPages(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	now := time.Now()
	d.Now = func() time.Time { return now }
	const kind, recipient = "physician", "青禾县第二人民医院人事科"
	w := certtest.New(t, d, kind)
	c := w.Issue(t, kind)
	for _, x := range w.Seals {
		_, err := w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, Purpose: annotation.Purpose, Until: d.Now().AddDate(3, 0, 0), Reason: "测试"})
		pagetest.Must(t, err)
	}
	fonts, err := draw.Embedded()
	pagetest.Must(t, err)
	copies, err := annotation.New(t.Context(), annotation.Parts{DB: d, Keys: w.Keys, IAM: w.IAM, Cert: w.Cert, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, Notices: w.Notice, Fonts: fonts})
	pagetest.Must(t, err)
	kit := pagetest.Kit(t)
	site := pagetest.Serve(t, kit, pagetest.People{Service: w.IAM, By: map[string]context.Context{
		"issuer": w.Hire(t, "annotator", "issuer", sealtest.Market), "county": w.Hire(t, "window", "counter", pkitest.Root), "other": w.Hire(t, "elsewhere", "issuer", sealtest.Land),
		"reviewer": w.Hire(t, "reads", "reviewer", sealtest.Market), "officer": w.Hire(t, "officer", "officer", sealtest.Market),
	}}, &Service{Kit: kit, Copies: copies})
	at, of := New+"?certificate="+c.ID, Home+"?certificate="+c.ID

	site.Get("issuer", Home).Is(200, "按接收方查找")
	site.Get("issuer", of).Is(200, "没有加注件", "制作加注件")
	site.Get("reviewer", of).Is(200, "没有加注件").Lacks(New)
	site.Get("officer", Home).Is(403)
	site.Get("reviewer", at).Is(403)
	site.Get("other", of).Is(403)
	site.Get("other", at).Is(403)
	site.Get("issuer", New+"?certificate=none").Is(404)
	blank := site.Get("issuer", at).Is(200, "加注内容", "青禾县市场监督管理局").Lacks("查阅用途", certtest.Example(t, kind).Holders[0].Name)
	form := pagetest.Form("key", blank.Between(`name="key" value="`, `"`), "purpose", "申请执业地点变更备案", "recipient", recipient, "item", "医师变更执业地点", "expires_at", d.Now().AddDate(0, 1, 0).Format("2006-01-02"))
	with := func(pairs ...string) url.Values {
		f := url.Values{}
		for k, v := range form {
			f[k] = v
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
		}
		return f
	}
	site.Send("issuer", at, with("as", "preview", "purpose", "", "expires_at", "2020-01-01")).Is(422, "用途必填", "截止时间应晚于现在", recipient)
	site.Send("issuer", at, with("as", "preview")).Is(200, "data:image/svg+xml;base64,", "没有编号，没有用印")
	if p, err := copies.Of(w.Client, c.ID, 10, ""); err != nil || len(p.Items) != 0 {
		t.Errorf("a preview is kept: %+v %v", p, err)
	}
	site.Send("reviewer", at, with("as", "make")).Is(403)
	site.Send("other", at, with("as", "make")).Is(403)
	site.Send("issuer", at, with("as", "make"), "Sec-Fetch-Site", "cross-site").Is(403)
	made := site.Send("issuer", at, with("as", "make")).LeadsLike(Home + `/[a-z2-7]+\?done=made`)
	site.Send("issuer", at, with("as", "make")).Leads(made) // the button pressed again
	show, _, _ := strings.Cut(made, "?")
	site.Get("issuer", made).Is(200, "加注件已制成", recipient, "下载加注件")
	site.Get("reviewer", show).Is(200, recipient).Lacks("下载加注件")
	site.Get("other", show).Is(403)
	site.Get("issuer", of).Is(200, "JZ", recipient, "有效")
	site.Post("issuer", Find, "recipient", recipient).Is(200, "JZ")
	site.Post("other", Find, "recipient", recipient).Is(200, "没有加注件")
	site.Post("issuer", Find).Is(422, "请填写接收方")
	file := site.Send("issuer", show+"/file", nil).Is(200)
	if !bytes.HasPrefix([]byte(file.Body), []byte("PK")) || !strings.Contains(file.Header.Get("Content-Disposition"), ".ofd") {
		t.Errorf("it is no document: %v", file.Header)
	}
	site.Send("reviewer", show+"/file", nil).Is(403)
	site.Send("other", show+"/file", nil).Is(403)
	// Staff of another unit than the issuer's say what for.
	site.Get("county", at).Is(200, "查阅用途", "窗口服务")
	site.Send("county", at, with("as", "make")).Is(422, "请选择查阅用途")
	site.Send("county", at, with("as", "make", "purpose_code", "window")).LeadsLike(Home + `/[a-z2-7]+\?done=made`)
	site.Send("county", show+"/file", nil).Is(422, "用途必填")
	site.Post("county", show+"/file", "purpose", "window", "reason", "办件 7 号").Is(200)

	// The authority goes to another unit.
	day := now.In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)
	tr, err := w.Cert.ProposeTransfer(w.Hire(t, "giver", "issuer", sealtest.Market), cert.TransferRequest{Kind: kind, Issuer: sealtest.Market, Successor: sealtest.Land, From: day, Basis: "机构改革方案", Reason: "职责划转"})
	pagetest.Must(t, err)
	_, err = w.Cert.DecideTransfer(w.Hire(t, "manager", "manager", pkitest.Root), tr.ID, true, "同意划转")
	pagetest.Must(t, err)
	site.Get("issuer", at).Is(403, "自 "+day+" 起已移交“青禾县自然资源局”")
	site.Get("reviewer", at).Is(403).Lacks("移交")
	site.Get("other", at).Is(200, "加注内容")
}
