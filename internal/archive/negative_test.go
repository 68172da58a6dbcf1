package archive_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"testing"
	"time"

	"sidian/internal/archive"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/outbox"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/event"
	"sidian/internal/sealing/sealingtest"
)

// Another unit's archivist finds nothing, a clerk may nothing, a program files
// nothing.
func TestForeign(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		it := w.filed(t)
		for name, do := range map[string]func(ctx context.Context) error{
			"get":      func(ctx context.Context) error { _, err := w.archive.Get(ctx, it.ID); return err },
			"file":     func(ctx context.Context) error { _, err := w.archive.File(ctx, it.ID, w.filing()); return err },
			"pack":     func(ctx context.Context) error { _, err := w.archive.Pack(ctx, it.ID); return err },
			"handover": func(ctx context.Context) error { _, err := w.archive.HandOver(ctx, it.ID, "收1"); return err },
			"return":   func(ctx context.Context) error { _, err := w.archive.Return(ctx, it.ID, "缺页"); return err },
			"exclude":  func(ctx context.Context) error { _, err := w.archive.Exclude(ctx, it.ID, "重复"); return err },
			"package":  func(ctx context.Context) error { _, _, err := w.archive.Package(ctx, it.ID); return err },
			"picture":  func(ctx context.Context) error { _, err := w.archive.Picture(ctx, it.ID, 1); return err },
		} {
			wantCode(t, do(w.foreign), fault.NotFound, "archive.unknown")
			wantCode(t, do(w.Asker), fault.NotFound, "archive.unknown")
			if err := do(w.Program); err == nil {
				t.Errorf("%s: a program may", name)
			}
		}
		for _, q := range []archive.Query{{}, {Org: sealtest.Market}, {State: archive.Open}} {
			p, err := w.archive.List(w.foreign, q)
			must(t, err)
			if len(p.Items) != 0 {
				t.Errorf("%+v lists another unit's", q)
			}
		}
		if _, err := w.archive.PutUnit(w.foreign, archive.Unit{Org: sealtest.Market, Fonds: "X", Category: "WS", Agency: "A", Archives: "馆"}); fault.As(err) == nil {
			t.Errorf("another unit's settings: %v", err)
		}
		p, err := w.archive.List(w.county, archive.Query{State: archive.Open})
		must(t, err)
		if len(p.Items) != 1 {
			t.Errorf("the county sees %d", len(p.Items))
		}
	})
}

// What does not fit a state, or is no filing, is refused.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	w.unit(t)
	w.sealed(t)
	w.drain(t)
	it := w.only(t)
	for name, change := range map[string]func(*archive.Filing){
		"no title":     func(f *archive.Filing) { f.Title = " " },
		"a number":     func(f *archive.Filing) { f.Title = "关于13800138000的通知" },
		"no term":      func(f *archive.Filing) { f.Term = "D50" },
		"an agency":    func(f *archive.Filing) { f.Agency = "A-B" },
		"a secret":     func(f *archive.Filing) { f.Secrecy = "机密" },
		"no secrecy":   func(f *archive.Filing) { f.Secrecy = "" },
		"a long ago":   func(f *archive.Filing) { f.Year = 1900 },
		"a year ahead": func(f *archive.Filing) { f.Year++ },
	} {
		f := w.filing()
		change(&f)
		_, err := w.archive.File(w.archivist, it.ID, f)
		if e := fault.As(err); e == nil || e.Code != "archive.filing" || len(e.Fields) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := w.archive.HandOver(w.archivist, it.ID, "收1号")
	wantCode(t, err, fault.Conflict, "archive.state")
	_, err = w.archive.Return(w.archivist, it.ID, "缺页")
	wantCode(t, err, fault.Conflict, "archive.state")
	_, err = w.archive.Include(w.archivist, it.ID, "要归档")
	wantCode(t, err, fault.Conflict, "archive.state")
	_, _, err = w.archive.Package(w.archivist, it.ID)
	wantCode(t, err, fault.Conflict, "archive.unpacked")
	_, err = w.archive.Exclude(w.archivist, it.ID, "")
	wantCode(t, err, fault.Invalid, "archive.reason")
	_, err = w.archive.Exclude(w.archivist, it.ID, "重复件")
	must(t, err)
	_, err = w.archive.File(w.archivist, it.ID, w.filing())
	wantCode(t, err, fault.Conflict, "archive.state")
	it, err = w.archive.Include(w.archivist, it.ID, "不是重复件")
	must(t, err)
	if it.State != archive.Waiting || it.Left == nil {
		t.Errorf("included as %+v", it)
	}
	for _, pattern := range []string{"{number}", "{fonds}{category}-{year}-{term}-{agency}-{number}", "{fonds}-{category}-{year}-{term}-{agency}-{number}-{x}", archive.DefaultPattern + "/"} {
		_, err := w.archive.PutUnit(w.archivist, archive.Unit{Org: sealtest.Market, Fonds: "Z1", Category: "WS", Agency: "A", Archives: "馆", Pattern: pattern})
		wantCode(t, err, fault.Invalid, "archive.unit")
	}
}

