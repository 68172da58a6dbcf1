package app

import (
	"context"

	"sidian/gm"
	"sidian/internal/annotation"
	"sidian/internal/verify"
	annotationpages "sidian/internal/web/annotations"
	"sidian/ofd/draw"
)

// annotations makes what makes annotated copies of certificates.
func (a *App) annotations(ctx context.Context, fonts *draw.Fonts) (err error) {
	a.Annotation, err = annotation.New(ctx, annotation.Parts{
		DB: a.DB, Keys: a.Keys, IAM: a.IAM, Cert: a.Cert, Seal: a.Seal, Blob: a.Blob, Outbox: a.Outbox, Notices: a.Notice, Fonts: fonts,
	})
	return err
}

// annotationPages makes their pages.
func (a *App) annotationPages() error {
	a.Copies = &annotationpages.Service{Kit: a.Web.Kit, Copies: a.Annotation}
	return a.Copies.Load()
}

// copied finds the annotated copy that a document is.
func (a *App) copied(ctx context.Context, document gm.Digest) (*verify.Copy, error) {
	f, err := a.Annotation.Lookup(ctx, document)
	if err != nil {
		return nil, err
	}
	return &verify.Copy{Number: f.Number, MadeAt: f.MadeAt, ExpiresAt: f.ExpiresAt, EndedAt: f.EndedAt, Certificate: f.Certificate}, nil
}
