package ofd

import "fmt"

// A MalformedError tells that a part could not be read as what the standard
// says it is. Part is the part's name in the package ("" for the package
// itself) and Path the place inside it, an element path or a byte offset.
type MalformedError struct {
	Part string
	Path string
	Err  error
}

func (e *MalformedError) Error() string {
	s := "ofd: reading"
	if e.Part != "" {
		s += " " + e.Part
	} else {
		s += " package"
	}
	if e.Path != "" {
		s += " at " + e.Path
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *MalformedError) Unwrap() error { return e.Err }

// A RefusedError tells that a package breaks a rule that protects the reader
// (sizes, counts, names), so that it is not opened at all. Code is stable,
// Reason is Chinese and meant for people.
type RefusedError struct {
	Code   string
	Detail string
	Reason string
}

func (e *RefusedError) Error() string { return "ofd: package refused: " + e.Detail }

func refuse(code, reason, format string, args ...any) *RefusedError {
	return &RefusedError{Code: code, Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

func malformed(part, path, format string, args ...any) *MalformedError {
	return &MalformedError{Part: part, Path: path, Err: fmt.Errorf(format, args...)}
}
