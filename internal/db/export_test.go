package db

import "io/fs"

// Queued is how many writes wait for the writer.
func Queued(d *DB) int { return len(d.store.(*sqliteStore).writer.queue) }

// Prepared is how many statements the writer keeps.
func Prepared(d *DB) int { return len(d.store.(*sqliteStore).writer.s.stmts) }

// Rewrite is what SQLite is given for a statement, and for a migration.
func Rewrite(q string) string { return sqlite{}.query(q) }

// DDL is what an engine is given for a migration.
func DDL(engine, text string) string {
	e, _ := engineOf(engine + ":")
	return e.ddl(section(text, engine))
}

// Pending compares migrations in a file system with applied ones.
func Pending(from fs.FS, applied map[string]string) ([]string, error) {
	known, err := loadMigrations(from)
	if err != nil {
		return nil, err
	}
	todo, err := pending(known, applied)
	var names []string
	for _, m := range todo {
		names = append(names, m.name)
	}
	return names, err
}

// Sums are the checksums of the migrations in a file system.
func Sums(from fs.FS) map[string]string {
	out := map[string]string{}
	known, _ := loadMigrations(from)
	for _, m := range known {
		out[m.name] = m.sum
	}
	return out
}

// A Disk is what the write-ahead log is synced to in a test.
type Disk func() error

func (d Disk) Sync() error  { return d() }
func (d Disk) Close() error { return nil }

// SetDisk has the log of d synced to disk, before anything is written.
func SetDisk(d *DB, disk Disk) {
	w := d.store.(*sqliteStore).wal
	w.mu.Lock()
	defer w.mu.Unlock()
	w.file = disk
}

// Written is the table that a statement writes to.
func Written(q string) string { return written(q) }
