package app

import (
	"context"

	"sidian/internal/composite"
	"sidian/internal/outbox"
	compositepages "sidian/internal/web/composite"
)

// compositeConsumer follows what becomes of certificates that composite permits
// fold in. The service is filled in by composites, when what it needs is made.
func (a *App) compositeConsumer() outbox.Consumer {
	a.Composite = &composite.Service{DB: a.DB}
	return a.Composite.Consumer()
}

func (a *App) composites(ctx context.Context) error {
	c := a.Composite
	c.IAM, c.Catalogue, c.Cert, c.Notices = a.IAM, a.Catalogue, a.Cert, a.Notice
	return c.Unlock(ctx, a.Keys)
}

// compositePages makes its pages, and the part of the verdict that one code opens.
func (a *App) compositePages() error {
	a.Web.Members = a.Composite.Members
	a.Composites = &compositepages.Service{Kit: a.Web.Kit, IAM: a.IAM, Catalogue: a.Catalogue, Composite: a.Composite}
	return a.Composites.Load()
}
