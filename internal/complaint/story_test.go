package complaint_test

import (
	"strings"
	"testing"
	"time"

	"sidian/internal/complaint"
	"sidian/internal/complaint/complainttest"
	"sidian/internal/complaint/event"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
)

// A refusal at the counter: filed, explained, found true, made good after one more
// round, confirmed; and everybody is told.
func TestStory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		f := w.Filing(complainttest.Market)
		f.Document = complainttest.OFD(t, "x")
		c, err := w.Complaint.File(w.Holder, f)
		must(t, err)
		if c.State != complaint.Filed || c.Authority != complainttest.CountyAuth || c.Already || c.Complainant != complainttest.HolderName || c.Until.IsZero() ||
			!strings.Contains(c.Text, complainttest.HolderCitizen) || c.Document == nil {
			t.Fatalf("filed: %+v", c)
		}
		again, err := w.Complaint.File(w.Holder, f)
		must(t, err)
		if !again.Already || again.ID != c.ID {
			t.Errorf("the same again is %+v", again)
		}
		if got := told(t, w, w.Clerk); !strings.Contains(got, "投诉本单位拒收") {
			t.Errorf("the unit is told %q", got)
		}
		if got := promises(t, w, c.ID); got != "complaint.decide approval,complaint.explain market" {
			t.Errorf("promised: %s", got)
		}

		_, err = w.Complaint.Decide(w.OfCounty, c.ID, complaint.Decision{Outcome: complaint.Upheld, Opinion: "属实"})
		wantCode(t, err, "complaint.early")
		c, err = w.Complaint.Explain(w.Clerk, c.ID, "系新入职人员不了解规定，已当场致歉")
		must(t, err)
		_, err = w.Complaint.Explain(w.Clerk, c.ID, "再说明一次")
		wantCode(t, err, "complaint.state")
		if got := told(t, w, w.Holder); !strings.Contains(got, "青禾县市场监督管理局已就您的投诉作出说明") {
			t.Errorf("the complainant is told %q", got)
		}

		c, err = w.Complaint.Decide(w.OfCounty, c.ID, complaint.Decision{Outcome: complaint.Upheld, Opinion: "情况属实，请立即改正", Basis: "不应留下"})
		must(t, err)
		if c.State != complaint.Upheld || c.Outcome != complaint.Upheld || c.History[2].Basis != "" || c.DecidedAt.IsZero() {
			t.Errorf("decided: %+v", c)
		}
		_, err = w.Complaint.Explain(w.Clerk, c.ID, "决定之后再说明")
		wantCode(t, err, "complaint.state")
		if got := promises(t, w, c.ID); got != "complaint.rectify market" {
			t.Errorf("promised: %s", got)
		}
		_, err = w.Complaint.Rectify(w.Clerk, c.ID, "已培训")
		must(t, err)
		_, err = w.Complaint.Confirm(w.OfCounty, c.ID, false, "请附上新的办事指南")
		must(t, err)
		_, err = w.Complaint.Rectify(w.Clerk, c.ID, "已修订办事指南，明确电子印章文件同等有效")
		must(t, err)
		c, err = w.Complaint.Confirm(w.OfCounty, c.ID, true, "")
		must(t, err)
		if c.State != complaint.Closed || c.EndedAt.IsZero() || len(c.History) != 7 || len(c.May) != 0 {
			t.Errorf("closed: %+v", c)
		}
		if got := promises(t, w, c.ID); got != "" {
			t.Errorf("still promised: %s", got)
		}
		if got := told(t, w, w.Holder); !strings.Contains(got, "属实，已责令改正") || !strings.Contains(got, "您的投诉已办结") {
			t.Errorf("the complainant is told %q", got)
		}
		doc, err := w.Complaint.Document(w.OfCounty, c.ID)
		must(t, err)
		if string(doc.Data) != string(f.Document) {
			t.Error("the document is another")
		}
		if got := topics(t, d); got != event.Filed+" "+event.Decided {
			t.Errorf("announced %s", got)
		}
	})
}

