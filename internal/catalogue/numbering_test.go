package catalogue_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/cataloguetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
)

func ask(t testing.TB, w *cataloguetest.World, who context.Context, org, pattern string, scope ...string) *catalogue.Numbering {
	t.Helper()
	n, err := w.Catalogue.ProposeNumbering(who, catalogue.NumberingProposal{Kind: "approval", Org: org, Pattern: pattern, Scope: scope, Reason: "按本局文号编制"})
	must(t, err)
	return n
}

// numbered is the number and the identifier that the unit's next certificate of the
// kind would have, as issuing makes them.
func numbered(t testing.TB, w *cataloguetest.World, org string, sequence int64) (number, identifier, from string) {
	t.Helper()
	i := catalogue.SampleIssuance()
	i.Sequence = sequence
	var k *catalogue.Kind
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		if k, err = w.Catalogue.KindTx(tx, "approval"); err == nil {
			i.Rule, err = w.Catalogue.NumberRuleTx(tx, k, org)
		}
		return err
	}))
	d, err := k.Draft(content(t, k), i)
	must(t, err)
	return d.Number, d.Identifier.String(), k.SequenceName(i)
}

// A unit numbers an inherited kind in its own way once the unit above agrees; nothing
// else changes, and nobody else's numbers do.
func TestAUnitNumbersAnInheritedKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cataloguetest.NewWorld(t, d, "approval")
		s := w.Catalogue
		n := ask(t, w, w.Designer, iamtest.Market, "青市监〔{year}〕{seq:4}号", "year")
		if n.State != catalogue.NumberingSubmitted || n.Manager != iamtest.Root || n.Sample != "青市监〔2026〕0001号" || !n.May.Withdraw || n.May.Agree || n.Holds {
			t.Fatalf("asked: %+v", n)
		}
		if got, _, _ := numbered(t, w, iamtest.Market, 7); got != "青审许准〔2026〕7号" {
			t.Fatalf("before anybody agreed: %s", got)
		}
		_, err := s.ProposeNumbering(w.Designer, catalogue.NumberingProposal{Kind: "approval", Org: iamtest.Market, Pattern: "又{seq:4}", Reason: "再提"})
		wantCode(t, err, "catalogue.rule-open")
		_, err = s.AgreeNumbering(w.Manager, n.ID, " ")
		wantCode(t, err, "reason.required")
		n, err = s.AgreeNumbering(w.Manager, n.ID, "同意")
		if err != nil || n.State != catalogue.NumberingAgreed || !n.Holds {
			t.Fatalf("%+v, %v", n, err)
		}
		_, err = s.AgreeNumbering(w.Manager, n.ID, "再同意")
		wantCode(t, err, "catalogue.rule-state")
		number, identifier, sequence := numbered(t, w, iamtest.Market, 7)
		if number != "青市监〔2026〕0007号" || sequence != "catalogue/approval/of/market/2026" {
			t.Fatalf("%s of %s", number, sequence)
		}
		theirs, other, from := numbered(t, w, iamtest.Land, 7)
		if theirs != "青审许准〔2026〕7号" || from != "catalogue/approval/2026" || other == identifier {
			t.Fatalf("another unit's: %s of %s, %s", theirs, from, other)
		}
		n = ask(t, w, w.Designer, iamtest.Market, "")
		_, err = s.AgreeNumbering(w.Manager, n.ID, "恢复")
		must(t, err)
		if got, _, _ := numbered(t, w, iamtest.Market, 8); got != "青审许准〔2026〕8号" {
			t.Fatalf("ended: %s", got)
		}
		list, err := s.Numberings(w.Manager, "approval")
		if err != nil || len(list) != 2 || list[0].Version != 2 || list[0].Holds || list[1].Holds {
			t.Fatalf("%+v, %v", list, err)
		}
		if h, err := s.History(t.Context(), "approval"); err != nil || len(h) != 1 {
			t.Fatalf("the kind changed: %+v, %v", h, err)
		}
	})
}

