package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidian/internal/sealing/sealingtest"
)

// sealed waits until every picture in sight is there.
func (tb *tab) drawn() {
	tb.t.Helper()
	tb.until(`[...document.querySelectorAll("main img:not([loading])")].every(i => i.complete && i.naturalWidth > 0)`)
}

func (tb *tab) shoot(source, name string) {
	tb.t.Helper()
	tb.wait("main h1")
	tb.drawn()
	tb.fits()
	if !tb.view.noScript {
		tb.accessible(source, name)
	}
	tb.picture(name)
}

// brings uploads a document, and says what it is.
func (tb *tab) brings(path, title string) {
	tb.t.Helper()
	tb.visit("/console/sealing")
	tb.click(`a[href="/console/sealing/new"]`)
	tb.wait("#file")
	tb.fill(map[string]string{"title": title, "purpose": "公文", "reason": "按程序印发"})
	tb.upload("#file", path)
	tb.click("form[enctype] button.first")
	tb.wait("#own, .summary")
}

// ticks ticks the seal of a name, for a group.
func (tb *tab) ticks(name, group string) {
	tb.t.Helper()
	if !eval[bool](tb, `(() => {
		const pick = [...document.querySelectorAll(".pick")].find(p => p.querySelector("b").innerText === `+fmt.Sprintf("%q", name)+`);
		if (!pick) return false;
		pick.querySelector("input").checked = true;
		pick.querySelector("select").value = `+fmt.Sprintf("%q", group)+`;
		return true;
	})()`) {
		tb.t.Fatalf("the seal of %s is not offered\n%s", name, tb.where())
	}
}

// submits goes through the places and the check, and returns where the request is.
func (tb *tab) submits() string {
	tb.t.Helper()
	tb.click(`button.first[name=go]`)
	tb.wait("#sheet")
	tb.click(`#places button.first`)
	tb.wait("form.submit")
	tb.click("form.submit button.first")
	tb.until(`document.querySelector(".verdict")?.innerText.includes("已提交")`)
	return strings.TrimSuffix(tb.path(), "?done=asked")
}

// approves proves once more who sits there, and allows the seal.
func (tb *tab) approves(user string, later int64) {
	tb.t.Helper()
	tb.fill(map[string]string{"code": oneTimeCode(tb.t, tb.w.users[user].TOTP, later), "note": "同意"})
	tb.click("#decide button.first")
	tb.until(`document.querySelector(".verdict")?.innerText.includes("核验通过")`)
}

