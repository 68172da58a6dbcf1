package complaint_test

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/complaint"
	"sidian/internal/complaint/complainttest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

var dismiss = complaint.Decision{Outcome: complaint.Dismissed, Opinion: "不属实"}

// Nobody sees or does what is another's, decides about their own unit, or for
// another tier.
func TestWhoMayNot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		s := w.Complaint
		c := explained(t, w)
		for name, ctx := range map[string]context.Context{"another holder": w.Neighbour, "another unit's clerk": w.Other, "a clerk of the authority": w.At, "a supervisor": w.Supervisor,
			"the system administrator": w.System, "a stranger": context.Background(), "a holder who is not verified": w.Stranger} {
			_, err := s.Get(ctx, c.ID)
			if k, _ := fault.Of(err); k != fault.NotFound && k != fault.Forbidden && k != fault.Unauthorized {
				t.Errorf("%s reads it: %v", name, err)
			}
			for what, err := range map[string]error{
				"explains": act(s.Explain(ctx, c.ID, "说明")), "decides": act(s.Decide(ctx, c.ID, dismiss)), "makes good": act(s.Rectify(ctx, c.ID, "已改正")),
				"confirms": act(s.Confirm(ctx, c.ID, true, "")), "withdraws": act(s.Withdraw(ctx, c.ID, "")),
			} {
				if k, _ := fault.Of(err); k != fault.NotFound && k != fault.Forbidden && k != fault.Unauthorized {
					t.Errorf("%s %s: %v", name, what, err)
				}
			}
			if _, err := s.Document(ctx, c.ID); fault.As(err) == nil {
				t.Errorf("%s has the document: %v", name, err)
			}
			if page, err := s.List(ctx, complaint.Query{}); err == nil && len(page.Items) > 0 {
				t.Errorf("%s lists %+v", name, page.Items)
			}
		}
		_, err := s.Decide(w.Clerk, c.ID, dismiss) // of the unit itself
		wantHidden(t, err)
		_, err = s.Decide(w.OfCity, c.ID, dismiss)
		wantCode(t, err, "complaint.tier")
		_, err = s.Withdraw(w.OfCounty, c.ID, "")
		wantCode(t, err, "complaint.complainant")
		_, err = s.Explain(w.Holder, c.ID, "自己说明")
		wantCode(t, err, "complaint.state")
		for _, q := range []complaint.Query{{Unit: complainttest.Land}, {Unit: "no-such-unit"}, {Unit: complainttest.City}} {
			_, err = s.List(w.Clerk, q)
			wantCode(t, err, "auth.org")
		}
		if n := refusals(t, d, "complaint.decide"); n == 0 {
			t.Error("refusals to decide are not audited")
		}
	})
}

func act(_ *complaint.Complaint, err error) error { return err }

// The authority itself is judged a tier higher; who explained does not decide.
func TestOwnUnit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		s := w.Complaint
		for org, authority := range map[string]string{
			complainttest.CountyAuth: complainttest.CityAuth, complainttest.CityAuth: complainttest.ProvAuth, complainttest.County: complainttest.CityAuth, complainttest.Land: complainttest.CountyAuth,
		} {
			if c := w.File(t, org); c.Authority != authority {
				t.Errorf("about %s decides %s", org, c.Authority)
			}
		}
		_, err := s.File(w.Neighbour, w.Filing(complainttest.ProvAuth))
		wantCode(t, err, "complaint.no-authority")

		at := w.File(t, complainttest.CountyAuth)
		_, err = s.Decide(w.OfCounty, at.ID, dismiss)
		wantHidden(t, err)
		_, err = s.Explain(w.At, at.ID, "说明")
		must(t, err)
		_, err = s.Decide(w.Both, at.ID, dismiss) // a clerk there, who may see it
		wantHidden(t, err)
		_, err = s.Decide(w.OfCity, at.ID, dismiss)
		must(t, err)

		own := w.File(t, complainttest.Market)
		_, err = s.Explain(w.Both, own.ID, "代为说明")
		must(t, err)
		_, err = s.Decide(w.Both, own.ID, dismiss)
		wantCode(t, err, "complaint.own")
	})
}

