package app

import (
	"context"

	"sidian/internal/outbox"
)

// certSeals ends what waits for the seals of several units when they have
// decided. Who issues is made later than who is told.
func (a *App) certSeals() outbox.Consumer {
	c := a.Cert.Consumer()
	c.Deliver = func(ctx context.Context, ev outbox.Event) error { return a.Cert.Settled(ctx, ev) }
	return c
}
