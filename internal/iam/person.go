package iam

import (
	"context"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam/policy"
)

// A Person is an account's personal data, unmasked.
type Person struct {
	Account, Name, Citizen, Phone string
}

// Self returns the caller's own personal data: what a holder's certificates
// are found by.
func (s *Service) Self(ctx context.Context) (Person, error) {
	p, ok := From(ctx)
	if !ok || p.Account == "" {
		return Person{}, errStranger
	}
	return s.person(ctx, p.Account, func(*db.Tx, accountRow) error { return nil })
}

// Unmask returns someone else's personal data, for a purpose (用途) and a reason,
// which are recorded with the rule that allowed it.
func (s *Service) Unmask(ctx context.Context, account, purpose, reason string) (Person, error) {
	if err := needReason(reason); err != nil {
		return Person{}, err
	}
	var org string
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		row, err := accountTx(tx, account)
		org = row.org
		return err
	})
	if err != nil {
		return Person{}, err
	}
	grounded, err := Decided(ctx, Question{Permission: "person.read", Org: org, Purpose: purpose, Class: policy.Sensitive})
	if err != nil {
		return Person{}, s.refused(grounded, "person.read", "account/"+account, err)
	}
	return s.person(grounded, account, func(tx *db.Tx, row accountRow) error {
		if row.org != org {
			return fault.Conflict.New("该账号刚刚调动").WithCode("account.moved").WithHint("请重试")
		}
		return audit.Put(tx, audit.Entry{Action: "person.read", Object: "account/" + account, Reason: reason})
	})
}

func (s *Service) person(ctx context.Context, account string, guard func(*db.Tx, accountRow) error) (Person, error) {
	out := Person{Account: account}
	var row accountRow
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if row, err = accountTx(tx, account); err != nil {
			return err
		}
		return guard(tx, row)
	})
	if err != nil {
		return Person{}, err
	}
	for column, v := range map[string]struct {
		sealed []byte
		to     *string
	}{"name": {row.name, &out.Name}, "citizen": {row.citizen, &out.Citizen}, "phone": {row.phone, &out.Phone}} {
		if v.sealed == nil {
			continue
		}
		b, err := s.box.Open(cell(column, row.key), v.sealed)
		if err != nil {
			return Person{}, err
		}
		*v.to = string(b)
	}
	return out, nil
}

// HolderOf finds the holder's account of a citizen ID, or fault.NotFound.
func (s *Service) HolderOf(ctx context.Context, citizen string) (account string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { account, err = s.HolderOfTx(tx, citizen); return err })
	return account, err
}

// HolderOfTx is [Service.HolderOf] in a caller's transaction.
func (s *Service) HolderOfTx(tx *db.Tx, citizen string) (account string, err error) {
	account, err = holderBy(tx, s.persons.Of(citizen))
	if fault.As(err) != nil {
		return "", fault.NotFound.New("该持证人还没有账号").WithCode("account.unknown")
	}
	return account, err
}
