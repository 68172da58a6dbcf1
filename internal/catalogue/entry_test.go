package catalogue_test

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/catalogue/cataloguetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		if f := fault.As(err); f != nil {
			t.Fatalf("%v %s %+v", err, f.Code, f.Fields)
		}
		t.Fatal(err)
	}
}

// wantCode wants a refusal with a code, of the refusal or of one of its fields, that
// says in Chinese what to do.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil {
		t.Fatalf("got %v, want a refusal with code %s", err, code)
	}
	found := e.Code == code
	for _, f := range e.Fields {
		found = found || f.Code == code || f.Name+" "+f.Code == code
	}
	if !found || !strings.ContainsFunc(e.Msg, func(r rune) bool { return r >= 0x4e00 }) || e.Hint == "" && len(e.Fields) == 0 {
		t.Fatalf("got %v (%s %+v, %q), want a refusal with code %s", err, e.Code, e.Fields, e.Hint, code)
	}
}

func propose(t testing.TB, w *cataloguetest.World, p catalogue.Proposal) *catalogue.Entry {
	t.Helper()
	if p.Org == "" {
		p.Org = iamtest.Market
	}
	p.Reason = "市场主体登记需要"
	e, err := w.Catalogue.Propose(w.Designer, p)
	must(t, err)
	return e
}

func submit(t testing.TB, w *cataloguetest.World, e *catalogue.Entry, starts string) *catalogue.Entry {
	t.Helper()
	e, err := w.Catalogue.Submit(w.Designer, e.ID, e.Version, starts, "编制完毕")
	must(t, err)
	return e
}

// From a draft to a version that two units agreed on; then a change of it.
func TestTwoUnitsAgreeOnAKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
		d.Now = func() time.Time { return now }
		w := cataloguetest.NewWorld(t, d, "approval")
		s := w.Catalogue
		e := propose(t, w, catalogue.Proposal{Name: "other", Files: cataloguetest.Other(t, "other")})
		if e.State != catalogue.EntryDraft || e.Manager != iamtest.Root || !e.May.Edit || !e.May.Submit || len(e.Parts) != 6 || !e.Parts[2].Complete {
			t.Fatalf("proposed: %+v", e)
		}
		_, err := s.Propose(w.Designer, catalogue.Proposal{Org: iamtest.Market, Name: "other", Reason: "再来"})
		wantCode(t, err, "catalogue.open")
		e = submit(t, w, e, "2026-03-05")
		_, err = s.SaveDraft(w.Designer, e.ID, e.Version, cataloguetest.Other(t, "other"))
		wantCode(t, err, "catalogue.entry-state")
		_, err = s.SendBack(w.Manager, e.ID, e.Version, "")
		wantCode(t, err, "reason.required")
		e, err = s.SendBack(w.Manager, e.ID, e.Version, "照面项还缺经营方式")
		must(t, err)
		e = submit(t, w, e, "2026-03-05")
		if e, err = s.Agree(w.Designer, e.ID, e.Version, "符合"); err != nil || !e.ByIssuer || e.ByManager || e.May.Agree {
			t.Fatalf("one side: %+v, %v", e, err)
		}
		_, err = s.Agree(w.Designer, e.ID, e.Version, "再同意一次")
		wantCode(t, err, "catalogue.agreed")
		if e, err = s.Agree(w.Manager, e.ID, e.Version, "同意"); err != nil || e.State != catalogue.EntryPublished || e.Published != 1 {
			t.Fatalf("both sides: %+v, %v", e, err)
		}
		if _, err = s.Get(w.Clerk, "other"); fault.As(err) == nil {
			t.Fatal("in force before its day")
		}
		now = now.AddDate(0, 0, 3)
		k, err := s.Get(w.Clerk, "other")
		must(t, err)
		h, err := s.History(w.Clerk, k.Name)
		if err != nil || h[0].Org != iamtest.Market || h[0].Entry != e.ID || h[0].Starts != "2026-03-05" {
			t.Fatalf("%+v %v", h, err)
		}
		var actions []string
		for _, st := range e.Steps {
			actions = append(actions, st.Action)
		}
		if got := strings.Join(actions, " "); got != "propose submit return submit agree.issuer agree.manager publish" {
			t.Errorf("steps: %s", got)
		}
		changeOther(t, w)
	})
}

