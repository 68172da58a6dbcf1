package auth

import (
	"context"
	"errors"
	"fmt"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/keys"
)

// pageOfRows is how many rows are looked at in one statement.
const pageOfRows = 500

// adopted is the one row of the guard that tells that old rows were adopted.
const adopted = "adopted"

// mark says, with the first row that is guarded, that rows from now on are.
func (s *Service) mark(tx *db.Tx) error {
	g := s.guards
	g.mu.Lock()
	counting := g.counting
	g.mu.Unlock()
	if counting {
		return nil
	}
	c, err := g.begun.Census(tx)
	if errors.Is(err, keys.ErrAltered) {
		return nil // it is there: doctor tells the rest
	}
	if err == nil && c.Revision == 0 {
		err = g.begun.Insert(tx, g.begun.Mac(adopted))
	}
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { g.mu.Lock(); g.counting = true; g.mu.Unlock() })
	return nil
}

// marked looks whether rows are guarded, and at what is wrong with the mark.
func (s *Service) marked(tx *db.Tx) (yes bool, found []keys.Finding, err error) {
	g := s.guards.begun
	c, err := g.Census(tx)
	if err != nil && !errors.Is(err, keys.ErrAltered) {
		return false, nil, err
	}
	yes = err != nil || c.Revision > 0
	found, err = g.CheckTable(tx, func(see func([]byte, string, ...any)) error {
		if yes {
			see(g.Mac(adopted), adopted)
		}
		return nil
	})
	return yes, found, err
}

// A shelf is a table that is counted, with what reads all of its rows.
type shelf struct {
	rows *keys.Rows
	each func(tx *db.Tx, see func(mac []byte, id string, fields ...any)) error
}

func (s *Service) shelves() []shelf {
	g := s.guards
	return []shelf{
		{g.passkeys, func(tx *db.Tx, see func([]byte, string, ...any)) error {
			rows, err := allPasskeys(tx)
			for _, r := range rows {
				see(r.mac, r.id, r.guarded()...)
			}
			return err
		}},
		{g.certificates, func(tx *db.Tx, see func([]byte, string, ...any)) error {
			rows, err := allCertificates(tx)
			for _, r := range rows {
				see(r.mac, r.id, r.guarded()...)
			}
			return err
		}},
		{g.links, func(tx *db.Tx, see func([]byte, string, ...any)) error {
			rows, err := allLinks(tx)
			for _, r := range rows {
				see(r.mac, r.id, r.guarded()...)
			}
			return err
		}},
	}
}

// Patrol looks as Integrity does and raises an alarm of each finding, once an
// hour at most for the same: a removed row is seen by this alone.
func (s *Service) Patrol(ctx context.Context) error {
	found, err := s.Integrity(ctx)
	for _, f := range found {
		s.guards.suspect(f.Table, f.ID, "")
	}
	s.tellSuspects(ctx)
	return err
}

