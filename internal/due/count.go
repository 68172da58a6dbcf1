package due

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sidian/workday"
)

// morning is the hour in Beijing at which offsets in days fall: when offices
// open, so that a reminder is read on its day.
const morning = 9

// The kinds of moments, which are the last words of their topics.
const (
	kindRemind   = "remind"
	kindOverdue  = "overdue"
	kindEscalate = "escalate"
)

// A moment is when something is announced.
type moment struct {
	kind string
	at   time.Time
}

// A span is a time in which the clock stood; while it stands, to is zero.
type span struct{ from, to time.Time }

// A plan is what a rule makes of the moment at which the clock began. It is a
// function of that moment, the pauses and the calendar alone, so that it can be
// made again when the calendar is known better.
type plan struct {
	due         time.Time
	opens       time.Time // of a rule that counts backward
	moments     []moment  // reminders, the one of being overdue, escalations; each by time
	provisional bool      // due depends on a year without a notice
	missing     int       // the first year without a notice that anything depends on, or 0
}

// counting is a calendar that remembers the first year it had no notice for.
type counting struct {
	*workday.Calendar
	missing int
}

func (c *counting) work(d workday.Date) bool {
	day := c.Day(d)
	if day.Provisional && (c.missing == 0 || d.Year < c.missing) {
		c.missing = d.Year
	}
	return day.Work
}

// step walks from d to the n-th working day after it, or before it when n is
// negative.
func (c *counting) step(d workday.Date, n int) workday.Date {
	by := 1
	if n < 0 {
		by, n = -1, -n
	}
	for n > 0 {
		d = d.AddDays(by)
		if c.work(d) {
			n--
		}
	}
	return d
}

// planned counts a rule's time from since. until is for rules that count
// backward alone.
func (r Rule) planned(calendar *workday.Calendar, since, until time.Time, pauses []span) plan {
	c := &counting{Calendar: calendar}
	var p plan
	var last workday.Date
	switch {
	case r.Backward:
		p.due, last = until, workday.DateOf(until)
		p.opens = r.opening(c, last, until).UTC()
	case r.Unit == Hours:
		p.due = since.Add(time.Duration(r.Amount) * time.Hour)
		for _, s := range pauses {
			p.due = p.due.Add(s.to.Sub(s.from))
		}
		last = workday.DateOf(p.due)
	default:
		last = r.lastDay(c, workday.DateOf(since), pauses)
		p.due = r.closing(last)
	}
	p.provisional = c.missing != 0
	p.due = p.due.UTC()
	p.moments = r.moments(c, last, p.due)
	p.missing = c.missing
	return p
}

// lastDay is the day on which the time ends. The day on which it began does
// not count (Civil Code art. 201). For each pause it moves by the days after
// the one on which the clock stopped up to the one on which it ran again:
// working days where those are counted.
func (r Rule) lastDay(c *counting, first workday.Date, pauses []span) workday.Date {
	last := r.On
	switch r.Unit {
	case Workdays:
		last = c.step(first, r.Amount)
	case Days:
		last = first.AddDays(r.Amount)
	case Months:
		last = first.AddMonths(r.Amount)
	case Years:
		last = first.AddMonths(12 * r.Amount)
	}
	for _, s := range pauses {
		for d := workday.DateOf(s.from).AddDays(1); !workday.DateOf(s.to).Before(d); d = d.AddDays(1) {
			switch {
			case r.Unit != Workdays:
				last = last.AddDays(1)
			case c.work(d):
				last = c.step(last, 1)
			}
		}
	}
	for r.Extends && !c.work(last) {
		last = last.AddDays(1)
	}
	return last
}

// stood tells whether d is a day that does not count because the clock stood.
func stood(pauses []span, d workday.Date) bool {
	return slices.ContainsFunc(pauses, func(s span) bool {
		return workday.DateOf(s.from).Before(d) && !workday.DateOf(s.to).Before(d)
	})
}

// closing is the last moment of the last day: 24:00, or the close of business
// where there is one (Civil Code art. 203).
func (r Rule) closing(last workday.Date) time.Time {
	if r.Closes == "" {
		return last.End()
	}
	at, err := time.Parse("15:04", r.Closes)
	if err != nil {
		return last.End() // rules are checked when they are put or read
	}
	return last.At(at.Hour(), at.Minute())
}

