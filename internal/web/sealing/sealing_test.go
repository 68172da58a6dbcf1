package sealing

import (
	"bytes"
	"context"
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
	"sidian/internal/web/page/pagetest"
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
		s.Get("clerk", Home).Is(200, "还没有申请过用印", "申请用印")
		s.Get("clerk", New).Is(200, "要盖章的文件", "文件种类")
		to := s.upload("clerk", New, "通知.ofd", sealingtest.Document(t, "关于公布办事指南的通知", 2), "purpose", "公文", "reason", "按程序印发", "title", "办事指南").LeadsLike(Drafts + "/[0-9a-f]+/seals")
		s.Get("clerk", to).Is(200, "本单位的印章", market.Name, land.Name)
		places := s.Post("clerk", to, "seal", market.ID, "seal", land.ID, "seal", county.ID, "group-"+county.ID, "5", "go", "on").LeadsLike(Drafts + "/[0-9a-f]+/places")
		s.Get("clerk", places).Is(200, "已按文件中的“（盖章）”定位", "第 1 组（同时）", "第 2 组")
		id := s.sent("clerk", places, "s0-edge", "1")
		at := Home + "/" + id
		p := s.Get("clerk", at).Is(200, "办理中", "等待印章保管人批准", "未到顺序", "骑缝 2 页", "撤回申请").Lacks(`id="decide"`)
		if !strings.Contains(p.Body, `loading="lazy"`) && strings.Count(p.Body, `<figure class="paper`) != 2 {
			t.Error("the pages are not shown")
		}
		svg := s.Get("market", Requests+"/"+id+"/pages/2").Is(200, "<svg", "将盖")
		if n := strings.Count(svg.Body, "将盖"); n != 4 { // the edge is as wide as a word
			t.Errorf("%d seals are to come on the last page, want 4", n)
		}
		s.Get("market", Requests+"/"+id+"/pages/3").Is(404, "没有第 3 页")

		s.Get("market", Home).Is(200, "待我批准", "办事指南", market.Name)
		s.Get("leader", Home).Is(200, "没有等您批准的用印")
		r, err := s.Sealing.Get(s.Asker, id)
		must(t, err)
		step := func(unit string) string {
			i := slices.IndexFunc(r.Steps, func(st *sealing.Step) bool { return st.SealOrg == unit })
			return Requests + "/" + id + "/steps/" + r.Steps[i].ID
		}
		approve := func(who, unit string, pairs ...string) pagetest.Answer {
			r, err = s.Sealing.Get(s.Asker, id)
			must(t, err)
			return s.Post(who, step(unit)+"/approve", append([]string{"seen", r.Base}, pairs...)...)
		}
		s.Get("market", at).Is(200, `id="decide"`, "批准后立即在这份文件上盖“"+market.Name+"”", "一次性口令")
		approve("market", sealtest.Market, "code", "000000", "note", "同意").Is(403, "再次证明是本人", "同意")
		approve("market", sealtest.Market, "code", sealingtest.Code, "note", "同意").LeadsLike(at + `\?done=approved`)
		s.Get("market", at+"?done=approved").Is(200, "已盖章，核验通过", "还有 2 枚印章待盖", "同意", "一次性口令")
		approve("market", sealtest.Market, "code", sealingtest.Code).Is(409, "不能进行此操作")
		approve("county", pkitest.Root, "code", sealingtest.Code).Is(409, "未到顺序")
		approve("land", sealtest.Land, "code", sealingtest.Code).LeadsLike(at + `\?done=approved`)
		approve("county", pkitest.Root, "code", sealingtest.Code).LeadsLike(at + `\?done=approved`)
		s.Get("clerk", at).Is(200, "已完成", "下载盖章文件", "用印凭据").Lacks("撤回申请")

		file := s.Get("clerk", Requests+"/"+id+"/file").Is(200)
		if !strings.Contains(file.Header.Get("Content-Disposition"), "%E5%8A%9E%E4%BA%8B") {
			t.Errorf("the file is called %q", file.Header.Get("Content-Disposition"))
		}
		if report := sign.Verify(file.Raw, sign.Options{Now: s.DB.Now()}); len(report.Signatures) != 3 || report.Verdict == sign.Invalid {
			t.Errorf("%d signatures, %s", len(report.Signatures), report.Verdict)
		}
		if b := s.Get("clerk", Requests+"/"+id+"/copy").Is(200).Raw; !bytes.HasPrefix(b, []byte("%PDF-")) {
			t.Error("the copy is no PDF")
		}
		r, err = s.Sealing.Get(s.Asker, id)
		must(t, err)
		var e sealing.Evidence
		must(t, json.Unmarshal(s.Get("clerk", Requests+"/"+id+"/evidence/"+r.Steps[0].Use).Is(200).Raw, &e))
		if len(e.Approvals) != 1 || e.Approvals[0].Factor != "totp" || e.After != r.Steps[0].After {
			t.Errorf("evidence: %+v", e)
		}
		s.Get("clerk", Requests+"/"+id+"/evidence/nosuchuse").Is(404)
		s.Get("clerk", Requests+"/"+id+"/pages/2").Is(200, "<svg").Lacks("将盖")
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
		s.upload("clerk", New, "", nil, good...).Is(422, "请选择 OFD 或 PDF 文件", `value="通知"`)
		s.upload("clerk", New, "a.txt", []byte("a text"), good...).Is(422, "不是可以读取的 OFD 或 PDF")
		s.upload("clerk", New, "a.pdf", []byte("%PDF-1.4\nbroken"), good...).Is(422, "PDF 不能")
		s.upload("clerk", New, "a.ofd", doc, "title", "通知", "purpose", "公文", "reason", "").Is(422, "请填写用印事由", "文件没有问题")
		s.upload("clerk", New, "a.ofd", doc, "title", "张样例（13900139000）的证明", "purpose", "公文", "reason", "印发").Is(422, "不能含公民身份号码")
		s.upload("clerk", New, "a.ofd", make([]byte, sealing.MaxFile+1), good...).Is(413)

		seals := s.upload("clerk", New, "a.ofd", doc, good...).LeadsLike(Drafts + "/[0-9a-f]+/seals")
		s.Post("clerk", seals, "go", "on").Is(422, "请至少勾选一枚印章")
		s.Post("clerk", seals, "go", "on", "seal", "nosuchseal").Is(422, "不能申请这枚印章")
		s.Get("clerk", s.Post("clerk", seals, "go", "find", "q", "没有的局", "seal", s.Seals[sealtest.Market].ID).LeadsLike(".*#others")).Is(200, "没有找到“没有的局”", "checked")

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
			a := s.Post("clerk", places, append(c.pairs, "go", "on")...)
			if a.Status != 422 || !strings.Contains(a.Body, c.says) {
				t.Errorf("%s: status %d, does not say %q", name, a.Status, c.says)
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
		s.Get("clerk", check).Is(200, "核对并提交").Lacks(`role="alert"`)
		must(t, s.World.World.Seal.Freeze(s.Keepers[sealtest.Market], x.ID, "核查"))
		s.Get("clerk", check).Is(200, `role="alert"`, "冻结", "第 1 组")
		s.Post("clerk", check).Is(409, "冻结")
		s.Get("clerk", Home).Is(200, "还没有")
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
			s.Get("clerk", home+path).Is(200)
			s.Get("other", home+path).Is(404)
			s.Get("designer", home+path).Is(403)
		}
		s.Get("clerk", home+"/pages/3").Is(404)
		s.Get("clerk", home+"/pages/1?seals=1").Is(200, "<svg")
		s.Get("clerk", home+"/pages/2?seals=1").Is(200, "将盖")
		s.Get("clerk", home+"/imprints/"+s.Seals[sealtest.Land].ID).Is(404)
		s.Get("clerk", Drafts+"/"+strings.Repeat("0", 96)+"/seals").Is(404, "没有这份未提交的申请")
		s.Get("clerk", Drafts+"/x/seals").Is(404)
		s.Post("other", home+"/check").Is(404)
		s.Do("clerk", "POST", home+"/check", "application/x-www-form-urlencoded", strings.NewReader(""), "Sec-Fetch-Site", "cross-site").Is(403)

		first := s.Post("clerk", home+"/check").LeadsLike(Home + `/[a-z0-9]+\?done=asked`)
		if again := s.Post("clerk", home+"/check").LeadsLike(Home + `/[a-z0-9]+\?done=asked`); again != first {
			t.Errorf("two presses made %s and %s", first, again)
		}
		// Another document under the same seals: the places are proposed anew.
		to := s.upload("clerk", home, "长.ofd", sealingtest.Document(t, "长文件", 5), "title", "长文件", "purpose", "公文", "reason", "印发").LeadsLike(Drafts + "/[0-9a-f]+/seals")
		s.Get("clerk", to).Is(200, "checked")
		next := s.Post("clerk", to, "go", "on", "seal", market.ID).LeadsLike(Drafts + "/[0-9a-f]+/places")
		s.Get("clerk", next).Is(200, `value="5"`, "共 5 页")
		// A PDF becomes an OFD, and is shown as one.
		document, err := ofd.Open(sealingtest.Document(t, "协议", 2))
		must(t, err)
		var pdf bytes.Buffer
		_, err = render.PDF(document, &pdf, render.Options{})
		must(t, err)
		made := s.begun("clerk", pdf.Bytes(), market.ID)
		s.Get("clerk", strings.TrimSuffix(made, "places")+"check").Is(200, "已由 PDF 转换为 OFD")
		converted := s.Get("clerk", Home+"/"+s.sent("clerk", made)).Is(200, "由 PDF 转换为 OFD")
		if !strings.Contains(converted.Body, "2 页") && strings.Count(converted.Body, `<figure class="paper`) != 2 {
			t.Error("the pages of the PDF are not shown")
		}
		s.upload("clerk", home, "", nil, "title", "改了标题", "purpose", "公文", "reason", "印发").LeadsLike(Drafts + "/[0-9a-f]+/seals")
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

		s.Get("other", at).Is(404)
		s.Get("other", Requests+"/"+id+"/pages/1").Is(404)
		s.Get("other", Requests+"/"+id+"/file").Is(404)
		s.Get("system", at).Is(403)
		s.Post("clerk", step+"/approve", good...).Is(403)
		s.Post("land", step+"/approve", good...).Is(404)
		s.Post("leader", step+"/approve", good...).Is(403)
		s.Post("market", Requests+"/"+id+"/steps/nosuchstep/approve", good...).Is(404)
		s.Post("market", step+"/approve", "code", sealingtest.Code, "seen", strings.Repeat("0", 64)).Is(409, "文件已不是您所看的那一份", `id="decide"`)
		s.Post("market", step+"/approve", "seen", r.Base).Is(403, "再次证明是本人")
		s.Post("market", step+"/approve", append([]string{"note", "电话 13900139000"}, good...)...).Is(422, "不能含公民身份号码或手机号码")
		s.Do("market", "POST", step+"/approve", "application/x-www-form-urlencoded", strings.NewReader("seen="+r.Base+"&code="+sealingtest.Code), "Sec-Fetch-Site", "cross-site").Is(403)
		s.Get("clerk", Requests+"/"+id+"/file").Is(409, "还没有盖完章的文件")

		s.Get("market", step+"/refuse").Is(200, "不予用印", market.Name)
		s.Post("market", step+"/refuse", "reason", " ").Is(422, "请填写理由")
		s.Post("market", step+"/refuse", "reason", "附件不全").LeadsLike(at + `\?done=refused`)
		s.Get("clerk", at).Is(200, "不予用印", "附件不全")
		s.Post("market", step+"/approve", good...).Is(409)

		own := s.sent("market", s.begun("market", doc, market.ID))
		r, err = s.Sealing.Get(s.people["market"], own)
		must(t, err)
		s.Get("market", Home+"/"+own).Is(200, "自己提出的申请须由他人批准").Lacks(`id="decide"`)
		s.Post("market", Requests+"/"+own+"/steps/"+r.Steps[0].ID+"/approve", "seen", r.Base, "code", sealingtest.Code).Is(403, "不能批准自己提出的用印申请")
		s.Get("market", Requests+"/"+own+"/withdraw").Is(200, "撤回")
		s.Post("leader", Requests+"/"+own+"/withdraw", "reason", "替他撤回").Is(403)
		s.Post("market", Requests+"/"+own+"/withdraw").Is(422, "请填写理由")
		s.Post("market", Requests+"/"+own+"/withdraw", "reason", "改由他人提出").LeadsLike(Home + "/" + own + `\?done=withdrawn`)
		s.Post("market", Requests+"/"+own+"/stamps").Is(409)
		s.Get("market", Home+"?whose=unit").Is(200, "已撤回", "不予用印")
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
		s.Get("clerk", Batches).Is(200, "还没有批量用印")
		s.Get("clerk", Batches+"/new").Is(200, "不能选", x.Name, page.At("/console/seals", x.ID, "rules")).Lacks("上传并检查")
		s.upload("clerk", Batches+"/new", "a.zip", archive(t, files), form()...).Is(403, "没有授权用印")
		s.Standing(t, sealtest.Market, s.Prog.ID, seal.Any, 0) // an application's, not theirs
		s.Get("clerk", Batches+"/new").Is(200, "不能选").Lacks("上传并检查")
		s.Standing(t, sealtest.Market, "", "证明", 0)
		s.Get("clerk", Batches+"/new").Is(200, "盖在哪里", "：限证明", "上传并检查").Lacks("不能选")
		s.upload("clerk", Batches+"/new", "", nil, form()...).Is(422, "请选择 ZIP 压缩包")
		s.upload("clerk", Batches+"/new", "a.zip", archive(t, files), "title", "合格证明", "way", "page", "on", "零").Is(422, "应为页码", "请选择印章", "合格证明")
		s.upload("designer", Batches+"/new", "a.zip", archive(t, files), form()...).Is(403)

		to := s.upload("clerk", Batches+"/new", "a.zip", archive(t, files), form()...).LeadsLike(Batches + `/[a-z0-9]+\?done=added`)
		at, _, _ := strings.Cut(to, "?")
		s.Get("clerk", to).Is(200, "已收下，共 3 件", "开始盖章", "第一处“（盖章）”")
		s.Get("other", at).Is(404)
		s.Post("other", at+"/actions/start").Is(404)
		s.Post("leader", at+"/actions/start").Is(403)
		s.Post("clerk", at+"/actions/explode").Is(404)
		s.Post("clerk", at+"/actions/pause").Is(409)
		s.Post("clerk", at+"/actions/start").LeadsLike(at)
		s.Get("clerk", at).Is(200, "盖章中", "暂停", "data-follow")
		s.upload("clerk", at+"/documents", "c.ofd", files["一.ofd"]).Is(409, "不能添加文件")
		s.Post("market", at+"/actions/pause").LeadsLike(at)
		s.Get("clerk", at).Is(200, "已暂停", "继续盖章")
		s.upload("leader", at+"/documents", "c.ofd", files["一.ofd"]).Is(403)
		s.upload("clerk", at+"/documents", "c.ofd", nil).Is(422, "请选择")
		s.Post("clerk", at+"/actions/start").LeadsLike(at)
		_, err := s.Sealing.Work(t.Context())
		must(t, err)
		s.Get("clerk", at).Is(200, "已结束", "已处理 100%", "2 件", "1 件")
		s.Get("clerk", at+"?state=failed").Is(200, "坏.ofd").Lacks("一.ofd")
		s.Get("clerk", at+"/report").Is(200, "'=二.ofd", "坏.ofd")
		s.Get("other", at+"/report").Is(404)
		done := 0
		for _, line := range []string{"1", "2", "3"} {
			if a := s.Get("clerk", at+"/documents/"+line+"/file"); a.Status == 200 {
				done++
				if report := sign.Verify(a.Raw, sign.Options{Now: s.DB.Now()}); len(report.Signatures) != 1 || report.Verdict == sign.Invalid {
					t.Errorf("document %s: %s", line, report.Verdict)
				}
			} else {
				a.Is(409)
			}
		}
		if done != 2 {
			t.Errorf("%d documents can be taken, want 2", done)
		}
		s.Get("clerk", at+"/documents/x/file").Is(404)
		s.Get("other", at+"/documents/1/file").Is(404)
		s.Get("clerk", Batches).Is(200, "合格证明", "3 件，已盖 2，未盖 1")

		// The same form again is the same batch: nothing is stamped twice.
		once := form()
		a := s.upload("clerk", Batches+"/new", "a.zip", archive(t, files), once...).LeadsLike(Batches + `/[a-z0-9]+\?done=added`)
		if b := s.upload("clerk", Batches+"/new", "a.zip", archive(t, files), once...).LeadsLike(Batches + `/[a-z0-9]+\?done=added`); a != b {
			t.Errorf("the same form made %s and %s", a, b)
		}
		cut, _, _ := strings.Cut(a, "?")
		s.Post("clerk", cut+"/actions/cancel").LeadsLike(cut)
		s.Get("clerk", cut).Is(200, "已取消")
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
	to := s.upload("clerk", New, "协议.ofd", sealingtest.Document(t, "协议", 1), "title", "协议", "purpose", "协议", "reason", "签约").LeadsLike(".*")
	id := s.sent("clerk", s.Post("clerk", to, "go", "on", "seal", x.ID).LeadsLike(".*"))
	r, err := s.Sealing.Get(s.Asker, id)
	must(t, err)
	step := Requests + "/" + id + "/steps/" + r.Steps[0].ID + "/approve"
	s.Get("market", Home+"/"+id).Is(200, "等待单位负责人批准").Lacks(`id="decide"`)
	s.Get("leader", Home).Is(200, "协议")
	s.Get("leader", Home+"/"+id).Is(200, `id="decide"`, "由印章保管人再批准")
	s.Post("leader", step, "seen", r.Base, "code", sealingtest.Code).LeadsLike(".*approved")
	s.Get("leader", Home+"/"+id+"?done=approved").Is(200, "已批准", "等待印章保管人批准").Lacks(`id="decide"`)
	s.Post("market", step, "seen", r.Base, "code", sealingtest.Code).LeadsLike(".*approved")
	s.Get("clerk", Home+"/"+id).Is(200, "已完成", "单位负责人批准", "印章保管人批准")
}

