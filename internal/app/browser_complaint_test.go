package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidian/internal/complaint/complainttest"
)

// TestBrowserComplaint: a counter refuses a document with an electronic seal; its
// holder complains on the phone without a name, the unit explains, the county's
// seal authority finds it true, the unit makes good, and the supervisor sees who
// refuses.
func TestBrowserComplaint(t *testing.T) {
	w := enter(t)
	axe := axeSource(t)
	t.Parallel()
	ofd := filepath.Join(t.TempDir(), "许可证.ofd")
	if err := os.WriteFile(ofd, complainttest.OFD(t, "x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, width := range []int64{360, 1440} {
		as := func(user string) *tab { return w.open(t, view{width: width, user: user}) }
		also := func(user, path, name string) {
			tb := w.open(t, view{width: width, user: user, elder: width < 640, dark: width >= 640})
			tb.visit(path)
			tb.wait("main h1")
			tb.looks(axe, name)
		}
		who := []string{"li", "zhang"}[i] // one complaint of the other waits in the demo
		name := []string{"李样例", "张样例"}[i]
		holder := as(who)
		holder.visit("/wallet/complaints")
		holder.says("main", "我要投诉", "须说明情况", []string{"还没有投诉", "待单位说明"}[i])
		holder.looks(axe, "complaint-none")
		press(holder, "main .actions a.first")
		holder.fill(map[string]string{"q": "市场监督"})
		press(holder, "form.search button")
		holder.says("main", "第 1 步，共 2 步", "青禾县市场监督管理局")
		holder.looks(axe, "complaint-unit")
		press(holder, ".pick a")
		holder.says("main", "第 2 步，共 2 步", "可以让被投诉单位知道我是谁")
		press(holder, "main button.first")
		holder.says(".summary", "请选择发生了什么", "请写明经过")
		holder.looks(axe, "complaint-wrong")
		item := fmt.Sprintf("企业变更登记（第 %d 次）", i+1)
		holder.fill(map[string]string{"what": "refused", "way": "window", "text": "我叫" + name + "，窗口说电子印章不算数，要我拿盖红章的原件。", "item": item, "number": "青禾许〔2026〕12号"})
		holder.upload("#document", ofd)
		press(holder, "main button.first")
		holder.says("main", "投诉已提交", "待单位说明", "等待单位说明", "青禾县行政审批服务管理局", "下载 OFD", "您不用再做什么")
		holder.looks(axe, "complaint-filed")
		own := holder.path()[:len("/wallet/complaints/")+26]
		here := "/console" + own[len("/wallet"):]
		if containsAny(holder.text("main"), "文件摘要") {
			t.Error("the holder reads a digest")
		}
		also(who, own, "complaint-own")

		clerk := as("clerk")
		clerk.visit("/console/complaints")
		clerk.says("main", "待我单位办理", "待单位说明", "拒收加盖电子印章的文件")
		clerk.looks(axe, "complaint-list")
		clerk.visit(here)
		clerk.says("main", "轮到您", "说明情况", "未公开")
		if got := clerk.text("main"); containsAny(got, "青禾许", "下载 OFD", name) {
			t.Errorf("the unit learns who complained:\n%s", got)
		}
		clerk.fill(map[string]string{"text": "窗口人员不了解规定，已当场致歉。"})
		clerk.looks(axe, "complaint-explain")
		press(clerk, "#explain button")
		clerk.says("main", "说明已提交", "待处理")

		seals := as("seals")
		seals.visit("/console/complaints")
		seals.says("main", "待我处理", "青禾县市场监督管理局")
		seals.visit(here)
		seals.fill(map[string]string{"opinion": "情况属实，请立即改正，今后不得拒收电子印章文件。"})
		press(seals, "#decide button")
		seals.says(".summary", "请选择处理结果")
		seals.looks(axe, "complaint-decide-wrong")
		seals.click("#outcome-exempt")
		seals.until(`document.querySelector("#basis").offsetParent !== null`)
		seals.click("#outcome-upheld")
		seals.until(`document.querySelector("#basis").offsetParent === null`)
		press(seals, "#decide button")
		seals.says("main", "处理结果已记录", "责令改正", "等待改正")
		also("seals", here, "complaint-decided")

		clerk.visit(here)
		clerk.fill(map[string]string{"text": "已组织培训，并修订窗口办事指南。"})
		press(clerk, "#rectify button")
		seals.visit(here)
		seals.says("#confirm", "确认已改正", "退回继续改正")
		seals.looks(axe, "complaint-confirm")
		press(seals, `#confirm button[value="accept"]`)
		seals.says("main", "已确认改正，投诉办结")

		holder.visit("/wallet/complaints")
		holder.says("main", "已办结", "属实，已改正")
		holder.looks(axe, "complaint-ended")

		watcher := as("watcher")
		watcher.visit("/console/complaints/report")
		watcher.says("main", "拒收统计", "青禾县市场监督管理局", "当日", "导出 XLSX")
		watcher.looks(axe, "complaint-report")
		also("watcher", "/console/complaints/report", "complaint-report")
	}
}

func containsAny(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
