package sealapply_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealapply/sealapplytest"
)

func yes(tier string) sealapply.ReviewRequest {
	return sealapply.ReviewRequest{Tier: tier, Approve: true, Opinion: "同意"}
}

// Nobody but those of the chain sees an application, nor can do anything to it;
// nobody decides on their own, or on two tiers; nothing is done out of turn.
func TestWhoMayNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		s := w.Apply
		a := w.Filled(t, w.Keeper, sealapplytest.Market, seal.LegalName, sealapplytest.Name(sealapplytest.Market))
		for name, ctx := range map[string]context.Context{"other unit": w.Other, "clerk": w.Clerk, "holder": w.Holder, "reviewer of a draft": w.OfCounty, "system": w.System, "stranger": t.Context()} {
			_, err := s.Get(ctx, a.ID)
			if k, _ := fault.Of(err); k != fault.NotFound && k != fault.Forbidden && k != fault.Unauthorized {
				t.Errorf("%s sees it: %v", name, err)
			}
		}
		_, err := s.Create(w.Other, sealapply.CreateRequest{Kind: sealapply.Apply, Org: sealapplytest.Market, SealKind: seal.Special, SealName: "x"})
		wantHidden(t, err)
		if refusals(t, d, "sealapply.create") == 0 {
			t.Error("a foreign organisation in the body left no audit row")
		}
		_, err = s.List(w.Other, sealapply.Query{Unit: sealapplytest.Market})
		wantHidden(t, err)
		_, err = s.Edit(w.Other, a.ID, sealapply.Edit{})
		wantHidden(t, err)
		_, err = s.Attachment(w.Other, a.ID, a.Attachments[0].ID)
		wantHidden(t, err)
		_, err = s.Review(w.OfCounty, a.ID, yes("county"))
		wantHidden(t, err)

		// Second had a hand in it, and reviews for the county as well.
		second := w.Grant(t, w.Second, "sealadmin", sealapplytest.CountyAuth)
		reason := "统一办理"
		_, err = s.Edit(second, a.ID, sealapply.Edit{Reason: &reason})
		must(t, err)
		_, err = s.Submit(w.Keeper, a.ID)
		must(t, err)
		_, err = s.Review(second, a.ID, yes("county"))
		wantCode(t, err, "sealapply.own")
		keeper := w.Grant(t, w.Keeper, "sealadmin", sealapplytest.County)
		_, err = s.Review(keeper, a.ID, yes("county"))
		wantCode(t, err, "sealapply.own")
		above := w.Grant(t, w.OfProv, "sealadmin", sealapplytest.CountyAuth)
		_, err = s.Review(above, a.ID, yes("county"))
		wantCode(t, err, "sealapply.tier") // the province does not review for the county
		if refusals(t, d, "sealapply.review") < 2 {
			t.Error("deciding on one's own left no audit rows")
		}
		_, err = s.Review(w.OfCity, a.ID, yes("city"))
		wantCode(t, err, "auth.org") // not its turn: the county's
		_, err = s.Review(w.OfCounty, a.ID, yes("city"))
		wantCode(t, err, "sealapply.turn")
		_, err = s.Make(w.Another, a.ID)
		wantCode(t, err, "sealapply.state")
		_, err = s.File(w.Another, a.ID, sealapply.FileRequest{})
		wantCode(t, err, "sealapply.state")
		_, err = s.Edit(w.Keeper, a.ID, sealapply.Edit{})
		wantCode(t, err, "sealapply.state")

		// One person at two tiers: a tier is reviewed by people of its own.
		both := w.Grant(t, w.OfCounty, "sealadmin", sealapplytest.CityAuth)
		_, err = s.Review(both, a.ID, yes("county"))
		must(t, err)
		_, err = s.Review(both, a.ID, yes("city"))
		wantCode(t, err, "sealapply.tier")
		_, err = s.Review(both, a.ID, yes("county"))
		wantCode(t, err, "sealapply.tier") // sent twice: it is the city's turn
		_, err = s.Review(w.OfCity, a.ID, yes("city"))
		must(t, err)
		_, err = s.Review(w.OfProv, a.ID, sealapply.ReviewRequest{Tier: "province", Approve: true, Opinion: strings.Repeat("长", 501)})
		wantCode(t, err, "reason.length")
		_, err = s.Review(w.OfProv, a.ID, yes("province"))
		must(t, err)
		_, err = s.Make(keeper, a.ID)
		wantCode(t, err, "sealapply.own")
		_, err = s.Make(w.Other, a.ID)
		wantHidden(t, err)
		page, err := s.List(w.OfProv, sealapply.Query{Unit: sealapplytest.Market})
		must(t, err)
		mine, err := s.List(w.Keeper, sealapply.Query{Mine: true, State: sealapply.Approved})
		must(t, err)
		none, err := s.List(w.Other, sealapply.Query{})
		must(t, err)
		if len(page.Items) != 1 || len(mine.Items) != 1 || len(none.Items) != 0 {
			t.Errorf("lists show %d, %d, %d", len(page.Items), len(mine.Items), len(none.Items))
		}
	})
}

