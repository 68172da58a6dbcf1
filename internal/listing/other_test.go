package listing_test

import (
	"context"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/item/itemtest"
	"sidian/internal/listing"
)

// A unit uses what stands in its list, for what it stands there, and no more.
func TestUseList(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.food(t)
		k, err := w.s.Catalogue.Get(t.Context(), "business_license")
		must(t, err)
		a, b := k.Fields[0].Key, k.Fields[1].Key
		may := func(want listing.Want) error {
			want.Unit = iamtest.Market
			return w.s.MayUse(t.Context(), want)
		}
		wantCode(t, may(listing.Want{Kind: "business_license"}), "listing.use-none")
		propose := func(ctx context.Context, uses ...listing.Use) error {
			_, err := w.s.ProposeUse(ctx, listing.Proposal{Unit: iamtest.Market, Uses: uses, Reason: "办理食品经营许可"})
			return err
		}
		decide := func(ctx context.Context, state string) error {
			_, err := w.s.DecideUse(ctx, listing.UseDecision{Unit: iamtest.Market, State: state, Reason: "已核对"})
			return err
		}
		one := listing.Use{Kind: "business_license", Item: itemtest.Food, Purpose: "window", Fields: []string{b, a, a}}
		wantCode(t, propose(w.Market, listing.Use{Kind: "nothing"}), "listing.kind")
		wantCode(t, propose(w.Market, listing.Use{Kind: "approval", Fields: []string{"没有"}}), "listing.fields")
		wantCode(t, propose(w.Market, listing.Use{Kind: "approval", Purpose: "好奇"}), "listing.purpose")
		wantCode(t, propose(w.Market, listing.Use{Kind: "approval", Item: "NONE"}), "listing.items")
		wantCode(t, propose(w.Market, one, one), "listing.uses")
		wantCode(t, propose(w.Land, one), "auth.org")
		wantCode(t, decide(w.Chief, listing.Effective), "listing.use-state")
		must(t, propose(w.Market, one, listing.Use{Kind: "approval"}))
		wantCode(t, propose(w.Market, one), "listing.use-open")
		wantCode(t, decide(w.Own, listing.Effective), "listing.own")
		wantCode(t, decide(w.Market, listing.Effective), "auth.permission")
		wantCode(t, may(listing.Want{Kind: "approval"}), "listing.use-none") // only proposed
		must(t, decide(w.Chief, listing.Effective))

		must(t, may(listing.Want{Kind: "business_license", Item: itemtest.Food, Purpose: "window", Fields: []string{a}}))
		must(t, may(listing.Want{Kind: "approval", Item: "ANY", Purpose: "inspect"}))
		wantCode(t, may(listing.Want{Kind: "food_operation"}), "listing.use-outside")
		wantCode(t, may(listing.Want{Kind: "business_license", Item: "OTHER", Purpose: "window", Fields: []string{a}}), "listing.use-outside")
		wantCode(t, may(listing.Want{Kind: "business_license", Item: itemtest.Food, Purpose: "inspect", Fields: []string{a}}), "listing.use-outside")
		wantCode(t, may(listing.Want{Kind: "business_license", Item: itemtest.Food, Purpose: "window", Fields: []string{k.Fields[2].Key}}), "listing.use-fields")
		wantCode(t, may(listing.Want{Kind: "business_license", Item: itemtest.Food, Purpose: "window"}), "listing.use-fields")
		err = w.s.MayUse(t.Context(), listing.Want{Unit: iamtest.Land, Kind: "approval"})
		wantCode(t, err, "listing.use-none")
		_, err = w.s.CheckUse(w.Market, listing.Want{Unit: iamtest.Market, Kind: "food_operation"})
		wantCode(t, err, "listing.use-outside")
		if refusals(t, d, "listing.use-check") != 1 {
			t.Error("a refused use is not recorded")
		}
		_, err = w.s.CheckUse(w.Market, listing.Want{Unit: iamtest.Market, Kind: "approval"})
		must(t, err)

		must(t, propose(w.Market)) // nothing any more
		must(t, decide(w.Market, listing.Withdrawn))
		must(t, propose(w.Market))
		must(t, decide(w.Chief, listing.Refused))
		must(t, may(listing.Want{Kind: "approval"}))
		must(t, propose(w.Market, one))
		must(t, decide(w.Second, listing.Effective))
		wantCode(t, may(listing.Want{Kind: "approval"}), "listing.use-outside")
		v, err := w.s.UseList(w.Market, iamtest.Market)
		must(t, err)
		if len(v.Versions) != 4 || v.Effective == nil || v.Effective.Version != 4 || v.Proposed != nil || v.Versions[3].State != listing.Superseded {
			t.Fatalf("%+v", v)
		}
		if _, err := w.s.UseList(w.Land, iamtest.Market); err == nil {
			t.Error("land reads the market's list")
		}
	})
}

