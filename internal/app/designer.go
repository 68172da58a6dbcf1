package app

import "sidian/internal/web/designer"

// designerPages makes the pages on which kinds are drawn up.
func (a *App) designerPages() error {
	a.Designer = &designer.Service{Kit: a.Web.Kit, IAM: a.IAM, Catalogue: a.Catalogue}
	return a.Designer.Load()
}
