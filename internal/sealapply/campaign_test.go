package sealapply_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealapply/sealapplytest"
)

const tableHead = "单位编号,单位名称,保管人用户名,印模文件,宽（毫米）,高（毫米）\n"

// ring is a small picture that is not blank.
func ring(t testing.TB, n int) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 {
		for j := range 64 {
			if d := (i-32)*(i-32) + (j-32)*(j-32); d > 600 && d < 1000 || i == n%64 {
				m.Set(i, j, color.NRGBA{200, 0, 0, 255})
			}
		}
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return b.Bytes()
}

// zipped is a table with pictures.
func zipped(t testing.TB, table string, pictures map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(name string, data []byte) {
		f, err := z.Create(name)
		must(t, err)
		_, err = f.Write(data)
		must(t, err)
	}
	if table != "" {
		put("清单.csv", []byte(table))
	}
	for name, data := range pictures {
		put("印模/"+name, data)
	}
	must(t, z.Close())
	return b.Bytes()
}

func TestCampaignHundreds(t *testing.T) {
	n := 500
	if testing.Short() {
		n = 40
	}
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			campaign(t, engine, n)
		})
	}
}

// Hundreds of units get a seal under one approval; the process is killed three
// times on the way, and the run paused once: nobody gets two.
func campaign(t *testing.T, engine string, n int) {
	url, dir := dbtest.URL(t, engine), t.TempDir()
	d, err := db.Open(t.Context(), url)
	must(t, err)
	w := sealapplytest.In(t, d, dir)
	head := w.Grant(t, w.Second, "custodian", sealapplytest.County)
	var table strings.Builder
	table.WriteString(tableHead)
	for i := range n {
		id := fmt.Sprintf("school-%03d", i)
		name := fmt.Sprintf("青禾县样例小学%03d", i)
		_, err := w.IAM.CreateOrg(w.System, iam.OrgRequest{ID: id, Parent: sealapplytest.County, Name: name, Tier: "county", Type: "school"})
		must(t, err)
		fmt.Fprintf(&table, "%s,%s,second,%d.png,42,42\n", id, name, i%10)
	}
	fmt.Fprintf(&table, "nobody,没有的小学,second,1.png,42,42\nschool-000,青禾县样例小学000,second,1.png,42,42\nschool-001,青禾县样例小学001,holder,1.png,42,42\n")
	pictures := map[string][]byte{}
	for i := range 10 {
		pictures[fmt.Sprintf("%d.png", i)] = ring(t, i)
	}
	c, err := w.Apply.CreateCampaign(head, sealapply.CampaignRequest{Title: "中小学印章集中制发", Org: sealapplytest.County, SealKind: seal.LegalName, Until: d.Now().AddDate(0, 6, 0), Basis: "统一申请"})
	must(t, err)
	_, err = w.Apply.Load(w.Other, c.ID, []byte(table.String()))
	wantHidden(t, err)
	_, err = w.Apply.Load(head, c.ID, zipped(t, table.String(), pictures))
	must(t, err)
	report, err := w.Apply.CheckCampaign(head, c.ID)
	must(t, err)
	if report.Total != n+3 || report.Good != n || report.Bad != 3 {
		t.Fatalf("%d rows, %d good, %d bad: %+v", report.Total, report.Good, report.Bad, report.Items[:min(3, len(report.Items))])
	}
	_, err = w.Apply.SubmitCampaign(head, c.ID, "alt")
	wantCode(t, err, "sealapply.statement")
	_, err = w.Apply.SubmitCampaign(head, c.ID, "2025-1")
	must(t, err)
	_, err = w.Apply.StartCampaign(w.Another, c.ID)
	wantCode(t, err, "sealapply.state")
	for _, x := range []struct {
		tier string
		by   context.Context
	}{{"county", w.OfCounty}, {"city", w.OfCity}, {"province", w.OfProv}} {
		c, err = w.Apply.ReviewCampaign(x.by, c.ID, yes(x.tier))
		must(t, err)
	}
	if c.State != sealapply.Approved {
		t.Fatalf("after the tiers: %s", c.State)
	}
	own := w.Grant(t, head, "sealadmin", sealapplytest.County)
	_, err = w.Apply.StartCampaign(own, c.ID)
	wantCode(t, err, "sealapply.own")
	_, err = w.Apply.StartCampaign(w.Another, c.ID)
	must(t, err)

	maker, applicant := w.Another, head
	for round, step := range []string{"row-admitted", "seal", "row"} {
		left := n / 8
		died := diesAfter(step, left, w.Apply, func() { must(t, w.Apply.Work(t.Context())) })
		if !died {
			t.Fatalf("round %d: it was to die", round)
		}
		d.Close()
		w = reopen(t, url, dir)
		d = w.DB
		at := time.Duration(round+1) * time.Hour // every lease has run out
		d.Now = func() time.Time { return time.Now().Add(at) }
		maker, applicant = w.Again(t, maker), w.Again(t, applicant)
		if _, err := w.Apply.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_, err = w.Apply.PauseCampaign(maker, c.ID)
	must(t, err)
	must(t, w.Apply.Work(t.Context()))
	paused, err := w.Apply.Campaign(applicant, c.ID)
	must(t, err)
	if paused.State != sealapply.Paused || paused.Pending == 0 || paused.Done == 0 || paused.Rate <= 0 && paused.Done > 40 {
		t.Errorf("paused: %+v", paused)
	}
	_, err = w.Apply.ResumeCampaign(maker, c.ID)
	must(t, err)
	must(t, w.Apply.Work(t.Context()))
	c, err = w.Apply.Campaign(applicant, c.ID)
	must(t, err)
	if c.State != sealapply.Finished || c.Done != n || c.Refused != 3 || c.Pending != 0 {
		t.Fatalf("%s: %d done, %d refused, %d pending, %s", c.State, c.Done, c.Refused, c.Pending, c.Trouble)
	}
	seen := map[string]int{}
	for cursor := ""; ; {
		page, err := w.Seal.Search(maker, seal.Query{Org: sealapplytest.County, Limit: 200, Cursor: cursor})
		must(t, err)
		for _, x := range page.Items {
			if x.State != seal.Effective {
				t.Errorf("%s is %s", x.Name, x.State)
			}
			seen[x.Org]++
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != n {
		t.Errorf("%d units have a seal", len(seen))
	}
	for org, k := range seen {
		if k != 1 {
			t.Errorf("%s has %d seals", org, k)
		}
	}
	rows, err := w.Apply.Rows(applicant, c.ID, "refused", 0, 0)
	must(t, err)
	if len(rows.Items) != 3 || len(rows.Items[0].Problems) == 0 {
		t.Errorf("refused rows: %+v", rows.Items)
	}
}

// diesAfter is dies at the nth time that a step is reached.
func diesAfter(at string, n int, s *sealapply.Service, fn func()) (died bool) {
	type death struct{}
	defer func() {
		s.Step = nil
		switch r := recover().(type) {
		case nil:
		case death:
			died = true
		default:
			panic(r)
		}
	}()
	s.Step = func(name string) {
		if name == at {
			if n--; n <= 0 {
				panic(death{})
			}
		}
	}
	fn()
	return false
}

// Whoever started the run lost the right: it stops, and says so.
func TestCampaignStops(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		s := w.Apply
		c, err := s.CreateCampaign(w.Keeper, sealapply.CampaignRequest{Title: "样例", Org: sealapplytest.Market, SealKind: seal.Special, Until: d.Now().AddDate(0, 1, 0), Basis: "统一申请"})
		must(t, err)
		for name, data := range map[string][]byte{
			"nothing": nil, "no heading": []byte("a,b\n1,2\n"), "a program": []byte("MZ\x90\x00\x00"),
			"a strange file": zipped(t, "", map[string][]byte{"x.exe": []byte("MZ")}),
			"no picture":     zipped(t, "", map[string][]byte{"x.png": []byte("GIF")}),
		} {
			_, err := s.Load(w.Keeper, c.ID, data)
			if err == nil {
				t.Errorf("%s was taken", name)
			}
		}
		f := excelize.NewFile()
		for i, row := range [][]any{{"单位编号", "单位名称", "印模名称", "保管人用户名", "印模文件", "宽（毫米）", "高（毫米）"},
			{"market", sealapplytest.Name(sealapplytest.Market), sealapplytest.Name(sealapplytest.Market) + "审批专用章", "keeper", "1.png", 42, 42},
			{"land", sealapplytest.Name(sealapplytest.Land), sealapplytest.Name(sealapplytest.Land) + "审批专用章", "other", "1.png", 42, 42}} {
			must(t, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row))
		}
		var b bytes.Buffer
		_, err = f.WriteTo(&b)
		must(t, err)
		_, err = s.Load(w.Keeper, c.ID, b.Bytes())
		must(t, err)
		_, err = s.Load(w.Keeper, c.ID, zipped(t, "", map[string][]byte{"1.png": ring(t, 1)}))
		must(t, err)
		report, err := s.CheckCampaign(w.Keeper, c.ID)
		must(t, err)
		if report.Good != 1 || report.Bad != 1 || !strings.Contains(strings.Join(report.Items[0].Problems, ""), "不能为这个单位统一申请") {
			t.Errorf("%+v", report)
		}
		_, err = s.SubmitCampaign(w.Keeper, c.ID, "2025-1")
		must(t, err)
		_, err = s.ReviewCampaign(w.Other, c.ID, yes("county"))
		wantHidden(t, err)
		for _, x := range []struct {
			tier string
			by   context.Context
		}{{"county", w.OfCounty}, {"city", w.OfCity}, {"province", w.OfProv}} {
			_, err = s.ReviewCampaign(x.by, c.ID, yes(x.tier))
			must(t, err)
		}
		_, err = s.StartCampaign(w.Another, c.ID)
		must(t, err)
		page, err := w.IAM.GrantsPage(w.Security, iam.GrantQuery{Account: sealapplytest.Account(w.Another), State: iam.Effective})
		must(t, err)
		for _, g := range page.Items {
			must(t, w.IAM.RevokeGrant(w.Security, g.ID, "离岗"))
		}
		must(t, s.Work(t.Context()))
		c, err = s.Campaign(w.Keeper, c.ID)
		must(t, err)
		if c.State != sealapply.Paused || c.Trouble == "" || c.Done != 0 {
			t.Errorf("%s %q", c.State, c.Trouble)
		}
	})
}
