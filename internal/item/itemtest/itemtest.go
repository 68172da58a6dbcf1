// Package itemtest gives other packages' tests a county whose units have items,
// and people who manage and read them.
package itemtest

import (
	"context"
	"testing"

	"sidian/internal/catalogue/cataloguetest"
	"sidian/internal/db"
	"sidian/internal/iam/iamtest"
	"sidian/internal/item"
	"sidian/internal/notice"
)

// Codes of items that Food and Inspect make.
const (
	Food    = "1199999900000000014990117001000"
	Inspect = "1199999900000000014990617002000"
)

// A World is the county with items.
type World struct {
	*iamtest.County
	Items  *item.Service
	Notice *notice.Service
	// Market and Land manage the items of their units; Clerk reads those of
	// Market.
	Market, Land, Clerk context.Context
}

// Kinds are the kinds in the catalogue.
var Kinds = []string{"business_license", "food_operation", "approval"}

// New makes the county in d.
func New(t testing.TB, d *db.DB) *World {
	t.Helper()
	c := iamtest.New(t, d)
	c.People["other"] = c.Hire(t, "landdesigner", "designer", iamtest.Land)
	w := &World{County: c, Notice: &notice.Service{DB: d}}
	w.Items = &item.Service{DB: d, IAM: c.Service, Catalogue: cataloguetest.New(t, d, Kinds...), Notices: w.Notice}
	w.Market, w.Land, w.Clerk = c.Ctx(t, "designer"), c.Ctx(t, "other"), c.Ctx(t, "clerk")
	return w
}

// Content is one that lacks nothing.
func Content(name string) item.Content {
	return item.Content{Name: name, Audience: "legal", Way: "promise", Days: 10, Basis: "《食品安全法》第三十五条", Starts: "2026-01-01",
		Materials: []item.Material{{Name: "食品经营许可申请书"}, {Name: "营业执照复印件"}}}
}

// Enter enters an item of the market's unit.
func (w *World) Enter(t testing.TB, code, name string) *item.Item {
	t.Helper()
	i, err := w.Items.Create(w.Market, iamtest.Market, code, Content(name))
	if err != nil {
		t.Fatal(err)
	}
	return i
}
