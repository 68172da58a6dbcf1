package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"sidian/internal/db"
)

// schema makes a database look as if an older or a newer program had made it.
func schema(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "newer" {
		inDatabase(ts, args[1], func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into db_migration (name, checksum, applied_at) values ($1, $2, $3)`, "9999_future", "x", 0)
			return err
		})
		return
	}
	files, err := filepath.Glob(filepath.Join(ts.Getenv("ROOT"), "internal/db/migrations/*.sql"))
	ts.Check(err)
	last := slices.Max(files)
	text, err := os.ReadFile(last)
	ts.Check(err)
	back := wayBack(ts, string(text))
	inDatabase(ts, args[1], func(tx *db.Tx) error {
		for _, statement := range back {
			if err := tx.Define(statement); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`delete from db_migration where name = $1`, strings.TrimSuffix(filepath.Base(last), ".sql"))
		return err
	})
}

func inDatabase(ts *testscript.TestScript, path string, do func(*db.Tx) error) {
	ctx := context.Background()
	d, err := db.Open(ctx, "sqlite:"+ts.MkAbs(path))
	ts.Check(err)
	ts.Check(d.Write(ctx, do))
	ts.Check(d.Close())
}

var (
	otherEngine = regexp.MustCompile(`(?ms)^-- only postgres$.*?(^-- all$|^-- only sqlite$|\z)`)
	begins      = regexp.MustCompile(`(?im)^(create|alter|insert|update|delete|drop)\b[^;]*`)
	creates     = regexp.MustCompile(`(?i)^create\s+(?:unique\s+)?(table|index|trigger)\s+(\w+)`)
	adds        = regexp.MustCompile(`(?i)^alter\s+table\s+(\w+)\s+add\s+column\s+(\w+)`)
	fills       = regexp.MustCompile(`(?i)^(?:insert\s+into|update|delete\s+from)\s+(\w+)`)
)

// wayBack undoes the statements of a migration, the last one first. Migrations
// have no way back of their own; one that this cannot find is a failure.
func wayBack(ts *testscript.TestScript, migration string) (back []string) {
	fresh := map[string]bool{}
	for _, s := range begins.FindAllString(otherEngine.ReplaceAllString(migration, ""), -1) {
		created, added, filled := creates.FindStringSubmatch(s), adds.FindStringSubmatch(s), fills.FindStringSubmatch(s)
		switch {
		case created != nil:
			back = append(back, "drop "+created[1]+" "+created[2])
			fresh[created[2]] = true
		case added != nil:
			back = append(back, "alter table "+added[1]+" drop column "+added[2])
		case filled != nil && fresh[filled[1]]: // it goes with its table
		default:
			ts.Fatalf("no way back from: %s", s)
		}
	}
	slices.Reverse(back)
	return back
}

var protects = regexp.MustCompile(`(?im)^create\s+trigger\s+(\w+)`)

// tamper does what somebody can who has the database and no key, and may define
// tables: it drops every trigger that protects rows, and runs the statements of
// a file. In the file, $NAME stands for a value of the environment.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	files, err := filepath.Glob(filepath.Join(ts.Getenv("ROOT"), "internal/db/migrations/*.sql"))
	ts.Check(err)
	text := os.Expand(ts.ReadFile(args[1]), ts.Getenv)
	inDatabase(ts, args[0], func(tx *db.Tx) error {
		for _, name := range files {
			migration, err := os.ReadFile(name)
			ts.Check(err)
			for _, m := range protects.FindAllStringSubmatch(otherEngine.ReplaceAllString(string(migration), ""), -1) {
				if err := tx.Define("drop trigger if exists " + m[1]); err != nil {
					return err
				}
			}
		}
		for statement := range strings.SplitSeq(text, ";") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if n, err := tx.Exec(statement); err != nil || n != 1 {
				ts.Fatalf("%s: %d rows, %v", statement, n, err)
			}
		}
		return nil
	})
}
