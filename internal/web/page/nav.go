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

// A Group is a row of the navigation.
type Group int

// Main stands in the bar on every page; Administration below it, for those who
// have something there, and folds on a phone.
const (
	Main Group = iota
	Administration
)

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

func (n Nav) links(current string, a audience) (main, more []Link) {
	for _, i := range n {
		if !i.shown(a) {
			continue
		}
		l := Link{Key: i.Key, Label: i.Label, Href: i.Href, Current: i.Key == current}
		if i.Group == Main {
			main = append(main, l)
		} else {
			more = append(more, l)
		}
	}
	return main, more
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
