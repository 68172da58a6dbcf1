package keys

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"

	"sidian/gm"
	"sidian/internal/db"
)

// A Census is what a guarded table held after its last change. Digest is the
// sum of what its rows add, so that it tells which rows, and in which version;
// Revision counts the changes. It holds nothing personal: written down outside
// the database, it shows later whether the table was put back to an earlier day.
type Census struct {
	Table          string
	Rows, Revision int64
	Digest         gm.Digest
}

// A Finding is something wrong with a guarded table.
type Finding struct {
	Table   string
	ID      string // of the row; empty when it is the table as a whole
	Code    string // see the constants
	Message string // Chinese
}

// Codes of findings.
const (
	RowAltered    = "row.altered"    // a row does not carry its MAC
	RowsMissing   = "rows.missing"   // fewer rows than were written
	RowsExtra     = "rows.extra"     // more rows than were written
	RowsReplaced  = "rows.replaced"  // as many rows, but not those, or in an older version
	CensusAltered = "census.altered" // the census itself was edited
	CensusMissing = "census.missing" // the census was deleted
)

// CheckTable compares a whole table with what was written. each calls see for
// every row, with its MAC as it stands in the table. What is wrong are
// findings, not an error.
func (r *Rows) CheckTable(tx *db.Tx, each func(see func(mac []byte, id string, fields ...any)) error) ([]Finding, error) {
	var found []Finding
	var now Census
	err := each(func(mac []byte, id string, fields ...any) {
		if r.Check(mac, id, fields...) != nil {
			found = append(found, r.finding(RowAltered, id, "该行在数据库中被改动，与写入时的完整性校验值不符；它授予的权限不再生效，请核查数据库的访问记录"))
		}
		now.Rows++
		now.Digest = add(now.Digest, r.element(mac))
	})
	if err != nil {
		return nil, err
	}
	c, there, err := r.census(tx)
	switch {
	case errors.Is(err, ErrAltered):
		return append(found, r.finding(CensusAltered, "", "该表的行数记录被改动，不能证明没有行被删去或恢复；请核查数据库的访问记录")), nil
	case err != nil:
		return nil, err
	case !there:
		missing, err := r.missing(tx, now.Rows)
		return append(found, missing...), err
	case now.Rows < c.Rows:
		found = append(found, r.finding(RowsMissing, "", fmt.Sprintf("该表应有 %d 行，现有 %d 行：有行未经本系统被删去", c.Rows, now.Rows)))
	case now.Rows > c.Rows:
		found = append(found, r.finding(RowsExtra, "", fmt.Sprintf("该表应有 %d 行，现有 %d 行：有行未经本系统被加入，或被删去后恢复", c.Rows, now.Rows)))
	case now.Digest != c.Digest:
		found = append(found, r.finding(RowsReplaced, "", "该表的行数对，内容不对：有行被改动、调换，或恢复成了以前的样子"))
	}
	return found, nil
}

// missing tells whether a table without a census, with rows, once had one.
func (r *Rows) missing(tx *db.Tx, rows int64) ([]Finding, error) {
	complete := rows == 0
	if complete {
		var err error
		if complete, err = r.names.complete(tx); err != nil && !errors.Is(err, ErrAltered) {
			return nil, err
		}
	}
	if complete {
		return nil, nil
	}
	return []Finding{r.finding(CensusMissing, "", "该表的行数记录被删去，不能证明没有行被删去或恢复；请核查数据库的访问记录")}, nil
}

// complete reports whether every census that was begun is there; r guards their
// names.
func (r *Rows) complete(tx *db.Tx) (bool, error) {
	c, _, err := r.census(tx)
	if err != nil {
		return false, err
	}
	tables, err := censusTables(tx)
	if err != nil {
		return false, err
	}
	var now Census
	for _, table := range tables {
		now.Rows++
		now.Digest = add(now.Digest, r.element(r.Mac(table)))
	}
	return now.Rows == c.Rows && now.Digest == c.Digest, nil
}

