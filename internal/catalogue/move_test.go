package catalogue_test

import (
	"context"
	"strings"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/cataloguetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
)

const national = "11100000MB0143028R002"

func published(since, code string) catalogue.Standard {
	return catalogue.Standard{Title: "准予行政许可决定书", Code: code, Standard: "C0999-2026", Since: since, Reason: "公告"}
}

// When the country publishes a standard, each unit that has to do with the kind is
// told once; the kind moves to the new code as a version whose difference says what
// changes, and the old code still leads to it (GEN-10).
func TestAKindMovesToItsStandard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cataloguetest.NewWorld(t, d, "approval", "marriage")
		s := w.Catalogue
		s.Issuers = func(context.Context, string) ([]string, error) { return []string{iamtest.Market, iamtest.Land}, nil }
		old := "11999999000000000Q006"
		_, err := s.MoveToStandard(w.Designer, catalogue.Move{Name: "approval", Org: iamtest.Market, Reason: "换标准"})
		wantCode(t, err, "catalogue.no-standard")
		_, err = s.RegisterStandard(w.Manager, published("2026-01-05", national))
		must(t, err)
		for who, want := range map[string]int{"designer": 1, "landdesigner": 1, "clerk": 0, "rootmanager": 0} {
			if got := told(t, w, who); got != want {
				t.Errorf("%s was told %d times, want %d", who, got, want)
			}
		}
		_, err = s.RegisterStandard(w.Manager, published("2020-01-05", national)) // made good: older
		must(t, err)
		if got := told(t, w, "designer"); got != 1 {
			t.Errorf("told of what is older: %d", got)
		}
		_, err = s.MoveToStandard(w.Clerk, catalogue.Move{Name: "approval", Org: iamtest.Market, Reason: "换标准"})
		wantCode(t, err, "auth.permission")
		_, err = s.MoveToStandard(w.Land, catalogue.Move{Name: "approval", Org: iamtest.Market, Reason: "换标准"})
		wantCode(t, err, "auth.org")
		e, err := s.MoveToStandard(w.Designer, catalogue.Move{Name: "approval", Org: iamtest.Market, Reason: "换标准"})
		must(t, err)
		list, err := s.Diff(w.Manager, e.ID)
		must(t, err)
		var changed []string
		for _, c := range list {
			changed = append(changed, c.Where)
		}
		if got := strings.Join(changed, " "); got != "证照类型代码 代码来源 所依据的标准" {
			t.Errorf("changes: %s", got)
		}
		files, _, err := s.DraftFiles(w.Designer, e.ID)
		if err != nil || !strings.HasPrefix(string(files["kind.yaml"]), "# 行政许可批文") {
			t.Errorf("the comments are gone: %.60s, %v", files["kind.yaml"], err)
		}
		e = submit(t, w, e, "")
		e, err = s.Agree(w.Manager, e.ID, e.Version, "同意")
		must(t, err)
		_, err = s.Agree(w.Designer, e.ID, e.Version, "符合")
		must(t, err)
		for _, ref := range []string{old, national, "approval"} {
			k, err := s.Get(w.Clerk, ref)
			if err != nil || k.Version != 2 || k.Code.String() != national || k.Origin != catalogue.National {
				t.Fatalf("%s leads to %+v, %v", ref, k, err)
			}
		}
		_, err = s.MoveToStandard(w.Designer, catalogue.Move{Name: "approval", Org: iamtest.Market, Reason: "再换"})
		wantCode(t, err, "catalogue.current")
	})
}

// told counts what somebody was told of standards.
func told(t testing.TB, w *cataloguetest.World, who string) (n int) {
	t.Helper()
	p, err := w.Notice.Inbox(w.Ctx(t, who), 50, "")
	must(t, err)
	for _, x := range p.Items {
		if x.Topic == "catalogue.standard" {
			n++
		}
	}
	return n
}
