package notice

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/outbox"
)

// States of a delivery.
const (
	Waiting   = "waiting"
	Sent      = "sent"      // the carrier has it
	Delivered = "delivered" // the carrier says that it arrived
	Failed    = "failed"    // the carrier will not
	GaveUp    = "gave-up"   // it was tried for long enough
	Dropped   = "dropped"   // nobody wants it any more
)

var stateNames = map[string]string{Waiting: "等待发送", Sent: "已发送", Delivered: "已送达", Failed: "发送失败", GaveUp: "已放弃", Dropped: "已取消"}

// StateName is the Chinese word for a state of a delivery.
func StateName(state string) string { return stateNames[state] }

// topic of the event that a notice was told and may have to leave the platform.
const topic = "notice.told"

// told is the body of that event.
type told struct {
	Notice string `json:"notice"`
}

// Consumer finds who wants to be told of a notice outside the platform.
func (s *Service) Consumer() outbox.Consumer {
	return outbox.Consumer{Name: "notice.route", Topics: []string{topic}, Deliver: s.route}
}

// leaves tells whether anything can leave the platform.
func (s *Service) leaves() bool { return s.Outbox != nil && len(s.Carriers) > 0 }

// route makes the deliveries of a notice. It may do so twice: each is unique.
func (s *Service) route(ctx context.Context, ev outbox.Event) error {
	var t told
	if err := ev.Decode(&t); err != nil {
		return err
	}
	var n Notice
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { n, err = get(tx, t.Notice); return err })
	if err != nil {
		return unlessGone(err)
	}
	accounts := []string{n.Account}
	if n.Account == "" {
		if accounts, err = s.IAM.Holding(ctx, n.Permission, n.Org); err != nil {
			return err
		}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		wanted, err := wanting(tx, accounts, n.Account == "")
		if err != nil {
			return err
		}
		for _, w := range wanted {
			if s.Carriers[w.channel] == nil {
				continue
			}
			if err := insertDelivery(tx, newID(), n.ID, w.account, w.channel); err != nil {
				return err
			}
		}
		return nil
	})
}

func unlessGone(err error) error {
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func newID() string { return strings.ToLower(rand.Text()[:20]) }

// How deliveries are tried.
const (
	batch    = 64
	parallel = 8
	lease    = 2 * time.Minute
	oneTry   = 30 * time.Second
	tooOld   = 72 * time.Hour // news that is older is no news
	overflow = time.Hour      // before what is over a day's limit is looked at again
	keepSent = 90 * 24 * time.Hour
)

// waits are the times between attempts; after the last it is given up.
var waits = []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// A job is one delivery that is due, with all that it needs.
type job struct {
	id       string
	account  string
	channel  Channel
	notice   string
	attempts int
	created  time.Time
	sealed   []byte
	message  Message
}

// Work sends what is due, each under a lease: who dies leaves it to another.
// What was handed over and not noted is handed over again under the same id.
func (s *Service) Work(ctx context.Context) error {
	for ctx.Err() == nil && len(s.Carriers) > 0 {
		var jobs []*job
		taken := 0
		err := s.DB.Write(ctx, func(tx *db.Tx) (err error) { jobs, taken, err = s.take(tx); return err })
		if err != nil || taken == 0 {
			return err
		}
		s.at("lent")
		if err := outbox.Together(parallel, jobs, func(j *job) error { return s.one(ctx, j) }); err != nil {
			return err
		}
	}
	return nil
}

// take lends what is due and may go out now; what may not is put off or closed.
func (s *Service) take(tx *db.Tx) (jobs []*job, taken int, err error) {
	due, err := dueDeliveries(tx, batch)
	if err != nil {
		return nil, 0, err
	}
	for _, j := range due {
		ready, err := s.ready(tx, j)
		if err != nil {
			return nil, 0, err
		}
		if !ready {
			continue
		}
		j.attempts++
		if err := lend(tx, j, tx.Now().Add(lease)); err != nil {
			return nil, 0, err
		}
		jobs = append(jobs, j)
	}
	return jobs, len(due), nil
}

// ready tells whether a delivery goes out now, and fills it in.
func (s *Service) ready(tx *db.Tx, j *job) (bool, error) {
	now := tx.Now()
	rows, err := channelsOf(tx, j.account)
	if err != nil {
		return false, err
	}
	row := rows[j.channel]
	who, err := iam.SubjectTx(tx, j.account)
	if unlessGone(err) != nil {
		return false, err
	}
	n, err := get(tx, j.notice)
	if unlessGone(err) != nil {
		return false, err
	}
	switch {
	case err != nil || row == nil || row.state != Active || who.ID == "" || who.Closed || s.Carriers[j.channel] == nil:
		return false, closeDelivery(tx, j.id, Dropped, "收件人已不用这种方式接收")
	case now.Sub(j.created) > tooOld:
		return false, closeDelivery(tx, j.id, GaveUp, "三天内没有发出，已不再发送")
	}
	if end := wakes(now, row.from, row.to); end.After(now) {
		return false, putOff(tx, j.id, end, "在免打扰时段内，之后发送")
	}
	sent, err := triedSince(tx, j, now.Add(-24*time.Hour))
	if err != nil {
		return false, err
	}
	if sent >= manners[j.channel].daily {
		return false, putOff(tx, j.id, now.Add(overflow), "一天内的条数已到上限，之后发送")
	}
	j.sealed = row.sealed
	j.message = Message{ID: j.id, Title: n.Title, Text: n.Text, At: n.At}
	if n.Link != "" {
		j.message.Link = strings.TrimSuffix(s.BaseURL, "/") + n.Link
	}
	return true, nil
}

// one hands a message over once and keeps what came of it.
func (s *Service) one(ctx context.Context, j *job) error {
	to, err := s.Box.Open(cell(j.account, j.channel), j.sealed)
	if err != nil {
		return err
	}
	if err := s.pace(j.channel).Wait(ctx); err != nil {
		return nil // the program ends; the lease does too
	}
	try, cancel := context.WithTimeout(ctx, oneTry)
	defer cancel()
	delivered, wrong := s.Carriers[j.channel].Send(try, string(to), j.message)
	s.at("handed")
	if ctx.Err() != nil && wrong != nil {
		return nil
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		var no *Refusal
		switch {
		case wrong == nil && delivered:
			return closeDelivery(tx, j.id, Delivered, "")
		case wrong == nil:
			return closeDelivery(tx, j.id, Sent, "")
		case errors.As(wrong, &no):
			return closeDelivery(tx, j.id, Failed, no.Reason)
		case j.attempts > len(waits):
			return closeDelivery(tx, j.id, GaveUp, wordsOf(wrong))
		}
		return retry(tx, j.id, tx.Now().Add(waits[j.attempts-1]), wordsOf(wrong))
	})
}

// wordsOf is why it did not work, for people. What a machine answered is not
// repeated: it may name the address.
func wordsOf(err error) string {
	var t *trouble
	if errors.As(err, &t) {
		return t.words
	}
	return "发送通道暂时不可用"
}

// pace is the limit of a channel in this process.
func (s *Service) pace(c Channel) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paces == nil {
		s.paces = map[Channel]*rate.Limiter{}
	}
	if s.paces[c] == nil {
		s.paces[c] = rate.NewLimiter(rate.Limit(manners[c].perSecond), int(manners[c].perSecond))
	}
	return s.paces[c]
}

func (s *Service) at(step string) {
	if s.step != nil {
		s.step(step)
	}
}
