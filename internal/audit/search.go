package audit

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Query says which entries are wanted. Empty fields ask for nothing.
type Query struct {
	Object  string // exactly
	Account string
	App     string
	Address string
	Action  string // prefix: "cert." or "cert.read"
	Objects string // prefix of the object: "cert/"
	Result  string // Done, Refused, Failed
	Session string
	Request string
	Purpose string
	Text    string    // stands in the reason
	Orgs    []string  // one of these organisations; nil: any, empty: none
	From    time.Time // inclusive
	To      time.Time // exclusive
	After   Cursor    // continue after this one
	Limit   int       // at most; 100 when zero, 1,000 at most
}

// A Cursor is where a page ended. The zero Cursor is before the newest entry.
type Cursor struct {
	At time.Time
	ID string
}

// Limits of one page. A page costs the same however many entries there are:
// when reach entries were looked at, it ends, even with none found.
const (
	usual    = 100
	most     = 1000
	reach    = 10_000
	manyWays = 64 // above which time alone is the better index
)

// List returns entries, newest first, and the cursor to continue from: the
// zero Cursor when there are no more. A page may be short, or empty, and yet
// have a cursor: what was asked for is rare, and more is found further on.
func List(tx *db.Tx, q Query) ([]Entry, Cursor, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = usual
	}
	limit = min(limit, most)
	ways, err := waysOf(tx, q)
	if err != nil || len(ways) == 0 {
		return nil, Cursor{}, err
	}
	m := merge{limit: limit}
	for _, w := range ways {
		if err := m.along(tx, q, w, max(limit+1, reach/len(ways))); err != nil {
			return nil, Cursor{}, err
		}
	}
	out, next := m.page()
	return out, next, nil
}

// Get returns one entry.
func Get(tx *db.Tx, id string) (Entry, error) {
	found, err := one(tx, id)
	if err == nil && len(found) == 0 {
		err = fault.NotFound.New("没有这条审计记录").WithCode("audit.entry")
	}
	if err != nil {
		return Entry{}, err
	}
	return found[0], nil
}

// waysOf chooses the index for q, the most selective first.
func waysOf(tx *db.Tx, q Query) ([]way, error) {
	if q.Orgs != nil && len(q.Orgs) == 0 {
		return nil, nil
	}
	for _, w := range []way{{"object", q.Object}, {"account", q.Account}, {"address", q.Address}, {"app", q.App}} {
		if w.value != "" {
			return []way{w}, nil
		}
	}
	if q.Action != "" {
		actions, err := actionsWith(tx, q.Action)
		if err != nil || len(actions) <= manyWays {
			return ways("action", actions), err
		}
	}
	if q.Result == Refused || q.Result == Failed {
		return ways("result", []string{q.Result}), nil
	}
	if q.Orgs != nil && len(q.Orgs) <= manyWays {
		orgs := slices.Clone(q.Orgs)
		slices.Sort(orgs)
		return ways("org", slices.Compact(orgs)), nil
	}
	return []way{{}}, nil
}

func ways(column string, values []string) (out []way) {
	for _, v := range values {
		out = append(out, way{column, v})
	}
	return out
}

// actionsWith lists the actions that begin with prefix, and gives up where they
// are too many to be ways.
func actionsWith(tx *db.Tx, prefix string) (found []string, err error) {
	a, err := nextAction(tx, prefix)
	for err == nil && strings.HasPrefix(a, prefix) && len(found) <= manyWays {
		found = append(found, a)
		a, err = nextAction(tx, a+"\x01") // nothing stands between the two
	}
	return found, err
}

// wants reports whether e is asked for.
func (q *Query) wants(e *Entry, orgs map[string]bool) bool {
	for _, c := range [][2]string{
		{q.Object, e.Object}, {q.Account, e.Actor.Account}, {q.App, e.Actor.App}, {q.Address, e.Actor.Address},
		{q.Result, e.Result}, {q.Session, e.Actor.Session}, {q.Request, e.Request}, {q.Purpose, e.Purpose},
	} {
		if c[0] != "" && c[0] != c[1] {
			return false
		}
	}
	return (orgs == nil || orgs[e.Actor.Org]) && strings.HasPrefix(e.Action, q.Action) &&
		strings.HasPrefix(e.Object, q.Objects) && strings.Contains(e.Reason, q.Text)
}

// A place is where an entry stands in time.
type place struct {
	at int64
	id string
}

func placeOf(e *Entry) place { return place{e.At.UnixMilli(), e.ID} }

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.at, o.at), cmp.Compare(p.id, o.id))
}

// begin is the place before which q wants entries.
func (q *Query) begin() place {
	p := place{at: math.MaxInt64}
	if !q.To.IsZero() {
		p = place{at: q.To.UnixMilli()}
	}
	if q.After != (Cursor{}) {
		if c := (place{q.After.At.UnixMilli(), q.After.ID}); c.compare(p) < 0 {
			p = c
		}
	}
	return p
}

// merge puts together what was found along several ways.
type merge struct {
	limit int
	found []Entry
	// edge is the newest place at which a way was left before its end: beyond
	// it nothing is known to be complete.
	edge place
	left bool
}

// along looks at up to n entries along w.
func (m *merge) along(tx *db.Tx, q Query, w way, n int) error {
	from := int64(math.MinInt64)
	if !q.From.IsZero() {
		from = q.From.UnixMilli()
	}
	var orgs map[string]bool
	if q.Orgs != nil {
		orgs = map[string]bool{}
		for _, o := range q.Orgs {
			orgs[o] = true
		}
	}
	// What filters nothing needs no more than a page.
	seen, kept, at := 0, 0, q.begin()
	for seen < n && kept <= m.limit {
		some := min(n-seen, max(m.limit+1, seen))
		got := 0
		err := walk(tx, w, from, at, some, func(e Entry) {
			got++
			at = placeOf(&e)
			if q.wants(&e, orgs) {
				kept++
				m.found = append(m.found, e)
			}
		})
		if err != nil || got < some {
			return err
		}
		seen += got
	}
	if !m.left || at.compare(m.edge) > 0 {
		m.edge = at
	}
	m.left = true
	return nil
}

// page is the newest of what was found, and where to continue.
func (m *merge) page() ([]Entry, Cursor) {
	slices.SortFunc(m.found, func(a, b Entry) int { return placeOf(&b).compare(placeOf(&a)) })
	if m.left {
		end, _ := slices.BinarySearchFunc(m.found, m.edge, func(e Entry, p place) int { return p.compare(placeOf(&e)) })
		for end < len(m.found) && placeOf(&m.found[end]) == m.edge {
			end++
		}
		m.found = m.found[:end]
	}
	switch {
	case len(m.found) > m.limit:
		m.found = m.found[:m.limit]
		last := m.found[m.limit-1]
		return m.found, Cursor{last.At, last.ID}
	case m.left:
		return m.found, Cursor{time.UnixMilli(m.edge.at).UTC(), m.edge.id}
	}
	return m.found, Cursor{}
}
