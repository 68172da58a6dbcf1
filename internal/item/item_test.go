package item_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/item"
	"sidian/internal/item/itemtest"
)

// An item from its entry to the guide: what its code says need not be said, a
// change is a version, and each day has the version that counts.
func TestVersions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Now = func() time.Time { return time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC) }
		w := itemtest.New(t, d)
		i := w.Enter(t, "1199 9999 0000000001|4|990117001000", "食品经营许可")
		if i.Code != itemtest.Food || i.Base != "990117001000" || i.Type != "01" || i.Tier != "4" || i.State != item.InForce || i.InForce != 1 || len(i.Versions) != 1 {
			t.Fatalf("%+v", i)
		}
		next := i.Content
		next.Name, next.Starts = "食品经营许可（新版）", "2027-01-01"
		i, err := w.Items.Change(w.Market, i.Code, next, "依新目录")
		must(t, err)
		if i.Version != 2 || i.InForce != 1 || i.State != item.Upcoming || len(i.Versions) != 2 || i.Versions[1].Content.Name != "食品经营许可" {
			t.Fatalf("%+v", i)
		}
		if g, err := w.Items.Guide(t.Context(), i.Code); err != nil || g.Name != "食品经营许可" || g.Version != 1 {
			t.Fatalf("today: %+v, %v", g, err)
		}
		d.Now = func() time.Time { return time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC) } // the new year of Beijing
		if g, err := w.Items.Guide(t.Context(), i.Code); err != nil || g.Version != 2 {
			t.Fatalf("in the new year: %+v, %v", g, err)
		}
		last := next
		last.Starts, last.Ends = "2027-01-01", "2027-01-01"
		_, err = w.Items.Change(w.Market, i.Code, last, "停办")
		must(t, err)
		d.Now = func() time.Time { return time.Date(2027, 1, 1, 16, 0, 0, 0, time.UTC) }
		_, err = w.Items.Guide(t.Context(), i.Code)
		wantCode(t, err, "item.not-in-force")
		if p, err := w.Items.Guides(t.Context(), "食品", "", "", 0); err != nil || len(p.Items) != 0 {
			t.Fatalf("an ended item is listed: %+v, %v", p, err)
		}
	})
}

func TestRefusedContents(t *testing.T) {
	t.Parallel()
	w := itemtest.New(t, dbtest.New(t, "sqlite"))
	w.Enter(t, itemtest.Food, "食品经营许可")
	for name, c := range map[string]struct {
		code   string
		change func(*item.Content)
		want   string
	}{
		"the same code":        {itemtest.Food, func(*item.Content) {}, "item.exists"},
		"the same with marks":  {"1199 99990000000001|4|990117001000", func(*item.Content) {}, "item.exists"},
		"a code of signs":      {"../../etc", func(*item.Content) {}, "item.code"},
		"no name":              {"LOCAL-1", func(c *item.Content) { c.Name = " " }, "item.name"},
		"a hidden sign":        {"LOCAL-1", func(c *item.Content) { c.Name = "许可\u202e证" }, "item.name"},
		"no type":              {"LOCAL-1", func(c *item.Content) { c.Tier = "4" }, "item.required"},
		"an unknown type":      {"LOCAL-1", func(c *item.Content) { c.Tier, c.Type = "4", "11" }, "item.type"},
		"an unknown tier":      {"LOCAL-1", func(c *item.Content) { c.Tier, c.Type = "9", "01" }, "item.tier"},
		"a short base":         {"LOCAL-1", func(c *item.Content) { c.Base, c.Tier, c.Type = "123", "4", "01" }, "item.base"},
		"no such day":          {"LOCAL-1", func(c *item.Content) { c.Starts = "2026-02-29" }, "item.date"},
		"ends before it began": {"LOCAL-1", func(c *item.Content) { c.Ends = "2025-12-31" }, "item.ends"},
		"a material twice":     {"LOCAL-1", func(c *item.Content) { c.Materials = append(c.Materials, c.Materials[0]) }, "item.material"},
		"somebody's number":    {"LOCAL-1", func(c *item.Content) { c.Note = "找张三 13800138000" }, "item.personal"},
		"too many days":        {"LOCAL-1", func(c *item.Content) { c.Days = 366 }, "item.days"},
	} {
		content := itemtest.Content("食品经营许可")
		c.change(&content)
		_, err := w.Items.Create(w.Market, iamtest.Market, c.code, content)
		t.Log(name)
		wantCode(t, err, c.want)
	}
	same := itemtest.Content("食品经营许可")
	same.Base, same.Type, same.Tier = "990117001000", "01", "4"
	_, err := w.Items.Change(w.Market, itemtest.Food, same, "再存一次")
	wantCode(t, err, "item.same")
	same.Starts = "2025-01-01"
	_, err = w.Items.Change(w.Market, itemtest.Food, same, "倒签")
	wantCode(t, err, "item.backdated")
	same.Starts = "2026-05-01"
	_, err = w.Items.Change(w.Market, itemtest.Food, same, " ")
	wantCode(t, err, "reason.required")
}