// Where no seal can be chosen there is nothing to order and nowhere to go on; one
// seal is before and after none.
func TestNothingToChoose(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	to := s.upload("clerk", New, "通知.ofd", sealingtest.Document(t, "关于公布办事指南的通知", 1), "title", "关于公布办事指南的通知", "purpose", "公文", "reason", "按程序印发").LeadsLike(Drafts + "/[0-9a-f]+/seals")
	three := s.Get("clerk", to).Is(200, "第几组", "第 3 组", "下一步").Lacks("第 4 组")
	if strings.Count(three.Body, "<select") != 3 {
		t.Error("not each of three seals has its turn")
	}
	all := s.pages.Askable
	s.pages.Askable = func(ctx context.Context, purpose, text string) ([]Choice, error) {
		found, err := all(ctx, purpose, text)
		return found[:min(1, len(found))], err
	}
	s.Get("clerk", to).Is(200, `name="seal"`, "下一步").Lacks("第几组", "<select")
	s.pages.Askable = func(context.Context, string, string) ([]Choice, error) { return nil, nil }
	s.Get("clerk", to).Is(200, "现在没有可以选的印章", "查找").Lacks("第几组", "<select", "下一步")
	s.Post("clerk", to, "go", "on").Is(422, "还没有选择印章")
}
