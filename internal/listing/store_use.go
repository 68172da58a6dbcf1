package listing

import (
	"encoding/json"
	"fmt"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A useRow is a version of a unit's use list.
type useRow struct {
	unit             string
	version          int64
	authority, state string
	uses             []Use
	reason, account  string
	at               int64
	decidedBy        string
	decided          *int64
	decidedWhy       string
}

func usesWhere(tx *db.Tx, rest string, args ...any) (list []*useRow, err error) {
	err = tx.All(`
		select u.unit, u.version, u.authority, u.state, u.content, u.reason, u.account, u.at, u.decided_by, u.decided_at, u.decided_why
		  from listing_use u `+rest, args, func(scan func(...any) error) error {
		u, raw := &useRow{}, ""
		if err := scan(&u.unit, &u.version, &u.authority, &u.state, &raw, &u.reason, &u.account, &u.at, &u.decidedBy, &u.decided, &u.decidedWhy); err != nil {
			return err
		}
		list = append(list, u)
		if err := json.Unmarshal([]byte(raw), &u.uses); err != nil {
			return fmt.Errorf("listing: reading the use list of %s: %w", u.unit, err)
		}
		return nil
	})
	return list, err
}

func usesOf(tx *db.Tx, unit string) ([]*useRow, error) {
	return usesWhere(tx, `where u.unit = $1 order by u.version desc limit 100`, unit)
}

// effectiveUse is the version in force; nil where there is none.
func effectiveUse(tx *db.Tx, unit string) (*useRow, error) {
	return first(usesWhere(tx, `where u.unit = $1 and u.state = 'effective'`, unit))
}

// effectiveUses is when the use lists in force were agreed to, by unit.
func effectiveUses(tx *db.Tx) (since map[string]int64, err error) {
	since = map[string]int64{}
	err = tx.All(`select unit, decided_at from listing_use where state = 'effective' order by unit`, nil, func(scan func(...any) error) error {
		var unit string
		var at int64
		err := scan(&unit, &at)
		since[unit] = at
		return err
	})
	return since, err
}

// proposedUse is the version that waits, locked.
func proposedUse(tx *db.Tx, unit string) (*useRow, error) {
	u, err := first(usesWhere(tx, `where u.unit = $1 and u.state = 'proposed' for update`, unit))
	if err == nil && u == nil {
		err = fault.Conflict.New("没有待同意的调整，或已经处理").WithCode("listing.use-state").WithHint("请刷新后查看用证清单")
	}
	return u, err
}

func nextUse(tx *db.Tx, unit string) (n int64, err error) {
	err = tx.Get(`select coalesce(max(version), 0) + 1 from listing_use where unit = $1`, []any{unit}, &n)
	return n, err
}

// insertUse writes a proposal, and tells whether none waited.
func insertUse(tx *db.Tx, u *useRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into listing_use (unit, version, authority, state, content, reason, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict do nothing`, u.unit, u.version, u.authority, u.state, u.encoded(), u.reason, u.account, u.at)
	return n == 1, err
}

func supersedeUse(tx *db.Tx, unit string) error {
	_, err := tx.Exec(`update listing_use set state = 'superseded' where unit = $1 and state = 'effective'`, unit)
	return err
}

func saveUse(tx *db.Tx, u *useRow) error {
	_, err := tx.Exec(`
		update listing_use set state = $3, decided_by = $4, decided_at = $5, decided_why = $6
		 where unit = $1 and version = $2 and state = 'proposed'`, u.unit, u.version, u.state, u.decidedBy, u.decided, u.decidedWhy)
	return err
}

// A useState is how the use list of a unit stands.
type useState struct {
	version int64 // in force
	count   int
	since   *int64
	waiting int64 // proposed
}

// useStates are those of all units that have one, or propose one.
func useStates(tx *db.Tx) (states map[string]*useState, err error) {
	states = map[string]*useState{}
	list, err := usesWhere(tx, `where u.state in ('effective', 'proposed') order by u.unit, u.version limit 20000`)
	for _, u := range list {
		st := states[u.unit]
		if st == nil {
			st = &useState{}
			states[u.unit] = st
		}
		if u.state == Proposed {
			st.waiting = u.version
		} else {
			st.version, st.count, st.since = u.version, len(u.uses), u.decided
		}
	}
	return states, err
}
