package app_test

import "testing"

// TestBrowserLifePages: the pages of kinds, items, lists and of making
// certificates that no story passes, at both widths, in elder mode and the dark.
func TestBrowserLifePages(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	pages := []sight{
		{"open-kinds", "", "/open/kinds"},
		{"open-kind", "", "/open/kinds/business_license"},
		{"open-items", "", "/open/items"},
		{"open-item", "", "/open/items/QH-MARKET-FOOD"},
		{"open-lists", "", "/open/lists"},
		{"open-scenes", "", "/open/scenes"},
		{"export-unknown", "", "/v/export/DC000000000000"},
		{"kinds", "designer", "/console/kinds"},
		{"kind", "designer", "/console/kinds/food_operation"},
		{"kind-entries", "director", "/console/kinds/entries"},
		{"kind-standards", "director", "/console/kinds/standards"},
		{"designer", "designer", "/console/designer"},
		{"items", "designer", "/console/items"},
		{"item", "designer", "/console/items/of/QH-MARKET-FOOD"},
		{"lists", "director", "/console/lists"},
		{"lists-report", "director", "/console/lists/report"},
		{"batch", "clerk", "/console/batch"},
		{"incidents", "clerk", "/console/incidents"},
		{"incident-new", "clerk", "/console/incidents/new"},
		{"offline", "clerk", "/console/offline"},
		{"offline-new", "clerk", "/console/offline/new"},
		{"correction-new", "clerk", "/console/corrections/new"},
		{"applications", "zhang", "/wallet/applications"},
		{"physicals", "issuer", "/console/physicals"},
		{"open-exempts", "", "/open/exempts"},
		{"open-norms", "", "/open/norms"},
		{"uses", "designer", "/console/lists/uses"},
		{"scenes", "designer", "/console/lists/scenes"},
		{"scene-new", "designer", "/console/lists/scenes/new"},
		{"norms", "designer", "/console/lists/norms"},
		{"mature", "director", "/console/lists/batches"},
		{"exempts", "director", "/console/lists/exempts"},
		{"schemes", "designer", "/console/composite-schemes"},
		{"scheme-new", "designer", "/console/composite-schemes/new"},
		{"composites", "clerk", "/console/composites"},
		{"composite-new", "clerk", "/console/composites/new"},
		{"matters", "clerk", "/console/matters"},
		{"matter-new", "clerk", "/console/new-matter"},
		{"annotations", "clerk", "/console/annotations"},
		{"bound", "clerk", "/console/bound"},
		{"bound-rules", "designer", "/console/bound/rules"},
		{"feedback", "officer", "/console/feedback"},
		{"feedback-new", "officer", "/console/feedback/new"},
		{"feedback-in", "issuer", "/console/feedback"},
		{"feedback-report", "issuer", "/console/feedback/report"},
		{"transfers", "director", "/console/transfers"},
		{"transfer-new", "director", "/console/transfers/new"},
		{"reminders", "issuer", "/console/reminders"},
		{"seal-offers", "zhang", "/wallet/seal-offers"},
	}
	w.tour(t, source, pages, everyView()...)
}
