package app

import (
	"context"
	"errors"
	"time"

	"sidian/internal/audit/chain"
)

// A chore is work that a running program does by itself, at once and then at
// intervals. Any number of processes may do it at the same time.
type chore struct {
	name  string
	every time.Duration
	do    func(context.Context) error
}

// chores of every instance. Events are not pruned: a consumer that a later
// version brings is given those that were put before it.
func (a *App) chores() []chore {
	return []chore{
		{"resuming what was being issued", 5 * time.Second, a.resume},
		{"bringing in units and people", 2 * time.Second, a.Onboard.Work},
		{"giving up tables that nobody goes on with", time.Hour, a.Onboard.Sweep},
		{"forgetting sessions that are over", time.Hour, a.Auth.Sweep},
		{"announcing deadlines", 20 * time.Second, func(ctx context.Context) error { _, err := a.Due.Tick(ctx); return err }},
		{"linking audit entries", 2 * time.Second, func(ctx context.Context) error { _, err := chain.Run(ctx, a.DB, a.Keys); return err }},
		{"looking for altered rows", time.Hour, func(ctx context.Context) error { return errors.Join(a.IAM.Patrol(ctx), a.Auth.Patrol(ctx)) }},
		{"looking at the audit's newest links", time.Hour, func(ctx context.Context) error { _, err := a.Auditor.Inspect(ctx, false); return err }},
		{"reading the whole audit", 24 * time.Hour, after(15*time.Minute, func(ctx context.Context) error { _, err := a.Auditor.Inspect(ctx, true); return err })},
		{"ending what was granted for a time", 5 * time.Minute, a.IAM.Sweep},
		{"encrypting again under new keys", time.Minute, a.Rotation.Run},
		{"forgetting answers that nobody asks for again", time.Hour, func(ctx context.Context) error { _, err := a.repeats.Sweep(ctx); return err }},
		{"removing documents that no certificate names", 24 * time.Hour, a.sweepDocuments},
	}
}

func (a *App) keepDoing(ctx context.Context, c chore) {
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := c.do(ctx); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, c.name, "err", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// after puts off what would hold up a start: of millions of rows, say.
func after(wait time.Duration, do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
			return do(ctx)
		}
	}
}

// orphanAge is how long a document may wait for its row: far longer than
// issuing takes.
const orphanAge = 24 * time.Hour

// sweepDocuments removes what a crash between storing and issuing left.
func (a *App) sweepDocuments(ctx context.Context) error {
	removed, err := a.Blob.Sweep(ctx, a.DB.Now().Add(-orphanAge), a.Cert.Named)
	if removed > 0 {
		a.Log.InfoContext(ctx, "removed documents that no certificate names", "count", removed)
	}
	return err
}

// resume finishes what a crash left between the two transactions of issuing.
func (a *App) resume(ctx context.Context) error {
	completed, withdrawn, err := a.Cert.Resume(ctx)
	if completed+withdrawn > 0 {
		a.Log.InfoContext(ctx, "resumed issuing", "completed", completed, "withdrawn", withdrawn)
	}
	return err
}
