package sealing

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/internal/web/page"
	"sidian/ofd"
	"sidian/ofd/render"
	"sidian/ofd/sign"
)

// TestAskAndApprove goes the whole way: two units in one group, the county after
// them.
func TestAskAndApprove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		market, land, county := s.Seals[sealtest.Market], s.Seals[sealtest.Land], s.Seals[pkitest.Root]
		s.get("clerk", Home).is(200, "还没有申请过用印", "申请用印")
		s.get("clerk", New).is(200, "要盖章的文件", "文件种类")
		to := s.upload("clerk", New, "通知.ofd", sealingtest.Document(t, "关于公布办事指南的通知", 2), "purpose", "公文", "reason", "按程序印发", "title", "办事指南").leads(Drafts + "/[0-9a-f]+/seals")
		s.get("clerk", to).is(200, "本单位的印章", market.Name, land.Name)
		places := s.post("clerk", to, "seal", market.ID, "seal", land.ID, "seal", county.ID, "group-"+county.ID, "5", "go", "on").leads(Drafts + "/[0-9a-f]+/places")
		s.get("clerk", places).is(200, "已按文件中的“（盖章）”定位", "第 1 组（同时）", "第 2 组")
		id := s.sent("clerk", places, "s0-edge", "1")
		at := Home + "/" + id
		p := s.get("clerk", at).is(200, "办理中", "等待印章保管人批准", "未到顺序", "骑缝 2 页", "撤回申请").lacks(`id="decide"`)
		if !strings.Contains(p.body, `loading="lazy"`) && strings.Count(p.body, `<figure class="paper`) != 2 {
			t.Error("the pages are not shown")
		}
		svg := s.get("market", Requests+"/"+id+"/pages/2").is(200, "<svg", "将盖")
		if n := strings.Count(svg.body, "将盖"); n != 4 { // the edge is as wide as a word
			t.Errorf("%d seals are to come on the last page, want 4", n)
		}
		s.get("market", Requests+"/"+id+"/pages/3").is(404, "没有第 3 页")

		s.get("market", Home).is(200, "待我批准", "办事指南", market.Name)
		s.get("leader", Home).is(200, "没有等您批准的用印")
		r, err := s.Sealing.Get(s.Asker, id)
		must(t, err)
		step := func(unit string) string {
			i := slices.IndexFunc(r.Steps, func(st *sealing.Step) bool { return st.SealOrg == unit })
			return Requests + "/" + id + "/steps/" + r.Steps[i].ID
		}
		approve := func(who, unit string, pairs ...string) answer {
			r, err = s.Sealing.Get(s.Asker, id)
			must(t, err)
			return s.post(who, step(unit)+"/approve", append([]string{"seen", r.Base}, pairs...)...)
		}
		s.get("market", at).is(200, `id="decide"`, "批准后立即在这份文件上盖“"+market.Name+"”", "一次性口令")
		approve("market", sealtest.Market, "code", "000000", "note", "同意").is(403, "再次证明是本人", "同意")
		approve("market", sealtest.Market, "code", sealingtest.Code, "note", "同意").leads(at + `\?done=approved`)
		s.get("market", at+"?done=approved").is(200, "已盖章，核验通过", "还有 2 枚印章待盖", "同意", "一次性口令")
		approve("market", sealtest.Market, "code", sealingtest.Code).is(409, "不能进行此操作")
		approve("county", pkitest.Root, "code", sealingtest.Code).is(409, "未到顺序")
		approve("land", sealtest.Land, "code", sealingtest.Code).leads(at + `\?done=approved`)
		approve("county", pkitest.Root, "code", sealingtest.Code).leads(at + `\?done=approved`)
		s.get("clerk", at).is(200, "已完成", "下载盖章文件", "用印凭据").lacks("撤回申请")

		file := s.get("clerk", Requests+"/"+id+"/file").is(200)
		if !strings.Contains(file.header.Get("Content-Disposition"), "%E5%8A%9E%E4%BA%8B") {
			t.Errorf("the file is called %q", file.header.Get("Content-Disposition"))
		}
		if report := sign.Verify(file.raw, sign.Options{Now: s.DB.Now()}); len(report.Signatures) != 3 || report.Verdict == sign.Invalid {
			t.Errorf("%d signatures, %s", len(report.Signatures), report.Verdict)
		}
		if b := s.get("clerk", Requests+"/"+id+"/copy").is(200).raw; !bytes.HasPrefix(b, []byte("%PDF-")) {
			t.Error("the copy is no PDF")
		}
		r, err = s.Sealing.Get(s.Asker, id)
		must(t, err)
		var e sealing.Evidence
		must(t, json.Unmarshal(s.get("clerk", Requests+"/"+id+"/evidence/"+r.Steps[0].Use).is(200).raw, &e))
		if len(e.Approvals) != 1 || e.Approvals[0].Factor != "totp" || e.After != r.Steps[0].After {
			t.Errorf("evidence: %+v", e)
		}
		s.get("clerk", Requests+"/"+id+"/evidence/nosuchuse").is(404)
		s.get("clerk", Requests+"/"+id+"/pages/2").is(200, "<svg").lacks("将盖")
	})
}

