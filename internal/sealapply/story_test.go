package sealapply_test

import (
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealapply/sealapplytest"
)

// A unit applies; it is refused first and told why; then county, city and
// province pass it, it is made and filed.
func TestStory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		name := sealapplytest.Name(sealapplytest.Market)
		a := w.Filled(t, w.Keeper, sealapplytest.Market, seal.LegalName, name)
		phone := a.Fields["handler_phone"]
		if phone == "13800138000" || !strings.Contains(phone, "*") || a.Fields["legal_person"] == "李样例" {
			t.Errorf("personal fields are shown: %v", a.Fields)
		}
		list, err := w.Apply.Checks(w.Keeper, a.ID)
		must(t, err)
		for _, c := range list {
			if c.Result != sealapply.Pass {
				t.Errorf("check %s: %s", c.Code, c.Message)
			}
		}
		a, err = w.Apply.Submit(w.Keeper, a.ID)
		must(t, err)
		if a.State != sealapply.Submitted || a.Tier != "county" || len(a.Steps) != 3 || a.Round != 1 || a.Steps[0].Due.IsZero() {
			t.Fatalf("after submitting: %+v", a)
		}
		_, err = w.Apply.Review(w.OfCounty, a.ID, sealapply.ReviewRequest{Tier: "county"})
		wantCode(t, err, "reason.required")
		a, err = w.Apply.Review(w.OfCounty, a.ID, sealapply.ReviewRequest{Tier: "county", Opinion: "书面申请没有盖章"})
		must(t, err)
		if a.State != sealapply.Refused || a.Steps[0].Opinion != "书面申请没有盖章" || a.Steps[1].State != "dropped" {
			t.Fatalf("after refusing: %+v", a)
		}
		inbox, err := w.Notice.Inbox(w.Keeper, 10, "")
		must(t, err)
		if len(inbox.Items) < 2 || inbox.Items[0].Topic != "sealapply.refused" && inbox.Items[1].Topic != "sealapply.refused" {
			t.Errorf("the applicant was told %+v", inbox.Items)
		}
		// Corrected, in a new round; what was masked and sent back stays.
		_, err = w.Apply.Edit(w.Keeper, a.ID, sealapply.Edit{Fields: map[string]string{"handler_phone": phone, "use": "政务服务和公文"}})
		must(t, err)
		a, err = w.Apply.Submit(w.Keeper, a.ID)
		must(t, err)
		if a.Round != 2 || len(a.Steps) != 6 || a.Fields["use"] != "政务服务和公文" || a.Fields["handler_phone"] != phone {
			t.Fatalf("in the second round: %+v", a)
		}
		a = w.Pass(t, a.ID)
		if a.State != sealapply.Approved {
			t.Fatalf("after all tiers: %+v", a)
		}
		a, err = w.Apply.Make(w.Another, a.ID)
		must(t, err)
		if a.State != sealapply.Made {
			t.Fatalf("after making: %s %s", a.State, a.Trouble)
		}
		a, err = w.Apply.File(w.Another, a.ID, sealapply.FileRequest{Reason: "备案"})
		must(t, err)
		if a.State != sealapply.Filed || a.Number == "" || a.EndedAt.IsZero() {
			t.Fatalf("after filing: %+v", a)
		}
		x, err := w.Seal.Get(w.Keeper, a.Makes)
		must(t, err)
		if x.State != seal.Effective || x.Application != a.ID || x.Number != a.Number || x.Custodian != sealapplytest.Account(w.Keeper) ||
			x.Imprint != a.Imprint.Digest || x.Statement != a.Statement.Digest {
			t.Errorf("the seal: %+v", x)
		}
		var actions []sealapply.Action
		for _, h := range a.History {
			if h.Action != sealapply.ActEdit {
				actions = append(actions, h.Action)
			}
		}
		if len(actions) != 10 { // submit refuse submit approve×3 make made file filed
			t.Errorf("the history: %v", actions)
		}
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			c, err := w.Due.Counts(tx, due.Query{Orgs: []string{sealapplytest.CountyAuth, sealapplytest.CityAuth, sealapplytest.ProvAuth}})
			if c.Unit.Open != 0 {
				t.Errorf("promises left open: %+v", c)
			}
			return err
		}))
	})
}
