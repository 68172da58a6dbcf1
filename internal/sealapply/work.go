package sealapply

import (
	"context"
	"fmt"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

const (
	rowsAtOnce = 20
	// lease is for how long a run is a worker's: far longer than a batch takes.
	lease = 30 * time.Second
)

// Work makes the seals of campaigns that run, until nothing is left or ctx ends.
// Any number of processes may call it at the same time: each run is one's at a
// time, and another's when that one died. It is meant to be called every few
// seconds, and costs a short read when there is nothing to do.
func (s *Service) Work(ctx context.Context) error {
	var list []*campaignRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { list, err = waitingCampaigns(tx, milli(tx.Now())); return err })
	if err != nil {
		return err
	}
	for _, c := range list {
		w := &worker{Service: s, id: c.id, me: newID()}
		for more := true; more && ctx.Err() == nil; {
			if more, err = w.batch(ctx); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// A worker makes the rows of one campaign.
type worker struct {
	*Service
	id, me string
	row    *campaignRow
	acting context.Context // of who started the run
}

// hold makes the run this worker's for a while longer, and tells whether there
// is anything to do.
func (w *worker) hold(tx *db.Tx) (bool, error) {
	c, err := campaignByID(tx, w.id, true)
	if err != nil || c.state != Running {
		return false, err
	}
	now := milli(tx.Now())
	if c.worker != w.me && c.lease >= now {
		return false, nil // somebody else's
	}
	c.worker, c.lease = w.me, now+lease.Milliseconds()
	w.row = c
	return true, saveCampaign(tx, c)
}

// batch makes the next rows. They are marked as begun first, and what became of
// each is written right after it.
func (w *worker) batch(ctx context.Context) (more bool, err error) {
	n := w.Options.RowsAtOnce
	if n <= 0 {
		n = rowsAtOnce
	}
	var rows []*campaignLine
	var pictures map[string][]byte
	var mine bool
	started := w.DB.Now()
	err = w.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if mine, err = w.hold(tx); err != nil || !mine {
			return err
		}
		if rows, err = nextRows(tx, w.id, n); err != nil || len(rows) == 0 {
			return err
		}
		lines := make([]int64, len(rows))
		for i, r := range rows {
			lines[i] = r.line
		}
		if pictures, err = picturesOf(tx, w.id); err != nil {
			return err
		}
		return beginRows(tx, w.id, lines)
	})
	if err != nil || !mine {
		return false, err
	}
	why := w.act(ctx)
	var broken error
	for _, r := range rows {
		if why != nil || ctx.Err() != nil {
			break
		}
		if broken = w.make(r, pictures[r.picture]); broken != nil {
			break
		}
	}
	last := len(rows) < n && broken == nil && why == nil && ctx.Err() == nil
	more, err = w.end(ctx, last, why, broken, w.DB.Now().Sub(started))
	if err == nil && broken != nil {
		err = fmt.Errorf("sealapply: making a row of campaign %s: %w", w.id, broken)
	}
	return more, err
}

// act makes the worker act for who started the run, who may have lost the right
// to since; a refusal stops the run.
func (w *worker) act(ctx context.Context) (err error) {
	if milli(w.DB.Now()) > w.row.until {
		return errCampaignOver()
	}
	if w.acting, err = w.IAM.As(ctx, w.row.acting); err != nil {
		return err
	}
	return w.DB.Read(w.acting, func(tx *db.Tx) error { return w.mayRun(w.acting, tx, w.row) })
}

// make makes one row, and writes down what became of it. An error is none of the
// row's own: it is tried again.
func (w *worker) make(l *campaignLine, picture []byte) error {
	problems, err := w.whole(l, picture)
	if err != nil {
		return err
	}
	if l.state = rowDone; len(problems) > 0 {
		l.state = rowRefused
	}
	if l.problems, err = encodeProblems(problems); err != nil {
		return err
	}
	w.step("row")
	return w.DB.Write(context.WithoutCancel(w.acting), func(tx *db.Tx) error { return saveRow(tx, w.id, l) })
}

// whole takes a row the whole way: an application that the campaign's approval
// passed, made and filed.
func (w *worker) whole(l *campaignLine, picture []byte) (problems []string, err error) {
	r, err := w.admit(l, picture, &problems)
	if err != nil || len(problems) > 0 {
		return problems, err
	}
	l.application, l.seal = r.id, r.makes
	w.step("row-admitted")
	for _, next := range []struct {
		from State
		to   State
		do   func(context.Context, string) error
	}{
		{Approved, Making, w.makeSeal},
		{Made, Filing, func(ctx context.Context, id string) error { return w.fileSeal(ctx, id, "集中制发 "+w.id) }},
	} {
		if err := w.advance(r.id, next.from, next.to); err != nil {
			return nil, err
		}
		if err := next.do(w.acting, r.id); err != nil {
			why, refused := refusalOf(err)
			if !refused {
				return nil, err
			}
			return []string{why}, w.sendBack(r.id, why)
		}
	}
	return nil, nil
}

// admit writes the application of a row, unless it was written before a crash.
func (w *worker) admit(l *campaignLine, picture []byte, problems *[]string) (*row, error) {
	r, err := w.applicationOf(w.acting, w.row, l, picture)
	if err != nil {
		if why, refused := refusalOf(err); refused {
			*problems = []string{why}
			return nil, nil
		}
		return nil, err
	}
	var there *row
	err = w.DB.Read(w.acting, func(tx *db.Tx) (err error) { there, err = appByID(tx, r.id, false); return err })
	if err == nil {
		if there.state == Refused || there.state == Withdrawn {
			*problems = []string{"申请已退回：" + there.trouble}
		}
		return there, nil
	}
	if !isNotFound(err) {
		return nil, err
	}
	f, err := w.gather(w.acting, r)
	if err != nil {
		return nil, err
	}
	return r, w.DB.Write(w.acting, func(tx *db.Tx) error {
		*problems = nil
		g := *f
		if err := w.settle(tx, &g); err != nil {
			return err
		}
		list := g.checks()
		if *problems = problemsIn(list); len(*problems) > 0 {
			return nil
		}
		now := milli(tx.Now())
		r.created, r.submitted = now, w.row.submitted
		if made, err := insertApp(tx, r); err != nil || !made {
			return err
		}
		if err := w.copySteps(tx, r.id); err != nil {
			return err
		}
		checks, err := encodeChecks(list)
		if err != nil {
			return err
		}
		return w.recordTx(tx, r, &historyRow{action: string(ActSubmit), account: r.account, reason: "集中制发已经各级审核通过", checks: checks}, "sealapply.submit")
	})
}

// copySteps writes who passed the campaign as who passed the row.
func (w *worker) copySteps(tx *db.Tx, id string) error {
	steps, err := stepsOf(tx, w.id)
	for _, x := range steps {
		if err != nil {
			return err
		}
		if x.round != w.row.round {
			continue
		}
		y := *x
		y.object, y.round = id, 1
		err = insertStep(tx, &y)
	}
	return err
}

// advance says what is about to be done; what was said before a crash stays.
func (w *worker) advance(id string, from, to State) error {
	return w.DB.Write(w.acting, func(tx *db.Tx) error {
		r, err := appByID(tx, id, true)
		if err != nil || r.state != from {
			return err
		}
		r.state, r.acting, r.trouble = to, w.row.acting, ""
		action := ActMake
		if to == Filing {
			action = ActFile
			steps, err := stepsOf(tx, id)
			if err != nil {
				return err
			}
			r.authority = first(r.round, steps).org
		}
		if err := saveApp(tx, r); err != nil {
			return err
		}
		return w.recordTx(tx, r, &historyRow{action: string(action)}, "sealapply."+string(action))
	})
}

// sendBack refuses an application that could not be made, so that the unit may
// correct it and go the usual way.
func (w *worker) sendBack(id, why string) error {
	return w.DB.Write(context.WithoutCancel(w.acting), func(tx *db.Tx) error {
		r, err := appByID(tx, id, true)
		if err != nil || r.state != Approved {
			return err
		}
		r.state, r.trouble = Refused, why
		if err := saveApp(tx, r); err != nil {
			return err
		}
		return w.recordTx(tx, r, &historyRow{action: string(ActRefuse), reason: why}, "sealapply.refuse")
	})
}

// end writes down how the batch went, and finishes the run after the last row.
func (w *worker) end(ctx context.Context, last bool, why, broken error, took time.Duration) (more bool, err error) {
	if why != nil && fault.As(why) == nil {
		return false, why
	}
	ending := ctx.Err() != nil
	err = w.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		more = false
		c, err := campaignByID(tx, w.id, true)
		if err != nil || c.worker != w.me {
			return err // it is another's now, who finds what was done
		}
		c.worked += took.Milliseconds()
		more = !last && why == nil && broken == nil && !ending && c.state == Running
		if !more {
			c.worker, c.lease = "", 0
		}
		switch {
		case why != nil && c.state == Running:
			c.state, c.trouble = Paused, clip("启动制作的人已不能制作，或期限已过："+fault.As(why).Msg, 400)
		case broken != nil && c.state == Running && !ending:
			c.state, c.trouble = Paused, "平台出错。请稍后继续；仍然出错请联系平台运维人员"
		case last && c.state == Running:
			now := milli(tx.Now())
			c.state, c.ended = Finished, &now
			if err := w.told(tx, c); err != nil {
				return err
			}
		}
		return saveCampaign(tx, c)
	})
	return more, err
}

// told records what a run did, and tells who applied: counts, nothing of anybody.
func (w *worker) told(tx *db.Tx, c *campaignRow) error {
	n, err := countRows(tx, c.id)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("已制作并备案 %d 枚，未制作 %d 枚", n[rowDone], n[rowRefused])
	if err := w.toApplicant(tx, c.account, c.org, topicFiled, clip("集中制发已完成："+c.title, 100), text+"。", "/console/seal-campaigns/"+c.id); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Actor: audit.ActorFrom(w.acting), Action: "sealapply.campaign-run", Object: campaignObject(c.id), Reason: text})
}
