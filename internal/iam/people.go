package iam

import (
	"context"
	"strings"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// AccountEdit changes an account; nil fields stay.
type AccountEdit struct {
	Name   *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Phone  *string `json:"phone,omitempty" doc:"手机号码；空串则删去"`
	Reason string  `json:"reason" minLength:"1" maxLength:"500"`
}

// MoveRequest moves a person to another unit.
type MoveRequest struct {
	Org    string `json:"org" minLength:"1" maxLength:"64" doc:"调入单位"`
	End    bool   `json:"end,omitempty" doc:"一并撤销在原单位的角色；否则须先移交"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// An AccountQuery asks for a page of accounts. Name, Phone and Citizen are whole
// values, found by blind index.
type AccountQuery struct {
	Org      string // of one unit, with Below also of those below it
	Below    bool
	Username string // prefix
	Name     string
	Phone    string
	Citizen  string
	Kind     Kind
	Closed   bool // also those that are closed
	Cursor   string
	Limit    int // at most 200; 50
}

// An AccountPage is a page of accounts, masked, with their roles.
type AccountPage struct {
	Items []Account `json:"items"`
	Next  string    `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// EditAccount changes who an account is.
func (s *Service) EditAccount(ctx context.Context, id string, e AccountEdit) (Account, error) {
	if err := needReason(e.Reason); err != nil {
		return Account{}, err
	}
	if err := e.check(); err != nil {
		return Account{}, err
	}
	return s.changeAccount(ctx, id, "account.edit", e.Reason, func(tx *db.Tx, row *accountRow) error {
		if e.Name != nil {
			if err := s.rename(row, strings.TrimSpace(*e.Name)); err != nil {
				return err
			}
		}
		if e.Phone == nil {
			return nil
		}
		row.phone, row.phoneIndex = nil, nil
		if *e.Phone == "" {
			return nil
		}
		sealed, err := s.box.Seal(cell("phone", row.key), []byte(*e.Phone))
		d := s.phones.Of(*e.Phone)
		row.phone, row.phoneIndex = sealed, d[:]
		return err
	})
}

func (e *AccountEdit) check() error {
	bad := fault.Invalid.New("账号信息不符合规则").WithCode("account.invalid")
	if e.Name != nil {
		if n := utf8.RuneCountInString(strings.TrimSpace(*e.Name)); n == 0 || n > 100 {
			bad = bad.WithField("name", "required", "应为 1 至 100 个字")
		}
	}
	if e.Phone != nil && *e.Phone != "" && !phoneForm.MatchString(*e.Phone) {
		bad = bad.WithField("phone", "account.phone", "应为 11 位手机号码")
	}
	return bad.OrNil()
}

func (s *Service) rename(row *accountRow, name string) (err error) {
	row.name, err = s.box.Seal(cell("name", row.key), []byte(name))
	d := s.names.Of(name)
	row.nameIndex = d[:]
	return err
}

// changeAccount changes an account that the caller manages, with its audit row.
func (s *Service) changeAccount(ctx context.Context, id, action, reason string, fn func(*db.Tx, *accountRow) error) (Account, error) {
	var row accountRow
	var denied error
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		denied = nil
		if row, err = accountTx(tx, id); err != nil {
			return err
		}
		if denied = Allow(ctx, "account.manage", row.org); denied != nil {
			return denied
		}
		switch {
		case row.closed():
			return fault.Conflict.New("账号已停用").WithCode("account.closed")
		case !intact(s.guards.accounts, &row):
			return errAltered()
		}
		before := digestOf(append(row.fields(), row.name, row.phone))
		if err := fn(tx, &row); err != nil {
			return err
		}
		if err := s.saveAccount(tx, &row); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: "account/" + id, Reason: reason, Before: before, After: digestOf(append(row.fields(), row.name, row.phone))})
	})
	if denied != nil {
		return Account{}, s.refused(ctx, action, "account/"+id, denied)
	}
	if err != nil {
		return Account{}, err
	}
	s.changed(id)
	return s.open(row)
}