// Two reviewers of one tier decide at once: one does.
func TestTwoReviewers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		a := w.Filled(t, w.Keeper, sealapplytest.Market, seal.LegalName, sealapplytest.Name(sealapplytest.Market))
		_, err := w.Apply.Submit(w.Keeper, a.ID)
		must(t, err)
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			by := []context.Context{w.OfCounty, w.Another}[i%2]
			q := yes("county")
			if i == 1 {
				q = sealapply.ReviewRequest{Tier: "county", Opinion: "不符"}
			}
			wg.Go(func() { _, errs[i] = w.Apply.Review(by, a.ID, q) })
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if fault.As(err) == nil {
				t.Errorf("no refusal: %v", err)
			}
		}
		got, err := w.Apply.Get(w.Keeper, a.ID)
		must(t, err)
		if done != 1 || got.Steps[0].Reviewer == "" || got.State == sealapply.Approved {
			t.Errorf("%d decided: %+v", done, got.Steps)
		}
	})
}

// What the checks do not pass is not submitted; each says why.
func TestChecks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		s, market := w.Apply, sealapplytest.Name(sealapplytest.Market)
		set := func(v string) *string { return &v }
		for name, tc := range map[string]struct {
			kind, seal string
			break_     func(a *sealapply.Application) error
			code       string
		}{
			"another name": {seal.LegalName, market + "办公室", nil, sealapply.CheckImprintName},
			"foreign name": {seal.Special, "青禾县自然资源局审批专用章", nil, sealapply.CheckImprintName},
			"no purpose":   {seal.Special, market, nil, sealapply.CheckImprintName},
			"no name":      {seal.LegalName, "", nil, sealapply.CheckImprintName},
			"no custodian": {seal.LegalName, market, func(a *sealapply.Application) error {
				_, err := s.Edit(w.Keeper, a.ID, sealapply.Edit{Custodian: set("")})
				return err
			}, sealapply.CheckCustodian},
			"their custodian": {seal.LegalName, market, func(a *sealapply.Application) error {
				_, err := s.Edit(w.Keeper, a.ID, sealapply.Edit{Custodian: set(sealapplytest.Account(w.Other))})
				return err
			}, sealapply.CheckCustodian},
			"unknown custodian": {seal.LegalName, market, func(a *sealapply.Application) error {
				_, err := s.Edit(w.Keeper, a.ID, sealapply.Edit{Custodian: set("nobody")})
				return err
			}, sealapply.CheckCustodian},
			"another code": {seal.LegalName, market, func(a *sealapply.Application) error {
				_, err := s.Edit(w.Keeper, a.ID, sealapply.Edit{Fields: map[string]string{"uscc": w.Code(t, sealapplytest.Land)}})
				return err
			}, sealapply.CheckOrgName},
			"a field missing": {seal.LegalName, market, func(a *sealapply.Application) error {
				_, err := s.Edit(w.Keeper, a.ID, sealapply.Edit{Fields: map[string]string{"handler": ""}})
				return err
			}, sealapply.CheckForm},
			"a file missing": {seal.LegalName, market, func(a *sealapply.Application) error {
				_, err := s.Detach(w.Keeper, a.ID, a.Attachments[0].ID)
				return err
			}, sealapply.CheckAttachments},
			"another imprint": {seal.LegalName, market, func(a *sealapply.Application) error {
				_, err := s.SetImprint(w.Keeper, a.ID, sealapplytest.Imprint(t, "另一个"), 40, 40)
				return err
			}, sealapply.CheckStatement},
		} {
			a := w.Filled(t, w.Keeper, sealapplytest.Market, tc.kind, tc.seal)
			if tc.break_ != nil {
				must(t, tc.break_(a))
			}
			list, err := s.Checks(w.Keeper, a.ID)
			must(t, err)
			if result(list, tc.code) != sealapply.Fail {
				t.Errorf("%s: %+v", name, list)
			}
			_, err = s.Submit(w.Keeper, a.ID)
			wantCode(t, err, "sealapply.checks")
		}
		w.Filed(t, w.Keeper, sealapplytest.Market, seal.LegalName, market)
		a := w.Filled(t, w.Keeper, sealapplytest.Market, seal.LegalName, market)
		_, err := s.Submit(w.Keeper, a.ID)
		wantCode(t, err, "sealapply.checks")
		list, err := s.Checks(w.Keeper, a.ID)
		must(t, err)
		if result(list, sealapply.CheckUnique) != sealapply.Fail {
			t.Errorf("a second seal of the name: %+v", list)
		}
	})
}

