package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/archive"
	"sidian/internal/archive/pack"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/ofd/sign"
	"sidian/ses/sestest"
)

// batch seals n documents of Market at once, under a standing policy.
func (w *world) batch(t testing.TB, n int) *sealing.Batch {
	t.Helper()
	w.Standing(t, sealtest.Market, "", "公文", 0)
	b, err := w.Sealing.CreateBatch(w.Asker, sealing.BatchAsk{
		Title: "通知", Purpose: "公文", Reason: "对外发布", Seal: w.Seals[sealtest.Market].ID, Places: []sealing.Place{{Page: 1, X: 20, Y: 200}},
	})
	must(t, err)
	var data bytes.Buffer
	z := zip.NewWriter(&data)
	for i := range n {
		f, err := z.Create(fmt.Sprintf("第%03d份.ofd", i+1))
		must(t, err)
		_, err = f.Write(sealingtest.Document(t, fmt.Sprintf("通知 %d", i+1), 1))
		must(t, err)
	}
	must(t, z.Close())
	_, err = w.Sealing.Add(w.Asker, b.ID, "通知.zip", bytes.NewReader(data.Bytes()), int64(data.Len()))
	must(t, err)
	_, err = w.Sealing.Act(w.Asker, b.ID, "start")
	must(t, err)
	for b.State != sealing.Finished {
		_, err := w.Sealing.Work(t.Context())
		must(t, err)
		if b, err = w.Sealing.Batch(w.Asker, b.ID); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// all are the items there are, in a state or in any.
func (w *world) all(t testing.TB, state string) (out []*archive.Item) {
	t.Helper()
	for q := (archive.Query{State: state, Limit: 100}); ; {
		p, err := w.archive.List(w.archivist, q)
		must(t, err)
		out = append(out, p.Items...)
		if q.Cursor = p.Next; q.Cursor == "" {
			return out
		}
	}
}

// wantCounted wants that the counters say what the rows say.
func (w *world) wantCounted(t testing.TB) {
	t.Helper()
	rates, err := w.archive.Rates(w.archivist)
	must(t, err)
	want := map[string]int64{}
	for _, it := range w.all(t, "") {
		want[it.State]++
	}
	if !maps.Equal(rates.Total.By, want) {
		t.Errorf("counted %v, there are %v", rates.Total.By, want)
	}
}

// distrust makes packages fail: their signer leads to no root that is trusted.
func (w *world) distrust(t testing.TB) {
	other := gm.NewPool(sestest.New(t).Root)
	w.archive.Trust = func(context.Context) (sign.Options, error) {
		return sign.Options{Anchors: other, Now: w.DB.Now()}, nil
	}
}

// actions are everything that is done to an item.
func (w *world) actions() map[string]func(id string) (*archive.Item, error) {
	a, ctx := w.archive, w.archivist
	return map[string]func(id string) (*archive.Item, error){
		"file":    func(id string) (*archive.Item, error) { return a.File(ctx, id, w.filing()) },
		"pack":    func(id string) (*archive.Item, error) { return a.Pack(ctx, id) },
		"hand":    func(id string) (*archive.Item, error) { return a.HandOver(ctx, id, "收1号") },
		"return":  func(id string) (*archive.Item, error) { return a.Return(ctx, id, "缺页") },
		"exclude": func(id string) (*archive.Item, error) { return a.Exclude(ctx, id, "重复件") },
		"include": func(id string) (*archive.Item, error) { return a.Include(ctx, id, "不重复") },
	}
}

// Every state by every action: what is in the table leads where it says, the
// rest is refused and changes nothing. The counters follow.
func TestEveryMove(t *testing.T) {
	t.Parallel()
	// How an item comes into a state, and where each action leads from there.
	states := map[string]struct {
		by   []string
		want map[string]string
	}{
		archive.Waiting:  {nil, map[string]string{"file": archive.Ready, "exclude": archive.Excluded}},
		archive.Ready:    {[]string{"file"}, map[string]string{"file": archive.Ready, "pack": archive.Packed, "exclude": archive.Excluded}},
		archive.Failed:   {[]string{"file", "fail"}, map[string]string{"file": archive.Ready, "pack": archive.Packed, "exclude": archive.Excluded}},
		archive.Packed:   {[]string{"file", "pack"}, map[string]string{"hand": archive.Handed, "return": archive.Waiting}},
		archive.Handed:   {[]string{"file", "pack", "hand"}, nil},
		archive.Excluded: {[]string{"exclude"}, map[string]string{"include": archive.Waiting}},
	}
	if got := slices.Sorted(maps.Keys(states)); !slices.Equal(got, slices.Sorted(slices.Values(archive.States()))) {
		t.Fatalf("states %v", got)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.unit(t)
		w.batch(t, len(states)*len(w.actions()))
		w.drain(t)
		fresh := w.all(t, archive.Waiting)
		trust := w.archive.Trust
		do := w.actions()
		do["fail"] = func(id string) (*archive.Item, error) {
			w.distrust(t)
			defer func() { w.archive.Trust = trust }()
			return w.archive.Pack(w.archivist, id)
		}
		for state, s := range states {
			for name := range w.actions() {
				it := fresh[0]
				fresh = fresh[1:]
				var err error
				for _, way := range s.by {
					it, err = do[way](it.ID)
					must(t, err)
				}
				if it.State != state {
					t.Fatalf("%v leads to %s, want %s", s.by, it.State, state)
				}
				after, err := do[name](it.ID)
				if to := s.want[name]; to != "" {
					if err != nil || after.State != to {
						t.Errorf("%s from %s: %v %v, want %s", name, state, after, err, to)
					}
					continue
				}
				wantCode(t, err, fault.Conflict, "archive.state")
				if after, err = w.archive.Get(w.archivist, it.ID); err != nil || after.State != state || len(after.Acts) != len(it.Acts) && state != archive.Waiting {
					t.Errorf("%s from %s was refused and left %v, %v", name, state, after, err)
				}
			}
		}
		w.wantCounted(t)
	})
}

// A check that fails keeps the package out of the archives and says why; with
// what was wrong put right it is packed under the same code.
func TestFailed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		it := w.filed(t)
		trust := w.archive.Trust
		w.distrust(t)
		it, err := w.archive.Pack(w.archivist, it.ID)
		must(t, err)
		last := it.Acts[len(it.Acts)-1]
		if it.State != archive.Failed || it.Result != string(pack.Fail) || it.Left == nil || last.Act != "fail" || !strings.Contains(last.Reason, "1-1-4") {
			t.Fatalf("packed without trust as %+v", it)
		}
		_, err = w.archive.HandOver(w.archivist, it.ID, "收1号")
		wantCode(t, err, fault.Conflict, "archive.state")
		w.wantCounted(t)
		w.archive.Trust = trust
		code := it.Code
		it, err = w.archive.Pack(w.archivist, it.ID)
		must(t, err)
		if it.State != archive.Packed || it.Code != code || it.Left != nil {
			t.Errorf("packed again as %+v", it)
		}
		w.wantCounted(t)
	})
}

