package app

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"sidian/gm"
	"sidian/internal/audit/chain"
	"sidian/internal/fault"
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
		{"giving certificates of before their MACs", time.Minute, func(ctx context.Context) error { _, err := a.Cert.Adopt(ctx); return err }},
		{"giving composite permits of before their MACs", time.Minute, func(ctx context.Context) error { _, err := a.Composite.Adopt(ctx); return err }},
		{"ending certificates whose validity is over", time.Minute, func(ctx context.Context) error { _, err := a.Cert.Expire(ctx); return err }},
		{"finishing annotated copies", 5 * time.Second, func(ctx context.Context) error { _, _, err := a.Annotation.Resume(ctx); return err }},
		{"finishing feedback of officers", 5 * time.Second, func(ctx context.Context) error { _, err := a.Feedback.Resume(ctx); return err }},
		{"giving feedback to units that took over", time.Hour, func(ctx context.Context) error { _, err := a.Feedback.Tick(ctx); return err }},
		{"going on with drafts that were being issued", 5 * time.Second, func(ctx context.Context) error { _, err := a.Issuing.Resume(ctx); return err }},
		{"following the members of composite permits", 500 * time.Millisecond, a.Composite.Work},
		{"going on with composite permits that were being issued", 5 * time.Second, func(ctx context.Context) error { _, err := a.Composite.Resume(ctx); return err }},
		{"looking for composite permits that no event told of", time.Hour, func(ctx context.Context) error { _, err := a.Composite.Reconcile(ctx); return err }},
		{"rolling the time stamp authority", time.Hour, func(ctx context.Context) error { _, err := a.PKI.Roll(ctx); return err }},
		{"stamping and renewing evidence", time.Minute, func(ctx context.Context) error { _, err := a.Lasting.Work(ctx); return err }},
		{"noting certificates that were issued before there was evidence", 24 * time.Hour, after(time.Minute, a.noteForEvidence)},
		{"finishing seals that were being made", 5 * time.Second, func(ctx context.Context) error { _, err := a.SealApply.Resume(ctx); return err }},
		{"making the seals of campaigns", 2 * time.Second, a.SealApply.Work},
		{"finishing stamps", 5 * time.Second, func(ctx context.Context) error { _, _, err := a.Sealing.Resume(ctx); return err }},
		{"sealing batches", 2 * time.Second, func(ctx context.Context) error { _, err := a.Sealing.Work(ctx); return err }},
		{"taking sealed documents to the archive", time.Minute, func(ctx context.Context) error { _, err := a.Archive.Sweep(ctx); return err }},
		{"looking for sealed documents that were missed", 24 * time.Hour, func(ctx context.Context) error { _, err := a.Archive.Reconcile(ctx); return err }},
		{"finishing signatures", 5 * time.Second, func(ctx context.Context) error { _, _, err := a.Signature.Resume(ctx); return err }},
		{"ending and reminding of signing tasks", time.Minute, func(ctx context.Context) error { _, _, err := a.Signature.Tick(ctx); return err }},
		{"finishing requests for digital certificates", time.Minute, a.PKI.Resume},
		{"fetching revocation lists from outside", time.Hour, a.PKI.FetchLists},
		{"calling programs", 2 * time.Second, a.Webhook.Work},
		{"forgetting calls of long ago", 24 * time.Hour, a.Webhook.Sweep},
		{"forgetting notices of long ago", 24 * time.Hour, func(ctx context.Context) error { _, err := a.Notice.Sweep(ctx); return err }},
		{"sending notices", 2 * time.Second, a.Notice.Work},
		{"reminding of certificates that end", time.Minute, func(ctx context.Context) error { _, err := a.Remind.Tick(ctx); return err }},
		{"telling units what they left lying", 6 * time.Hour, after(time.Minute, func(ctx context.Context) error { _, err := a.Listing.Tell(ctx); return err })},
		{"carrying files between the zones", time.Minute, a.carry},
		{"ending offers of seals", time.Minute, func(ctx context.Context) error { _, err := a.Bound.Tick(ctx); return err }},
		{"issuing batches", 2 * time.Second, a.Batch.Work},
		{"ending batches that nobody goes on with", time.Hour, a.Batch.Sweep},
		{"bringing in units and people", 2 * time.Second, a.Onboard.Work},
		{"giving up tables that nobody goes on with", time.Hour, a.Onboard.Sweep},
		{"forgetting sessions that are over", time.Hour, a.Auth.Sweep},
		{"announcing deadlines", 20 * time.Second, func(ctx context.Context) error { _, err := a.Due.Tick(ctx); return err }},
		{"linking audit entries", 2 * time.Second, func(ctx context.Context) error { _, err := chain.Run(ctx, a.DB, a.Keys); return err }},
		{"looking for altered rows", time.Hour, func(ctx context.Context) error {
			return errors.Join(a.IAM.Patrol(ctx), a.Auth.Patrol(ctx), a.Seal.Patrol(ctx))
		}},
		{"looking at the audit's newest links", time.Hour, func(ctx context.Context) error { _, err := a.Auditor.Inspect(ctx, false); return err }},
		{"reading the whole audit", 24 * time.Hour, after(15*time.Minute, func(ctx context.Context) error { _, err := a.Auditor.Inspect(ctx, true); return err })},
		{"ending what was granted for a time", 5 * time.Minute, a.IAM.Sweep},
		{"encrypting again under new keys", time.Minute, a.Rotation.Run},
		{"forgetting answers that nobody asks for again", time.Hour, func(ctx context.Context) error { _, err := a.repeats.Sweep(ctx); return err }},
		{"removing documents that no row names", 24 * time.Hour, a.sweepDocuments},
	}
}

func (a *App) keepDoing(ctx context.Context, c chore) {
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := c.do(ctx); err != nil && ctx.Err() == nil {
			a.Log.Log(ctx, gravity(err), c.name, "err", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// gravity is how loud what a worker did not finish is logged: a transaction
// that lost all its races is tried again on the next round, and nobody has to
// act.
func gravity(err error) slog.Level {
	if f := fault.As(err); f != nil && f.Code == "db.busy" {
		return slog.LevelWarn
	}
	return slog.LevelError
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
	removed, err := a.Blob.Sweep(ctx, a.DB.Now().Add(-orphanAge), a.named)
	if removed > 0 {
		a.Log.InfoContext(ctx, "removed documents that no row names", "count", removed)
	}
	return err
}

// documents are those that the rows of a context name.
type documents interface {
	Named(ctx context.Context, digests []gm.Digest) (map[gm.Digest]bool, error)
}

// documented are all of them: the document of one that is left out is removed.
func (a *App) documented() []documents {
	return []documents{a.Cert, a.Annotation, a.Feedback, a.SealApply, a.Sealing, a.Signature, a.Archive, a.Complaint, a.Listing}
}

// named tells which documents a row of any context names.
func (a *App) named(ctx context.Context, digests []gm.Digest) (map[gm.Digest]bool, error) {
	all := map[gm.Digest]bool{}
	for _, of := range a.documented() {
		some, err := of.Named(ctx, digests)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, some)
	}
	return all, nil
}

// resume finishes what a crash left between the two transactions of issuing.
func (a *App) resume(ctx context.Context) error {
	completed, withdrawn, err := a.Cert.Resume(ctx)
	if completed+withdrawn > 0 {
		a.Log.InfoContext(ctx, "resumed issuing", "completed", completed, "withdrawn", withdrawn)
	}
	return err
}