// Who manages another unit's items, or none, changes nothing and sees nothing.
func TestForeign(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := itemtest.New(t, d)
		i := w.Enter(t, itemtest.Food, "食品经营许可")
		content := itemtest.Content("食品经营许可")
		content.Starts = "2026-06-01"
		bound := item.Bound{Role: item.Result, Kind: "food_operation", Reason: "目录"}
		i, err := w.Items.Bind(w.Market, i.Code, bound)
		must(t, err)
		for who, ctx := range map[string]context.Context{"land": w.Land, "clerk": w.Clerk, "issuer": w.Ctx(t, "issuer"), "system": w.Ctx(t, "system"), "holder": w.Ctx(t, "holder"), "a stranger": t.Context()} {
			_, a := w.Items.Create(ctx, iamtest.Market, "LOCAL-9", content)
			_, b := w.Items.Change(ctx, i.Code, content, "篡改")
			_, c := w.Items.Bind(ctx, i.Code, item.Bound{Role: item.Input, Kind: "approval", Reason: "篡改"})
			_, e := w.Items.Unbind(ctx, i.Code, i.Bindings[0].ID, "篡改")
			_, f := w.Items.Need(ctx, i.Code, item.Want{Name: "证明", Provider: iamtest.Land})
			for n, err := range []error{a, b, c, e, f} {
				if err == nil {
					t.Errorf("%s did %d", who, n)
				}
			}
		}
		if n := refusals(t, d, "item.bind"); n < 4 {
			t.Errorf("%d refusals of binding are recorded", n)
		}
		if p, err := w.Items.List(w.Land, item.Query{}); err != nil || len(p.Items) != 0 {
			t.Errorf("land lists %+v, %v", p, err)
		}
		if p, err := w.Items.List(w.Clerk, item.Query{Text: "经营", Kind: "food_operation", Role: item.Result, Now: true}); err != nil || len(p.Items) != 1 {
			t.Errorf("the clerk lists %+v, %v", p, err)
		}
		_, err = w.Items.List(w.Clerk, item.Query{Org: iamtest.Land})
		wantCode(t, err, "auth.org")
		if _, err := w.Items.Get(w.Land, i.Code); err == nil {
			t.Error("land reads the market's item")
		}
		_, err = w.Items.Get(w.Clerk, "NONE")
		wantCode(t, err, "item.unknown")
	})
}

