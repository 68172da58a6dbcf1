package auditor

import (
	"context"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
)

// A LookBack tells who saw a record, changed it or tried to: responsibility
// traced back from the record to persons (责任倒查).
type LookBack struct {
	Object  string    `json:"object"`
	People  []*Person `json:"people" doc:"最近接触者在前"`
	Entries int       `json:"entries" doc:"所依据的审计记录数"`
	Earlier string    `json:"earlier,omitempty" doc:"更早部分的游标：记录太多时，逐段追溯"`
}

// A Person is someone, or a program, that had to do with something.
type Person struct {
	Account   string    `json:"account,omitempty"`
	Name      string    `json:"name,omitempty"`
	App       string    `json:"app,omitempty" doc:"接入应用自身"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	Saw       int       `json:"saw" doc:"查阅次数"`
	Changed   int       `json:"changed" doc:"变更次数"`
	Tried     int       `json:"tried" doc:"被拒绝或失败的次数"`
	Orgs      []string  `json:"orgs,omitempty" doc:"代表的单位"`
	Addresses []string  `json:"addresses,omitempty"`
	Sessions  []string  `json:"sessions,omitempty"`
	Apps      []string  `json:"apps,omitempty" doc:"所用的接入应用"`
	Purposes  []string  `json:"purposes,omitempty" doc:"用途"`
	Reasons   []string  `json:"reasons,omitempty" doc:"理由"`
	Entries   []Entry   `json:"entries" doc:"最近的若干条"`
}

// Limits of what is told at once.
const (
	lookAt     = 10_000 // entries of one object or account
	perPerson  = 50     // entries told of each
	perList    = 50     // different reasons, addresses …
	maxObjects = 1000   // of one person
)

// LookBack traces an object back to the persons, as far as the caller's scope
// goes, from the newest entry or from where the part before ended.
func (s *Service) LookBack(ctx context.Context, object, from string) (*LookBack, error) {
	if err := named(object); err != nil {
		return nil, err
	}
	scope, err := s.scope(ctx, Read, nil)
	if err != nil {
		return nil, err
	}
	l := &LookBack{Object: object, People: []*Person{}}
	who := map[string]*Person{}
	l.Earlier, err = s.each(ctx, audit.Query{Object: object, Orgs: scope}, from, func(e *audit.Entry) bool {
		key := e.Actor.Account
		if key == "" {
			key = "app/" + e.Actor.App
		}
		p := who[key]
		if p == nil {
			p = &Person{Account: e.Actor.Account, Name: e.Actor.Name}
			if p.Account == "" {
				p.App = e.Actor.App
			}
			who[key] = p
			l.People = append(l.People, p)
		}
		p.add(e)
		l.Entries++
		return true
	})
	if err != nil {
		return nil, err
	}
	if err := s.namePeople(ctx, l.People); err != nil {
		return nil, err
	}
	return l, s.note(ctx, audit.Entry{Action: "audit.lookback", Object: object})
}

// each calls do for up to lookAt entries, newest first, until it returns false,
// and returns where to continue.
func (s *Service) each(ctx context.Context, q audit.Query, from string, do func(*audit.Entry) bool) (next string, err error) {
	if q.After, err = parseCursor(from); err != nil {
		return "", err
	}
	q.Limit = 1000
	for range lookAt / q.Limit {
		var found []audit.Entry
		var at audit.Cursor
		err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { found, at, err = audit.List(tx, q); return err })
		if err != nil {
			return "", err
		}
		for i := range found {
			if !do(&found[i]) {
				return cursor(audit.Cursor{At: found[i].At, ID: found[i].ID}), nil
			}
		}
		if at == (audit.Cursor{}) {
			return "", nil
		}
		q.After = at
	}
	return cursor(q.After), nil
}

// add counts an entry; entries come newest first.
func (p *Person) add(e *audit.Entry) {
	if p.Last.IsZero() {
		p.Last = e.At
	}
	p.First = e.At
	switch kindOf(e) {
	case Saw:
		p.Saw++
	case Changed:
		p.Changed++
	default:
		p.Tried++
	}
	for _, l := range []struct {
		list  *[]string
		value string
	}{{&p.Orgs, e.Actor.Org}, {&p.Addresses, e.Actor.Address}, {&p.Sessions, e.Actor.Session}, {&p.Apps, e.Actor.App}, {&p.Purposes, e.Purpose}, {&p.Reasons, e.Reason}} {
		if l.value != "" && len(*l.list) < perList && !slices.Contains(*l.list, l.value) {
			*l.list = append(*l.list, l.value)
		}
	}
	if len(p.Entries) < perPerson {
		p.Entries = append(p.Entries, entryOf(e))
	}
}

func (s *Service) namePeople(ctx context.Context, people []*Person) error {
	if s.Names == nil {
		return nil
	}
	var accounts []string
	for _, p := range people {
		if p.Account != "" {
			accounts = append(accounts, p.Account)
		}
	}
	names, err := s.Names(ctx, accounts)
	for _, p := range people {
		if n := names[p.Account]; n != "" {
			p.Name = n
			for i := range p.Entries {
				p.Entries[i].Name = n
			}
		}
	}
	return err
}

// Doings tells what a person had to do with.
type Doings struct {
	Person
	Objects []*Doing `json:"objects" doc:"最近的在前"`
	Earlier string   `json:"earlier,omitempty" doc:"更早部分的游标"`
}

// A Doing is what a person did with one object.
type Doing struct {
	Object  string    `json:"object"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Saw     int       `json:"saw"`
	Changed int       `json:"changed"`
	Tried   int       `json:"tried"`
	Actions []string  `json:"actions"`
	Reasons []string  `json:"reasons,omitempty"`
}

