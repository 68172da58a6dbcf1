package listing_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/item/itemtest"
	"sidian/internal/listing"
)

// Two versions of a list through all three stages, by three people.
func TestThreeStages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.food(t)
		r := w.open(t)
		if len(r.Units) != 2 || r.Waiting != 2 || !r.Compile {
			t.Fatalf("%+v", r)
		}
		if told, err := w.Notice.Inbox(w.Market, 10, ""); err != nil || len(told.Items) != 1 {
			t.Fatalf("the market was told %+v, %v", told, err)
		}
		p, err := w.s.Prefill(w.Market, r.ID, iamtest.Market)
		must(t, err)
		if len(p.Rows) != 1 || p.Rows[0].Kind != "food_operation" || p.Rows[0].Code == "" || !slices.Equal(p.Rows[0].Items, []string{itemtest.Food}) {
			t.Fatalf("%+v", p.Rows)
		}
		if p, err = w.s.Prefill(w.Market, r.ID, iamtest.Market); err != nil || len(p.Rows) != 1 {
			t.Fatalf("prefilled again: %+v, %v", p, err)
		}
		p, err = w.s.AddRow(w.Market, r.ID, iamtest.Market, listing.Said{Name: "小作坊登记证", Note: "省级目录"})
		must(t, err)
		food, shop := rowOf(t, p.Rows, "食品经营许可证"), rowOf(t, p.Rows, "小作坊登记证")
		_, err = w.s.Review(w.Chief, food, listing.Verdict{Accept: true})
		wantCode(t, err, "listing.stage") // not reported yet
		_, err = w.s.Publish(w.Second, r.ID, "跳过审核")
		wantCode(t, err, "listing.stage")
		_, err = w.s.Submit(w.Market, r.ID, iamtest.Market, "")
		must(t, err)
		_, err = w.s.ChangeRow(w.Market, food, listing.Said{Name: "改了"})
		wantCode(t, err, "listing.submitted")
		_, err = w.s.Review(w.Chief, shop, listing.Verdict{})
		wantCode(t, err, "required")
		_, err = w.s.Review(w.Chief, shop, listing.Verdict{Reason: "名称与省级目录不一致"})
		must(t, err)
		_, err = w.s.Review(w.Chief, shop, listing.Verdict{Accept: true})
		wantCode(t, err, "listing.reviewed")
		p, err = w.s.Review(w.Chief, food, listing.Verdict{Accept: true})
		must(t, err)
		if p.State != listing.Returned || p.Accepted != 1 || p.Returned != 1 {
			t.Fatalf("%+v", p)
		}
		_, err = w.s.Submit(w.Market, r.ID, iamtest.Market, "")
		wantCode(t, err, "listing.returned")
		_, err = w.s.ChangeRow(w.Market, food, listing.Said{Name: "已通过的不能改"})
		wantCode(t, err, "listing.row-state")
		_, err = w.s.ChangeRow(w.Market, shop, listing.Said{Name: "食品小作坊登记证"})
		must(t, err)
		w.at(2026, 12, 11) // a day late
		p, err = w.s.Submit(w.Market, r.ID, iamtest.Market, "")
		must(t, err)
		if !p.Late {
			t.Error("a late report is not marked")
		}
		_, err = w.s.AcceptAll(w.Chief, r.ID, iamtest.Market)
		must(t, err)
		_, err = w.s.Publish(w.Second, r.ID, "公布")
		wantCode(t, err, "listing.stage") // land has not reported
		_, err = w.s.Excuse(w.Second, r.ID, iamtest.Market, "不等了")
		wantCode(t, err, "listing.stage") // that one has
		_, err = w.s.Excuse(w.Second, r.ID, iamtest.Land, "机构改革，下轮补报")
		must(t, err)
		_, err = w.s.Publish(w.Chief, r.ID, "公布")
		wantCode(t, err, "listing.same-person")
		e, err := w.s.Publish(w.Second, r.ID, "青政办〔2026〕1 号")
		must(t, err)
		if e.Version != 1 || len(e.Entries) != 2 || e.Entries[0].Name != "食品小作坊登记证" || len(e.Without) != 1 || e.Diff != nil || e.OrgName == "" {
			t.Fatalf("%+v", e)
		}
		_, err = w.s.Publish(w.Second, r.ID, "再公布一次")
		wantCode(t, err, "listing.ended")
		_, err = w.s.AddRow(w.Market, r.ID, iamtest.Market, listing.Said{Name: "迟到的一行"})
		wantCode(t, err, "listing.ended")

		r = w.open2(t)
		_, err = w.s.AddRow(w.Market, r.ID, iamtest.Market, listing.Said{Name: "=1+1 登记证"})
		must(t, err)
		_, err = w.s.Prefill(w.Market, r.ID, iamtest.Market)
		must(t, err)
		_, err = w.s.Submit(w.Market, r.ID, iamtest.Market, "")
		must(t, err)
		_, err = w.s.AcceptAll(w.Chief, r.ID, iamtest.Market)
		must(t, err)
		e, err = w.s.Publish(w.Second, r.ID, "青政办〔2027〕1 号")
		must(t, err)
		if e.Version != 2 || !slices.Equal(e.Diff.Added, []string{"=1+1 登记证"}) || !slices.Equal(e.Diff.Removed, []string{"食品小作坊登记证"}) || len(e.Diff.Changed) != 0 || len(e.Versions) != 2 {
			t.Fatalf("%+v %+v", e, e.Diff)
		}
		data, err := e.CSV()
		if err != nil || !strings.HasPrefix(string(data), "\ufeff序号,名称") || !strings.Contains(string(data), "'=1+1 登记证") {
			t.Fatalf("%s, %v", data, err)
		}
		all, err := w.s.Published(t.Context())
		if err != nil || len(all.Items) != 1 || all.Items[0].Version != 2 || len(all.Items[0].Entries) != 0 {
			t.Fatalf("%+v, %v", all, err)
		}
	})
}

