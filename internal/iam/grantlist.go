package iam

import (
	"context"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A GrantQuery asks for a page of grants. Empty fields ask for all.
type GrantQuery struct {
	State   string // proposed, effective, refused, revoked
	Account string
	Org     string
	Role    string
	Cursor  string
	Limit   int // at most 200; 50
}

// A GrantItem is a grant as lists show it.
type GrantItem struct {
	Grant
	AccountName string `json:"account_name"`
	Username    string `json:"username"`
	RoleName    string `json:"role_name"`
	OrgName     string `json:"org_name"`
	ByName      string `json:"proposed_by_name"`
	DecidedName string `json:"decided_by_name,omitempty"`
	Due         string `json:"due,omitempty" doc:"待批准的：剩余时限"`
	Level       string `json:"level,omitempty" doc:"good、care、bad"`
	Altered     bool   `json:"altered,omitempty" doc:"在数据库中被改动，不再生效"`
}

// A GrantPage is a page of grants, newest first.
type GrantPage struct {
	Items []GrantItem `json:"items"`
	Next  string      `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// GrantsPage pages through the grants that the caller may read, newest first.
func (s *Service) GrantsPage(ctx context.Context, q GrantQuery) (*GrantPage, error) {
	roots, t, err := s.reach(ctx, "grant.read")
	if err != nil {
		return nil, err
	}
	if q.Org != "" {
		if err := Allow(ctx, "grant.read", q.Org); err != nil {
			return nil, err
		}
	}
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit)
	page := &GrantPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []GrantItem{}, ""
		list, err := pageOfGrants(tx, q, t.spans(roots), before, id, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			page.Next = db.Cursor(list[limit-1].At, list[limit-1].ID)
		}
		page.Items, err = s.showGrants(tx, list)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// Grant returns one grant that the caller may read.
func (s *Service) Grant(ctx context.Context, id string) (GrantItem, error) {
	var out GrantItem
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		g, err := getGrant(tx, id)
		switch {
		case err != nil:
			return err
		case g == nil || Allow(ctx, "grant.read", g.Org) != nil: // others' are not there
			return fault.NotFound.New("没有这项授权").WithCode("grant.unknown")
		}
		list, err := s.showGrants(tx, []*grantRow{g})
		if err == nil {
			out = list[0]
		}
		return err
	})
	return out, err
}

func (s *Service) showGrants(tx *db.Tx, list []*grantRow) ([]GrantItem, error) {
	var accounts, orgs []string
	for _, g := range list {
		accounts, orgs = append(accounts, g.Account, g.By, g.Decided), append(orgs, g.Org)
	}
	people, names, err := s.shownBy(tx, accounts, orgs)
	if err != nil {
		return nil, err
	}
	items := []GrantItem{}
	for _, g := range list {
		role, _ := s.role(g.Role)
		it := GrantItem{Grant: g.Grant, AccountName: people[g.Account].Name, Username: people[g.Account].Username, RoleName: role.Name,
			OrgName: names[g.Org], ByName: people[g.By].Name, DecidedName: people[g.Decided].Name, Altered: !intact(s.guards.grants, g)}
		if s.Due != nil && g.State == Proposed {
			if p, err := s.Due.Promise(tx, topicDecide, g.ID); err == nil {
				it.Due, it.Level = p.Left.Text, string(p.Left.Level)
			} else if fault.As(err) == nil {
				return nil, err
			}
		}
		items = append(items, it)
	}
	return items, nil
}