// TestAskRefused: what is wrong is told on the page where it was said, and what
// was said stays there.
func TestAskRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		doc := sealingtest.Document(t, "通知", 1)
		good := []string{"title", "通知", "purpose", "公文", "reason", "印发"}
		s.upload("clerk", New, "", nil, good...).is(422, "请选择 OFD 或 PDF 文件", `value="通知"`)
		s.upload("clerk", New, "a.txt", []byte("a text"), good...).is(422, "不是可以读取的 OFD 或 PDF")
		s.upload("clerk", New, "a.pdf", []byte("%PDF-1.4\nbroken"), good...).is(422, "PDF 不能")
		s.upload("clerk", New, "a.ofd", doc, "title", "通知", "purpose", "公文", "reason", "").is(422, "请填写用印事由", "文件没有问题")
		s.upload("clerk", New, "a.ofd", doc, "title", "张样例（13900139000）的证明", "purpose", "公文", "reason", "印发").is(422, "不能含公民身份号码")
		s.upload("clerk", New, "a.ofd", make([]byte, sealing.MaxFile+1), good...).is(413)

		seals := s.upload("clerk", New, "a.ofd", doc, good...).leads(Drafts + "/[0-9a-f]+/seals")
		s.post("clerk", seals, "go", "on").is(422, "请至少勾选一枚印章")
		s.post("clerk", seals, "go", "on", "seal", "nosuchseal").is(422, "不能申请这枚印章")
		s.get("clerk", s.post("clerk", seals, "go", "find", "q", "没有的局", "seal", s.Seals[sealtest.Market].ID).leads(".*#others")).is(200, "没有找到“没有的局”", "checked")

		places := s.begun("clerk", doc, s.Seals[sealtest.Market].ID, s.Seals[sealtest.Land].ID)
		for name, c := range map[string]struct {
			pairs []string
			says  string
		}{
			"no such page":     {[]string{"s0-way", "page", "s0-on", "7", "s0-x", "10", "s0-y", "10"}, "没有第 7 页"},
			"no page":          {[]string{"s0-way", "page", "s0-on", "末", "s0-x", "10", "s0-y", "10"}, "应为页码"},
			"no number":        {[]string{"s0-way", "page", "s0-on", "1", "s0-x", "左", "s0-y", "10"}, "应为毫米数"},
			"not a number":     {[]string{"s0-way", "page", "s0-on", "1", "s0-x", "NaN", "s0-y", "10"}, "应为毫米数"},
			"off the page":     {[]string{"s0-way", "page", "s0-on", "1", "s0-x", "190", "s0-y", "10"}, "超出第 1 页"},
			"no words":         {[]string{"s0-way", "keyword", "s0-word", ""}, "请填写文件中的文字"},
			"words not found":  {[]string{"s0-way", "keyword", "s0-word", "没有的字"}, "没有找到这个关键字"},
			"edge of one page": {[]string{"s0-way", "edge", "s0-edge-y", "10"}, "至少跨 2 页"},
			"no way":           {[]string{"s0-way", "elsewhere"}, "请选择怎样盖"},
			"one on the other": {[]string{"s0-way", "page", "s0-on", "1", "s0-x", "10", "s0-y", "10", "s1-way", "page", "s1-on", "1", "s1-x", "11", "s1-y", "10"}, "与另一枚印章重叠"},
		} {
			a := s.post("clerk", places, append(c.pairs, "go", "on")...)
			if a.status != 422 || !strings.Contains(a.body, c.says) {
				t.Errorf("%s: status %d, does not say %q", name, a.status, c.says)
			}
		}
	})
}

