package remind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/notice"
	"sidian/workday"
)

// What became of telling the holder.
const (
	Told      = "told"
	NoAccount = "no-account" // no holder of it has an account here
	NotAsked  = "not-asked"  // the rule is for the unit alone
	Overtaken = "overtaken"  // a shorter lead time has come as well: that one is told of
)

// opens is when the day's reminders begin, in Beijing.
const opens = 9 * time.Hour

// some is how many certificates one transaction takes.
const some = 100

// Tick reminds of what is due by now, and reports of how many certificates.
func (s *Service) Tick(ctx context.Context) (reminded int, err error) {
	today := workday.DateOf(s.DB.Now().Add(-opens))
	var rules []Rule
	var due []cursor
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if rules, err = rulesTx(tx); err != nil {
			return err
		}
		due, err = behind(tx, leadsOf(rules), today)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, c := range due {
		for more := true; more && ctx.Err() == nil; {
			var n int
			if n, more, err = s.work(ctx, rules, c.lead, today); err != nil {
				return reminded, err
			}
			reminded += n
		}
	}
	return reminded, ctx.Err()
}

// A cursor says how far a lead time was worked through: all of day, and of the
// next day those up to a certificate.
type cursor struct {
	lead int
	day  workday.Date
	upTo string
}

// behind are the cursors of leads that are before today. One that is new begins
// today.
func behind(tx *db.Tx, leads []int, today workday.Date) (due []cursor, err error) {
	there, err := cursors(tx)
	if err != nil {
		return nil, err
	}
	for _, lead := range leads {
		c, ok := there[lead]
		if !ok {
			c = cursor{lead: lead, day: today.AddDays(-1)}
		}
		if c.day.Before(today) {
			due = append(due, c)
		}
	}
	return due, nil
}

// A telling is what is to be told of one certificate.
type telling struct {
	watch
	rule     Rule
	holder   string
	accounts []string
	what     said
	by       string // name of the issuer
}

type issuer struct{ name, region string }

func (s *Service) issuerOf(ctx context.Context, id string) (issuer, error) {
	o, err := s.IAM.Org(ctx, id)
	if err != nil {
		return issuer{}, err
	}
	region, err := s.regionOf(ctx, id)
	return issuer{o.Name, region}, err
}

// work takes some certificates of the next day of a lead time. more tells that
// there may be others.
func (s *Service) work(ctx context.Context, rules []Rule, lead int, today workday.Date) (n int, more bool, err error) {
	var c cursor
	var list []watch
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		due, err := behind(tx, []int{lead}, today)
		list = nil
		if err != nil || len(due) == 0 {
			c = cursor{}
			return err
		}
		c = due[0]
		list, err = endingOn(tx, c.day.AddDays(1+lead), c.upTo, some)
		return err
	})
	if err != nil || c.lead == 0 {
		return 0, false, err
	}
	day := c.day.AddDays(1)
	tell, err := s.tellings(ctx, rules, list, lead, day, today)
	if err != nil {
		return 0, false, err
	}
	next := cursor{lead: lead, day: day}
	if len(list) == some {
		next = cursor{lead: lead, day: c.day, upTo: list[some-1].certificate}
	}
	s.at("read")
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n = 0
		moved, err := moveCursor(tx, c, next)
		if err != nil || !moved { // another process was faster
			return err
		}
		for _, t := range tell {
			told, err := s.tell(tx, t, lead, today)
			if err != nil {
				return err
			}
			if told {
				n++
			}
		}
		return nil
	})
	s.at("told")
	return n, true, err
}

// tellings are those of list that a rule wants to be told of, with whom to tell.
func (s *Service) tellings(ctx context.Context, rules []Rule, list []watch, lead int, day, today workday.Date) (out []telling, err error) {
	issuers := map[string]issuer{}
	for _, w := range list {
		o, known := issuers[w.issuer]
		if !known {
			if o, err = s.issuerOf(ctx, w.issuer); err != nil {
				return nil, err
			}
			issuers[w.issuer] = o
		}
		r, ok := pick(rules, w.kind, o.region, day)
		if !ok || !slices.Contains(r.Leads, lead) || w.to < today.String() {
			continue
		}
		t := telling{watch: w, rule: r, by: o.name}
		if err := s.whom(ctx, &t, lead, today); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// whom finds the accounts of the holders of a certificate.
func (s *Service) whom(ctx context.Context, t *telling, lead int, today workday.Date) (err error) {
	if overtaken(t.rule, t.to, lead, today) {
		t.holder = Overtaken
		return nil
	}
	if len(t.document) != len(gm.Digest{}) {
		return fmt.Errorf("remind: %s has no document", t.certificate)
	}
	if t.what, err = s.said(ctx, gm.Digest(t.document)); err != nil {
		return err
	}
	if !t.rule.Holder {
		t.holder = NotAsked
		return nil
	}
	t.holder = NoAccount
	for _, citizen := range t.what.citizens {
		account, err := s.IAM.HolderOf(ctx, citizen)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		t.holder = Told
		t.accounts = append(t.accounts, account)
	}
	return nil
}

// overtaken tells whether a shorter lead time of the rule has come too.
func overtaken(r Rule, to string, lead int, today workday.Date) bool {
	return slices.ContainsFunc(r.Leads, func(other int) bool {
		return other < lead && to <= today.AddDays(other).String()
	})
}

// tell notes and tells one reminder; false if it is not to be any more.
func (s *Service) tell(tx *db.Tx, t telling, lead int, today workday.Date) (bool, error) {
	still, err := isWatched(tx, t.certificate)
	if err != nil || !still {
		return false, err
	}
	unit := t.rule.Unit && t.holder != Overtaken
	id, err := insertReminder(tx, t, lead, unit)
	if err != nil || id == "" || t.holder == Overtaken {
		return false, err
	}
	to, err := workday.ParseDate(t.to)
	if err != nil {
		return false, fmt.Errorf("remind: the end of %s: %w", t.certificate, err)
	}
	left := leftWords(to, today)
	for _, account := range t.accounts {
		n := notice.Notice{
			ID: fmt.Sprintf("remind/%s/%s/%d", t.certificate, t.to, lead), Account: account, Topic: "cert.expiring",
			Title: fmt.Sprintf("您的“%s”%s到期", t.what.title, dayWords(to)),
			Text:  fmt.Sprintf("%s。需要继续使用的，请在到期前向%s申请延续或者换发；已经办理的，不必理会。", left, t.by),
		}
		if err := s.Notice.PutTx(tx, n); err != nil {
			return false, err
		}
		if err := insertTold(tx, id, account, n.Key()); err != nil {
			return false, err
		}
	}
	if !unit {
		return true, nil
	}
	return true, s.Notice.PutTx(tx, notice.Notice{
		ID: fmt.Sprintf("remind/%s/%s/%d", t.kind, t.to, lead), Org: t.issuer, Permission: Permission, Topic: "cert.expiring",
		Title: fmt.Sprintf("本单位签发的“%s”中有%s到期的", t.what.title, dayWords(to)),
		Text:  left + "。持证人有账号的已经提醒；没有账号的，请用其他方式告知。",
	})
}

func dayWords(d workday.Date) string {
	return fmt.Sprintf("%d 年 %d 月 %d 日", d.Year, int(d.Month), d.Day)
}

func leftWords(to, today workday.Date) string {
	days := int(to.Start().Sub(today.Start()).Hours() / 24)
	if days == 0 {
		return "今天是有效期的最后一日"
	}
	return fmt.Sprintf("距到期还有 %d 日", days)
}
