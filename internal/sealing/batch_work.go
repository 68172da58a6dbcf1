package sealing

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/notice"
	"sidian/internal/seal"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// chunk is how many documents share the two transactions around their stamps.
const chunk = 50

// Work stamps what batches wait for, until nothing does, and reports how many
// documents it dealt with. Any number of processes may call it: a batch is
// worked on by one at a time.
func (s *Service) Work(ctx context.Context) (n int, err error) {
	for ctx.Err() == nil {
		var ids []string
		if e := s.DB.Read(ctx, func(tx *db.Tx) (e error) { ids, e = batchesToWork(tx, 10); return e }); e != nil {
			return n, errors.Join(err, e)
		}
		progress := false
		for _, id := range ids {
			m, e := s.workBatch(ctx, id)
			if n += m; m > 0 {
				progress = true
			}
			if e != nil {
				err = errors.Join(err, fmt.Errorf("sealing: working on batch %s: %w", id, e))
			}
		}
		if !progress {
			return n, err
		}
	}
	return n, errors.Join(err, ctx.Err())
}

// A hand works on one batch.
type hand struct {
	*Service
	b     *Batch
	me    string
	trust sign.Options
}

// A job is one document between the two transactions.
type job struct {
	it       *Item
	document *ofd.Document
	places   []sign.Place
	token    *seal.Token
	stamped  []byte
	err      error
}

// workBatch works on a batch as long as it is this process's, and reports how
// many documents it dealt with.
func (s *Service) workBatch(ctx context.Context, id string) (n int, err error) {
	h := &hand{Service: s, me: newID()}
	if mine, err := h.hold(ctx, id, 0); err != nil || !mine {
		return 0, err
	}
	defer func() {
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settling)
		defer stop()
		err = errors.Join(err, s.DB.Write(ctx, func(tx *db.Tx) error { return releaseBatch(tx, id, h.me) }))
	}()
	if ctx, err = h.act(ctx); err != nil {
		return 0, h.stop(ctx, err)
	}
	if h.trust, err = s.trust(ctx); err != nil {
		return 0, err
	}
	for ctx.Err() == nil {
		began := s.DB.Now()
		m, more, err := h.round(ctx)
		n += m
		if err != nil {
			return n, err
		}
		mine, err := h.hold(ctx, id, s.DB.Now().Sub(began))
		if err != nil || !mine || !more {
			return n, err
		}
	}
	return n, nil
}

func (s *Service) trust(ctx context.Context) (sign.Options, error) {
	o := sign.Options{}
	if s.Trust != nil {
		var err error
		if o, err = s.Trust(ctx); err != nil {
			return o, fmt.Errorf("sealing: what to verify by: %w", err)
		}
	}
	o.Now = s.DB.Now()
	return o, nil
}

func (h *hand) hold(ctx context.Context, id string, worked time.Duration) (mine bool, err error) {
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		if mine, err = holdBatch(tx, id, h.me, h.lease(), worked); err != nil || !mine {
			return err
		}
		h.b, err = batchAlone(tx, id)
		return err
	})
	return mine, err
}

// act makes the hand act for who asked, who may have lost the right.
func (h *hand) act(ctx context.Context) (context.Context, error) {
	if mayRun(ctx, h.b) {
		return ctx, nil
	}
	if h.b.Account == "" {
		as, err := h.IAM.AsClient(ctx, h.b.App)
		return orSame(as, ctx), err
	}
	as, err := h.IAM.As(ctx, h.b.Account)
	return orSame(as, ctx), err
}

func orSame(ctx, otherwise context.Context) context.Context {
	if ctx == nil {
		return otherwise
	}
	return ctx
}

// stop pauses the batch over what will be the same next time.
func (h *hand) stop(ctx context.Context, why error) error {
	if !fault.Final(why) {
		return why
	}
	return h.DB.Write(ctx, func(tx *db.Tx) error {
		if err := pauseBatch(tx, h.b.ID, reason(why)); err != nil {
			return err
		}
		if err := audit.Put(tx, audit.Entry{Action: "sealing.batch-stop", Object: batchObject(h.b.ID), Reason: reason(why), Result: audit.Refused}); err != nil {
			return err
		}
		return h.tell(tx, notice.Notice{Account: h.b.Account, Topic: "sealing.batch-stop", Title: "批量用印已暂停", Text: "“" + h.b.Title + "”：" + reason(why), Link: "/console/sealing/batches/" + h.b.ID})
	})
}

