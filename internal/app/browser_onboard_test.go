package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A table from the template to one-time links: looked at, brought in while the
// page shows how far it is, and its roles decided at another desk.
func TestBrowserOnboard(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	for i, v := range []view{{width: 1440}, {width: 360, noScript: true}, {width: 360, elder: true}, {width: 1440, dark: true}} {
		t.Logf("%d px (elder %t, dark %t, without scripts %t)", v.width, v.elder, v.dark, v.noScript)
		v.user = "system"
		system := w.open(t, v)
		look := func(tb *tab, name string) {
			t.Helper()
			tb.wait("main h1")
			tb.fits()
			if !v.noScript {
				tb.accessible(source, name)
			}
			tb.picture(name)
		}
		send := func(kind, table string) {
			t.Helper()
			path := filepath.Join(t.TempDir(), "table.csv")
			if err := os.WriteFile(path, []byte(table), 0o600); err != nil {
				t.Fatal(err)
			}
			system.visit("/console/admin/onboarding")
			system.fill(map[string]string{"kind": kind})
			system.upload("#file", path)
			system.click("main button.first")
		}
		system.visit("/console/admin/onboarding")
		system.says("main", "先导入单位，再导入单位里的人员", "单位模板", "人员模板")
		look(system, "onboarding")

		send("units", "上级单位,名称\n青禾县教育局,第一小学\n")
		system.wait(".summary")
		system.says(".summary", "标题行与模板不一致", "没有这一列：名称")
		look(system, "onboarding-heading")

		table := "用户名,姓名,所属单位,角色,手机号码,岗位\n"
		for n := range 12 {
			table += fmt.Sprintf("bulk%d-%d,样例·教师%d,market,经办人,139%08d,\n", i, n, n, n)
		}
		send("people", table+"坏的用户名,样例·某某,market,局长,12345,\nbulk,样例·某某,没有的局,,,\n")
		system.wait("#problems")
		system.says("main", "待开始", "导入 12 行人员", "有错误的 2 行不导入", "第 14 行", "没有角色“局长”", "没有这个单位")
		look(system, "onboarding-draft")
		system.fill(map[string]string{"reason": "青教〔2026〕3号 新任教师"})
		system.click(`form[action$="/start"] button`)
		system.until(`document.querySelector(".badge")?.innerText !== "待开始" && document.querySelector("#bar")`)
		run := system.path()
		if v.noScript {
			for range 1500 { // nothing moves by itself: the reader looks again
				if strings.Contains(string(w.get(t, "system", run)), `badge good">已完成`) {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			system.visit(run)
		}
		system.until(`document.querySelector(".badge")?.innerText === "已完成"`)
		system.says("main", "已处理 100%", "一次性链接", "角色待批准", "下载错误报告")
		look(system, "onboarding-finished")

		v.user = "security"
		security := w.open(t, v)
		security.visit(run + "/grants")
		security.says("main", "样例·教师0", "经办人", "决定以上 12 项")
		look(security, "onboarding-grants")
		security.fill(map[string]string{"reason": "与任职文件核对一致"})
		security.click(`button[value="approve"]`)
		security.until(`location.search.includes("done=12")`)
		security.says("main", "已决定", "没有等您批准的角色")
		look(security, "onboarding-granted")
	}
}
