package db

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// A Memo remembers what was read from some tables, for what is asked again and
// again and changes by the week: which kind is in force, who may issue it. It
// forgets what this process has written over since, and everything after
// memoLife: so long may pass before what another process wrote is seen. It is
// no part of a snapshot, so a decision that must not race with a change reads
// the tables itself.
//
// What it gives is shared, and must not be changed.
type Memo[K comparable, V any] struct{ tables []string }

// NewMemo returns a memo of what is read from tables.
func NewMemo[K comparable, V any](tables ...string) *Memo[K, V] { return &Memo[K, V]{tables} }

const (
	memoLife = 50 * time.Millisecond
	memoMost = 4096 // values of one memo
)

// Get returns what read returned for key not long ago, or calls it. An error is
// not remembered.
func (m *Memo[K, V]) Get(tx *Tx, key K, read func(*Tx) (V, error)) (V, error) {
	if slices.ContainsFunc(m.tables, tx.hasWritten) { // it sees what it did itself
		return read(tx)
	}
	kept := keptBy(tx.writes, m)
	seen, now := tx.writes.last(m.tables), time.Now()
	if v, ok := kept.get(key, seen, now); ok {
		return v, nil
	}
	v, err := read(tx)
	if err == nil && seen <= tx.begun { // else the transaction may see less than was written
		kept.put(key, memory[V]{v, seen, now})
	}
	return v, err
}

// A memory is a value, the last write before it was read, and when it was read.
type memory[V any] struct {
	value V
	seen  uint64
	at    time.Time
}

// kept are the values of one memo for one database.
type kept[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]memory[V]
}

func (k *kept[K, V]) get(key K, seen uint64, now time.Time) (v V, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m, ok := k.values[key]
	if !ok || m.seen != seen || now.Sub(m.at) >= memoLife {
		return v, false
	}
	return m.value, true
}

func (k *kept[K, V]) put(key K, m memory[V]) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.values) >= memoMost {
		clear(k.values)
	}
	k.values[key] = m
}

func keptBy[K comparable, V any](w *writes, m *Memo[K, V]) *kept[K, V] {
	if k, ok := w.memos.Load(m); ok {
		return k.(*kept[K, V])
	}
	k, _ := w.memos.LoadOrStore(m, &kept[K, V]{values: map[K]memory[V]{}})
	return k.(*kept[K, V])
}

// writes numbers the writing transactions of this process, and tells which was
// the last to write to a table.
type writes struct {
	mu     sync.RWMutex
	number uint64
	tables map[string]uint64
	memos  sync.Map // *kept by *Memo
}

// begun is the number of the last writing transaction that has ended.
func (w *writes) begun() uint64 {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.number
}

// last is the number of the last that wrote to one of tables.
func (w *writes) last(tables []string) (n uint64) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, t := range tables {
		n = max(n, w.tables[t], w.tables[everything])
	}
	return n
}

// ended notes what a transaction wrote to, however it ended.
func (w *writes) ended(tables []string) {
	if len(tables) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.number++
	for _, t := range tables {
		w.tables[t] = w.number
	}
}

// everything stands for all tables, where a statement does not say which.
const everything = "*"

// written is the table that a statement writes to, "" for none.
func written(q string) string {
	q = strings.TrimLeft(q, " \t\n")
	for _, verb := range []string{"insert into ", "update ", "delete from "} {
		if rest, ok := strings.CutPrefix(q, verb); ok {
			if i := strings.IndexAny(rest, " \t\n("); i >= 0 {
				return rest[:i]
			}
			return rest
		}
	}
	if strings.HasPrefix(q, "with ") && (strings.Contains(q, "insert into ") || strings.Contains(q, "update ") || strings.Contains(q, "delete from ")) {
		return everything
	}
	return ""
}
