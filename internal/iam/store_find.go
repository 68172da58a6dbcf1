package iam

import "sidian/internal/db"

// WithCodeTx finds the open organisation of a unified social credit code in a
// caller's transaction; nil: there is none.
func WithCodeTx(tx *db.Tx, uscc string) (*Org, error) {
	found, err := WithCodesTx(tx, []string{uscc})
	return found[uscc], err
}

// WithCodesTx finds the open organisations of unified social credit codes, by code.
func WithCodesTx(tx *db.Tx, codes []string) (map[string]*Org, error) {
	out := map[string]*Org{}
	if len(codes) == 0 {
		return out, nil
	}
	marks, args := db.Marks(nil, db.Padded(codes))
	list, err := queryOrgs(tx, `where uscc in (`+marks+`) and uscc <> '' and closed_at is null order by id`, args...)
	for i := range list {
		out[list[i].USCC] = &list[i]
	}
	return out, err
}
