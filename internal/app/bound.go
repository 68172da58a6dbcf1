package app

import (
	"context"

	"sidian/internal/bound"
	"sidian/internal/outbox"
	boundpages "sidian/internal/web/bound"
)

// boundConsumers are who offer seals with certificates, and follow both. Their
// service is filled in by bound, when what it needs is made.
func (a *App) boundConsumers() []outbox.Consumer {
	a.Bound = &bound.Service{DB: a.DB}
	return a.Bound.Consumers()
}

func (a *App) bound(ctx context.Context) error {
	b := a.Bound
	b.IAM, b.Catalogue, b.Cert, b.Issuing, b.Apply, b.Seals, b.Notices = a.IAM, a.Catalogue, a.Cert, a.Issuing, a.SealApply, a.Seal, a.Notice
	a.SealApply.Basis = b.Basis
	return b.Unlock(ctx, a.Keys)
}

// boundPages makes its pages.
func (a *App) boundPages() error {
	a.Together = &boundpages.Service{Kit: a.Web.Kit, Bound: a.Bound, IAM: a.IAM, Catalogue: a.Catalogue}
	return a.Together.Load()
}
