package app

import (
	"sidian/internal/todo"
	applypages "sidian/internal/web/sealapply"
)

// applyPages makes the pages of applications for seals.
func (a *App) applyPages() error {
	a.ApplyPages = &applypages.Service{
		Kit: a.Web.Kit, Apply: a.SealApply, Seal: a.Seal, IAM: a.IAM, Todo: &todo.Service{DB: a.DB, Due: a.Due}, Account: a.accountNamed,
	}
	return a.ApplyPages.Load()
}