// What two certificates could get for a number is refused, and what is no rule.
func TestNumbersOfUnitsStayApart(t *testing.T) {
	t.Parallel()
	w := cataloguetest.NewWorld(t, dbtest.New(t, "sqlite"), "approval", "business_license", "food_operation")
	s := w.Catalogue
	n := ask(t, w, w.Designer, iamtest.Market, "甲{year}{seq:4}", "year")
	_, err := s.AgreeNumbering(w.Manager, n.ID, "同意")
	must(t, err)
	for _, tc := range []struct {
		name, kind, org, pattern string
		scope                    []string
		code                     string
	}{
		{"no sequence", "approval", iamtest.Market, "甲{year}", nil, "sequence"},
		{"an unknown token", "approval", iamtest.Market, "{moon}{seq:4}", nil, "token"},
		{"a table for a number", "approval", iamtest.Market, "{xknrr}{seq:4}", nil, "token"},
		{"a year that is not printed", "approval", iamtest.Market, "甲{seq:4}", []string{"year"}, "unprinted"},
		{"a region that is not printed", "approval", iamtest.Market, "甲{city}{seq:4}", []string{"region"}, "unprinted"},
		{"a scope twice", "approval", iamtest.Market, "甲{year}{seq:4}", []string{"year", "year"}, "twice"},
		{"an unknown scope", "approval", iamtest.Market, "甲{year}{seq:4}", []string{"moon"}, "value"},
		{"a hidden character", "approval", iamtest.Market, "甲\u202e{seq:4}", nil, "length"},
		{"too long", "approval", iamtest.Market, strings.Repeat("甲", 120) + "{seq:4}", nil, "length"},
		{"the kind's own", "approval", iamtest.Market, "青审许准〔{year}〕{seq:1}号", []string{"year"}, "catalogue.rule"},
		{"what holds already", "approval", iamtest.Market, "甲{year}{seq:4}", []string{"year"}, "catalogue.rule"},
		{"the same, counted otherwise", "approval", iamtest.Market, "甲{year}{seq:4}", nil, "catalogue.rule"},
		{"another unit's", "approval", iamtest.Land, "甲{year}{seq:4}", []string{"year"}, "catalogue.rule"},
		{"none to end", "approval", iamtest.Land, "", nil, "catalogue.rule"},
		{"a number that fails the kind's check", "food_operation", iamtest.Market, "JY{seq:14}", nil, "catalogue.number"},
		{"the holder's code", "business_license", iamtest.Market, "甲{seq:4}", nil, "catalogue.rule-holder"},
		{"of no kind", "nothing", iamtest.Market, "甲{seq:4}", nil, "catalogue.kind"},
		{"of the unit on top", "approval", iamtest.Root, "甲{seq:4}", nil, "auth.org"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			who := w.Designer
			if tc.org == iamtest.Land {
				who = w.Land
			}
			_, err := s.ProposeNumbering(who, catalogue.NumberingProposal{Kind: tc.kind, Org: tc.org, Pattern: tc.pattern, Scope: tc.scope, Reason: "试"})
			wantCode(t, err, tc.code)
		})
	}
}

// Who may not: a clerk, another unit's designer, the unit itself for the manager; and
// of many who decide at once, one does.
func TestWhoMayNotNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cataloguetest.NewWorld(t, d, "approval")
		s := w.Catalogue
		_, err := s.ProposeNumbering(w.Clerk, catalogue.NumberingProposal{Kind: "approval", Org: iamtest.Market, Pattern: "甲{seq:4}", Reason: "试"})
		wantCode(t, err, "auth.permission")
		_, err = s.ProposeNumbering(w.Land, catalogue.NumberingProposal{Kind: "approval", Org: iamtest.Market, Pattern: "甲{seq:4}", Reason: "试"})
		wantCode(t, err, "auth.org")
		n := ask(t, w, w.Designer, iamtest.Market, "甲{seq:4}")
		for name, who := range map[string]context.Context{"a clerk": w.Clerk, "a designer elsewhere": w.Land, "the unit's own": w.Own, "who asked": w.Designer} {
			if _, err := s.AgreeNumbering(who, n.ID, "同意"); err == nil {
				t.Errorf("%s agreed", name)
			}
		}
		if _, err := s.Numbering(w.Land, n.ID); err == nil {
			t.Error("another unit reads it")
		}
		if list, err := s.Numberings(w.Land, "approval"); err != nil || len(list) != 0 {
			t.Errorf("another unit's list: %+v, %v", list, err)
		}
		_, err = s.WithdrawNumbering(w.Land, n.ID, "撤")
		wantCode(t, err, "auth.org")
		_, err = s.Numbering(w.Manager, "nothing")
		wantCode(t, err, "catalogue.numbering")

		var wg sync.WaitGroup
		got := make([]error, 6)
		for i := range got {
			wg.Go(func() {
				if i%2 == 0 {
					_, got[i] = s.AgreeNumbering(w.Manager, n.ID, "同意")
				} else {
					_, got[i] = s.ReturnNumbering(w.Manager, n.ID, "退回")
				}
			})
		}
		wg.Wait()
		done := slices.DeleteFunc(got, func(err error) bool { return err != nil })
		if len(done) != 1 {
			t.Errorf("%d decided", len(done))
		}
	})
}