// What an item needs, makes and spares, in its guide and at acceptance.
func TestBindings(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := itemtest.New(t, d)
		w.Enter(t, itemtest.Food, "食品经营许可")
		bind := func(b item.Bound) (*item.Item, error) {
			b.Reason = "目录"
			return w.Items.Bind(w.Market, itemtest.Food, b)
		}
		_, err := bind(item.Bound{Role: item.Result, Kind: "food_operation"})
		must(t, err)
		i, err := bind(item.Bound{Role: item.Input, Kind: "business_license", Material: "营业执照复印件", Exempt: true})
		must(t, err)
		_, err = bind(item.Bound{Role: item.Result, Kind: "food_operation"})
		wantCode(t, err, "item.bound")
		_, err = bind(item.Bound{Role: item.Result, Kind: "no_such_kind"})
		wantCode(t, err, "item.kind")
		_, err = bind(item.Bound{Role: item.Result, Kind: "approval", Exempt: true})
		wantCode(t, err, "item.role")
		_, err = bind(item.Bound{Role: item.Input, Kind: "approval", Material: "没有的材料"})
		wantCode(t, err, "item.material")
		_, err = bind(item.Bound{Role: item.Inspect, Kind: "approval", Fields: []string{"x"}})
		wantCode(t, err, "item.inspection")

		g, err := w.Items.Guide(t.Context(), itemtest.Food)
		must(t, err)
		if len(g.Materials) != 2 || !g.Materials[1].Exempt || g.Materials[1].Kind == nil || g.Materials[1].Kind.Name != "business_license" || len(g.Results) != 1 || g.OrgName == "" {
			t.Fatalf("%+v", g)
		}
		wantCode(t, w.Items.MayAsk(t.Context(), itemtest.Food, "business_license"), "item.exempt")
		must(t, w.Items.MayAsk(t.Context(), itemtest.Food, "approval"))
		if made, err := w.Items.Results(t.Context(), itemtest.Food); err != nil || !slices.Equal(made, []string{"food_operation"}) {
			t.Fatalf("%v, %v", made, err)
		}
		var exempt string
		for _, b := range i.Bindings {
			if b.Exempt {
				exempt = b.ID
			}
		}
		i, err = w.Items.Unbind(w.Market, itemtest.Food, exempt, "目录调整")
		must(t, err)
		if last := i.Bindings[len(i.Bindings)-1]; last.EndedAt.IsZero() || last.EndedWhy != "目录调整" {
			t.Fatalf("the history lacks what ended: %+v", i.Bindings)
		}
		must(t, w.Items.MayAsk(t.Context(), itemtest.Food, "business_license"))
		_, err = w.Items.Unbind(w.Market, itemtest.Food, exempt, "再来一次")
		wantCode(t, err, "item.binding")
	})
}

// An officer sees the fields that the inspection is bound to, and no more.
func TestInspection(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := itemtest.New(t, d)
		w.Enter(t, itemtest.Inspect, "食品经营检查")
		k, err := w.Items.Catalogue.Get(t.Context(), "food_operation")
		must(t, err)
		fields := []string{k.Fields[1].Key, k.Fields[0].Key, k.Fields[0].Key}
		bind := func(fields ...string) error {
			_, err := w.Items.Bind(w.Market, itemtest.Inspect, item.Bound{Role: item.Inspect, Kind: "food_operation", Fields: fields, Reason: "检查事项清单"})
			return err
		}
		wantCode(t, bind(), "item.fields")
		wantCode(t, bind("没有的照面项"), "item.fields")
		must(t, bind(fields...))
		seen, err := w.Items.Visible(t.Context(), itemtest.Inspect, "food_operation")
		if err != nil || len(seen) != 2 {
			t.Fatalf("%v, %v", seen, err)
		}
		if seen, err = w.Items.Visible(t.Context(), itemtest.Inspect, "business_license"); err != nil || len(seen) != 0 {
			t.Fatalf("a kind that is not bound: %v, %v", seen, err)
		}
	})
}

