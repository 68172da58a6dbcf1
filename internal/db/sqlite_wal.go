package db

import (
	"fmt"
	"os"
	"sync"

	"sidian/internal/fault"
)

// A wal is SQLite's write-ahead log as far as its way to the disk goes. SQLite
// commits to it without waiting (synchronous=normal: it waits by itself only
// where it must, before it moves pages from the log to the database), and the
// log is synced beside the transactions that follow. Whoever could have seen a
// commit waits for that, so that nobody is told what a loss of power undoes.
//
// Once a sync has failed the system no longer knows what is on the disk, and may
// say of the next that all is well. So nothing is written nor read any more until
// the program begins anew, and SQLite finds out what there is.
type wal struct {
	path string
	file interface { // nil until it is opened
		Sync() error
		Close() error
	}

	mu     sync.Mutex
	moved  sync.Cond
	issued uint64 // commits that somebody may have seen
	synced uint64 // of these, how many are on the disk
	failed error
}

func newWAL(database string) *wal {
	w := &wal{path: database + "-wal"}
	w.moved.L = &w.mu
	return w
}

// flush brings the file to the disk. It is there once the writer has begun.
func (w *wal) flush() error {
	if w.file == nil {
		f, err := os.OpenFile(w.path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		w.file = f
	}
	return w.file.Sync()
}

// close lets go of the file. After the last connection was closed, SQLite makes
// another one.
func (w *wal) close() {
	if w.file != nil {
		_ = w.file.Close() // nothing was written through it
		w.file = nil
	}
}

// next numbers a commit that is about to become visible.
func (w *wal) next() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.issued++
	return w.issued
}

// sync brings the commits up to n to the disk.
func (w *wal) sync(n uint64) error {
	err := w.flush()
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.moved.Broadcast()
	if err != nil && w.failed == nil {
		w.failed = fault.Unavailable.Wrap(fmt.Errorf("db: syncing the write-ahead log: %w", err), "数据库所在的磁盘写入失败，已停止服务").
			WithCode("db.disk").WithHint("请系统管理员检查磁盘，然后重新启动服务")
	}
	if w.failed == nil {
		w.synced = n
	}
	return w.failed
}

// durable waits until all that can have been seen by now is on the disk.
func (w *wal) durable() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n := w.issued; w.synced < n && w.failed == nil; {
		w.moved.Wait()
	}
	return w.failed
}

// failure is why nothing is written any more, or nil.
func (w *wal) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}