// Files are what their content says, and as large as the form allows.
func TestAttach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		a, err := w.Apply.Create(w.Keeper, sealapply.CreateRequest{Kind: sealapply.Apply, Org: sealapplytest.Market, SealKind: seal.LegalName})
		must(t, err)
		for name, tc := range map[string]struct {
			u    sealapply.Upload
			code string
		}{
			"a program":     {sealapply.Upload{Code: "application", Name: "a.pdf", Data: []byte("MZ\x90\x00")}, "sealapply.attachment-media"},
			"half a PDF":    {sealapply.Upload{Code: "application", Name: "a.pdf", Data: []byte("%PDF-1.7")}, "sealapply.attachment-media"},
			"a zip":         {sealapply.Upload{Code: "application", Name: "a.ofd", Data: []byte("PK\x03\x04....")}, "sealapply.attachment-media"},
			"nothing":       {sealapply.Upload{Code: "application", Name: "a.pdf"}, "sealapply.attachment"},
			"not asked for": {sealapply.Upload{Code: "identity", Name: "a.pdf", Data: sealapplytest.PDF("x")}, "sealapply.attachment"},
			"too large":     {sealapply.Upload{Code: "application", Name: "a.pdf", Data: sealapplytest.PDF(strings.Repeat("x", 10<<20))}, "sealapply.attachment-size"},
		} {
			_, err := w.Apply.Attach(w.Keeper, a.ID, tc.u)
			if f := fault.As(err); f == nil || f.Code != tc.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		a, err = w.Apply.Attach(w.Keeper, a.ID, sealapply.Upload{Code: "application", Name: `C:\桌面\..\申请 书.pdf`, Data: sealapplytest.PDF("x")})
		must(t, err)
		if len(a.Attachments) != 1 || a.Attachments[0].Name != "申请 书.pdf" || a.Attachments[0].Media != "application/pdf" {
			t.Errorf("%+v", a.Attachments)
		}
		f, err := w.Apply.Attachment(w.Keeper, a.ID, a.Attachments[0].ID)
		must(t, err)
		if string(f.Data) != string(sealapplytest.PDF("x")) {
			t.Error("another file came back")
		}
		_, err = w.Apply.SetImprint(w.Keeper, a.ID, []byte("GIF89a"), 42, 42)
		wantCode(t, err, "sealapply.imprint")
		_, err = w.Apply.SetImprint(w.Keeper, a.ID, sealapplytest.Imprint(t, "x"), 0, 42)
		wantCode(t, err, "sealapply.imprint")
	})
}

