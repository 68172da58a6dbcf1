package app

import (
	"sidian/internal/item"
	"sidian/internal/web/items"
)

// items makes what keeps service items and what binds them to kinds.
func (a *App) items() {
	a.Item = &item.Service{DB: a.DB, IAM: a.IAM, Catalogue: a.Catalogue, Notices: a.Notice}
}

// itemPages makes its pages.
func (a *App) itemPages() error {
	a.Items = &items.Service{Kit: a.Web.Kit, Items: a.Item}
	return a.Items.Load()
}
