// Package pdf reads the structure of PDF files (ISO 32000-1 §7): objects,
// cross-reference tables and streams, object streams, and the filters that are
// not about pictures. Files are taken as hostile: everything is bounded, and
// what is not as the standard says is an *Error.
package pdf

import "fmt"

// An Object is nil, bool, int, float64, Name, String, Array, Dict, Ref, *Stream
// or, in a content stream, Op.
type Object any

type (
	Name   string                 // /Name, escapes undone
	String string                 // bytes as written, escapes undone
	Array  []Object               //
	Dict   map[Name]Object        //
	Op     string                 // an operator of a content stream
	Ref    struct{ Num, Gen int } // an indirect reference
)

// A Stream is a dictionary with bytes as in the file.
type Stream struct {
	Dict Dict
	Raw  []byte
}

// An Error tells that a file is not as the standard says, or beyond a limit.
type Error struct {
	Limit  bool // a limit was reached
	Locked bool // the file is encrypted
	Detail string
}

func (e *Error) Error() string { return "pdf: " + e.Detail }

func broken(format string, args ...any) error { return &Error{Detail: fmt.Sprintf(format, args...)} }

func beyond(format string, args ...any) error {
	return &Error{Limit: true, Detail: fmt.Sprintf(format, args...)}
}

// Number gives an int or float64 as float64.
func Number(o Object) (float64, bool) {
	switch v := o.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
