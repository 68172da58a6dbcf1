package app

import "sidian/internal/web/transfers"

// transferPages makes the pages on which the authority to issue is handed over.
func (a *App) transferPages() error {
	a.Transfers = &transfers.Service{Kit: a.Web.Kit, IAM: a.IAM, Catalogue: a.Catalogue, Cert: a.Cert}
	return a.Transfers.Load()
}
