package iam

import (
	"context"
	"slices"

	"sidian/internal/db"
)

// Holding lists the accounts that may hold a permission for an organisation by
// the grants in effect, the longest granted first: the people among whom somebody
// is chosen, as the keeper of a seal is. It tells ids, and asks nothing about who
// wants to know: that is the caller's matter. Whether one of them may indeed is
// asked when they act; a rule or a missing second factor may still forbid it.
func (s *Service) Holding(ctx context.Context, permission, org string) (accounts []string, err error) {
	tree, st := s.live.orgs.Load(), s.live.policy.Load()
	if tree == nil || st == nil || st.set == nil {
		return nil, nil
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		accounts = nil
		for _, role := range st.set.Roles() {
			if role.Holder || !slices.Contains(role.May, permission) {
				continue
			}
			grants, err := effectiveIn(tx, role.Code)
			if err != nil {
				return err
			}
			for _, g := range grants {
				if tree.covers(g.Org, org) && !slices.Contains(accounts, g.Account) {
					accounts = append(accounts, g.Account)
				}
			}
		}
		return nil
	})
	return accounts, err
}
