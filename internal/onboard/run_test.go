package onboard_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/keys/keystest"
	"sidian/internal/onboard"
)

// clock is a database's clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func setClock(d *db.DB) *clock {
	c := &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	d.Now = func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
	return c
}

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// TestBring brings in units and then their people: what is right comes in, what
// is not is told, and nothing has effect that takes two people.
func TestBring(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		run := w.bring(onboard.Units, csvOf(unitHead,
			"|qh-edu|第一小学|县级|学校", // its parent stands below
			"|qh-edu|第二小学|市级|学校", // higher than its parent
			"qh-edu|青禾县人民政府|青禾县教育局|县级|部门|||10|system|security|audit"))
		if run.State != onboard.Finished || run.Done != 2 || run.Refused != 1 || run.Pending != 0 {
			t.Fatalf("units: %+v", run)
		}
		if p := w.problems(run); len(p) != 1 || p[0].Line != 3 || p[0].Cell != "D3" || p[0].Value != "市级" {
			t.Fatalf("problems: %+v", p)
		}
		held, err := w.County.Posts(w.system(), "qh-edu", false)
		if err != nil || len(held) != 3 {
			t.Fatalf("posts: %+v, %v", held, err)
		}

		run = w.bring(onboard.People, csvOf(peopleHead,
			"li.si|李四|第一小学|13800138001|11010519491231002X|经办人、审核人|||任职文件|联系人",
			"wang.wu|王五|青禾县教育局|||系统管理员",
			"zhao|赵六|第二小学"))
		if run.State != onboard.Finished || run.Done != 2 || run.Refused != 1 {
			t.Fatalf("people: %+v %+v", run, w.problems(run))
		}
		found, err := w.FindAccounts(w.system(), iam.AccountQuery{Username: "li.si"})
		if err != nil || len(found.Items) != 1 || found.Items[0].Name != "李四" || len(found.Items[0].Roles) != 0 {
			t.Fatalf("the person: %+v, %v", found, err)
		}
		waiting, err := w.Service.Grants(w.Ctx(t, "security"), run.ID, 0, 0)
		if err != nil || len(waiting.Items) != 3 {
			t.Fatalf("grants: %+v, %v", waiting, err)
		}
		ids := []string{"not-of-this-run"}
		for _, g := range waiting.Items {
			ids = append(ids, g.ID)
		}
		_, err = w.Decide(w.system(), run.ID, ids, true, "自己批准")
		wantCode(t, err, "auth.permission")
		decided, err := w.Decide(w.Ctx(t, "security"), run.ID, ids, true, "已核对任职文件")
		if err != nil || decided.Done != 3 || decided.Refused != 1 {
			t.Fatalf("decided: %+v, %v", decided, err)
		}
		found, err = w.FindAccounts(w.system(), iam.AccountQuery{Username: "li.si"})
		if err != nil || len(found.Items[0].Roles) != 2 {
			t.Fatalf("roles: %+v, %v", found, err)
		}
		w.wantAudit("onboard.run", "人员：共 3 行，导入 2 行，未导入 1 行，以前导入过 0 行")
	})
}

func (w *world) wantAudit(action, reason string) {
	w.t.Helper()
	must(w.t, w.Service.DB.Read(w.t.Context(), func(tx *db.Tx) error {
		list, _, err := audit.List(tx, audit.Query{Action: action, Limit: 1})
		if err == nil && (len(list) != 1 || list[0].Reason != reason || list[0].After == [32]byte{} || list[0].Actor.Account != w.People["system"].ID) {
			w.t.Errorf("audit of %s: %+v", action, list)
		}
		return err
	}))
}

// TestSecrets looks for what a run must not leave behind.
func TestSecrets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		draft, err := w.Draft(w.system(), onboard.File{Kind: onboard.People, Data: csvOf(peopleHead,
			"li|欧阳测试|market|13900139000|11010519491231002X",
			"13900139001|司马测试|110105194912310021|1390013900|110105194912310021")})
		must(t, err)
		look := func(want int) {
			t.Helper()
			must(t, w.Service.DB.Read(t.Context(), func(tx *db.Tx) error {
				sealed, text, err := onboard.Kept(tx, draft.ID)
				if sealed != want {
					t.Errorf("%d lines wait, want %d", sealed, want)
				}
				for _, secret := range []string{"阳测试", "马测试", "13900139000", "13900139001", "1390013900\"", "19491231"} {
					if strings.Contains(text, secret) {
						t.Errorf("%s is kept in the clear", secret)
					}
				}
				return err
			}))
		}
		look(1)
		keystest.Reseals(t, d, w.Keys, w.Service, 1)
		_, err = w.Start(w.system(), draft.ID, "测试")
		must(t, err)
		must(t, w.Work(t.Context()))
		look(0)
	})
}

