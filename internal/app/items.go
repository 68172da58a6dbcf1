package app

import (
	"sidian/internal/item"
	"sidian/internal/listing"
	"sidian/internal/web/items"
	"sidian/internal/web/lists"
)

// items makes what keeps service items, what binds them to kinds, and the lists that
// are compiled of them.
func (a *App) items() {
	a.Item = &item.Service{DB: a.DB, IAM: a.IAM, Catalogue: a.Catalogue, Notices: a.Notice}
	a.Listing = &listing.Service{DB: a.DB, IAM: a.IAM, Catalogue: a.Catalogue, Items: a.Item, Notices: a.Notice, Blob: a.Blob}
}

// itemPages makes its pages.
func (a *App) itemPages() error {
	a.Items = &items.Service{Kit: a.Web.Kit, Items: a.Item}
	return a.Items.Load()
}

// listPages makes the pages of lists.
func (a *App) listPages() error {
	a.Lists = &lists.Service{Kit: a.Web.Kit, Listing: a.Listing}
	return a.Lists.Load()
}
