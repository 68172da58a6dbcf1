// Package statustest measures signed lists: for tests, and for the programs that
// print figures.
package statustest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/internal/db"
	"sidian/internal/status"
)

// Figures are what lists of a size cost.
type Figures struct {
	Rows    int
	Pages   int64
	Allot   time.Duration // of one entry, many in a transaction
	Rebuild time.Duration // of one page after a restart, from rows to a signed list: the mean of all
	Bytes   int           // of a signed page: the mean of all
	Serve   time.Duration // of one signed page from memory
	Here    time.Duration // from before the change to the signed list that says it, in the same process: the mean
	There   time.Duration // the same in another process that asks all the time: the longest
}

// batch is how many entries one transaction makes, sample how many are made by
// the platform.
const (
	batch  = 500
	sample = 20_000
	atOnce = 100_000
)

// Measure fills a list that is empty with rows entries, of which one in thirty
// is changed, and measures. here and there are two processes on one database; its
// clock must run.
func Measure(ctx context.Context, here, there *status.Service, list string, rows int) (f Figures, err error) {
	f.Rows = rows
	for _, step := range []func() error{
		func() error { return f.fill(ctx, here, list) },
		func() error { return f.rebuild(ctx, there, list) },
		func() error { return f.serve(ctx, there, list) },
		func() error { return f.change(ctx, here, there, list) },
	} {
		if err := step(); err != nil {
			return f, fmt.Errorf("statustest: measuring %d rows: %w", rows, err)
		}
	}
	return f, nil
}

func object(i int) string { return fmt.Sprintf("object/%08d", i) }

// fill makes the last of the entries as the platform does, and measures that, all
// before at once.
func (f *Figures) fill(ctx context.Context, s *status.Service, list string) error {
	made := max(f.Rows-sample, 0)
	for from := 0; from < made; from += atOnce {
		if err := s.DB.Write(ctx, func(tx *db.Tx) error { return bulk(tx, list, from, min(from+atOnce, made)) }); err != nil {
			return err
		}
	}
	if err := s.DB.Write(ctx, analyze); err != nil {
		return err
	}
	begin := s.DB.Now()
	for from := made; from < f.Rows; from += batch {
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			for i := from; i < min(from+batch, f.Rows); i++ {
				v := status.Valid
				if i%30 == 0 {
					v = status.Invalid
				}
				if _, err := s.AllotTx(tx, list, object(i), v); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	f.Allot = s.DB.Now().Sub(begin) / time.Duration(max(f.Rows-made, 1))
	return nil
}

// rebuild asks for every page, of a process that has none.
func (f *Figures) rebuild(ctx context.Context, s *status.Service, list string) error {
	x, err := s.Index(ctx, list)
	if err != nil {
		return err
	}
	if _, err := s.PublicKeys(ctx); err != nil { // the keys are made before the first page is
		return err
	}
	f.Pages = x.Pages
	begin := s.DB.Now()
	for p := range x.Pages {
		out, err := s.Page(ctx, list, p, status.ES256)
		if err != nil {
			return err
		}
		f.Bytes += len(out.Data) / int(x.Pages)
	}
	f.Rebuild = s.DB.Now().Sub(begin) / time.Duration(x.Pages)
	return nil
}

func (f *Figures) serve(ctx context.Context, s *status.Service, list string) error {
	const times = 200_000
	begin := s.DB.Now()
	for i := range int64(times) {
		if _, err := s.Page(ctx, list, i%f.Pages, status.ES256); err != nil {
			return err
		}
	}
	f.Serve = s.DB.Now().Sub(begin) / times
	return nil
}

func (f *Figures) change(ctx context.Context, here, there *status.Service, list string) error {
	const times = 3
	keys, err := here.PublicKeys(ctx)
	if err != nil {
		return err
	}
	first := max(f.Rows-sample, 0)/30*30 + 31
	for i := range times {
		name, begin := object(first+30*i), here.DB.Now() // valid until now
		var e status.Entry
		err := here.DB.Write(ctx, func(tx *db.Tx) (err error) {
			if err := here.SetTx(tx, list, name, status.Suspended); err != nil {
				return err
			}
			e, err = status.EntryTx(tx, list, name)
			return err
		})
		if err != nil {
			return err
		}
		if _, err := here.Page(ctx, list, e.Page, status.ES256); err != nil {
			return err
		}
		f.Here += here.DB.Now().Sub(begin) / times
		for seen := false; !seen; {
			out, err := there.Page(ctx, list, e.Page, status.ES256)
			if err != nil {
				return err
			}
			if seen, err = says(out, keys, there.URI(e), e, there.DB.Now()); err != nil {
				return err
			}
			took := there.DB.Now().Sub(begin)
			f.There = max(f.There, took)
			if took > time.Minute {
				return errors.New("another process does not see a change for a minute")
			}
			if !seen {
				wait(ctx)
			}
		}
	}
	return nil
}

func wait(ctx context.Context) {
	t := time.NewTimer(10 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func says(p status.Signed, keys []status.Key, uri string, e status.Entry, now time.Time) (bool, error) {
	t, err := status.ParseToken(p.Data, keys, uri, now)
	if err != nil {
		return false, err
	}
	v, _ := t.List.Get(e.Index)
	return v == e.Value, nil
}
