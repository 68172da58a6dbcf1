package onboard

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/table"
)

const (
	batchSize = 50
	// lease is for how long a run is a worker's: far longer than a batch takes.
	lease = 30 * time.Second
)

// Work brings in what waits, until nothing is left or ctx ends. Any number of
// processes may call it at the same time: each run is one's at a time, and
// another's when that one died. It is meant to be called every few seconds, and
// costs a short read when there is nothing to do.
func (s *Service) Work(ctx context.Context) error {
	var list []*runRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { list, err = waitingRuns(tx, tx.Now().UnixMilli()); return err })
	if err != nil {
		return err
	}
	for _, r := range list {
		w := &worker{Service: s, run: r.id, me: newID()}
		if err := w.work(ctx); err != nil {
			return err
		}
	}
	return nil
}

// A worker brings in one run.
type worker struct {
	*Service
	run, me string
	row     *runRow
	acting  context.Context // of who sent the table
	table   *sheet
	units   *units
}

// hold makes the run this worker's for a while longer, and tells whether there
// is anything to do.
func (w *worker) hold(tx *db.Tx) (mine bool, err error) {
	r, err := getRun(tx, w.run, true)
	if err != nil || r == nil || r.state != Running {
		return false, err
	}
	now := tx.Now().UnixMilli()
	if r.worker != w.me && r.lease >= now {
		return false, nil // somebody else's
	}
	r.worker, r.lease = w.me, now+lease.Milliseconds()
	w.row = r
	return true, saveRun(tx, r)
}

func (w *worker) work(ctx context.Context) (err error) {
	for ctx.Err() == nil {
		more, err := w.batch(ctx)
		if err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

// batch does the next lines. They are marked as begun first, and what became of
// them is written afterwards, in a transaction each; what lies between are the
// transactions of the use cases.
func (w *worker) batch(ctx context.Context) (more bool, err error) {
	n := w.Batch
	if n == 0 {
		n = batchSize
	}
	var rows []*rowRow
	var mine bool
	started := w.DB.Now()
	err = w.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if mine, err = w.hold(tx); err != nil || !mine {
			return err
		}
		if rows, err = nextRows(tx, w.run, n); err != nil {
			return err
		}
		for _, r := range rows {
			if r.state == pending {
				if err := beginRow(tx, w.run, r.line); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil || !mine {
		return false, err
	}
	if err := w.act(ctx); err != nil {
		return false, w.stop(ctx, err)
	}
	var broken error
	var at int64
	var finished []*rowRow
	for _, r := range rows {
		if broken = w.line(r); broken != nil {
			at = r.line
			break
		}
		finished = append(finished, r)
	}
	last := len(rows) < n && broken == nil
	if err := w.end(ctx, finished, last, broken, at, w.DB.Now().Sub(started)); err != nil {
		return false, err
	}
	if broken != nil {
		return false, fmt.Errorf("onboard: bringing in a line: %w", broken)
	}
	return !last, nil
}

// act makes the worker act for who sent the table, who may have lost the right
// to since.
func (w *worker) act(ctx context.Context) (err error) {
	if w.acting, err = w.IAM.As(ctx, w.row.account); err != nil {
		return err
	}
	if err := iam.Allow(w.acting, Permission, ""); err != nil {
		return err
	}
	if w.units != nil {
		return nil
	}
	w.table = &sheet{&table.Table{Columns: w.Columns(Kind(w.row.kind))}, Kind(w.row.kind)}
	w.units, err = w.known(w.acting)
	return err
}

// stop pauses a run that cannot go on, and says why. What is no refusal is
// returned, and tried again.
func (w *worker) stop(ctx context.Context, why error) error {
	f := fault.As(why)
	if f == nil {
		return why
	}
	return w.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := getRun(tx, w.run, true)
		if err != nil || r == nil || r.state != Running || r.worker != w.me {
			return err
		}
		r.state, r.trouble, r.worker, r.lease = Paused, "上传表格的人已不能导入："+f.Msg, "", 0
		if err := saveRun(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "onboard.pause", Object: "onboard/" + w.run, Reason: r.trouble, After: gm.Digest(r.file)})
	})
}

// end writes what became of lines, and finishes the run after the last. A line
// that the platform itself could not do stops the run, unless it is only busy.
func (w *worker) end(ctx context.Context, rows []*rowRow, last bool, broken error, at int64, took time.Duration) error {
	ending := ctx.Err() != nil // what was done is written down nevertheless
	return w.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		r, err := getRun(tx, w.run, true)
		if err != nil || r == nil || r.worker != w.me {
			return err // it is another's now, who finds what was done
		}
		for _, row := range rows {
			if err := endRow(tx, w.run, row); err != nil {
				return err
			}
		}
		r.worked += took.Milliseconds()
		if last || broken != nil || ending || r.state != Running {
			r.worker, r.lease = "", 0
		}
		if broken != nil && fault.As(broken) == nil && !ending && r.state == Running {
			r.state, r.trouble = Paused, fmt.Sprintf("处理第 %d 行时平台出错。请稍后继续；仍然出错请联系平台运维人员", at)
		}
		if !last || r.state != Running {
			return saveRun(tx, r)
		}
		now := tx.Now().UnixMilli()
		r.state, r.finished = Finished, &now
		if err := wipeRows(tx, w.run); err != nil {
			return err
		}
		if err := saveRun(tx, r); err != nil {
			return err
		}
		return w.told(tx, r)
	})
}

// told records what a run did: counts and the digest of the file, nothing of
// anybody.
func (w *worker) told(tx *db.Tx, r *runRow) error {
	v, err := showRun(tx, r)
	if err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Actor: audit.ActorFrom(w.acting), Action: "onboard.run", Object: "onboard/" + r.id, After: gm.Digest(r.file),
		Reason: fmt.Sprintf("%s：共 %d 行，导入 %d 行，未导入 %d 行，以前导入过 %d 行", v.Kind.Title(), v.Total, v.Done, v.Refused, v.Repeated)})
}

// line does one line; its row tells what became of it. An error is none of the
// line's own, and the line is tried again.
func (w *worker) line(row *rowRow) error {
	l, err := w.open(row)
	if err != nil {
		return err
	}
	var list []Problem
	if Kind(w.row.kind) == Units {
		list, err = w.unit(l, row)
	} else {
		list, err = w.person(l, row)
	}
	if err != nil {
		return err
	}
	row.state = done
	if len(list) > 0 {
		row.state = refused
	}
	row.problems, err = encode(list)
	return err
}

func (w *worker) open(row *rowRow) (*table.Line, error) {
	b, err := w.box.Open(cellOf(w.run, row.line), row.sealed)
	if err != nil {
		return nil, err
	}
	var kept sealedLine
	if err := json.Unmarshal(b, &kept); err != nil {
		return nil, fmt.Errorf("onboard: reading a line: %w", err)
	}
	w.table.Place = kept.Place
	l := &table.Line{Number: int(row.line), Cells: map[string]table.Cell{}}
	for key, v := range kept.Cells {
		l.Cells[key] = table.Cell{Text: v, Number: kept.Number[key]}
	}
	return l, nil
}

// refusedBy are the problems of a line that a use case refused. An error that
// is no refusal, or of which another try may be the end, is returned.
func (w *worker) refusedBy(l *table.Line, err error, keys map[string]string) ([]Problem, error) {
	f := fault.As(err)
	if f == nil || f.Kind == fault.Unavailable || f.Kind == fault.TooMany {
		return nil, err
	}
	return problemsOf(w.table, l, err, keys), nil
}