// A scene is published by date, changed, and withdrawn.
func TestScenes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		said := listing.Scenery{Name: "开办药店亮照", Kinds: []string{"business_license"}, Guide: "# 怎么用\n出示电子营业执照。\n- 打开\n- 出示\n\n<b>不</b>收取复印件。", Contact: "0571-00000000", Starts: "2026-12-01", Ends: "2026-12-31"}
		for want, change := range map[string]func(*listing.Scenery){
			"listing.personal": func(c *listing.Scenery) { c.Contact = "13800138000" },
			"length":           func(c *listing.Scenery) { c.Guide = strings.Repeat("长", 5001) },
			"listing.kind":     func(c *listing.Scenery) { c.Kinds = []string{"nothing"} },
			"listing.kinds":    func(c *listing.Scenery) { c.Kinds = nil },
			"listing.dates":    func(c *listing.Scenery) { c.Ends = "2026-11-30" },
			"listing.date":     func(c *listing.Scenery) { c.Ends = "2026-02-30" },
		} {
			bad := said
			change(&bad)
			_, err := w.s.AddScene(w.Market, iamtest.Market, bad)
			wantCode(t, err, want)
		}
		_, err := w.s.AddScene(w.Land, iamtest.Market, said)
		wantCode(t, err, "auth.org")
		v, err := w.s.AddScene(w.Market, iamtest.Market, said)
		must(t, err)
		if len(v.Blocks) != 4 || v.Blocks[0].Heading != "怎么用" || len(v.Blocks[2].Items) != 2 || v.Blocks[3].Text != "<b>不</b>收取复印件。" || v.State != listing.Upcoming {
			t.Fatalf("%+v", v)
		}
		_, err = w.s.AddScene(w.Market, iamtest.Market, said)
		wantCode(t, err, "listing.scene-exists")
		shown := func() int {
			p, err := w.s.Scenes(t.Context(), "", true, "", 0)
			must(t, err)
			return len(p.Items)
		}
		if shown() != 0 {
			t.Error("shown before its day")
		}
		w.at(2026, 12, 31)
		if shown() != 1 {
			t.Error("not shown on its last day")
		}
		w.at(2027, 1, 1)
		if shown() != 0 {
			t.Error("shown after its last day")
		}
		said.Ends = ""
		_, err = w.s.ChangeScene(w.Land, v.ID, said)
		wantCode(t, err, "auth.org")
		v, err = w.s.ChangeScene(w.Market, v.ID, said)
		if err != nil || v.Version != 2 || shown() != 1 {
			t.Fatalf("%+v, %v", v, err)
		}
		_, err = w.s.WithdrawScene(w.Land, v.ID, "撤下")
		wantCode(t, err, "auth.org")
		v, err = w.s.WithdrawScene(w.Market, v.ID, "活动结束")
		if err != nil || v.State != listing.Withdrawn || shown() != 0 {
			t.Fatalf("%+v, %v", v, err)
		}
		_, err = w.s.ChangeScene(w.Market, v.ID, said)
		wantCode(t, err, "listing.scene-state")
		if p, err := w.s.Scenes(w.Market, iamtest.Market, false, "", 0); err != nil || len(p.Items) != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		_, err = w.s.Scenes(w.Land, iamtest.Market, false, "", 0)
		wantCode(t, err, "auth.org")
	})
}

