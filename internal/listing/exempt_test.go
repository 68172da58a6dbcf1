package listing_test

import (
	"strings"
	"sync"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/item/itemtest"
	"sidian/internal/listing"
	"sidian/internal/table"
)

// What stands on the list binds the unit and all below it, from its day until it is
// taken off; who may not, and what is wrong, is refused.
func TestExempts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		add := func(org, kind, starts string) listing.Exemption {
			return listing.Exemption{Org: org, Kind: kind, Starts: starts, Basis: "青政办〔2026〕3 号"}
		}
		for _, x := range []struct {
			e    listing.Exemption
			code string
		}{
			{add(iamtest.Root, "nothing", ""), "listing.kind"}, {add(iamtest.Root, "approval", "2026-11-22"), "listing.date"}, {add(iamtest.Root, "approval", "明天"), "listing.date"},
			{listing.Exemption{Org: iamtest.Root, Kind: "approval"}, "required"}, {listing.Exemption{Org: iamtest.Root, Kind: "approval", Basis: "找 13800138000"}, "listing.personal"},
		} {
			_, err := w.s.AddExempt(w.Chief, x.e)
			wantCode(t, err, x.code)
		}
		_, err := w.s.AddExempt(w.Market, add(iamtest.Market, "approval", ""))
		wantCode(t, err, "auth.permission")
		_, err = w.s.AddExempt(w.Own, add(iamtest.Land, "approval", ""))
		wantCode(t, err, "auth.org")
		_, err = w.s.AddExempt(w.Own, add(iamtest.Root, "approval", ""))
		wantCode(t, err, "auth.org")
		a, err := w.s.AddExempt(w.Chief, add(iamtest.Root, "business_license", ""))
		must(t, err)
		b, err := w.s.AddExempt(w.Own, add(iamtest.Market, "approval", "2026-12-01"))
		must(t, err)
		if a.State != listing.Effective || a.Title != "营业执照" || b.State != listing.Upcoming {
			t.Errorf("%+v %+v", a, b)
		}
		_, err = w.s.AddExempt(w.Second, add(iamtest.Root, "business_license", ""))
		wantCode(t, err, "listing.exempt-exists")
		is := func(unit, want string) {
			t.Helper()
			must(t, d.Read(t.Context(), func(tx *db.Tx) error {
				kinds, err := w.s.ExemptTx(tx, unit)
				if got := strings.Join(kinds, " "); got != want {
					t.Errorf("%s: %q, want %q", unit, got, want)
				}
				return err
			}))
		}
		is(iamtest.Market, "business_license")
		is(iamtest.Land, "business_license")
		w.at(2026, 12, 1)
		is(iamtest.Market, "approval business_license")
		is(iamtest.Root, "business_license")
		_, err = w.s.EndExempt(w.Own, a.ID, "改判")
		wantCode(t, err, "auth.org")
		_, err = w.s.EndExempt(w.Chief, a.ID, " ")
		wantCode(t, err, "required")
		_, err = w.s.EndExempt(w.Chief, "none", "改判")
		wantCode(t, err, "listing.exempt")
		v, err := w.s.EndExempt(w.Second, a.ID, "已改用其他方式")
		must(t, err)
		if v.State != listing.Ended {
			t.Errorf("%+v", v)
		}
		_, err = w.s.EndExempt(w.Second, a.ID, "再次")
		wantCode(t, err, "listing.exempt-state")
		is(iamtest.Land, "")
		_, err = w.s.AddExempt(w.Chief, add(iamtest.Root, "business_license", "")) // it may come back
		must(t, err)
		all, err := w.s.Exempts(t.Context(), iamtest.Root, true)
		must(t, err)
		now, err := w.s.Exempts(t.Context(), "", false)
		must(t, err)
		if len(all.Items) != 2 || len(now.Items) != 2 {
			t.Errorf("%d with what ended, %d now", len(all.Items), len(now.Items))
		}
		data, err := now.CSV()
		must(t, err)
		if !strings.Contains(string(data), "营业执照") || !strings.Contains(string(data), "青政办〔2026〕3 号") {
			t.Errorf("%s", data)
		}
		if refusals(t, d, "listing.exempt") == 0 || refusals(t, d, "listing.exempt-over") == 0 {
			t.Error("refusals were not recorded")
		}
	})
}

// Two who list the same kind at once make one line.
func TestExemptAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var g sync.WaitGroup
		made := make([]error, 4)
		for i := range made {
			g.Go(func() {
				_, made[i] = w.s.AddExempt(w.Chief, listing.Exemption{Org: iamtest.Root, Kind: "approval", Basis: "通知"})
			})
		}
		g.Wait()
		n := 0
		for _, err := range made {
			if err == nil {
				n++
			} else {
				wantCode(t, err, "listing.exempt-exists")
			}
		}
		if n != 1 {
			t.Errorf("%d were made", n)
		}
	})
}

