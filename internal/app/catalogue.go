package app

import (
	kindpages "sidian/internal/web/catalogue"
	"sidian/internal/web/designer"
)

// kindPages makes the pages of the directory of kinds.
func (a *App) kindPages() error {
	a.KindPages = &kindpages.Service{Kit: a.Web.Kit, IAM: a.IAM, Catalogue: a.Catalogue, Designer: designer.Home}
	return a.KindPages.Load()
}
