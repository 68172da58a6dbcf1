package due

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Hold says for which organisations somebody holds a permission.
type Hold struct {
	Permission string
	Orgs       []string
}

// A Query asks for open promises: those of Account, those without an account
// that one of Holds covers, and, whoever they are for, all of Orgs: what the
// caller oversees. What is empty adds nothing, so that an empty query finds
// nothing. Whoever asks has decided what the caller may see.
type Query struct {
	Account string
	Holds   []Hold
	Orgs    []string
	Limit   int    // at most 100; 20
	Cursor  string // Page.Next of the page before
}

// A Page is a page of open promises.
type Page struct {
	Items []Promise `json:"items"`
	Next  string    `json:"next,omitempty"` // cursor of the next page, or ""
}

const (
	maxLimit     = 100
	defaultLimit = 20
)

// Mine is a page of what is open: overdue first, then by the end, those whose
// clock stands last.
func (s *Service) Mine(tx *db.Tx, q Query) (*Page, error) {
	if q.Limit <= 0 || q.Limit > maxLimit {
		q.Limit = defaultLimit
	}
	after, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	if q.Cursor == "" {
		after = math.MinInt64
	}
	var all []Promise
	for _, b := range slices.Concat(q.mine(), q.unit()) {
		part, err := listOf(tx, b, after, id, q.Limit+1)
		if err != nil {
			return nil, err
		}
		all = nearest(append(all, part...), q.Limit+1)
	}
	p := &Page{Items: all}
	if len(all) > q.Limit {
		p.Items = all[:q.Limit]
		last := &p.Items[q.Limit-1]
		p.Next = db.Cursor(last.order(), last.ID)
	}
	calendar, err := s.Calendar(tx)
	if err != nil {
		return nil, err
	}
	for i := range p.Items {
		p.Items[i].Left = p.Items[i].LeftAt(calendar, tx.Now())
	}
	return p, nil
}

// nearest are the first n by order, each once.
func nearest(all []Promise, n int) []Promise {
	slices.SortFunc(all, func(a, b Promise) int {
		return cmp.Or(cmp.Compare(a.order(), b.order()), cmp.Compare(a.ID, b.ID))
	})
	all = slices.CompactFunc(all, func(a, b Promise) bool { return a.ID == b.ID })
	return all[:min(len(all), n)]
}

// CountLimit is where counting stops: more are shown as so many and a plus
// sign.
const CountLimit = 1000

// A Count is how many promises are open, counted up to CountLimit of the most
// pressing.
type Count struct {
	Open    int `json:"open"`
	Overdue int `json:"overdue"`
	Soon    int `json:"soon"` // not overdue, but a reminder is past or the last day has begun
	Paused  int `json:"paused"`
}

// Counts are for Account and Holds together, and for Orgs.
type Counts struct {
	Mine Count `json:"mine"`
	Unit Count `json:"unit"`
}

// Counts counts what is open; Limit and Cursor do not matter.
func (s *Service) Counts(tx *db.Tx, q Query) (c Counts, err error) {
	if c.Mine, err = countOf(tx, q.mine()); err != nil {
		return c, err
	}
	c.Unit, err = countOf(tx, q.unit())
	return c, err
}

func countOf(tx *db.Tx, branches []branch) (sum Count, err error) {
	for _, b := range branches {
		if sum.Open >= CountLimit {
			break
		}
		c, err := count(tx, b, CountLimit)
		if err != nil {
			return sum, err
		}
		sum = Count{sum.Open + c.Open, sum.Overdue + c.Overdue, sum.Soon + c.Soon, sum.Paused + c.Paused}
	}
	return Count{min(sum.Open, CountLimit), min(sum.Overdue, CountLimit), min(sum.Soon, CountLimit), min(sum.Paused, CountLimit)}, nil
}

// Promise is the open promise about an object, or the one that was closed last.
// fault.NotFound "due.unknown" says that there never was one.
func (s *Service) Promise(tx *db.Tx, topic, object string) (Promise, error) {
	p, err := openOf(tx, topic, object)
	if errors.Is(err, fault.NotFound) {
		p, err = lastOf(tx, topic, object)
	}
	if err != nil {
		return p, err
	}
	return s.shown(tx, p)
}

// Past lists the promises about an object, newest first, at most 100.
func (s *Service) Past(tx *db.Tx, topic, object string) ([]Promise, error) {
	all, err := pastOf(tx, topic, object, maxLimit)
	if err != nil {
		return nil, err
	}
	calendar, err := s.Calendar(tx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Left = all[i].LeftAt(calendar, tx.Now())
	}
	return all, nil
}

// shown fills what is told about a promise at the time of the transaction.
func (s *Service) shown(tx *db.Tx, p Promise) (Promise, error) {
	calendar, err := s.Calendar(tx)
	if err != nil {
		return p, err
	}
	p.Left = p.LeftAt(calendar, tx.Now())
	return p, nil
}
