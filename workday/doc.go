// Package workday counts working days of the People's Republic of China.
//
// The calendar is data: one file a year, after the yearly notice of the
// General Office of the State Council (部分节假日安排的通知), which moves rest
// days and makes some weekend days working days. A later file can be added to
// a [Calendar], so that what was counted before the notice can be counted
// again.
//
// A year without a file is counted by the plain week and the statutory
// holidays (全国年节及纪念日放假办法, as amended for 2025: 元旦 1 day, 春节 4
// days from New Year's Eve, 清明 1, 劳动节 2, 端午 1, 中秋 1, 国庆节 3), and
// every answer that touched such a year is marked provisional. Festivals of
// the lunar calendar come from a table for 2020–2050; outside it they are not
// counted. Local holidays of minority regions are not covered.
//
// Days are days in Beijing (UTC+8).
package workday

import (
	"fmt"
	"time"
)

// beijing is fixed: daylight saving ended in 1991.
var beijing = time.FixedZone("UTC+8", 8*3600)

// A Date is a day in Beijing. Dates compare with ==.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day in Beijing at the moment t.
func DateOf(t time.Time) Date {
	y, m, d := t.In(beijing).Date()
	return Date{y, m, d}
}

// ParseDate reads a day written 2006-01-02.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("workday: reading a date: %w", err)
	}
	y, m, d := t.Date()
	return Date{y, m, d}, nil
}

// String writes the day as 2006-01-02.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Start is the first moment of the day.
func (d Date) Start() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, beijing) }

// End is the last millisecond of the day, the moment a deadline on that day
// ends.
func (d Date) End() time.Time { return d.AddDays(1).Start().Add(-time.Millisecond) }

// AddDays is the day n calendar days later.
func (d Date) AddDays(n int) Date {
	y, m, day := time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC).Date()
	return Date{y, m, day}
}

// Before tells whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.utc().Before(e.utc()) }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// AddMonths is the day n months later, or the last day of that month where it
// has no such day (Civil Code art. 202).
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Date{first.Year(), first.Month(), min(d.Day, last)}
}

// At is the moment of the day at a time of the clock in Beijing.
func (d Date) At(hour, minute int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, beijing)
}

// IsZero tells whether d is no day at all.
func (d Date) IsZero() bool { return d == Date{} }

// AddYears is the day n years later; 29 February becomes 1 March where the
// year has none.
func (d Date) AddYears(n int) Date {
	y, m, day := time.Date(d.Year+n, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Date()
	return Date{y, m, day}
}

// MarshalText implements encoding.TextMarshaler; no day is empty text.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler; empty text is no day.
func (d *Date) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	*d, err = ParseDate(string(text))
	return err
}