// Renewal is open in the thirty days before the end alone, goes to the authority
// of the unit's own tier, and takes the old seal's place.
func TestRenew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		old := w.Filed(t, w.Keeper, sealapplytest.Market, seal.LegalName, sealapplytest.Name(sealapplytest.Market))
		x, err := w.Seal.Get(w.Keeper, old.Makes)
		must(t, err)
		a, err := w.Apply.Create(w.Keeper, sealapply.CreateRequest{Kind: sealapply.Renew, Seal: x.ID, SealName: x.Name, Reason: "到期续期", Fields: map[string]string{
			"org_name": x.Name, "uscc": w.Code(t, sealapplytest.Market), "handler": "王样例", "handler_phone": "13800138000"}})
		must(t, err)
		w.Complete(t, w.Keeper, a)
		list, err := w.Apply.Checks(w.Keeper, a.ID)
		must(t, err)
		if result(list, sealapply.CheckWindow) != sealapply.Fail {
			t.Errorf("five years ahead: %+v", list)
		}
		_, err = w.Apply.Create(w.Other, sealapply.CreateRequest{Kind: sealapply.Renew, Seal: x.ID, Reason: "别人的"})
		wantHidden(t, err)
		now := x.ValidTo.Add(-20 * 24 * time.Hour)
		w2 := clock(t, w, now)
		_, err = w2.Apply.Submit(w.Again(t, w.Keeper), a.ID)
		must(t, err)
		got, err := w2.Apply.Review(w.OfCounty, a.ID, yes("county"))
		must(t, err)
		if got.State != sealapply.Approved || len(got.Steps) != 1 {
			t.Errorf("after the county: %s, %d tiers", got.State, len(got.Steps))
		}
		_, err = w2.Apply.Make(w.Another, a.ID)
		must(t, err)
		_, err = w2.Apply.File(w.Another, a.ID, sealapply.FileRequest{})
		must(t, err)
		x, err = w2.Seal.Get(w.Keeper, x.ID)
		must(t, err)
		if x.State != seal.Replaced || x.ReplacedBy != a.Makes {
			t.Errorf("the old seal: %+v", x)
		}
	})
}

// clock sets the clock of the world.
func clock(t testing.TB, w *sealapplytest.World, now time.Time) *sealapplytest.World {
	t.Helper()
	start := time.Now()
	w.DB.Now = func() time.Time { return now.Add(time.Since(start)) }
	return w
}

// Lost is dead at once; cancelling takes two attachments.
func TestLostAndCancel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		old := w.Filed(t, w.Keeper, sealapplytest.Market, seal.LegalName, sealapplytest.Name(sealapplytest.Market))
		_, err := w.Apply.Lost(w.Other, old.Makes, "捡到", sealapply.Cancel)
		wantHidden(t, err)
		a, err := w.Apply.Lost(w.Keeper, old.Makes, "密钥介质丢失", sealapply.Cancel)
		must(t, err)
		x, err := w.Seal.Get(w.Keeper, old.Makes)
		must(t, err)
		if x.State != seal.Frozen || x.LostAt.IsZero() {
			t.Errorf("after reporting: %+v", x)
		}
		_, err = w.Apply.Edit(w.Keeper, a.ID, sealapply.Edit{Fields: map[string]string{"handler": "王样例", "handler_phone": "13800138000", "why": "印章丢失或失控"}})
		must(t, err)
		a, err = w.Apply.Attach(w.Keeper, a.ID, sealapply.Upload{Code: sealapply.WrittenApplication, Name: "a.pdf", Data: sealapplytest.PDF("x")})
		must(t, err)
		_, err = w.Apply.Submit(w.Keeper, a.ID)
		wantCode(t, err, "sealapply.checks")
		_, err = w.Apply.Attach(w.Keeper, a.ID, sealapply.Upload{Code: sealapply.IdentityProof, Name: "b.pdf", Data: sealapplytest.PDF("y")})
		must(t, err)
		_, err = w.Apply.Submit(w.Keeper, a.ID)
		must(t, err)
		a, err = w.Apply.Review(w.OfCounty, a.ID, yes("county"))
		must(t, err)
		if a.State != sealapply.Done {
			t.Errorf("after the review: %s %s", a.State, a.Trouble)
		}
		x, err = w.Seal.Get(w.Keeper, old.Makes)
		must(t, err)
		if x.State != seal.Cancelled {
			t.Errorf("the seal is %s", x.State)
		}
	})
}

