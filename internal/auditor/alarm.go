package auditor

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/audit/chain"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/outbox"
)

// Kinds of alarm, and the topics of the events that raise them.
const (
	Glass      = "iam.glass"           // break-glass reading was opened
	Locked     = "auth.locked"         // an administrator's account was locked after failed sign-ins
	Recovered  = "auth.recovered"      // a one-time link replaces what an administrator signs in with
	Tampered   = "iam.tampered"        // a row of access control was changed in the database
	Broken     = "audit.broken"        // the audit's chain does not hold
	Distrusted = "provider.distrusted" // a seal provider gave an answer that is not to be believed
)

// kinds are the Chinese words for the kinds of alarm.
var kinds = map[string]string{
	Glass: "应急查阅", Locked: "管理员账号被锁定", Recovered: "管理员登录凭据重置", Tampered: "访问控制数据被改动", Broken: "审计链被破坏",
	Distrusted: "签章服务商答复不可信",
}

// States of an alarm.
const (
	Open         = "open"
	Acknowledged = "acknowledged"
)

// An Alarm is something to be looked at.
type Alarm struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Name    string    `json:"name" doc:"种类的中文名称"`
	Org     string    `json:"org,omitempty"`
	Account string    `json:"account,omitempty" doc:"涉及的账号"`
	Object  string    `json:"object,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at"`
	State   string    `json:"state" enum:"open,acknowledged"`
	By      string    `json:"acknowledged_by,omitempty"`
	Seen    time.Time `json:"acknowledged_at,omitzero"`
	Note    string    `json:"note,omitempty" doc:"处置说明"`
}

// An Event is the body of an event that raises an alarm. What is missing stays
// empty; what is unknown is ignored. It holds no personal data: accounts and
// objects by their ids.
type Event struct {
	Account string    `json:"account"`
	Org     string    `json:"org"`
	Reason  string    `json:"reason,omitempty"`
	Object  string    `json:"object"`
	At      time.Time `json:"at"`
}

// Alarms is the consumer that keeps alarms. Each event raises one, however often
// it is delivered.
func Alarms() outbox.Consumer {
	return outbox.Consumer{Name: "auditor.alarms", Topics: []string{Glass, Locked, Recovered, Tampered, Broken, Distrusted}, Handle: raise}
}

func raise(tx *db.Tx, ev outbox.Event) error {
	b := bodyOf(ev)
	a := Alarm{ID: ev.ID, Kind: ev.Topic, Org: b.Org, Account: b.Account, Object: b.Object, Reason: b.Reason, At: b.At}
	if a.Object == "" {
		a.Object = ev.Key
	}
	if a.At.IsZero() {
		a.At = ev.At
	}
	return keep(tx, a)
}

// bodyOf reads of a body what can be read: that it happened counts for more than
// its shape. A time is a text (RFC 3339) or milliseconds.
func bodyOf(ev outbox.Event) (b Event) {
	var members map[string]json.RawMessage
	if ev.Decode(&members) != nil {
		return b
	}
	for name, to := range map[string]*string{"account": &b.Account, "org": &b.Org, "reason": &b.Reason, "object": &b.Object} {
		if json.Unmarshal(members[name], to) != nil {
			*to = ""
		}
	}
	var ms int64
	if json.Unmarshal(members["at"], &b.At) != nil {
		b.At = time.Time{}
		if json.Unmarshal(members["at"], &ms) == nil && ms > 0 {
			b.At = time.UnixMilli(ms).UTC()
		}
	}
	return b
}

// keep stores an alarm unless it is there.
func keep(tx *db.Tx, a Alarm) error {
	for _, s := range []*string{&a.Org, &a.Account, &a.Object, &a.Reason} {
		*s = tidy(*s)
	}
	return insertAlarm(tx, a)
}

// tidy makes any text one that a column takes.
func tidy(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")
	if len(s) > 2000 {
		s = strings.ToValidUTF8(s[:2000], "")
	}
	return s
}

