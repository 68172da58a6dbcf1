package seal

import (
	"context"
	"errors"
	"fmt"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// adopted is the one row of the mark that old rows have been given their MACs,
// or that there never were any.
const adopted = "adopted"

// mark keeps rows without a MAC from ever being taken for old ones.
func (s *Service) mark(tx *db.Tx) error {
	g, err := s.guard(tx.Context())
	if err != nil {
		return err
	}
	c, err := g.begun.Census(tx)
	if err == nil && c.Revision == 0 {
		err = g.begun.Insert(tx, g.begun.Mac(adopted))
	}
	return err
}

// marked looks whether rows are guarded, and at what is wrong with the mark. One
// that was edited or deleted is not one that never was.
func marked(tx *db.Tx, g *guards) (yes bool, found []keys.Finding, err error) {
	c, err := g.begun.Census(tx)
	if err != nil && !errors.Is(err, keys.ErrAltered) {
		return false, nil, err
	}
	yes = err != nil || c.Revision > 0
	found, err = g.begun.CheckTable(tx, func(see func([]byte, string, ...any)) error {
		if yes {
			see(g.begun.Mac(adopted), adopted)
		}
		return nil
	})
	return yes || len(found) > 0, found, err
}

// Adopt takes for right the rows that stood in the tables before they carried
// MACs, and tells how many: rules, policies, approvals that nobody took
// and uses that may still be stamped. `sidian migrate` calls it once, and it does
// nothing where rows are guarded already. Nothing else ever gives a row its MAC
// that was written without.
func (s *Service) Adopt(ctx context.Context) (n int, err error) {
	g, err := s.guard(ctx)
	if err != nil {
		return 0, err
	}
	var done bool
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		done, _, err = marked(tx, g)
		return err
	})
	if err != nil || done {
		return 0, err
	}
	for _, sh := range g.shelves() {
		m, err := s.adopt(ctx, sh)
		n += m
		if err != nil {
			return n, fmt.Errorf("seal: adopting the rows of %s: %w", sh.table, err)
		}
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.mark(tx); err != nil || n == 0 {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.adopt", Object: "seal/tables", Reason: fmt.Sprintf("启用完整性保护：%d 行", n)})
	})
	if err != nil {
		return n, fmt.Errorf("seal: adopting rows: %w", err)
	}
	return n, nil
}

// adopt gives the rows of a table their MACs, a page at a time.
func (s *Service) adopt(ctx context.Context, sh shelf) (n int, err error) {
	for after, more := "", true; more; {
		m, last := 0, after
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			m, last = 0, after
			page, err := sh.page(tx, after, pageOfRows)
			if err != nil {
				return err
			}
			more = len(page) == pageOfRows
			for _, r := range page {
				last = r.key()
				if r.had() != nil {
					continue
				}
				mac := macOf(sh.rows, r)
				if err := setMac(tx, sh.table, last, mac); err != nil {
					return err
				}
				if sh.counted {
					if err := sh.rows.Insert(tx, mac); err != nil {
						return err
					}
				}
				m++
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		after, n = last, n+m
	}
	return n, nil
}

// errNotAdopted: an upgrade was interrupted, and its rows are not to be given up.
func errNotAdopted() error {
	return fault.Conflict.New("印章的授权数据尚未启用完整性保护").WithCode("seal.adopt").WithHint("请先运行 sidian migrate --adopt")
}

const pageOfRows = 500

// A shelf is a guarded table with what reads the rows of it that grant
// something, by id.
type shelf struct {
	table   string
	rows    *keys.Rows
	counted bool
	page    func(tx *db.Tx, after string, n int) ([]guardedRow, error)
}

func (g *guards) shelves() []shelf {
	return []shelf{
		{"seal_rule", g.rules, true, rulesAfter},
		{"seal_policy", g.policies, true, policiesAfter},
		{"seal_approval", g.approvals, false, openApprovalsAfter},
		{"seal_use", g.uses, false, openUsesAfter},
	}
}

// each sees all rows of a shelf.
func (sh shelf) each(tx *db.Tx, see func(guardedRow)) error {
	for after := ""; ; {
		page, err := sh.page(tx, after, pageOfRows)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			see(r)
			after = r.key()
		}
	}
}

// Integrity looks for rows that were edited, inserted, deleted or put back in the
// database among those that let a seal be used: for doctor.
func (s *Service) Integrity(ctx context.Context) (found []keys.Finding, err error) {
	g, err := s.guard(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		_, list, err := marked(tx, g)
		if err != nil {
			return err
		}
		found = list
		for _, sh := range g.shelves() {
			list, err := sh.check(tx)
			if err != nil {
				return err
			}
			found = append(found, list...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("seal: looking for altered rows: %w", err)
	}
	return found, nil
}

func (sh shelf) check(tx *db.Tx) (found []keys.Finding, err error) {
	if sh.counted {
		return sh.rows.CheckTable(tx, func(see func([]byte, string, ...any)) error {
			return sh.each(tx, func(r guardedRow) { see(r.had(), r.key(), r.fields()...) })
		})
	}
	err = sh.each(tx, func(r guardedRow) {
		if !intact(sh.rows, r) {
			found = append(found, keys.Finding{Table: sh.table, ID: r.key(), Code: keys.RowAltered,
				Message: rowNames[sh.table] + "在数据库中被改动或插入，与写入时的完整性校验值不符；不能据此用印，请核查数据库的访问记录"})
		}
	})
	return found, err
}

// Patrol looks as Integrity does and raises an alarm of each finding, once an
// hour at most for the same: a row that was deleted, or put back from an old
// copy, is seen by this alone.
func (s *Service) Patrol(ctx context.Context) error {
	found, err := s.Integrity(ctx)
	if err != nil || len(found) == 0 {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, f := range found {
			if err := s.alarm(tx, f.Table, f.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Recount takes the counted tables as they stand for complete, after an operator
// has looked into every finding. It makes no altered row right.
func (s *Service) Recount(ctx context.Context, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	g, err := s.guard(ctx)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if yes, _, err := marked(tx, g); err != nil || !yes {
			return errors.Join(err, errNotAdopted())
		}
		if err := g.begun.Recount(tx, func(see func([]byte)) error { see(g.begun.Mac(adopted)); return nil }); err != nil {
			return err
		}
		for _, sh := range g.shelves() {
			if !sh.counted {
				continue
			}
			err := sh.rows.Recount(tx, func(see func([]byte)) error {
				return sh.each(tx, func(r guardedRow) { see(r.had()) })
			})
			if err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "seal.recount", Object: "seal/tables", Reason: reason})
	})
}
