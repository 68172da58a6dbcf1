package annotations

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"sidian/internal/annotation"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/verify"
	"sidian/internal/web/page/pagetest"
	"sidian/ofd/draw"
	"sidian/ofd/sign"
)

// A citizen chooses a certificate, says for what, for whom and until when, looks at it,
// makes it once, fetches it and takes it back; strangers and staff have no way in.
func TestOwnPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const kind, recipient = "physician", "青禾农村商业银行城关支行"
		w := certtest.New(t, d, kind)
		c, lost := w.Issue(t, kind), w.Issue(t, kind)
		for _, x := range w.Seals {
			_, err := w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, Purpose: annotation.Purpose, Until: d.Now().AddDate(3, 0, 0), Reason: "测试"})
			pagetest.Must(t, err)
		}
		fonts, err := draw.Embedded()
		pagetest.Must(t, err)
		copies, err := annotation.New(t.Context(), annotation.Parts{DB: d, Keys: w.Keys, IAM: w.IAM, Cert: w.Cert, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, Notices: w.Notice, Fonts: fonts})
		pagetest.Must(t, err)
		copies.Daily = 2
		holder := func(name, citizen string, level int) context.Context {
			account, err := w.IAM.HolderFor(t.Context(), name, citizen)
			pagetest.Must(t, err)
			p, err := w.IAM.Principal(t.Context(), account, iam.Proof{Level: level})
			pagetest.Must(t, err)
			return iam.With(t.Context(), p)
		}
		h := certtest.Example(t, kind).Holders[0]
		issuer := w.Hire(t, "annotator", "issuer", sealtest.Market)
		kit := pagetest.Kit(t)
		site := pagetest.Serve(t, kit, pagetest.People{Service: w.IAM, By: map[string]context.Context{
			"zhao": holder(h.Name, h.ID, 2), "sun": holder("孙试样", "11010519491231002X", 2), "issuer": issuer,
		}}, &Service{Kit: kit, Copies: copies})
		_, err = w.Cert.Act(issuer, cert.ActRequest{ID: lost.ID, Action: "report_lost", Reason: "测试事由", Basis: "样例文号〔2026〕1号"})
		pagetest.Must(t, err)

		at := OwnNew + "?certificate=" + c.ID
		site.Get("zhao", Own).Is(200, "还没有加注件", "制作加注件", "随时撤回")
		site.Get("zhao", OwnNew).Is(200, at, "有效", "挂失").Lacks("certificate=" + lost.ID)
		site.Get("sun", OwnNew).Is(200, "没有您的电子证照").Lacks(c.Number)
		site.Get("sun", at).Is(404, "不是您本人的")
		site.Get("issuer", Own).Is(403)
		site.Get("", Own).Is(303)
		blank := site.Get("zhao", at).Is(200, "做什么用", "给谁", "到哪天", c.Number)
		form := pagetest.Form("key", blank.Between(`name="key" value="`, `"`), "purpose", "办理个人住房贷款", "recipient", recipient, "expires_at", d.Now().AddDate(0, 1, 0).Format("2006-01-02"))
		bad := pagetest.Form("purpose", "", "recipient", "13800138000", "expires_at", "2020-01-01")
		site.Send("zhao", at, bad).Is(422, `href="#purpose"`, `href="#recipient"`, `href="#expires_at"`, "有错误")
		site.Send("zhao", at, form).Is(200, "data:image/svg+xml;base64,", "确认制作", "没有盖章", `name="as" value="make"`, recipient)
		form.Set("as", "make")
		site.Send("sun", at, form).Is(404)
		site.Send("zhao", at, form, "Sec-Fetch-Site", "cross-site").Is(403)
		site.Send("zhao", OwnNew+"?certificate="+lost.ID, form).Is(409, "不能制作加注件", "恢复有效")
		made := site.Send("zhao", at, form).LeadsLike(Own + `/[a-z2-7]+\?done=made`)
		site.Send("zhao", at, form).Leads(made) // the button pressed again
		show, _, _ := strings.Cut(made, "?")
		site.Get("zhao", made).Is(200, "加注件已制成", recipient, "下载加注件", "不想再让对方用", "医师执业证")
		site.Get("zhao", Own).Is(200, recipient, "有效", show)
		site.Get("sun", show).Is(404)
		site.Send("sun", show+"/file", nil).Is(404)
		site.Send("sun", show+"/end", nil).Is(404)
		file := site.Send("zhao", show+"/file", nil).Is(200)
		if !bytes.HasPrefix([]byte(file.Body), []byte("PK")) || !strings.Contains(file.Header.Get("Content-Disposition"), ".ofd") {
			t.Errorf("it is no document: %v", file.Header)
		}
		site.Get("issuer", Home+"?certificate="+c.ID).Is(200, "持证人本人使用", "不公开").Lacks(recipient)
		staff := Home + strings.TrimPrefix(show, Own)
		site.Get("issuer", staff).Is(200, "持证人本人制作").Lacks(recipient, "下载加注件")
		site.Send("issuer", staff+"/file", nil).Is(403)

		data, _, err := copies.ReadOwn(holder(h.Name, h.ID, 2), strings.TrimPrefix(show, Own+"/"))
		pagetest.Must(t, err)
		site.Send("zhao", show+"/end", nil, "Sec-Fetch-Site", "cross-site").Is(403)
		site.Send("zhao", show+"/end", nil).Is(200, "确定撤回吗", "撤回以后不能恢复", `name="sure"`)
		site.Get("zhao", show).Is(200, "下载加注件")
		site.Post("sun", show+"/end", "sure", "yes").Is(404)
		site.Post("zhao", show+"/end", "sure", "yes").Leads(show + "?done=end")
		site.Get("zhao", show).Is(200, "已撤回").Lacks("下载加注件", `id="ask"`)
		site.Send("zhao", show+"/file", nil).Is(409, "撤回", "重新制作")
		checks := &verify.Service{DB: d, PKI: w.PKI, Cert: w.Cert, Cache: sign.NewChainCache(), Copies: func(ctx context.Context, x [32]byte) (*verify.Copy, error) {
			f, err := copies.Lookup(ctx, x)
			if err != nil {
				return nil, err
			}
			return &verify.Copy{Number: f.Number, MadeAt: f.MadeAt, ExpiresAt: f.ExpiresAt, EndedAt: f.EndedAt, Certificate: f.Certificate}, nil
		}}
		v, err := checks.Document(t.Context(), "加注件.ofd", data)
		pagetest.Must(t, err)
		if v.Report.Verdict != sign.Valid || v.CopyStands() || !strings.Contains(v.LegalEffect, "持证人已撤回") || !strings.Contains(strings.Join(v.Reasons, ""), "由持证人撤回") {
			t.Errorf("whoever verifies is told %s %v", v.LegalEffect, v.Reasons)
		}
		form.Set("purpose", "办理公积金提取")
		site.Send("zhao", at, form).LeadsLike(Own + `/[a-z2-7]+\?done=made`)
		form.Set("purpose", "办理入职")
		site.Send("zhao", at, form).Is(429, "今天已制作 2 份", "明天")
	})
}