// changeOther changes the kind that was agreed on: whose it is counts.
func changeOther(t *testing.T, w *cataloguetest.World) {
	s := w.Catalogue
	_, err := s.Propose(w.Land, catalogue.Proposal{Org: iamtest.Land, Name: "other", Reason: "本局也要"})
	wantCode(t, err, "catalogue.inherited")
	e := propose(t, w, catalogue.Proposal{Name: "other"})
	files, version, err := s.DraftFiles(w.Designer, e.ID)
	must(t, err)
	files = maps.Clone(files)
	files["kind.yaml"] = []byte(strings.Replace(string(files["kind.yaml"]), "label: 经营场所, type: text, required: true, max: 120", "label: 经营地点, type: text, required: true, max: 100", 1))
	s.Used = func(context.Context, string) (int64, error) { return 7, nil }
	e, err = s.SaveDraft(w.Designer, e.ID, version, files)
	if err != nil || e.Used != 7 || e.Base != 1 {
		t.Fatalf("%+v, %v", e, err)
	}
	list, err := s.Diff(w.Manager, e.ID)
	if err != nil || len(list) != 1 || list[0].Where != "数据项 经营场所" || list[0].Before != "名称：经营场所；最长：120" || list[0].After != "名称：经营地点；最长：100" {
		t.Fatalf("diff: %+v, %v", list, err)
	}
	e = submit(t, w, e, "")
	_, err = s.Agree(w.Manager, e.ID, e.Version, "同意")
	must(t, err)
	e, err = s.Agree(w.Designer, e.ID, e.Version, "符合")
	if err != nil || e.Published != 2 {
		t.Fatalf("%+v, %v", e, err)
	}
	if k, err := s.Get(w.Clerk, "other"); err != nil || k.Version != 2 {
		t.Fatalf("%+v, %v", k, err)
	}
}

func TestWhoMayNotAgree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cataloguetest.NewWorld(t, d, "approval")
		s := w.Catalogue
		w.People["second"] = w.Hire(t, "second", "designer", iamtest.Root)
		w.People["landmanager"] = w.Hire(t, "landmanager", "manager", iamtest.Land)
		e := submit(t, w, propose(t, w, catalogue.Proposal{Name: "other", Files: cataloguetest.Other(t, "other")}), "")
		for _, c := range []struct {
			name, code string
			who        context.Context
		}{
			{"of the issuing unit, alone", "catalogue.own-unit", w.Own},
			{"a designer of all, of another unit", "catalogue.side", w.Ctx(t, "second")},
			{"a manager of another unit", "auth.org", w.Ctx(t, "landmanager")},
			{"a clerk", "catalogue.own-unit", w.Clerk},
			{"a program", "catalogue.person", w.AppCtx(t)},
		} {
			_, err := s.Agree(c.who, e.ID, e.Version, "同意")
			if f := fault.As(err); f == nil || f.Code != c.code {
				t.Errorf("%s: %v, want %s", c.name, err, c.code)
			}
			_, err = s.SendBack(c.who, e.ID, e.Version, "退回")
			if f := fault.As(err); f == nil || f.Kind != fault.Forbidden {
				t.Errorf("%s sends back: %v", c.name, err)
			}
		}
		_, err := s.Agree(w.Manager, e.ID, e.Version-1, "没看过这一版")
		wantCode(t, err, "catalogue.moved")
		_, err = s.Submit(w.Manager, e.ID, e.Version, "", "代为提交")
		wantCode(t, err, "auth.permission")
		_, err = s.Entry(w.Ctx(t, "landmanager"), e.ID)
		wantCode(t, err, "auth.org")
		_, err = s.Entry(w.Manager, "nothing")
		wantCode(t, err, "catalogue.entry")
		if n := refusals(t, d, "catalogue.agree"); n < 5 {
			t.Errorf("%d refusals on record", n)
		}
		if p, err := s.Entries(w.Ctx(t, "landmanager"), catalogue.EntryQuery{}); err != nil || len(p.Items) != 0 {
			t.Errorf("another unit's list: %+v, %v", p, err)
		}
		if p, err := s.Entries(w.Manager, catalogue.EntryQuery{State: catalogue.EntrySubmitted}); err != nil || len(p.Items) != 1 || p.Items[0].ID != e.ID {
			t.Errorf("the manager's list: %+v, %v", p, err)
		}
		if e, err = s.Withdraw(w.Designer, e.ID, e.Version, "另行编制"); err != nil || e.State != catalogue.EntryWithdrawn {
			t.Fatalf("%+v, %v", e, err)
		}
	})
}