// The register of norms, and what is told of those that grow old.
func TestNormsAndStaleness(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		e, err := blob.CreateDir(t.TempDir() + "/blobs")
		must(t, err)
		w.s.Blob, err = blob.New(t.Context(), e, w.Keys)
		must(t, err)
		w.food(t)
		good := listing.Normed{Unit: iamtest.Market, Kind: "food_operation", Title: "食品经营许可证使用规范", Edition: "V1", Issued: "2026-11-01", Document: []byte("%PDF-1.7 sample")}
		for want, change := range map[string]func(*listing.Normed){
			"listing.norm":     func(n *listing.Normed) { n.Document = nil },
			"listing.link":     func(n *listing.Normed) { n.Document, n.Link = nil, "javascript:alert(1)" },
			"listing.document": func(n *listing.Normed) { n.Document = []byte("<html>") },
			"listing.date":     func(n *listing.Normed) { n.Issued = "2026-11-24" },
			"listing.kind":     func(n *listing.Normed) { n.Kind = "nothing" },
			"auth.org":         func(n *listing.Normed) { n.Unit = iamtest.Land },
		} {
			bad := good
			change(&bad)
			_, err := w.s.AddNorm(w.Market, bad)
			wantCode(t, err, want)
		}
		// A published list with the kind.
		r := w.open(t, iamtest.Market)
		findings := func(ctx context.Context, unit string) (codes []string) {
			v, err := w.s.Stale(ctx, unit)
			must(t, err)
			for _, u := range v.Units {
				for _, f := range u.Findings {
					codes = append(codes, f.Code)
				}
			}
			return codes
		}
		w.at(2026, 12, 11)
		wantList(t, findings(w.Chief, ""), "part.late")
		_, err = w.s.Prefill(w.Market, r.ID, iamtest.Market)
		must(t, err)
		_, err = w.s.Submit(w.Market, r.ID, iamtest.Market, "")
		must(t, err)
		_, err = w.s.AcceptAll(w.Chief, r.ID, iamtest.Market)
		must(t, err)
		_, err = w.s.Publish(w.Second, r.ID, "公布")
		must(t, err)
		wantList(t, findings(w.Market, ""), "norm.missing")
		n, err := w.s.AddNorm(w.Market, good)
		must(t, err)
		_, err = w.s.AddNorm(w.Market, good)
		wantCode(t, err, "listing.norm-exists")
		data, media, name, err := w.s.Document(t.Context(), n.ID)
		if err != nil || string(data) != "%PDF-1.7 sample" || media != "application/pdf" || name != "食品经营许可证使用规范 V1.pdf" {
			t.Fatalf("%q %s %s %v", data, media, name, err)
		}
		kept, other := gm.Sum(data), gm.Sum([]byte("another"))
		if named, err := w.s.Named(t.Context(), []gm.Digest{kept, other}); err != nil || !named[kept] || named[other] {
			t.Errorf("documents to be kept: %v, %v", named, err)
		}
		if p, err := w.s.Norms(t.Context(), "food_operation", iamtest.Market, "", 0); err != nil || len(p.Items) != 1 || p.Items[0].Document == "" {
			t.Fatalf("%+v, %v", p, err)
		}
		wantList(t, findings(w.Market, iamtest.Market))
		w.at(2027, 11, 2)
		wantList(t, findings(w.Market, ""), "norm.stale")
		period := listing.Period{Org: iamtest.Root, Topic: listing.NormTopic, Months: 24, Starts: "2027-11-02", Basis: "本县规定"}
		_, err = w.s.PutPeriod(w.Own, period)
		wantCode(t, err, "auth.org")
		_, err = w.s.PutPeriod(w.Chief, period)
		must(t, err)
		_, err = w.s.PutPeriod(w.Chief, period)
		wantCode(t, err, "listing.period-exists")
		wantList(t, findings(w.Market, ""))
		period.Org, period.Months = iamtest.Market, 6 // the nearer unit's counts
		_, err = w.s.PutPeriod(w.Own, period)
		must(t, err)
		wantList(t, findings(w.Market, ""), "norm.stale")
		if v, err := w.s.Periods(w.Market); err != nil || len(v.Items) != 2 {
			t.Fatalf("%+v, %v", v, err)
		}
		w.at(2028, 1, 1)
		wantList(t, findings(w.Chief, iamtest.Root), "list.stale")
		wantCode(t, w.s.WithdrawNorm(w.Land, n.ID, "撤下"), "auth.org")
		must(t, w.s.WithdrawNorm(w.Market, n.ID, "有新规范"))
		wantCode(t, w.s.WithdrawNorm(w.Market, n.ID, "再撤"), "listing.norm-unknown")
		w.Enter(t, itemtest.Inspect, "食品经营检查")
		wantList(t, findings(w.Market, iamtest.Market), "norm.missing", "item.unbound")
		_, err = w.s.Stale(w.Land, iamtest.Market)
		wantCode(t, err, "auth.org")
	})
}

func wantList(t testing.TB, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// Mature kinds are published in batches, by somebody else than who marked them.
func TestBatches(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		mark := func(ctx context.Context, kind string, mature bool) error {
			_, err := w.s.Mark(ctx, listing.Marking{Org: iamtest.Root, Kind: kind, Mature: mature, Reason: "试用三个月"})
			return err
		}
		launch := func(ctx context.Context, kinds ...string) error {
			_, err := w.s.LaunchBatch(ctx, listing.Launch{Org: iamtest.Root, Title: "第一批", Kinds: kinds, Reason: "推广"})
			return err
		}
		wantCode(t, mark(w.Own, "approval", true), "auth.org")
		must(t, mark(w.Chief, "approval", true))
		must(t, mark(w.Chief, "business_license", true))
		must(t, mark(w.Chief, "business_license", false))
		wantCode(t, launch(w.Second, "approval", "business_license"), "listing.immature")
		wantCode(t, launch(w.Chief, "approval"), "listing.same-person")
		wantCode(t, launch(w.Own, "approval"), "auth.org")
		good := 0
		var errs []error
		each(5, func(int) error { return launch(w.Second, "approval") }, &good, &errs)
		if good != 1 {
			t.Fatalf("%d launched: %v", good, errs)
		}
		wantCode(t, mark(w.Chief, "approval", false), "listing.launched")
		v, err := w.s.Launched(t.Context())
		if err != nil || len(v.Items) != 1 || v.Items[0].Number != 1 || len(v.Items[0].Titles) != 1 || v.Mature != nil {
			t.Fatalf("%+v, %v", v, err)
		}
		if v, err = w.s.Batches(w.Chief, iamtest.Root); err != nil || len(v.Mature) != 1 || v.Mature[0].Batch == "" {
			t.Fatalf("%+v, %v", v, err)
		}
	})
}
