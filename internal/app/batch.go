package app

import (
	"context"

	"sidian/internal/batch"
	batchpages "sidian/internal/web/batch"
)

// batch makes bulk issue.
func (a *App) batch(ctx context.Context) (err error) {
	a.Batch, err = batch.New(ctx, batch.Parts{DB: a.DB, Keys: a.Keys, IAM: a.IAM, Catalogue: a.Catalogue, Cert: a.Cert, Notices: a.Notice, Outbox: a.Outbox})
	return err
}

// batchPages makes its pages.
func (a *App) batchPages() error {
	a.Batches = &batchpages.Service{Kit: a.Web.Kit, IAM: a.IAM, Catalogue: a.Catalogue, Cert: a.Cert, Batch: a.Batch}
	return a.Batches.Load()
}
