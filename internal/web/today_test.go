package web

import (
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/seal/sealtest"
	"sidian/internal/todo"
)

// Who works reads first what waits for them, the most urgent of it, and where their
// work begins; what waits for others is not there.
func TestToday(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.people["clerk"] = k.Hire(t, "clerk", "clerk", sealtest.Market)
		k.people["holder"] = iam.With(t.Context(), &iam.Principal{Account: "someholder", Name: "张样例", Kind: iam.Holder})
		dues := &due.Service{DB: d}
		k.pages.Todo = &todo.Service{DB: d, Due: dues}
		k.ask("clerk", "/console", nil, 200, "今天先办", "眼下没有要办的", "采集一份证照", `href="/console/issuing"`)
		if body := k.ask("clerk", "/console", nil, 200).Body.String(); strings.Contains(body, "没有签发证照的权限") {
			t.Error("a clerk is told what they may not, and not what they do")
		}
		put := func(object, who, title string, days int) {
			t.Helper()
			p := due.Promise{Topic: "account.handover", Object: object, Account: sealtest.Account(k.people[who]), Org: sealtest.Market, Title: title, Link: "/console/x/" + object, Since: d.Now().AddDate(0, 0, -days)}
			if err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := dues.Put(tx, p); return err }); err != nil {
				t.Fatal(err)
			}
		}
		put("new", "clerk", "新的事项", 0)
		put("old", "clerk", "久拖的事项", 90)
		put("future", "clerk", "以后才办的事项", 0)
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`update due_promise set opens_at = $1 where object = 'future'`, d.Now().AddDate(1, 0, 0).UnixMilli())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		put("other", "window", "别人的事项", 90)
		body := k.ask("clerk", "/console", nil, 200, `class="card tile bad" href="/console/due"><b>1</b><span>已超期`, "<b>3</b><span>我的待办", `href="/console/x/old"`).Body.String()
		if strings.Index(body, "久拖的事项") > strings.Index(body, "新的事项") || strings.Contains(body, "别人的事项") || strings.Contains(body, "以后才办") {
			t.Error("what is overdue does not stand first, or others' work is there")
		}
		if body := k.ask("clerk", "/console?number=none", nil, 200).Body.String(); strings.Contains(body, "今天先办") {
			t.Error("who searches is shown something else")
		}
		if body := k.ask("holder", "/console", nil, 200).Body.String(); strings.Contains(body, "今天先办") {
			t.Error("a holder has work to do")
		}
	})
}