// refusals counts the audit rows of refusals of an action.
func refusals(t testing.TB, d *db.DB, action string) (n int) {
	t.Helper()
	must(t, d.Read(context.Background(), func(tx *db.Tx) error {
		list, _, err := audit.List(tx, audit.Query{Action: action, Result: audit.Refused})
		n = len(list)
		return err
	}))
	return n
}

func TestWhatMayNotBecomeAnEntry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cataloguetest.NewWorld(t, d, "food_operation")
		s := w.Catalogue
		other := func(pairs ...string) map[string][]byte {
			pairs = append([]string{"name: 食品经营许可证", "name: 样例证", "11999999000000000Q001", "11999999000000000Q102"}, pairs...)
			return cataloguetest.Folder(t, "food_operation", "fresh", pairs...)
		}
		with := func(name string, data []byte) map[string][]byte {
			files := other()
			files[name] = data
			return files
		}
		many := other()
		for _, n := range strings.Split("abcdefg", "") {
			many[n+".png"] = []byte("x")
		}
		for _, c := range []struct {
			name, code string
			files      map[string][]byte
		}{
			{"a state secret", "secret", other("sharing: 无条件共享", "state_secret: true\nsharing: 无条件共享")},
			{"a marked text", "secret", other("hint: 一般填 12315", "hint: 机密★10年")},
			{"a path that climbs", "file.unknown", with("../kind.yaml", nil)},
			{"a path", "file.unknown", with("a/kind.png", nil)},
			{"a program", "file.unknown", with("run.sh", nil)},
			{"a name of control characters", "file.unknown", with("a\x00.png", nil)},
			{"a large file", "file.size", with("golden.txt", make([]byte, 257<<10))},
			{"too much", "file.size", with("a.png", make([]byte, 513<<10))},
			{"too many pictures", "file.count", many},
			{"no text", "file.encoding", with("example.json", []byte{0xff, 0xfe})},
		} {
			if _, err := s.Propose(w.Designer, catalogue.Proposal{Org: iamtest.Market, Name: "fresh", Files: c.files, Reason: "试"}); true {
				wantCode(t, err, c.code)
			}
		}
		_, err := s.Propose(w.Designer, catalogue.Proposal{Org: iamtest.Market, Name: "../fresh", Reason: "试"})
		wantCode(t, err, "name.charset")
		_, err = s.Propose(w.Designer, catalogue.Proposal{Org: iamtest.Land, Name: "fresh", Reason: "试"})
		wantCode(t, err, "auth.org")
		_, err = s.Propose(w.Clerk, catalogue.Proposal{Org: iamtest.Market, Name: "fresh", Reason: "试"})
		wantCode(t, err, "auth.permission")

		e := propose(t, w, catalogue.Proposal{Name: "fresh"})
		empty := e
		for _, p := range e.Parts {
			if p.Complete {
				t.Errorf("an empty folder is complete: %+v", p)
			}
		}
		for _, c := range []struct {
			name, code string
			files      map[string][]byte
		}{
			{"no seal", "seals missing", other("  - { role: issuer, kind: legal-name, page: 0, at: [212, 139, 42, 42] }\n", "")},
			{"no seal of the issuer", "seals issuer", other("role: issuer,", "role: 监制,")},
			{"no level of issuers", "issuer_levels missing", other("issuer_levels: [地市级, 区县级]\n", "")},
			{"conditions without a basis", "sharing_basis missing", other("sharing: 无条件共享", "sharing: 有条件共享")},
			{"a basis without conditions", "sharing_basis conflict", other("sharing: 无条件共享", "sharing: 无条件共享\nsharing_basis: 某法")},
			{"a text that does not fit", "example.json fields.jyxm overflow", other(`"预包装食品`, `"`+strings.Repeat("预包装食品，", 80))},
			{"a name that is taken", "catalogue.duplicate", other("name: 样例证", "name: 食品经营许可证")},
			{"a code that is taken", "catalogue.duplicate", other("11999999000000000Q102", "11999999000000000Q001")},
			{"a picture that is none", "image", func() map[string][]byte {
				files := other("      - { text: 食品经营许可证,", "      - { image: bg.png, at: [10, 10, 20, 20] }\n      - { text: 食品经营许可证,")
				files["bg.png"] = []byte("no picture")
				return files
			}()},
		} {
			t.Log(c.name)
			e, err := s.SaveDraft(w.Designer, empty.ID, empty.Version, c.files)
			must(t, err)
			empty = e
			_, err = s.Submit(w.Designer, e.ID, e.Version, "", "提交")
			wantCode(t, err, c.code)
		}
		_, err = s.SaveDraft(w.Designer, empty.ID, empty.Version, other())
		must(t, err)
		_, err = s.Submit(w.Designer, empty.ID, empty.Version+1, "2020-01-01", "提交")
		wantCode(t, err, "catalogue.starts")
	})
}

