package sealapply

import (
	"archive/zip"
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal"
	"sidian/internal/sealapply/sealapplytest"
	"sidian/internal/web/page/pagetest"
)

// TestRefused lets everybody else try every page and every form.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		draft := s.begin()
		s.fillIn(draft)
		file := fileOf(s.Get("keeper", draft+"/form").Body)
		pages := []string{"", "/start", "/form", "/imprint", "/certificate", "/keeper", "/check", "/imprint.png", "/attachments/" + file}
		forms := []string{"/start", "/certificate", "/keeper", "/statement", "/submit", "/withdraw"}
		for who, status := range map[string]int{"clerk": 403, "system": 403, "other": 404, "county": 404, "holder": 404} {
			for _, p := range pages {
				got := s.Get(who, draft+p)
				if who == "holder" && p == "" {
					got = s.Get(who, got.Is(303).To()) // to their own pages
				}
				if got.Status != status && got.Status != 403 {
					t.Errorf("%s at %q: %d", who, p, got.Status)
				}
			}
			for _, p := range forms {
				if got := s.Send(who, draft+p, url.Values{"why": {"越权"}, "agree": {"1"}, "custodian": {"x"}, "mode": {"built-in"}}); got.Status != status && got.Status != 403 {
					t.Errorf("%s sends %q: %d", who, p, got.Status)
				}
			}
			for _, p := range []string{"/form", "/imprint"} {
				if got := s.Upload(who, draft+p, url.Values{"width": {"1"}, "height": {"1"}}, pagetest.Chosen("file", "x.png", sealapplytest.Imprint(t, "x"))); got.Status != status && got.Status != 403 {
					t.Errorf("%s uploads to %q: %d", who, p, got.Status)
				}
			}
		}
		// The unit of another, in the body and in the filter.
		s.Send("keeper", Home+"/new", url.Values{"kind": {"apply"}, "org": {sealapplytest.Land}, "seal_kind": {seal.LegalName}}).Is(403)
		s.Get("keeper", Home+"?unit="+sealapplytest.Land).Is(403)
		s.Send("keeper", Home+"/new", url.Values{"kind": {"cancel"}, "seal": {"nosuchseal"}, "reason": {"x"}}).Is(422, "没有这枚印章")
		s.Send("keeper", draft+"/submit", nil, "Sec-Fetch-Site", "cross-site").Is(403)
		s.Get("keeper", draft).Is(200, "草稿")
		// What is hostile is refused, at its place.
		s.Upload("keeper", draft+"/imprint", url.Values{"width": {"42"}, "height": {"42"}}, pagetest.Chosen("file", "x.png", []byte("<svg onload=alert(1)>"))).Is(422, "须是 PNG 图像", `href="#file"`)
		s.Upload("keeper", draft+"/imprint", url.Values{"width": {"4200"}, "height": {"0"}}, pagetest.Chosen("file", "x.png", sealapplytest.Imprint(t, "x"))).Is(422, "1 到 100 毫米", `href="#width"`)
		s.Upload("keeper", draft+"/form", url.Values{"then": {"stay"}}, pagetest.Chosen("file.other", `..\..\<b>x</b>.pdf`, sealapplytest.PDF("x"))).Is(303)
		if raw := s.Get("keeper", draft+"/form"); strings.Contains(raw.Body, `..\`) {
			t.Error("a name of a file leads out of its folder")
		}
		s.Send("keeper", draft+"/statement", url.Values{"agree": {"1"}, "version": {"1999"}, "imprint": {"00"}}).Is(409, "声明文本已不是这一版")
		s.Send("keeper", draft+"/statement", nil).Is(422, "还没有签署声明", `href="#agree"`)
		s.Send("keeper", draft+"/certificate", url.Values{"mode": {"held 123"}}).Is(422)
		s.Send("keeper", draft+"/certificate", nil).Is(422, "请选择数字证书的来源")
		// Nobody decides on their own, nor out of turn.
		s.Send("keeper", draft+"/submit", nil).Is(303)
		for _, who := range []string{"keeper", "second", "clerk", "holder"} {
			for _, p := range []string{"/review", "/make", "/file"} {
				if got := s.Send(who, draft+p, url.Values{"tier": {"county"}, "round": {"1"}, "decision": {"approve"}}); got.Status != 403 && got.Status != 404 {
					t.Errorf("%s sends %s: %d", who, p, got.Status)
				}
			}
		}
		s.Send("prov", draft+"/review", url.Values{"tier": {"province"}, "round": {"1"}, "decision": {"approve"}}).Is(403)
		s.Send("county", draft+"/make", nil).Is(409, "不能开始制作")
		s.Send("county", draft+"/review", url.Values{"tier": {"city"}, "round": {"1"}, "decision": {"approve"}}).Is(409, "现在不是市级审核")
		s.Get("keeper", draft+"/form").Is(303) // it is on its way
		s.Send("keeper", draft+"/keeper", url.Values{"custodian": {"x"}}).Is(409)
		s.Get("keeper", strings.Replace(draft, "/console/seal-applications", "/seals/applications", 1)).Is(303)
	})
}

// TestCampaign makes seals of two units under one approval.
func TestCampaign(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.World.Grant(t, s.Keeper, "custodian", sealapplytest.County)
		s.Get("keeper", Campaigns).Is(200, "还没有集中制发", "发起集中制发")
		form := url.Values{"title": {"2026 年统一制发"}, "org": {sealapplytest.County}, "seal_kind": {seal.LegalName}, "basis": {"青政办发〔2026〕1号"}}
		s.Send("keeper", Campaigns+"/new", form).Is(422, "须在今天之后", `href="#until"`)
		form.Set("until", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
		at := s.Send("keeper", Campaigns+"/new", form).Is(303).To()
		for _, q := range []string{"", "?format=csv"} {
			if got := s.Get("keeper", Campaigns+"/template"+q).Is(200); !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") {
				t.Errorf("the template: %v", got.Header)
			}
		}
		s.Upload("keeper", at+"/rows", nil).Is(422, "请选择文件")
		s.Upload("keeper", at+"/rows", nil, pagetest.Chosen("file", "x.csv", []byte("甲,乙\n1,2\n"))).Is(422, "标题行与模板不一致")
		s.Upload("keeper", at+"/rows", nil, pagetest.Chosen("file", "x.zip", bundle(t))).Is(303)
		shown := s.Get("keeper", at+"?done=loaded").Is(200, "逐行核验：2 行可以制作，1 行有问题", "第 4 行", "没有登记这个单位", "可以制作的 2 枚")
		s.Send("keeper", at+"/submit", nil).Is(422, "还没有签署声明")
		s.Send("keeper", at+"/submit", url.Values{"agree": {"1"}, "version": {hidden(shown.Body, "version")}}).Is(303)
		s.Get("clerk", at).Is(403)
		s.Get("other", at).Is(404)
		s.Send("keeper", at+"/review", url.Values{"tier": {"county"}, "decision": {"approve"}}).Is(403)
		s.Send("county", at+"/review", url.Values{"tier": {"county"}, "round": {"1"}, "decision": {"refuse"}}).Is(422, "须填写理由", `href="#opinion"`)
		for _, x := range []struct{ who, tier string }{{"county", "county"}, {"city", "city"}, {"prov", "province"}} {
			s.Get(x.who, at).Is(200, "审核", "通过")
			s.Send(x.who, at+"/review", url.Values{"tier": {x.tier}, "round": {"1"}, "decision": {"approve"}}).Is(303)
		}
		s.Send("keeper", at+"/run/start", nil).Is(403)
		s.Get("another", at).Is(200, "开始制作")
		s.Send("another", at+"/run/explode", nil).Is(404)
		s.Send("another", at+"/run/start", nil).Is(303)
		s.Get("another", at).Is(200, "data-follow", "暂停", "已处理")
		s.Send("another", at+"/run/pause", nil).Is(303)
		s.Send("another", at+"/run/end", nil).Is(422, "须填写理由")
		s.Send("another", at+"/run/resume", nil).Is(303)
		must(t, s.Apply.Work(t.Context()))
		s.Get("keeper", at).Is(200, "已完成", "已处理 100%", "2 枚", "公开状态", "下载报告")
		s.Get("keeper", at+"?state=refused").Is(200, "未制作", "没有登记这个单位")
		if got := s.Get("keeper", at+"/report").Is(200, "青禾县自然资源局", "已备案"); !strings.HasPrefix(got.Body, "\xef\xbb\xbf") {
			t.Error("the report lacks the mark that spreadsheets look for")
		}
		s.Get("keeper", Campaigns).Is(200, "2026 年统一制发", "2 / 3 枚")
	})
}

// bundle is a table and pictures: two good rows, and one of an unknown unit.
func bundle(t *testing.T) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(name string, data []byte) {
		w, err := z.Create(name)
		must(t, err)
		_, err = w.Write(data)
		must(t, err)
	}
	text := "单位编号,单位名称,保管人用户名,印模文件,宽（毫米）,高（毫米）\n"
	for _, org := range []string{sealapplytest.Market, sealapplytest.Land} {
		name := sealapplytest.Name(org)
		put(org+".png", sealapplytest.Imprint(t, name))
		text += org + "," + name + "," + map[string]string{sealapplytest.Market: "keeper", sealapplytest.Land: "other"}[org] + "," + org + ".png,42,42\n"
	}
	put("清单.csv", []byte(text+"nowhere,没有的局,keeper,market.png,42,42\n"))
	must(t, z.Close())
	return b.Bytes()
}

// TestWallet is a holder's way on the phone: their own seal, and that of the
// enterprise that they are registered to act for.
func TestWallet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.Get("holder", Wallet).Is(200, "还没有印章", "申请个人印章")
		if to := s.Get("holder", Home+"/new").Is(303).To(); !strings.HasPrefix(to, Wallet+"/new") {
			t.Errorf("a holder is led to %s", to)
		}
		s.Get("keeper", Wallet).Is(403)
		shown := s.Get("holder", Wallet+"/new?for=personal").Is(200, "受理的印章管理部门", "青禾县行政审批服务管理局", "提交申请")
		own := url.Values{"kind": {"apply"}, "for": {"personal"}, "authority": {sealapplytest.CountyAuth}, "seal_name": {"张样例"}, "version": {hidden(shown.Body, "version")},
			"fields.handler": {"张样例"}, "fields.handler_phone": {"13800138000"}, "width": {"20"}, "height": {"20"}}
		written, imprint := pagetest.Chosen("file.application", "申请.pdf", sealapplytest.PDF("a")), pagetest.Chosen("file", "章.png", sealapplytest.Imprint(t, "张样例"))
		s.Upload("holder", Wallet+"/new", own, written).Is(422, `href="#agree"`, `href="#file"`)
		own.Set("agree", "1")
		at := s.Upload("holder", Wallet+"/new", own, written, imprint).Is(303).To()
		s.Get("holder", at).Is(200, "已提交", "张**", "正由县级")
		s.Get("holder", Wallet).Is(200, "办理中", "审核中").Lacks("申请个人印章</a>")
		path, _, _ := strings.Cut(strings.Replace(at, Wallet, Home, 1), "?")
		s.Send("county", path+"/review", url.Values{"tier": {"county"}, "round": {"1"}, "decision": {"approve"}}).Is(303)
		s.Send("another", path+"/make", nil).Is(303)
		s.Send("another", path+"/file", nil).Is(303)
		s.Get("holder", Wallet).Is(200, "张样例", "有效", "已办结")

		firm := url.Values{"kind": {"apply"}, "for": {"enterprise"}, "uscc": {s.Code(t, sealapplytest.Enterprise)}, "version": {hidden(shown.Body, "version")}, "agree": {"1"}, "keeper": {"boss"},
			"fields.legal_person": {"李样例"}, "fields.handler": {"张样例"}, "fields.handler_phone": {"13800138000"}, "width": {"42"}, "height": {"42"}}
		files := []pagetest.File{pagetest.Chosen("file.application", "a.pdf", sealapplytest.PDF("a")), pagetest.Chosen("file.form", "b.pdf", sealapplytest.PDF("b")), pagetest.Chosen("file", "c.png", sealapplytest.Imprint(t, "x"))}
		s.Upload("holder", Wallet+"/new", firm, files...).Is(403, "没有登记为该单位的印章经办人", "经办登记")
		wrong := url.Values{"uscc": {"123"}, "for": {"enterprise"}}
		s.Upload("holder", Wallet+"/new", wrong).Is(422, "没有登记这个代码的单位")
		s.Get("county", Bonds+"?unit="+url.QueryEscape(sealapplytest.Name(sealapplytest.Enterprise))).Is(200, "还没有登记经办人")
		s.Send("county", Bonds, url.Values{"unit": {sealapplytest.Enterprise}, "username": {"holder"}}).Is(422, "须填写理由", `href="#basis"`)
		s.Send("county", Bonds, url.Values{"unit": {sealapplytest.Enterprise}, "username": {"nobody"}, "basis": {"x"}}).Is(422, "没有这个用户名")
		s.Send("county", Bonds, url.Values{"unit": {sealapplytest.Enterprise}, "username": {"holder"}, "basis": {"核验了营业执照和委托书"}}).Is(303)
		s.Send("keeper", Bonds, url.Values{"unit": {sealapplytest.Enterprise}, "username": {"holder"}, "basis": {"x"}}).Is(403)
		bonds := s.Get("county", Bonds+"?unit="+sealapplytest.Enterprise).Is(200, "在办", "核验了营业执照")
		firm.Set("keeper", "keeper") // who may not use the seals of the enterprise: what was filled in is kept
		s.Upload("holder", Wallet+"/new", firm, files...).Is(409, "印章保管人", "去“保管人”更正")
		begun := s.Get("holder", Wallet).Is(200, "接着办", "青禾县样例机械有限公司")
		_, after, _ := strings.Cut(begun.Body, `href="`+Wallet+"/")
		for strings.HasPrefix(after, "new") {
			_, after, _ = strings.Cut(after, `href="`+Wallet+"/")
		}
		draft, _, _ := strings.Cut(after, `"`)
		s.Send("holder", Wallet+"/"+draft+"/keeper", url.Values{"other": {"boss"}, "then": {"next"}}).Is(303)
		s.Send("holder", Wallet+"/"+draft+"/submit", nil).Is(303)
		_, after, _ = strings.Cut(bonds.Body, "end=")
		bond, _, _ := strings.Cut(after, "&")
		s.Send("county", Bonds+"/"+bond+"/end", url.Values{"unit": {sealapplytest.Enterprise}}).Is(422, "须填写理由")
		s.Send("county", Bonds+"/"+bond+"/end", url.Values{"unit": {sealapplytest.Enterprise}, "reason": {"委托到期"}}).Is(303)
		s.Upload("holder", Wallet+"/new", firm, files...).Is(403)
	})
}
