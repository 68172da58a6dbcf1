package complaint_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"sidian/internal/complaint"
	"sidian/internal/complaint/complainttest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// The report adds up by unit and month, shows who refuses again and again, and
// nothing to whom it is not.
func TestReport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		s := w.Complaint
		for i, outcome := range []complaint.State{complaint.Upheld, complaint.Upheld, complaint.Exempt, ""} {
			f := w.Filing(complainttest.Market)
			f.Item = strings.Repeat("事", i+1)
			c, err := s.File(w.Holder, f)
			must(t, err)
			if outcome == "" {
				continue
			}
			_, err = s.Explain(w.Clerk, c.ID, "说明")
			must(t, err)
			_, err = s.Decide(w.OfCounty, c.ID, complaint.Decision{Outcome: outcome, Opinion: "意见", Basis: "《电子签名法》第三条"})
			must(t, err)
		}
		_, err := s.File(w.Neighbour, w.Filing(complainttest.Land))
		must(t, err)
		for name, ctx := range map[string]context.Context{"the authority": w.OfCounty, "the supervisor": w.Supervisor, "the city": w.OfCity} {
			r, err := s.Report(ctx, complaint.ReportQuery{})
			must(t, err)
			if r.Total.Filed != 5 || r.Total.Upheld != 2 || r.Total.Open != 2 || r.Total.Mending != 2 || len(r.Months) != 6 || len(r.Units) != 2 || len(r.Each) != 2 {
				t.Fatalf("%s: %+v", name, r)
			}
			if u := r.Units[0]; u.Org != complainttest.Market || !u.Repeat || u.Exempt != 1 || r.Units[1].Repeat {
				t.Errorf("%s: %+v", name, r.Units)
			}
		}
		one, err := s.Report(w.Supervisor, complaint.ReportQuery{Unit: complainttest.Land})
		must(t, err)
		if one.Total.Filed != 1 {
			t.Errorf("one unit: %+v", one.Total)
		}
		for name, q := range map[string]complaint.ReportQuery{"a word": {From: "今年"}, "backwards": {From: "2026-05", To: "2026-04"}, "too long": {From: "2020-01", To: "2026-01"}} {
			_, err := s.Report(w.Supervisor, q)
			if err == nil {
				t.Errorf("%s is answered", name)
				continue
			}
			wantCode(t, err, "complaint.months")
		}
		for name, ctx := range map[string]context.Context{"a clerk": w.Clerk, "a holder": w.Holder} {
			if _, err := s.Report(ctx, complaint.ReportQuery{}); err == nil {
				t.Errorf("%s reads the report", name)
			}
			if _, err := s.Export(ctx, complaint.ReportQuery{}, complaint.CSV); err == nil {
				t.Errorf("%s takes the report", name)
			}
		}
		_, err = s.Report(w.Supervisor, complaint.ReportQuery{Unit: complainttest.CityAuth})
		wantCode(t, err, "auth.org")

		c, err := s.Export(w.Supervisor, complaint.ReportQuery{}, complaint.CSV)
		must(t, err)
		lines := strings.Split(strings.TrimSpace(string(c.Data)), "\r\n")
		if len(lines) != 3 || !strings.Contains(string(c.Data), "青禾县市场监督管理局,") || !strings.HasPrefix(lines[0], "\ufeff单位,月份,收到") {
			t.Errorf("as CSV: %q", c.Data)
		}
		if c, err = s.Export(w.Supervisor, complaint.ReportQuery{}, complaint.XLSX); err != nil {
			t.Fatal(err)
		}
		book, err := excelize.OpenReader(bytes.NewReader(c.Data))
		must(t, err)
		defer book.Close()
		if v, err := book.GetCellValue("按单位", "D2"); err != nil || v != "2" {
			t.Errorf("as XLSX: %q %v", v, err)
		}
		_, err = s.Export(w.Supervisor, complaint.ReportQuery{}, "pdf")
		wantCode(t, err, "complaint.format")
	})
}

// A hundred thousand complaints are listed by the page, and added up.
func TestScale(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		c := explained(t, w)
		const more, batch = 100_000, 10_000
		for from := 0; from < more; from += batch {
			must(t, d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`
					insert into complaint_complaint
					       (id, account, org, path, region, authority, what, way, happened, named, content, same, state, outcome, month, days, created_at, decided_at, ended_at)
					with recursive n(i) as (select cast($2 as bigint) union all select i + 1 from n where i < $3)
					select 'x' || cast(n.i as text), c.account || cast(n.i as text), c.org, c.path, c.region, c.authority, c.what, c.way, c.happened, c.named, c.content,
					       c.same, 'dismissed', 'dismissed', c.month, n.i % 9, c.created_at - n.i, c.created_at, c.created_at
					  from complaint_complaint c, n where c.id = $1`, c.ID, int64(from+1), int64(from+batch))
				return err
			}))
		}
		r, err := w.Complaint.Report(w.Supervisor, complaint.ReportQuery{})
		must(t, err)
		if r.Total.Filed != more+1 || r.Median != 4 {
			t.Errorf("%+v, median %v", r.Total, r.Median)
		}
		page, err := w.Complaint.List(w.Holder, complaint.Query{})
		must(t, err)
		if len(page.Items) != 1 || page.Next != "" {
			t.Errorf("a holder's own: %+v", page)
		}
		page, err = w.Complaint.List(w.OfCounty, complaint.Query{View: complaint.ViewAuthority, Waiting: true})
		must(t, err)
		if len(page.Items) != 1 || page.Next != "" {
			t.Errorf("waiting are %+v", page)
		}
	})
}
