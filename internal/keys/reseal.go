package keys

import "sidian/internal/db"

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
