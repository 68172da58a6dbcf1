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
)

// TestRefused lets everybody else try every page and every form.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		draft := s.begin()
		s.fillIn(draft)
		file := fileOf(s.get("keeper", draft+"/form").body)
		pages := []string{"", "/start", "/form", "/imprint", "/certificate", "/keeper", "/check", "/imprint.png", "/attachments/" + file}
		forms := []string{"/start", "/certificate", "/keeper", "/statement", "/submit", "/withdraw"}
		for who, status := range map[string]int{"clerk": 403, "system": 403, "other": 404, "county": 404, "holder": 404} {
			for _, p := range pages {
				got := s.get(who, draft+p)
				if who == "holder" && p == "" {
					got = s.get(who, got.to()) // to their own pages
				}
				if got.status != status && got.status != 403 {
					t.Errorf("%s at %q: %d", who, p, got.status)
				}
			}
			for _, p := range forms {
				if got := s.post(who, draft+p, url.Values{"why": {"越权"}, "agree": {"1"}, "custodian": {"x"}, "mode": {"built-in"}}); got.status != status && got.status != 403 {
					t.Errorf("%s sends %q: %d", who, p, got.status)
				}
			}
			for _, p := range []string{"/form", "/imprint"} {
				if got := s.upload(who, draft+p, url.Values{"width": {"1"}, "height": {"1"}}, sentFile{"file", "x.png", sealapplytest.Imprint(t, "x")}); got.status != status && got.status != 403 {
					t.Errorf("%s uploads to %q: %d", who, p, got.status)
				}
			}
		}
		// The unit of another, in the body and in the filter.
		s.post("keeper", Home+"/new", url.Values{"kind": {"apply"}, "org": {sealapplytest.Land}, "seal_kind": {seal.LegalName}}).is(403)
		s.get("keeper", Home+"?unit="+sealapplytest.Land).is(403)
		s.post("keeper", Home+"/new", url.Values{"kind": {"cancel"}, "seal": {"nosuchseal"}, "reason": {"x"}}).is(422, "没有这枚印章")
		s.post("keeper", draft+"/submit", nil, "Sec-Fetch-Site", "cross-site").is(403)
		s.get("keeper", draft).is(200, "草稿")
		// What is hostile is refused, at its place.
		s.upload("keeper", draft+"/imprint", url.Values{"width": {"42"}, "height": {"42"}}, sentFile{"file", "x.png", []byte("<svg onload=alert(1)>")}).is(422, "须是 PNG 图像", `href="#file"`)
		s.upload("keeper", draft+"/imprint", url.Values{"width": {"4200"}, "height": {"0"}}, sentFile{"file", "x.png", sealapplytest.Imprint(t, "x")}).is(422, "1 到 100 毫米", `href="#width"`)
		s.upload("keeper", draft+"/form", url.Values{"then": {"stay"}}, sentFile{"file.other", `..\..\<b>x</b>.pdf`, sealapplytest.PDF("x")}).is(303)
		if raw := s.get("keeper", draft+"/form"); strings.Contains(raw.body, `..\`) {
			t.Error("a name of a file leads out of its folder")
		}
		s.post("keeper", draft+"/statement", url.Values{"agree": {"1"}, "version": {"1999"}, "imprint": {"00"}}).is(409, "声明文本已不是这一版")
		s.post("keeper", draft+"/statement", nil).is(422, "还没有签署声明", `href="#agree"`)
		s.post("keeper", draft+"/certificate", url.Values{"mode": {"held 123"}}).is(422)
		s.post("keeper", draft+"/certificate", nil).is(422, "请选择数字证书的来源")
		// Nobody decides on their own, nor out of turn.
		s.post("keeper", draft+"/submit", nil).is(303)
		for _, who := range []string{"keeper", "second", "clerk", "holder"} {
			for _, p := range []string{"/review", "/make", "/file"} {
				if got := s.post(who, draft+p, url.Values{"tier": {"county"}, "round": {"1"}, "decision": {"approve"}}); got.status != 403 && got.status != 404 {
					t.Errorf("%s sends %s: %d", who, p, got.status)
				}
			}
		}
		s.post("prov", draft+"/review", url.Values{"tier": {"province"}, "round": {"1"}, "decision": {"approve"}}).is(403)
		s.post("county", draft+"/make", nil).is(409, "不能开始制作")
		s.post("county", draft+"/review", url.Values{"tier": {"city"}, "round": {"1"}, "decision": {"approve"}}).is(409, "现在不是市级审核")
		s.get("keeper", draft+"/form").is(303) // it is on its way
		s.post("keeper", draft+"/keeper", url.Values{"custodian": {"x"}}).is(409)
		s.get("keeper", strings.Replace(draft, "/console/seal-applications", "/seals/applications", 1)).is(303)
	})
}

// TestCampaign makes seals of two units under one approval.
func TestCampaign(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.World.Grant(t, s.Keeper, "custodian", sealapplytest.County)
		s.get("keeper", Campaigns).is(200, "还没有集中制发", "发起集中制发")
		form := url.Values{"title": {"2026 年统一制发"}, "org": {sealapplytest.County}, "seal_kind": {seal.LegalName}, "basis": {"青政办发〔2026〕1号"}}
		s.post("keeper", Campaigns+"/new", form).is(422, "须在今天之后", `href="#until"`)
		form.Set("until", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
		at := s.post("keeper", Campaigns+"/new", form).to()
		for _, q := range []string{"", "?format=csv"} {
			if got := s.get("keeper", Campaigns+"/template"+q).is(200); !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
				t.Errorf("the template: %v", got.header)
			}
		}
		s.upload("keeper", at+"/rows", nil).is(422, "请选择文件")
		s.upload("keeper", at+"/rows", nil, sentFile{"file", "x.csv", []byte("甲,乙\n1,2\n")}).is(422, "标题行与模板不一致")
		s.upload("keeper", at+"/rows", nil, sentFile{"file", "x.zip", bundle(t)}).is(303)
		shown := s.get("keeper", at+"?done=loaded").is(200, "逐行核验：2 行可以制作，1 行有问题", "第 4 行", "没有登记这个单位", "可以制作的 2 枚")
		s.post("keeper", at+"/submit", nil).is(422, "还没有签署声明")
		s.post("keeper", at+"/submit", url.Values{"agree": {"1"}, "version": {hidden(shown.body, "version")}}).is(303)
		s.get("clerk", at).is(403)
		s.get("other", at).is(404)
		s.post("keeper", at+"/review", url.Values{"tier": {"county"}, "decision": {"approve"}}).is(403)
		s.post("county", at+"/review", url.Values{"tier": {"county"}, "round": {"1"}, "decision": {"refuse"}}).is(422, "须填写理由", `href="#opinion"`)
		for _, x := range []struct{ who, tier string }{{"county", "county"}, {"city", "city"}, {"prov", "province"}} {
			s.get(x.who, at).is(200, "审核", "通过")
			s.post(x.who, at+"/review", url.Values{"tier": {x.tier}, "round": {"1"}, "decision": {"approve"}}).is(303)
		}
		s.post("keeper", at+"/run/start", nil).is(403)
		s.get("another", at).is(200, "开始制作")
		s.post("another", at+"/run/explode", nil).is(404)
		s.post("another", at+"/run/start", nil).is(303)
		s.get("another", at).is(200, "data-follow", "暂停", "已处理")
		s.post("another", at+"/run/pause", nil).is(303)
		s.post("another", at+"/run/end", nil).is(422, "须填写理由")
		s.post("another", at+"/run/resume", nil).is(303)
		must(t, s.Apply.Work(t.Context()))
		s.get("keeper", at).is(200, "已完成", "已处理 100%", "2 枚", "公开状态", "下载报告")
		s.get("keeper", at+"?state=refused").is(200, "未制作", "没有登记这个单位")
		if got := s.get("keeper", at+"/report").is(200, "青禾县自然资源局", "已备案"); !strings.HasPrefix(got.body, "\xef\xbb\xbf") {
			t.Error("the report lacks the mark that spreadsheets look for")
		}
		s.get("keeper", Campaigns).is(200, "2026 年统一制发", "2 / 3 枚")
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
		s.get("holder", Wallet).is(200, "还没有印章", "申请个人印章")
		if to := s.get("holder", Home+"/new").to(); !strings.HasPrefix(to, Wallet+"/new") {
			t.Errorf("a holder is led to %s", to)
		}
		s.get("keeper", Wallet).is(403)
		shown := s.get("holder", Wallet+"/new?for=personal").is(200, "受理的印章管理部门", "青禾县行政审批服务管理局", "提交申请")
		own := url.Values{"kind": {"apply"}, "for": {"personal"}, "authority": {sealapplytest.CountyAuth}, "seal_name": {"张样例"}, "version": {hidden(shown.body, "version")},
			"fields.handler": {"张样例"}, "fields.handler_phone": {"13800138000"}, "width": {"20"}, "height": {"20"}}
		written, imprint := sentFile{"file.application", "申请.pdf", sealapplytest.PDF("a")}, sentFile{"file", "章.png", sealapplytest.Imprint(t, "张样例")}
		s.upload("holder", Wallet+"/new", own, written).is(422, `href="#agree"`, `href="#file"`)
		own.Set("agree", "1")
		at := s.upload("holder", Wallet+"/new", own, written, imprint).to()
		s.get("holder", at).is(200, "已提交", "张**", "正由县级")
		s.get("holder", Wallet).is(200, "办理中", "审核中").lacks("申请个人印章</a>")
		path, _, _ := strings.Cut(strings.Replace(at, Wallet, Home, 1), "?")
		s.post("county", path+"/review", url.Values{"tier": {"county"}, "round": {"1"}, "decision": {"approve"}}).is(303)
		s.post("another", path+"/make", nil).is(303)
		s.post("another", path+"/file", nil).is(303)
		s.get("holder", Wallet).is(200, "张样例", "有效", "已办结")

		firm := url.Values{"kind": {"apply"}, "for": {"enterprise"}, "uscc": {s.Code(t, sealapplytest.Enterprise)}, "version": {hidden(shown.body, "version")}, "agree": {"1"}, "keeper": {"boss"},
			"fields.legal_person": {"李样例"}, "fields.handler": {"张样例"}, "fields.handler_phone": {"13800138000"}, "width": {"42"}, "height": {"42"}}
		files := []sentFile{{"file.application", "a.pdf", sealapplytest.PDF("a")}, {"file.form", "b.pdf", sealapplytest.PDF("b")}, {"file", "c.png", sealapplytest.Imprint(t, "x")}}
		s.upload("holder", Wallet+"/new", firm, files...).is(403, "没有登记为该单位的印章经办人", "经办登记")
		wrong := url.Values{"uscc": {"123"}, "for": {"enterprise"}}
		s.upload("holder", Wallet+"/new", wrong).is(422, "没有登记这个代码的单位")
		s.get("county", Bonds+"?unit="+url.QueryEscape(sealapplytest.Name(sealapplytest.Enterprise))).is(200, "还没有登记经办人")
		s.post("county", Bonds, url.Values{"unit": {sealapplytest.Enterprise}, "username": {"holder"}}).is(422, "须填写理由", `href="#basis"`)
		s.post("county", Bonds, url.Values{"unit": {sealapplytest.Enterprise}, "username": {"nobody"}, "basis": {"x"}}).is(422, "没有这个用户名")
		s.post("county", Bonds, url.Values{"unit": {sealapplytest.Enterprise}, "username": {"holder"}, "basis": {"核验了营业执照和委托书"}}).is(303)
		s.post("keeper", Bonds, url.Values{"unit": {sealapplytest.Enterprise}, "username": {"holder"}, "basis": {"x"}}).is(403)
		bonds := s.get("county", Bonds+"?unit="+sealapplytest.Enterprise).is(200, "在办", "核验了营业执照")
		firm.Set("keeper", "keeper") // who may not use the seals of the enterprise: what was filled in is kept
		s.upload("holder", Wallet+"/new", firm, files...).is(409, "印章保管人", "去“保管人”更正")
		begun := s.get("holder", Wallet).is(200, "接着办", "青禾县样例机械有限公司")
		_, after, _ := strings.Cut(begun.body, `href="`+Wallet+"/")
		for strings.HasPrefix(after, "new") {
			_, after, _ = strings.Cut(after, `href="`+Wallet+"/")
		}
		draft, _, _ := strings.Cut(after, `"`)
		s.post("holder", Wallet+"/"+draft+"/keeper", url.Values{"other": {"boss"}, "then": {"next"}}).is(303)
		s.post("holder", Wallet+"/"+draft+"/submit", nil).is(303)
		_, after, _ = strings.Cut(bonds.body, "end=")
		bond, _, _ := strings.Cut(after, "&")
		s.post("county", Bonds+"/"+bond+"/end", url.Values{"unit": {sealapplytest.Enterprise}}).is(422, "须填写理由")
		s.post("county", Bonds+"/"+bond+"/end", url.Values{"unit": {sealapplytest.Enterprise}, "reason": {"委托到期"}}).is(303)
		s.upload("holder", Wallet+"/new", firm, files...).is(403)
	})
}