// rowOf is the row of a name.
func rowOf(t testing.TB, rows []listing.Row, name string) string {
	t.Helper()
	for _, r := range rows {
		if r.Name == name {
			return r.ID
		}
	}
	t.Fatalf("no row is called %s: %+v", name, rows)
	return ""
}

// open2 opens the round of the next year, of the market alone.
func (w *world) open2(t testing.TB) *listing.Round {
	t.Helper()
	w.at(2027, 11, 1)
	r, err := w.s.OpenRound(w.Chief, listing.Opening{List: listing.Issue, Org: iamtest.Root, Title: "2027 年发证清单", ReportBy: "2027-12-10", ReviewBy: "2027-12-20", Units: []string{iamtest.Market}})
	must(t, err)
	return r
}

// Who may not, and what is somebody else's.
func TestForeign(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.food(t)
		r := w.open(t)
		_, err := w.s.OpenRound(w.Chief, listing.Opening{List: listing.Issue, Org: iamtest.Root, Title: "又一轮", ReportBy: "2026-12-10", ReviewBy: "2026-12-20"})
		wantCode(t, err, "listing.open")
		p, err := w.s.AddRow(w.Market, r.ID, iamtest.Market, listing.Said{Name: "食品经营许可证", Kind: "food_operation"})
		must(t, err)
		row := p.Rows[0].ID
		_, err = w.s.AddRow(w.Market, r.ID, iamtest.Market, listing.Said{Name: " 食品经营 许可证"})
		wantCode(t, err, "listing.row-exists")
		_, err = w.s.AddRow(w.Land, r.ID, iamtest.Land, listing.Said{Name: "别人的事项", Items: []string{itemtest.Food}})
		wantCode(t, err, "listing.items")
		for who, ctx := range map[string]context.Context{"land": w.Land, "clerk": w.Clerk, "the market's manager": w.Own, "system": w.Ctx(t, "system"), "holder": w.Ctx(t, "holder"), "a stranger": t.Context()} {
			_, a := w.s.AddRow(ctx, r.ID, iamtest.Market, listing.Said{Name: "篡改"})
			_, b := w.s.ChangeRow(ctx, row, listing.Said{Name: "篡改"})
			_, c := w.s.DropRow(ctx, row)
			_, e := w.s.Submit(ctx, r.ID, iamtest.Market, "")
			_, f := w.s.Review(ctx, row, listing.Verdict{Accept: true})
			_, g := w.s.Publish(ctx, r.ID, "篡改")
			_, h := w.s.Excuse(ctx, r.ID, iamtest.Market, "篡改")
			_, i := w.s.Abandon(ctx, r.ID, "篡改")
			_, j := w.s.OpenRound(ctx, listing.Opening{List: listing.Material, Org: iamtest.Root, Title: "篡改", ReportBy: "2026-12-10", ReviewBy: "2026-12-20"})
			for n, err := range []error{a, b, c, e, f, g, h, i, j} {
				if err == nil {
					t.Errorf("%s did %d", who, n)
				}
			}
		}
		if n := refusals(t, d, "listing.review"); n < 4 {
			t.Errorf("%d refusals of reviews are recorded", n)
		}
		if _, err := w.s.Part(w.Land, r.ID, iamtest.Market); err == nil {
			t.Error("land reads what the market reports")
		}
		if v, err := w.s.Round(w.Land, r.ID); err != nil || len(v.Units) != 1 || v.Compile || v.Twice != nil {
			t.Errorf("land sees %+v, %v", v, err)
		}
		if list, err := w.s.Rounds(w.Land, "", 0); err != nil || len(list.Items) != 1 {
			t.Errorf("land lists %+v, %v", list, err)
		}

		_, err = w.s.Submit(w.Market, r.ID, iamtest.Market, "")
		must(t, err)
		_, err = w.s.Review(w.Own, row, listing.Verdict{Accept: true})
		wantCode(t, err, "listing.own")
		seat := w.Hire(t, "seat", "manager", iamtest.Market) // of the market, and manager for the county
		g, err := w.ProposeGrant(w.Ctx(t, "system"), iam.GrantRequest{Account: seat.ID, Role: "manager", Org: iamtest.Root, Reason: "借调"})
		must(t, err)
		must(t, w.DecideGrant(w.Ctx(t, "security"), g.ID, true, "借调"))
		_, err = w.s.Review(w.Ctx(t, "seat"), row, listing.Verdict{Accept: true})
		wantCode(t, err, "listing.own")
	})
}

