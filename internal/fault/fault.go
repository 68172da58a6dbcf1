// Package fault gives errors a kind that every edge of the platform
// understands: HTTP turns it into a status, the command line into an exit
// code, the exchange into an acknowledgement code. An error without a kind is
// internal, and its text never leaves the process.
package fault

import (
	"errors"
	"fmt"
)

// A Kind is the class of an error. Kinds are themselves errors, so that
// errors.Is(err, fault.NotFound) reads naturally.
type Kind string

// The kinds. There is none for an internal error: that is an error without one.
const (
	Invalid      Kind = "invalid"      // the request breaks a rule; sent again unchanged it fails again
	NotFound     Kind = "not-found"    // no such thing, or none that the asker may know of
	Conflict     Kind = "conflict"     // the thing is in a state that does not allow this, or exists already
	Forbidden    Kind = "forbidden"    // the asker is known, and may not
	Unauthorized Kind = "unauthorized" // the asker is not known
	TooMany      Kind = "too-many"     // too often; later it may succeed
	TooLarge     Kind = "too-large"    // beyond a limit of size or count
	Unavailable  Kind = "unavailable"  // something that is needed does not answer; later it may succeed
)

// Kinds lists every kind, for the tables that map them.
func Kinds() []Kind {
	return []Kind{Invalid, NotFound, Conflict, Forbidden, Unauthorized, TooMany, TooLarge, Unavailable}
}

func (k Kind) Error() string { return string(k) }

// A Field is what is wrong with one field of a request.
type Field struct {
	Name    string // where: "holders[0].id"
	Message string // Chinese: the rule that the value breaks; never the value
	Code    string // stable, English: "id.check-digit"
}

// An Error is a refusal that can be shown to whoever asked.
type Error struct {
	Kind   Kind
	Code   string  // stable, English, for programs: "cert.revoked"; empty: the kind says enough
	Msg    string  // Chinese, for people: what rule refused it
	Hint   string  // Chinese, for people: the way out, or who can help
	Fields []Field // per field, when a request is invalid
	Err    error   // the cause; shown only in the log, and free of personal data
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap makes errors.Is find both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// New returns an error of kind k with a Chinese message.
func (k Kind) New(format string, args ...any) *Error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of kind k with a Chinese message, caused by err.
func (k Kind) Wrap(err error, format string, args ...any) *Error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...), Err: err}
}

// WithCode returns a copy of e with a code for programs.
func (e *Error) WithCode(code string) *Error {
	c := *e
	c.Code = code
	return &c
}

// WithHint returns a copy of e that says the way out, in Chinese.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// WithField returns a copy of e with one more field that is wrong.
func (e *Error) WithField(name, code, message string) *Error {
	c := *e
	c.Fields = append(c.Fields[:len(c.Fields):len(c.Fields)], Field{Name: name, Message: message, Code: code})
	return &c
}

// OrNil returns e as an error if it has any fields, and otherwise nil: for
// validation that gathers what is wrong before it refuses.
func (e *Error) OrNil() error {
	if len(e.Fields) == 0 {
		return nil
	}
	return e
}

// As returns the outermost Error in err's tree, or nil: err is internal.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Of returns the kind and public message of err, or "" for an internal error.
// A bare Kind has no message.
func Of(err error) (Kind, string) {
	if e := As(err); e != nil {
		return e.Kind, e.Msg
	}
	var k Kind
	if errors.As(err, &k) {
		return k, ""
	}
	return "", ""
}

// Final tells a refusal that will be the same next time from what may pass: an
// internal error, a lack of time or of room, a lost race.
func Final(err error) bool {
	kind, _ := Of(err)
	switch kind {
	case Invalid, NotFound, Conflict, Forbidden, Unauthorized, TooLarge:
		return true
	}
	return false
}
