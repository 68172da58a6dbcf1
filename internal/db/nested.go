package db

import (
	"errors"
	"runtime"
)

// ErrNested is the answer to a transaction begun inside another. On SQLite it
// would wait for itself; elsewhere it would see another snapshot and take a
// second connection while it holds the first.
var ErrNested = errors.New("db: a transaction begins inside another")

// within calls fn on tx. It calls it from one place, so that the return
// address of that call, on a goroutine's stack, tells that the goroutine is
// inside a transaction: 0.6 µs, where asking for the goroutine's number takes
// 9 µs.
//
//go:noinline
func within(fn func(*Tx) error, tx *Tx) error {
	err := fn(tx)
	return err
}

// inside is the return address of the call in within.
var inside = func() (pc uintptr) {
	_ = within(func(*Tx) error {
		var pcs [1]uintptr
		runtime.Callers(2, pcs[:]) // Callers, this function, within
		pc = pcs[0]
		return nil
	}, nil)
	return pc
}()

// nested reports whether this goroutine is inside a transaction's function. It
// looks at the innermost frames only; what is called inside a transaction lies
// near it.
func nested() bool {
	var pcs [48]uintptr
	for _, pc := range pcs[:runtime.Callers(2, pcs[:])] {
		if pc == inside {
			return true
		}
	}
	return false
}
