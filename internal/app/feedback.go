package app

import (
	"context"

	"sidian/internal/feedback"
	feedbackpages "sidian/internal/web/feedback"
)

// feedback makes what takes what officers tell of certificates.
func (a *App) feedback(ctx context.Context) (err error) {
	a.Feedback, err = feedback.New(ctx, feedback.Parts{DB: a.DB, Keys: a.Keys, IAM: a.IAM, Cert: a.Cert, Blobs: a.Blob, Notices: a.Notice, Due: a.Due, Outbox: a.Outbox})
	return err
}

// feedbackPages makes its pages.
func (a *App) feedbackPages() error {
	a.Telling = &feedbackpages.Service{Kit: a.Web.Kit, Feedback: a.Feedback}
	return a.Telling.Load()
}
