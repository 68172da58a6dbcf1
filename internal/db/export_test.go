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
