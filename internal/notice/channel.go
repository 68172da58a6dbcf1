package notice

import (
	"context"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/internal/fault"
)

// A Channel is a way out of the platform.
type Channel string

// The channels.
const (
	Mail Channel = "mail" // 电子邮件
	SMS  Channel = "sms"  // 短信
	App  Channel = "app"  // 移动应用消息
)

// A Message is what a channel carries: the words of a notice, which name no
// person, and the way to it.
type Message struct {
	ID    string // the same each time that it is tried: whoever carries it passes over what it has seen
	Title string
	Text  string
	Link  string // whole address, or ""
	At    time.Time
}

// A Carrier takes messages to addresses: a mail server, a gateway. It is safe
// for concurrent use.
type Carrier interface {
	// Send hands over one message. delivered tells that the carrier says so
	// already; else it has taken the message, and may tell later
	// ([Service.Receipt]). An error that is a *Refusal is final; after any other
	// it is tried again. No error holds the address.
	Send(ctx context.Context, to string, m Message) (delivered bool, err error)
}

// A Refusal is a carrier's final no.
type Refusal struct {
	Reason string // Chinese, without the address
}

func (r *Refusal) Error() string { return "notice: refused: " + r.Reason }

// A trouble is why a carrier could not take a message this time, in words that
// people may see.
type trouble struct {
	words string
	err   error
}

func (t *trouble) Error() string { return fmt.Sprintf("notice: %s: %v", t.words, t.err) }

func (t *trouble) Unwrap() error { return t.err }

// manner is what holds for a channel whatever people choose.
type manner struct {
	name      string // Chinese
	daily     int    // messages to one account in 24 hours
	perSecond float64
	from, to  int // quiet minutes of the day unless people say otherwise; equal: none
	hint      string
	valid     func(string) bool
	mask      func(string) string
}

// manners: what rings in a pocket is quiet at night (晚九点至早八点). The limits
// keep a fault of ours from becoming a burden of others; what is over them waits.
var manners = map[Channel]manner{
	Mail: {"电子邮件", 50, 20, 0, 0, "如 name@example.cn", validMail, maskMail},
	SMS:  {"短信", 10, 20, 21 * 60, 8 * 60, "11 位手机号码", mobile.MatchString, func(a string) string { return gbcode.Mask(a, 3, 4) }},
	App:  {"移动应用", 50, 50, 21 * 60, 8 * 60, "应用里显示的消息账号，4 至 128 个字母、数字和 . _ : -", appForm.MatchString, func(a string) string { return gbcode.Mask(a, 2, 0) }},
}

// channels in the order in which people see them.
var channels = []Channel{Mail, SMS, App}

// Name is what people call the channel.
func (c Channel) Name() string { return manners[c].name }

var (
	mobile  = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	appForm = regexp.MustCompile(`^[A-Za-z0-9._:-]{4,128}$`)
	boxForm = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
)

// validMail is narrower than RFC 5322: nothing in it can end a line or an
// argument of SMTP.
func validMail(a string) bool {
	p, err := mail.ParseAddress(a)
	return len(a) <= 254 && boxForm.MatchString(a) && err == nil && p.Address == a
}

func maskMail(a string) string {
	local, domain, _ := strings.Cut(a, "@")
	return gbcode.Mask(local, 1, 0) + "@" + domain
}

// tidyAddress is an address as it was meant.
func tidyAddress(c Channel, typed string) string {
	typed = strings.TrimSpace(typed)
	if c == SMS {
		return strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimPrefix(typed, "+86"))
	}
	return typed
}

var beijing = time.FixedZone("CST", 8*60*60)

// wakes is when the quiet of a day is over, or now where it is not quiet. The
// minutes are those of Beijing's day; a quiet that begins later than it ends goes
// over midnight.
func wakes(now time.Time, from, to int) time.Time {
	if from == to {
		return now
	}
	at := now.In(beijing)
	minute := at.Hour()*60 + at.Minute()
	quiet := minute >= from && minute < to
	if from > to {
		quiet = minute >= from || minute < to
	}
	if !quiet {
		return now
	}
	end := time.Date(at.Year(), at.Month(), at.Day(), to/60, to%60, 0, 0, beijing)
	if !end.After(now) {
		end = end.AddDate(0, 0, 1)
	}
	return end
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func minutes(text string) (int, bool) {
	at, err := time.Parse("15:04", text)
	return at.Hour()*60 + at.Minute(), err == nil
}

func unknownChannel() error {
	return fault.NotFound.New("没有这种接收方式").WithCode("notice.channel").WithHint("请从页面所列的接收方式中选择")
}
