package app

import (
	"context"

	"sidian/internal/complaint"
	"sidian/internal/web/complaints"
)

// complaints makes what takes complaints about refused seals.
func (a *App) complaints(ctx context.Context) (err error) {
	a.Complaint, err = complaint.New(ctx, complaint.Parts{DB: a.DB, Keys: a.Keys, IAM: a.IAM, Blobs: a.Blob, Notices: a.Notice, Due: a.Due, Outbox: a.Outbox})
	return err
}

// complaintPages makes its pages.
func (a *App) complaintPages() error {
	a.Complaints = &complaints.Service{Kit: a.Web.Kit, Complaints: a.Complaint}
	return a.Complaints.Load()
}
