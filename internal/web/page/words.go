package page

import (
	"html/template"
	"strconv"
	"strings"
	"time"
)

// words are the functions of the templates.
func (k *Kit) words() template.FuncMap {
	return template.FuncMap{
		"asset": k.Asset, "day": Day, "moment": Moment, "ago": Ago, "stamp": stamp, "media": mediaType,
		"add":  func(a, b int) int { return a + b },
		"chip": func(class, word string) Chip { return Chip{class, word} },
	}
}

// A Chip is a word on a colour; the colour never stands alone. Class is one of
// Good, Care, Bad and Plain.
type Chip struct{ Class, Word string }

// The classes of chips, verdicts and notices.
const (
	Good  = "good"
	Care  = "care"
	Bad   = "bad"
	Plain = "plain"
)

// Lasting is a number of seconds as people say it.
func Lasting(seconds int) string {
	d := time.Duration(seconds) * time.Second
	switch {
	case d < time.Minute:
		return strconv.Itoa(seconds) + " 秒"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())+1) + " 分钟"
	}
	return strconv.Itoa(int(d.Hours())) + " 小时 " + strconv.Itoa(int(d.Minutes())%60) + " 分钟"
}

// Beijing is the time zone of everything that is shown (GB/T 7408.1).
var beijing = time.FixedZone("CST", 8*3600)

// In is t as clocks here show it.
func In(t time.Time) time.Time { return t.In(beijing) }

// Day is the day of t, or a dash.
func Day(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(beijing).Format("2006-01-02")
}

// Moment is t to the second, or a dash.
func Moment(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(beijing).Format("2006-01-02 15:04:05")
}

// stamp is t for programs: the attribute datetime.
func stamp(t time.Time) string { return t.Format(time.RFC3339) }

// Ago is a time as people say it, when that is shorter.
func Ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return "—"
	case d < time.Minute:
		return "刚刚"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " 分钟前"
	case d < 24*time.Hour && Day(t) == Day(now):
		return strconv.Itoa(int(d.Hours())) + " 小时前"
	}
	return Day(t)
}

// mediaType is the media type of a kept picture.
func mediaType(kept string) string {
	media, _, _ := strings.Cut(kept, ";")
	return strings.ToUpper(strings.TrimPrefix(media, "image/"))
}
