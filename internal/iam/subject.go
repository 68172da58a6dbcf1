package iam

import (
	"sidian/internal/db"
)

// A Subject is an account as whoever proves it must know it: no personal data.
type Subject struct {
	ID, Username string
	Kind         Kind
	Org          string
	Closed       bool
}

// SubjectTx returns an account by its id, or fault.NotFound.
func SubjectTx(tx *db.Tx, id string) (Subject, error) {
	row, err := accountTx(tx, id)
	return subjectOf(row), err
}

// SubjectNamedTx returns an account by its username, in any case of letters, or
// fault.NotFound.
func SubjectNamedTx(tx *db.Tx, username string) (Subject, error) {
	row, err := accountNamed(tx, FoldUsername(username))
	return subjectOf(row), err
}

func subjectOf(r accountRow) Subject {
	return Subject{ID: r.key, Username: r.username, Kind: r.kind, Org: r.org, Closed: r.closed()}
}

// AdministratorTx tells whether an account holds one of the roles of the three
// administrators (三员) with effect.
func (s *Service) AdministratorTx(tx *db.Tx, account string) (bool, error) {
	roles, _, err := s.rolesOf(tx, account)
	for _, r := range roles {
		if role, found := s.InForce().Role(r.Role); found && role.Admin != "" {
			return true, err
		}
	}
	return false, err
}
