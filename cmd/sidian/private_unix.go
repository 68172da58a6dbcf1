//go:build unix

package main

import "syscall"

// private makes every file that the program writes from here on closed to other
// users of the machine: keys, records and documents are among them.
func private() { syscall.Umask(0o077) }