// A review belongs to its tier: the county does not review for a station what the
// department above it reviews.
func TestTiers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	_, err := w.CreateOrg(w.Ctx(t, "system"), iam.OrgRequest{ID: "station", Parent: iamtest.Market, Name: "青禾县第一市场监督管理所", Tier: "town"})
	must(t, err)
	w.Hire(t, "stationer", "designer", "station")
	r := w.open(t, "station")
	p, err := w.s.AddRow(w.Ctx(t, "stationer"), r.ID, "station", listing.Said{Name: "小作坊登记证"})
	must(t, err)
	row := p.Rows[0].ID
	_, err = w.s.Submit(w.Ctx(t, "stationer"), r.ID, "station", "")
	must(t, err)
	_, err = w.s.Review(w.Chief, row, listing.Verdict{Accept: true})
	wantCode(t, err, "listing.tier")
	_, err = w.s.Review(w.Own, row, listing.Verdict{Accept: true})
	must(t, err)
	_, err = w.s.Publish(w.Own, r.ID, "越级公布")
	wantCode(t, err, "auth.org")
	_, err = w.s.Publish(w.Chief, r.ID, "公布")
	must(t, err)
}

// What stands twice by name or code is settled by a stated choice.
func TestTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		r := w.open(t)
		add := func(ctx context.Context, unit string, said ...listing.Said) (rows []listing.Row) {
			for _, one := range said {
				p, err := w.s.AddRow(ctx, r.ID, unit, one)
				must(t, err)
				rows = p.Rows
			}
			_, err := w.s.Submit(ctx, r.ID, unit, "")
			must(t, err)
			_, err = w.s.AcceptAll(w.Chief, r.ID, unit)
			must(t, err)
			return rows
		}
		mine := add(w.Market, iamtest.Market, listing.Said{Name: "占用许可证", Code: "A-1"}, listing.Said{Name: "营业执照", Kind: "business_license"}, listing.Said{Name: "只此一份"})
		add(w.Land, iamtest.Land, listing.Said{Name: "占用许可（证）", Code: "A-1"}, listing.Said{Name: "营业执照", Kind: "business_license"})
		_, err := w.s.Publish(w.Second, r.ID, "公布")
		wantCode(t, err, "listing.twice")
		v, err := w.s.Round(w.Second, r.ID)
		must(t, err)
		if len(v.Twice) != 1 || len(v.Twice[0].Rows) != 2 {
			t.Fatalf("%+v", v.Twice)
		}
		_, err = w.s.Choose(w.Second, rowOf(t, mine, "占用许可证"), " ")
		wantCode(t, err, "required")
		_, err = w.s.Choose(w.Second, rowOf(t, mine, "只此一份"), "只有一份")
		wantCode(t, err, "listing.single")
		_, err = w.s.Choose(w.Own, rowOf(t, mine, "占用许可证"), "越权")
		wantCode(t, err, "auth.org")
		_, err = w.s.Choose(w.Second, v.Twice[0].Rows[1].ID, "先这样")
		must(t, err)
		v, err = w.s.Choose(w.Second, rowOf(t, mine, "占用许可证"), "以国家目录的名称为准")
		must(t, err)
		if v.Twice[0].Chosen != rowOf(t, mine, "占用许可证") {
			t.Fatalf("%+v", v.Twice)
		}
		e, err := w.s.Publish(w.Second, r.ID, "公布")
		must(t, err)
		if len(e.Entries) != 3 {
			t.Fatalf("%+v", e.Entries)
		}
		for _, x := range e.Entries {
			if n := map[string]int{"占用许可证": 2, "营业执照": 2, "只此一份": 1}[x.Name]; len(x.Units) != n {
				t.Errorf("%+v", x)
			}
		}
	})
}

