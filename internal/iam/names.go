package iam

import (
	"context"

	"sidian/gbcode"
	"sidian/internal/db"
)

// shownBy are the accounts, masked, and the names of organisations that a list
// shows by id.
func (s *Service) shownBy(tx *db.Tx, accounts, orgs []string) (people map[string]Account, names map[string]string, err error) {
	if people, err = s.people(tx, accounts); err != nil {
		return nil, nil, err
	}
	names, err = orgNames(tx, orgs)
	return people, names, err
}

// Names are the names of accounts by id, as records show who did something: of
// staff in full, because they answer for it, of holders masked. Records
// themselves hold no names, so that the database alone does not tell them. An
// unknown id is left out. Who may see the record is the caller's matter.
func (s *Service) Names(ctx context.Context, ids []string) (names map[string]string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		people, err := s.people(tx, ids)
		names = make(map[string]string, len(people))
		for id, a := range people {
			if names[id] = a.Name; a.Kind == Holder {
				names[id] = gbcode.MaskName(a.Name)
			}
		}
		return err
	})
	return names, err
}

// NamedTx tells whether an account bears a name, without telling the name.
func (s *Service) NamedTx(tx *db.Tx, account, name string) (bool, error) {
	people, err := s.people(tx, []string{account})
	return err == nil && name != "" && people[account].Name == name, err
}
