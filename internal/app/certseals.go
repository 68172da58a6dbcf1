package app

import (
	"context"

	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/outbox"
)

// certSeals ends what waits for the seals of several units when they have
// decided. Who issues is made later than who is told.
func (a *App) certSeals() outbox.Consumer {
	c := a.Cert.Consumer()
	c.Deliver = func(ctx context.Context, ev outbox.Event) error {
		if err := a.Cert.Settled(ctx, ev); err != nil {
			return err
		}
		return a.Issuing.Settled(ctx, ev) // the draft that waits for it
	}
	return c
}

// draftDues follows deadlines that move, by which the queue of drafts is sorted.
func (a *App) draftDues() outbox.Consumer {
	return outbox.Consumer{Name: "issuing.due", Topics: []string{due.TopicMoved}, Handle: func(tx *db.Tx, ev outbox.Event) error { return a.Issuing.Moved(tx, ev) }}
}