// The archives refuse a package: it is back in the queue with its code, due
// again, and is packed again.
func TestReturn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		it, err := w.archive.Pack(w.archivist, w.filed(t).ID)
		must(t, err)
		code := it.Code
		it, err = w.archive.Return(w.archivist, it.ID, "题名不规范")
		must(t, err)
		if it.State != archive.Waiting || it.Note != "题名不规范" || it.Code != code || it.Left == nil {
			t.Fatalf("returned as %+v", it)
		}
		_, err = w.archive.File(w.archivist, it.ID, w.filing())
		must(t, err)
		it, err = w.archive.Pack(w.archivist, it.ID)
		must(t, err)
		if it.State != archive.Packed || it.Code != code {
			t.Errorf("packed again as %s %s, want %s", it.State, it.Code, code)
		}
	})
}

// Events that come twice, or not at all, make one row for each document; also
// for those of batches and those stamped at once.
func TestNothingMissed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		r := w.sealed(t) // told
		ev := outbox.Event{Topic: event.Done, Key: r.ID}
		for range 2 {
			must(t, d.Write(t.Context(), func(tx *db.Tx) error { return w.consumer.Handle(tx, ev) }))
		}
		w.drain(t)
		w.Sealing.Outbox = outbox.New() // from here on nobody is told
		w.sealed(t)
		w.Standing(t, sealtest.Market, "", "公文", 0)
		_, _, err := w.Sealing.StampNow(w.Asker, sealing.NowAsk{BatchAsk: sealing.BatchAsk{
			Title: "通知", Purpose: "公文", Reason: "对外发布", Seal: w.Seals[sealtest.Market].ID, Places: []sealing.Place{{Page: 1, X: 20, Y: 200}},
		}, Name: "给13800138000的回执.ofd", Data: sealingtest.Document(t, "回执", 1)})
		must(t, err)
		for want := 2; want >= 0; want -= 2 {
			n, err := w.archive.Sweep(t.Context())
			must(t, err)
			if n != want {
				t.Errorf("swept %d, want %d", n, want)
			}
		}
		n, err := w.archive.Reconcile(t.Context())
		must(t, err)
		p, err := w.archive.List(w.archivist, archive.Query{State: archive.Waiting})
		must(t, err)
		if n != 0 || len(p.Items) != 3 {
			t.Errorf("reconciled %d, %d items, want 0 and 3", n, len(p.Items))
		}
		for _, it := range p.Items {
			if strings.Contains(it.Title, "13800138000") {
				t.Errorf("a telephone number in a title: %s", it.Title)
			}
			if it.Source == sealing.FromItem && !strings.HasPrefix(it.Title, "通知（") {
				t.Errorf("a document stamped at once is called %s", it.Title)
			}
		}
	})
}

// A document that was changed in the store is refused, and those who file are
// told.
func TestChanged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		w := newWorldIn(t, d, dir)
		it := w.filed(t)
		all, err := filepath.Glob(filepath.Join(dir, "sealing-documents", "*", "*"))
		must(t, err)
		for _, path := range all {
			b, err := os.ReadFile(path)
			if err != nil || len(b) < 100 {
				continue
			}
			b[len(b)-20] ^= 1
			must(t, os.WriteFile(path, b, 0o600))
		}
		_, err = w.archive.Pack(w.archivist, it.ID)
		wantCode(t, err, fault.Conflict, "archive.changed")
		it, err = w.archive.Get(w.archivist, it.ID)
		must(t, err)
		if it.State != archive.Ready {
			t.Errorf("state %s", it.State)
		}
		told, err := w.Notice.Inbox(w.archivist, 20, "")
		must(t, err)
		if len(told.Items) == 0 || told.Items[0].Topic != "archive.changed" {
			t.Errorf("told: %+v", told.Items)
		}
	})
}

// A seal that is frozen or cancelled afterwards keeps nothing from being filed.
func TestSealOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		it := w.filed(t)
		must(t, w.Seal.Freeze(w.Keepers[sealtest.Market], w.Seals[sealtest.Market].ID, "核查"))
		it, err := w.archive.Pack(w.archivist, it.ID)
		must(t, err)
		if it.State != archive.Packed {
			t.Errorf("state %s: %+v", it.State, it.Acts)
		}
	})
}