// MoveAccount moves a person to another unit. What they hold for the old one is
// handed over before, or with End the grants end.
func (s *Service) MoveAccount(ctx context.Context, id string, r MoveRequest) (Account, error) {
	if err := needReason(r.Reason); err != nil {
		return Account{}, err
	}
	if err := Allow(ctx, "account.manage", r.Org); err != nil {
		return Account{}, s.refused(ctx, "account.move", "account/"+id, err)
	}
	return s.changeAccount(ctx, id, "account.move", r.Reason, func(tx *db.Tx, row *accountRow) error {
		o, err := OrgTx(tx, r.Org)
		switch {
		case err != nil:
			return err
		case row.kind != Staff:
			return fault.Conflict.New("持证人不属于单位").WithCode("account.kind")
		case o.Closed:
			return fault.Conflict.New("单位已停用").WithCode("org.closed")
		case o.ID == row.org:
			return fault.Conflict.New("已在该单位").WithCode("account.same")
		}
		if r.End {
			if err := s.endGrants(tx, row.key, r.Reason); err != nil {
				return err
			}
		}
		if err := s.letGo(tx, *row); err != nil {
			return err
		}
		row.org = r.Org
		return nil
	})
}

// endGrants ends all grants of somebody who leaves a unit.
func (s *Service) endGrants(tx *db.Tx, account, reason string) error {
	list, err := effectiveOf(tx, account)
	for _, g := range list {
		if err != nil || !intact(s.guards.grants, g) {
			continue // it gives nothing, and doctor tells of it
		}
		if err = s.replaceable(tx, g); err == nil {
			err = s.endGrant(tx, g, Revoked, audit.ActorFrom(tx.Context()).Account, reason)
		}
	}
	return err
}

// FindAccounts pages through the accounts that the caller manages or locks:
// staff of their organisations, and holders who are asked for by a username,
// name, phone number or citizen ID.
func (s *Service) FindAccounts(ctx context.Context, q AccountQuery) (*AccountPage, error) {
	roots, t, err := s.reach(ctx, "account.manage", "account.lock")
	if err != nil {
		return nil, err
	}
	in := t.spans(roots)
	if q.Org != "" {
		if err := allowAny(ctx, q.Org, "account.manage", "account.lock"); err != nil {
			return nil, err
		}
		in = t.spans([]string{q.Org})
	}
	q.Username = FoldUsername(q.Username)
	limit := pageSize(q.Limit)
	var name, phone, citizen []byte
	for _, f := range []struct {
		text  string
		index func(string) [32]byte
		to    *[]byte
	}{
		{strings.TrimSpace(q.Name), func(v string) [32]byte { return s.names.Of(v) }, &name},
		{q.Phone, func(v string) [32]byte { return s.phones.Of(v) }, &phone},
		{q.Citizen, func(v string) [32]byte { return s.persons.Of(v) }, &citizen},
	} {
		if f.text != "" {
			d := f.index(f.text)
			*f.to = d[:]
		}
	}
	page := &AccountPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []Account{}, ""
		rows, err := foundAccounts(tx, q, in, name, phone, citizen, limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = rows[limit-1].key
		}
		page.Items, err = s.showAccounts(tx, rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// showAccounts opens accounts, masked, with their roles and units.
func (s *Service) showAccounts(tx *db.Tx, rows []accountRow) ([]Account, error) {
	var orgs []string
	for _, row := range rows {
		orgs = append(orgs, row.org)
	}
	names, err := orgNames(tx, orgs)
	if err != nil {
		return nil, err
	}
	list := make([]Account, 0, len(rows))
	for _, row := range rows {
		a, err := s.open(row)
		if err != nil {
			return nil, err
		}
		a.OrgName = names[row.org]
		if row.kind == Staff {
			roles, _, err := s.rolesOf(tx, row.key)
			if err != nil {
				return nil, err
			}
			for _, r := range roles {
				role, _ := s.role(r.Role)
				a.Roles = append(a.Roles, MyRole{Code: r.Role, Name: role.Name, Org: r.Org})
			}
		}
		list = append(list, a)
	}
	return list, nil
}

// Name is keys.Resealer.
func (s *Service) Name() string { return "iam" }

// Reseal is keys.Resealer for the personal data of accounts.
func (s *Service) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	rows, err := accountsAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	for _, row := range rows {
		changed := false
		for _, v := range []struct {
			column string
			sealed []byte
		}{{"name", row.name}, {"citizen", row.citizen}, {"phone", row.phone}} {
			if v.sealed == nil {
				continue
			}
			again, stale, err := s.box.Again(cell(v.column, row.key), v.sealed)
			if err != nil {
				return "", done, err
			}
			if !stale {
				continue
			}
			m, err := replaceSealed(tx, v.column, row.key, v.sealed, again)
			if err != nil {
				return "", done, err
			}
			changed = changed || m > 0
		}
		if changed {
			done++
		}
		next = row.key
	}
	return next, done, nil
}

// Count is keys.Counter.
func (s *Service) Count(tx *db.Tx) (int64, error) { return countAccounts(tx) }
