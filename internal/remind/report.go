package remind

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/workday"
)

// Read is the permission to see what a unit's certificates were reminded of.
const Read = "cert.read"

// A Reminder is one certificate that was reminded of, for one lead time.
type Reminder struct {
	ID          string    `json:"id"`
	Certificate string    `json:"certificate"`
	Kind        string    `json:"kind"`
	Issuer      string    `json:"issuer"`
	To          string    `json:"valid_to"`
	Lead        int       `json:"lead" doc:"提前天数"`
	Rule        string    `json:"rule" doc:"提醒规则编号"`
	Holder      string    `json:"holder" enum:"told,no-account,not-asked,overtaken"`
	HolderName  string    `json:"holder_name" doc:"对持证人的提醒"`
	Unit        bool      `json:"unit" doc:"已提醒签发单位"`
	People      []Person  `json:"people,omitempty" doc:"提醒了谁；姓名已脱敏"`
	At          time.Time `json:"at"`
}

// A Person is a holder who was told, and by which ways.
type Person struct {
	Name string `json:"name" doc:"已脱敏"`
	Ways []Way  `json:"ways" doc:"站内消息，以及本人选择的通道"`
}

// A Way is how somebody was told.
type Way struct {
	Channel   string `json:"channel" doc:"inbox 站内；mail、sms、app"`
	Name      string `json:"name"`
	State     string `json:"state" enum:"waiting,sent,delivered,failed,gave-up,dropped"`
	StateName string `json:"state_name"`
}

var holderNames = map[string]string{Told: "已提醒", NoAccount: "没有账号，未能提醒", NotAsked: "规则不提醒持证人", Overtaken: "并入较近的一次"}

// A Report is a page of reminders, newest first, and the sum of all that the query
// covers.
type Report struct {
	Items  []Reminder     `json:"items"`
	Next   string         `json:"cursor,omitempty" doc:"还有下一页时返回"`
	Counts map[string]int `json:"counts" doc:"近 90 天：各种结果各多少"`
	Coming []Coming       `json:"coming" doc:"今后 90 天内到期的，按月和种类"`
}

// Coming counts certificates that end in a month.
type Coming struct {
	Month string `json:"month"`
	Kind  string `json:"kind"`
	Count int    `json:"count"`
}

// A Query narrows a report.
type Query struct {
	Issuer string `query:"issuer" maxLength:"64" doc:"签发单位；空：本人单位"`
	Kind   string `query:"kind" maxLength:"64"`
	To     string `query:"to" maxLength:"10" doc:"有效期截止日期"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

// Report tells what a unit's certificates were reminded of. It names no person.
func (s *Service) Report(ctx context.Context, q Query) (*Report, error) {
	if q.Issuer == "" {
		if p, ok := iam.From(ctx); ok {
			q.Issuer = p.Org
		}
	}
	if err := iam.Allow(ctx, Read, q.Issuer); err != nil {
		return nil, err
	}
	if _, err := workday.ParseDate(q.To); q.To != "" && err != nil {
		return nil, fault.Invalid.New("日期应写作 2006-01-02").WithCode("remind.query").WithField("to", "form", "日期应写作 2006-01-02")
	}
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 20
	}
	p := &Report{}
	var told []toldRow
	var ways map[toldRow][]Way
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		today := workday.DateOf(tx.Now())
		list, err := reminders(tx, q, before, id, q.Limit+1)
		if err != nil {
			return err
		}
		p.Items = append([]Reminder{}, list...)
		if told, ways, err = s.waysTx(tx, list); err != nil {
			return err
		}
		if p.Counts, err = counts(tx, q.Issuer, tx.Now().AddDate(0, 0, -90).UnixMilli()); err != nil {
			return err
		}
		p.Coming, err = coming(tx, q.Issuer, today.String(), today.AddDays(90).String())
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(p.Items) > q.Limit {
		p.Items = p.Items[:q.Limit]
		last := p.Items[q.Limit-1]
		p.Next = db.Cursor(last.At.UnixMilli(), last.ID)
	}
	return p, s.people(ctx, p.Items, told, ways)
}

// waysTx are by which ways reminders were told: in the inbox, and as people chose.
func (s *Service) waysTx(tx *db.Tx, list []Reminder) (told []toldRow, ways map[toldRow][]Way, err error) {
	ways = map[toldRow][]Way{}
	told, err = toldOf(tx, list)
	for _, t := range told {
		ways[t] = []Way{{"inbox", "站内消息", notice.Delivered, notice.StateName(notice.Delivered)}}
		out, err := s.Notice.SendingsTx(tx, t.notice, t.account)
		if err != nil {
			return nil, nil, err
		}
		for _, d := range out {
			ways[t] = append(ways[t], Way{string(d.Channel), d.Channel.Name(), d.State, notice.StateName(d.State)})
		}
	}
	return told, ways, err
}

// people puts into reminders who was told, masked.
func (s *Service) people(ctx context.Context, list []Reminder, told []toldRow, ways map[toldRow][]Way) error {
	if len(told) == 0 {
		return nil
	}
	var accounts []string
	for _, t := range told {
		accounts = append(accounts, t.account)
	}
	slices.Sort(accounts)
	names, err := s.IAM.Names(ctx, slices.Compact(accounts))
	if err != nil {
		return err
	}
	for i := range list {
		for _, t := range told {
			if t.reminder == list[i].ID {
				list[i].People = append(list[i].People, Person{names[t.account], ways[t]})
			}
		}
	}
	return nil
}

func joinLeads(leads []int) string {
	words := make([]string, len(leads))
	for i, n := range leads {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, " ")
}

func splitLeads(text string) (leads []int, err error) {
	for _, word := range strings.Fields(text) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		leads = append(leads, n)
	}
	return slices.Clip(leads), nil
}