// A kind that can only be had by who has it already.
func TestCycles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := itemtest.New(t, d)
		const renew, first, loop = "RENEW-1", "FIRST-1", "LOOP-1"
		for _, code := range []string{renew, first, loop} {
			c := itemtest.Content("事项" + code)
			c.Type, c.Tier = "01", "4"
			_, err := w.Items.Create(w.Market, iamtest.Market, code, c)
			must(t, err)
		}
		bind := func(code, role, kind string) error {
			_, err := w.Items.Bind(w.Market, code, item.Bound{Role: role, Kind: kind, Reason: "目录"})
			return err
		}
		must(t, bind(renew, item.Result, "food_operation"))
		wantCode(t, bind(renew, item.Input, "food_operation"), "item.cycle") // a renewal with nothing to renew
		must(t, bind(first, item.Result, "food_operation"))
		must(t, bind(renew, item.Input, "food_operation")) // now there is

		must(t, bind(loop, item.Result, "business_license"))
		must(t, bind(first, item.Input, "business_license"))
		wantCode(t, bind(loop, item.Input, "food_operation"), "item.cycle") // by a way round
		_, err := w.Items.Bind(w.Market, loop, item.Bound{Role: item.Input, Kind: "food_operation", Optional: true, Reason: "可以没有"})
		must(t, err)
		if c, err := w.Items.Coverage(w.Clerk, ""); err != nil || len(c.Stuck) != 0 || len(c.Unmade) != 1 || c.Items != 3 || c.Bound != 3 {
			t.Fatalf("%+v, %v", c, err)
		}
	})
}

// What an item needs from another department, on both sides.
func TestNeeds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := itemtest.New(t, d)
		w.Enter(t, itemtest.Food, "食品经营许可")
		i, err := w.Items.Need(w.Market, itemtest.Food, item.Want{Name: "营业执照复印件", Provider: iamtest.Land})
		must(t, err)
		_, err = w.Items.Need(w.Market, itemtest.Food, item.Want{Name: "营业执照复印件", Provider: iamtest.Land})
		wantCode(t, err, "item.need-exists")
		_, err = w.Items.Need(w.Market, itemtest.Food, item.Want{Name: "x", Provider: iamtest.Market})
		wantCode(t, err, "item.provider")
		_, err = w.Items.Need(w.Market, itemtest.Food, item.Want{Name: "x", Provider: "nowhere"})
		wantCode(t, err, "item.provider")
		id := i.Needs[0].ID
		if told, err := w.Notice.Inbox(w.Land, 10, ""); err != nil || len(told.Items) != 1 {
			t.Fatalf("land was told %+v, %v", told, err)
		}
		if p, err := w.Items.Needs(w.Land, item.Open, "", 0); err != nil || len(p.Items) != 1 || p.Items[0].OrgName == "" {
			t.Fatalf("%+v, %v", p, err)
		}
		_, err = w.Items.Answer(w.Market, id, item.Answer{State: item.Declined, Reason: "替别人拒绝"})
		wantCode(t, err, "auth.org")
		_, err = w.Items.Answer(w.Land, id, item.Answer{State: item.Withdrawn, Reason: "替别人撤回"})
		wantCode(t, err, "auth.org")
		if _, err = w.Items.Answer(w.Clerk, id, item.Answer{State: item.Matched, Kind: "business_license"}); err == nil {
			t.Fatal("a clerk answered")
		}
		_, err = w.Items.Answer(w.Land, id, item.Answer{State: item.Matched, Kind: "nothing"})
		wantCode(t, err, "item.kind")
		n, err := w.Items.Answer(w.Land, id, item.Answer{State: item.Matched, Kind: "business_license"})
		must(t, err)
		if n.State != item.Matched || n.Title != "营业执照" {
			t.Fatalf("%+v", n)
		}
		_, err = w.Items.Answer(w.Land, id, item.Answer{State: item.Declined, Reason: "反悔"})
		wantCode(t, err, "item.need-state")
		g, err := w.Items.Guide(t.Context(), itemtest.Food)
		if err != nil || g.Materials[1].Kind == nil || g.Materials[1].Exempt {
			t.Fatalf("%+v, %v", g, err)
		}
	})
}
