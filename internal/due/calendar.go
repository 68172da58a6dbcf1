package due

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/workday"
)

// A revision is one text about one year.
type revision struct {
	year, number int64
	days         string
}

// A putting is when a notice was put.
type putting struct{ year, number, at int64 }

// known is the calendar with the years of some revisions.
type known struct {
	revisions []revision
	calendar  *workday.Calendar
}

// Calendar is the program's calendar with the years that were put, which count
// before those that come with the program.
func (s *Service) Calendar(tx *db.Tx) (*workday.Calendar, error) {
	all, err := newestYears(tx)
	if err != nil {
		return nil, err
	}
	if k := s.calendar.Load(); k != nil && slices.Equal(k.revisions, all) {
		return k.calendar, nil
	}
	c := s.Days
	if c == nil {
		c = workday.Embedded()
	}
	for _, r := range all {
		y, err := workday.ParseYear(strings.NewReader(r.days))
		if err != nil {
			return nil, fmt.Errorf("due: the days of %d, revision %d: %w", r.year, r.number, err)
		}
		c = c.With(y)
	}
	s.calendar.Store(&known{all, c})
	return c, nil
}

const maxYearText = 64 << 10

// PutYear keeps a notice of the State Council on holidays that came after the
// program was made, in the form of [workday.ParseYear]. What was counted
// without it is counted anew by the next tick. The same text again changes
// nothing; another text about the same year takes its place.
func (s *Service) PutYear(tx *db.Tx, text, account string) error {
	if len(text) > maxYearText {
		return fault.TooLarge.New("节假日安排过长").WithCode("due.year-size").WithHint("请只登记一年的安排")
	}
	y, err := workday.ParseYear(strings.NewReader(text))
	if err != nil {
		return fault.Invalid.Wrap(err, "节假日安排格式不正确").WithCode("due.year").
			WithHint("第一行写 year 年份，第二行写 notice 文号，其后每行写：日期 holiday 或 workday 名称")
	}
	today := workday.DateOf(tx.Now())
	switch {
	case y.Notice == "":
		return fault.Invalid.New("节假日安排没有文号").WithCode("due.year-notice").WithHint("请加一行：notice 国务院办公厅通知的文号")
	case y.Number < today.Year-1 || y.Number > today.Year+1:
		return fault.Invalid.New("只能登记去年、今年和明年的节假日安排").WithCode("due.year-range")
	case account == "" || len(account) > maxName:
		return fault.Invalid.New("缺少登记人").WithCode("due.account")
	}
	before, err := s.Calendar(tx)
	if err != nil {
		return err
	}
	r := revision{int64(y.Number), 1, text}
	all, err := newestYears(tx)
	if err != nil {
		return err
	}
	for _, old := range all {
		switch {
		case old.year != r.year:
		case old.days == text:
			return nil
		default:
			r.number = old.number + 1
		}
	}
	if err := insertYear(tx, r, account); err != nil || !before.Has(y.Number) {
		return err
	}
	from, to := around(r.year)
	return markYear(tx, r.year, from, to, 0)
}

// around is the time, in milliseconds, whose promises a year has to do with.
func around(year int64) (from, to int64) {
	first := workday.Date{Year: int(year), Month: 1, Day: 1}
	return first.AddDays(-reach).Start().UnixMilli(), first.AddMonths(12).Start().UnixMilli()
}

const (
	// settles is how long after a notice was put nobody counts without it any more:
	// far longer than any transaction may take.
	settles = 10 * time.Minute
	// beside is how far from a notice a promise may have been made that did not see
	// it, clocks of several machines included.
	beside = time.Hour
)

// settle marks the promises that were made while a notice was put, and were
// counted without it: a promise is made in a transaction that need not see what
// is put beside it. It is done once for each notice.
func (s *Service) settle(tx *db.Tx, unsettled []putting) error {
	for _, r := range unsettled {
		from, to := around(r.year)
		if err := markYear(tx, r.year, from, to, r.at-beside.Milliseconds()); err != nil {
			return err
		}
		if err := setSettled(tx, r); err != nil {
			return err
		}
	}
	return nil
}

// reach is how many days after the end of a promise its last escalation may
// still look at, when a year is counted anew that was counted before.
const reach = 60
