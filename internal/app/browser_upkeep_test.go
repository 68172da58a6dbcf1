package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestBrowserOffline: what was made while the line was down is pushed in a table:
// one in time, one late, which is taken all the same and counted.
func TestBrowserOffline(t *testing.T) {
	w := enter(t)
	axe := axeSource(t)
	t.Parallel()
	line := func(ref string, finished time.Time) string {
		return strings.Join([]string{ref, finished.In(time.FixedZone("CST", 8*3600)).Format("2006-01-02 15:04"), "YL-" + ref, "青禾县样例早点铺", "91999999MA000X015M", time.Now().Format(time.DateOnly),
			"张样例", "青禾县南塘镇样例村6组", "青禾县城关街道示范路29号", "食品销售经营者", "预包装食品销售", "青禾县市场监督管理局城关所", "12315", "示范签发"}, ",") + "\n"
	}
	table := "流水号,业务办结时间,办件编号,持证主体名称,持证主体代码,有效期起,法定代表人（负责人）,住所,经营场所,主体业态,经营项目,日常监督管理机构,投诉举报电话,签发人\n" +
		line("LX-STORY-1", time.Now().Add(-time.Minute)) + line("LX-STORY-2", time.Now().AddDate(0, 0, -30))
	clerk := w.open(t, view{width: 1440, user: "clerk"})
	clerk.visit("/console/offline/new?kind=food_operation/market")
	if eval[bool](clerk, `!document.querySelector("#upload")`) {
		clerk.visit("/console/offline/new?kind=food_operation")
	}
	clerk.upload("#file", kept(t, "离线.csv", []byte(table)))
	press(clerk, "#upload button.first")
	clerk.says("main", "已收到离线批次", "LX-STORY-1", "按时", "LX-STORY-2", "推送超时 1 件", "最迟应于")
	clerk.looks(axe, "offline-late")
	at := eval[string](clerk, `location.pathname`)
	phone := w.open(t, view{width: 360, user: "reviewer", elder: true})
	phone.visit(at)
	phone.says("main", "LX-STORY-2", "推送超时")
	phone.looks(axe, "offline-late")
}

// TestBrowserIncident: the power fails; what cannot be done is put on a list, and
// is made up for when the power is back.
func TestBrowserIncident(t *testing.T) {
	w := enter(t)
	axe := axeSource(t)
	t.Parallel()
	clerk := w.open(t, view{width: 1440, user: "clerk"})
	clerk.visit("/console/incidents")
	press(clerk, "#declare")
	clerk.fill(map[string]string{"what": "台风过境，全县停电", "measures": "窗口先收件，开具受理单"})
	press(clerk, "#declare button.first")
	clerk.says("main", "已报告突发情况", "台风过境", "报告给", "还没有待办")
	at := eval[string](clerk, `location.pathname`)
	for _, about := range []string{"YL-STORM-1", "YL-STORM-2"} {
		clerk.fill(map[string]string{"operation": "update", "about": about})
		press(clerk, "#owe button")
		clerk.says("#owed", about, "待补办")
	}
	clerk.says("#owed", "还有 2 项没有补办")
	clerk.looks(axe, "incident-owed")
	press(clerk, "#clear button")
	clerk.says("main", "已登记故障排除", "补办最迟")
	phone := w.open(t, view{width: 360, user: "clerk", elder: true})
	phone.visit(at)
	phone.looks(axe, "incident-owed")
	for i, about := range []string{"YL-STORM-1", "YL-STORM-2"} {
		id := eval[string](phone, fmt.Sprintf(`[...document.getElementById("owed-id").options].find(o => o.text.includes(%q)).value`, about))
		phone.fill(map[string]string{"owed": id, "note": "来电后当日更新"})
		press(phone, "#done button")
		phone.says("#owed", fmt.Sprintf("还有 %d 项没有补办", 1-i), "已补办")
	}
	phone.says("main", "已全部补办")
	phone.looks(axe, "incident-closed")
}
