package item

import (
	"context"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/iam"
)

// An Item is an item with its newest version, and what it is bound to.
type Item struct {
	Code    string `json:"code" doc:"实施编码"`
	Org     string `json:"org" doc:"实施机构"`
	OrgName string `json:"org_name"`
	Version int    `json:"version"`
	State   string `json:"state" enum:"upcoming,effective,ended" doc:"最新版本的状态"`
	InForce int    `json:"in_force,omitempty" doc:"今天有效的版本；没有则不返回"`
	Content
	TypeName string    `json:"type_name"`
	TierName string    `json:"tier_name"`
	Oddities []string  `json:"oddities,omitempty" doc:"编码与国家标准或登记内容不一致之处，不影响使用"`
	Bindings []Binding `json:"bindings,omitempty" doc:"关联的证照类型；列表不含"`
	Needs    []Need    `json:"needs,omitempty" doc:"需其他部门提供的；列表不含"`
	Versions []Version `json:"versions,omitempty" doc:"各版本，新的在前；列表不含"`
	Managed  bool      `json:"managed,omitempty" doc:"可以由调用者管理；列表不含"`
}

// A Version is one version of an item.
type Version struct {
	Version int       `json:"version"`
	Content Content   `json:"content"`
	Reason  string    `json:"reason"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// A Page is one page of items, by code.
type Page struct {
	Items []Item `json:"items"`
	Next  string `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// A Query asks for a page of items.
type Query struct {
	Text    string // in the name or the code
	Org     string
	Type    string
	Kind    string // bound to it, by its name
	Role    string // with Kind: Input, Result, Inspect
	Unbound bool   // without a kind that it makes
	Now     bool   // that have begun and not ended
	Cursor  string
	Limit   int // at most 100; 50
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// viewOf is an item as lists show it.
func viewOf(r *row, day string, names map[string]string) Item {
	i := Item{Code: r.code, Org: r.org, OrgName: names[r.org], Version: int(r.version), TypeName: NameOf(Types(), r.typ), TierName: NameOf(Tiers(), r.tier)}
	i.Content = Content{Name: r.name, Base: r.base, Type: r.typ, Tier: r.tier, Starts: r.starts, Ends: r.ends}
	i.State = i.Content.state(day)
	return i
}

// Get returns one item, to who reads or manages items of its unit.
func (s *Service) Get(ctx context.Context, code string) (*Item, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	kinds, err := s.kinds(ctx)
	if err != nil {
		return nil, err
	}
	var i Item
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := byCode(tx, strings.ToUpper(code), false)
		if err != nil {
			return err
		}
		if r == nil {
			return errUnknown()
		}
		if err := maySee(ctx, r.org); err != nil {
			return err
		}
		i, err = s.wholeTx(ctx, tx, r, names, kinds)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &i, nil
}

func (s *Service) wholeTx(ctx context.Context, tx *db.Tx, r *row, names map[string]string, kinds kindsByName) (Item, error) {
	day := today(tx.Now())
	i := viewOf(r, day, names)
	i.Managed = iam.May(ctx, permManage, r.org)
	list, err := versionsOf(tx, r.id)
	if err != nil {
		return i, err
	}
	for n, v := range list {
		if n == 0 {
			i.Content = v.content
		}
		i.Versions = append(i.Versions, Version{int(v.version), v.content, v.reason, v.account, moment(v.at)})
	}
	now, err := inForceOn(tx, r.id, day)
	if err != nil {
		return i, err
	}
	if now != nil {
		i.InForce = int(now.version)
	}
	o, err := iam.OrgTx(tx, r.org)
	if err != nil {
		return i, err
	}
	i.Oddities = oddities(r.code, o.USCC, &i.Content)
	bound, err := bindingsOf(tx, r.id)
	if err != nil {
		return i, err
	}
	for _, b := range bound {
		i.Bindings = append(i.Bindings, bindingView(b, kinds))
	}
	wanted, err := needs(tx, `where n.item = $1 order by n.at desc, n.id limit 200`, r.id)
	for _, n := range wanted {
		i.Needs = append(i.Needs, needView(n, names, kinds))
	}
	return i, err
}

// List pages through the items that whoever acts reads or manages, by code.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	if q.Org != "" {
		if err := maySee(ctx, q.Org); err != nil {
			return nil, err
		}
	}
	f := q.filter()
	return s.page(ctx, &f, q.Now, func(tx *db.Tx) (err error) {
		f.paths, err = bothPathsTx(ctx, tx)
		return err
	})
}

// bothPathsTx are the paths of what whoever acts reads or manages.
func bothPathsTx(ctx context.Context, tx *db.Tx) ([]string, error) {
	a, err := iam.PathsTx(tx, iam.ScopeRoots(ctx, permRead))
	if err != nil {
		return nil, err
	}
	b, err := iam.PathsTx(tx, iam.ScopeRoots(ctx, permManage))
	return append(a, b...), err
}

func (q *Query) filter() filter {
	limit := q.Limit
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	return filter{org: q.Org, text: strings.TrimSpace(q.Text), typ: q.Type, kind: q.Kind, role: q.Role, unbound: q.Unbound, after: q.Cursor, limit: limit + 1}
}

// page reads a page; scope says first whose items.
func (s *Service) page(ctx context.Context, f *filter, now bool, scope func(*db.Tx) error) (*Page, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	p := &Page{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Items, p.Next = []Item{}, ""
		day := today(tx.Now())
		if now {
			f.day = day
		}
		if err := scope(tx); err != nil {
			return err
		}
		found, err := list(tx, *f)
		if err != nil {
			return err
		}
		if len(found) == f.limit {
			found = found[:f.limit-1]
			p.Next = found[len(found)-1].code
		}
		for _, r := range found {
			p.Items = append(p.Items, viewOf(r, day, names))
		}
		return nil
	})
	return p, err
}