// round deals with one chunk. It reports whether there may be more.
func (h *hand) round(ctx context.Context) (n int, more bool, err error) {
	jobs, err := h.left(ctx)
	if err != nil {
		return 0, false, err
	}
	if len(jobs) == 0 {
		if h.b.State != Running {
			return 0, false, nil
		}
		if jobs, err = h.fresh(ctx); err != nil {
			return 0, false, err
		}
		if len(jobs) == 0 {
			return 0, false, h.finished(ctx)
		}
		h.each(jobs, func(j *job) { j.err = h.prepare(ctx, j) })
		if stopped, err := h.intend(ctx, jobs); err != nil || stopped {
			return 0, false, err
		}
		h.step("batch-intend")
	}
	h.each(jobs, func(j *job) { h.stamp(ctx, j) })
	h.step("batch-stamp")
	if err := h.close(ctx, jobs); err != nil {
		return 0, false, err
	}
	h.step("batch-done")
	return len(jobs), true, nil
}

// left are the jobs that a crash left between the two transactions: their uses
// are recorded, and each is repeated over the same content or withdrawn.
func (h *hand) left(ctx context.Context) ([]*job, error) {
	jobs, err := h.jobs(ctx, Stamping)
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	h.each(jobs, func(j *job) { j.err = h.prepare(ctx, j) })
	for _, j := range jobs {
		if j.err != nil {
			continue
		}
		j.err = h.DB.Write(ctx, func(tx *db.Tx) (err error) {
			j.token, err = seal.AgainTx(tx, j.it.Use, j.it.content)
			return err
		})
		if j.err != nil && !fault.Final(j.err) {
			return nil, j.err
		}
	}
	return jobs, nil
}

func (h *hand) fresh(ctx context.Context) ([]*job, error) { return h.jobs(ctx, Waiting) }

func (h *hand) jobs(ctx context.Context, state string) (out []*job, err error) {
	var items []*Item
	err = h.DB.Read(ctx, func(tx *db.Tx) error { items, err = itemsAfter(tx, h.b.ID, state, 0, chunk); return err })
	for _, it := range items {
		out = append(out, &job{it: it})
	}
	return out, err
}

// each runs fn for jobs, a few at a time.
func (h *hand) each(jobs []*job, fn func(*job)) {
	workers := h.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var wg sync.WaitGroup
	work := make(chan *job)
	for range min(workers, len(jobs)) {
		wg.Go(func() {
			for j := range work {
				fn(j)
			}
		})
	}
	for _, j := range jobs {
		work <- j
	}
	close(work)
	wg.Wait()
}

// prepare opens a document and finds its places: all that can be refused before
// the seal is touched.
func (h *hand) prepare(ctx context.Context, j *job) error {
	data, err := h.bytes(ctx, j.it.original)
	if err != nil {
		return err
	}
	t, err := take(data)
	if err != nil {
		return err
	}
	l, err := layoutOf(t.document)
	if err != nil {
		return err
	}
	steps := []StepAsk{{Seal: h.b.Seal, Places: h.b.Places}}
	spots, err := l.spots(steps, map[string]imprintSize{h.b.Seal: {float64(h.b.width), float64(h.b.height)}})
	if f := fault.As(err); f != nil && len(f.Fields) > 0 {
		return f.Kind.New("%s：%s", f.Msg, f.Fields[0].Message).WithCode(f.Code)
	}
	if err != nil {
		return err
	}
	j.document, j.places = t.document, signPlaces(spots[0])
	j.it.content, err = seal.Content(t.document)
	return err
}

// intend is the first transaction. A document that cannot be stamped fails by
// itself; what refuses the use of the seal stops the batch, after as many as it
// allows.
func (h *hand) intend(ctx context.Context, jobs []*job) (stopped bool, err error) {
	for _, j := range jobs {
		if j.err != nil && !fault.Final(j.err) {
			return false, j.err
		}
	}
	todo := [][]*job{jobs}
	for len(todo) > 0 {
		part := todo[0]
		todo = todo[1:]
		err := h.DB.Write(ctx, func(tx *db.Tx) error { return h.intendTx(tx, part) })
		if err == nil {
			continue
		}
		for _, j := range part {
			j.token = nil // what was not committed is no right
		}
		switch {
		case errors.Is(err, errMoved): // paused, cancelled, or another's
			return !anyToken(jobs), nil
		case !fault.Final(err) && !isKind(err, fault.TooMany):
			return false, err
		case len(part) > 1:
			todo = append([][]*job{part[:len(part)/2], part[len(part)/2:]}, todo...)
		default:
			return !anyToken(jobs), h.stop(ctx, toFinal(err))
		}
	}
	return false, nil
}

