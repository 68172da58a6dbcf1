package feedback

import (
	"context"
	"testing"

	"sidian/internal/cert/certtest"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/feedback"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web/page/pagetest"
)

// From the officer's form to the unit's answer, with what each side is shown, and who
// is kept out.
func TestPages(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	const kind = "road_transport"
	w := certtest.New(t, d, kind)
	c := w.Issue(t, kind)
	f, err := feedback.New(t.Context(), feedback.Parts{DB: d, Keys: w.Keys, IAM: w.IAM, Cert: w.Cert, Blobs: w.Blob, Notices: w.Notice, Due: &due.Service{DB: d, Outbox: w.Outbox}, Outbox: w.Outbox})
	pagetest.Must(t, err)
	kit := pagetest.Kit(t)
	s := &Service{Kit: kit, Feedback: f}
	site := pagetest.Serve(t, kit, pagetest.People{Service: w.IAM, By: map[string]context.Context{
		"officer": w.Hire(t, "officer", "officer", sealtest.Land), "issuer": w.Hire(t, "signer", "issuer", sealtest.Market), "other": w.Hire(t, "other", "issuer", sealtest.Land),
		"clerk": w.Hire(t, "filer", "clerk", sealtest.Market), "overseer": w.Hire(t, "overseer", "supervisor", pkitest.Root), "holder": w.System,
	}}, s)

	site.Get("officer", Home).Is(200, "没有执法反馈", "反馈执法决定").Lacks("待我单位确认")
	site.Get("issuer", Home).Is(200, "待我单位确认").Lacks("/console/feedback/new")
	for path, who := range map[string]string{Home: "holder", New: "issuer", Report: "officer"} {
		site.Get(who, path).Is(403)
	}
	site.Get("officer", New+"?certificate="+c.Code).Is(200, c.Code, "暂扣", "决定文书编号")
	good := []string{"certificate", c.VerifyURL, "action", "suspend", "on", d.Now().Format("2006-01-02"), "basis", "《道路运输条例》第六十三条", "document_no", "青交执决〔2026〕17号", "note", "擅自改装营运车辆"}
	wrong := pagetest.Form(good...)
	wrong.Set("basis", "")
	wrong.Set("until", "2020-01-01")
	site.Upload("officer", New, wrong, pagetest.Chosen("document", "x.exe", []byte("MZ"))).Is(422, "依据应有", "暂扣期限", "只能上传", "擅自改装营运车辆")
	at := site.Upload("officer", New, pagetest.Form(good...), pagetest.Chosen("document", "决定.pdf", []byte("%PDF-1.7 decision"))).LeadsLike(`/console/feedback/[a-z2-7]+\?done=told`)
	site.Upload("officer", New, pagetest.Form(good...)).Leads(at[:len(at)-len("told")] + "already")
	show := at[:len(at)-len("?done=told")]
	// By what is printed on it: the same certificate, so the same feedback.
	printed := pagetest.Form(good...)
	printed.Set("certificate", "")
	printed.Set("number", c.Number)
	site.Upload("officer", New, printed).Is(422, `href="#kind"`, "请选择证照类型")
	printed.Set("kind", kind)
	site.Upload("officer", New, printed).Leads(at[:len(at)-len("told")] + "already")
	printed.Set("number", "none")
	site.Upload("officer", New, printed).Is(422, `href="#number"`, "没有找到唯一的一份证照", "写明签发单位")
	site.Get("officer", at).Is(200, "已反馈", "待发证单位确认", "青禾县市场监督管理局", "撤回").Lacks("不予采纳")
	site.Get("clerk", show).Is(200, "待发证单位确认").Lacks("不予采纳", "撤回这件反馈")
	site.Get("other", show).Is(404)
	site.Get("other", show+"/document").Is(404)
	site.Get("issuer", show+"/document").Is(200, "%PDF-1.7 decision")
	site.Get("issuer", Home).Is(200, "暂扣", show)
	site.Get("issuer", show).Is(200, "轮到您", "确认，证照变更为暂扣", "擅自改装营运车辆")
	site.Post("clerk", show+"/decision", "decision", "accept").Is(403)
	site.Post("other", show+"/decision", "decision", "accept").Is(404)
	site.Post("issuer", show+"/decision").Is(422, "请选择确认或不予采纳")
	site.Post("issuer", show+"/decision", "decision", "refuse").Is(422, "请写明理由")
	site.Post("officer", show+"/withdraw", "reason", "").Is(422, "请写明理由")
	site.Send("issuer", show+"/decision", pagetest.Form("decision", "accept"), "Sec-Fetch-Site", "cross-site").Is(403)
	site.Post("issuer", show+"/decision", "decision", "accept").Leads(show + "?done=decided")
	site.Post("issuer", show+"/decision", "decision", "accept").Is(409, "已办结")
	site.Get("officer", show).Is(200, "已确认，状态已变更").Lacks("撤回这件反馈")
	site.Get("overseer", Report).Is(200, "青禾县市场监督管理局")
	site.Get("overseer", Report+"?from=x&to=y").Is(422, "月份不正确")
	pagetest.Must(t, err)
	if got, err := w.Cert.Public(t.Context(), c.Code); err != nil || got.Status != "suspended" {
		t.Errorf("the certificate is %+v %v", got, err)
	}
}
