// Command bench prints what the platform's main work costs, one line a figure,
// each beside its floor: what the cryptography and the digest of the same bytes
// cost alone, measured in the same run.
//
//	bench NAME VALUE UNIT floor=VALUE ratio=R
//
// R is our time divided by the floor's. docs/performance.md keeps the last
// result with the machine it was measured on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime/pprof"
	"time"

	"sidian/internal/app"
)

// A figure is one line. Floor is 0 where none makes sense. Value and floor are
// how often a second, or, where times is set, how long.
type figure struct {
	name, unit   string
	value, floor float64
	times        bool
	note         string
}

func (f figure) print() {
	switch {
	case f.floor == 0:
		fmt.Printf("bench %s %.1f %s floor=- ratio=-\n", f.name, f.value, f.unit)
	case f.times:
		fmt.Printf("bench %s %.1f %s floor=%.1f ratio=%.2f\n", f.name, f.value, f.unit, f.floor, f.value/f.floor)
	default:
		fmt.Printf("bench %s %.1f %s floor=%.1f ratio=%.2f\n", f.name, f.value, f.unit, f.floor, f.floor/f.value)
	}
	if f.note != "" {
		fmt.Println("#", f.note)
	}
}

// A measure takes some time and gives a figure.
type measure struct {
	name string
	run  func(context.Context, time.Duration) (figure, error)
}

func main() {
	span := flag.Duration("span", 5*time.Second, "how long each figure is measured")
	only := flag.String("run", ".", "which figures, as a regular expression")
	flag.StringVar(&profile, "profile", "", "file for a profile of what the processor did while certificates were issued")
	flag.Parse()
	app.TuneMemory()
	err := run(context.Background(), *span, *only)
	for _, dir := range workplaces {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// workplaces are the directories of the figures. They are removed at the very end:
// a file system that has just deleted thousands of files looks for minutes for
// numbers that it may use again (ext4), and the next figure would pay for the last.
var workplaces []string

func workplace() (string, error) {
	dir, err := os.MkdirTemp("", "sidian-bench-*")
	workplaces = append(workplaces, dir)
	return dir, err
}

// profile is the file for a profile, or "".
var profile string

// profiled runs fn, and writes where the processor's time went to a file, if one
// is named.
func profiled(fn func() error) error {
	if profile == "" {
		return fn()
	}
	f, err := os.Create(profile)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = fn()
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

func run(ctx context.Context, span time.Duration, only string) error {
	choose, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	for _, m := range []measure{
		{"issue_memory", issueMemory}, {"issue_memory_tsa", issueMemoryStamped}, {"verify_memory", verifyMemory},
		{"stamp_memory", stampMemory}, {"stamp_timestamp_memory", stampTimestampMemory},
		{"issue_http_sqlite", issueSQLite}, {"issue_http_postgres", issuePostgres},
		{"issue_persons_sqlite", personsSQLite}, {"issue_persons_postgres", personsPostgres},
		{"annotate_http", annotateHTTP},
		{"batch_sqlite", batchSQLite}, {"batch_postgres", batchPostgres}, {"status_page", statusPage}, {"status_change", statusChange},
		{"decide", decide}, {"audit_share_sqlite", auditSQLite}, {"audit_share_postgres", auditPostgres},
	} {
		if !choose.MatchString(m.name) {
			continue
		}
		f, err := m.run(ctx, span)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		f.name = m.name
		f.print()
	}
	return nil
}
