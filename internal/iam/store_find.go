package iam

import "sidian/internal/db"

// WithCodeTx finds the open organisation of a unified social credit code in a
// caller's transaction; nil: there is none.
func WithCodeTx(tx *db.Tx, uscc string) (*Org, error) {
	if uscc == "" {
		return nil, nil
	}
	list, err := queryOrgs(tx, `where uscc = $1 and uscc <> '' and closed_at is null order by id`, uscc)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// HolderOfTx is [Service.HolderOf] in a caller's transaction.
func (s *Service) HolderOfTx(tx *db.Tx, citizen string) (account string, err error) {
	return holderBy(tx, s.persons.Of(citizen))
}
