package signature

import (
	"fmt"
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// resealer seals the encrypted columns of this package again. Its keys say the
// table first: "i/<identity>", "s/<task>/<number>", "t/<task>".
type resealer struct{ s *Service }

// Resealer is what a rotation of the keys of fields calls for signatures.
func (s *Service) Resealer() keys.Counter { return resealer{s} }

// Name is keys.Resealer.
func (resealer) Name() string { return "signature" }

// Count is keys.Counter.
func (resealer) Count(tx *db.Tx) (n int64, err error) { return countSealed(tx) }

// Reseal is keys.Resealer.
func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	table, rest, _ := strings.Cut(after, "/")
	for _, kind := range []string{"i", "s", "t"} {
		if kind < table {
			continue
		}
		from := ""
		if kind == table {
			from = rest
		}
		rows, err := x.rows(tx, kind, from, n)
		if err != nil {
			return "", done, err
		}
		for _, r := range rows {
			changed, err := x.one(tx, r)
			if err != nil {
				return "", done, err
			}
			if changed {
				done++
			}
		}
		switch {
		case len(rows) == n:
			return kind + "/" + rows[n-1].key, done, nil
		case kind != "t":
			return before[kind], done, nil
		}
	}
	return "", done, nil
}

// before is the key before all of the next table.
var before = map[string]string{"i": "s/", "s": "t/"}

// sealedRow is a row with its encrypted values by column.
type sealedRow struct {
	table, key string
	values     map[string][]byte
}

func (x resealer) rows(tx *db.Tx, kind, from string, n int) ([]sealedRow, error) {
	switch kind {
	case "i":
		return sealedIdentities(tx, from, n)
	case "s":
		task, number := splitKey(from)
		return sealedSigners(tx, task, number, n)
	}
	return sealedTasks(tx, from, n)
}

func (x resealer) one(tx *db.Tx, r sealedRow) (changed bool, err error) {
	for column, sealed := range r.values {
		if sealed == nil {
			continue
		}
		again, stale, err := x.s.Box.Again(keys.Cell{Table: r.table, Column: column, Row: r.key}, sealed)
		if err != nil {
			return false, fmt.Errorf("signature: sealing %s.%s again: %w", r.table, column, err)
		}
		if !stale {
			continue
		}
		n, err := replaceSealed(tx, r.table, column, r.key, sealed, again)
		if err != nil {
			return false, err
		}
		changed = changed || n > 0
	}
	return changed, nil
}

// splitKey reads the key of a signer; "" is before all.
func splitKey(key string) (task string, number int) {
	task, n, _ := strings.Cut(key, "/")
	number, err := strconv.Atoi(n)
	if err != nil {
		return task, 0
	}
	return task, number
}
