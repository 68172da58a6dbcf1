// Package gbcode reads and checks the codes by which Chinese registers name
// firms, people and places: the unified social credit code (GB 32100-2015),
// the citizen identity number (GB 11643-1999), the organisation code
// (GB 11714-1997), administrative division codes (GB/T 2260, GB/T 10114), and
// the check digits of food licences and of old business registration numbers.
//
// Each code is a type that cannot hold an invalid value: it comes from a
// strict Parse, from a Parse…Lenient that says what it had to mend, or from a
// constructor that computes the check character. The zero value means "none".
//
// Not covered: whether a code was ever assigned. No register is consulted, and
// a division code is checked for its shape only.
//
// Errors never contain the value that was refused, because it may be personal
// data.
package gbcode

import "errors"

// The reasons for which a code is refused. Errors of this package wrap one of
// them, so that callers can tell the reason in their own words.
var (
	ErrLength  = errors.New("wrong length")
	ErrCharset = errors.New("character not allowed")
	ErrCheck   = errors.New("check character does not match")
	ErrDate    = errors.New("no such date")
	ErrShape   = errors.New("wrong shape")
)

// A Warning is a deviation that a lenient parser met and mended.
type Warning struct {
	Code    string // stable, e.g. "width", "case", "space", "fifteen"
	Message string // Chinese, for people
}