func anyToken(jobs []*job) bool {
	for _, j := range jobs {
		if j.token != nil {
			return true
		}
	}
	return false
}

func isKind(err error, k fault.Kind) bool {
	kind, _ := fault.Of(err)
	return kind == k
}

// toFinal makes a batch pause over a limit that only a person lifts.
func toFinal(err error) error {
	if f := fault.As(err); f != nil && f.Kind == fault.TooMany {
		return fault.Conflict.Wrap(err, "%s", f.Msg).WithCode(f.Code).WithHint("%s", f.Hint)
	}
	return err
}

func (h *hand) intendTx(tx *db.Tx, jobs []*job) error {
	mine, err := holdBatch(tx, h.b.ID, h.me, h.lease(), 0)
	if err != nil {
		return err
	}
	now, err := batchAlone(tx, h.b.ID)
	if err != nil {
		return err
	}
	if !mine || now.State != Running {
		return errMoved
	}
	x, err := h.Seal.UsableTx(tx, h.b.Seal)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.err != nil {
			if err := setItemFailed(tx, h.b.ID, j.it, reason(j.err)); err != nil {
				return err
			}
			continue
		}
		if j.token, err = h.Seal.IntendTx(tx, x, h.b.object(j.it), h.b.Purpose, j.it.content); err != nil {
			return err
		}
		if err := setItemIntended(tx, h.b.ID, j.it.Line, j.token.Use(), j.it.content); err != nil {
			return err
		}
	}
	return nil
}

// stamp stands between the transactions: it stamps, verifies and stores.
func (h *hand) stamp(ctx context.Context, j *job) {
	if j.err != nil || j.token == nil {
		return
	}
	stamped, err := h.Seal.Stamp(ctx, j.token, j.document, j.places...)
	if err == nil {
		j.stamped, err = stamped.Bytes()
	}
	if err == nil {
		err = h.verifiedBy(j.stamped, j.document, h.trust)
	}
	if err == nil {
		j.it.document, err = h.Blob.Put(ctx, j.stamped)
	}
	j.stamped, j.err = nil, err
}

// close is the second transaction.
func (h *hand) close(ctx context.Context, jobs []*job) error {
	var unsettled error
	err := h.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		unsettled = nil
		for _, j := range jobs {
			if j.token == nil && j.it.State != Stamping {
				continue
			}
			if err := h.closeTx(tx, j, &unsettled); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, unsettled)
}

func (h *hand) closeTx(tx *db.Tx, j *job, unsettled *error) error {
	use := j.it.Use
	if j.token != nil {
		use = j.token.Use()
	}
	switch {
	case j.err == nil:
		if err := setItemDone(tx, h.b.ID, j.it.Line, j.it.document); err != nil {
			return err
		}
		if err := h.Seal.DoneTx(tx, use, j.it.document); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "sealing.stamp", Object: h.b.object(j.it), Before: j.it.original, After: j.it.document})
	case !fault.Final(j.err):
		*unsettled = j.err // again when the lease has run out
		return nil
	}
	it := *j.it
	it.State = Stamping
	if err := setItemFailed(tx, h.b.ID, &it, reason(j.err)); err != nil {
		return err
	}
	if err := seal.WithdrawTx(tx, use); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "sealing.lose", Object: h.b.object(j.it), Reason: reason(j.err), Before: j.it.original})
}

// finished ends a batch that has nothing left.
func (h *hand) finished(ctx context.Context) error {
	err := h.DB.Write(ctx, func(tx *db.Tx) error {
		b, err := batchByID(tx, h.b.ID)
		if err != nil {
			return err
		}
		if b.Remaining > 0 {
			return errMoved
		}
		if err := finishBatch(tx, b.ID); err != nil {
			return err
		}
		if err := h.announceBatch(tx, b, Finished); err != nil {
			return err
		}
		if err := audit.Put(tx, audit.Entry{Action: "sealing.batch-end", Object: batchObject(b.ID), Reason: fmt.Sprintf("盖章 %d 件，未盖章 %d 件", b.Done, b.Failed)}); err != nil {
			return err
		}
		if b.single {
			return nil
		}
		return h.tell(tx, notice.Notice{Account: b.Account, Topic: "sealing.batch-end", Title: "批量用印已结束",
			Text: fmt.Sprintf("“%s”：盖章 %d 件，未盖章 %d 件", b.Title, b.Done, b.Failed), Link: "/console/sealing/batches/" + b.ID})
	})
	if errors.Is(err, errMoved) {
		return nil
	}
	return err
}