// What the unit learns of who complained, and what the database holds.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		s := w.Complaint
		f := w.Filing(complainttest.Market)
		f.Document = complainttest.OFD(t, "张样例")
		f.Text += "电话１３８００１３８０００，又写作 138 0013 8000。"
		c, err := s.File(w.Holder, f)
		must(t, err)
		hidden := []string{complainttest.HolderName, complainttest.HolderCitizen, "１３８００１３８０００", "138 0013 8000"}
		lacks := func(who string, c *complaint.Complaint, words ...string) {
			t.Helper()
			text := strings.Join([]string{c.Text, c.Item, c.Number, c.Complainant}, " ")
			for _, h := range c.History {
				text += h.Text
			}
			for _, x := range words {
				if strings.Contains(text, x) {
					t.Errorf("%s learns %s: %s", who, x, text)
				}
			}
		}
		unit, err := s.Get(w.Clerk, c.ID)
		must(t, err)
		lacks("the unit", unit, append(hidden, "青禾证〔2026〕12号")...)
		if unit.Document != nil || unit.Complainant != "" || !strings.Contains(unit.Text, "只认盖红章") {
			t.Errorf("the unit sees %+v", unit)
		}
		_, err = s.Document(w.Clerk, c.ID)
		wantHidden(t, err)
		authority, err := s.Get(w.OfCounty, c.ID)
		must(t, err)
		lacks("the authority", authority, hidden...)
		if authority.Complainant != "张**" || authority.Document == nil || authority.Number == "" {
			t.Errorf("the authority sees %+v", authority)
		}
		page, err := s.List(w.Holder, complaint.Query{})
		must(t, err)
		lacks("a list", &page.Items[0], hidden[1:]...)

		f.Item, f.Named = "另一件事", true
		named, err := s.File(w.Holder, f)
		must(t, err)
		unit, err = s.Get(w.Clerk, named.ID)
		must(t, err)
		lacks("the unit", unit, hidden[1:]...)
		if unit.Complainant != complainttest.HolderName || unit.Document == nil {
			t.Errorf("with leave the unit sees %+v", unit)
		}
		_, err = s.Document(w.Clerk, named.ID)
		must(t, err)
		for _, x := range dump(t, d) {
			for _, secret := range append(hidden[:2], "只认盖红章", "企业变更登记", "青禾证") {
				if strings.Contains(x, secret) {
					t.Errorf("the database holds %s", secret)
				}
			}
		}
	})
}

