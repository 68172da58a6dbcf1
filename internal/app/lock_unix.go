//go:build unix

package app

import (
	"os"
	"syscall"
)

// lock takes a file for this process, which ends with it however it ends.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