// What was left lying, and kinds behind the national standard, are told to who
// reports for the unit: once a quarter, whoever calls and however often.
func TestTell(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.food(t)
		v := w.open(t, iamtest.Market)
		if n, err := w.s.Tell(t.Context()); err != nil || n != 0 {
			t.Fatalf("%d were told of nothing: %v", n, err)
		}
		_, err := w.s.Prefill(w.Market, v.ID, iamtest.Market)
		must(t, err)
		_, err = w.s.Submit(w.Market, v.ID, iamtest.Market, "")
		must(t, err)
		_, err = w.s.AcceptAll(w.Chief, v.ID, iamtest.Market)
		must(t, err)
		_, err = w.s.Publish(w.Second, v.ID, "公布")
		must(t, err)
		k, err := w.s.Catalogue.Get(t.Context(), "food_operation")
		must(t, err)
		_, err = w.s.Catalogue.RegisterStandard(w.Chief, catalogue.Standard{Title: k.Title, Code: k.Code.String(), Standard: "C9999-2026", Since: "2026-11-01", Reason: "公告"})
		must(t, err)
		inbox := func() (n int, text string) {
			t.Helper()
			p, err := w.Notice.Inbox(w.Market, 50, "")
			must(t, err)
			for _, one := range p.Items {
				if one.Topic == "listing.stale" {
					n, text = n+1, one.Title+one.Text
				}
			}
			return n, text
		}
		var g sync.WaitGroup
		told := make([]int, 3)
		for i := range told {
			g.Go(func() {
				var err error
				if told[i], err = w.s.Tell(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		g.Wait()
		if sum := told[0] + told[1] + told[2]; sum != 1 {
			t.Errorf("%d units were told, want the one", sum)
		}
		if n, text := inbox(); n != 1 || !strings.Contains(text, "没有公布技术和使用规范") || !strings.Contains(text, "国家已公布新的代码或标准") || !strings.Contains(text, k.Title) {
			t.Errorf("%d notices: %s", n, text)
		}
		w.at(2026, 12, 31)
		if n, err := w.s.Tell(t.Context()); err != nil || n != 0 {
			t.Errorf("told again in the quarter: %d %v", n, err)
		}
		w.at(2027, 1, 1)
		if n, err := w.s.Tell(t.Context()); err != nil || n != 1 {
			t.Errorf("not told in the next quarter: %d %v", n, err)
		}
		if n, _ := inbox(); n != 2 {
			t.Errorf("%d notices after two quarters", n)
		}
		p, err := w.Notice.Inbox(w.Land, 50, "")
		must(t, err)
		for _, one := range p.Items {
			if one.Topic == "listing.stale" {
				t.Error("another unit was told")
			}
		}
	})
}

// A table is read as a use list, and a hostile or wrong one is refused by its cell.
func TestUseTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	k, err := w.s.Catalogue.Get(t.Context(), "business_license")
	must(t, err)
	read := func(text string) ([]listing.Use, error) {
		return w.s.UseTable(w.Market, iamtest.Market, []byte(text))
	}
	uses, err := read("证照类型,事项实施编码,用途,照面项\n营业执照," + itemtest.Food + ",窗口服务,\"" + k.Fields[0].Label + "、" + k.Fields[1].Key + "\"\napproval,,,\n")
	must(t, err)
	if len(uses) != 2 || uses[0].Kind != "business_license" || uses[0].Purpose != "window" || len(uses[0].Fields) != 2 || uses[1].Kind != "approval" {
		t.Errorf("%+v", uses)
	}
	for name, x := range map[string]struct{ text, code string }{
		"no heading":     {"甲,乙\n1,2\n", "listing.table.heading"},
		"unknown kind":   {"证照类型\n不存在\n", "listing.cell"},
		"formula":        {"证照类型\n\"=cmd|' /C calc'!A0\"\n", "listing.cell"},
		"purpose":        {"证照类型,用途\n营业执照,好奇\n", "listing.cell"},
		"field":          {"证照类型,照面项\n营业执照,没有\n", "listing.cell"},
		"binary":         {"\x00\x01\x02", "listing.table.format"},
		"too many lines": {"证照类型\n" + strings.Repeat("营业执照\n", 501), "listing.uses"},
	} {
		_, err := read(x.text)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		t.Run(name, func(t *testing.T) { wantCode(t, err, x.code) })
	}
	_, err = w.s.UseTable(w.Land, iamtest.Market, []byte("证照类型\n营业执照\n"))
	wantCode(t, err, "auth.org")
	_, err = w.s.UseTable(w.Market, iamtest.Market, make([]byte, table.MaxFile+1))
	if err == nil {
		t.Error("a file of more than 5 MB was read")
	}
	if data, err := w.s.UseTemplate(); err != nil || len(data) == 0 {
		t.Error(err)
	}
	briefs, err := w.s.UseBriefs(w.Chief)
	must(t, err)
	if len(briefs) == 0 || briefs[0].Version != 0 {
		t.Errorf("%+v", briefs)
	}
}