// Each outcome ends a complaint as it should, and an exception names its law.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		for name, tc := range map[string]struct {
			d     complaint.Decision
			state complaint.State
			code  string
		}{
			"untrue":               {d: complaint.Decision{Outcome: complaint.Dismissed, Opinion: "经查不属实"}, state: complaint.Dismissed},
			"exempt":               {d: complaint.Decision{Outcome: complaint.Exempt, Opinion: "婚姻登记须书面", Basis: "《电子签名法》第三条"}, state: complaint.Exempt},
			"exempt without a law": {d: complaint.Decision{Outcome: complaint.Exempt, Opinion: "不适用"}, code: "complaint.basis"},
			"no opinion":           {d: complaint.Decision{Outcome: complaint.Upheld}, code: "complaint.note"},
			"no such outcome":      {d: complaint.Decision{Outcome: complaint.Closed, Opinion: "x"}, code: "complaint.outcome"},
			"a number of a person": {d: complaint.Decision{Outcome: complaint.Upheld, Opinion: "投诉人 " + complainttest.HolderCitizen}, code: "complaint.personal"},
		} {
			t.Run(engine+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := complainttest.New(t, dbtest.New(t, engine))
				c := explained(t, w)
				got, err := w.Complaint.Decide(w.OfCounty, c.ID, tc.d)
				if tc.code != "" {
					wantCode(t, err, tc.code)
					return
				}
				must(t, err)
				if got.State != tc.state || got.EndedAt.IsZero() || promises(t, w, c.ID) != "" {
					t.Errorf("%+v", got)
				}
				again, err := w.Complaint.File(w.Holder, w.Filing(complainttest.Market))
				must(t, err)
				if again.Already {
					t.Error("what is decided is not open: a new complaint is another")
				}
			})
		}
	}
}

// A unit that says nothing does not hold it up, and taking it back ends all clocks.
func TestLateAndWithdrawn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		silent := w.File(t, complainttest.Market)
		back := w.File(t, complainttest.Land)
		_, err := w.Complaint.Withdraw(w.Holder, back.ID, "")
		must(t, err)
		if got := promises(t, w, back.ID); got != "" {
			t.Errorf("after taking it back is promised: %s", got)
		}
		_, err = w.Complaint.Explain(w.Other, back.ID, "说明")
		wantCode(t, err, "complaint.state")
		later(w, 30*24*time.Hour)
		c, err := w.Complaint.Get(w.OfCounty, silent.ID)
		must(t, err)
		if !c.Late {
			t.Errorf("a month later: %+v", c)
		}
		c, err = w.Complaint.Decide(w.OfCounty, silent.ID, complaint.Decision{Outcome: complaint.Upheld, Opinion: "逾期未说明，视为属实"})
		must(t, err)
		if c.State != complaint.Upheld || c.Days < 15 {
			t.Errorf("decided after a month: %+v", c)
		}
		if got := promises(t, w, silent.ID); got != "complaint.rectify market" {
			t.Errorf("promised: %s", got)
		}
	})
}

func promises(t testing.TB, w *complainttest.World, id string) string {
	t.Helper()
	var out []string
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		out = nil
		page, err := w.Due.Mine(tx, due.Query{Orgs: []string{complainttest.Market, complainttest.Land, complainttest.CountyAuth, complainttest.CityAuth, complainttest.ProvAuth}, Limit: 100})
		for _, p := range page.Items {
			if p.Object == id {
				out = append(out, p.Topic+" "+p.Org)
			}
		}
		return err
	}))
	if len(out) == 2 && out[0] > out[1] {
		out[0], out[1] = out[1], out[0]
	}
	return strings.Join(out, ",")
}

func topics(t testing.TB, d *db.DB) string {
	t.Helper()
	var out []string
	must(t, d.Read(t.Context(), func(tx *db.Tx) error {
		out = nil
		return tx.All(`select topic from outbox_event where topic like 'complaint.%' order by at, id`, nil, func(scan func(...any) error) error {
			var s string
			err := scan(&s)
			out = append(out, s)
			return err
		})
	}))
	return strings.Join(out, " ")
}
