package app_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"sidian/internal/sealing/sealingtest"
)

// archived is the page of the item with a title in the archivist's queue, which
// comes there by itself. Other stories seal as well: it may be on a later page.
func archived(tb *tab, title string) string {
	tb.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll("#items a")].find(a => a.innerText.includes(%q))?.getAttribute("href")`, title)
	tb.visit("/console/archive")
	tb.until(find + ` || (setTimeout(() => location.assign(document.querySelector("a[rel=next]")?.href ?? "/console/archive"), 300), false)`)
	return eval[string](tb, find)
}

// inPackage reads a file of a package that was downloaded.
func inPackage(t *testing.T, data []byte, name string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("the package is no ZIP: %v", err)
	}
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, name) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Fatalf("the package holds no %s", name)
	return nil
}

// TestBrowserArchive: a document that was just sealed is in the archivist's queue
// by itself; the archivist files and packs it, sees the four groups of checks,
// downloads the package and hands it over; another one the archives refuse, and
// it is filed again.
func TestBrowserArchive(t *testing.T) {
	w := enter(t)
	axe := axeSource(t)
	t.Parallel()
	for i, width := range []int64{360, 1440} {
		as := func(user string) *tab { return w.open(t, view{width: width, user: user}) }
		also := func(path, name string) {
			tb := w.open(t, view{width: width, user: "archivist", elder: width < 640, dark: width >= 640})
			tb.visit(path)
			tb.drawn()
			tb.looks(axe, name)
		}
		title := fmt.Sprintf("关于办事大厅延时服务的通告（第 %d 号）", i+1)
		clerk := as("clerk")
		clerk.brings(kept(t, "通告.ofd", sealingtest.Document(t, title, 2)), title)
		clerk.fill(map[string]string{"q": "行政审批服务"}) // its seal is kept by the county's custodian
		clerk.click(`button[value=find]`)
		clerk.until(`location.search.includes("q=")`)
		clerk.ticks("青禾县行政审批服务管理局", "1")
		at := clerk.submits()
		keeper := as("keeper")
		keeper.visit(at)
		keeper.approves("keeper", int64(i)-1)

		archivist := as("archivist")
		one := archived(archivist, title)
		archivist.says("main", "待整理", "待检测", "归档率", "盖章完成的文件自动进入这里")
		archivist.looks(axe, "archive-list")
		also("/console/archive", "archive-list")
		archivist.visit(one)
		archivist.drawn()
		archivist.says("main", title, "青禾县市场监督管理局", "样例·经办员", "剩余")
		archivist.looks(axe, "archive-waiting")
		archivist.fill(map[string]string{"title": "给13800138000的通告"})
		press(archivist, "#filing button")
		archivist.says(".summary", "不能含公民身份号码或手机号码", "请选择保管期限")
		archivist.looks(axe, "archive-wrong")
		archivist.fill(map[string]string{"title": title, "term": "D30", "secrecy": "公开"})
		press(archivist, "#filing button")
		archivist.says("main", "整理信息已保存", "组包并检测", "待检测")
		archivist.drawn()
		archivist.looks(axe, "archive-ready")
		press(archivist, "#pack button")
		archivist.says("main", "已组包，四性检测通过", "真实性", "完整性", "可用性", "安全性", "Z109-WS·", "定期30年")
		if n := eval[int](archivist, `document.querySelectorAll("details.property").length`); n != 4 {
			t.Errorf("%d groups of checks, want four", n)
		}
		archivist.drawn()
		archivist.looks(axe, "archive-packed")
		eval[bool](archivist, `document.querySelectorAll("details.property").forEach(d => d.open = true), true`)
		archivist.looks(axe, "archive-checks")
		also(one, "archive-packed")

		pack := w.get(t, "archivist", eval[string](archivist, `document.querySelector("a[download]").getAttribute("href")`))
		if sealed := w.get(t, "clerk", of(at)+"/file"); !bytes.Equal(inPackage(t, pack, "结果文件/盖章文件.ofd"), sealed) {
			t.Error("the package does not hold the document as it was sealed")
		}
		if !bytes.Contains(inPackage(t, pack, "验证记录.txt"), []byte(`"valid"`)) {
			t.Error("the record of the verification does not say that the document is valid")
		}

		archivist.click(`a[href$="/return"]`)
		archivist.wait("#reason")
		archivist.looks(axe, "archive-return")
		archivist.fill(map[string]string{"reason": "题名未写明发文字号"})
		press(archivist, "main form button")
		archivist.says("main", "已登记退回", "档案馆退回", "题名未写明发文字号", "待整理")
		archivist.drawn()
		archivist.looks(axe, "archive-returned")
		if archived(archivist, title) != one {
			t.Error("what was returned is another item")
		}
		archivist.says("#items", title, "档案馆退回")
		archivist.visit(one)
		archivist.fill(map[string]string{"title": title + "青市监〔2026〕5号"})
		press(archivist, "#filing button")
		press(archivist, "#pack button")
		press(archivist, "#hand button") // without a receipt
		archivist.says(".summary", "接收回执号")
		archivist.fill(map[string]string{"receipt": fmt.Sprintf("青档收〔2026〕%d号", i+1)})
		press(archivist, "#hand button")
		archivist.says("main", "已登记移交", "已移交", "青档收〔2026〕", "档案馆已接收")
		archivist.drawn()
		archivist.looks(axe, "archive-handed")
		also(one, "archive-handed")
		archivist.visit("/console/archive?state=handed")
		archivist.says("#items", title, "Z109-WS·", "回执 青档收〔2026〕")
		archivist.looks(axe, "archive-list-handed")
		archivist.visit("/console/archive/rates")
		archivist.says("main", "归档率", "青禾县市场监督管理局")
		archivist.looks(axe, "archive-rates")
		also("/console/archive/rates", "archive-rates")
		archivist.visit("/console/archive/units/market")
		archivist.says("main", "立档单位：青禾县市场监督管理局", "全宗号")
		archivist.looks(axe, "archive-unit")
		also("/console/archive/units/market", "archive-unit")

		stranger := as("clerk")
		stranger.visit(one)
		stranger.says("main", "没有", "权限")
	}
}
