package keys

import (
	"context"
	"time"

	"sidian/internal/db"
)

// Progress is how far one owner of sealed values is with the current root.
type Progress struct {
	Name     string // of the resealer
	Root     string // that values are sealed again under
	Done     int64  // rows changed so far
	Total    int64  // rows, as counted at the start; 0: not known
	Pass     int    // from 1; 0: not begun. The last pass finds nothing
	Started  time.Time
	Finished time.Time
	Rate     float64       // rows a second, since the process took it up
	Left     time.Duration // of the first pass, by the rate; 0: not known
	Paused   bool
	Trouble  string // why it does not get on, for operators
}

// Progress tells how far each resealer is; nothing while the purpose's first
// root is its only one.
func (r *Rotation) Progress(ctx context.Context) (all []Progress, err error) {
	target, err := r.target(ctx)
	if err != nil || target.id == "" {
		return nil, err
	}
	err = r.s.db.Read(ctx, func(tx *db.Tx) error {
		off, err := paused(tx, r.p)
		if err != nil {
			return err
		}
		for _, x := range r.resealers {
			st, there, err := stateOf(tx, target.id, x.Name(), false)
			if err != nil {
				return err
			}
			p := Progress{Name: x.Name(), Root: target.id, Paused: off}
			if there {
				p = st.progress(tx.Now())
				p.Paused = off && p.Finished.IsZero()
			}
			all = append(all, p)
		}
		return nil
	})
	return all, err
}

func (st *state) progress(now time.Time) Progress {
	p := Progress{
		Name: st.name, Root: st.root, Done: st.done, Total: st.total, Pass: int(st.pass),
		Started: st.startedAt, Finished: st.finishedAt, Trouble: st.trouble,
	}
	until := now
	if !st.finishedAt.IsZero() {
		until = st.finishedAt
	}
	if d := until.Sub(st.rateAt); d > 0 {
		p.Rate = float64(st.done-st.rateDone) / d.Seconds()
	}
	if p.Rate > 0 && st.pass == 1 && st.total > st.done {
		p.Left = time.Duration(float64(st.total-st.done) / p.Rate * float64(time.Second))
	}
	return p
}

// A Root is a root secret, as it may be shown.
type Root struct {
	ID        string
	Purpose   Purpose
	Created   time.Time
	Retired   time.Time // since when nothing opens under it; zero: it does
	Current   bool
	First     bool // what must outlive rotation is derived from it
	Destroyed bool
}

// Roots lists the roots of a purpose, oldest first.
func (s *Store) Roots(ctx context.Context, p Purpose) (all []Root, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error { all, err = roots(tx, p); return err })
	return all, err
}

func roots(tx *db.Tx, p Purpose) ([]Root, error) {
	rows, err := rootKeys(tx)
	if err != nil {
		return nil, err
	}
	var all []Root
	for _, r := range rows {
		if r.purpose == p {
			all = append(all, Root{ID: r.id, Purpose: p, Created: r.created, Retired: r.retired, First: len(all) == 0, Destroyed: r.destroyed()})
		}
	}
	if len(all) > 0 {
		all[len(all)-1].Current = true
	}
	return all, nil
}

// Due lists the current roots that are older than age: they are due to be
// rotated (GB/T 39786-2021, life cycle of keys).
func (s *Store) Due(ctx context.Context, age time.Duration) (due []Root, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		due = nil
		for _, p := range Purposes() {
			all, err := roots(tx, p)
			if err != nil {
				return err
			}
			if n := len(all); n > 0 && tx.Now().Sub(all[n-1].Created) > age {
				due = append(due, all[n-1])
			}
		}
		return nil
	})
	return due, err
}
