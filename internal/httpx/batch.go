package httpx

import (
	"context"
	"slices"
	"sync"

	"sidian/internal/db"
)

// A batcher runs the small writes of many requests as one transaction, so that
// idempotency costs a fraction of a commit each where commits are not grouped
// by the engine. Whoever finds nobody at work does it; those who come
// meanwhile are the next batch.
type batcher struct {
	mu    sync.Mutex
	busy  bool
	queue []*batchJob
}

type batchJob struct {
	fn   func(*db.Tx) error
	done chan error
}

// batchSize bounds how much one transaction repeats when it loses a race.
const batchSize = 64

// do runs fn in a transaction of d, perhaps beside others', and returns when
// it is committed. fn may run more than once.
func (b *batcher) do(ctx context.Context, d *db.DB, fn func(*db.Tx) error) error {
	if d.Engine() == "sqlite" { // its writer groups commits already
		return d.Write(ctx, fn)
	}
	j := &batchJob{fn, make(chan error, 1)}
	b.mu.Lock()
	b.queue = append(b.queue, j)
	lead := !b.busy
	b.busy = true
	b.mu.Unlock()
	if lead {
		// One caller's end must not end the others' work.
		b.drain(context.WithoutCancel(ctx), d, j)
	}
	return <-j.done
}

// drain runs batches until own is done, and leaves what came since to another.
func (b *batcher) drain(ctx context.Context, d *db.DB, own *batchJob) {
	for {
		b.mu.Lock()
		n := min(len(b.queue), batchSize)
		jobs := b.queue[:n:n]
		b.queue = b.queue[n:]
		if n == 0 {
			b.busy = false
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		runBatch(ctx, d, jobs)
		if own != nil && slices.Contains(jobs, own) {
			go b.drain(ctx, d, nil)
			return
		}
	}
}

// runBatch commits all, or if one is refused, each by itself.
func runBatch(ctx context.Context, d *db.DB, jobs []*batchJob) {
	err := d.Write(ctx, func(tx *db.Tx) error {
		for _, j := range jobs {
			if err := j.fn(tx); err != nil {
				return err
			}
		}
		return nil
	})
	for _, j := range jobs {
		if err != nil && len(jobs) > 1 {
			j.done <- d.Write(ctx, j.fn)
			continue
		}
		j.done <- err
	}
}