// TestCheckTells: what would be refused is said before anything is asked for.
func TestCheckTells(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Seals[sealtest.Market]
		check := strings.Replace(s.begun("clerk", sealingtest.Document(t, "通知", 1), x.ID), "/places", "/check", 1)
		s.get("clerk", check).is(200, "核对并提交").lacks(`role="alert"`)
		must(t, s.World.World.Seal.Freeze(s.Keepers[sealtest.Market], x.ID, "核查"))
		s.get("clerk", check).is(200, `role="alert"`, "冻结", "第 1 组")
		s.post("clerk", check).is(409, "冻结")
		s.get("clerk", Home).is(200, "还没有")
	})
}

// TestDrafts: a draft is its owner's alone, and becomes one request.
func TestDrafts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		market := s.Seals[sealtest.Market]
		places := s.begun("clerk", sealingtest.Document(t, "通知", 2), market.ID)
		home := strings.TrimSuffix(places, "/places")
		for _, path := range []string{"", "/seals", "/places", "/check", "/pages/1", "/imprints/" + market.ID} {
			s.get("clerk", home+path).is(200)
			s.get("other", home+path).is(404)
			s.get("designer", home+path).is(403)
		}
		s.get("clerk", home+"/pages/3").is(404)
		s.get("clerk", home+"/pages/1?seals=1").is(200, "<svg")
		s.get("clerk", home+"/pages/2?seals=1").is(200, "将盖")
		s.get("clerk", home+"/imprints/"+s.Seals[sealtest.Land].ID).is(404)
		s.get("clerk", Drafts+"/"+strings.Repeat("0", 96)+"/seals").is(404, "没有这份未提交的申请")
		s.get("clerk", Drafts+"/x/seals").is(404)
		s.post("other", home+"/check").is(404)
		s.do("clerk", "POST", home+"/check", "application/x-www-form-urlencoded", strings.NewReader(""), "Sec-Fetch-Site", "cross-site").is(403)

		first := s.post("clerk", home+"/check").leads(Home + `/[a-z0-9]+\?done=asked`)
		if again := s.post("clerk", home+"/check").leads(Home + `/[a-z0-9]+\?done=asked`); again != first {
			t.Errorf("two presses made %s and %s", first, again)
		}
		// Another document under the same seals: the places are proposed anew.
		to := s.upload("clerk", home, "长.ofd", sealingtest.Document(t, "长文件", 5), "title", "长文件", "purpose", "公文", "reason", "印发").leads(Drafts + "/[0-9a-f]+/seals")
		s.get("clerk", to).is(200, "checked")
		next := s.post("clerk", to, "go", "on", "seal", market.ID).leads(Drafts + "/[0-9a-f]+/places")
		s.get("clerk", next).is(200, `value="5"`, "共 5 页")
		// A PDF becomes an OFD, and is shown as one.
		document, err := ofd.Open(sealingtest.Document(t, "协议", 2))
		must(t, err)
		var pdf bytes.Buffer
		_, err = render.PDF(document, &pdf, render.Options{})
		must(t, err)
		made := s.begun("clerk", pdf.Bytes(), market.ID)
		s.get("clerk", strings.TrimSuffix(made, "places")+"check").is(200, "已由 PDF 转换为 OFD")
		converted := s.get("clerk", Home+"/"+s.sent("clerk", made)).is(200, "由 PDF 转换为 OFD")
		if !strings.Contains(converted.body, "2 页") && strings.Count(converted.body, `<figure class="paper`) != 2 {
			t.Error("the pages of the PDF are not shown")
		}
		s.upload("clerk", home, "", nil, "title", "改了标题", "purpose", "公文", "reason", "印发").leads(Drafts + "/[0-9a-f]+/seals")
	})
}

