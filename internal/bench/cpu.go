package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// A usage is how much processor time was used: by this program, its clients
// included, and by the sessions of a database server on the same machine. Other
// programs' load disturbs it less than it does what is done in a second.
type usage struct{ here, server time.Duration }

// used is what was used so far; database is the name of a database, or "".
func used(database string) (u usage) {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) == nil {
		u.here = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	if database == "" {
		return u
	}
	sessions, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range sessions {
		title, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(title, []byte("postgres: ")) || !bytes.Contains(title, []byte(" "+database+" ")) {
			continue
		}
		u.server += ticksOf(filepath.Join(filepath.Dir(path), "stat"))
	}
	return u
}

// ticksOf is the user and system time that proc(5) gives in hundredths of a
// second.
func ticksOf(path string) (total time.Duration) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:]) // from the third on
	for _, i := range []int{11, 12} {
		if i < len(fields) {
			n, _ := strconv.ParseInt(string(fields[i]), 10, 64)
			total += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return total
}

// each tells what one of n cost since before.
func (u usage) each(before usage, n float64) string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / n }
	return fmt.Sprintf("processor time: %.2f ms each here, %.2f ms in the database server", ms(u.here-before.here), ms(u.server-before.server))
}
