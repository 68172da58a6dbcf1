package app

import (
	"context"
	"errors"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/todo"
	"sidian/internal/web/records"
)

// records makes the pages about what was done and what is to be done.
func (a *App) records() error {
	a.Todo = &todo.Service{DB: a.DB, Due: a.Due}
	a.Web.Todo = a.Todo
	a.Records = &records.Service{
		Kit: a.Web.Kit, Auditor: a.Auditor, Todo: a.Todo, IAM: a.IAM, Cert: a.Cert, Account: a.accountNamed, Usernames: a.usernames,
	}
	return a.Records.Load()
}

// accountNamed is the id of the account of a username, or "".
func (a *App) accountNamed(ctx context.Context, username string) (id string, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		s, err := iam.SubjectNamedTx(tx, username)
		id = s.ID
		return err
	})
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return id, err
}

// usernames are those of accounts, by id; one that is unknown has none.
func (a *App) usernames(ctx context.Context, accounts []string) (map[string]string, error) {
	names := map[string]string{}
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		for _, id := range accounts {
			s, err := iam.SubjectTx(tx, id)
			if err != nil && !errors.Is(err, fault.NotFound) {
				return err
			}
			if err == nil {
				names[id] = s.Username
			}
		}
		return nil
	})
	return names, err
}
