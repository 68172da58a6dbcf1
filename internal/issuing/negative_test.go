package issuing_test

import (
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/seal/sealtest"
)

// Characters that no font has and texts that do not fit are told to who collects;
// rare ones that a font has are printed.
func TestFace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		s := w.Issuing
		x := w.Draft(t)
		for _, c := range []struct{ name, field, text, refusal, code string }{
			{"rare", "dizhi", "青禾县䶮㛃街1号", "", ""},
			{"as long as it may be", "dizhi", strings.Repeat("长", 100), "", ""},
			{"in no font", "dizhi", "青禾县𰻝街1号", "issuing.face", "glyph"},
			{"no character yet", "dizhi", "青禾县\U0003FFFD街", "issuing.face", "glyph"},
			{"of somebody's own", "dizhi", "青禾县\uE000街", "issuing.incomplete", "control"},
			{"too long", "dizhi", strings.Repeat("长", 400), "issuing.incomplete", "length"},
		} {
			content := issuingtest.Content(t, issuingtest.Kind)
			content.Fields[c.field] = raw(t, c.text)
			var err error
			x, err = s.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: content})
			must(t, err)
			got, err := s.Submit(w.Collector, issuingtest.Decide(x))
			if c.refusal != "" {
				if err == nil {
					t.Fatalf("%s: handed on", c.name)
				}
				wantCode(t, err, c.refusal)
				wantField(t, err, "fields."+c.field, c.code)
				continue
			}
			must(t, err)
			if x, err = s.Return(w.Reviewer, reasoned(got, "再改")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Who collected a draft does not review or seal it after they were given another
// role, nor when the first was taken from them.
func TestChangedRole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		s := w.Issuing
		collector := w.Hire(t, "changing", "clerk", sealtest.Market)
		x, err := s.Create(collector, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: issuingtest.Content(t, issuingtest.Kind)})
		must(t, err)
		x, err = s.Submit(collector, issuingtest.Decide(x))
		must(t, err)
		reviewer := w.Grant(t, collector, "reviewer", sealtest.Market)
		_, err = s.Pass(reviewer, issuingtest.Decide(x))
		wantCode(t, err, "issuing.own")
		_, err = s.Return(reviewer, reasoned(x, "退回"))
		wantCode(t, err, "issuing.own")
		x, err = s.Pass(w.Reviewer, issuingtest.Decide(x))
		must(t, err)
		_, err = s.Issue(w.Grant(t, reviewer, "issuer", sealtest.Market), issuingtest.Decide(x))
		wantCode(t, err, "issuing.own")
		wantKind(t, second(s.Save(collector, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: *x.Content})), fault.Conflict)
	})
}
