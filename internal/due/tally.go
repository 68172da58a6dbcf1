package due

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/workday"
)

// A Tally is how the promises of a rule ended in an organisation in a month.
type Tally struct {
	Rule    string `json:"rule"`
	Name    string `json:"name"` // Chinese, of the rule
	Org     string `json:"org"`
	Month   string `json:"month"` // "2026-11", in Beijing
	Kept    int64  `json:"kept"`  // in time
	Late    int64  `json:"late"`
	Dropped int64  `json:"dropped"`
	Minutes int64  `json:"minutes"` // from start to end, of all kept in time or late, pauses included
}

// A HistoryQuery asks for tallies. Orgs is what the caller may see: none sees
// nothing. Empty months and an empty rule ask for all.
type HistoryQuery struct {
	Rule     string
	Orgs     []string
	From, To string // months, both included
}

// maxTallies bounds an answer of History.
const maxTallies = 5000

// History tells how promises ended, newest month first, at most 5000 rows. It
// lags behind by one tick.
func (s *Service) History(tx *db.Tx, q HistoryQuery) ([]Tally, error) {
	for _, m := range []string{q.From, q.To} {
		if _, err := time.Parse("2006-01", m); m != "" && err != nil {
			return nil, fault.Invalid.New("月份应写作 2026-11").WithCode("due.month")
		}
	}
	b, err := shipped()
	if err != nil {
		return nil, err
	}
	var all []Tally
	for orgs := range slices.Chunk(compact(q.Orgs), 500) {
		part, err := tallies(tx, q, orgs, maxTallies)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	slices.SortFunc(all, func(x, y Tally) int {
		return cmp.Or(cmp.Compare(y.Month, x.Month), cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Org, y.Org))
	})
	for i := range all {
		all[i].Name = b.codes[all[i].Rule].Name
	}
	return all[:min(len(all), maxTallies)], nil
}

// compact is a list without repetitions, in order.
func compact(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// tally adds up what ended since the last time. A chore alone does it: a row
// that every business transaction wrote would be where all of them collide.
func (s *Service) tally(ctx context.Context) error {
	for more := true; more; {
		err := s.DB.WriteRows(ctx, func(tx *db.Tx) error {
			ended, err := takeUntallied(tx, 5*batch)
			if err != nil {
				return err
			}
			more = len(ended) == 5*batch
			sums := map[string]Tally{}
			for _, e := range ended {
				t := e.tally()
				key := t.Rule + "\x00" + t.Org + "\x00" + t.Month
				sums[key] = sums[key].plus(t)
			}
			for _, key := range slices.Sorted(maps.Keys(sums)) {
				if err := addTally(tx, sums[key]); err != nil {
					return err
				}
			}
			return markTallied(tx, ended)
		})
		if err != nil {
			return fmt.Errorf("due: adding up: %w", err)
		}
	}
	return nil
}

// An ending is what a tally takes from a promise that ended.
type ending struct {
	id, rule, org string
	since, closed int64
	state         State
	late          bool
}

func (e ending) tally() Tally {
	t := Tally{Rule: e.rule, Org: e.org, Month: workday.DateOf(time.UnixMilli(e.closed)).String()[:7]}
	switch {
	case e.state == Dropped:
		t.Dropped = 1
		return t
	case e.late:
		t.Late = 1
	default:
		t.Kept = 1
	}
	t.Minutes = max(0, (e.closed-e.since)/time.Minute.Milliseconds())
	return t
}

func (t Tally) plus(o Tally) Tally {
	o.Kept, o.Late, o.Dropped, o.Minutes = o.Kept+t.Kept, o.Late+t.Late, o.Dropped+t.Dropped, o.Minutes+t.Minutes
	return o
}

// correction moves a promise that was tallied to where it belongs.
func (p *Promise) correction() Tally {
	t := Tally{Rule: p.Rule, Org: p.Org, Month: workday.DateOf(p.ClosedAt).String()[:7], Kept: 1, Late: -1}
	if p.Late {
		t.Kept, t.Late = -1, 1
	}
	return t
}