// verdict asks the public service about a document.
func (w *world) verdict(t *testing.T, data []byte) (verdict string, signatures int) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile("file", "sealed.ofd")
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(w.base+"/api/v1/verify", m.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("verifying: %s %v %s", r.Status, err, body)
	}
	var got struct {
		Verdict    string            `json:"verdict"`
		Signatures []json.RawMessage `json:"signatures"`
		Report     struct {
			Verdict    string            `json:"verdict"`
			Signatures []json.RawMessage `json:"signatures"`
		} `json:"report"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("verifying: %v %s", err, body)
	}
	if len(got.Signatures) == 0 {
		got.Signatures = got.Report.Signatures
	}
	return got.Verdict, len(got.Signatures)
}

func kept(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A clerk asks for a seal on a phone; the custodian sees the document with the
// seal in its place, and approves with a second factor; a stranger verifies it.
func TestBrowserSealing(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	const market, land, city = "青禾县市场监督管理局", "青禾县自然资源局", "示范市政务服务和大数据管理局"

	t.Run("one seal", func(t *testing.T) {
		clerk := w.open(t, view{width: 360, user: "clerk"})
		clerk.visit("/console/sealing")
		clerk.shoot(source, "sealing-list")
		clerk.brings(kept(t, "notes.txt", []byte("not a document")), "关于公布办事指南的通知")
		clerk.says(".summary", "不是可以读取的 OFD 或 PDF", "另存为")
		clerk.shoot(source, "sealing-new-wrong")
		clerk.brings(kept(t, "通知.ofd", sealingtest.Document(t, "关于公布办事指南的通知", 1)), "关于公布办事指南的通知")
		clerk.says("#own", market)
		clerk.says("#others", land)
		clerk.ticks(market, "1")
		clerk.shoot(source, "sealing-seals")
		clerk.click(`button.first[name=go]`)
		clerk.wait("#sheet .mark.free")
		clerk.says("main", "已按文件中的“（盖章）”定位")
		clerk.shoot(source, "sealing-places")
		was := eval[string](clerk, `document.getElementsByName("s0-x")[0].value`)
		eval[bool](clerk, `(() => { const m = document.querySelector(".mark.free"); m.focus(); m.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true })); return true; })()`)
		if now := eval[string](clerk, `document.getElementsByName("s0-x")[0].value`); now == was {
			t.Errorf("the arrow does not move the seal from %s", was)
		}
		clerk.click(`#places button.first`)
		clerk.wait("form.submit")
		clerk.shoot(source, "sealing-check")
		clerk.click("form.submit button.first")
		clerk.until(`document.querySelector(".verdict")?.innerText.includes("已提交")`)
		clerk.says("main", "等待印章保管人批准", "撤回申请")
		clerk.shoot(source, "sealing-asked")
		at := strings.TrimSuffix(clerk.path(), "?done=asked")

		sealer := w.open(t, view{width: 1440, user: "sealer"})
		sealer.visit("/console/sealing")
		sealer.says(".tabs", "待我批准")
		sealer.says("main", "关于公布办事指南的通知", "样例·经办员")
		sealer.shoot(source, "sealing-waiting")
		sealer.visit(at)
		sealer.says("#decide", "批准后立即在这份文件上盖“"+market+"”", "不能撤回")
		sealer.fill(map[string]string{"code": "000000"})
		sealer.click("#decide button.first")
		sealer.wait(".summary")
		sealer.says(".summary", "一次性口令")
		sealer.shoot(source, "sealing-wrong-code")
		phone := w.open(t, view{width: 360, user: "sealer"})
		phone.visit(at)
		phone.shoot(source, "sealing-decide")
		sealer.approves("sealer", -1)
		sealer.says(".verdict", "已盖章，核验通过")
		sealer.says("main", "已完成", "下载盖章文件", "用印凭据", "一次性口令")
		sealer.shoot(source, "sealing-done")
		phone.visit(at)
		phone.shoot(source, "sealing-done")
		if v, n := w.verdict(t, w.get(t, "clerk", of(at)+"/file")); v != "valid" || n != 1 {
			t.Errorf("the sealed document is %s with %d signatures", v, n)
		}
		if b := w.get(t, "clerk", of(at)+"/copy"); !bytes.HasPrefix(b, []byte("%PDF-")) {
			t.Error("the copy is no PDF")
		}
		for _, v := range []view{{width: 360, user: "clerk", elder: true}, {width: 1440, user: "clerk", dark: true}} {
			tb := w.open(t, v)
			tb.visit(at)
			tb.shoot(source, "sealing-done")
			tb.visit("/console/sealing/new")
			tb.shoot(source, "sealing-new")
		}
	})

	t.Run("three units", func(t *testing.T) {
		clerk := w.open(t, view{width: 1440, user: "clerk"})
		clerk.brings(kept(t, "联合通知.ofd", sealingtest.Document(t, "关于联合开展政务服务的通知", 2)), "关于联合开展政务服务的通知")
		clerk.ticks(market, "1")
		clerk.ticks(land, "1")
		clerk.fill(map[string]string{"q": "示范市政务服务"})
		clerk.click(`button[value=find]`)
		clerk.until(`location.search.includes("q=")`)
		clerk.ticks(city, "2")
		clerk.shoot(source, "sealing-seals-three")
		clerk.click(`button.first[name=go]`)
		clerk.wait("#sheet .mark.free")
		clerk.until(`document.querySelectorAll("#sheet .mark.free").length === 3`)
		// Dragged with the mouse, the seal and its fields go along.
		before := eval[[]float64](clerk, `["x", "y"].map(a => Number(document.getElementsByName("s1-" + a)[0].value))`)
		eval[bool](clerk, `(() => {
			const mark = document.querySelector('.mark[data-seal="1"]'), box = mark.getBoundingClientRect();
			const at = (type, dx, dy) => mark.dispatchEvent(new PointerEvent(type, { pointerId: 1, button: 0, bubbles: true, clientX: box.x + box.width / 2 + dx, clientY: box.y + box.height / 2 + dy }));
			mark.setPointerCapture = () => {};
			at("pointerdown", 0, 0); at("pointermove", -40, -60); at("pointerup", -40, -60);
			return true;
		})()`)
		after := eval[[]float64](clerk, `["x", "y"].map(a => Number(document.getElementsByName("s1-" + a)[0].value))`)
		if !(after[0] < before[0] && after[1] < before[1]) {
			t.Errorf("dragged from %v to %v", before, after)
		}
		clerk.until(`document.querySelectorAll("#sheet .mark.free").length === 3`)
		clerk.shoot(source, "sealing-places-three")
		clerk.click(`#places button.first`)
		clerk.wait("form.submit")
		clerk.says("main", "第 1 组（同时）", "第 2 组")
		clerk.shoot(source, "sealing-check-three")
		clerk.click("form.submit button.first")
		clerk.until(`document.querySelector(".verdict")?.innerText.includes("已提交")`)
		at := strings.TrimSuffix(clerk.path(), "?done=asked")
		for i, who := range []string{"landsealer", "sealer", "citykeeper"} {
			tb := w.open(t, view{width: 1440, user: who})
			tb.visit(at)
			tb.wait("#decide")
			if i == 1 {
				tb.says("main", "已盖章", "等待印章保管人批准", "未到顺序")
				tb.shoot(source, "sealing-decide-second")
			}
			later := int64(-1)
			if who == "sealer" {
				later = 0
			}
			tb.approves(who, later)
		}
		clerk.visit(at)
		clerk.says("main", "已完成")
		clerk.shoot(source, "sealing-done-three")
		if v, n := w.verdict(t, w.get(t, "clerk", of(at)+"/file")); v != "valid" || n != 3 {
			t.Errorf("the document of three units is %s with %d signatures", v, n)
		}
	})

	t.Run("thirty pages", func(t *testing.T) {
		clerk := w.open(t, view{width: 360, user: "clerk", noScript: true})
		clerk.brings(kept(t, "汇编.ofd", sealingtest.Document(t, "政务服务事项汇编", 30)), "政务服务事项汇编")
		clerk.ticks(market, "1")
		clerk.click(`button.first[name=go]`)
		clerk.wait("#sheet .mark")
		eval[bool](clerk, `(() => { document.querySelector('[name="s0-edge"]').checked = true; return true; })()`)
		clerk.click(`#places button[name=show]`)
		clerk.until(`location.search.includes("page=29") && document.querySelectorAll("#sheet .mark").length === 1`)
		clerk.shoot(source, "sealing-places-edge")
		clerk.click(`#places button.first`)
		clerk.wait("form.submit")
		clerk.says("main", "并盖骑缝章", "另有 24 页")
		clerk.click("form.submit button.first")
		clerk.until(`document.querySelector(".verdict")?.innerText.includes("已提交")`)
		at := strings.TrimSuffix(clerk.path(), "?done=asked")

		sealer := w.open(t, view{width: 1440, user: "sealer"})
		sealer.visit(at)
		sealer.says("main", "骑缝 30 页")
		sealer.until(`(i => i.complete && i.naturalWidth > 0 && document.getElementById("papers").scrollTop > 10000)(document.querySelector("#page-30 img"))`) // it opens where the seal stands
		sealer.shoot(source, "sealing-thirty")
		if n := eval[int](sealer, `[...document.querySelectorAll(".paper img")].filter(i => i.complete && i.naturalWidth > 0).length`); n >= 30 {
			t.Errorf("all %d pages were loaded at once", n)
		}
		sealer.approves("sealer", 1)
		if v, n := w.verdict(t, w.get(t, "clerk", of(at)+"/file")); v != "valid" || n != 1 {
			t.Errorf("the thirty pages are %s with %d signatures", v, n)
		}
		phone := w.open(t, view{width: 360, user: "clerk"})
		phone.visit(at)
		phone.shoot(source, "sealing-thirty-done")
	})

	t.Run("own request", func(t *testing.T) {
		sealer := w.open(t, view{width: 1440, user: "sealer"})
		sealer.brings(kept(t, "通知.ofd", sealingtest.Document(t, "自己提出的申请", 1)), "自己提出的申请")
		sealer.ticks(market, "1")
		at := sealer.submits()
		sealer.says("main", "自己提出的申请须由他人批准")
		if eval[bool](sealer, `document.querySelector("#decide") !== null`) {
			t.Error("who asked may approve")
		}
		sealer.click(`a[href$="/withdraw"]`)
		sealer.wait("#reason")
		sealer.shoot(source, "sealing-withdraw")
		sealer.fill(map[string]string{"reason": "改由他人提出"})
		sealer.click("form.card.grave button")
		sealer.until(`document.querySelector(".verdict")?.innerText.includes("已撤回")`)
		sealer.visit(at)
		sealer.says(".title", "已撤回")
	})

	t.Run("many", func(t *testing.T) { batchStory(t, w, source) })
}

