package app

import (
	"context"

	"sidian/internal/todo"
	applypages "sidian/internal/web/sealapply"
)

// applyPages makes the pages of applications for seals.
func (a *App) applyPages() error {
	a.ApplyPages = &applypages.Service{
		Kit: a.Web.Kit, Apply: a.SealApply, Seal: a.Seal, IAM: a.IAM, Todo: &todo.Service{DB: a.DB, Due: a.Due}, Account: a.accountNamed, Bound: a.Bound, Keepers: a.keepers,
	}
	return a.ApplyPages.Load()
}

// keepers are the accounts that might keep the seals of a unit.
func (a *App) keepers(ctx context.Context, org string) ([]string, error) {
	return a.IAM.Holding(ctx, "seal.use", org)
}
