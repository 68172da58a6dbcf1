package page

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// A Group is a part of the navigation.
type Group int

// The groups, in order. What is in Main stands in the bar: the work of every day.
// The others are folded behind their names, unless all that the reader has fits
// in the bar; what is in Account is behind the reader's own name.
const (
	Main Group = iota
	Certificates
	Seals
	Catalogue
	Own
	Administration
	Account
)

var groupNames = map[Group]string{Certificates: "证照", Seals: "印章", Catalogue: "目录", Own: "我的", Administration: "管理"}

// mostOpen is how many links stand in the bar side by side: one row at 1440 px.
const mostOpen = 9

// An Item is an entry of the navigation: where it leads, and for whom it is
// there. For is the need of the page that it leads to (see [Kit.Check]), so
// that nobody is shown a door that does not open.
type Item struct {
	Key, Label, Href string
	Group            Group
	Order            int // from the left
	For              httpx.Need
	// Known shows an item of a public page to those only who are signed in, and
	// Stranger one that needs signing in to strangers too, whom it leads there.
	Known, Stranger bool
	// Away hides an item from those who are signed in: they have a nearer way.
	Away bool
}

// Nav is the navigation, in order.
type Nav []Item

// A Link is an item as one reader sees it.
type Link struct {
	Key, Label, Href string
	Current          bool
}

// Add adds items to the navigation.
func (k *Kit) Add(items ...Item) {
	k.nav = append(k.nav, items...)
	slices.SortStableFunc(k.nav, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Order, b.Order))
	})
}

// audience is who reads a page.
type audience struct {
	signedIn bool
	may      func(permission string) bool
}

func knows(ctx context.Context) bool {
	_, ok := iam.From(ctx)
	return ok
}

func (i Item) shown(a audience) bool {
	switch {
	case a.signedIn && i.Away:
		return false
	case !a.signedIn:
		return i.Stranger || i.For.IsPublic() && !i.Known
	case len(i.For.Permissions()) > 0:
		return slices.ContainsFunc(i.For.Permissions(), a.may)
	default:
		return true
	}
}

// A Section is a group of the navigation as one reader sees it: folded behind its
// Label, or its links side by side.
type Section struct {
	Label   string
	Folded  bool
	Current bool // the reader is at one of the links
	Links   []Link
}

// links are the items that are shown: those of every day, the groups beside them,
// and those behind the reader's name.
func (n Nav) links(current string, a audience) (main []Link, more []Section, own []Link) {
	shown := 0
	for _, i := range n {
		if !i.shown(a) {
			continue
		}
		l := Link{Key: i.Key, Label: i.Label, Href: i.Href, Current: i.Key == current}
		switch {
		case i.Group == Account && a.signedIn:
			own = append(own, l)
			continue
		case i.Group == Main || i.Group == Account:
			main = append(main, l)
		case len(more) > 0 && more[len(more)-1].Label == groupNames[i.Group]:
			last := &more[len(more)-1]
			last.Links, last.Current = append(last.Links, l), last.Current || l.Current
		default:
			more = append(more, Section{Label: groupNames[i.Group], Current: l.Current, Links: []Link{l}})
		}
		shown++
	}
	for i := range more {
		more[i].Folded = shown > mostOpen && len(more[i].Links) > 1
	}
	return main, more, own
}

// Check compares the navigation with the routes: each item leads to a page that
// is mounted, and is shown to those who may call it.
func (k *Kit) Check(routes []httpx.Route) error {
	for _, i := range k.nav {
		at := slices.IndexFunc(routes, func(r httpx.Route) bool { return r.Method == http.MethodGet && r.Pattern == i.Href })
		switch {
		case at < 0:
			return fmt.Errorf("web: the navigation leads to %s, where no page is", i.Href)
		case routes[at].Need != i.For.String():
			return fmt.Errorf("web: the navigation shows %s to %q, who needs %q", i.Href, i.For, routes[at].Need)
		}
	}
	return nil
}