// Two designers have one draft open: who saves last is told.
func TestTwoDesignersOneDraft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cataloguetest.NewWorld(t, d, "approval")
		w.People["mate"] = w.Hire(t, "mate", "designer", iamtest.Market)
		e := propose(t, w, catalogue.Proposal{Name: "other"})
		_, err := w.Catalogue.SaveDraft(w.Ctx(t, "mate"), e.ID, e.Version, cataloguetest.Other(t, "other"))
		must(t, err)
		_, err = w.Catalogue.SaveDraft(w.Designer, e.ID, e.Version, nil)
		wantCode(t, err, "catalogue.moved")
		files, _, err := w.Catalogue.DraftFiles(w.Designer, e.ID)
		if err != nil || len(files) != 3 {
			t.Fatalf("%d files, %v", len(files), err)
		}
	})
}

// Twenty agree at once: the version is published once.
func TestAgreeingAtOncePublishesOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cataloguetest.NewWorld(t, d, "approval")
		e := submit(t, w, propose(t, w, catalogue.Proposal{Name: "other", Files: cataloguetest.Other(t, "other")}), "")
		var group sync.WaitGroup
		won := make(chan bool, 20)
		for i := range 20 {
			who := []context.Context{w.Designer, w.Manager}[i%2]
			group.Go(func() {
				_, err := w.Catalogue.Agree(who, e.ID, e.Version, "同意")
				if f := fault.As(err); err != nil && (f == nil || f.Kind != fault.Conflict) {
					t.Errorf("%v", err)
				}
				won <- err == nil
			})
		}
		group.Wait()
		close(won)
		n := 0
		for ok := range won {
			if ok {
				n++
			}
		}
		h, err := w.Catalogue.History(w.Clerk, "other")
		if err != nil || len(h) != 1 || n != 2 {
			t.Fatalf("%d agreed, %d versions, %v", n, len(h), err)
		}
	})
}

// The operator's import goes on, is recorded as such, and an entry that it overtook
// is not published over it.
func TestImportOvertakesAnEntry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cataloguetest.NewWorld(t, d, "food_operation")
		e := propose(t, w, catalogue.Proposal{Name: "food_operation"})
		if e.Base != 1 || e.Manager != iamtest.Root {
			t.Fatalf("%+v", e)
		}
		e = submit(t, w, e, "")
		_, err := w.Catalogue.Import(t.Context(), change(t, folder(t, "food_operation"), "food_operation/kind.yaml", "max: 60", "max: 50"))
		must(t, err)
		e, err = w.Catalogue.Agree(w.Designer, e.ID, e.Version, "符合")
		must(t, err)
		_, err = w.Catalogue.Agree(w.Manager, e.ID, e.Version, "同意")
		wantCode(t, err, "catalogue.outdated")
		h, err := w.Catalogue.History(w.Clerk, "food_operation")
		if err != nil || len(h) != 2 || h[0].Entry != "" || h[0].Org != "" {
			t.Fatalf("%+v %v", h, err)
		}
	})
}