// TestResume lets the process die in the middle of a batch: each line is done
// once, those of the dead included.
func TestResume(t *testing.T) {
	t.Parallel()
	for _, kind := range onboard.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				now := setClock(d)
				w := newWorld(t, d)
				w.Batch = 7
				const lines = 40
				head, form := unitHead, "|county|第%d单位|县级|||||system"
				if kind == onboard.People {
					head, form = peopleHead, "person%d|样例%[1]d|market|||经办人、审核人"
				}
				var rows []string
				for i := range lines {
					rows = append(rows, fmt.Sprintf(form, i))
				}
				run, err := w.Draft(w.system(), onboard.File{Kind: kind, Data: csvOf(head, rows...)})
				must(t, err)
				_, err = w.Start(w.system(), run.ID, "测试")
				must(t, err)
				for _, does := range []int{0, 3, 7} {
					must(t, w.Die(t.Context(), run.ID, does))
					must(t, w.Work(t.Context()))
					if got, _ := w.Run(w.system(), run.ID); got.Done != 0 {
						t.Fatalf("another worked on it while it was somebody's: %+v", got)
					}
					now.add(onboard.Lease + time.Second)
				}
				must(t, w.Work(t.Context()))
				run, err = w.Run(w.system(), run.ID)
				if err != nil || run.State != onboard.Finished || run.Done != lines {
					t.Fatalf("%+v, %v %+v", run, err, w.problems(run))
				}
				if kind == onboard.Units {
					list, err := w.Organisations(w.system())
					if err != nil || len(list) != lines+3 {
						t.Fatalf("%d units, %v", len(list), err)
					}
					return
				}
				page, err := w.GrantsPage(w.system(), iam.GrantQuery{State: iam.Proposed, Limit: 200})
				if err != nil || len(page.Items) != 2*lines {
					t.Fatalf("%d roles proposed, %v", len(page.Items), err)
				}
			})
		})
	}
}

// TestTwice sends a table again: nothing happens twice, and what was put right
// comes in.
func TestTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		table := csvOf(peopleHead, "li|李四|market", "wang|王五|没有的局")
		first := w.bring(onboard.People, table)
		if first.Done != 1 || first.Refused != 1 {
			t.Fatalf("first: %+v", first)
		}
		second := w.bring(onboard.People, table)
		if second.ID == first.ID || second.Repeated != 1 || second.Refused != 1 || second.Done != 0 {
			t.Fatalf("second: %+v", second)
		}
		// The columns stand otherwise, and a remark is no other line.
		third := w.bring(onboard.People, csvOf("备注|姓名|用户名|所属单位", "改过|李四|li|market", "|王五|wang|market"))
		if third.Repeated != 1 || third.Done != 1 {
			t.Fatalf("third: %+v %+v", third, w.problems(third))
		}
		// While a run goes on, the same table is the same run.
		open := csvOf(peopleHead, "zhao|赵六|market")
		a, err := w.Draft(w.system(), onboard.File{Kind: onboard.People, Data: open})
		must(t, err)
		_, err = w.Start(w.system(), a.ID, "测试")
		must(t, err)
		b, err := w.Draft(w.system(), onboard.File{Kind: onboard.People, Data: open})
		if err != nil || b.ID != a.ID {
			t.Fatalf("sent again while it runs: %+v, %v", b, err)
		}
		_, err = w.Start(w.system(), a.ID, "测试")
		wantCode(t, err, "onboard.state")
	})
}

// TestPause stops a run, goes on, gives up; and stops by itself when who sent
// the table may not bring in any more.
func TestPause(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		draft := func(line string) *onboard.Run {
			run, err := w.Draft(w.system(), onboard.File{Kind: onboard.People, Data: csvOf(peopleHead, line)})
			must(t, err)
			_, err = w.Start(w.system(), run.ID, "测试")
			must(t, err)
			return run
		}
		run := draft("li|李四|market")
		_, err := w.Pause(w.system(), run.ID)
		must(t, err)
		must(t, w.Work(t.Context()))
		if got, _ := w.Run(w.system(), run.ID); got.State != onboard.Paused || got.Done != 0 {
			t.Fatalf("paused: %+v", got)
		}
		_, err = w.Service.Resume(w.system(), run.ID)
		must(t, err)
		must(t, w.Work(t.Context()))
		if got, _ := w.Run(w.system(), run.ID); got.State != onboard.Finished {
			t.Fatalf("resumed: %+v", got)
		}
		for _, err := range []error{errOf(w.Pause(w.system(), run.ID)), errOf(w.Service.Resume(w.system(), run.ID)), w.Discard(w.system(), run.ID)} {
			wantCode(t, err, "onboard.state")
		}

		// Another system administrator takes over, and the first one's role ends.
		w.Hire(t, "system2", "system", iamtest.Root)
		run = draft("wang|王五|market")
		w.Release(t, "system")
		must(t, w.Work(t.Context()))
		got, err := w.Run(w.Ctx(t, "system2"), run.ID)
		if err != nil || got.State != onboard.Paused || got.Trouble == "" || got.Done != 0 {
			t.Fatalf("without the right: %+v, %v", got, err)
		}
		must(t, w.Discard(w.Ctx(t, "system2"), run.ID))
		_, err = w.Run(w.system(), run.ID)
		wantCode(t, err, "auth.permission")
	})
}

