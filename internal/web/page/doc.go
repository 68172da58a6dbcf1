// Package page is the kit that every page of the user interface is made of: one
// frame (bar, navigation, footer), one style sheet, one script, the parts that
// pages share (parts.html: tables, facts, tabs, forms, steps, notices …), and
// how a refusal is shown.
//
// A package of pages embeds its own pages/*.html, each of which defines "body":
//
//	//go:embed pages/*.html
//	var pages embed.FS
//
//	set, err := kit.Load(pages)
//	kit.Add(page.Item{Key: "people", Label: "人员", Href: "/console/admin/people", Group: page.Administration, Order: 20, For: httpx.Needs("person.read")})
//	…
//	set.Show(w, http.StatusOK, "people", peoplePage{Frame: kit.Frame(r, "人员", "people", ""), …})
//
// A file whose name begins with "_" holds parts that the package's pages share.
// Every page works with the keyboard alone, without scripts, at 360 px, in
// elder mode, in the dark and on paper.
package page
