package app

import (
	"context"

	"sidian/internal/issuing"
	boundpages "sidian/internal/web/bound"
	issuingpages "sidian/internal/web/issuing"
	"sidian/internal/web/page"
)

// issuing makes the way on which certificates come about.
func (a *App) issuing(ctx context.Context) (err error) {
	a.Issuing, err = issuing.New(ctx, issuing.Parts{DB: a.DB, Keys: a.Keys, IAM: a.IAM, Catalogue: a.Catalogue, Cert: a.Cert, Notices: a.Notice, Due: a.Due})
	return err
}

// issuingPages makes its pages.
func (a *App) issuingPages() error {
	a.Desk = &issuingpages.Service{Kit: a.Web.Kit, Web: a.Web, IAM: a.IAM, Catalogue: a.Catalogue, Cert: a.Cert, Issuing: a.Issuing, Beside: a.sealBeside}
	return a.Desk.Load()
}

// sealBeside leads from a draft to the seal that its holder may ask for together
// with the certificate; to none where its kind brings no seal.
func (a *App) sealBeside(ctx context.Context, draft string, own bool) []page.Link {
	x, err := a.Bound.Wish(ctx, draft)
	if err != nil {
		return nil
	}
	home, label := boundpages.Wishes, "同时申领"+x.SealLabel
	if own {
		home = boundpages.Own
	}
	if x.State == "waiting" {
		label = "已选" + label
	}
	return []page.Link{{Key: "seal-wish", Label: label, Href: page.At(home, draft)}}
}