// Two who pack at once: one does.
func TestPackOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		it := w.filed(t)
		done := make(chan error)
		for range 4 {
			go func() { _, err := w.archive.Pack(w.archivist, it.ID); done <- err }()
		}
		won := 0
		for range 4 {
			if err := <-done; err == nil {
				won++
			} else if f := fault.As(err); f == nil || f.Code != "archive.busy" && f.Code != "archive.state" {
				t.Errorf("refused with %v", err)
			}
		}
		it, err := w.archive.Get(w.archivist, it.ID)
		must(t, err)
		if won != 1 || it.State != archive.Packed {
			t.Errorf("%d won, state %s", won, it.State)
		}
	})
}

// The process is lost after each step of packing: the item is as it was until
// the lease has run out, and is then packed under the same code.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"begin", "gather", "check", "store", "done"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				it := w.filed(t)
				w.archive.Step = func(name string) {
					if name == step {
						runtime.Goexit()
					}
				}
				over := make(chan struct{})
				go func() {
					defer close(over)
					_, _ = w.archive.Pack(w.archivist, it.ID)
				}()
				<-over
				w.archive.Step = nil
				_, err := w.archive.Pack(w.archivist, it.ID)
				if step == "done" {
					wantCode(t, err, fault.Conflict, "archive.state")
				} else {
					wantCode(t, err, fault.Conflict, "archive.busy")
					now := d.Now
					d.Now = func() time.Time { return now().Add(time.Hour) }
					_, err = w.archive.Pack(w.archivist, it.ID)
					must(t, err)
				}
				it, err = w.archive.Get(w.archivist, it.ID)
				must(t, err)
				if it.State != archive.Packed || !strings.HasSuffix(it.Code, "-0001") {
					t.Errorf("%s %s", it.State, it.Code)
				}
			})
		})
	}
}

// Two hundred at once have two hundred codes, without a gap; what is given back
// is given again.
func TestNumbers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		it := w.filed(t)
		const n = 200
		ids := []string{it.ID}
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			for i := range n - 1 {
				id := fmt.Sprintf("copy%d", i)
				ids = append(ids, id)
				if _, err := tx.Exec(`
					insert into archive_item (id, source, source_id, org, purpose, asker, original, document, sealed_at, created_at, state, title, responsible, year, term, agency, secrecy)
					select $1, source, source_id || $1, org, purpose, asker, original, document, sealed_at, created_at, state, title, responsible, year, term, agency, secrecy
					  from archive_item where id = $2`, id, it.ID); err != nil {
					return err
				}
			}
			return nil
		}))
		w.archive.Step = func(name string) { // packed no further than to the code
			if name == "begin" {
				runtime.Goexit()
			}
		}
		over := make(chan struct{})
		for _, id := range ids {
			go func() {
				defer func() { over <- struct{}{} }()
				_, _ = w.archive.Pack(w.archivist, id)
			}()
		}
		for range ids {
			<-over
		}
		w.archive.Step = nil
		codes := func() (out []string) {
			must(t, d.Read(t.Context(), func(tx *db.Tx) error {
				out = nil
				return tx.All(`select code from archive_item where code <> '' order by code`, nil, func(scan func(...any) error) error {
					var c string
					err := scan(&c)
					out = append(out, c[len(c)-4:])
					return err
				})
			}))
			return out
		}
		got := codes()
		sort.Strings(got)
		if len(got) != n || got[0] != "0001" || got[n-1] != fmt.Sprintf("%04d", n) {
			t.Fatalf("%d codes: %v", len(got), got)
		}
		now := d.Now
		d.Now = func() time.Time { return now().Add(time.Hour) }
		for _, id := range ids[3:5] {
			_, err := w.archive.Exclude(w.archivist, id, "重复件")
			must(t, err)
			_, err = w.archive.Include(w.archivist, id, "不重复")
			must(t, err)
			_, err = w.archive.File(w.archivist, id, w.filing())
			must(t, err)
		}
		w.archive.Step = func(name string) {
			if name == "begin" {
				runtime.Goexit()
			}
		}
		for _, id := range ids[3:5] {
			go func() {
				defer func() { over <- struct{}{} }()
				_, _ = w.archive.Pack(w.archivist, id)
			}()
			<-over
		}
		w.archive.Step = nil
		if got := codes(); len(got) != n || got[0] != "0001" || got[n-1] != fmt.Sprintf("%04d", n) {
			t.Errorf("after giving back: %v", got)
		}
	})
}
