package due

import (
	"fmt"
	"strconv"
	"time"

	"sidian/workday"
)

// A Level is how pressing a promise is.
type Level string

// The levels.
const (
	Good Level = "good"
	Care Level = "care" // a reminder is past, or the last day has begun
	Bad  Level = "bad"  // overdue, or kept late
)

// Left is what is left of a promise's time, for people.
type Left struct {
	Text  string `json:"text"` // “剩余 1.5 个工作日”
	Level Level  `json:"level"`
	Note  string `json:"note,omitempty"` // what else to know: the end is provisional
}

const noteProvisional = "期限跨入节假日安排尚未公布的年份，公布后将重新计算"

// LeftAt tells what is left of a promise's time at a moment. Working days are
// told in halves, of which the first ends at noon in Beijing; the day on which
// the clock began does not count.
func (p *Promise) LeftAt(c *workday.Calendar, now time.Time) Left {
	switch p.State {
	case Kept:
		if p.Late {
			return Left{Text: "超期办结", Level: Bad}
		}
		return Left{Text: "按时办结", Level: Good}
	case Dropped:
		return Left{Text: "已撤销", Level: Good}
	case Paused:
		return Left{Text: "已中止计时", Level: Good}
	}
	l := Left{Level: Good}
	if p.Provisional {
		l.Note = noteProvisional
	}
	over := now.After(p.Due)
	switch {
	case over:
		l.Level = Bad
	case !now.Before(p.care):
		l.Level = Care
	}
	switch {
	case !over && !p.Opens.IsZero() && now.Before(p.Opens):
		l.Text = fmt.Sprintf("%s 起可办理", workday.DateOf(p.Opens))
	case p.terms.Unit == Hours:
		l.Text = inHours(p.Due.Sub(now))
	case p.terms.Unit == Workdays && !p.terms.Backward:
		l.Text = p.inWorkdays(c, now, over)
	default:
		l.Text = inDays(workday.DateOf(now), workday.DateOf(p.Due), over)
	}
	return l
}

func (p *Promise) inWorkdays(c *workday.Calendar, now time.Time, over bool) string {
	today, last := workday.DateOf(now), workday.DateOf(p.Due)
	half := 2 // of today, what is left
	if !now.Before(today.At(12, 0)) {
		half = 1
	}
	if over {
		n, _ := c.Between(last, today)
		halves := 2 * n
		if n > 0 && c.IsWorkday(today) {
			halves -= half - 1 // today has not passed whole
		}
		if n <= 0 {
			return "已超期"
		}
		return "已超期 " + halfDays(halves) + " 个工作日"
	}
	n, _ := c.Between(today, last)
	halves := 2 * n
	if c.IsWorkday(today) && workday.DateOf(p.Since).Before(today) && !stood(p.pauses, today) {
		halves += half
	}
	if halves <= 0 {
		return "今日到期"
	}
	return "剩余 " + halfDays(halves) + " 个工作日"
}

// halfDays writes a number of halves: 3 is “1.5”.
func halfDays(n int) string { return strconv.FormatFloat(float64(n)/2, 'f', -1, 64) }

func inDays(today, last workday.Date, over bool) string {
	n := int(last.Start().Sub(today.Start()).Hours() / 24)
	switch {
	case over && n == 0:
		return "已超期"
	case over:
		return fmt.Sprintf("已超期 %d 天", -n)
	case n == 0:
		return "今日到期"
	}
	return fmt.Sprintf("剩余 %d 天", n)
}

func inHours(left time.Duration) string {
	word := "剩余"
	if left < 0 {
		word, left = "已超期", -left
	}
	switch h := int(left.Hours()); {
	case h >= 48:
		return fmt.Sprintf("%s %d 天", word, h/24)
	case h >= 1:
		return fmt.Sprintf("%s %d 小时", word, h)
	}
	return fmt.Sprintf("%s %d 分钟", word, int(left.Minutes()))
}
