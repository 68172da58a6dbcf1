package app

import (
	"context"

	"sidian/internal/composite"
	"sidian/internal/outbox"
	"sidian/internal/verify"
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

// members are the permits that a certificate folds in, as a verdict tells them.
func (a *App) members(ctx context.Context, certificate string) ([]verify.Member, error) {
	list, err := a.Composite.Members(ctx, certificate)
	var out []verify.Member
	for _, m := range list {
		out = append(out, verify.Member{Kind: m.Kind, Name: m.Title, Number: m.Number, Issuer: m.IssuerName, Required: m.Required, Permitted: m.Permitted,
			Status: m.Status, StatusName: m.StatusName, ValidTo: m.ValidTo, Followed: m.Followed})
	}
	return out, err
}

// compositePages makes its pages, and the part of the verdict that one code opens.
func (a *App) compositePages() error {
	a.Verify.Members = a.members
	a.Composites = &compositepages.Service{Kit: a.Web.Kit, IAM: a.IAM, Catalogue: a.Catalogue, Composite: a.Composite}
	return a.Composites.Load()
}
