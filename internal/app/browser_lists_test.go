package app_test

import (
	"fmt"
	"testing"
	"time"
)

// TestBrowserLists: the issuing list is compiled in three stages by three people:
// the department reports without a mouse and mends what came back, the authority
// reviews row by row, the compiling unit publishes, and everybody reads it.
func TestBrowserLists(t *testing.T) {
	w := enter(t)
	axe := axeSource(t)
	t.Parallel()
	const title = "青禾县市场监管领域发证清单（样例）"
	publisher := w.open(t, view{width: 1440, user: "provdirector"})
	publisher.visit("/console/lists")
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	publisher.fill(map[string]string{"list": "issue", "org": "market", "title": title, "report_by": day(10), "review_by": day(20)})
	press(publisher, "#open button.first")
	publisher.says("main", "本级没有其他审核单位", "由第三人公布")
	publisher.looks(axe, "lists-round")
	at := eval[string](publisher, `location.pathname`)
	mine := at + "/units/market"

	clerk := w.open(t, view{width: 1440, user: "designer"})
	clerk.visit(mine)
	clerk.says("main", "还没有内容")
	clerk.enters(`form[action$="/prefill"] button`)
	clerk.until(`!!document.querySelector("#rows tbody tr[id]")`)
	clerk.says("#rows", "食品经营许可证", "营业执照")
	clerk.types("name", "食品小作坊登记证")
	clerk.types("note", "省里规定的")
	clerk.enters(`#row button`)
	clerk.until(`document.querySelector("#rows").innerText.includes("食品小作坊登记证")`)
	clerk.looks(axe, "lists-part")
	clerk.enters(`#submit button`)
	clerk.until(`!document.querySelector("#submit")`)

	director := w.open(t, view{width: 1440, user: "director"})
	director.visit(mine)
	director.says("main", "食品小作坊登记证", "其余全部通过")
	row := eval[string](director, `[...document.querySelectorAll("#rows tbody tr")].find(r => r.innerText.includes("食品小作坊登记证")).id`)
	director.click(fmt.Sprintf(`#%s a[href*="row="]`, row))
	director.wait("#return")
	director.fill(map[string]string{"reason": "写全称"})
	director.looks(axe, "lists-return")
	press(director, "#return button")
	press(director, `form[action$="/accept"] button`) // the others are right

	clerk.visit(mine)
	clerk.says("main", "写全称")
	clerk.enters(fmt.Sprintf(`#%s a[href*="row="]`, row))
	clerk.wait("#row [name=name]")
	clerk.fill(map[string]string{"name": "食品生产加工小作坊登记证"})
	clerk.enters(`#row button`)
	clerk.until(`document.querySelector("#rows").innerText.includes("食品生产加工小作坊登记证")`)
	clerk.enters(`#submit button`)
	clerk.until(`!document.querySelector("#submit")`)
	director.visit(mine)
	press(director, `form[action$="/accept"] button`)

	director.visit(at)
	director.says("main", "由青禾县市场监督管理局公布")
	publisher.visit(at)
	publisher.fill(map[string]string{"reason": "青市监〔2026〕40号"})
	press(publisher, "#publish button.first, #publish button")
	publisher.says("main", "已公布", "看公布的清单")
	publisher.looks(axe, "lists-published")
	edition := eval[string](publisher, `document.querySelector('main a[href^="/open/lists/"]').getAttribute("href")`)
	phone := w.open(t, view{width: 360, elder: true})
	phone.visit("/open/lists")
	phone.says("main", title)
	phone.visit(edition)
	phone.says("main", "第 1 版", "食品生产加工小作坊登记证", "青市监〔2026〕40号")
	phone.looks(axe, "lists-open")
}