func errOf[T any](_ T, err error) error { return err }

// TestOthers lets everybody else try.
func TestOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		table := onboard.File{Kind: onboard.People, Data: csvOf(peopleHead, "li|李四|market")}
		run, err := w.Draft(w.system(), table)
		must(t, err)
		for _, who := range []string{"security", "audit", "clerk", "custodian", "holder", "supervisor"} {
			ctx := w.Ctx(t, who)
			for what, err := range map[string]error{
				"template": errOf(w.Template(ctx, onboard.People)), "check": errOf(w.Check(ctx, table)), "draft": errOf(w.Draft(ctx, table)),
				"start": errOf(w.Start(ctx, run.ID, "测试")), "run": errOf(w.Run(ctx, run.ID)), "runs": errOf(w.Runs(ctx, "", 0)),
				"problems": errOf(w.Problems(ctx, run.ID, 0, 0)), "report": errOf(w.Report(ctx, run.ID)), "pause": errOf(w.Pause(ctx, run.ID)),
				"discard": w.Discard(ctx, run.ID),
			} {
				t.Run(who+" "+what, func(t *testing.T) { wantCode(t, err, "auth.permission") })
			}
			_, _, err := w.Links(ctx, run.ID, "", 0)
			wantCode(t, err, "auth.permission")
		}
		if _, err := w.Service.Grants(w.system(), run.ID, 0, 0); err == nil {
			t.Error("a system administrator decides on grants")
		}
		// An administrator of one unit brings in for it alone, and sees nobody else's.
		w.Hire(t, "small", "system", iamtest.Land)
		small := w.Ctx(t, "small")
		_, err = w.Run(small, run.ID)
		wantCode(t, err, "onboard.unknown")
		if page, err := w.Runs(small, "", 0); err != nil || len(page.Items) != 0 {
			t.Errorf("sees the runs of others: %+v, %v", page, err)
		}
		for kind, data := range map[onboard.Kind][]byte{
			onboard.People: csvOf(peopleHead, "li|李四|market", "wang|王五|land", "zhao|赵六|land|||经办人|market"),
			onboard.Units:  csvOf(unitHead, "|market|甲所|县级", "|land|乙所|县级", "|county|丙所|县级"),
		} {
			r, err := w.Check(small, onboard.File{Kind: kind, Data: data})
			if err != nil || r.Good != 1 || r.Bad != 2 || r.Problems[0].Code != "onboard.scope" || r.Problems[1].Code != "onboard.scope" {
				t.Errorf("%s beyond the scope: %+v, %v", kind, r, err)
			}
		}
		mine, err := w.Draft(small, table)
		if err != nil || mine.Refused != 1 || mine.ID == run.ID {
			t.Fatalf("the same table by another: %+v, %v", mine, err)
		}
		_, err = w.Start(w.system(), mine.ID, "替别人开始")
		wantCode(t, err, "onboard.other")
		if _, err := w.Run(w.system(), mine.ID); err != nil {
			t.Errorf("who administers all does not see it: %v", err)
		}
		program := w.AppCtx(t)
		_, err = w.Check(program, table)
		if err == nil {
			t.Error("a program brings in people")
		}
	})
}

// TestSweep gives up what nobody went on with.
func TestSweep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := setClock(d)
		w := newWorld(t, d)
		run, err := w.Draft(w.system(), onboard.File{Kind: onboard.People, Data: csvOf(peopleHead, "li|李四|market")})
		must(t, err)
		must(t, w.Service.Sweep(t.Context()))
		if got, _ := w.Run(w.system(), run.ID); got.State != onboard.Draft {
			t.Fatalf("swept too early: %+v", got)
		}
		now.add(8 * 24 * time.Hour)
		must(t, w.Service.Sweep(t.Context()))
		if got, _ := w.Run(w.system(), run.ID); got.State != onboard.Over {
			t.Fatalf("not swept: %+v", got)
		}
		must(t, w.Service.DB.Read(t.Context(), func(tx *db.Tx) error {
			sealed, _, err := onboard.Kept(tx, run.ID)
			if sealed != 0 {
				t.Errorf("%d lines are kept", sealed)
			}
			return err
		}))
	})
}

// TestFiveThousand brings in a table of a county's size, on one engine after the
// other.
func TestFiveThousand(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		const lines = 5000
		rows := make([]string, lines)
		for i := range rows {
			rows[i] = fmt.Sprintf("p%d|样例%d|market|139%08d", i, i, i)
			if i%1000 == 7 {
				rows[i] = fmt.Sprintf("p%d|样例%d|没有的局", i, i)
			}
		}
		run := w.bring(onboard.People, csvOf(peopleHead, rows...))
		if run.State != onboard.Finished || run.Done != lines-5 || run.Refused != 5 || run.Pending != 0 || run.Percent() != 100 {
			t.Fatalf("%+v", run)
		}
		for i, p := range w.problems(run) {
			if p.Line != i*1000+9 || p.Code != "org.unknown" {
				t.Errorf("problem: %+v", p)
			}
		}
		t.Logf("%.0f lines a second", run.Rate)
	})
}
