package app

import (
	"context"

	"sidian/internal/issuing"
	issuingpages "sidian/internal/web/issuing"
)

// issuing makes the way on which certificates come about.
func (a *App) issuing(ctx context.Context) (err error) {
	a.Issuing, err = issuing.New(ctx, issuing.Parts{DB: a.DB, Keys: a.Keys, IAM: a.IAM, Catalogue: a.Catalogue, Cert: a.Cert, Notices: a.Notice, Due: a.Due})
	return err
}

// issuingPages makes its pages.
func (a *App) issuingPages() error {
	a.Desk = &issuingpages.Service{Kit: a.Web.Kit, Web: a.Web, IAM: a.IAM, Catalogue: a.Catalogue, Cert: a.Cert, Issuing: a.Issuing}
	return a.Desk.Load()
}