// TestDecide: who may decide, and how a request ends without a seal.
func TestDecide(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		doc := sealingtest.Document(t, "通知", 1)
		market := s.Seals[sealtest.Market]
		id := s.sent("clerk", s.begun("clerk", doc, market.ID))
		at := Home + "/" + id
		r, err := s.Sealing.Get(s.Asker, id)
		must(t, err)
		step := Requests + "/" + id + "/steps/" + r.Steps[0].ID
		good := []string{"seen", r.Base, "code", sealingtest.Code}

		s.get("other", at).is(404)
		s.get("other", Requests+"/"+id+"/pages/1").is(404)
		s.get("other", Requests+"/"+id+"/file").is(404)
		s.get("system", at).is(403)
		s.post("clerk", step+"/approve", good...).is(403)
		s.post("land", step+"/approve", good...).is(404)
		s.post("leader", step+"/approve", good...).is(403)
		s.post("market", Requests+"/"+id+"/steps/nosuchstep/approve", good...).is(404)
		s.post("market", step+"/approve", "code", sealingtest.Code, "seen", strings.Repeat("0", 64)).is(409, "文件已不是您所看的那一份", `id="decide"`)
		s.post("market", step+"/approve", "seen", r.Base).is(403, "再次证明是本人")
		s.post("market", step+"/approve", append([]string{"note", "电话 13900139000"}, good...)...).is(422, "不能含公民身份号码或手机号码")
		s.do("market", "POST", step+"/approve", "application/x-www-form-urlencoded", strings.NewReader("seen="+r.Base+"&code="+sealingtest.Code), "Sec-Fetch-Site", "cross-site").is(403)
		s.get("clerk", Requests+"/"+id+"/file").is(409, "还没有盖完章的文件")

		s.get("market", step+"/refuse").is(200, "不予用印", market.Name)
		s.post("market", step+"/refuse", "reason", " ").is(422, "请填写理由")
		s.post("market", step+"/refuse", "reason", "附件不全").leads(at + `\?done=refused`)
		s.get("clerk", at).is(200, "不予用印", "附件不全")
		s.post("market", step+"/approve", good...).is(409)

		own := s.sent("market", s.begun("market", doc, market.ID))
		r, err = s.Sealing.Get(s.people["market"], own)
		must(t, err)
		s.get("market", Home+"/"+own).is(200, "自己提出的申请须由他人批准").lacks(`id="decide"`)
		s.post("market", Requests+"/"+own+"/steps/"+r.Steps[0].ID+"/approve", "seen", r.Base, "code", sealingtest.Code).is(403, "不能批准自己提出的用印申请")
		s.get("market", Requests+"/"+own+"/withdraw").is(200, "撤回")
		s.post("leader", Requests+"/"+own+"/withdraw", "reason", "替他撤回").is(403)
		s.post("market", Requests+"/"+own+"/withdraw").is(422, "请填写理由")
		s.post("market", Requests+"/"+own+"/withdraw", "reason", "改由他人提出").leads(Home + "/" + own + `\?done=withdrawn`)
		s.post("market", Requests+"/"+own+"/stamps").is(409)
		s.get("market", Home+"?whose=unit").is(200, "已撤回", "不予用印")
	})
}

