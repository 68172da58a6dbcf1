package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/table"
)

const (
	stepSize = 40
	parallel = 4
	// lease is for how long a batch is a worker's: far longer than a step takes.
	lease = 30 * time.Second
)

// Work issues what waits, until nothing is left or ctx ends. Any number of
// processes may call it at the same time: each batch is one's at a time, and
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
		for more := true; more; {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if more, err = w.some(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// A worker issues one batch.
type worker struct {
	*Service
	run, me string
	row     *runRow
	acting  context.Context // of who started the batch
	titles  *table.Table
}

// hold makes the batch this worker's for a while longer, and tells whether there
// is anything to do.
func (w *worker) hold(tx *db.Tx) (mine bool, err error) {
	r, err := getRun(tx, w.run, true)
	if err != nil || r.state != Running {
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

// take makes the next rows begun. A row that says what another one says which was
// begun or issued is no certificate of its own.
func (w *worker) take(tx *db.Tx, n int) (rows []*rowRow, err error) {
	next, err := nextRows(tx, w.run, n)
	if err != nil {
		return nil, err
	}
	digests := make([][]byte, 0, len(next))
	for _, r := range next {
		if r.state == pending {
			digests = append(digests, r.digest)
		}
	}
	known, err := issuedDigests(tx, digests)
	if err != nil {
		return nil, err
	}
	for _, r := range next {
		if r.state == pending {
			if r.state = begun; known[gm.Digest(r.digest)] {
				r.state = repeated
			}
			known[gm.Digest(r.digest)] = true
			if _, err := moveRow(tx, w.run, r, pending); err != nil {
				return nil, err
			}
		}
		if r.state == begun {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// some does the next rows. They are marked as begun first, and what became of
// them is written afterwards, in a transaction each; what lies between are the
// transactions of issuing.
func (w *worker) some(ctx context.Context) (more bool, err error) {
	n := w.Size
	if n == 0 {
		n = stepSize
	}
	var rows []*rowRow
	var mine bool
	started := w.DB.Now()
	err = w.DB.Write(ctx, func(tx *db.Tx) (err error) {
		rows = nil
		if mine, err = w.hold(tx); err != nil || !mine {
			return err
		}
		rows, err = w.take(tx, n)
		return err
	})
	if err != nil || !mine {
		return false, err
	}
	w.step("begin")
	outcomes := make([]outcome, len(rows))
	why := w.act(ctx)
	if why == nil {
		w.issueAll(ctx, rows, outcomes)
	}
	w.step("issue")
	more, broken, err := w.end(ctx, rows, outcomes, why, w.DB.Now().Sub(started))
	if err != nil {
		return false, err
	}
	w.step("end")
	return more, broken
}

// act makes the worker act for who started the batch, who may have lost the right
// to since.
func (w *worker) act(ctx context.Context) (err error) {
	if w.acting, err = w.IAM.As(ctx, w.row.starter); err != nil {
		return err
	}
	if err := iam.Allow(w.acting, permStart, w.row.unit); err != nil {
		return err
	}
	if w.titles != nil {
		return nil
	}
	k, err := w.Catalogue.Version(ctx, w.row.kind, int(w.row.version))
	if err == nil {
		w.titles = &table.Table{Columns: columns(k)}
	}
	return err
}

// An outcome is what became of a row.
type outcome struct {
	certificate string
	err         error
}

func (w *worker) issueAll(ctx context.Context, rows []*rowRow, outcomes []outcome) {
	n := w.Parallel
	if n == 0 {
		n = parallel
	}
	one := func(i int) {
		if outcomes[i].err = ctx.Err(); outcomes[i].err == nil {
			outcomes[i].certificate, outcomes[i].err = w.issue(rows[i])
		}
	}
	if n == 1 {
		for i := range rows {
			one(i)
		}
		return
	}
	var group sync.WaitGroup
	for lane := range n {
		group.Go(func() {
			for i := lane; i < len(rows); i += n {
				one(i)
			}
		})
	}
	group.Wait()
}

// issue asks for the certificate of a row, under the key that it has for ever.
func (w *worker) issue(r *rowRow) (string, error) {
	b, err := w.box.Open(cellOf(w.run, r.line), r.sealed)
	if err != nil {
		return "", fmt.Errorf("batch: opening a row: %w", err)
	}
	var req cert.IssueRequest
	if err := json.Unmarshal(b, &req); err != nil {
		return "", fmt.Errorf("batch: reading a row: %w", err)
	}
	meta := httpx.MetaFrom(w.acting)
	meta.Idempotency = fmt.Sprintf("batch/%s/%d", w.run, r.line)
	c, err := w.Cert.Issue(httpx.WithMeta(context.WithoutCancel(w.acting), meta), req)
	if err != nil {
		return "", err
	}
	return c.ID, nil
}

// passing tells a refusal that another try may end from one that will be the same.
func passing(f *fault.Error) bool {
	return f.Code == "cert.sealing" || f.Kind == fault.Unavailable || f.Kind == fault.TooMany
}

// everyones tells a refusal that is not the row's own: the next row would get it
// too.
func everyones(f *fault.Error) bool {
	return f.Kind == fault.Forbidden || f.Kind == fault.Unauthorized || f.Kind == fault.NotFound || strings.HasPrefix(f.Code, "seal.") ||
		f.Code == "cert.issuer" || f.Code == "cert.seals"
}

// end writes what became of rows, and ends the batch after the last. It tells
// whether there is more to do at once, and what is to be tried again. why is a
// refusal of who started the batch.
func (w *worker) end(ctx context.Context, rows []*rowRow, outcomes []outcome, why error, took time.Duration) (more bool, broken, err error) {
	ending := ctx.Err() != nil // what was done is written down nevertheless
	err = w.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		more, broken = false, nil
		r, err := getRun(tx, w.run, true)
		if err != nil || r.worker != w.me {
			return err // it is another's now, who finds what was done
		}
		trouble := ""
		for i, row := range rows {
			next := *row
			err := outcomes[i].err
			if why != nil {
				err = why
			}
			f := fault.As(err)
			switch {
			case err == nil:
				next.state, next.certificate = issued, outcomes[i].certificate
			case f == nil && ending:
				continue
			case f == nil:
				trouble, broken = fmt.Sprintf("处理第 %d 行时平台出错。请稍后继续；仍然出错请联系平台运维人员", row.line), err
				continue
			case passing(f):
				broken = err
				continue
			case why != nil || everyones(f):
				trouble = clip(strings.TrimSuffix(f.Msg, "。")+"。"+f.Hint, 400)
				next.state = pending
			default:
				next.state, next.code = failed, f.Code
				if next.problems, err = encode(problemsOf(w.titles, int(row.line), f)); err != nil {
					return err
				}
			}
			if _, err := moveRow(tx, w.run, &next, begun); err != nil {
				return err
			}
		}
		r.worked += took.Milliseconds()
		more, err = w.settleTx(tx, r, trouble, broken != nil || ending)
		return err
	})
	return more, broken, err
}

// settleTx writes where the batch stands after a step, and tells whether this
// worker goes on with it.
func (w *worker) settleTx(tx *db.Tx, r *runRow, trouble string, release bool) (more bool, err error) {
	n, err := countRows(tx, w.run)
	if err != nil {
		return false, err
	}
	left := n[pending] + n[begun]
	switch {
	case r.state == Running && left == 0:
		err = w.finishTx(tx, r, n)
	case r.state == Running && trouble != "":
		r.state, r.trouble = Paused, trouble
		if err = audit.Put(tx, audit.Entry{Action: "batch.pause", Object: objectOf(r.id), Reason: clip(trouble, 300), After: gm.Digest(r.file)}); err == nil {
			err = w.tellTx(tx, r, stopped, 0)
		}
	default:
		more = r.state == Running && !release
	}
	if !more {
		r.worker, r.lease = "", 0
	}
	if err != nil {
		return false, err
	}
	return more, saveRun(tx, r)
}

// finishTx ends a batch of which nothing is left.
func (w *worker) finishTx(tx *db.Tx, r *runRow, n map[string]int) error {
	if err := w.endTx(tx, r, Done); err != nil {
		return err
	}
	reason := fmt.Sprintf("%s：共 %d 行，签发 %d 件，检查未通过 %d 行，签发未通过 %d 行，签发过 %d 行，取消 %d 行", r.title, r.total, n[issued], n[refused], n[failed], n[repeated], n[cancelled])
	if err := audit.Put(tx, audit.Entry{Action: "batch.end", Object: objectOf(r.id), Reason: reason, After: gm.Digest(r.file)}); err != nil {
		return err
	}
	return w.tellTx(tx, r, told, 0)
}