// Integrity looks for rows that were edited, inserted or deleted in the
// database, in all tables by which somebody signs in: for doctor.
func (s *Service) Integrity(ctx context.Context) (found []keys.Finding, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		_, list, err := s.marked(tx)
		if err != nil {
			return err
		}
		found = list
		for _, sh := range s.shelves() {
			list, err := sh.rows.CheckTable(tx, func(see func([]byte, string, ...any)) error { return sh.each(tx, see) })
			if err != nil {
				return err
			}
			found = append(found, list...)
		}
		for _, look := range []func(*db.Tx) ([]keys.Finding, error){s.alteredCredentials, s.alteredSessions, s.nobodys} {
			list, err := look(tx)
			if err != nil {
				return err
			}
			found = append(found, list...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("auth: looking for altered rows: %w", err)
	}
	return found, nil
}

// alteredCredentials looks at accounts a page at a time: there may be millions.
func (s *Service) alteredCredentials(tx *db.Tx) (found []keys.Finding, err error) {
	for after := ""; ; {
		page, err := credentialsAfter(tx, after, pageOfRows)
		if err != nil || len(page) == 0 {
			return found, err
		}
		for _, c := range page {
			after = c.account
			if s.guards.credentials.Check(c.mac, c.account, c.guarded()...) != nil {
				found = append(found, keys.Finding{Table: "auth_credential", ID: c.account, Code: keys.RowAltered,
					Message: "该账号的登录凭据在数据库中被改动，与写入时的完整性校验值不符；已不能用它登录，请核查数据库的访问记录，再由安全管理员重置登录凭据"})
			}
		}
	}
}

// nobodys finds factors and links that are as they were written, and that the
// row of their account does not name: one of the two was put back to an earlier
// day.
func (s *Service) nobodys(tx *db.Tx) (found []keys.Finding, err error) {
	look := func(table, id, account, what string) error {
		c, err := s.credential(tx, account)
		if unlessNotFound(err) != nil || c.altered || c.holds(what+id) {
			return unlessNotFound(err)
		}
		found = append(found, keys.Finding{Table: table, ID: id, Code: keys.RowsReplaced,
			Message: "该行不在其账号的登记之内：该行移除后被恢复，或账号的登录凭据被恢复成了以前的样子；请核查数据库的访问记录"})
		return nil
	}
	passkeys, err := allPasskeys(tx)
	if err != nil {
		return nil, err
	}
	for _, r := range passkeys {
		if err := look("auth_passkey", r.id, r.account, heldPasskey); err != nil {
			return nil, err
		}
	}
	digital, err := allCertificates(tx)
	if err != nil {
		return nil, err
	}
	for _, r := range digital {
		if err := look("auth_certificate", r.id, r.account, heldCertificate); err != nil {
			return nil, err
		}
	}
	links, err := allLinks(tx)
	if err != nil {
		return nil, err
	}
	for _, r := range links {
		if err := look("auth_link", r.id, r.account, heldLink); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (s *Service) alteredSessions(tx *db.Tx) (found []keys.Finding, err error) {
	for after := ""; ; {
		page, err := openSessions(tx, after, false, pageOfRows)
		if err != nil || len(page) == 0 {
			return found, err
		}
		for _, r := range page {
			after = r.id
			if s.guards.sessions.Check(r.mac, r.id, r.guarded()...) != nil {
				found = append(found, keys.Finding{Table: "auth_session", ID: r.id, Code: keys.RowAltered,
					Message: "该会话在数据库中被改动或插入，与写入时的完整性校验值不符；它不能使用，请核查数据库的访问记录"})
			}
		}
	}
}

// Adopt takes the rows that stood in the tables before they were guarded for
// right, and tells how many: `sidian migrate` calls it once, and it does nothing
// where rows are guarded already. Nothing else ever makes a row right that does
// not carry its MAC.
func (s *Service) Adopt(ctx context.Context) (n int, err error) {
	var done bool
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		yes, found, err := s.marked(tx)
		done = yes || len(found) > 0 // a mark that was deleted is not one that never was
		return err
	})
	if err != nil || done {
		return 0, err
	}
	for _, step := range []func(tx *db.Tx, after string) (string, int, error){s.adoptCredentials, s.adoptSessions} {
		for after, more := "", true; more; {
			var next string
			var m int
			if err := s.DB.Write(ctx, func(tx *db.Tx) (err error) { next, m, err = step(tx, after); return err }); err != nil {
				return n, fmt.Errorf("auth: adopting rows: %w", err)
			}
			after, more, n = next, next != "", n+m
		}
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.mark(tx); err != nil || n == 0 {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "auth.adopt", Object: "auth/tables", Reason: fmt.Sprintf("启用完整性保护：%d 行", n)})
	})
	if err != nil {
		return n, fmt.Errorf("auth: adopting rows: %w", err)
	}
	return n, nil
}

func (s *Service) adoptCredentials(tx *db.Tx, after string) (next string, n int, err error) {
	page, err := unguardedAfter(tx, after, pageOfRows)
	if err != nil {
		return "", 0, err
	}
	for _, c := range page {
		next = c.account
		c.mac = s.guards.credentials.Mac(c.account, c.guarded()...)
		if err := putCredential(tx, c); err != nil {
			return "", n, err
		}
		n++
	}
	return next, n, nil
}

func (s *Service) adoptSessions(tx *db.Tx, after string) (next string, n int, err error) {
	page, err := openSessions(tx, after, true, pageOfRows)
	if err != nil {
		return "", 0, err
	}
	for _, r := range page {
		next = r.id
		if err := guardSession(tx, r.id, s.guards.sessions.Mac(r.id, r.guarded()...)); err != nil {
			return "", n, err
		}
		n++
	}
	return next, n, nil
}

// Recount takes the counted tables as they stand for complete, after an operator
// has looked into every finding. It makes no altered row right.
func (s *Service) Recount(ctx context.Context, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, sh := range s.shelves() {
			err := sh.rows.Recount(tx, func(see func([]byte)) error {
				return sh.each(tx, func(mac []byte, _ string, _ ...any) { see(mac) })
			})
			if err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "auth.recount", Object: "auth/tables", Reason: reason})
	})
}