// Two reviewers on one row, and twenty publishers of one round.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		r := w.open(t, iamtest.Market)
		p, err := w.s.AddRow(w.Market, r.ID, iamtest.Market, listing.Said{Name: "小作坊登记证"})
		must(t, err)
		_, err = w.s.Submit(w.Market, r.ID, iamtest.Market, "")
		must(t, err)
		w.Hire(t, "third", "manager", iamtest.Root)
		third := w.Ctx(t, "third")
		good := 0
		var errs []error
		each(2, func(i int) error {
			_, err := w.s.Review([]context.Context{w.Chief, third}[i], p.Rows[0].ID, listing.Verdict{Accept: true})
			return err
		}, &good, &errs)
		if good != 1 {
			t.Fatalf("%d reviewed: %v", good, errs)
		}
		wantCode(t, errs[0], "listing.reviewed")
		good, errs = 0, nil
		each(20, func(int) error { _, err := w.s.Publish(w.Second, r.ID, "公布"); return err }, &good, &errs)
		if good != 1 || len(errs) != 19 {
			t.Fatalf("%d published: %v", good, errs)
		}
		for _, err := range errs {
			wantCode(t, err, "listing.ended")
		}
		all, err := w.s.Published(t.Context())
		if err != nil || len(all.Items) != 1 || all.Items[0].Version != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
	})
}

// each runs a function at once in many goroutines.
func each(n int, fn func(i int) error, good *int, errs *[]error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range n {
		wg.Go(func() {
			err := fn(i)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				*good++
			} else {
				*errs = append(*errs, err)
			}
		})
	}
	wg.Wait()
}

func TestRefusedTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	r := w.open(t)
	for name, c := range map[string]struct {
		said listing.Said
		want string
	}{
		"no name":           {listing.Said{Name: " x "}, "length"},
		"too long":          {listing.Said{Name: strings.Repeat("证", 101)}, "length"},
		"a hidden sign":     {listing.Said{Name: "许可\u202e证书"}, "listing.hidden"},
		"two lines":         {listing.Said{Name: "许可\n证书"}, "listing.hidden"},
		"somebody's number": {listing.Said{Name: "许可证", Note: "找张三 13800138000"}, "listing.personal"},
		"a citizen's":       {listing.Said{Name: "许可证", Basis: iamtest.HolderCitizen}, "listing.personal"},
		"no such kind":      {listing.Said{Name: "许可证", Kind: "nothing"}, "listing.kind"},
		"no such item":      {listing.Said{Name: "许可证", Items: []string{"NONE"}}, "listing.items"},
	} {
		t.Log(name)
		_, err := w.s.AddRow(w.Market, r.ID, iamtest.Market, c.said)
		wantCode(t, err, c.want)
	}
	_, err := w.s.Submit(w.Market, r.ID, iamtest.Market, " ")
	wantCode(t, err, "listing.nothing")
	p, err := w.s.Submit(w.Market, r.ID, iamtest.Market, "本单位不核发证照")
	if err != nil || p.State != listing.Submitted {
		t.Fatalf("%+v, %v", p, err)
	}
	if p, err = w.s.AcceptAll(w.Chief, r.ID, iamtest.Market); err != nil || p.State != listing.Accepted {
		t.Fatalf("%+v, %v", p, err)
	}
	for name, o := range map[string]listing.Opening{
		"listing.list":  {List: "all", Org: iamtest.Root, Title: "清单", ReportBy: "2026-12-10", ReviewBy: "2026-12-20"},
		"listing.date":  {List: listing.Material, Org: iamtest.Root, Title: "清单", ReportBy: "明天", ReviewBy: "2026-12-20"},
		"listing.dates": {List: listing.Material, Org: iamtest.Root, Title: "清单", ReportBy: "2026-01-10", ReviewBy: "2026-12-20"},
		"listing.units": {List: listing.Material, Org: iamtest.Root, Title: "清单", ReportBy: "2026-12-10", ReviewBy: "2026-12-20", Units: []string{"nowhere"}},
	} {
		_, err := w.s.OpenRound(w.Chief, o)
		wantCode(t, err, name)
	}
	v, err := w.s.Abandon(w.Chief, r.ID, "重新组织")
	if err != nil || v.State != listing.Abandoned {
		t.Fatalf("%+v, %v", v, err)
	}
}
