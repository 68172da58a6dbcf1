package app_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidian/gbcode"
)

// shops are so many food licences in a table that a spreadsheet could have
// written; one of them lacks what is sold.
func shops(t *testing.T, n int) string {
	t.Helper()
	area, err := gbcode.ParseDivision("999999")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{{"持证主体类别", "持证主体名称", "持证主体代码类型", "持证主体代码", "法定代表人（负责人）", "住所", "经营场所", "主体业态", "经营项目", "日常监督管理机构", "投诉举报电话", "签发人", "有效期起始日期"}}
	for i := range n {
		org, err := gbcode.NewOrgCode(fmt.Sprintf("%08d", 880_000+i))
		if err != nil {
			t.Fatal(err)
		}
		code, err := gbcode.NewCreditCode('9', '2', area, org)
		if err != nil {
			t.Fatal(err)
		}
		sells := "预包装食品销售"
		if i == 7 {
			sells = ""
		}
		rows = append(rows, []string{"非法人组织", fmt.Sprintf("青禾县样例便民店第%d号", i+1), "统一社会信用代码", code.String(), "张样例", "青禾县南塘镇样例村6组", fmt.Sprintf("青禾县城关街道示范路%d号", i+1),
			"食品销售经营者", sells, "青禾县市场监督管理局城关所", "12315", "示范签发", time.Now().Format(time.DateOnly)})
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "便民店.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBrowserBatch: certificates from one table: a row is wrong and named, a
// second person approves, a third starts, pauses and goes on, until all are
// issued. What 5,000 rows take is measured by TestScaleBrowserBatch.
func TestBrowserBatch(t *testing.T) {
	w := enter(t)
	axe := axeSource(t)
	t.Parallel()
	manyShops(t, w, axe, 60)
}

// pausing starts a batch and pauses it with the next request, so that there is
// something left to do.
const pausing = `(async () => {
	const send = async form => new DOMParser().parseFromString(await (await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) })).text(), "text/html");
	const started = await send(document.querySelector('form[action$="/start"]'));
	await send(started.querySelector('form[action$="/pause"]'));
	return true;
})()`

// manyShops tells the story of so many rows.
func manyShops(t *testing.T, w *world, axe string, n int) {
	t.Helper()
	as := func(user string, width int64) *tab {
		tb := w.open(t, view{width: width, user: user, elder: width < 640})
		tb.waits += time.Duration(n) * 20 * time.Millisecond
		return tb
	}
	clerk := as("clerk", 1440)
	clerk.visit("/console/batch")
	clerk.fill(map[string]string{"kind": "food_operation/market"})
	clerk.upload("#file", shops(t, n))
	clerk.click("#upload button")
	clerk.until(`location.pathname.startsWith("/console/batch/")`)
	clerk.says("main", "待送审", "第 9 行", "经营项目", fmt.Sprintf("送审 %d 件", n-1))
	clerk.looks(axe, "batch-checked")
	at := strings.Split(clerk.path(), "?")[0]
	clerk.enters(`form[action$="/submit"] button`)
	clerk.until(`document.querySelector("main").innerText.includes("待审核")`)

	reviewer := as("reviewer", 360)
	reviewer.visit(at)
	reviewer.says("main", "样例行", "青禾县样例便民店第")
	reviewer.looks(axe, "batch-review")
	reviewer.click(`form[action$="/approve"] button`)
	reviewer.until(`!document.querySelector('form[action$="/approve"]')`)

	issuer := as("issuer", 1440)
	issuer.visit(at)
	issuer.fill(map[string]string{"reason": "青市监〔2026〕21号"})
	eval[bool](issuer, pausing)
	issuer.visit(at)
	issuer.says("main", "已暂停", "已处理")
	issuer.looks(axe, "batch-paused")
	phone := as("issuer", 360)
	phone.visit(at)
	phone.looks(axe, "batch-paused")
	phone.click(`form[action$="/resume"] button`)
	if n >= 1000 { // long enough to be stopped on the way
		phone.until(`/已处理 ([2-9]|[1-9][0-9])%/.test(document.querySelector("main").innerText) && document.querySelector('form[action$="/pause"]')`)
		phone.looks(axe, "batch-running")
		eval[bool](phone, `document.querySelector('form[action$="/pause"]').submit(), true`)
		phone.until(`document.querySelector("main").innerText.includes("已暂停")`)
		phone.click(`form[action$="/resume"] button`)
	}
	phone.until(`document.querySelector("main").innerText.includes("已处理 100%")`)
	phone.looks(axe, "batch-done")
	clerk.visit(at)
	clerk.says("main", "已结束", "已处理 100%")
	report := string(w.get(t, "clerk", at+"/report?format=csv"))
	if got := strings.Count(report, "已签发"); got < n-1 {
		t.Errorf("%d of %d rows are issued by the report", got, n-1)
	}
}