// Thirty documents under a standing policy, paused and resumed.
func batchStory(t *testing.T, w *world, source string) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for n := range 31 {
		f, err := z.Create(fmt.Sprintf("证明-%02d.ofd", n+1))
		if err != nil {
			t.Fatal(err)
		}
		data := []byte("not a document")
		if n < 30 {
			data = sealingtest.Document(t, fmt.Sprintf("培训合格证明 %02d", n+1), 1)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := kept(t, "many.zip", b.Bytes())
	window := w.open(t, view{width: 1440, user: "window"})
	window.visit("/console/sealing/batches")
	window.shoot(source, "sealing-batches")
	window.visit("/console/sealing/batches/new")
	window.shoot(source, "sealing-batch-new")
	seal := eval[string](window, `[...document.getElementById("seal").options].find(o => o.text.includes("法定名称章")).value`)
	window.fill(map[string]string{"title": "培训合格证明", "seal": seal, "purpose": "证明", "reason": "培训合格"})
	window.upload("#file", file)
	window.click("form[enctype] button.first")
	window.wait("#documents")
	window.says(".verdict", "共 31 件", "由您开始盖章")
	window.shoot(source, "sealing-batch-ready")
	at := strings.SplitN(window.path(), "?", 2)[0]
	window.click(`form[action$="/start"] button`)
	window.wait(`form[action$="/pause"] button, form[action$="/start"] button`)
	if eval[bool](window, `document.querySelector('form[action$="/pause"]') !== null`) {
		window.shoot(source, "sealing-batch-running")
		window.visit(at)
	}
	if eval[bool](window, `document.querySelector('form[action$="/pause"]') !== null`) {
		eval[bool](window, `document.querySelector('form[action$="/pause"] button').click(), true`)
		window.until(`document.querySelector("#progress").dataset.state !== "running"`)
	}
	if eval[string](window, `document.querySelector("#progress").dataset.state`) == "paused" {
		window.says("main", "已暂停")
		window.shoot(source, "sealing-batch-paused")
		window.click(`form[action$="/start"] button`)
	}
	window.until(`document.querySelector("#progress")?.dataset.state === "finished"`)
	window.says("main", "已处理 100%", "30 件", "下载逐件报告")
	window.shoot(source, "sealing-batch-done")
	window.visit(at + "?state=failed")
	window.says("#documents", "证明-31.ofd")
	if strings.Contains(window.text("#documents"), "证明-01.ofd") {
		t.Error("what is sealed stands among what is not")
	}
	phone := w.open(t, view{width: 360, user: "window"})
	phone.visit(at)
	phone.shoot(source, "sealing-batch-done")
	if report := w.get(t, "window", at+"/report"); bytes.Count(report, []byte("\r\n")) != 32 || !bytes.Contains(report, []byte("证明-31.ofd")) {
		t.Errorf("the report is\n%s", report)
	}
	if v, _ := w.verdict(t, w.get(t, "window", at+"/documents/1/file")); v != "valid" {
		t.Errorf("a document of the batch is %s", v)
	}
}

// of is where what belongs to a request is.
func of(at string) string { return strings.Replace(at, "/sealing/", "/sealing/requests/", 1) }
