//go:build !unix

package main

// private does nothing: files get their access rights from their folder.
func private() {}