// Inspect checks the newest part of the audit's chain, or all of it, and raises
// an alarm for each new finding. Any number of processes may do so at any time.
func (s *Service) Inspect(ctx context.Context, whole bool) (*chain.Report, error) {
	o := chain.Options{}
	if !whole {
		o.Last = 10_000
	}
	r, err := chain.Check(ctx, s.DB, s.Keys, o)
	if err != nil || r.Intact() {
		return r, err
	}
	return r, s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, f := range r.Findings[:min(len(r.Findings), 100)] {
			id := gm.Sum(fmt.Appendf(nil, "%s %d %s", f.Code, f.Seq, f.Entry))
			a := Alarm{ID: "chain" + hex.EncodeToString(id[:10]), Kind: Broken, Object: "audit/" + f.Entry, Reason: f.Message, At: tx.Now()}
			if err := keep(tx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// AlarmPage is some alarms, newest first.
type AlarmPage struct {
	Alarms []Alarm `json:"alarms"`
	Next   string  `json:"next,omitempty" doc:"下一页的游标"`
}

// Alarms lists alarms of the caller's scope, newest first: those in a state, or
// all.
func (s *Service) Alarms(ctx context.Context, state, from string, limit int) (*AlarmPage, error) {
	if state != "" && state != Open && state != Acknowledged {
		return nil, fault.Invalid.New("没有这种告警状态").WithCode("alarm.state").WithHint("可选 open、acknowledged")
	}
	scope, err := s.scope(ctx, Review, nil)
	if err != nil {
		return nil, err
	}
	after, err := parseCursor(from)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = 100
	}
	limit = min(limit, maxPage)
	page := &AlarmPage{Alarms: []Alarm{}}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found, err := alarms(tx, state, after, scanned)
		for i, a := range found {
			if sees(scope, a.Org) {
				page.Alarms = append(page.Alarms, a)
			}
			if len(page.Alarms) == limit && i < len(found)-1 || i == scanned-1 {
				page.Next = cursor(audit.Cursor{At: a.At, ID: a.ID})
				break
			}
		}
		return err
	})
	return page, err
}

// scanned is how many alarms are looked at for one page.
const scanned = 2000

// Acknowledge says that an alarm was looked at, with a note on what was done.
// Nobody acknowledges an alarm about themselves.
func (s *Service) Acknowledge(ctx context.Context, id, note string) (*Alarm, error) {
	scope, err := s.scope(ctx, Review, nil)
	if err != nil {
		return nil, err
	}
	if note, err = checkReason(note); err != nil {
		return nil, err
	}
	me, ok := iam.From(ctx)
	if !ok || me.Account == "" {
		return nil, fault.Forbidden.New("告警只能由管理员本人处置").WithCode("alarm.person").WithHint("请由安全管理员或审计管理员登录后处置")
	}
	var a Alarm
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if a, err = alarmTx(tx, id); err != nil {
			return err
		}
		switch {
		case !sees(scope, a.Org):
			return errNoAlarm()
		case a.Account == me.Account:
			return fault.Forbidden.New("不能处置涉及本人的告警").WithCode("alarm.own").WithHint("请由另一位安全管理员或审计管理员处置")
		case a.State != Open:
			return fault.Conflict.New("该告警已经处置").WithCode("alarm.state").WithHint("请刷新后查看处置说明")
		}
		a.State, a.By, a.Seen, a.Note = Acknowledged, me.Account, tx.Now(), note
		if err := acknowledge(tx, a); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "alarm.acknowledge", Object: "alarm/" + id, Reason: note})
	})
	if err != nil {
		if errors.Is(err, fault.Forbidden) {
			err = errors.Join(err, s.note(ctx, audit.Entry{Action: "alarm.acknowledge", Object: "alarm/" + tidy(id), Result: audit.Refused}))
		}
		return nil, err
	}
	return &a, nil
}

func errNoAlarm() error { return fault.NotFound.New("没有这条告警").WithCode("alarm.unknown") }