// A person applies for their own seal, and for an enterprise's when registered.
func TestHolder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		s := w.Apply
		me := sealapplytest.Account(w.Holder)
		fields := map[string]string{"handler": "张样例", "handler_phone": "13800138000", "use": "签订合同"}
		_, err := s.Create(w.Holder, sealapply.CreateRequest{Kind: sealapply.Apply, SealKind: seal.Personal, Authority: sealapplytest.Market, SealName: "张样例", Fields: fields})
		wantCode(t, err, "sealapply.authority")
		_, err = s.Create(w.Holder, sealapply.CreateRequest{Kind: sealapply.Apply, SealKind: seal.Personal, Authority: sealapplytest.CountyAuth, Person: sealapplytest.Account(w.Boss), SealName: "x"})
		wantCode(t, err, "sealapply.person")
		a, err := s.Create(w.Holder, sealapply.CreateRequest{Kind: sealapply.Apply, SealKind: seal.Personal, Authority: sealapplytest.CountyAuth, SealName: "张样例", Fields: fields})
		must(t, err)
		if a.SealName == "张样例" || a.Person != me {
			t.Errorf("%q of %q", a.SealName, a.Person)
		}
		w.Complete(t, w.Holder, a)
		_, err = s.Submit(w.Holder, a.ID)
		must(t, err)
		_, err = s.Get(w.Keeper, a.ID)
		wantHidden(t, err)
		_, err = s.Review(w.OfCounty, a.ID, yes("county"))
		must(t, err)
		_, err = s.Make(w.Another, a.ID)
		must(t, err)
		a, err = s.File(w.Another, a.ID, sealapply.FileRequest{})
		must(t, err)
		if a.State != sealapply.Filed {
			t.Errorf("%s %s", a.State, a.Trouble)
		}
		req := sealapply.CreateRequest{Kind: sealapply.Apply, Org: sealapplytest.Enterprise, SealKind: seal.Enterprise, SealName: sealapplytest.Name(sealapplytest.Enterprise),
			Custodian: sealapplytest.Account(w.Boss), Fields: w.Fields(t, sealapplytest.Enterprise)}
		_, err = s.Create(w.Holder, req)
		wantCode(t, err, "sealapply.bond")
		_, err = s.Bind(w.Keeper, me, sealapplytest.Enterprise, "自己登记")
		wantHidden(t, err)
		b, err := s.Bind(w.OfCounty, me, sealapplytest.Enterprise, "核验营业执照和委托书")
		must(t, err)
		e, err := s.Create(w.Holder, req)
		must(t, err)
		w.Complete(t, w.Holder, e)
		_, err = s.Submit(w.Holder, e.ID)
		must(t, err)
		must(t, s.Unbind(w.OfCounty, b.ID, "委托到期"))
		_, err = s.Get(w.Holder, e.ID)
		wantHidden(t, err)
		got, err := s.Review(w.OfCounty, e.ID, yes("county"))
		must(t, err)
		if got.State != sealapply.Approved {
			t.Errorf("an enterprise's seal after the county: %s", got.State)
		}
		s.Options.Zone = sealapply.Extranet
		_, err = s.Create(w.Boss, req)
		wantCode(t, err, "sealapply.zone")
		s.Options.Zone = sealapply.Internet
		_, err = s.Create(w.Keeper, sealapply.CreateRequest{Kind: sealapply.Apply, Org: sealapplytest.Market, SealKind: seal.LegalName})
		wantCode(t, err, "sealapply.zone")
	})
}
