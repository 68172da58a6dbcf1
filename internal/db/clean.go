package db

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A StatementError is an error of a statement without the values that were
// bound to it: those may be personal data, and errors go to logs.
type StatementError struct {
	Engine     string
	Code       string // SQLSTATE, or SQLite's result code
	Constraint string // name, where one was violated
	Text       string

	cause class
}

func (e *StatementError) Error() string {
	s := "db: " + e.Engine + " " + e.Code + ": " + e.Text
	if e.Constraint != "" && !strings.Contains(e.Text, e.Constraint) {
		s += " (" + e.Constraint + ")"
	}
	return s
}

// passes reports whether err is none of a statement: what the caller's own
// function returned, or its context's end.
func passes(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// cleanScan drops the value from the error of a Scan: database/sql writes
// `converting driver.Value type string ("…") to a int64`, and pgx is no better.
func cleanScan(err error) error {
	if err == nil {
		return nil
	}
	var e pgx.ScanArgError
	if errors.As(err, &e) {
		return fmt.Errorf("db: column %d: value does not fit its destination", e.ColumnIndex)
	}
	text, _, cut := strings.Cut(err.Error(), ": converting ")
	if !cut {
		return err
	}
	return errors.New(text + ": value does not fit its destination")
}