func (r Rule) opening(c *counting, last workday.Date, until time.Time) time.Time {
	switch r.Unit {
	case Workdays:
		return c.step(last, -r.Amount).Start()
	case Days:
		return last.AddDays(-r.Amount).Start()
	case Months:
		return last.AddMonths(-r.Amount).Start()
	case Years:
		return last.AddMonths(-12 * r.Amount).Start()
	}
	return until.Add(-time.Duration(r.Amount) * time.Hour)
}

// moments are as many for one rule however often they are counted, so that the
// number of those announced stays true.
func (r Rule) moments(c *counting, last workday.Date, due time.Time) []moment {
	var all []moment
	for _, o := range r.Remind {
		at := o.before(c, last, due)
		if at.After(due) {
			at = due
		}
		all = append(all, moment{kindRemind, at})
	}
	over := due.Add(time.Millisecond)
	all = append(all, moment{kindOverdue, over})
	for _, o := range r.Escalate {
		at := o.after(c, last, due)
		if at.Before(over) {
			at = over
		}
		all = append(all, moment{kindEscalate, at})
	}
	for i := range all {
		all[i].at = all[i].at.UTC()
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	return all
}

func (o Offset) before(c *counting, last workday.Date, due time.Time) time.Time {
	switch o.Unit {
	case Workdays:
		d := last
		for !c.work(d) {
			d = d.AddDays(-1)
		}
		return c.step(d, 1-o.N).At(morning, 0)
	case Days:
		return last.AddDays(1-o.N).At(morning, 0)
	}
	return due.Add(-time.Duration(o.N) * time.Hour)
}

func (o Offset) after(c *counting, last workday.Date, due time.Time) time.Time {
	switch o.Unit {
	case Workdays:
		return c.step(last, o.N).At(morning, 0)
	case Days:
		return last.AddDays(o.N).At(morning, 0)
	}
	return due.Add(time.Duration(o.N) * time.Hour)
}

// overdueAt is the place of the moment of being overdue.
func overdueAt(all []moment) int {
	return slices.IndexFunc(all, func(m moment) bool { return m.kind == kindOverdue })
}

// firstStep is how many moments are past when a promise is made: reminders that
// are missed are missed, but being overdue is always announced.
func firstStep(all []moment, now time.Time) int {
	i := 0
	for i < len(all) && all[i].kind == kindRemind && !all[i].at.After(now) {
		i++
	}
	return i
}

func encodeMoments(all []moment) string {
	words := make([]string, len(all))
	for i, m := range all {
		words[i] = m.kind + " " + strconv.FormatInt(m.at.UnixMilli(), 10)
	}
	return strings.Join(words, ";")
}

func decodeMoments(s string) (all []moment, err error) {
	for part := range strings.SplitSeq(s, ";") {
		kind, at, _ := strings.Cut(part, " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		if err != nil || kind != kindRemind && kind != kindOverdue && kind != kindEscalate {
			return nil, fmt.Errorf("due: reading moments: %q", part)
		}
		all = append(all, moment{kind, time.UnixMilli(ms).UTC()})
	}
	if overdueAt(all) < 0 {
		return nil, fmt.Errorf("due: reading moments: %q has no end", s)
	}
	return all, nil
}

func encodeSpans(all []span) string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = strconv.FormatInt(s.from.UnixMilli(), 10) + "-"
		if !s.to.IsZero() {
			words[i] += strconv.FormatInt(s.to.UnixMilli(), 10)
		}
	}
	return strings.Join(words, ";")
}

func decodeSpans(s string) (all []span, err error) {
	if s == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, ";") {
		a, b, _ := strings.Cut(part, "-")
		from, err := strconv.ParseInt(a, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("due: reading pauses: %q", part)
		}
		x := span{from: time.UnixMilli(from).UTC()}
		if b != "" {
			to, err := strconv.ParseInt(b, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("due: reading pauses: %q", part)
			}
			x.to = time.UnixMilli(to).UTC()
		}
		all = append(all, x)
	}
	return all, nil
}
