package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"sidian/internal/app"
	"sidian/internal/db"
	"sidian/internal/keys"
	"sidian/internal/seal"
	"sidian/internal/sealing"
	"sidian/internal/status"
	"sidian/internal/status/statustest"
)

const (
	batchOf  = 200      // documents in each batch
	voucher  = "凭据"     // their kind
	listRows = 20_000   // of the list that is measured
	market   = "market" // the unit whose seal stamps
)

func batchSQLite(ctx context.Context, span time.Duration) (figure, error) {
	return batchFigure(ctx, span, "")
}

func batchPostgres(ctx context.Context, span time.Duration) (f figure, err error) {
	target, drop, err := freshServer(ctx)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	return batchFigure(ctx, span, target)
}

// batchFigure is how many documents a batch seals in a second: opened, placed,
// stamped with a time stamp, verified and stored, with each use recorded before
// and closed after. Taking them in is not counted.
func batchFigure(ctx context.Context, span time.Duration, database string) (f figure, err error) {
	b, err := newBench()
	if err != nil {
		return f, err
	}
	plain, err := b.plain()
	if err != nil {
		return f, err
	}
	// The floor: the same stamp in memory, on one core.
	if f.floor, err = rate(span/2, func(int64) error { _, err := b.stampBytes(plain, true); return err }); err != nil {
		return f, err
	}
	f.unit = "documents/s"
	f.note = fmt.Sprintf("%s without its seal, %d bytes; both cores, the floor one", b.kind.Name, len(plain))
	err = county(ctx, database, func(ctx context.Context, a *app.App) error {
		ask, clerk, err := standing(ctx, a)
		if err != nil {
			return err
		}
		var took time.Duration
		n := int64(0)
		for took < span {
			data, err := b.archive(n)
			if err != nil {
				return err
			}
			each, err := sealBatch(clerk, a, ask, data)
			if err != nil {
				return err
			}
			if took += each; n == 0 { // caches
				took = 0
			} else {
				f.value = float64(n) / took.Seconds()
			}
			n += batchOf
		}
		return nil
	})
	return f, err
}

// standing lets the market authority's staff seal by the thousand, and returns
// what its clerk asks for.
func standing(ctx context.Context, a *app.App) (ask sealing.BatchAsk, clerk context.Context, err error) {
	admin, err := accountOf(ctx, a, "seals")
	if err != nil {
		return ask, nil, err
	}
	manager, err := a.IAM.As(ctx, admin)
	if err != nil {
		return ask, nil, err
	}
	page, err := a.Seal.Search(manager, seal.Query{Org: market, Kind: seal.LegalName, State: seal.Effective})
	if err != nil {
		return ask, nil, err
	}
	if len(page.Items) == 0 {
		return ask, nil, errors.New("the market authority has no seal")
	}
	x := page.Items[0]
	keeper, err := a.IAM.As(ctx, x.Custodian)
	if err != nil {
		return ask, nil, err
	}
	_, err = a.Seal.Grant(keeper, seal.Policy{Seal: x.ID, Purpose: voucher, Until: time.Now().AddDate(1, 0, 0), Reason: "测量"})
	if err != nil {
		return ask, nil, err
	}
	id, err := accountOf(ctx, a, "clerk")
	if err != nil {
		return ask, nil, err
	}
	clerk, err = a.IAM.As(ctx, id)
	return sealing.BatchAsk{
		Title: "测量", Purpose: voucher, Reason: "测量", Org: market, Seal: x.ID, Places: []sealing.Place{{Page: 1, X: 120, Y: 120}},
	}, clerk, err
}

// archive packs documents that nobody sealed, from the nth on.
func (b *bench) archive(n int64) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := range int64(batchOf) {
		d, err := b.draft(n + i + 1)
		if err != nil {
			return nil, err
		}
		data, err := d.Bytes()
		if err != nil {
			return nil, err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%d.ofd", i), Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

// sealBatch seals one batch and returns how long the sealing took.
func sealBatch(ctx context.Context, a *app.App, ask sealing.BatchAsk, data []byte) (time.Duration, error) {
	b, err := a.Sealing.CreateBatch(ctx, ask)
	if err != nil {
		return 0, err
	}
	if _, err := a.Sealing.Add(ctx, b.ID, "a.zip", bytes.NewReader(data), int64(len(data))); err != nil {
		return 0, err
	}
	if _, err := a.Sealing.Act(ctx, b.ID, "start"); err != nil {
		return 0, err
	}
	begun := time.Now()
	if _, err := a.Sealing.Work(ctx); err != nil {
		return 0, err
	}
	took := time.Since(begun)
	if b, err = a.Sealing.Batch(ctx, b.ID); err == nil && b.Done != batchOf {
		err = fmt.Errorf("%d of %d documents were sealed: %s", b.Done, batchOf, b.Trouble)
	}
	return took, err
}

// lists are two processes on one database, and what their lists cost.
func lists(ctx context.Context) (f statustest.Figures, err error) {
	dir, err := workplace()
	if err != nil {
		return f, err
	}
	d, err := db.Create(ctx, "sqlite:"+filepath.Join(dir, "list.db"))
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	master := filepath.Join(dir, "master.key")
	if err := keys.CreateMaster(master); err != nil {
		return f, err
	}
	k, err := keys.Create(ctx, d, master)
	if err != nil {
		return f, err
	}
	one := func() *status.Service { return &status.Service{DB: d, Keys: k, BaseURL: "http://localhost:1"} }
	return statustest.Measure(ctx, one(), one(), status.Seals, listRows)
}

// statusPage is what serving a signed list costs.
func statusPage(ctx context.Context, span time.Duration) (f figure, err error) {
	l, err := lists(ctx)
	if err != nil {
		return f, err
	}
	f.unit, f.value, f.times = "ns", float64(l.Serve.Nanoseconds()), true
	// The floor: a pointer that another may change, and a look into a map.
	var kept atomic.Pointer[map[int64][]byte]
	kept.Store(&map[int64][]byte{0: make([]byte, l.Bytes), 1: nil})
	total := 0
	perSecond, err := rate(span/5, func(n int64) error { total += len((*kept.Load())[n%2]); return nil })
	f.floor = 1e9 / perSecond
	if err == nil && total == 0 {
		err = errors.New("nothing was looked at")
	}
	f.note = fmt.Sprintf("a list of %d seals, %d pages of %d bytes; made from its rows in %v", l.Rows, l.Pages, l.Bytes, l.Rebuild)
	return f, err
}

// statusChange is how long it takes until the list that another process serves
// says what was changed.
func statusChange(ctx context.Context, _ time.Duration) (f figure, err error) {
	l, err := lists(ctx)
	// The floor: the same in the process that changes it.
	f.unit, f.value, f.floor, f.times = "ms", l.There.Seconds()*1e3, l.Here.Seconds()*1e3, true
	f.note = fmt.Sprintf("a list of %d seals; another process looks twice a second", l.Rows)
	return f, err
}
