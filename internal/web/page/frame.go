package page

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"sidian/internal/iam"
)

// ElderCookie is the name of the cookie that turns elder mode on.
const ElderCookie = "elder"

// The widths of a page: a form, a text, and everything else.
const (
	Narrow = "narrow"
	Middle = "middle"
	Wide   = ""
)

// A Frame is what stands around every page. Pages embed it; the frame is drawn
// from it alone, whatever else the page calls by the same names.
type Frame struct {
	Title   string
	Nav     string // Key of the item where the reader is
	Width   string
	Path    string // where the reader comes back to
	User    string // name of who is signed in, or ""
	Mark    string
	Elder   bool
	Main    []Link // the work of every day
	More    []Section
	Account []Link // behind the reader's name
	Scripts []string
	Inbox   string // where messages to the reader are; empty: nowhere

	unread func() int
}

// mostUnread is the largest number that the frame shows.
const mostUnread = 99

// Unread is how many messages the reader has not read, as the frame shows it:
// empty for none.
func (f Frame) Unread() string {
	if f.unread == nil {
		return ""
	}
	switch n := f.unread(); {
	case n <= 0:
		return ""
	case n > mostUnread:
		return strconv.Itoa(mostUnread) + "+"
	default:
		return strconv.Itoa(n)
	}
}

// Frame is the frame of a page for whoever asks in r.
func (k *Kit) Frame(r *http.Request, title, nav, width string) Frame {
	f := Frame{Title: title, Nav: nav, Width: width, Path: Here(r), Mark: k.mark}
	ctx := r.Context()
	if p, ok := iam.From(ctx); ok {
		f.User = p.Name
		if p.Account != "" && k.Inbox != "" {
			f.Inbox = k.Inbox
			if k.Badge != nil { // asked when the page is drawn: many a frame leads elsewhere
				f.unread = sync.OnceValue(func() int { return k.Badge(r) })
			}
		}
	}
	if c, err := r.Cookie(ElderCookie); err == nil {
		f.Elder = c.Value == "1"
	}
	f.Main, f.More, f.Account = k.nav.links(nav, audience{signedIn: f.User != "" || knows(ctx), may: func(permission string) bool {
		return iam.Allow(ctx, permission, "") == nil
	}})
	return f
}

// WithScript adds a script of the kit's assets to the page; the page works
// without it.
func (f Frame) WithScript(name string) Frame {
	f.Scripts = append(f.Scripts[:len(f.Scripts):len(f.Scripts)], name)
	return f
}

// passing are the parts of an address that say what just happened, and mean
// nothing when it is asked again.
var passing = []string{"look", "new", "done"}

// Here is where the reader comes back to: the address, if it can be asked again.
func Here(r *http.Request) string {
	q, changed := r.URL.Query(), false
	for _, name := range passing {
		if q.Has(name) {
			q.Del(name)
			changed = true
		}
	}
	if !changed {
		return r.URL.RequestURI()
	}
	u := url.URL{Path: r.URL.Path, RawQuery: q.Encode()}
	return u.RequestURI()
}

// Local keeps a redirect on this site: path if it is one of ours, and otherwise
// the other.
func Local(path, otherwise string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return otherwise
	}
	return path
}