// dump is all text and bytes that this package, the audit, events and notices hold.
func dump(t testing.TB, d *db.DB) (out []string) {
	t.Helper()
	must(t, d.Read(t.Context(), func(tx *db.Tx) error {
		out = nil
		for _, q := range []string{
			`select content, same, happened from complaint_complaint order by id`, `select note, account, org from complaint_history order by complaint, seq`,
			`select title, body, link from notice_notice order by id`, `select body, topic, key from outbox_event order by id`, `select reason, object, action from audit_entry order by id`,
			`select title, link, reason from due_promise order by id`,
		} {
			err := tx.All(q, nil, func(scan func(...any) error) error {
				var a, b, c []byte
				err := scan(&a, &b, &c)
				out = append(out, string(a), string(b), string(c))
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return out
}

// What is wrong with a filing is told field by field, hostile files included.
func TestWrongFilings(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		var notOFD bytes.Buffer
		z := zip.NewWriter(&notOFD)
		_, err := z.Create("../OFD.xml.exe")
		must(t, err)
		must(t, z.Close())
		for name, tc := range map[string]struct {
			field string
			set   func(f *complaint.Filing)
		}{
			"no unit":             {"org", func(f *complaint.Filing) { f.Org = "" }},
			"a unit that is none": {"org", func(f *complaint.Filing) { f.Org = "nowhere" }},
			"no such sort":        {"what", func(f *complaint.Filing) { f.What = "other" }},
			"no such way":         {"way", func(f *complaint.Filing) { f.Way = "" }},
			"no day":              {"happened", func(f *complaint.Filing) { f.Happened = "昨天" }},
			"tomorrow":            {"happened", func(f *complaint.Filing) { f.Happened = w.DB.Now().AddDate(0, 0, 2).Format("2006-01-02") }},
			"years ago":           {"happened", func(f *complaint.Filing) { f.Happened = "2020-01-01" }},
			"nothing told":        {"text", func(f *complaint.Filing) { f.Text = "   " }},
			"too much":            {"text", func(f *complaint.Filing) { f.Text = strings.Repeat("长", 1001) }},
			"turned writing":      {"text", func(f *complaint.Filing) { f.Text = "一二三四五\u202e六" }},
			"a program":           {"document", func(f *complaint.Filing) { f.Document = []byte("MZ\x90\x00") }},
			"a broken container":  {"document", func(f *complaint.Filing) { f.Document = []byte("PK\x03\x04junk") }},
			"another container":   {"document", func(f *complaint.Filing) { f.Document = notOFD.Bytes() }},
			"a file too large":    {"document", func(f *complaint.Filing) { f.Document = make([]byte, complaint.MaxDocument+1) }},
			"a control character": {"item", func(f *complaint.Filing) { f.Item = "a\x00b" }},
			"a number too long":   {"number", func(f *complaint.Filing) { f.Number = strings.Repeat("9", 101) }},
		} {
			f := w.Filing(complainttest.Market)
			tc.set(&f)
			_, err := w.Complaint.File(w.Holder, f)
			e := fault.As(err)
			if e == nil || e.Kind != fault.Invalid || len(e.Fields) == 0 || e.Fields[0].Name != tc.field {
				t.Errorf("%s: %v %+v", name, err, e)
			}
		}
		for name, ctx := range map[string]context.Context{"staff": w.Clerk, "a holder who is not verified": w.Stranger} {
			if _, err := w.Complaint.File(ctx, w.Filing(complainttest.Market)); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
				t.Errorf("%s files: %v", name, err)
			}
		}
		if n := refusals(t, d, "complaint.file"); n != 2 {
			t.Errorf("%d refusals are audited", n)
		}
	})
}

// Fifty at a time are one complaint, and a person's many have an end.
func TestConcurrentAndRate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		f := w.Filing(complainttest.Market)
		var all sync.WaitGroup
		ids, fresh := make([]string, 50), make([]bool, 50)
		for i := range ids {
			all.Go(func() {
				for range 20 { // a race that was lost is tried again, as a client does
					c, err := w.Complaint.File(w.Holder, f)
					if k, _ := fault.Of(err); k == fault.Unavailable {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					ids[i], fresh[i] = c.ID, !c.Already
					return
				}
			})
		}
		all.Wait()
		n := 0
		for i := range ids {
			if ids[i] != ids[0] {
				t.Fatalf("%q and %q are the same", ids[i], ids[0])
			}
			if fresh[i] {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d of them were new", n)
		}
		errs := make([]error, 20)
		for i := range errs {
			all.Go(func() { _, errs[i] = w.Complaint.Explain(w.Clerk, ids[0], "说明") })
		}
		all.Wait()
		good := 0
		for _, err := range errs {
			if err == nil {
				good++
			}
		}
		if good != 1 {
			t.Errorf("%d of 20 explained", good)
		}
		for i := range 4 {
			f.Item = strings.Repeat("事", i+1)
			_, err := w.Complaint.File(w.Holder, f)
			must(t, err)
		}
		f.Item = "第六件"
		_, err := w.Complaint.File(w.Holder, f)
		wantCode(t, err, "complaint.rate")
		_, err = w.Complaint.File(w.Neighbour, f)
		must(t, err)
		later(w, 25*time.Hour)
		_, err = w.Complaint.File(w.Holder, f)
		must(t, err)
	})
}

// Documents that complaints name are not swept away, and keys can be changed.
func TestNamedAndReseal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		f := w.Filing(complainttest.Market)
		f.Document = complainttest.OFD(t, "x")
		c, err := w.Complaint.File(w.Holder, f)
		must(t, err)
		_, err = w.Complaint.Explain(w.Clerk, c.ID, "说明甲")
		must(t, err)
		sum := gm.Sum(f.Document)
		named, err := w.Complaint.Named(t.Context(), []gm.Digest{sum, gm.Sum([]byte("other"))})
		must(t, err)
		if len(named) != 1 || !named[sum] {
			t.Errorf("named are %v", named)
		}
		must(t, w.Keys.Rotate(t.Context(), keys.Field))
		x, done, after := w.Complaint.Resealer(), 0, ""
		for {
			var n int
			must(t, d.Write(t.Context(), func(tx *db.Tx) (err error) { after, n, err = x.Reseal(tx, after, 1); return err }))
			if done += n; after == "" {
				break
			}
		}
		var count int64
		must(t, d.Read(t.Context(), func(tx *db.Tx) (err error) { count, err = x.Count(tx); return err }))
		if done != 2 || count != 2 {
			t.Errorf("%d of %d were sealed again", done, count)
		}
		got, err := w.Complaint.Get(w.Holder, c.ID)
		must(t, err)
		if got.History[1].Text != "说明甲" {
			t.Errorf("afterwards it reads %+v", got.History)
		}
	})
}

// Every act leaves its row in the audit.
func TestAudited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		c := explained(t, w)
		_, err := w.Complaint.Decide(w.OfCounty, c.ID, dismiss)
		must(t, err)
		var got []string
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			list, _, err := audit.List(tx, audit.Query{Object: "complaint/" + c.ID})
			got = nil
			for _, e := range list {
				got = append([]string{e.Action}, got...)
			}
			return err
		}))
		if s := strings.Join(got, " "); s != "complaint.file complaint.explain complaint.decide" {
			t.Errorf("the audit holds %s", s)
		}
	})
}
