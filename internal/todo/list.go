package todo

import (
	"context"
	"slices"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Views of what is due.
const (
	Mine = "mine" // for oneself
	Unit = "unit" // to one's own unit, whoever is to do it
	All  = "all"  // for oneself, and to all units whose deadlines one may see
)

// A Query asks for a page of what is due.
type Query struct {
	View   string // Mine, Unit or All; Mine when empty
	Org    string // to this organisation alone; View does not matter then
	Cursor string
	Limit  int // at most 100; 20
}

// A List is a page of what is open, overdue first.
type List struct {
	Items []Item `json:"items"`
	Next  string `json:"next,omitempty" doc:"下一页的游标"`
}

// An Item is one thing that is due.
type Item struct {
	due.Promise
	Mine bool `json:"mine" doc:"由本人办理"`
}

// List lists what is due. Another organisation's is a refusal, which is audited.
func (s *Service) List(ctx context.Context, q Query) (*List, error) {
	me, err := person(ctx)
	if err != nil {
		return nil, err
	}
	ask := due.Query{Cursor: q.Cursor, Limit: q.Limit}
	switch {
	case q.Org != "":
		ask.Orgs = []string{q.Org}
		err = s.mayRead(ctx, q.Org)
	case q.View == "" || q.View == Mine:
		ask.Account, ask.Holds = me.Account, holds(ctx, me)
	case q.View == Unit:
		ask.Orgs = []string{me.Org}
		err = s.mayRead(ctx, me.Org)
	case q.View == All:
		ask.Account, ask.Holds, ask.Orgs = me.Account, holds(ctx, me), iam.Orgs(ctx, Read)
	default:
		err = fault.Invalid.New("没有这种查看范围").WithCode("due.view").WithHint("可选 mine、unit、all").WithField("view", "unknown", "可选 mine、unit、all")
	}
	if err != nil {
		return nil, err
	}
	out := &List{Items: []Item{}}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p, err := s.Due.Mine(tx, ask)
		if err != nil {
			return err
		}
		out.Next = p.Next
		for _, x := range p.Items {
			out.Items = append(out.Items, Item{x, isMine(ctx, me, &x)})
		}
		return nil
	})
	return out, err
}

// Counts counts what is due to oneself, and to one's unit where one may see it.
func (s *Service) Counts(ctx context.Context) (c due.Counts, err error) {
	me, err := person(ctx)
	if err != nil {
		return c, err
	}
	q := due.Query{Account: me.Account, Holds: holds(ctx, me)}
	if s.MayUnit(ctx) {
		q.Orgs = []string{me.Org}
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { c, err = s.Due.Counts(tx, q); return err })
	return c, err
}

// MayUnit tells whether whoever acts may see what is due to their unit.
func (s *Service) MayUnit(ctx context.Context) bool {
	p, ok := iam.From(ctx)
	return ok && p.Org != "" && iam.Allow(ctx, Read, p.Org) == nil
}

// History tells how what was due ended in the organisations whose deadlines one
// may see, between two months ("2026-11"), both included.
func (s *Service) History(ctx context.Context, from, to string) (list []due.Tally, err error) {
	if err := iam.Allow(ctx, Read, ""); err != nil {
		return nil, err
	}
	q := due.HistoryQuery{Orgs: iam.Orgs(ctx, Read), From: from, To: to}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { list, err = s.Due.History(tx, q); return err })
	return list, err
}

// person refuses whoever has nothing to do by themselves: strangers, programs.
func person(ctx context.Context) (*iam.Principal, error) {
	p, ok := iam.From(ctx)
	if !ok {
		return nil, fault.Unauthorized.New("请先登录").WithCode("auth.required").WithHint("登录后重试")
	}
	if p.Account == "" {
		return nil, fault.Forbidden.New("待办属于工作人员本人，接入应用没有待办").WithCode("due.person").WithHint("请由工作人员登录后查看")
	}
	return p, nil
}

func (s *Service) mayRead(ctx context.Context, org string) error {
	if org == "" {
		return fault.Forbidden.New("您不属于任何单位，没有单位待办").WithCode("due.no-unit").WithHint("请查看“我的”待办")
	}
	return s.refused(ctx, "due.list", "org/"+org, iam.Allow(ctx, Read, org))
}

// refused audits a refusal, and returns it.
func (s *Service) refused(ctx context.Context, action, object string, err error) error {
	if f := fault.As(err); f == nil || f.Kind != fault.Forbidden {
		return err
	}
	object = strings.ReplaceAll(strings.ToValidUTF8(object, "?"), "\x00", "")
	if len(object) > 100 {
		object = strings.ToValidUTF8(object[:100], "")
	}
	noted := s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: action, Object: object, Result: audit.Refused})
	})
	if noted != nil {
		return noted
	}
	return err
}

// looking are the last words of permissions that are about seeing: nothing waits
// for who may see.
var looking = []string{"read", "export", "own", "any", "reveal"}

// holds are the permissions by which something may wait for whoever acts.
func holds(ctx context.Context, p *iam.Principal) (list []due.Hold) {
	for _, permission := range p.Permissions() {
		if slices.Contains(looking, permission[strings.LastIndexByte(permission, '.')+1:]) {
			continue
		}
		if orgs := iam.Orgs(ctx, permission); len(orgs) > 0 {
			list = append(list, due.Hold{Permission: permission, Orgs: orgs})
		}
	}
	return list
}

func isMine(ctx context.Context, me *iam.Principal, p *due.Promise) bool {
	if p.Account != "" {
		return p.Account == me.Account
	}
	return p.Permission != "" && iam.Allow(ctx, p.Permission, p.Org) == nil
}
