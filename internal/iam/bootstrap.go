package iam

import (
	"context"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// BootstrapRequest is the beginning of a platform: its root organisation and
// the three administrators, who open everything else.
type BootstrapRequest struct {
	Root                    OrgRequest // Parent is empty
	System, Security, Audit AccountRequest

	// Also, unless nil, runs in the transaction that makes the three, so that
	// they are made with their credentials or not at all. It may run twice.
	Also func(tx *db.Tx, made []Account) error
}

// Bootstrap makes them in one transaction, on a platform that has no account.
// It returns the three accounts in the order of the request.
func (s *Service) Bootstrap(ctx context.Context, r BootstrapRequest) ([]Account, error) {
	if err := r.Root.Validate(); err != nil {
		return nil, err
	}
	if r.Root.ID == "" {
		r.Root.ID = newID()
	}
	r.Root.Parent = ""
	var rows []accountRow
	var made []Account
	for _, a := range []AccountRequest{r.System, r.Security, r.Audit} {
		a.Kind, a.Org = Staff, r.Root.ID
		if err := a.Validate(); err != nil {
			return nil, err
		}
		row, n, err := s.prepare(a)
		if err != nil {
			return nil, err
		}
		rows, made = append(rows, row), append(made, n)
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.bootstrapTx(tx, r.Root, rows); err != nil || r.Also == nil {
			return err
		}
		return r.Also(tx, made)
	})
	s.reloadTree(ctx)
	return made, err
}

func (s *Service) bootstrapTx(tx *db.Tx, root OrgRequest, rows []accountRow) error {
	n, err := countAccounts(tx)
	if err != nil {
		return err
	}
	if n > 0 {
		return fault.Conflict.New("平台已经初始化").WithCode("iam.bootstrapped").WithHint("请由系统管理员开设账号")
	}
	if _, err := s.putOrg(tx, root, ""); err != nil {
		return err
	}
	for i, role := range []string{"system", "security", "audit"} {
		if err := s.putAccount(tx, rows[i]); err != nil {
			return err
		}
		g := &grantRow{Grant: Grant{ID: newID(), Account: rows[i].key, Role: role, Org: root.ID, State: Effective, Reason: "初始化", At: tx.Now().UnixMilli()}}
		if err := s.putGrant(tx, g); err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "iam.bootstrap", Object: "org/" + root.ID})
}

// Bootstrapped tells whether the platform has accounts.
func (s *Service) Bootstrapped(ctx context.Context) (yes bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		n, err := countAccounts(tx)
		yes = n > 0
		return err
	})
	return yes, err
}

// Sweep forgets tokens that have no effect any more, and ends grants and broken
// glasses whose time is over.
func (s *Service) Sweep(ctx context.Context) error {
	if err := s.sweepGrants(ctx); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.sweepGlasses(tx); err != nil {
			return err
		}
		return sweepTokens(tx)
	})
}
