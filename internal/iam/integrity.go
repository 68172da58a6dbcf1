package iam

import (
	"context"
	"fmt"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// A shelf is a guarded table with what reads all of its rows.
type shelf struct {
	rows *keys.Rows
	each func(tx *db.Tx, see func(guarded)) error
}

func (s *Service) shelves() []shelf {
	g := s.guards
	return []shelf{
		{g.orgs, eachOrg}, {g.posts, eachPost}, {g.grants, eachGrant}, {g.glasses, eachGlass},
		{g.policies, eachPolicy}, {g.clients, eachClient}, {g.secrets, eachSecret},
	}
}

// CodeUnreadable is the code of the finding that the policy in force cannot be
// read by this program.
const CodeUnreadable = "policy.unreadable"

// Integrity looks for rows that were edited, inserted or deleted in the
// database, in all tables that give somebody something: for doctor.
func (s *Service) Integrity(ctx context.Context) (found []keys.Finding, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found = nil
		for _, sh := range s.shelves() {
			list, err := sh.rows.CheckTable(tx, func(see func([]byte, string, ...any)) error {
				return sh.each(tx, func(row guarded) { see(row.had(), row.id(), row.fields()...) })
			})
			if err != nil {
				return err
			}
			found = append(found, list...)
		}
		altered, err := s.alteredAccounts(tx)
		found = append(found, altered...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("iam: looking for altered rows: %w", err)
	}
	if st := s.live.policy.Load(); st != nil && st.set == nil {
		found = append(found, keys.Finding{Table: "iam_policy", Code: CodeUnreadable, Message: "现行授权策略无法使用，所有请求均被拒绝；请恢复数据库，或用程序自带的策略恢复"})
	}
	return found, nil
}

// Patrol looks as Integrity does and raises an alarm of each finding, once an
// hour at most for the same: a row that was put back from an old copy is seen
// by this alone.
func (s *Service) Patrol(ctx context.Context) error {
	found, err := s.Integrity(ctx)
	for _, f := range found {
		s.alarm(ctx, f.Table, f.ID)
	}
	return err
}

// alteredAccounts looks at accounts a page at a time: there may be millions.
func (s *Service) alteredAccounts(tx *db.Tx) (found []keys.Finding, err error) {
	for after := ""; ; {
		page, err := accountsAfter(tx, after, 1000)
		if err != nil || len(page) == 0 {
			return found, err
		}
		for _, row := range page {
			if !intact(s.guards.accounts, &row) {
				found = append(found, keys.Finding{Table: "iam_account", ID: row.key, Code: keys.RowAltered, Message: "该账号在数据库中被改动，与写入时的完整性校验值不符；它不能再登录，请核查数据库的访问记录"})
			}
			after = row.key
		}
	}
}

// Recount takes the guarded tables as they stand for complete, after an
// operator has looked into every finding. It makes no altered row right.
func (s *Service) Recount(ctx context.Context, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, sh := range s.shelves() {
			err := sh.rows.Recount(tx, func(see func([]byte)) error {
				return sh.each(tx, func(row guarded) { see(row.had()) })
			})
			if err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "iam.recount", Object: "iam/tables", Reason: reason})
	})
}

// Adopt takes the rows that stood in the tables before they were guarded for
// right, and tells how many: `sidian migrate` calls it once, and it does nothing
// where the tables are guarded already. Nothing else ever makes a row right that
// does not carry its MAC.
func (s *Service) Adopt(ctx context.Context) (n int, err error) {
	var begun bool
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := s.guards.orgs.Census(tx)
		begun = c.Revision > 0
		return err
	})
	if err != nil || begun {
		return 0, err
	}
	for more := true; more; {
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			page, err := accountsWithout(tx, 500)
			more = len(page) == 500
			for _, row := range page {
				if err == nil {
					err = s.adoptAccount(tx, row)
				}
			}
			n += len(page)
			return err
		})
		if err != nil {
			return n, fmt.Errorf("iam: adopting accounts: %w", err)
		}
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		m, err := s.adoptRest(tx)
		n += m
		if err != nil || n == 0 {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "iam.adopt", Object: "iam/tables", Reason: fmt.Sprintf("启用完整性保护：%d 行", n)})
	})
	if err != nil {
		return n, fmt.Errorf("iam: adopting what was granted: %w", err)
	}
	s.reloadTree(ctx)
	return n, nil
}

func (s *Service) adoptAccount(tx *db.Tx, row accountRow) error {
	name, err := s.box.Open(cell("name", row.key), row.name)
	if err != nil {
		return err
	}
	d := s.names.Of(string(name))
	row.nameIndex = d[:]
	row.mac = macOf(s.guards.accounts, &row)
	return adoptAccountRow(tx, row)
}

func (s *Service) adoptRest(tx *db.Tx) (n int, err error) {
	if err := s.adoptOrgs(tx); err != nil {
		return 0, err
	}
	for _, sh := range s.shelves() {
		var rows []guarded
		if err := sh.each(tx, func(row guarded) { rows = append(rows, row) }); err != nil {
			return n, err
		}
		for _, row := range rows {
			mac := macOf(sh.rows, row)
			if err := setMac(tx, row, mac); err != nil {
				return n, err
			}
			if err := sh.rows.Insert(tx, mac); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, endAllTokens(tx) // they live for an hour: programs ask again
}

// adoptOrgs gives every organisation its path and its folded name.
func (s *Service) adoptOrgs(tx *db.Tx) error {
	list, err := allOrgs(tx)
	if err != nil {
		return err
	}
	t := newTree(list, tx.Now(), 0)
	for _, o := range list {
		path := t.path(o.ID)
		if path == "" {
			return fault.Conflict.New("单位 %s 的上级关系成环", o.ID).WithCode("org.loop")
		}
		o.path = path
		if err := placeOrg(tx, o); err != nil {
			return err
		}
	}
	return nil
}