// A document that somebody signed before it was sealed is filed like any other.
func TestSignedBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.unit(t)
		first := w.sealed(t)
		sealed, _, err := w.Sealing.File(w.Asker, first.ID)
		must(t, err)
		ask := sealingtest.Request(t, 1, w.Step(sealtest.Market, 0, 80, 200))
		ask.Title, ask.Data = "再次盖章", sealed
		r, err := w.Sealing.Ask(w.Asker, ask)
		must(t, err)
		w.Approve(t, r, 0)
		w.drain(t)
		for _, it := range w.all(t, "") {
			_, err := w.archive.File(w.archivist, it.ID, w.filing())
			must(t, err)
			it, err = w.archive.Pack(w.archivist, it.ID)
			must(t, err)
			if it.State != archive.Packed {
				t.Errorf("%s: %+v", it.Title, it.Acts)
			}
		}
	})
}

// A package that was changed in the store is not given away, and those who file
// are told.
func TestChangedPackage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		w := newWorldIn(t, d, dir)
		files := func() []string {
			all, err := filepath.Glob(filepath.Join(dir, "sealing-documents", "*", "*"))
			must(t, err)
			return all
		}
		it := w.filed(t)
		before := files()
		_, err := w.archive.Pack(w.archivist, it.ID)
		must(t, err)
		changed := 0
		for _, path := range files() {
			b, err := os.ReadFile(path)
			if err != nil || slices.Contains(before, path) || len(b) < 100 {
				continue
			}
			b[len(b)-20] ^= 1
			must(t, os.WriteFile(path, b, 0o600))
			changed++
		}
		data, _, err := w.archive.Package(w.archivist, it.ID)
		wantCode(t, err, fault.Conflict, "archive.changed")
		if changed != 1 || data != nil {
			t.Errorf("%d files changed, %d bytes given", changed, len(data))
		}
		told, err := w.Notice.Inbox(w.archivist, 20, "")
		must(t, err)
		if len(told.Items) == 0 || told.Items[0].Topic != "archive.changed" {
			t.Errorf("told: %+v", told.Items)
		}
	})
}

// A batch of more documents than one event brings in: each has a row, of its
// own, and all are filed at once.
func TestBatch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const n = 150
		w := newWorld(t, d)
		b := w.batch(t, n)
		w.drain(t)
		if got := len(w.all(t, "")); got == 0 || got > n {
			t.Errorf("the event brought in %d", got)
		}
		_, err := w.archive.Sweep(t.Context())
		must(t, err)
		items, lines := w.all(t, archive.Waiting), map[string]bool{}
		for _, it := range items {
			lines[it.SourceID] = true
			if it.Batch != b.ID || !strings.HasPrefix(it.Title, "通知（第") {
				t.Errorf("%+v", it)
			}
		}
		if len(items) != n || len(lines) != n {
			t.Fatalf("%d items of %d documents, want %d", len(items), len(lines), n)
		}
		f := w.filing()
		f.Same = true
		_, err = w.archive.File(w.foreign, items[3].ID, f)
		wantCode(t, err, fault.NotFound, "archive.unknown")
		_, err = w.archive.Exclude(w.archivist, items[5].ID, "重复件")
		must(t, err)
		one, err := w.archive.File(w.archivist, items[3].ID, f)
		must(t, err)
		if one.Title != f.Title {
			t.Errorf("filed as %s", one.Title)
		}
		titles := map[string]bool{}
		for _, it := range w.all(t, archive.Ready) {
			titles[it.Title] = true
			if it.Term != f.Term || it.Agency != f.Agency || it.Secrecy != f.Secrecy || it.Responsible != f.Responsible {
				t.Errorf("filed likewise as %+v", it)
			}
		}
		if len(titles) != n-1 { // what is excluded stays so; each has a title of its own
			t.Errorf("%d titles, want %d", len(titles), n-1)
		}
		w.wantCounted(t)
	})
}