// TestBatches: many documents under a standing policy, with pause and resume.
func TestBatches(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Seals[sealtest.Market]
		files := map[string][]byte{"坏.ofd": []byte("no OFD"), "一.ofd": sealingtest.Document(t, "证明一", 1), "=二.ofd": sealingtest.Document(t, "证明二", 1)}
		form := func(more ...string) []string {
			return append([]string{"title", "合格证明", "purpose", "证明", "reason", "培训合格", "seal", x.ID, "way", "keyword", "word", sealingtest.Keyword, "once", fresh()}, more...)
		}
		s.get("clerk", Batches).is(200, "还没有批量用印")
		s.get("clerk", Batches+"/new").is(200, "不能选", x.Name, page.At("/console/seals", x.ID, "rules")).lacks("上传并检查")
		s.upload("clerk", Batches+"/new", "a.zip", archive(t, files), form()...).is(403, "没有授权用印")
		s.Standing(t, sealtest.Market, s.Prog.ID, seal.Any, 0) // an application's, not theirs
		s.get("clerk", Batches+"/new").is(200, "不能选").lacks("上传并检查")
		s.Standing(t, sealtest.Market, "", "证明", 0)
		s.get("clerk", Batches+"/new").is(200, "盖在哪里", "：限证明", "上传并检查").lacks("不能选")
		s.upload("clerk", Batches+"/new", "", nil, form()...).is(422, "请选择 ZIP 压缩包")
		s.upload("clerk", Batches+"/new", "a.zip", archive(t, files), "title", "合格证明", "way", "page", "on", "零").is(422, "应为页码", "请选择印章", "合格证明")
		s.upload("designer", Batches+"/new", "a.zip", archive(t, files), form()...).is(403)

		to := s.upload("clerk", Batches+"/new", "a.zip", archive(t, files), form()...).leads(Batches + `/[a-z0-9]+\?done=added`)
		at, _, _ := strings.Cut(to, "?")
		s.get("clerk", to).is(200, "已收下，共 3 件", "开始盖章", "第一处“（盖章）”")
		s.get("other", at).is(404)
		s.post("other", at+"/actions/start").is(404)
		s.post("leader", at+"/actions/start").is(403)
		s.post("clerk", at+"/actions/explode").is(404)
		s.post("clerk", at+"/actions/pause").is(409)
		s.post("clerk", at+"/actions/start").leads(at)
		s.get("clerk", at).is(200, "盖章中", "暂停", "data-follow")
		s.upload("clerk", at+"/documents", "c.ofd", files["一.ofd"]).is(409, "不能添加文件")
		s.post("market", at+"/actions/pause").leads(at)
		s.get("clerk", at).is(200, "已暂停", "继续盖章")
		s.upload("leader", at+"/documents", "c.ofd", files["一.ofd"]).is(403)
		s.upload("clerk", at+"/documents", "c.ofd", nil).is(422, "请选择")
		s.post("clerk", at+"/actions/start").leads(at)
		_, err := s.Sealing.Work(t.Context())
		must(t, err)
		s.get("clerk", at).is(200, "已结束", "已处理 100%", "2 件", "1 件")
		s.get("clerk", at+"?state=failed").is(200, "坏.ofd").lacks("一.ofd")
		s.get("clerk", at+"/report").is(200, "'=二.ofd", "坏.ofd")
		s.get("other", at+"/report").is(404)
		done := 0
		for _, line := range []string{"1", "2", "3"} {
			if a := s.get("clerk", at+"/documents/"+line+"/file"); a.status == 200 {
				done++
				if report := sign.Verify(a.raw, sign.Options{Now: s.DB.Now()}); len(report.Signatures) != 1 || report.Verdict == sign.Invalid {
					t.Errorf("document %s: %s", line, report.Verdict)
				}
			} else {
				a.is(409)
			}
		}
		if done != 2 {
			t.Errorf("%d documents can be taken, want 2", done)
		}
		s.get("clerk", at+"/documents/x/file").is(404)
		s.get("other", at+"/documents/1/file").is(404)
		s.get("clerk", Batches).is(200, "合格证明", "3 件，已盖 2，未盖 1")

		// The same form again is the same batch: nothing is stamped twice.
		once := form()
		a := s.upload("clerk", Batches+"/new", "a.zip", archive(t, files), once...).leads(Batches + `/[a-z0-9]+\?done=added`)
		if b := s.upload("clerk", Batches+"/new", "a.zip", archive(t, files), once...).leads(Batches + `/[a-z0-9]+\?done=added`); a != b {
			t.Errorf("the same form made %s and %s", a, b)
		}
		cut, _, _ := strings.Cut(a, "?")
		s.post("clerk", cut+"/actions/cancel").leads(cut)
		s.get("clerk", cut).is(200, "已取消")
	})
}

// TestLevels: a leader decides before the custodian, and is told so.
func TestLevels(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	x := s.Seals[sealtest.Market]
	_, err := s.World.Seal.PutRule(s.people["market"], seal.Rule{
		Seal: x.ID, Purpose: "协议", Asker: seal.AskHere, Levels: []string{seal.ByLeader, seal.ByCustodian}, Max: 5, Until: s.DB.Now().AddDate(1, 0, 0), Reason: "重大合同",
	})
	must(t, err)
	to := s.upload("clerk", New, "协议.ofd", sealingtest.Document(t, "协议", 1), "title", "协议", "purpose", "协议", "reason", "签约").leads(".*")
	id := s.sent("clerk", s.post("clerk", to, "go", "on", "seal", x.ID).leads(".*"))
	r, err := s.Sealing.Get(s.Asker, id)
	must(t, err)
	step := Requests + "/" + id + "/steps/" + r.Steps[0].ID + "/approve"
	s.get("market", Home+"/"+id).is(200, "等待单位负责人批准").lacks(`id="decide"`)
	s.get("leader", Home).is(200, "协议")
	s.get("leader", Home+"/"+id).is(200, `id="decide"`, "由印章保管人再批准")
	s.post("leader", step, "seen", r.Base, "code", sealingtest.Code).leads(".*approved")
	s.get("leader", Home+"/"+id+"?done=approved").is(200, "已批准", "等待印章保管人批准").lacks(`id="decide"`)
	s.post("market", step, "seen", r.Base, "code", sealingtest.Code).leads(".*approved")
	s.get("clerk", Home+"/"+id).is(200, "已完成", "单位负责人批准", "印章保管人批准")
}
