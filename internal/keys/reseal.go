package keys

import (
	"fmt"

	"sidian/internal/db"
)

// A Resealer owns encrypted columns and seals them again under the current
// root of their purpose, in small transactions.
type Resealer interface {
	// Name is stable and unique, such as "cert".
	Name() string
	// Reseal looks at up to n rows after a key, in the order of keys ("" is
	// before all), and seals those values again that are stale ([Box.Again]).
	// It writes a value only where it still is the one that was read, so that
	// what business wrote meanwhile stays. It returns the key of the last row
	// that it looked at, "" when there are no rows after, and how many rows it
	// changed. It may be called again for rows that it has seen.
	Reseal(tx *db.Tx, after string, n int) (next string, done int, err error)
}

// A Counter is a Resealer that knows how many rows there are, for the progress
// that people see. An estimate does.
type Counter interface {
	Resealer
	Count(tx *db.Tx) (int64, error)
}

// A Sealed is an encrypted value and where it stands. The key of a rotation is
// the row of its cell.
type Sealed struct {
	Cell  Cell
	Value []byte
}

// Reseal does for a column what [Resealer] asks for: of the up to n values that
// the caller read after a key, in the order of their rows, it seals again those
// that are stale. replace writes a value where it still is the one that was read,
// and reports how many rows it wrote.
func (b *Box) Reseal(values []Sealed, n int, replace func(was Sealed, again []byte) (int64, error)) (next string, done int, err error) {
	for _, v := range values {
		again, stale, err := b.Again(v.Cell, v.Value)
		if err != nil {
			return "", done, fmt.Errorf("keys: sealing %s.%s of %s again: %w", v.Cell.Table, v.Cell.Column, v.Cell.Row, err)
		}
		if !stale {
			continue
		}
		m, err := replace(v, again)
		if err != nil {
			return "", done, err
		}
		done += int(m)
	}
	if len(values) == n && n > 0 {
		next = values[n-1].Cell.Row
	}
	return next, done, nil
}