// named sees the names of all tables with a census, and of one more.
func (r *Rows) named(tx *db.Tx, table string, see func([]byte)) error {
	tables, err := censusTables(tx)
	for _, t := range append(tables, table) {
		see(r.Mac(t))
	}
	return err
}

func (r *Rows) finding(code, id, message string) Finding {
	return Finding{Table: r.table, ID: id, Code: code, Message: message}
}

// Census returns what the table held after its last change; zero for one that
// never changed. An edited census is ErrAltered.
func (r *Rows) Census(tx *db.Tx) (Census, error) {
	c, _, err := r.census(tx)
	return c, err
}

// Recount takes the table as it stands for right. Only an operator who has
// looked into every finding asks for it, and the caller audits that he did.
func (r *Rows) Recount(tx *db.Tx, each func(see func(mac []byte)) error) error {
	c, there, err := r.lockedCensus(tx)
	if err != nil && !errors.Is(err, ErrAltered) {
		return err
	}
	last := c.Revision
	if !there && r.names != nil {
		if err := r.names.Recount(tx, func(see func([]byte)) error { return r.names.named(tx, r.table, see) }); err != nil {
			return err
		}
	}
	c = Census{Table: r.table, Revision: last + 1}
	if err := each(func(mac []byte) { c.Rows++; c.Digest = add(c.Digest, r.element(mac)) }); err != nil {
		return err
	}
	return putCensus(tx, c, r.sealOf(c))
}

// change adds after to the census and takes before out of it; nil is none.
func (r *Rows) change(tx *db.Tx, before, after []byte) error {
	if before == nil && after == nil {
		return fmt.Errorf("keys: a row of %s has no MAC", r.table)
	}
	c, there, err := r.lockedCensus(tx)
	if err != nil {
		return err
	}
	if !there && r.names != nil { // its first row ever
		if err := r.names.Insert(tx, r.names.Mac(r.table)); err != nil {
			return err
		}
	}
	if before != nil {
		c.Rows--
		c.Digest = subtract(c.Digest, r.element(before))
	}
	if after != nil {
		c.Rows++
		c.Digest = add(c.Digest, r.element(after))
	}
	c.Table = r.table
	c.Revision++
	return putCensus(tx, c, r.sealOf(c))
}

func (r *Rows) census(tx *db.Tx) (Census, bool, error) { return r.opened(censusOf(tx, r.table, false)) }

func (r *Rows) lockedCensus(tx *db.Tx) (Census, bool, error) {
	return r.opened(censusOf(tx, r.table, true))
}

func (r *Rows) opened(c Census, mac []byte, there bool, err error) (Census, bool, error) {
	if err == nil && there && !sameMac(r.sealOf(c), mac) {
		err = fmt.Errorf("%w: the census of %s", ErrAltered, r.table)
	}
	return c, there, err
}

// element is what a row adds to the census. It is keyed, so that who knows the
// MACs cannot choose rows that add up to the same.
func (r *Rows) element(mac []byte) gm.Digest { return gm.HMAC(r.elements, mac) }

func (r *Rows) sealOf(c Census) []byte {
	b := appendText(nil, "sidian-census-1")
	b = appendText(b, r.table)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Rows))
	b = binary.BigEndian.AppendUint64(b, uint64(c.Revision))
	mac := gm.HMAC(r.seal, append(b, c.Digest[:]...))
	return mac[:]
}

func sameMac(a, b []byte) bool { return len(b) > 0 && subtle.ConstantTimeCompare(a, b) == 1 }

// add and subtract count modulo 2²⁵⁶: order does not matter, and what was added
// can be taken out.
func add(a, b gm.Digest) (sum gm.Digest) {
	carry := 0
	for i := len(a) - 1; i >= 0; i-- {
		carry += int(a[i]) + int(b[i])
		sum[i] = byte(carry)
		carry >>= 8
	}
	return sum
}

func subtract(a, b gm.Digest) (rest gm.Digest) {
	borrow := 0
	for i := len(a) - 1; i >= 0; i-- {
		d := int(a[i]) - int(b[i]) - borrow
		rest[i] = byte(d)
		borrow = 0
		if d < 0 {
			borrow = 1
		}
	}
	return rest
}
