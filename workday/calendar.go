package workday

import (
	"maps"
	"slices"
	"time"
)

// A Calendar answers which days are worked. It is immutable and safe for
// concurrent use; the zero value has no data and answers provisionally.
type Calendar struct {
	years map[int]*Year
}

// New makes a calendar of the given years; of two files for a year the later
// counts.
func New(years ...*Year) *Calendar { return (&Calendar{}).With(years...) }

// With is the calendar with years added or replaced.
func (c *Calendar) With(years ...*Year) *Calendar {
	all := maps.Clone(c.years)
	if all == nil {
		all = map[int]*Year{}
	}
	for _, y := range years {
		all[y.Number] = y
	}
	return &Calendar{years: all}
}

// A Day is what the calendar says of one day.
type Day struct {
	Work        bool
	Name        string // the holiday it is or is worked in exchange for
	Provisional bool   // no notice for this year yet: the answer may change
}

// Day tells about one day.
func (c *Calendar) Day(d Date) Day {
	y, known := c.years[d.Year]
	if !known {
		name := statutory(d)
		return Day{Work: name == "" && !weekend(d), Name: name, Provisional: true}
	}
	if s, ok := y.days[d]; ok {
		return Day{Work: s.work, Name: s.name}
	}
	return Day{Work: !weekend(d)}
}

// IsWorkday tells whether d is worked.
func (c *Calendar) IsWorkday(d Date) bool { return c.Day(d).Work }

// Has tells whether the calendar has the notice for a year.
func (c *Calendar) Has(year int) bool { return c.years[year] != nil }

// Add is the n-th working day after d. The day d itself does not count, as in
// the periods of the Civil Code (art. 201). For n = 0 it is d; for negative n
// it counts backwards. Provisional tells whether a year without a notice was
// touched.
func (c *Calendar) Add(d Date, n int) (result Date, provisional bool) {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d = d.AddDays(step)
		day := c.Day(d)
		provisional = provisional || day.Provisional
		if day.Work {
			n--
		}
	}
	return d, provisional
}

// Sub is the n-th working day before d.
func (c *Calendar) Sub(d Date, n int) (result Date, provisional bool) { return c.Add(d, -n) }

// Next is d itself when it is worked, and the first working day after it
// otherwise: where a period ends whose last day is a day off (Civil Code
// art. 203). Provisional tells whether a year without a notice was touched.
func (c *Calendar) Next(d Date) (result Date, provisional bool) {
	for {
		day := c.Day(d)
		provisional = provisional || day.Provisional
		if day.Work {
			return d, provisional
		}
		d = d.AddDays(1)
	}
}

// Years lists the years whose notice the calendar has, in order.
func (c *Calendar) Years() []int { return slices.Sorted(maps.Keys(c.years)) }

// Between counts the working days after a up to and including b, so that
// Between(d, Add(d, n)) = n. It is negative when b is before a: then the
// working days after b up to and including a.
func (c *Calendar) Between(a, b Date) (n int, provisional bool) {
	if b.Before(a) {
		n, provisional = c.Between(b, a)
		return -n, provisional
	}
	for d := a; d.Before(b); {
		d = d.AddDays(1)
		day := c.Day(d)
		provisional = provisional || day.Provisional
		if day.Work {
			n++
		}
	}
	return n, provisional
}

// Missing lists the years whose notice should be there at the moment now: this
// year's always, next year's from 1 December, because notices come in October
// or November.
func (c *Calendar) Missing(now time.Time) []int {
	var missing []int
	today := DateOf(now)
	if !c.Has(today.Year) {
		missing = append(missing, today.Year)
	}
	if today.Month == time.December && !c.Has(today.Year+1) {
		missing = append(missing, today.Year+1)
	}
	return missing
}

func weekend(d Date) bool {
	w := d.Weekday()
	return w == time.Saturday || w == time.Sunday
}