// Person tells what an account saw and did within a time, as far as the
// caller's scope goes. Objects may be narrowed to a prefix ("cert/").
func (s *Service) Person(ctx context.Context, account string, q Query, from string) (*Doings, error) {
	if err := named(account); err != nil {
		return nil, err
	}
	if err := q.Validate(); err != nil {
		return nil, err
	}
	q.Account = account
	scope, err := s.scope(ctx, Read, q.Orgs)
	if err != nil {
		return nil, err
	}
	d := &Doings{Person: Person{Account: account}, Objects: []*Doing{}}
	of := map[string]*Doing{}
	last := audit.Cursor{}
	d.Earlier, err = s.each(ctx, q.within(scope), from, func(e *audit.Entry) bool {
		o := of[e.Object]
		if o == nil {
			if len(of) == maxObjects {
				return false
			}
			o = &Doing{Object: e.Object, Last: e.At}
			of[e.Object] = o
			d.Objects = append(d.Objects, o)
		}
		if d.Name == "" {
			d.Name = e.Actor.Name
		}
		o.add(e)
		d.add(e)
		last = audit.Cursor{At: e.At, ID: e.ID}
		return true
	})
	if len(of) == maxObjects && d.Earlier != "" {
		d.Earlier = cursor(last) // the entry that was one too many comes next
	}
	if err != nil {
		return nil, err
	}
	if err := s.namePeople(ctx, []*Person{&d.Person}); err != nil {
		return nil, err
	}
	q.Account = ""
	return d, s.note(ctx, audit.Entry{Action: "audit.person", Object: "account/" + account, Reason: q.criteria()})
}

func (o *Doing) add(e *audit.Entry) {
	o.First = e.At
	switch kindOf(e) {
	case Saw:
		o.Saw++
	case Changed:
		o.Changed++
	default:
		o.Tried++
	}
	if !slices.Contains(o.Actions, e.Action) && len(o.Actions) < perList {
		o.Actions = append(o.Actions, e.Action)
	}
	if r := strings.TrimSpace(e.Reason); r != "" && !slices.Contains(o.Reasons, r) && len(o.Reasons) < perList {
		o.Reasons = append(o.Reasons, r)
	}
}
